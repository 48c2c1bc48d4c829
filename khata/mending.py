"""Mending documents: what cannot be read gives way to what is shown, what is missing gets a stand-in."""

from collections.abc import Iterator
from typing import Any

from crdt_models.document import Document
from crdt_models.errors import BadValue
from crdt_models.masters import KINDS, Ledger, OpeningStock, StockItem, blank
from crdt_models.packing import Value
from crdt_models.registers import as_value
from crdt_models.saves import ORIGIN_SETTLE
from crdt_models.vouchers import BLANK
from crdt_models.vouchers import KIND as VOUCHER
from khata.books import Books, Change
from khata.entering_masters import NAME_CHARS_MAX, SavedMaster
from khata.errors import BooksError
from khata.joining_heads import joined_heads
from khata.reading import exact_e4, exact_quantity, read_master
from p2p.scope import master_scope


def mend(books: Books, scope: str, kind: str, id: bytes) -> bytes:
    """Save what is shown in place of every register of a document that cannot be read; returns the commit's id.

    Raises:
        BooksError: there is no such document, or nothing in it that could be mended; nothing was saved.
    """
    with books.writing():
        document = books.replica.document(scope, kind, id)
        values = dict(_mended(document)) if document is not None else {}
        if document is None or not values:
            raise BooksError(f"there is nothing to mend in {kind} {id.hex()[:8]}; run `khata problems` again")
        change = Change(kind, id, values, joined_heads(books, scope, kind, id))
        return books.save(scope, [change], ORIGIN_SETTLE)[0].id


def _mended(document: Document) -> Iterator[tuple[str, Value]]:
    values = document.fold().values
    if document.kind == VOUCHER:
        for register, empty in BLANK.items():
            if register in values and type(values[register]) is not type(empty):
                yield register, empty
    elif document.kind in KINDS:
        yield from _mended_master(document.kind, values)


def _mended_master(kind: str, values: dict[str, Value]) -> Iterator[tuple[str, Value]]:
    struct = KINDS[kind]
    empty = blank(struct)
    for register, value in sorted(values.items()):
        try:
            struct.from_registers({register: value})
        except BadValue:
            yield register, empty.get(register, {})
    master, _ = read_master(kind, values)
    if isinstance(master, Ledger):
        yield from _mended_ledger(master)
    elif isinstance(master, StockItem):
        lines = [line for line in master.opening if _counts(line)]
        if len(lines) < len(master.opening):
            yield "opening", _values(lines)


def _mended_ledger(ledger: Ledger) -> Iterator[tuple[str, Value]]:
    if exact_e4(ledger.opening) is None:
        yield "opening", "0.00"
    bills = [bill for bill in ledger.opening_bills if exact_e4(bill.amount) is not None]
    if len(bills) < len(ledger.opening_bills):
        yield "opening_bills", _values(bills)


def _counts(line: OpeningStock) -> bool:
    return exact_quantity(line.quantity) is not None and exact_e4(line.value) is not None


def _values(parts: list[Any]) -> Value:
    return [as_value(part) for part in parts]


def stand_in(books: Books, kind: str, id: bytes, name: str) -> SavedMaster:
    """Put a new master in the place of one that is referred to and that nobody has.

    Should the missing one come after all, both meet as one: what they say differently is listed as conflicts.

    Raises:
        BooksError: it is here, or the name is none or taken; nothing was saved.
    """
    with books.writing():
        if books.names.by_document(kind, id) is not None:
            raise BooksError(f"the {kind} {id.hex()[:8]} is here by now; there is nothing to put in its place")
        name = " ".join(name.split())
        if not name or len(name) > NAME_CHARS_MAX or books.names.taken(kind, name) is not None:
            raise BooksError(f"{name[:40]!r} cannot be its name, or is that of another; choose one with --name")
        change = Change(kind, id, KINDS[kind](name=name).registers())
        (commit,) = books.save(master_scope(kind), [change], ORIGIN_SETTLE)
    return SavedMaster(id, name, commit.id)
