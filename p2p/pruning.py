"""Pruning at a relay: the bodies of commits go once every device that should have them has said that it does.

Headers and signatures stay, so digests are what they were and everything still verifies. A body is only dropped when

- it came more than so many days ago,
- it is none of `control`, which the relay itself reads, and
- every member with which the relay shares its scope was in sync with the relay since it came, under the rules of now,
- one of these is another device than its author, and
- no rule names it that is paused, or only offered: who would get it by that rule has yet to come for it.

A device that is admitted later gets it from another member that holds it, not from this relay.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

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

_WITH_BODY: Final = "commits INDEXED BY commits_with_body"


def prune(replica: Replica, before: int, at_once: int = PRUNED_AT_ONCE_MAX) -> int:
    """Drop the bodies of commits that came before a time and that everybody entitled to them has acknowledged.

    Cost: a few lookups for each scope, and for each member that may read it, where bodies of that age are left. Of
    commits, only a bounded number is read and dropped; call again until it returns 0.

    Args:
        before: ms since 1970.
        at_once: how many to drop in this transaction.

    Returns:
        how many bodies were dropped.
    """
    until = last_row_before(replica.store, before)
    droppable = list(_droppable(replica, until))
    if not droppable:
        return 0
    found: list[_Body] = []
    with replica.transaction():
        for scope in droppable:
            found += islice(_bodies(replica, scope), at_once - len(found))
        _drop(replica, found)
    return len(found)


class _Droppable(NamedTuple):
    """A scope of which everybody entitled has all up to a row; of a single device nothing is for anybody else."""

    scope: int
    until: int
    only_taker: bytes | None = None


class _Body(NamedTuple):
    """A body to drop: where it lies, whose it is, and how many bytes it has."""

    row: int
    author: bytes
    size: int


def _droppable(replica: Replica, until: int) -> Iterator[_Droppable]:
    entitled, promised = _entitled(replica), _promised(replica)
    scopes = replica.db.execute(
        f"SELECT id, path, (SELECT min(row) FROM {_WITH_BODY} WHERE scope=s.id AND body IS NOT NULL) FROM scopes s"
    ).fetchall()
    for number, path, first in scopes:
        if first is None or first > until or is_within(path, "control") or any(one.matches(path) for one in promised):
            continue
        takers = [one for one in entitled if one.share.may_give(path)]
        authors = {one.author for one in takers}
        reached = min((until, *(one.settled for one in takers)))
        if authors and first <= reached and (len(authors) > 1 or _has_others(replica, number, *authors)):
            yield _Droppable(number, reached, *authors) if len(authors) == 1 else _Droppable(number, reached)


def _has_others(replica: Replica, scope: int, author: bytes) -> bool:
    """Whether anybody else has written in a scope."""
    found = replica.db.execute("SELECT 1 FROM tips WHERE scope=? AND author<>? LIMIT 1", (scope, author))
    return found.fetchone() is not None


def _bodies(replica: Replica, of: _Droppable) -> Iterator[_Body]:
    """What may be dropped in a scope, in the order it came."""
    rows = replica.db.execute(
        f"SELECT row, header, length(body) FROM {_WITH_BODY} "
        "WHERE scope=? AND row<=? AND body IS NOT NULL ORDER BY row",
        (of.scope, of.until),
    )
    for row, header, size in rows:
        author = read_header(header).author
        if author != of.only_taker:
            yield _Body(row, author, size)


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


def _drop(replica: Replica, found: list[_Body]) -> None:
    less: dict[bytes, int] = {}
    for one in found:
        less[one.author] = less.get(one.author, 0) + one.size
    replica.db.executemany("UPDATE commits SET body=NULL WHERE row=?", [(one.row,) for one in found])
    replica.db.executemany(
        "UPDATE stored SET bytes=bytes-? WHERE author=?", [(size, author) for author, size in less.items()]
    )
