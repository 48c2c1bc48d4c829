"""A control chain that has forked: which line wins, what of the others stays in force, what is to be repeated.

A keeper that was restored from a copy or cloned, or that goes on after another device took its place, signs a second
entry for one place. Both lines are validly signed, and everybody has to come to the same answer, whichever was met
first: so the lines have one order, and the first of it is the chain (docs/protocol.md, section 3).
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from p2p.chain_entries import Body, Entry, KeeperMoved, Recovered, Revoked
from p2p.chain_line import ChainLine
from p2p.chain_state import ChainState
from p2p.errors import ChainError
from p2p.limits import FORK_BYTES_MAX, FORK_ENTRIES_MAX, FORKS_MAX

_AFTER_EVERY_HASH = b"\xff" * 33


def rank(entries: Sequence[Entry]) -> tuple[int, int, tuple[bytes, ...]]:
    """Where a line stands in the order of all lines of a company; the lowest is the chain.

    More `Recovered` come first, then more `KeeperMoved`, then the lower hash where two part. A line comes before its
    own beginnings, so it never loses a place by growing.

    Cost: linear in the entries.
    """
    recovered = sum(isinstance(entry.body, Recovered) for entry in entries)
    moved = sum(isinstance(entry.body, KeeperMoved) for entry in entries)
    return -recovered, -moved, (*(entry.hash for entry in entries), _AFTER_EVERY_HASH)


def parting(one: Sequence[Entry], other: Sequence[Entry]) -> int:
    """The number of the first entry in which two lines differ."""
    shared = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine.hash != theirs.hash:
            break
        shared += 1
    return shared


def is_one_line(entries: Sequence[Entry], head: tuple[int, bytes]) -> bool:
    """Whether entries follow one another, the first of them this head, or at least claim so by their numbers."""
    follows = all(later.seq == before.seq + 1 for before, later in pairwise(entries))
    return follows and (not entries or (entries[0].seq == head[0] + 1 and entries[0].prev == head[1]))


def lines(company: bytes, held: Sequence[ChainLine], new: Sequence[Entry]) -> list[ChainLine]:
    """All lines of a company after further entries came, verified, best first; of those that lose, the first few.

    Args:
        held: the lines so far.
        new: entries that are on none of them, each after the one it names.

    Raises:
        ChainError: one names an entry that is not here, does not fit, or was not signed by the keeper of its line.
    """
    known = {entry.hash: entry for line in held for entry in line.entries()}
    verified = frozenset(known)
    last = {line.head[1] for line in held if line.head[1]}
    for entry in new:
        if entry.seq and entry.prev not in known:
            raise ChainError(f"control entry {entry.seq} came, but entries before it are missing")
        known[entry.hash] = entry
        last = (last - {entry.prev}) | {entry.hash}
    found = [_line(company, _back_from(head, known), verified) for head in last]
    found.sort(key=lambda line: rank(line.entries()))
    best = found[0].entries()
    return [found[0], *[line for line in found[1:] if _may_be_kept(best, line)][:FORKS_MAX]]


def _back_from(head: bytes, known: dict[bytes, Entry]) -> list[Entry]:
    found = [known[head]]
    while found[-1].seq and found[-1].prev in known:
        found.append(known[found[-1].prev])
    return found[::-1]


def _line(company: bytes, entries: Sequence[Entry], verified: frozenset[bytes]) -> ChainLine:
    line = ChainLine(company)
    line.extend(entries, verified)
    return line


def _may_be_kept(best: Sequence[Entry], line: ChainLine) -> bool:
    rest = line.entries()[parting(best, line.entries()) :]
    return len(rest) <= FORK_ENTRIES_MAX and sum(len(entry.encoded) for entry in rest) <= FORK_BYTES_MAX


def with_revocations(state: ChainState, seq: int, losing: Iterable[ChainLine]) -> ChainState:
    """What a chain says, with the revocations of losing lines in force, as the keeper will repeat them.

    Args:
        seq: the number of the next entry, from which on they hold.
    """
    standing = revocations(losing, state)
    if not standing:
        return state
    twin = state.copy()
    for entry in standing:
        twin.take(msgspec.structs.replace(entry, seq=seq))
    return twin


def revocations(losing: Iterable[ChainLine], state: ChainState) -> list[Entry]:
    """The revocations on losing lines that stay in force and are not in the chain yet: of each device the first.

    Not those by a keeper that the chain itself has revoked: whoever stole that device shall not revoke the others.
    """
    found: dict[bytes, Entry] = {}
    for line in losing:
        for entry in line.entries():
            if isinstance(entry.body, Revoked) and _stands(entry.body, line.keeper_at(entry.seq - 1), state):
                found.setdefault(entry.body.device, entry)
    return list(found.values())


def _stands(body: Revoked, signed_by: bytes, state: ChainState) -> bool:
    member = state.members.get(body.device[:8])
    signer = state.members.get(signed_by[:8])
    belongs = member is not None and member.device == body.device and member.revoked_at is None
    return belongs and body.device != state.keeper and (signer is None or signer.revoked_at is None)


class Lost(NamedTuple):
    """An entry of a losing line that the chain does not have, and who signed it (device id)."""

    entry: Entry
    signer: bytes


def lost(chain: ChainLine, losing: Iterable[ChainLine]) -> list[Lost]:
    """What the losing lines say and the chain does not: for the keeper to repeat, or to leave.

    An entry counts as repeated when the chain, since the two part, has one that says the same at whatever time; all of
    a line does when the keeper has declared it settled.
    """
    found: dict[bytes, Lost] = {}
    for line in losing:
        if chain.settings.get(settled_name(line)) is True:
            continue
        at = parting(chain.entries(), line.entries())
        said = {_said(entry) for entry in chain.entries(at - 1)}
        for entry in line.entries(at - 1):
            if _said(entry) not in said:
                found[entry.hash] = Lost(entry, line.keeper_at(entry.seq - 1))
    return sorted(found.values(), key=lambda one: (one.entry.seq, one.entry.hash))


def settled_name(line: ChainLine) -> str:
    """The name of the setting by which the keeper declares a losing line settled, up to its last entry of now."""
    return f"fork-settled.{line.head[1].hex()[:16]}"


def _said(entry: Entry) -> tuple[str, Body | bytes]:
    """What an entry says, whenever that was."""
    if entry.body is None:
        return entry.kind, entry.hash
    return entry.kind, msgspec.structs.replace(entry.body, time=0)


def told(chain: ChainLine, losing: Sequence[ChainLine]) -> str:
    """A sentence for people about a chain that has forked: who keeps it now, and what there is to do."""
    keeper = chain.member(chain.keeper)
    name = keeper.name if keeper is not None else "the keeper"
    count = len(lost(chain, losing))
    lines = "another line" if len(losing) == 1 else f"{len(losing)} other lines"
    what = f"what it said besides ({count}) waits to be repeated" if count else "nothing of it is missing"
    return (
        f"the list of who may do what had been signed twice (a keeper was restored, cloned, or went on after it was "
        f"replaced); {name} keeps it, {lines} gave way; {what}: `khata keeper show`"
    )
