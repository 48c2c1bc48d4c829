"""Financial years: 1 April to 31 March, unless the company's details say that its years begin on another day."""

import re
import sqlite3
from calendar import monthrange
from datetime import MAXYEAR
from datetime import date as calendar_date
from typing import Final, NamedTuple

from khata.errors import BooksError

FIRST_DAY: Final = "04-01"
_NEW_YEAR: Final = "01-01"
_CENTURY: Final = 2000
_SHORT_LABEL_CHARS: Final = 5
_start = re.compile(r"[0-9]{2}-[0-9]{2}").fullmatch


class FinancialYear(NamedTuple):
    """A financial year: how people write it, and its first and last day."""

    label: str
    first: str
    last: str


def financial_year(date: str, starts: str = FIRST_DAY) -> str:
    """The financial year of a date as people write it: `"2026-04-02"` is in `"26-27"`, `"1926-04-02"` in `"1926-27"`.

    Args:
        date: a valid date as YYYY-MM-DD.
        starts: the first day of a year as MM-DD, as `year_starts` gives it.
    """
    begins = year_begins(date, starts)
    ends = begins if starts == _NEW_YEAR else begins + 1
    century = "" if _CENTURY <= begins < _CENTURY + 100 else f"{begins // 100:02}"
    return f"{century}{begins % 100:02}-{ends % 100:02}"


def year_in_numbers(label: str) -> str:
    """How a financial year stands in voucher numbers, which have to be short: of another century, only its first."""
    return label if len(label) == _SHORT_LABEL_CHARS else label[:4]


def year_begins(date: str, starts: str = FIRST_DAY) -> int:
    """The calendar year in which a date's financial year begins."""
    year = int(date[:4])
    return year if date[5:] >= starts else year - 1


def year_of(date: str, starts: str = FIRST_DAY) -> FinancialYear:
    """The financial year that a date is in, with its bounds."""
    begins = year_begins(date, starts)
    first = f"{begins:04}-{starts}"
    label = financial_year(date, starts)
    if begins >= MAXYEAR:
        return FinancialYear(label, first, calendar_date.max.isoformat())
    following = calendar_date(begins + 1, int(starts[:2]), int(starts[3:]))
    last = calendar_date.fromordinal(following.toordinal() - 1)
    return FinancialYear(label, first, last.isoformat())


def year_starts(db: sqlite3.Connection) -> str:
    """The day on which the company's financial years begin, as MM-DD; 1 April where its details hold no such day."""
    row = db.execute("SELECT year_starts FROM companies WHERE present ORDER BY document LIMIT 1").fetchone()
    found = row[0] if row is not None and row[0] else FIRST_DAY
    return found if _is_day(found) else FIRST_DAY


def checked_start(text: str) -> str:
    """The first day of financial years as somebody wrote it.

    Raises:
        BooksError: it is not a day of every year as MM-DD.
    """
    if not _is_day(text):
        raise BooksError(f"{text!r} is not a day of every year; write it as {FIRST_DAY}")
    return text


def _is_day(text: str) -> bool:
    if _start(text) is None:
        return False
    try:
        # 2025 has no 29 February, as most years have not.
        calendar_date(2025, int(text[:2]), int(text[3:]))
    except ValueError:
        return False
    return True


def month_ends(month: str) -> str:
    """The last day of a month given as YYYY-MM."""
    year, number = int(month[:4]), int(month[5:])
    return f"{month}-{monthrange(year, number)[1]:02}"
