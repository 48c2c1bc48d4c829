"""Sealed letters: how a device with a ticket and its inviter meet through a relay, though never online together.

    letter  = HPKE(inviter's seal key, info "khata letter 1" || slot, msgpack [key, seal key, name, mac, signature])
    refusal = HPKE(joiner's seal key, info "khata letter 1" || slot, msgpack [text, mac])

The mac, made with the ticket's secret, covers all that is said; the signature proves that the joiner holds its key. A
relay has neither, so it can lose letters, and can neither read nor write one.
"""

from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from p2p.errors import DECODE_ERRORS, BadKey, TicketError
from p2p.identity import DeviceKeys, verify
from p2p.invite import MAC_BYTES, Ticket, joining_mac, joining_mac_ok, slot_id
from p2p.keyring import HPKE, Sealer
from p2p.limits import LETTER_BYTES_MAX, NAME_CHARS_MAX

LETTER_CONTEXT: Final = b"khata letter 1"
_REFUSAL: Final = b"refusal"
_TEXT_CHARS_MAX: Final = 1024

T = TypeVar("T")
_Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
_Bytes64 = Annotated[bytes, Meta(min_length=64, max_length=64)]


class Letter(msgspec.Struct, frozen=True, array_like=True):
    """What a joiner says of itself: its keys, to sign and to seal to, and its name; a MAC and a signature over it."""

    key: _Bytes32
    seal_public: _Bytes32
    name: Annotated[str, Meta(max_length=NAME_CHARS_MAX)]
    mac: _Bytes32
    signature: _Bytes64

    def is_of(self, secret: bytes, company: bytes, inviter: bytes) -> bool:
        """Whether its writer holds the ticket with this secret."""
        return joining_mac_ok(self.mac, secret, *_said(self, secret, company, inviter))


class Refusal(msgspec.Struct, frozen=True, array_like=True):
    """Why a joiner is not admitted; a MAC shows that somebody with the ticket's secret says so."""

    text: Annotated[str, Meta(max_length=_TEXT_CHARS_MAX)]
    mac: _Bytes32


def write_letter(ticket: Ticket, keys: DeviceKeys, name: str, sealer: Sealer = HPKE) -> bytes:
    """The letter that a joiner leaves at a relay, sealed to the inviter in its ticket.

    Args:
        keys: of the device that joins.
        name: what people will call it.
    """
    blank = Letter(keys.public, keys.seal_public, name, bytes(MAC_BYTES), bytes(64))
    said = _said(blank, ticket.secret, ticket.company, ticket.inviter)
    mac = joining_mac(ticket.secret, *said)
    letter = msgspec.structs.replace(blank, mac=mac, signature=keys.sign(LETTER_CONTEXT, mac))
    return sealer.seal(ticket.seal_public, LETTER_CONTEXT + ticket.slot, msgspec.msgpack.encode(letter))


def open_letter_untrusted(keys: DeviceKeys, slot: bytes, sealed: bytes, sealer: Sealer = HPKE) -> Letter:
    """What a joiner wrote; that it holds the ticket, its reader has to check.

    Args:
        keys: of the inviter.
        sealed: as a relay handed it over.

    Raises:
        TicketError: it was not sealed to this device and slot, is malformed, or its writer does not hold its key.
    """
    letter = _opened(keys, slot, sealed, Letter, sealer)
    if not verify(letter.key, letter.signature, LETTER_CONTEXT, letter.mac):
        raise TicketError("a letter at a relay was not written by the device that it names")
    return letter


def write_refusal(seal_public: bytes, secret: bytes, text: str, sealer: Sealer = HPKE) -> bytes:
    """The inviter's answer to a joiner that is not admitted.

    Args:
        seal_public: the joiner's, from its letter.
        secret: of the ticket.
        text: why, and what to do.

    Raises:
        BadKey: that is no key to seal to.
    """
    text = text[:_TEXT_CHARS_MAX]
    refusal = Refusal(text, joining_mac(secret, _REFUSAL, text.encode()))
    return sealer.seal(seal_public, LETTER_CONTEXT + slot_id(secret), msgspec.msgpack.encode(refusal))


def open_refusal_untrusted(keys: DeviceKeys, ticket: Ticket, sealed: bytes, sealer: Sealer = HPKE) -> str:
    """Why the inviter does not admit this device.

    Raises:
        TicketError: nobody who knows the ticket has written that.
    """
    refusal = _opened(keys, ticket.slot, sealed, Refusal, sealer)
    if not joining_mac_ok(refusal.mac, ticket.secret, _REFUSAL, refusal.text.encode("utf-8", "replace")):
        raise TicketError("the relay handed over an answer that the head office has not written")
    return refusal.text


def _opened(keys: DeviceKeys, slot: bytes, sealed: bytes, kind: type[T], sealer: Sealer) -> T:
    if len(sealed) > LETTER_BYTES_MAX:
        raise TicketError("a letter at a relay is longer than any")
    try:
        return msgspec.msgpack.decode(
            sealer.open_untrusted(keys.seal_private, LETTER_CONTEXT + slot, sealed), type=kind
        )
    except (BadKey, *DECODE_ERRORS) as error:
        raise TicketError("a letter at a relay does not open here") from error


def _said(letter: Letter, secret: bytes, company: bytes, inviter: bytes) -> tuple[bytes, ...]:
    """All that a letter's MAC covers."""
    name = letter.name.encode("utf-8", "replace")
    return LETTER_CONTEXT, letter.key, letter.seal_public, name, slot_id(secret), company, inviter
