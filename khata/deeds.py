"""Who did what to a document, and when: the saves behind what it shows."""

from collections.abc import Iterable, Iterator
from typing import Final

from crdt_models.document import Document
from crdt_models.folding import ancestor_sets, causal_order
from crdt_models.saves import Save
from khata.books import Books
from khata.problem import Deed

DEEDS_MAX: Final = 20
"""How many saves a problem lists; where more have to do with it, the latest."""


def deed(books: Books, save: Save, what: str) -> Deed:
    """One save, as what somebody did.

    Args:
        what: in the past tense, such as "deleted it".
    """
    return deed_of(books, save.author, save.user, save.time, what)


def deed_of(books: Books, author: bytes, user: str, time_ms: int, what: str) -> Deed:
    """What a device did, by the first 8 bytes of its id."""
    return Deed(books.device_name(author), branch_of(books, author), user, time_ms, what)


def branch_of(books: Books, author: bytes) -> str:
    """The code of the branch a device stands in; empty for one that was never admitted."""
    member = books.replica.chain.members.get(author)
    return member.branch if member is not None else ""


def in_order(deeds: Iterable[Deed]) -> tuple[Deed, ...]:
    """Deeds by time, each once, at most `DEEDS_MAX`."""
    return tuple(sorted(set(deeds), key=lambda one: (one.time_ms, one))[-DEEDS_MAX:])


def branches_of(deeds: Iterable[Deed], scopes: Iterable[str] = ()) -> tuple[str, ...]:
    """The codes of the branches that deeds were done at, and in whose books documents lie."""
    found = {one.branch for one in deeds}
    for scope in scopes:
        parts = scope.split("/")
        if parts[0] in ("vouchers", "transfers") and len(parts) > 1:
            found.update(parts[1].split("~"))
    return tuple(sorted(found - {""}))


def showing(document: Document, register: str) -> Save | None:
    """The save whose value of a register shows; None where nobody set it."""
    open_ = claims(document, register)
    return max(open_, key=lambda save: (save.time, save.id)) if open_ else None


def claims(document: Document, register: str) -> list[Save]:
    """The saves of a register that no other save of it knew: one, unless there was a clash."""
    setters = [save for save in document.saves().values() if register in save.values]
    if len(setters) < 2:
        return setters
    causal = causal_order(document.saves())
    covered = 0
    for save, ancestors in zip(causal, ancestor_sets(causal), strict=True):
        if register in save.values:
            covered |= ancestors
    return [save for at, save in enumerate(causal) if register in save.values and not covered >> at & 1]


def set_by(books: Books, document: Document, registers: Iterable[str], what: str) -> Iterator[Deed]:
    """Who set what shows of some registers."""
    for register in registers:
        save = showing(document, register)
        if save is not None:
            yield deed(books, save, what)
