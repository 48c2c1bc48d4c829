"""The stock lines that count, in the one order in which every copy values them.

Vouchers have dates and no times, so within a day goods come in before they go out, journals of stock lie between, and
what was counted is counted in the evening. What remains equal is ordered by number and document id.
"""

from collections.abc import Collection
from typing import Final, NamedTuple

from crdt_models.masters import master_id
from crdt_models.predefined import MAIN_LOCATION
from crdt_models.voucher_types import BASE_TYPES
from khata.books import Books

IN, RETURN, DISPATCH, RECEIPT, JOURNAL, OUT, COUNT = range(7)
"""The part of the day in which a line takes effect."""


def _bases(answer: str) -> str:
    """The base types of which something is true, as an SQL list."""
    return ", ".join(f"'{slug}'" for slug, base in BASE_TYPES.items() if getattr(base, answer))


# A journal that shows both sides says in its other line where the goods lie afterwards.
_DESTINATION: Final = f"CASE WHEN v.leg='' AND s.side='' AND v.base IN ({_bases('transfers')}) THEN s.destination END"

_PHASE: Final = f"""CASE
  WHEN v.leg='dispatch' THEN {DISPATCH} WHEN v.leg='receipt' THEN {RECEIPT}
  WHEN v.base IN ({_bases("counts")}) THEN {COUNT}
  WHEN v.base IN ({_bases("converts")}) OR {_DESTINATION} IS NOT NULL THEN {JOURNAL}
  WHEN s.quantity_e6<0 THEN {OUT} WHEN v.base IN ({_bases("sells")}) THEN {RETURN} ELSE {IN} END"""

_SELECT: Final = f"""SELECT s.date, {_PHASE}, v.number, v.document, c.path, v.leg, s.line, s.voucher, v.base, s.item,
  s.quantity_e6, s.amount_e4, coalesce(s.godown, ?), {_DESTINATION}, s.batch, s.tracking, s.branch, s.posted
  FROM stock_lines s JOIN vouchers v ON v.id=s.voucher JOIN scopes c ON c.id=v.scope"""

# What is sold without a quantity, such as a rebate, says nothing about stock. Of invoices whose goods a note moves,
# those of suppliers say what the goods cost.
_COUNTS: Final = f"""((+s.posted=1 AND (s.quantity_e6<>0 OR v.base NOT IN ({_bases("sells")})))
  OR (s.tracking<>'' AND v.posted=1 AND v.base='purchase' AND s.quantity_e6>0))"""


class Line(NamedTuple):
    """A stock line, or a line of an item's opening stock (without date and voucher).

    The fields up to `line` are its place in the order. Items and godowns are the local ids of what they read as.

    Attributes:
        posted: it moves stock; otherwise it is of an invoice whose goods a note with the tracking number moves.
        branch: the local number of the branch; 0 for openings, which are no branch's.
    """

    date: str
    phase: int
    number: str
    document: bytes
    path: str
    leg: str
    line: int
    voucher: int
    base: str
    item: int
    quantity: int
    amount: int
    godown: int
    destination: int | None
    batch: str
    tracking: str
    branch: int
    posted: int


def stock_lines(books: Books, until: str = "", items: Collection[int] | None = None) -> list[Line]:
    """Every line that counts in stock, openings first, in the order in which they are valued.

    Args:
        until: a date; later lines are left out. Empty for all.
        items: local ids; lines of other items are left out. None for all.

    Cost: about 6 µs a line.
    """
    main = main_location(books)
    condition = _COUNTS
    values: list[int | str] = [main]
    if until:
        condition, values = f"{condition} AND s.date<=?", [main, until]
    if items is not None:
        # Saying which values `posted` has lets SQLite find the items in the index.
        condition += f" AND s.posted IN (0, 1) AND s.item IN ({', '.join(map(str, items))})"
    rows = books.db.execute(f"{_SELECT} WHERE {condition}", values)
    lines = [*map(Line._make, rows), *opening_lines(books, items)]
    lines = _as_merged(books, lines)
    lines.sort()
    return lines


def main_location(books: Books) -> int:
    """Where goods lie for which no godown is named; 0 while that has not arrived."""
    main = books.names.by_document("godown", master_id(books.company, "godown", MAIN_LOCATION))
    return 0 if main is None else main.local


def _as_merged(books: Books, lines: list[Line]) -> list[Line]:
    """The lines with items and godowns as what they were merged into."""
    items, godowns = (
        {
            local: books.names.effective(kind, local)
            for local, master in books.names.masters(kind).items()
            if master.merged_into is not None
        }
        for kind in ("stock-item", "godown")
    )
    if not items and not godowns:
        return lines
    return [
        line._replace(
            item=items.get(line.item, line.item),
            godown=godowns.get(line.godown, line.godown),
            destination=None if line.destination is None else godowns.get(line.destination, line.destination),
        )
        for line in lines
    ]


def opening_lines(books: Books, items: Collection[int] | None = None) -> list[Line]:
    """Opening stock; that of a deleted item counts as long as a voucher moves it.

    A value without a quantity comes after the goods it belongs to. Items and godowns are those named, merged or not.
    """
    main = main_location(books)
    rows = books.db.execute(
        "SELECT i.document, o.line, o.item, o.quantity_e6, o.value_e4, o.godown, o.batch FROM opening_stock o "
        "JOIN stock_items i ON i.id=o.item WHERE i.present AND (NOT i.deleted "
        "OR EXISTS (SELECT 1 FROM stock_lines s WHERE s.posted=1 AND s.item=i.id))"
    )
    return [
        Line(
            "", IN, "" if quantity else "value", document, "", "", line, 0, "", item, quantity, value,
            main if godown is None else godown, None, batch, "", 0, 1,
        )
        for document, line, item, quantity, value, godown, batch in rows
        if items is None or item in items
    ]  # fmt: skip
