"""From saves to what people see: values, conflicts and the edit log of one document.

For each register the saves that set it count, less those that another save setting it descends from. One left: its
value. Several with different values: the one with the highest (time, save id) shows, and a `Conflict` lists them all.
Nothing here depends on the order in which saves arrived.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from crdt_models.packing import Value, pack
from crdt_models.saves import Save

CONFLICT_ID_CHARS = 16

MayWrite = Callable[[str, bytes], bool]
"""Whether an author (8 bytes) had the right to set a register."""


class Claim(NamedTuple):
    """One value of a conflicting register, and whose save it is (of equal values the latest save)."""

    value: Value
    save: bytes
    author: bytes
    user: str
    time: int


class Conflict(NamedTuple):
    """A register with several values none of whose authors knew the others'.

    `claims` is in fold order: the first is the one that shows. `incomplete` says that an ancestor of one of them is
    not here yet, so these may turn out to be edits in sequence.
    """

    register: str
    claims: tuple[Claim, ...]
    incomplete: bool


class Folded(NamedTuple):
    """A document as it shows now: equal on all copies that hold the same saves."""

    values: dict[str, Value]
    conflicts: tuple[Conflict, ...]
    heads: tuple[bytes, ...]
    created: int | None


class Change(NamedTuple):
    """What one save did to one register, against the version its author was looking at."""

    register: str
    before: Value
    after: Value


class HistoryEntry(NamedTuple):
    """One line of the edit log."""

    save: Save
    changes: tuple[Change, ...]


def fold(saves: Mapping[bytes, Save], may_write: MayWrite | None = None) -> Folded:
    """Fold saves by id into what shows.

    Cost: linear for one save; with n saves in one document, n bit sets of n bits.
    """
    if len(saves) == 1:
        (only,) = saves.values()
        if may_write is None:
            return Folded(dict(only.values), (), (only.id,), only.time)
    causal = causal_order(saves)
    ancestors = ancestor_sets(causal)
    setters: dict[str, list[int]] = {}
    for position, save in enumerate(causal):
        for register in save.values:
            if may_write is None or may_write(register, save.author):
                setters.setdefault(register, []).append(position)
    unfinished = _with_missing_ancestors(causal)
    values: dict[str, Value] = {}
    conflicts = []
    for register in sorted(setters):
        open_saves = [causal[position] for position in undominated(setters[register], ancestors)]
        claims = claims_of(register, open_saves)
        values[register] = claims[0].value
        if len(claims) > 1:
            # Not only the saves that stand for a value: one of several with that value may know of all the others.
            incomplete = any(save.id in unfinished for save in open_saves)
            conflicts.append(Conflict(register, claims, incomplete))
    return Folded(values, tuple(conflicts), heads(saves.values()), min((save.time for save in causal), default=None))


def heads(saves: Iterable[Save]) -> tuple[bytes, ...]:
    """The ids of the saves that no other save names as a parent, sorted: the version of a document."""
    everything = list(saves)
    named = {parent for save in everything for parent in save.parents}
    return tuple(sorted(save.id for save in everything if save.id not in named))


def history(saves: Mapping[bytes, Save]) -> list[HistoryEntry]:
    """Every save in causal order with each register before and after it: the edit log of one document."""
    causal = causal_order(saves)
    ancestors = ancestor_sets(causal)
    entries = []
    for position, save in enumerate(causal):
        changes = []
        for register, after in sorted(save.values.items()):
            known = [at for at in range(len(causal)) if ancestors[position] >> at & 1 and register in causal[at].values]
            seen = [causal[at] for at in undominated(known, ancestors)]
            changes.append(Change(register, claims_of(register, seen)[0].value if seen else None, after))
        entries.append(HistoryEntry(save, tuple(changes)))
    return entries


def as_seen_at(saves: Mapping[bytes, Save], version: Iterable[bytes]) -> dict[bytes, Save]:
    """The saves that a version (save ids, as `heads` gives them) rests on, itself included; unknown ids are skipped."""
    seen: dict[bytes, Save] = {}
    ahead = [save_id for save_id in version if save_id in saves]
    while ahead:
        save_id = ahead.pop()
        if save_id not in seen:
            seen[save_id] = saves[save_id]
            ahead.extend(parent for parent in saves[save_id].parents if parent in saves)
    return seen


def conflict_id(scope: str, document: bytes, conflict: Conflict) -> str:
    """Name a conflict by everything in it, so that nobody settles a list that has changed meanwhile.

    Values are packed one by one: one that nests as deeply as allowed leaves no room for lists around it.
    """
    digest = hashlib.sha256(pack([scope, document, conflict.register]))
    for claim in conflict.claims:
        digest.update(pack(claim.save) + pack(claim.value))
    return digest.hexdigest()[:CONFLICT_ID_CHARS]


def causal_order(saves: Mapping[bytes, Save]) -> list[Save]:
    """Saves with every parent before its children, otherwise by (time, id).

    Ids are hashes over the parents, so honest saves have no cycle; should a cycle be made up, its saves come last.
    """
    waiting = {save.id: sum(parent in saves for parent in save.parents) for save in saves.values()}
    children: dict[bytes, list[Save]] = {}
    for save in saves.values():
        for parent in save.parents:
            children.setdefault(parent, []).append(save)
    ready = sorted((save for save in saves.values() if waiting[save.id] == 0), key=_by_time, reverse=True)
    ordered: list[Save] = []
    while ready:
        save = ready.pop()
        ordered.append(save)
        del waiting[save.id]
        freed = []
        for child in children.get(save.id, ()):
            waiting[child.id] -= 1
            if waiting[child.id] == 0:
                freed.append(child)
        if freed:
            ready = sorted([*ready, *freed], key=_by_time, reverse=True)
    ordered.extend(sorted((saves[save_id] for save_id in waiting), key=_by_time))
    return ordered


def ancestor_sets(causal: list[Save]) -> list[int]:
    """For each save of a causal order the set of positions it descends from, as the bits of an int."""
    position = {save.id: at for at, save in enumerate(causal)}
    sets: list[int] = []
    for at, save in enumerate(causal):
        ancestors = 0
        for parent in save.parents:
            before = position.get(parent)
            if before is not None and before < at:
                ancestors |= sets[before] | 1 << before
        sets.append(ancestors)
    return sets


def undominated(positions: list[int], ancestors: list[int]) -> list[int]:
    """The positions that no other of them descends from.

    Args:
        ancestors: as `ancestor_sets` gives them.
    """
    covered = 0
    for at in positions:
        covered |= ancestors[at]
    return [at for at in positions if not covered >> at & 1]


def claims_of(register: str, saves: list[Save]) -> tuple[Claim, ...]:
    """The different values that saves give a register, the one that shows first; all of them set it."""
    claims: dict[bytes, Claim] = {}
    for save in sorted(saves, key=_by_time, reverse=True):
        value = save.values[register]
        claims.setdefault(pack(value), Claim(value, save.id, save.author, save.user, save.time))
    return tuple(claims.values())


def _with_missing_ancestors(causal: list[Save]) -> set[bytes]:
    here = {save.id for save in causal}
    unfinished: set[bytes] = set()
    for save in causal:
        if any(parent not in here or parent in unfinished for parent in save.parents):
            unfinished.add(save.id)
    return unfinished


def _by_time(save: Save) -> tuple[int, bytes]:
    return save.time, save.id
