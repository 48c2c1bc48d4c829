"""Vouchers as tables: one row a voucher, one row an entry, one row a stock line; everything, also what does not count.

They are read a thousand vouchers at a time, so that memory does not grow with the books.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from khata.books import Books
from khata.export.out_file import Step
from khata.export.sheet_table import CREDIT, DEBIT, Column, Row, Sheet, sides
from khata.reports.span import Span
from khata.sums import joined, sum_sql

_AT_ONCE: Final = 1000

_DATE, _TYPE, _NUMBER = Column("Date", "date", 12), Column("Type", width=16), Column("Number", "code", 18)
_COUNTS = Column("Counts in accounts", "flag", 10)
_VOUCHER = Column("Voucher id", width=34)


def ordered_vouchers(books: Books, span: Span) -> list[int]:
    """The local ids of a span's vouchers by date, number and id. Cost: 3 µs and a few bytes for each."""
    condition, values = span.condition(books, "v.date", "v.branch")
    rows = books.db.execute(
        f"SELECT v.id FROM vouchers v JOIN scopes s ON s.id=v.scope WHERE {condition} "
        "ORDER BY v.date, v.number, v.document, s.path, v.leg",
        values,
    )
    return [local for (local,) in rows]


def _in_batches(books: Books, span: Span, step: Step, query: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query with `?` for the vouchers it is about, those of one voucher together.

    Its first column is the voucher; what stands after it comes in the order of the query.
    """
    ids = ordered_vouchers(books, span)
    for start in range(0, len(ids), _AT_ONCE):
        batch = ids[start : start + _AT_ONCE]
        found: dict[int, list[tuple[Any, ...]]] = {}
        for row in books.db.execute(query, (json.dumps(batch),)):
            found.setdefault(row[0], []).append(row)
        for local in batch:
            yield from found.get(local, ())
        step(start + len(batch), len(ids))


def _voucher_rows(books: Books, span: Span, step: Step) -> Iterator[Row]:
    label, debits = books.names.label, sum_sql("max(e.amount_e4, 0)")
    query = (
        "SELECT v.id, v.date, v.type, v.number, v.party, v.party_gstin, v.reference, v.reference_date, v.narration, "
        "b.code, v.leg, v.place_of_supply, v.posted, v.cancelled, v.optional, v.late, lower(hex(v.document)), "
        f"{debits} FROM vouchers v JOIN branches b ON b.id=v.branch LEFT JOIN entries e ON e.voucher=v.id "
        "WHERE v.id IN (SELECT value FROM json_each(?)) GROUP BY v.id"
    )
    for _, date, kind, number, party, *rest, quotients, remainders in _in_batches(books, span, step, query):
        amount = joined(quotients, remainders)
        yield date, label("voucher-type", kind), number, label("ledger", party), *rest, amount


def _entry_rows(books: Books, span: Span, step: Step) -> Iterator[Row]:
    label = books.names.label
    query = (
        "SELECT v.id, v.date, v.type, v.number, e.ledger, e.amount_e4, v.party, v.narration, b.code, v.posted, "
        "lower(hex(v.document)) FROM entries e JOIN vouchers v ON v.id=e.voucher JOIN branches b ON b.id=v.branch "
        "WHERE e.voucher IN (SELECT value FROM json_each(?)) ORDER BY e.voucher, e.line"
    )
    for _, date, kind, number, ledger, amount, party, *rest in _in_batches(books, span, step, query):
        kind, ledger, party = label("voucher-type", kind), label("ledger", ledger), label("ledger", party)
        yield date, kind, number, ledger, *sides(amount), party, *rest


def _stock_rows(books: Books, span: Span, step: Step) -> Iterator[Row]:
    label = books.names.label
    if not span.since and not span.branch:
        yield from _opening_rows(books)
    query = (
        "SELECT v.id, v.date, v.type, v.number, s.item, s.quantity_e6, s.unit, s.rate_e6, s.amount_e4, s.godown, "
        "s.destination, s.batch, b.code, s.posted, lower(hex(v.document)) FROM stock_lines s "
        "JOIN vouchers v ON v.id=s.voucher JOIN branches b ON b.id=v.branch "
        "WHERE s.voucher IN (SELECT value FROM json_each(?)) ORDER BY s.voucher, s.line"
    )
    for row in _in_batches(books, span, step, query):
        _, date, kind, number, item, quantity, unit, rate, amount, godown, destination, *rest = row
        yield (
            date, label("voucher-type", kind), number, label("stock-item", item), quantity, label("unit", unit), rate,
            amount, label("godown", godown), label("godown", destination), *rest,
        )  # fmt: skip


def _opening_rows(books: Books) -> Iterator[Row]:
    """What was in stock when the books began; it is the company's, of no date and no branch."""
    label = books.names.label
    rows = books.db.execute(
        "SELECT i.id, o.quantity_e6, i.unit, o.rate_e6, o.value_e4, o.godown, o.batch FROM opening_stock o "
        "JOIN stock_items i ON i.id=o.item WHERE i.present AND NOT i.deleted ORDER BY i.normalised, i.document, o.line"
    ).fetchall()
    for item, quantity, unit, rate, value, godown, batch in rows:
        place = label("godown", godown), "", batch, ""
        yield "", "Opening", "", label("stock-item", item), quantity, label("unit", unit), rate, value, *place, 1, ""


VOUCHERS: Final = Sheet(
    "Vouchers",
    (
        _DATE,
        _TYPE,
        _NUMBER,
        Column("Party", width=32),
        Column("Party GSTIN", width=17),
        Column("Reference", "code"),
        Column("Reference date", "date", 12),
        Column("Narration", width=40),
        Column("Branch", width=8),
        Column("Leg", width=8),
        Column("Place of supply"),
        _COUNTS,
        Column("Cancelled", "flag", 10),
        Column("Optional", "flag", 10),
        Column("Late", "flag", 10),
        _VOUCHER,
        Column("Amount", "amount", 16),
    ),
    _voucher_rows,
)

ENTRIES: Final = Sheet(
    "Entries",
    (
        _DATE,
        _TYPE,
        _NUMBER,
        Column("Ledger", width=32),
        DEBIT,
        CREDIT,
        Column("Party", width=32),
        Column("Narration", width=40),
        Column("Branch", width=8),
        _COUNTS,
        _VOUCHER,
    ),
    _entry_rows,
)

STOCK: Final = Sheet(
    "Stock",
    (
        _DATE,
        _TYPE,
        _NUMBER,
        Column("Item", width=32),
        Column("Quantity", "number"),
        Column("Unit", width=8),
        Column("Rate", "number"),
        Column("Amount", "amount", 16),
        Column("Godown", width=20),
        Column("To godown", width=20),
        Column("Batch"),
        Column("Branch", width=8),
        Column("Moves stock", "flag", 10),
        _VOUCHER,
    ),
    _stock_rows,
)
