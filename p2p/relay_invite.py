"""Invitations to use a relay: the text that whoever runs one gives to the head office of one company.

It works once: the company that is shown with it first is the one the relay serves. Whoever holds it can fill the
relay up to the quota in it, and no more, so it is a secret until it is used.
"""

import hmac
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from p2p.admission import proven_fields
from p2p.errors import DECODE_ERRORS, BadSpelling, TicketError
from p2p.events import CompanyOffered
from p2p.identity import DeviceKeys, device_id
from p2p.introduction import Join
from p2p.invite import MAC_BYTES, SECRET_BYTES, joining_mac, joining_mac_ok, slot_id
from p2p.limits import (
    ADDRESS_CHARS_MAX,
    INVITATION_WRONG_TRIES_MAX,
    NAME_CHARS_MAX,
    QUOTA_BYTES_MAX,
    TICKET_ADDRESSES_MAX,
    TICKET_CHARS_MAX,
    TIME_MS_MAX,
)
from p2p.messages import Challenge, Joining, Proof
from p2p.spelling import read_groups_untrusted, spell_groups

RELAY_INVITATION_VERSION: Final = 1

_GROUP_LETTERS: Final = 24
_CHECKSUM_BYTES: Final = 4
_ASK: Final = "ask whoever runs the relay for a new one"

_Bytes16 = Annotated[bytes, Meta(min_length=SECRET_BYTES, max_length=SECRET_BYTES)]
_Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
_Address = Annotated[str, Meta(pattern=rf"^[!-~]{{1,{ADDRESS_CHARS_MAX}}}\Z")]
_Time = Annotated[int, Meta(ge=0, le=TIME_MS_MAX)]
_Quota = Annotated[int, Meta(ge=1, le=QUOTA_BYTES_MAX)]


class RelayTicket(msgspec.Struct, frozen=True, array_like=True):
    """An invitation as the head office holds it.

    Attributes:
        public: the relay's key, to sign; its device id follows from it.
        seal_public: and to seal to.
        name: what people call it.
        addresses: where it listens, each `host:port`.
        secret: 16 bytes.
        expires: ms since 1970.
        quota_bytes: how much the relay will keep for the company.
    """

    public: _Bytes32
    seal_public: _Bytes32
    name: Annotated[str, Meta(min_length=1, max_length=NAME_CHARS_MAX)]
    addresses: Annotated[tuple[_Address, ...], Meta(min_length=1, max_length=TICKET_ADDRESSES_MAX)]
    secret: _Bytes16
    expires: _Time
    quota_bytes: _Quota

    @property
    def device(self) -> bytes:
        """Device id of the relay, 32 bytes."""
        return device_id(self.public)

    def text(self) -> str:
        """Return it as text: groups of letters and digits, each ending in its check character."""
        body = bytes((RELAY_INVITATION_VERSION,)) + msgspec.msgpack.encode(self)
        return "-".join(spell_groups(body + _checksum(body), _GROUP_LETTERS))

    def __repr__(self) -> str:
        return f"RelayTicket({self.name!r}, {', '.join(self.addresses)})"


def read_relay_ticket_untrusted(text: str) -> RelayTicket:
    """Return the invitation in a text; spaces, line ends, hyphens and upper or lower case do not matter.

    Raises:
        TicketError: it was mistyped, cut off, is a ticket to join with, or comes from a newer version.
    """
    if len(text) > TICKET_CHARS_MAX:
        raise TicketError(f"a text of {len(text):,} characters is no invitation of a relay; copy the invitation alone")
    try:
        data = read_groups_untrusted(text, _GROUP_LETTERS)
    except BadSpelling as error:
        raise TicketError(f"this is not an invitation as the relay gave it out: {error}") from error
    body, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    if len(body) < 2 or not hmac.compare_digest(checksum, _checksum(body)):
        raise TicketError("this is no whole invitation of a relay; copy all of what `khata relay invite` printed")
    if body[0] != RELAY_INVITATION_VERSION:
        raise TicketError("the invitation was made by a newer khata; update khata on this device")
    try:
        ticket = msgspec.msgpack.decode(body[1:], type=RelayTicket)
    except DECODE_ERRORS as error:
        raise TicketError(f"the invitation is malformed: {error}; {_ASK}") from error
    if not ticket.name.isprintable() or ticket.name != ticket.name.strip():
        raise TicketError(f"the invitation names {ticket.name!r}, which cannot be shown; {_ASK}")
    return ticket


def _checksum(body: bytes) -> bytes:
    return sha256(b"khata relay ticket 1" + body).digest()[:_CHECKSUM_BYTES]


class RelayInvitation(msgspec.Struct, frozen=True):
    """What a relay remembers of an invitation it gave out; each change is a new value.

    Attributes:
        secret: the ticket's, 16 bytes.
        expires: ms since 1970.
        quota_bytes: how much is kept for the company.
        wrong_tries: how often somebody knew the slot and not the secret.
        company: the company it was used for, or empty.
    """

    secret: bytes
    expires: int
    quota_bytes: int
    wrong_tries: int = 0
    company: bytes = b""

    @property
    def slot(self) -> bytes:
        """The id it is named by; it does not give away the secret."""
        return slot_id(self.secret)

    def why_closed(self, company: bytes, now: int) -> str | None:
        """Why a company cannot use it at `now`, or None; the company that used it may come again."""
        if self.wrong_tries >= INVITATION_WRONG_TRIES_MAX:
            return f"this invitation is closed after too many wrong tries; {_ASK}"
        if self.company:
            return None if self.company == company else f"this invitation was used by another company; {_ASK}"
        return f"this invitation has expired; {_ASK}" if now >= self.expires else None

    def tried_wrongly(self) -> "RelayInvitation":
        """Return it with one more wrong try."""
        return msgspec.structs.replace(self, wrong_tries=self.wrong_tries + 1)

    def used_for(self, company: bytes) -> "RelayInvitation":
        """Return it as used by a company (id, 32 bytes)."""
        return msgspec.structs.replace(self, company=company)

    def is_held_by(self, offered: CompanyOffered, listener: bytes) -> bool:
        """Whether a caller holds the ticket.

        Args:
            listener: device id of the relay.
        """
        proof, joining = offered.proof, offered.proof.joining
        if joining is None:
            return False
        return joining_mac_ok(joining.mac, self.secret, *proven_fields(proof, joining, offered.nonce, listener))

    def __repr__(self) -> str:
        return f"RelayInvitation(slot {self.slot.hex()})"


def offering(ticket: RelayTicket, keys: DeviceKeys, name: str, company: bytes, head: tuple[int, bytes]) -> Join:
    """What a head office adds to its proof when it asks a relay to serve its company.

    Args:
        name: what people call the device that asks.
        head: sequence number and hash of its last control entry.
    """

    def joining(challenge: Challenge) -> Joining:
        blank = Joining(slot_id(ticket.secret), keys.seal_public, name, bytes(MAC_BYTES))
        proof = Proof(keys.public, company, head[0], head[1], bytes(64), blank)
        fields = proven_fields(proof, blank, challenge.nonce, ticket.device)
        return msgspec.structs.replace(blank, mac=joining_mac(ticket.secret, *fields))

    return joining
