"""CSV that Excel opens as it is meant: UTF-8 with its mark, and no text that Excel would take for a formula."""

import csv
import io
from typing import Any, BinaryIO, Final

from crdt_models.money import Amount, Quantity
from khata.books import Books
from khata.errors import NotFound
from khata.export.out_file import Step, no_step
from khata.export.sheet_masters import MASTERS, TRIAL_BALANCE
from khata.export.sheet_table import Form, Sheet
from khata.export.sheet_vouchers import ENTRIES, STOCK, VOUCHERS
from khata.reports.span import Span

Json = dict[str, Any]

SHEETS: Final[dict[str, Sheet]] = {
    "entries": ENTRIES,
    "vouchers": VOUCHERS,
    "stock": STOCK,
    "trial-balance": TRIAL_BALANCE,
    **MASTERS,
}
"""What can be written, by the word for it."""

FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so is a formula to Excel and its like."""

_GUARD: Final = "'"
"""What Excel itself puts before a text that looks like a formula."""


def write_csv(books: Books, out: BinaryIO, what: str, span: Span, step: Step = no_step) -> Json:
    """Write one table of the books.

    Args:
        what: one of `SHEETS`.

    Returns:
        `counts` of rows.

    Raises:
        NotFound: there is no such table.
        BadValue, NotFound: see `Span.condition`.

    Cost: about 10 µs an entry; memory for a thousand vouchers.
    """
    sheet = SHEETS.get(what)
    if sheet is None:
        raise NotFound(f"there is no table {what!r} to write; --what is one of {', '.join(SHEETS)}")
    text = io.TextIOWrapper(out, "utf-8-sig", newline="", write_through=True)
    try:
        writer = csv.writer(text)
        writer.writerow([column.title for column in sheet.columns])
        forms = [column.form for column in sheet.columns]
        count = 0
        for row in sheet.rows(books, span, step):
            count += 1
            writer.writerow([cell(form, value) for form, value in zip(forms, row, strict=True)])
    finally:
        # The stream is its owner's to close.
        text.detach()
    return {"counts": {"rows": count}, "what": what}


def cell(form: Form, value: Any) -> str:
    """One cell as text; None is empty."""
    if value is None:
        return ""
    if form in ("text", "code"):
        return guarded(value)
    if form == "amount":
        return Amount(value).text
    if form == "number":
        return Quantity(value).text
    if form == "flag":
        return "yes" if value else "no"
    return str(value)


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return _GUARD + text if text.startswith(FORMULA_BEGINS) else text
