"""One stock item movement by movement: what the figures of the stock summary are made of."""

from collections.abc import Callable

from crdt_models.money import Amount, Quantity
from khata.books import Books
from khata.reports.balances import heading
from khata.reports.span import EVERYTHING, Span
from khata.reports.stock_figures import Json, rate_text
from khata.reports.stock_valuation import Movement, Place, Valuation
from khata.reports.stock_value import branch_number, checked_method, place_values


def stock_item(books: Books, name: str, span: Span = EVERYTHING, method: str = "average", godown: str = "") -> Json:
    """Every movement of an item in order, with the voucher behind it and what is left after it.

    Args:
        name: the item, as a person writes it.
        method: "average" or "fifo".
        godown: only what lies in this godown; empty for all.

    Returns:
        `rows` with `in` and `out` as quantity and value, and `balance`. The value of the balance is that of the item
        at the company's cost. `correction` is what goods that went out before they had come in cost beyond what was
        assumed then.

    Raises:
        NotFound, Ambiguous: a name means nothing here, or several.
        BadValue: a bound is not a date, or the method is not known.

    Cost: about 8 µs a stock line of any item, since a product costs what its components do.
    """
    item = books.names.find("stock-item", name)
    place = books.names.find("godown", godown) if godown else None
    head = heading(books, span)
    branch = branch_number(books, span.branch) if span.branch else None
    valuation = Valuation(books, checked_method(method), span.until)

    def wanted(held_in: Place) -> bool:
        return (branch is None or held_in.branch == branch) and (place is None or held_in.godown == place.local)

    valuation.finish(span.since or "0")
    opening = _held(books, valuation, item.local, wanted)
    codes = dict(books.db.execute("SELECT id, code FROM branches").fetchall())
    quantity = opening[0]
    rows = []
    for movement in valuation.movements():
        if movement.line.item == item.local and wanted(movement.place):
            quantity += movement.quantity
            worth = valuation.pool(item.local).worth_of(quantity)
            rows.append(_row(books, codes, movement, quantity, worth))
    closing = _held(books, valuation, item.local, wanted)
    (unit,) = books.db.execute("SELECT unit FROM stock_items WHERE id=?", (item.local,)).fetchone()
    return {
        "item": books.names.label("stock-item", item.local),
        "id": item.document.hex(),
        "unit": books.names.label("unit", unit),
        **head,
        "godown": books.names.label("godown", place.local) if place else "",
        "method": checked_method(method),
        "opening": _left(*opening),
        "rows": rows,
        "closing": _left(*closing),
    }


def _held(books: Books, valuation: Valuation, item: int, wanted: Callable[[Place], bool]) -> tuple[int, int]:
    """Quantity and value of an item in the places wanted, as the stock summary has them."""
    values = place_values(books, valuation)
    places = [key for key in values if key[0] == item and wanted(key[1])]
    return sum(valuation.held[key] for key in places), sum(values[key] for key in places)


def _row(books: Books, codes: dict[int, str], movement: Movement, balance: int, worth: int) -> Json:
    line, place = movement.line, movement.place
    quantity, value = movement.quantity, movement.value
    nothing = _left(0, 0)
    return {
        "date": line.date,
        "type": _type(books, line.voucher),
        "number": line.number,
        "id": line.document.hex(),
        "branch": codes[line.branch],
        "godown": books.names.label("godown", place.godown) if place.godown else "",
        "batch": place.batch,
        "in": nothing if quantity < 0 else _left(quantity, value),
        "out": _left(-quantity, -value) if quantity < 0 else nothing,
        "correction": Amount(movement.correction).text,
        "balance": _left(balance, worth),
    }


def _type(books: Books, voucher: int) -> str:
    (kind,) = books.db.execute("SELECT type FROM vouchers WHERE id=?", (voucher,)).fetchone()
    return books.names.label("voucher-type", kind)


def _left(quantity: int, value: int) -> Json:
    return {"quantity": Quantity(quantity).text, "rate": rate_text(value, quantity), "value": Amount(value).text}
