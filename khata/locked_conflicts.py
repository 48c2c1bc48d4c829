"""Conflicts about vouchers in locked periods: which of their values may be taken, and what else ends them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from crdt_models.document import Document
from crdt_models.packing import Value, unpack_untrusted
from crdt_models.transfers import KIND as TRANSFER
from crdt_models.vouchers import KIND as VOUCHER
from khata.books import Books
from khata.late import ways_out
from khata.locking import counted, posting_dates
from khata.problem import Choice
from khata.transfers.reading import read_transfer
from p2p.chain import Lock
from p2p.scope import Pattern


class LockedConflict(NamedTuple):
    """What a lock leaves to choose about a conflict.

    Attributes:
        standing: the positions, counted from 1, of the values that may be taken: they stand in the locked books.
        ways: what else can be done; where something is kept out, that has to be settled first.
    """

    standing: tuple[int, ...]
    ways: tuple[Choice, ...]


def locked_conflict(books: Books, conflict: dict[str, Any]) -> LockedConflict | None:
    """What a lock leaves to choose about a conflict; None where no lock has a say in it.

    Args:
        conflict: as `list_conflicts` gives it.
    """
    if conflict["kind"] not in (VOUCHER, TRANSFER) or not books.replica.chain.locks:
        return None
    ((row,),) = books.db.execute("SELECT document FROM conflicts WHERE id=?", (conflict["id"],)).fetchall()
    document = books.document(row)
    if books.db.execute("SELECT 1 FROM kept_out WHERE document=?", (row,)).fetchone() is not None:
        return LockedConflict((), ways_out(books, row))
    values = [
        unpack_untrusted(bytes(value))
        for (value,) in books.db.execute(
            "SELECT value FROM conflict_values WHERE document=? AND register=? ORDER BY position",
            (row, conflict["register"]),
        )
    ]
    locks = _locks(books, document, [*_dates_in_books(books, row), *(date for one in values for date in _dates(one))])
    if not locks:
        return None
    stands = _stands(books, document, conflict["register"])
    return LockedConflict(
        tuple(at for at, value in enumerate(values, 1) if value == stands),
        tuple(
            Choice(
                f"have the period up to {lock.until} unlocked, to take another value", f"khata lock remove {lock.at}"
            )
            for lock in locks
        ),
    )


def _dates_in_books(books: Books, row: int) -> list[str]:
    return [date for (date,) in books.db.execute("SELECT date FROM vouchers WHERE id IN (?, ?)", (row, -row))]


def _dates(value: Value) -> list[str]:
    """The dates in a value of a conflict: a posting, or a leg that holds one."""
    return [*posting_dates({"posting": value}), *(posting_dates(value) if isinstance(value, dict) else ())]


def _stands(books: Books, document: Document, register: str) -> Value:
    chain, locks = books.replica.chain, books.replica.locks
    if document.kind == TRANSFER:
        return read_transfer(document, chain, locks).folded.values.get(register)
    return counted(document, document.fold(), chain, locks).folded.values.get(register)


def _locks(books: Books, document: Document, dates: Sequence[str]) -> list[Lock]:
    """The locks that cover one of the dates."""
    return [
        lock
        for lock in books.replica.chain.locks
        if any(Pattern.parse(text).matches(document.scope) for text in lock.scopes)
        and any(date and date <= lock.until for date in dates)
    ]
