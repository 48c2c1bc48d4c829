"""Counting stock: what was found in a godown is entered as a physical stock voucher."""

from datetime import UTC, datetime, timedelta

from khata.books import Books
from khata.entering import Entered, enter_form
from khata.errors import BooksError
from khata.listing import same_masters
from khata.naming import ID_PREFIX
from khata.reports.stock_lines import stock_lines

_COUNTED = "Physical Stock"


def count_stock(books: Books, item: bytes, godown: bytes, quantity: str) -> Entered:
    """Enter that so much of an item lies in a godown, on the last day that anything of it moved there, or today.

    Args:
        item, godown: document ids; an empty godown is the one where goods lie for which none was named.
        quantity: in the item's unit.

    Raises:
        BooksError, DocumentError: it is no quantity, or a rule is broken; nothing was saved.
    """
    with books.writing():
        held = books.names.by_document("stock-item", item)
        if held is None:
            raise BooksError(f"there is no stock item {item.hex()[:8]}; run `khata problems` again")
        place = books.names.by_document("godown", godown) if godown else None
        lines = [
            line
            for line in stock_lines(books, items=same_masters(books, "stock-item", held.local))
            if place is None or place.local in (line.godown, line.destination)
        ]
        today = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=books.now())).date().isoformat()
        where = {"godown": f"{ID_PREFIX}{godown.hex()}"} if godown else {}
        return enter_form(books, {
            "type": _COUNTED,
            "date": max(today, *(line.date for line in lines)) if lines else today,
            "narration": f"counted: {quantity}",
            "stock": [
                {"item": f"{ID_PREFIX}{item.hex()}", "quantity": counted, "batch": batch, **where}
                for batch, counted in _by_batch([line.batch for line in lines], quantity)
            ],
        })  # fmt: skip


def _by_batch(batches: list[str], quantity: str) -> list[tuple[str, str]]:
    """What was counted, of the one batch there is or of none in particular; of every other there is nothing."""
    named = sorted(set(batches)) or [""]
    counted = named[0] if len(named) == 1 else ""
    return [(batch, quantity if batch == counted else "0") for batch in sorted({*named, counted})]
