"""What a table for spreadsheets is: its columns, and where its rows come from.

Rows hold whole numbers and text; how a figure, a date or a text becomes a cell is for those who write the cells.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

from khata.books import Books
from khata.export.out_file import Step
from khata.reports.span import Span

Row = Sequence[Any]
Form = Literal["text", "code", "date", "amount", "number", "flag"]
"""What a column holds: codes are texts that may look like numbers, dates are written 2026-04-01, amounts stand in
ten-thousandths, numbers in millionths, flags as 0 or 1; None is nothing in each of them."""


class Column(NamedTuple):
    """A column: its heading, what it holds, how wide it is in characters."""

    title: str
    form: Form = "text"
    width: int = 14


class Sheet(NamedTuple):
    """A table of the books.

    Attributes:
        title: what the sheet of a workbook is called.
        rows: gives the rows of a span and tells how far it is.
    """

    title: str
    columns: tuple[Column, ...]
    rows: Callable[[Books, Span, Step], Iterable[Row]]


def sides(amount: int) -> tuple[int | None, int | None]:
    """A balance on its side: debit or credit, the other one empty; nothing is a debit of nothing."""
    return (amount, None) if amount >= 0 else (None, -amount)


ID = Column("Id", width=34)
NAME = Column("Name", width=32)
DEBIT, CREDIT = Column("Debit", "amount", 16), Column("Credit", "amount", 16)
