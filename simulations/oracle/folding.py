"""How saves come to what shows, by the promise that documents make: for each register, what no other save has known.

Written anew from the description of documents, on plain sets, so that it can disagree with the room it watches.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from simulations.oracle.commits import Save

Allowed = Callable[[str, bytes], bool]
"""Whether an author had the right to set a register."""

_canonical = msgspec.msgpack.Encoder(order="deterministic")


def canonical(value: Any) -> bytes:
    """The bytes that values have in common which are the same."""
    return _canonical.encode(value)


class Clash(NamedTuple):
    """A register with several values: the saves that stand for them, the one that shows first."""

    saves: tuple[bytes, ...]
    incomplete: bool


class Shown(NamedTuple):
    """What a document shows."""

    values: dict[str, Any]
    clashes: dict[str, Clash]


def fold(saves: Mapping[bytes, Save], allowed: Allowed | None = None) -> Shown:
    """Fold saves by id into what shows."""
    if len(saves) == 1 and allowed is None:
        (only,) = saves.values()
        return Shown(dict(only.values), {})
    known = _known(saves)
    values: dict[str, Any] = {}
    clashes: dict[str, Clash] = {}
    for register in sorted({register for save in saves.values() for register in save.values}):
        setting = [
            save
            for save in saves.values()
            if register in save.values and (allowed is None or allowed(register, save.author))
        ]
        passed = set().union(*(known[save.id] for save in setting))
        standing = sorted((save for save in setting if save.id not in passed), key=_age, reverse=True)
        if not standing:
            continue
        values[register] = standing[0].values[register]
        by_value: dict[bytes, bytes] = {}
        for save in standing:
            by_value.setdefault(canonical(save.values[register]), save.id)
        if len(by_value) > 1:
            incomplete = any(not known[save.id] | set(save.parents) <= saves.keys() for save in standing)
            clashes[register] = Clash(tuple(by_value.values()), incomplete)
    return Shown(values, clashes)


def _age(save: Save) -> tuple[int, bytes]:
    return save.time, save.id


def built_on(saves: Mapping[bytes, Save], save: Save) -> set[bytes]:
    """The saves that one builds on, near or far."""
    found: set[bytes] = set()
    ahead = list(save.parents)
    while ahead:
        at = ahead.pop()
        if at not in found:
            found.add(at)
            ahead += saves[at].parents if at in saves else ()
    return found


def _known(saves: Mapping[bytes, Save]) -> dict[bytes, set[bytes]]:
    """For each save every one that it builds on, near or far; those that are not here among them, by name."""
    found: dict[bytes, set[bytes]] = {}
    for start in saves:
        ahead = [start]
        while ahead:
            at = ahead[-1]
            before = [parent for parent in saves[at].parents if parent in saves and parent not in found]
            if at in found or not before:
                ahead.pop()
                if at not in found:
                    parents = saves[at].parents
                    found[at] = set(parents).union(*(found[one] for one in parents if one in found))
            else:
                ahead.extend(before)
    return found
