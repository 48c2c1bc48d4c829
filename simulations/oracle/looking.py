"""What people saved against what they were looking at: a save builds on just that, and gives no number seen there."""

from collections.abc import Iterator
from typing import NamedTuple

from simulations.oracle.commits import Library, Name, Save, numbers_given
from simulations.oracle.folding import built_on
from simulations.oracle.reading import Copy
from simulations.oracle.scopes import is_control


class Looked(NamedTuple):
    """What somebody was looking at: all up to a row of their copy's commits, but what it could not open."""

    row: int
    unread: frozenset[bytes]


class Done(NamedTuple):
    """What somebody saved, all at once, and what they were looking at."""

    commits: frozenset[bytes]
    looked: Looked


def faults(copy: Copy, library: Library, done: Done) -> Iterator[tuple[str, str]]:
    """What is wrong with saves of a copy: which check, and a sentence."""
    for id in sorted(done.commits & copy.by_id.keys()):
        commit = library.commits[id]
        for name, save in (commit.saves or {}).items():
            if not is_control(name[0]):
                yield from _builds_on(copy, name, save, id, done)
                yield from _numbers(copy, library, name, save, done.looked)


def _builds_on(copy: Copy, name: Name, save: Save, id: bytes, done: Done) -> Iterator[tuple[str, str]]:
    held = {one for one in copy.documents.get(name, ()) if one != id}
    there = {one[:16] for one in held if _was_seen(copy, one, done.looked)}
    # One deed may save a document twice.
    also = {one[:16] for one in held & done.commits}
    known = built_on(copy.saves(name), save)
    what = f"the save {save.id.hex()[:12]} of {name[1]} {name[2].hex()[:8]} in {name[0]}"
    if there - known:
        yield "built-on", f"{what} does not build on {len(there - known)} saves that its author was looking at"
    if known & {one[:16] for one in held} - there - also:
        yield "built-on", f"{what} builds on saves that its author had not seen"


def _was_seen(copy: Copy, id: bytes, looked: Looked) -> bool:
    return copy.by_id[id].number <= looked.row and id not in looked.unread


def _numbers(copy: Copy, library: Library, name: Name, save: Save, looked: Looked) -> Iterator[tuple[str, str]]:
    for number, base in numbers_given(save):
        for other, id in library.numbers.get((number, base), ()):
            if other != name and id in copy.by_id and _was_seen(copy, id, looked):
                yield "numbers", f"{number} was given to {name[1]} {name[2].hex()[:8]}, and was there on another one"


