"""Invitations: the ticket a new device joins with, and the secrets that follow from it.

A ticket carries everything first contact needs: which company, who invites and where it can be reached, and a secret
of 128 bits that works once. It is text with check characters, because people read it to each other over the phone,
and a QR code for those who need not.
"""

import hmac
import io
import re
from enum import Enum
from hashlib import sha256
from typing import Annotated, Final

import msgspec
import segno
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Meta

from p2p.chain_entries import SLOT_BYTES
from p2p.errors import DECODE_ERRORS, BadSpelling, TicketError
from p2p.identity import DEVICE_ID_BYTES, KEY_BYTES
from p2p.limits import (
    ADDRESS_CHARS_MAX,
    INVITATION_WRONG_TRIES_MAX,
    NAME_CHARS_MAX,
    SERIES_CHARS_MAX,
    TICKET_ADDRESSES_MAX,
    TICKET_CHARS_MAX,
    TICKET_RELAYS_MAX,
    TIME_MS_MAX,
)
from p2p.spelling import read_groups_untrusted, spell_groups

TICKET_VERSION: Final = 1
SECRET_BYTES: Final = 16
MAC_BYTES: Final = 32

# 24 letters of base32 are 15 bytes, so no group but the last is cut short.
_GROUP_LETTERS: Final = 24
_CHECKSUM_BYTES: Final = 4
_address = re.compile(r"[!-~]+", re.ASCII)

_Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
_Address = Annotated[str, Meta(min_length=1, max_length=ADDRESS_CHARS_MAX)]
_Name = Annotated[str, Meta(max_length=NAME_CHARS_MAX)]


class Relay(msgspec.Struct, frozen=True, array_like=True):
    """A relay the joiner may go through: where it listens, and the device id it has to show (32 bytes)."""

    address: _Address
    device: _Bytes32


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """An invitation, as the joiner holds it. Whoever holds it can join: it is a secret until it is used.

    Attributes:
        company: company id, 32 bytes.
        inviter: device id of the inviter, 32 bytes; its listener has to show a certificate of this device.
        seal_public: the inviter's X25519 key, for a letter left at a relay.
        addresses: where the inviter listens, each `host:port`; the first is tried first.
        relays: relays of the company.
        secret: 16 bytes; the slot id and the key of the MAC follow from it.
        expires: ms since 1970.
        branch: name of the branch it is for, shown to the joiner.
        series: code of the new device in voucher numbers.
        preset: name of the rule that begins with it, such as `everything`; empty for none.
    """

    company: _Bytes32
    inviter: Annotated[bytes, Meta(min_length=DEVICE_ID_BYTES, max_length=DEVICE_ID_BYTES)]
    seal_public: Annotated[bytes, Meta(min_length=KEY_BYTES, max_length=KEY_BYTES)]
    addresses: Annotated[tuple[_Address, ...], Meta(max_length=TICKET_ADDRESSES_MAX)]
    relays: Annotated[tuple[Relay, ...], Meta(max_length=TICKET_RELAYS_MAX)]
    secret: Annotated[bytes, Meta(min_length=SECRET_BYTES, max_length=SECRET_BYTES)]
    expires: Annotated[int, Meta(ge=0, le=TIME_MS_MAX)]
    branch: _Name = ""
    series: Annotated[str, Meta(max_length=SERIES_CHARS_MAX)] = ""
    preset: _Name = ""

    @property
    def slot(self) -> bytes:
        """The id under which the inviter, and a relay, know this invitation; it does not give away the secret."""
        return slot_id(self.secret)

    def text(self) -> str:
        """Return the ticket as text: groups of 25 letters and digits, each ending in its check character.

        Raises:
            TicketError: it holds something its reader would refuse.
        """
        body = bytes((TICKET_VERSION,)) + msgspec.msgpack.encode(self)
        text = "-".join(spell_groups(body + _checksum(body), _GROUP_LETTERS))
        read_ticket_untrusted(text)
        return text

    def __repr__(self) -> str:
        return f"Ticket(slot {self.slot.hex()}, {self.branch!r}, {', '.join(self.addresses)})"


def read_ticket_untrusted(text: str) -> Ticket:
    """Return the ticket in a text; spaces, line ends, hyphens and upper or lower case do not matter.

    Args:
        text: as a person typed or pasted it.

    Raises:
        TicketError: it was mistyped, cut off, or comes from a newer version; the message says what to do.
    """
    if len(text) > TICKET_CHARS_MAX:
        raise TicketError(f"a text of {len(text):,} characters is not a ticket; copy the ticket alone")
    try:
        data = read_groups_untrusted(text, _GROUP_LETTERS)
    except BadSpelling as error:
        raise TicketError(f"this is not a ticket as it was given out: {error}") from error
    body, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    if len(body) < 2 or not hmac.compare_digest(checksum, _checksum(body)):
        raise TicketError("the ticket is not complete; copy all of its groups")
    if body[0] != TICKET_VERSION:
        raise TicketError("the ticket was made by a newer khata; update khata on this device")
    try:
        ticket = msgspec.msgpack.decode(body[1:], type=Ticket)
    except DECODE_ERRORS as error:
        raise TicketError(f"the ticket is malformed: {error}; ask for a new one") from error
    _check(ticket)
    return ticket


def _check(ticket: Ticket) -> None:
    for address in (*ticket.addresses, *(relay.address for relay in ticket.relays)):
        if not _address.fullmatch(address):
            raise TicketError(f"the ticket names {address!r}, which is no address; ask for a new one")
    for name in (ticket.branch, ticket.series, ticket.preset):
        if not name.isprintable():
            raise TicketError(f"the ticket names {name!r}, which cannot be shown; ask for a new one")


def _checksum(body: bytes) -> bytes:
    return sha256(b"khata ticket 1" + body).digest()[:_CHECKSUM_BYTES]


def qr_code(text: str) -> str:
    """Return a QR code of a ticket's text, drawn in block characters for a terminal."""
    drawn = io.StringIO()
    segno.make_qr(text, error="l").terminal(drawn, compact=True)
    return drawn.getvalue()


def slot_id(secret: bytes) -> bytes:
    """Return the 16 bytes that name an invitation without giving its secret away."""
    return _derived(secret, b"khata slot 1", SLOT_BYTES)


def joining_mac(secret: bytes, *fields: bytes) -> bytes:
    """Return the 32 bytes that prove a joiner holds the ticket.

    Args:
        secret: the ticket's, 16 bytes.
        fields: all that the proof says, the challenge and the inviter's device id among them; each counts with its
            length, so no two lists of fields are the same bytes.
    """
    mac = hmac.new(_derived(secret, b"khata joining 1", KEY_BYTES), digestmod="sha256")
    for field in fields:
        mac.update(len(field).to_bytes(8, "big") + field)
    return mac.digest()


def joining_mac_ok(mac: bytes, secret: bytes, *fields: bytes) -> bool:
    """Tell, in a time that does not depend on the answer, whether a joiner holds the ticket."""
    return hmac.compare_digest(mac, joining_mac(secret, *fields))


def check_code(device: bytes, other: bytes, company: bytes, secret: bytes) -> str:
    """Return the code that both ends show, such as `"0417 9925"`; people compare it if they want to be sure.

    Args:
        device, other: the 32-byte signing keys of the two devices, in either order.
        company: company id, 32 bytes.
        secret: the ticket's, 16 bytes.
    """
    first, second = sorted((device, other))
    code = int.from_bytes(sha256(b"khata check 1" + first + second + company + secret).digest(), "big") % 10**8
    return f"{code // 10**4:04} {code % 10**4:04}"


def _derived(secret: bytes, info: bytes, size: int) -> bytes:
    return HKDF(hashes.SHA256(), size, None, info).derive(secret)


class Standing(Enum):
    """Whether an invitation can still be used, and if not, why."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    CLOSED = "closed after too many wrong tries"
    WITHDRAWN = "withdrawn"


class Invitation(msgspec.Struct, frozen=True):
    """What the inviter remembers of a ticket it gave out; each change is a new value, kept by the store.

    Attributes:
        secret: the ticket's, 16 bytes.
        expires: ms since 1970.
        branch: code of the branch the device will belong to.
        series: its code in voucher numbers.
        read, write: the subtrees it will be granted.
        preset: name of the rule that begins with it.
        wrong_tries: how often somebody knew the slot and not the secret.
        used_by: device id of the device that joined with it, or empty.
        withdrawn: whoever made it has thought better of it.
    """

    secret: bytes
    expires: int
    branch: str
    series: str
    read: tuple[str, ...]
    write: tuple[str, ...]
    preset: str = ""
    wrong_tries: int = 0
    used_by: bytes = b""
    withdrawn: bool = False

    @property
    def slot(self) -> bytes:
        """The id a joiner names it by."""
        return slot_id(self.secret)

    def standing(self, now: int) -> Standing:
        """Return whether it can be used at `now`, ms since 1970."""
        if self.used_by:
            return Standing.USED
        if self.withdrawn:
            return Standing.WITHDRAWN
        if self.wrong_tries >= INVITATION_WRONG_TRIES_MAX:
            return Standing.CLOSED
        return Standing.EXPIRED if now >= self.expires else Standing.OPEN

    def check_open(self, now: int) -> None:
        """Do nothing if it can be used at `now`.

        Raises:
            TicketError: it cannot; the message is for both ends.
        """
        standing = self.standing(now)
        if standing is not Standing.OPEN:
            raise TicketError(f"this ticket is {standing.value}; ask for a new one")

    def tried_wrongly(self) -> "Invitation":
        """Return it with one more wrong try; count only tries that named the slot."""
        return msgspec.structs.replace(self, wrong_tries=self.wrong_tries + 1)

    def joined(self, device: bytes) -> "Invitation":
        """Return it as used by a device (id, 32 bytes)."""
        return msgspec.structs.replace(self, used_by=device)

    def __repr__(self) -> str:
        return f"Invitation(slot {self.slot.hex()}, {self.branch!r}, {self.series!r})"
