"""Voucher numbers: each device has a series of its own for each base type and financial year.

Rule 46 of the CGST Rules wants numbers that are consecutive and unique in a year, and allows several series. So two
branches can never give out the same number, and nobody waits for anybody.
"""

import re
import sqlite3
from typing import Final

from khata.errors import BooksError
from khata.years import financial_year, year_in_numbers, year_starts

NUMBER_CHARS_MAX: Final = 16
_DIGITS: Final = 5
_own_format = re.compile(r"[A-Z0-9]{1,4}/(?:[0-9]{2}-[0-9]{2}|(?!20)[0-9]{4})/(?:[0-9]{5,}|[A-Z][0-9]{4,})", re.ASCII)


def is_series_number(number: str) -> bool:
    """Whether a number has the form that khata gives out: `PUN1/26-27/00042`, or `PUN1/26-27/T0042` with a mark.

    The year stands as `1926` where it begins in another century than this.
    """
    return _own_format.fullmatch(number) is not None


def next_number(db: sqlite3.Connection, code: str, base: str, date: str, mark: str = "") -> str:
    """Give out the next number of a series. Inside the transaction that saves the voucher.

    Args:
        code: this device's code in voucher numbers.
        base: slug of the voucher's base type.
        date: the voucher's date, which decides the financial year.
        mark: a letter before the digits, for documents that need a series of their own within a base type.

    Raises:
        BooksError: the series is full.

    Cost: three index lookups.
    """
    year = year_in_numbers(financial_year(date, year_starts(db)))
    prefix, series = f"{code}/{year}/{mark}", f"{code}/{mark}" if mark else code
    row = db.execute("SELECT last FROM series WHERE code=? AND base=? AND year=?", (series, base, year)).fetchone()
    last = row[0] if row else 0
    last = max(last, _highest_used(db, prefix, base, _spelled(prefix, last)))
    if _is_used(db, _spelled(prefix, last + 1), base):
        # Numbers of six digits sort before some of five: only a look at all of them finds the highest.
        last = max(last, _highest_used(db, prefix, base, prefix))
    number = _spelled(prefix, last + 1)
    if len(number) > NUMBER_CHARS_MAX:
        raise BooksError(
            f"the series {prefix} is full: a number may have {NUMBER_CHARS_MAX} characters; enter vouchers of this "
            "kind at another device"
        )
    db.execute("INSERT OR REPLACE INTO series VALUES (?, ?, ?, ?)", (series, base, year, last + 1))
    return number


def _spelled(prefix: str, count: int) -> str:
    marked = not prefix.endswith("/")
    return f"{prefix}{count:0{_DIGITS - marked}}"


def _is_used(db: sqlite3.Connection, number: str, base: str) -> bool:
    return db.execute("SELECT 1 FROM vouchers WHERE number=? AND base=?", (number, base)).fetchone() is not None


def _highest_used(db: sqlite3.Connection, prefix: str, base: str, after: str) -> int:
    """The highest number of a series that sorts after another, or 0.

    A copy that was restored from a backup learns from its vouchers what it gave out since, once peers have brought
    them back; normally there is none after the last.
    """
    rows = db.execute(
        "SELECT number FROM vouchers WHERE number>? AND number<? AND base=? ORDER BY length(number) DESC, number DESC",
        # What follows the digits among characters: numbers with a mark are another series.
        (after, prefix + ":", base),
    )
    for (number,) in rows:
        digits = number[len(prefix) :]
        if digits.isascii() and digits.isdigit() and len(number) <= NUMBER_CHARS_MAX:
            return int(digits)
    return 0
