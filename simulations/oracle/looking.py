"""What people saved against what they were looking at and what they meant.

A save builds on just what its author was looking at, says what was meant and nothing that stood so already, gives no
number that was seen there, and changes no period of which its author knew that it is closed.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from simulations.oracle.chain import Chain, Line
from simulations.oracle.commits import Library, Name, Save, numbers_given
from simulations.oracle.expected import e4_of
from simulations.oracle.folding import built_on, canonical, fold
from simulations.oracle.periods import Undecided, counted, reached
from simulations.oracle.reading import Copy
from simulations.oracle.scopes import any_matches, is_control


class Looked(NamedTuple):
    """What somebody was looking at: all up to a row of their copy's commits, but what it could not open.

    `entries` is how many entries the control chain had.
    """

    row: int
    unread: frozenset[bytes]
    entries: int


class Meant(NamedTuple):
    """What somebody meant a register of a document to be; of a posting, the amounts of its entries as texts."""

    document: bytes
    register: str
    value: Any


class Done(NamedTuple):
    """What somebody saved, all at once, what they were looking at, and what they meant, as far as that is known."""

    commits: frozenset[bytes]
    looked: Looked
    meant: tuple[Meant, ...] = ()


def faults(copy: Copy, chain: Chain, library: Library, done: Done) -> Iterator[tuple[str, str]]:
    """What is wrong with what was done at a copy: which check, and a sentence."""
    yield from _left_out(copy, chain, done.looked)
    for id in sorted(done.commits & copy.by_id.keys()):
        commit = library.commits[id]
        for name, save in (commit.saves or {}).items():
            if not is_control(name[0]):
                yield from _builds_on(copy, name, save, id, done)
                yield from _numbers(copy, library, name, save, done.looked)
                yield from _says(copy, name, save, done)
                yield from _into_closed(copy, chain, name, save)


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


def _says(copy: Copy, name: Name, save: Save, done: Done) -> Iterator[tuple[str, str]]:
    what = f"the save {save.id.hex()[:12]} of {name[1]} {name[2].hex()[:8]} in {name[0]}"
    for document, register, value in done.meant:
        if document == name[2] and not _is_said(register, save.values.get(register), value):
            yield "meant", f"{what} says {save.values.get(register)!r} as {register}, and {value!r} was meant"
    saves = copy.saves(name)
    before = fold({id: saves[id] for id in built_on(saves, save) if id in saves})
    for register in sorted(save.values.keys() & before.values.keys() - before.clashes.keys()):
        if canonical(save.values[register]) == canonical(before.values[register]):
            yield "meant", f"{what} says {register} again, which nobody had changed"
    receipt = before.values.get("receipt")
    if name[1] == "transfer" and save.values.get("cancelled") is True and receipt and not receipt.get("cancelled"):
        yield "meant", f"{what} cancels a transfer that its author saw received"


def _is_said(register: str, said: Any, meant: Any) -> bool:
    if register != "posting" or not isinstance(said, dict) or not isinstance(meant, tuple):
        return bool(said == meant)
    return [e4_of(entry["amount"]) for entry in said["entries"]] == [e4_of(amount) for amount in meant]


def _into_closed(copy: Copy, chain: Chain, name: Name, save: Save) -> Iterator[tuple[str, str]]:
    """Where a lock keeps out a save whose author knew of it, as far as that follows from what its author knew."""
    if name[1] != "voucher":
        return
    saves = copy.saves(name)
    known = built_on(saves, save) | {save.id}
    try:
        late = counted(copy, chain, name, {id: one for id, one in saves.items() if id in known})
    except Undecided:
        return
    if save.id in late.against:
        what = f"the save {save.id.hex()[:12]} of {name[1]} {name[2].hex()[:8]} in {name[0]}"
        yield "closed", f"{what} changes a period of which its author knew that it is locked"


def _left_out(copy: Copy, chain: Chain, looked: Looked) -> Iterator[tuple[str, str]]:
    """What a lock or a revocation that the keeper has just signed leaves out, though it was there."""
    signed = chain.best.entries()[looked.entries : looked.entries + 1]
    if not signed or chain.best.keeper_at(looked.entries) != copy.device or signed[0].kind not in ("Locked", "Revoked"):
        return
    line = signed[0]
    reach: dict[tuple[str, bytes], set[bytes]] = {}
    left = 0
    for row in copy.rows:
        commit = copy.commit(row.id)
        if commit is None or row.number > looked.row:
            continue
        place = (row.scope, commit.author)
        if place not in reach:
            tips = _tips(line, *place)
            reach[place] = reached(copy, *place, tips) if tips is not None else set(copy.by_id)
        left += row.id not in reach[place]
    if left:
        yield "closed", f"control entry {line.seq} ({line.kind}) leaves out {left} commits that were there"


def _tips(line: Line, scope: str, author: bytes) -> frozenset[bytes] | None:
    """The last commits that the last entry of a line names of an author in a scope; None where it is not about them."""
    if line.kind == "Locked":
        lock = line.locks[-1]
        return lock.tips.get((scope, author), frozenset()) if any_matches(lock.scopes, scope) else None
    cut = line.cuts[-1]
    return cut.tips.get(scope, frozenset()) if cut.device[:8] == author and cut.covers(scope) else None


def _was_seen(copy: Copy, id: bytes, looked: Looked) -> bool:
    return copy.by_id[id].number <= looked.row and id not in looked.unread


def _numbers(copy: Copy, library: Library, name: Name, save: Save, looked: Looked) -> Iterator[tuple[str, str]]:
    for number, base in numbers_given(save):
        for other, id in library.numbers.get((number, base), ()):
            if other != name and id in copy.by_id and _was_seen(copy, id, looked):
                yield "numbers", f"{number} was given to {name[1]} {name[2].hex()[:8]}, and was there on another one"
