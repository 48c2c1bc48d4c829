"""The vouchers that count in the accounts, one after another, in an order that is the same on every copy."""

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from crdt_models.money import Amount, Rate
from khata.books import Books
from khata.export.out_file import Step, no_step
from khata.reports.span import Span

_AT_ONCE: Final = 1000
"""Vouchers read together: what stands in memory, whatever the number of all."""


class Line(NamedTuple):
    """One entry: ten-thousandths, debit positive; the foreign amount as people read it, mostly empty."""

    ledger: int
    amount: int
    foreign: str


class JournalVoucher(NamedTuple):
    """One voucher with names for what it refers to; `leg` says which half of a transfer it is, mostly nothing."""

    id: str
    date: str
    number: str
    type: str
    party: str
    reference: str
    narration: str
    branch: str
    leg: str
    lines: list[Line]


def posted_vouchers(books: Books, span: Span, step: Step = no_step) -> Iterator[JournalVoucher]:
    """The vouchers of a span that post to the accounts, by date, number and id; those without entries too.

    Raises:
        BadValue, NotFound: see `Span.condition`.

    Cost: about 10 µs a voucher; memory for a thousand of them, and a few bytes for each of the others.
    """
    condition, values = span.condition(books, "v.date", "v.branch")
    ids = [
        local
        for (local,) in books.db.execute(
            "SELECT v.id FROM vouchers v JOIN scopes s ON s.id=v.scope "
            f"WHERE v.posted=1 AND {condition} ORDER BY v.date, v.number, v.document, s.path, v.leg",
            values,
        )
    ]
    for start in range(0, len(ids), _AT_ONCE):
        yield from _read(books, ids[start : start + _AT_ONCE])
        step(min(start + _AT_ONCE, len(ids)), len(ids))


def _read(books: Books, ids: list[int]) -> Iterator[JournalVoucher]:
    wanted = (json.dumps(ids),)
    label = books.names.label
    heads = {
        row[0]: row
        for row in books.db.execute(
            "SELECT v.id, v.document, v.date, v.number, v.type, v.party, v.reference, v.narration, b.code, "
            "v.leg FROM vouchers v JOIN branches b ON b.id=v.branch WHERE v.id IN (SELECT value FROM json_each(?))",
            wanted,
        )
    }
    lines = _lines(books, wanted)
    for local in ids:
        _, document, date, number, kind, party, reference, narration, branch, leg = heads[local]
        yield JournalVoucher(
            document.hex(), date, number, label("voucher-type", kind), label("ledger", party), reference, narration,
            branch, leg, lines.get(local, []),
        )  # fmt: skip


def _lines(books: Books, wanted: tuple[str]) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = {}
    rows: Iterator[tuple[Any, ...]] = books.db.execute(
        "SELECT e.voucher, e.ledger, e.amount_e4, f.currency, f.amount_e4, f.rate_e6 FROM entries e "
        "LEFT JOIN forex_amounts f ON f.voucher=e.voucher AND f.line=e.line "
        "WHERE e.voucher IN (SELECT value FROM json_each(?)) ORDER BY e.voucher, e.line",
        wanted,
    )
    for voucher, ledger, amount, currency, figure, rate in rows:
        foreign = ""
        if currency is not None:
            foreign = f"{Amount(figure).text} {books.names.label('currency', currency)} @ {Rate(rate).text}"
        found.setdefault(voucher, []).append(Line(ledger, amount, foreign))
    return found
