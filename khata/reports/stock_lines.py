"""The stock lines that count, in the one order in which every copy values them.

Vouchers have dates and no times, so within a day goods come in before they go out, journals of stock lie between, and
what was counted is counted in the evening. What remains equal is ordered by number and document id.
"""

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from crdt_models.masters import master_id
from crdt_models.predefined import MAIN_LOCATION
from crdt_models.voucher_types import BASE_TYPES
from khata.books import Books

IN, RETURN, DISPATCH, RECEIPT, JOURNAL, OUT, COUNT = range(7)
"""The part of the day in which a line takes effect."""

_LEGS: Final = {"dispatch": DISPATCH, "receipt": RECEIPT}
_SELLS = frozenset(slug for slug, base in BASE_TYPES.items() if base.sells)
_TRANSFERS = frozenset(slug for slug, base in BASE_TYPES.items() if base.transfers)
_CONVERTS = frozenset(slug for slug, base in BASE_TYPES.items() if base.converts)
_COUNTS = frozenset(slug for slug, base in BASE_TYPES.items() if base.counts)


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
    type: int | None
    item: int
    quantity: int
    amount: int
    godown: int
    destination: int | None
    batch: str
    tracking: str
    branch: int
    posted: bool


def stock_lines(books: Books, until: str = "", items: Collection[int] | None = None) -> list[Line]:
    """Every line that counts in stock, openings first, in the order in which they are valued.

    Args:
        until: a date; later lines are left out. Empty for all.
        items: local ids; lines of other items are left out. None for all.

    Cost: about 3 µs a line.
    """
    places = _Places(books)
    condition, values = ("s.date<=?", [until]) if until else ("1", [])
    if items is not None:
        # Saying which values `posted` has lets SQLite find the items in the index.
        condition += f" AND s.posted IN (0, 1) AND s.item IN ({', '.join(map(str, items))})"
    rows = books.db.execute(
        "SELECT s.date, v.number, v.document, c.path, v.leg, s.line, s.voucher, v.base, v.type, s.item, s.quantity_e6, "
        "s.amount_e4, s.godown, s.destination, s.batch, s.tracking, s.branch, s.posted, s.side "
        "FROM stock_lines s JOIN vouchers v ON v.id=s.voucher JOIN scopes c ON c.id=v.scope "
        f"WHERE {condition} AND (s.posted=1 OR (s.posted=0 AND s.tracking<>'' AND v.posted=1))",
        values,
    )
    lines = [line for line in (_line(row, places) for row in rows) if line is not None]
    lines.extend(_openings(books, places, items))
    lines.sort()
    return lines


class _Places:
    """What items and godowns read as; goods for which no godown is named lie in the main location."""

    def __init__(self, books: Books) -> None:
        self._names = books.names
        main = books.names.by_document("godown", master_id(books.company, "godown", MAIN_LOCATION))
        self._main = 0 if main is None else books.names.effective("godown", main.local)
        self._items: dict[int, int] = {}
        self._godowns: dict[int | None, int] = {None: self._main}

    def item(self, local: int) -> int:
        known = self._items.get(local)
        if known is None:
            known = self._items[local] = self._names.effective("stock-item", local)
        return known

    def godown(self, local: int | None) -> int:
        known = self._godowns.get(local)
        if known is None:
            assert local is not None
            known = self._godowns[local] = self._names.effective("godown", local)
        return known


def _line(row: tuple[Any, ...], places: _Places) -> Line | None:
    (
        date, number, document, path, leg, line, voucher, base, kind, item, quantity, amount, godown, destination,
        batch, tracking, branch, posted, side,
    ) = row  # fmt: skip
    if destination is not None and (base not in _TRANSFERS or side):
        # A journal that shows both sides says in its other line where the goods lie afterwards.
        destination = None
    phase = _phase(base, leg, quantity, destination)
    if phase is None or (not posted and (base != "purchase" or quantity <= 0)):
        return None
    return Line(
        date, phase, number, document, path, leg, line, voucher, base, kind, places.item(item), quantity, amount,
        places.godown(godown), None if destination is None else places.godown(destination), batch, tracking, branch,
        bool(posted),
    )  # fmt: skip


def _phase(base: str, leg: str, quantity: int, destination: int | None) -> int | None:
    """The part of the day of a line; None for one that moves nothing."""
    if leg:
        return _LEGS.get(leg)
    if base in _COUNTS:
        return COUNT
    if base in _CONVERTS or destination is not None:
        return JOURNAL
    if quantity < 0:
        return OUT
    if base in _SELLS:
        return RETURN if quantity else None
    return IN


def _openings(books: Books, places: _Places, items: Collection[int] | None) -> list[Line]:
    """Opening stock; that of a deleted item counts as long as a voucher moves it.

    A value without a quantity comes after the goods it belongs to.
    """
    rows = books.db.execute(
        "SELECT i.document, o.line, o.item, o.quantity_e6, o.value_e4, o.godown, o.batch FROM opening_stock o "
        "JOIN stock_items i ON i.id=o.item WHERE i.present AND (NOT i.deleted "
        "OR EXISTS (SELECT 1 FROM stock_lines s WHERE s.posted=1 AND s.item=i.id))"
    )
    return [
        Line(
            "", IN, "" if quantity else "value", document, "", "", line, 0, "", None, places.item(item), quantity,
            value, places.godown(godown), None, batch, "", 0, True,
        )
        for document, line, item, quantity, value, godown, batch in rows
        if items is None or item in items
    ]  # fmt: skip
