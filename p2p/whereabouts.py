"""Where devices can be reached: named by hand, met there before, announced by themselves, seen on the local network.

All of them are hints. Who answers at an address has proved with its certificate which device it is, and is hung up on
before anything is said when it is another than the one that was called.
"""

import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from p2p.chain_members import Member
from p2p.contact import Contact
from p2p.device_notes import ADDRESSES, note_of, read_note, stored_notes
from p2p.identity import AUTHOR_BYTES
from p2p.limits import ADDRESS_CHARS_MAX, ADDRESSES_PER_DEVICE_MAX
from p2p.replica import Replica
from p2p.scope import DEVICES_SCOPE, RULES_SCOPE
from p2p.transport import Unreachable, parse_address

Key = bytes | str
"""Whom a line leads to: a device id, or an address as long as nobody knows who is there."""


class Line(NamedTuple):
    """One device to call.

    Attributes:
        addresses: to be tried in this order.
        by_hand: those of them at which anybody of the company is welcome.
    """

    addresses: tuple[str, ...]
    by_hand: frozenset[str] = frozenset()


def can_be_called(address: str) -> bool:
    """Whether an address names a host and a port at which somebody else could reach it."""
    try:
        host, port = parse_address(address)
    except Unreachable:
        return False
    return len(address) <= ADDRESS_CHARS_MAX and port != 0 and not _is_anywhere(host)


def _is_anywhere(host: str) -> bool:
    """Whether a host is one to listen on, at which nobody can be reached."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_unspecified
    except ValueError:
        return False


def is_loopback(address: str) -> bool:
    """Whether an address leads to this machine alone."""
    host, _ = parse_address(address)
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def announced_untrusted(values: Mapping[str, object]) -> list[str]:
    """The addresses that a device's note names; what is none is left out."""
    said = values.get(ADDRESSES)
    named = [one for one in said if isinstance(one, str)] if isinstance(said, list | tuple) else []
    return [address for address in named[:ADDRESSES_PER_DEVICE_MAX] if can_be_called(address)]


class Announced:
    """The addresses that the notes of devices name; a note that has not changed since is not read again."""

    def __init__(self) -> None:
        self._read: dict[bytes, tuple[bytes, list[str]]] = {}

    def read(self, replica: Replica) -> dict[bytes, list[str]]:
        """What each member announces, by device id. Cost: 2 µs a member, 50 µs a changed note."""
        self._read = {device: self._one(device, stored) for device, stored in stored_notes(replica)}
        return {device: addresses for device, (_, addresses) in self._read.items()}

    def _one(self, device: bytes, stored: bytes) -> tuple[bytes, list[str]]:
        mark = hashlib.sha256(stored).digest()
        known = self._read.get(device)
        if known is not None and known[0] == mark:
            return known
        return mark, announced_untrusted(read_note(device, stored))


def address_of(replica: Replica, device: bytes) -> str | None:
    """Where a device says it can be reached, or else where it was last met; None where neither is known."""
    announced = announced_untrusted(note_of(replica, device))
    met = (link.address for link in replica.links.statuses() if link.device == device)
    return announced[0] if announced else next(met, None)


def others(replica: Replica) -> list[Member]:
    """The members besides this device, by device id."""
    found = (one for one in replica.chain.members.values() if one.revoked_at is None)
    return sorted((one for one in found if one.device != replica.keys.id), key=lambda one: one.device)


def signs(replica: Replica) -> tuple[object, ...]:
    """Changes when whom to call, where and how often may have changed; for the price of a few lookups."""
    rows = replica.db.execute("SELECT path, sum FROM scopes WHERE path IN (?, ?)", (DEVICES_SCOPE, RULES_SCOPE))
    return replica.chain_head(), sorted(map(tuple, rows)), Contact(replica.store).signs()


def lines(
    replica: Replica,
    by_hand: Sequence[str] = (),
    answered: Mapping[str, bytes] | None = None,
    nearby: Mapping[bytes, Sequence[str]] | None = None,
    announced: Announced | None = None,
) -> dict[Key, Line]:
    """Whom to call and where; a device that no address is known of is left out.

    Args:
        by_hand: addresses that were named by hand.
        answered: which device was last found at an address.
        nearby: addresses that the local network shows, by the first bytes of a device id.
        announced: what was read before, for those who ask often.
    """
    members = {member.device for member in others(replica)}
    met = {link.device: link.address for link in replica.links.statuses() if link.address and link.device in members}
    there = {address: device for device, address in met.items()} | dict(answered or {})
    hand: dict[Key, list[str]] = {}
    for address in dict.fromkeys(by_hand):
        device = there.get(address)
        hand.setdefault(device if device in members else address, []).append(address)
    found: dict[Key, Line] = {
        key: Line(tuple(named), frozenset(named)) for key, named in hand.items() if isinstance(key, str)
    }
    for device, said in (announced or Announced()).read(replica).items():
        if device not in members:
            continue
        named = hand.get(device, [])
        near = (nearby or {}).get(device[:AUTHOR_BYTES], ())
        met_at = [met[device]] if device in met else []
        addresses = dict.fromkeys([*named, *near, *met_at, *said])
        if addresses:
            found[device] = Line(tuple(addresses), frozenset(named))
    return found
