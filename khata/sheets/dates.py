"""Dates as people in India write them, and the question which of two readings is meant.

2026-04-02 and 2-Apr-2026 mean one day. 02/04/2026 is the second of April here and the fourth of February elsewhere:
where no date in a column settles which, nobody guesses.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple

from crdt_models.errors import BadValue

ORDERS: Final = {"dmy": "day, month, year", "mdy": "month, day, year", "ymd": "year, month, day"}
"""The orders that a date may be written in."""

_SEPARATOR = r"[-/. ]"
_year_first = re.compile(rf"(\d{{4}}){_SEPARATOR}(\d{{1,2}}){_SEPARATOR}(\d{{1,2}})(?:[T ].*)?").fullmatch
_year_last = re.compile(rf"(\d{{1,2}}){_SEPARATOR}(\d{{1,2}}){_SEPARATOR}(\d{{4}}|\d{{2}})(?: .*)?").fullmatch
_worded = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?[-/. ,]+([a-z]{3,9})\.?[-/. ,]+'?(\d{4}|\d{2})", re.IGNORECASE
).fullmatch
_plain = re.compile(r"(\d{4})(\d{2})(\d{2})").fullmatch
_serial = re.compile(r"[2-7]\d{4}").fullmatch
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
         "december"),
        1,
    )
}  # fmt: skip
_PIVOT: Final = 80
_EXCEL_DAY_0: Final = date(1899, 12, 30)


class Evidence(NamedTuple):
    """What the dates of a column say about their order: one that can only be each, and one that may be both."""

    only_dmy: str = ""
    only_mdy: str = ""
    either: str = ""


def evidence(texts: Iterable[str]) -> Evidence:
    """Look for dates that settle whether the day or the month comes first."""
    found = {"dmy": "", "mdy": "", "either": ""}
    for text in texts:
        match = _year_last(text.strip())
        if match is None:
            continue
        first, second = int(match[1]), int(match[2])
        if first > 12 >= second:
            found["dmy"] = found["dmy"] or text
        elif second > 12 >= first:
            found["mdy"] = found["mdy"] or text
        elif first != second and not found["either"]:
            found["either"] = text
    return Evidence(found["dmy"], found["mdy"], found["either"])


def order_of(texts: Iterable[str]) -> str:
    """The order of the dates in a column, `dmy` or `mdy`; empty when nothing in it settles which."""
    found = evidence(texts)
    if found.only_dmy or not (found.only_mdy or found.either):
        return "dmy"
    return "mdy" if found.only_mdy else ""


def day(text: str, order: str) -> str:
    """A date as "2026-04-02".

    Args:
        text: of any origin.
        order: how dates of figures with the year last are meant; one of `ORDERS`.

    Raises:
        BadValue: it is no date, or a day that does not exist.
    """
    text = text.strip()
    year_first, year_last, worded = _year_first(text) or _plain(text), _year_last(text), _worded(text)
    if year_first is not None:
        return _checked(text, int(year_first[1]), int(year_first[2]), int(year_first[3]))
    if worded is not None:
        month = next((number for name, number in _MONTHS.items() if name.startswith(worded[2].lower())), 0)
        return _checked(text, _year(worded[3]), month, int(worded[1]))
    if year_last is not None:
        return _checked(text, *_parts(year_last, order))
    if _serial(text):
        # What Excel shows of a date whose cell was never told that it is one: the days since 1899.
        return (_EXCEL_DAY_0 + timedelta(days=int(text))).isoformat()
    raise BadValue(f"{text[:40]!r} is not a date; write it as 2026-04-02 or 2-Apr-2026")


def _parts(match: re.Match[str], order: str) -> tuple[int, int, int]:
    first, second, third = int(match[1]), int(match[2]), match[3]
    if order == "ymd" and len(third) == 2:
        return _year(match[1].zfill(2)), second, int(third)
    return (_year(third), first, second) if order == "mdy" else (_year(third), second, first)


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 2:
        year += 2000 if year < _PIVOT else 1900
    return year


def _checked(text: str, year: int, month: int, of_month: int) -> str:
    try:
        return date(year, month, of_month).isoformat()
    except ValueError as error:
        raise BadValue(f"{text[:40]!r} is not a day in any calendar; write it as 2026-04-02 or 2-Apr-2026") from error
