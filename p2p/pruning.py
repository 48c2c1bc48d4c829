"""Pruning at a relay: the bodies of commits go once every device that should have them has said that it does.

Headers and signatures stay, so digests are what they were and everything still verifies. A body is only dropped when

- it came more than so many days ago,
- it is none of `control`, which the relay itself reads, and
- every member with which the relay shares its scope was in sync with the relay since it came, under the rules of now,
- one of these is another device than its author, and
- no rule names it that is paused, or only offered: who would get it by that rule has yet to come for it.

A device that is admitted later gets it from another member that holds it, not from this relay.
"""

from typing import NamedTuple

from p2p.agreements import agreement_in_force, agreement_of
from p2p.arrivals import last_row_before
from p2p.chain import RELAY
from p2p.commit import read_header
from p2p.flow import Flow
from p2p.limits import PRUNED_AT_ONCE_MAX
from p2p.replica import Replica
from p2p.rules import rules_in
from p2p.scope import is_within
from p2p.share import Share


def prune(replica: Replica, before: int, at_once: int = PRUNED_AT_ONCE_MAX) -> int:
    """Drop the bodies of commits that came before a time and that everybody entitled to them has acknowledged.

    Cost: reads what was not dropped yet, and drops a bounded number; call again until it returns 0.

    Args:
        before: ms since 1970.
        at_once: how many to drop in this transaction.

    Returns:
        how many bodies were dropped.
    """
    until = last_row_before(replica.store, before)
    entitled, promised = _entitled(replica), _promised(replica)
    with replica.transaction():
        rows = replica.db.execute(
            "SELECT c.row, s.path, c.header, length(c.body) FROM commits c JOIN scopes s ON s.id=c.scope "
            "WHERE c.row>? AND c.row<=? AND c.body IS NOT NULL ORDER BY c.row",
            (_pruned_until(replica), until),
        )
        found: list[tuple[int, bytes, int]] = []
        stuck = None
        for row, path, header, size in rows:
            if is_within(path, "control"):
                continue
            author = read_header(header).author
            if _is_everywhere(path, row, author, entitled) and not any(flow.matches(path) for flow in promised):
                found.append((row, header, size))
            elif stuck is None:
                stuck = row
            if len(found) >= at_once:
                break
        _drop(replica, found)
        if stuck is None and len(found) < at_once:
            replica.store.set_meta(_UNTIL, until.to_bytes(8, "big"))
    return len(found)


_UNTIL = "pruned-until"


def _pruned_until(replica: Replica) -> int:
    """The row up to which nothing is left to drop."""
    kept = replica.store.meta(_UNTIL)
    return int.from_bytes(kept, "big") if kept is not None else 0


class _Entitled(NamedTuple):
    """A member: what may be given to it, and the last row that it and this relay had compared when in sync."""

    author: bytes
    share: Share
    settled: int


def _entitled(replica: Replica) -> list[_Entitled]:
    found = []
    for member in replica.chain.members.values():
        if member.device != replica.keys.id and member.role != RELAY and member.revoked_at is None:
            share = replica.share_with(member.device)
            settled = replica.link(member.device).settled_under(share.id)
            found.append(_Entitled(member.author, share, settled))
    return found


def _promised(replica: Replica) -> list[Flow]:
    """What flows through relays, between branches that have devices, once a rule is answered or goes on."""
    found: list[Flow] = []
    peopled = {member.branch for member in replica.chain.members.values() if member.revoked_at is None}
    for rule in rules_in(replica.documents, replica.chain):
        agreed = agreement_in_force(rule) or agreement_of(rule)
        if agreed is None or not agreed.on_demand or not peopled.issuperset((agreed.source, agreed.target)):
            continue
        if rule.paused or not agreed.active:
            found += [agreed.sends, agreed.receives]
    return found


def _is_everywhere(path: str, row: int, author: bytes, entitled: list[_Entitled]) -> bool:
    takers = [one for one in entitled if one.share.may_give(path)]
    return any(one.author != author for one in takers) and all(one.settled >= row for one in takers)


def _drop(replica: Replica, found: list[tuple[int, bytes, int]]) -> None:
    less: dict[bytes, int] = {}
    for _, header, size in found:
        author = read_header(header).author
        less[author] = less.get(author, 0) + size
    replica.db.executemany("UPDATE commits SET body=NULL WHERE row=?", [(row,) for row, _, _ in found])
    replica.db.executemany(
        "UPDATE stored SET bytes=bytes-? WHERE author=?", [(size, author) for author, size in less.items()]
    )
