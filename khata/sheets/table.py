"""A CSV or Excel file as rows of cells, whatever wrote it; cells are text, figures are plain decimal text.

Formulas are not computed: a workbook gives the value that was last saved with it. No figure passes as a float: Excel's
fifteen digits become decimal text on the way in.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple
from xml.etree.ElementTree import ParseError

from khata.errors import BooksError

FILE_BYTES_MAX: Final = 64 << 20
UNPACKED_BYTES_MAX: Final = 512 << 20
"""What a workbook may unpack to; a few kilobytes can be made to unpack to terabytes."""
ROWS_MAX: Final = 1_000_000
COLUMNS_MAX: Final = 256
CELL_CHARS_MAX: Final = 32_767

WORKBOOKS: Final = (".xlsx", ".xlsm")
TEXTS: Final = (".csv", ".tsv", ".txt")

_DELIMITERS: Final = ",;\t|"
_SNIFFED_CHARS: Final = 64 << 10
_FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r")


class Row(NamedTuple):
    """One row: its number in the file, counted from 1, and its cells, trimmed."""

    number: int
    cells: tuple[str, ...]

    def cell(self, at: int | None) -> str:
        """The cell in a column; empty where the row is short or there is no such column."""
        return "" if at is None or at >= len(self.cells) else self.cells[at]


def is_sheet(path: Path) -> bool:
    """Whether a file is one of those read here, by its name."""
    return path.suffix.lower() in (*WORKBOOKS, *TEXTS)


def rows_of(path: Path, sheet: str = "") -> Iterator[Row]:
    """The rows that hold anything.

    Args:
        path: a file of any origin.
        sheet: which sheet of a workbook; empty for the first.

    Raises:
        BooksError: it cannot be read, or is larger than the limits.
    """
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise BooksError(f"{path} is a folder, not a file; name a file in it")
    except FileNotFoundError as error:
        raise BooksError(f"there is no file {path}; check its name and folder") from error
    except OSError as error:
        raise BooksError(f"{path} cannot be read: {error.strerror or error}") from error
    if size > FILE_BYTES_MAX:
        raise BooksError(f"{path.name} has {size >> 20} MB, and {FILE_BYTES_MAX >> 20} can be read; split it by month")
    rows = _workbook_rows(path, sheet) if path.suffix.lower() in WORKBOOKS else _text_rows(path)
    for number, cells in rows:
        if number > ROWS_MAX or len(cells) > COLUMNS_MAX:
            raise BooksError(
                f"{path.name} has over {ROWS_MAX:,} rows or {COLUMNS_MAX} columns; delete what is empty, or split it"
            )
        if any(cells):
            yield Row(number, tuple(cells))


# -- text files -----------------------------------------------------------------------------------------------------


def _text_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    text = decoded(path.read_bytes())
    if "\0" in text:
        raise BooksError(f"{path.name} is no text file; save it as CSV, or as an Excel workbook (.xlsx)")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    before = 0
    try:
        for cells in reader:
            # A cell may hold line ends: the number is that of the line on which the row begins.
            yield before + 1, [_unguarded(cell.strip()) for cell in cells]
            before = reader.line_num
    except csv.Error as error:
        raise BooksError(f"{path.name}, line {reader.line_num}: it is not CSV ({error})") from error


def decoded(data: bytes) -> str:
    """Text of a file that Excel or another program saved: UTF-8 or UTF-16 with a mark, UTF-8, or Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _delimiter(text: str) -> str:
    try:
        return csv.Sniffer().sniff(text[:_SNIFFED_CHARS], _DELIMITERS).delimiter
    except csv.Error:
        return ","


def _unguarded(cell: str) -> str:
    """A cell without the mark that keeps spreadsheets from taking it for a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_BEGINS) else cell


# -- workbooks ------------------------------------------------------------------------------------------------------


def _workbook_rows(path: Path, sheet: str) -> Iterator[tuple[int, list[str]]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    broken = (
        InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError, TypeError, EOFError,
        AttributeError, IndexError, OverflowError,
    )  # fmt: skip
    try:
        _check_unpacked(path)
        with closing(load_workbook(path, read_only=True, data_only=True, keep_links=False)) as workbook:
            if sheet and sheet not in workbook.sheetnames:
                raise BooksError(f"{path.name} has no sheet {sheet!r}; it has {', '.join(workbook.sheetnames)}")
            name = sheet or workbook.sheetnames[0]
            for number, cells in enumerate(workbook[name].iter_rows(values_only=True), 1):
                yield number, [as_text(cell) for cell in cells]
    except zipfile.BadZipFile as error:
        raise BooksError(
            f"{path.name} is no Excel workbook, or it is damaged, whatever its name says; open it in Excel and save it "
            "as .xlsx, or as CSV"
        ) from error
    except broken as error:
        raise BooksError(f"{path.name} is an Excel workbook that is damaged; save it in Excel again") from error


def _check_unpacked(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
    if unpacked > UNPACKED_BYTES_MAX:
        raise BooksError(
            f"{path.name} unpacks to {unpacked >> 20} MB, and {UNPACKED_BYTES_MAX >> 20} can be read; save it in parts"
        )


def as_text(value: Any) -> str:
    """A cell of a workbook as text: dates as 2026-04-01, figures as plain decimals."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        # Excel computes with fifteen digits; what a float has beyond them is noise.
        number = Decimal(format(value, ".15g"))
        return format(number.to_integral_value() if number == number.to_integral_value() else number.normalize(), "f")
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return _unguarded(str(value)[:CELL_CHARS_MAX].replace("\r\n", "\n").strip())
