"""What waits here for whom: vouchers that may flow to a device and are not proved to be there, counted cheaply."""

import json
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from khata.books import Books
from p2p.attending import shares_with
from p2p.chain import RELAY
from p2p.commit import author_mark
from p2p.contact import Contact
from p2p.relay_admission import relays_of
from p2p.reports import delivered_through
from p2p.share import Share
from p2p.waiting import NOT_FROM
from p2p.whereabouts import others

COUNTED_MAX: Final = 1000
"""More than so many are "over 1,000": an exact number costs more than it says."""
_NAMED_MAX: Final = 3
_FEW: Final = (
    "SELECT count(*) FROM (SELECT 1 FROM commits NOT INDEXED WHERE scope IN (SELECT value FROM json_each(?)) "
    f"AND row > ? AND {NOT_FROM} LIMIT ?)"
)
_MANY: Final = (
    "SELECT count(*) FROM (SELECT 1 FROM json_each(?) s JOIN commits c INDEXED BY commits_scope "
    f"ON c.scope=s.value WHERE c.row > ? AND {NOT_FROM} LIMIT ?)"
)
_KINDS: Final = ("vouchers/", "transfers/")


class Waits(NamedTuple):
    """How many saves of vouchers wait for one device; `vouchers` is above COUNTED_MAX when nobody counted further."""

    device: bytes
    name: str
    vouchers: int
    paused: bool

    @property
    def text(self) -> str:
        """The number for people."""
        return f"over {COUNTED_MAX:,}" if self.vouchers > COUNTED_MAX else str(self.vouchers)


def waiting(books: Books) -> list[Waits]:
    """The devices that something is shared with and what waits for each, most first; relays only where nobody else is.

    Cost: an index lookup for each scope and device that differ in something, and one step for each of at most 1,000
    vouchers counted.
    """
    replica = books.replica
    replica.refresh()
    paused = Contact(replica.store).paused()
    scopes = [(number, path) for number, path in books.db.execute("SELECT id, path FROM scopes WHERE count > 0")]
    ours = [(number, path) for number, path in scopes if path.startswith(_KINDS)]
    found = []
    people = [member for member in others(replica) if member.role != RELAY]
    for member in people or others(replica):
        if shares_with(replica, member.device):
            share = replica.share_with(member.device)
            given = [(number, path) for number, path in ours if share.may_give(path)]
            count = _count_all(books, member.device, share, given)
            found.append(Waits(member.device, member.name, count, member.device in paused))
    return sorted(found, key=lambda one: (-one.vouchers, one.name))


def _count_all(books: Books, device: bytes, share: Share, scopes: list[tuple[int, str]]) -> int:
    """What waits for a device, less what a relay has delivered to it."""
    replica = books.replica
    settled = replica.link(device).settled_under(share.id)
    through = delivered_through(replica, device)
    if through.row <= settled:
        return _count(books, device, [number for number, _ in scopes], settled)
    relay = replica.share_with(through.relay)
    carried = [number for number, path in scopes if relay.may_give(path)]
    others = [number for number, path in scopes if not relay.may_give(path)]
    return _count(books, device, carried, through.row) + _count(books, device, others, settled)


def _count(books: Books, device: bytes, scopes: list[int], settled: int) -> int:
    # What came lately is looked through row by row; of much more, the scopes that matter are looked up.
    few = books.replica.store.next_row() - settled <= 2 * COUNTED_MAX
    row = books.db.execute(
        _FEW if few else _MANY,
        (json.dumps(scopes), settled, books.replica.link(device).id, author_mark(device), COUNTED_MAX + 1),
    ).fetchone()
    return int(row[0])


def connected_relays(books: Books, connected: Collection[bytes] | None) -> list[str]:
    """The names of the relays among the devices that are connected now."""
    return [relay.name for relay in relays_of(books.replica) if relay.device in (connected or ())]


def words(
    here: str, waits: list[Waits], connected: set[bytes] | None, offline: bool, relays: Sequence[str] = ()
) -> str:
    """How what was just saved gets to the others, and what waits for them: the end of every line about a write.

    Args:
        here: what people call this device.
        waits: of the devices that something is shared with.
        connected: the devices that are connected now; None where nothing serves these books.
        offline: whether this copy works offline.
        relays: the names of those that are connected now, which pass on what they take.
    """
    if not waits:
        return "nobody else keeps these books yet"
    if offline:
        return f"working offline{_and(_listed(waits))}; `khata work online` sends it to the others"
    live = [one for one in waits if one.device in (connected or ()) and not one.paused]
    left = [one for one in waits if one not in live]
    if live or (relays and not all(one.paused for one in left)):
        there = _named([one.name for one in live] or [*relays])
        return f"on its way to {there}" + (f"; {_listed(left)}" if _listed(left) else "")
    if left and all(one.paused for one in left):
        return f"synchronizing is paused{_and(_listed(left))}; `khata resume` goes on"
    if connected is not None:
        return f"nobody else is online{_and(_listed(left))}; `khata serve` passes it on when somebody is"
    return f"{here} is offline{_and(_listed(left))}; `khata sync` sends it to the others"


def _and(text: str) -> str:
    return f", {text}" if text else ""


def _listed(waits: list[Waits]) -> str:
    """`12 vouchers wait for Head Office, 3 for Nagpur and more for 2 others`; empty when nothing waits."""
    some = [one for one in waits if one.vouchers]
    if not some:
        return ""
    first, *rest = some[:_NAMED_MAX]
    one = first.vouchers == 1
    said = [f"{first.text} {'voucher waits' if one else 'vouchers wait'} for {_with_pause(first)}"]
    said += [f"{more.text} for {_with_pause(more)}" for more in rest]
    others = len(some) - _NAMED_MAX
    return ", ".join(said) + (f" and more for {others} other{'s' if others > 1 else ''}" if others > 0 else "")


def _with_pause(one: Waits) -> str:
    return f"{one.name} (paused)" if one.paused else one.name


def _named(names: list[str]) -> str:
    shown, others = sorted(names)[:_NAMED_MAX], len(names) - _NAMED_MAX
    return ", ".join(shown) + (f" and {others} other{'s' if others > 1 else ''}" if others > 0 else "")
