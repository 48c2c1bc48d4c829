"""An Excel workbook of the books: vouchers, entries, ledgers, trial balance and stock, a sheet each.

Amounts are numbers, voucher numbers are text, dates are dates; a text that looks like a formula stays a text. Rows are
written as they come, so memory does not grow with the books; what exceeds a sheet goes on in another.
"""

from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from khata.books import Books
from khata.export.csv_rows import FORMULA_BEGINS
from khata.export.out_file import Step, no_step
from khata.export.sheet_masters import LEDGERS, TRIAL_BALANCE
from khata.export.sheet_table import Column, Form, Row, Sheet
from khata.export.sheet_vouchers import ENTRIES, STOCK, VOUCHERS
from khata.reports.span import Span

Json = dict[str, Any]

SHEETS: Final = (VOUCHERS, ENTRIES, LEDGERS, TRIAL_BALANCE, STOCK)

ROWS_MAX: Final = 1_048_576
"""The rows of one sheet, as Excel has them, the heading included."""

_FORMATS: Final[dict[Form, str]] = {
    "text": "General",
    "code": "@",
    "date": "yyyy-mm-dd",
    "amount": "#,##0.00",
    "number": "#,##0.######",
    "flag": "General",
}
_READ_OTHERWISE: Final = (*FORMULA_BEGINS, "#")
"""What openpyxl or a spreadsheet may not take for the text it is."""

_FIRST_DATE: Final = "1900-03-01"
"""Excel counts days from 1900, and its first two months are off by one."""


def write_workbook(books: Books, out: BinaryIO, span: Span, step: Step = no_step, rows_max: int = ROWS_MAX) -> Json:
    """Write the workbook of a span.

    Returns:
        `counts` of the rows of each sheet.

    Raises:
        BadValue, NotFound: see `Span.condition`.

    Cost: about 15 µs a cell; memory for a thousand vouchers.
    """
    workbook = Workbook(write_only=True)
    workbook.properties.creator = "khata"
    workbook.properties.title = ILLEGAL_CHARACTERS_RE.sub(" ", books.company_name)
    counts = {}
    for sheet in SHEETS:
        counts[sheet.title.lower()] = _write_sheet(workbook, sheet, books, span, step, rows_max)
    workbook.save(out)
    return {"counts": counts}


def _write_sheet(workbook: Workbook, sheet: Sheet, books: Books, span: Span, step: Step, rows_max: int) -> int:
    writer = _SheetWriter(workbook, sheet, 1)
    count = 0
    for row in sheet.rows(books, span, step):
        if count and count % (rows_max - 1) == 0:
            writer = _SheetWriter(workbook, sheet, count // (rows_max - 1) + 1)
        writer.append(row)
        count += 1
    return count


class _SheetWriter:
    """One sheet as it is written; each column has two cells, plain and guarded, that every row fills anew."""

    def __init__(self, workbook: Workbook, sheet: Sheet, part: int) -> None:
        self._sheet: Any = workbook.create_sheet(sheet.title if part == 1 else f"{sheet.title} {part}")
        self._sheet.freeze_panes = "A2"
        for number, column in enumerate(sheet.columns, 1):
            self._sheet.column_dimensions[get_column_letter(number)].width = column.width
        self._sheet.append([self._heading(column) for column in sheet.columns])
        self._forms = [column.form for column in sheet.columns]
        self._cells = [self._styled(_FORMATS[form]) for form in self._forms]
        self._guarded = [self._styled(_FORMATS["code"]) for _ in self._forms]
        for cell in self._guarded:
            cell.quotePrefix = True

    def append(self, row: Row) -> None:
        """Write one row."""
        columns = zip(row, self._forms, self._cells, self._guarded, strict=True)
        self._sheet.append([
            None if value is None or value == "" else self._filled(form, value, plain, guarded)
            for value, form, plain, guarded in columns
        ])  # fmt: skip

    def _filled(self, form: Form, value: Any, plain: Any, guarded: Any) -> Any:
        if form == "text" and value.isprintable() and not value.startswith(_READ_OTHERWISE):
            return value
        if form == "amount":
            plain.value = Decimal(value).scaleb(-4)
        elif form == "number":
            plain.value = Decimal(value).scaleb(-6)
        elif form == "flag":
            return "yes" if value else "no"
        elif form == "date" and value >= _FIRST_DATE:
            plain.value = date.fromisoformat(value)
        else:
            return _text(guarded if value.startswith(FORMULA_BEGINS) else plain, value)
        return plain

    def _heading(self, column: Column) -> Any:
        cell = self._styled("General")
        cell.font = Font(bold=True)
        cell.value = column.title
        return cell

    def _styled(self, number_format: str) -> Any:
        cell: Any = WriteOnlyCell(self._sheet)
        cell.number_format = number_format
        return cell


def _text(cell: Any, text: str) -> Any:
    cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)
    # openpyxl takes what begins with = for a formula, and #N/A for an error.
    cell.data_type = "s"
    return cell
