"""When a bill is due: its date and a credit period as people and Tally write it."""

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Final

_period = re.compile(r"(\d{1,5})\s*(d|days?|w|weeks?|m|months?|y|years?)?(?:\(s\))?", re.IGNORECASE).fullmatch
_DAYS: Final = {"d": 1, "w": 7}
_MONTHS: Final = {"m": 1, "y": 12}
_day_of_month = re.compile(r"(\d{1,2})[- ]([a-z]{3})[a-z]*[- ](\d{2}|\d{4})", re.IGNORECASE).fullmatch
_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def due_date(billed: str, period: str) -> str:
    """The day a bill is due, as "2026-05-01".

    Args:
        billed: the date of the bill; what is no date is returned as it is.
        period: such as "30 Days", "30", "2 Weeks", "1 Month", or the date itself as "1-May-2026". A bill is due at
            once where this is empty or says nothing that can be read.
    """
    try:
        start = date.fromisoformat(billed)
    except ValueError:
        return billed
    text = period.strip()
    found = _period(text)
    if found is None:
        return _day(text) or billed
    count, unit = int(found[1]), (found[2] or "d")[0].lower()
    try:
        if unit in _DAYS:
            return (start + timedelta(days=count * _DAYS[unit])).isoformat()
        return _months_later(start, count * _MONTHS[unit]).isoformat()
    except (OverflowError, ValueError):
        return billed


def days_between(earlier: str, later: str) -> int:
    """How many days lie between two dates; nothing where one of them is none."""
    try:
        return (date.fromisoformat(later) - date.fromisoformat(earlier)).days
    except ValueError:
        return 0


def _day(text: str) -> str:
    """A day as Tally prints it, "1-May-26", or as khata does; empty when it is neither."""
    found = _day_of_month(text)
    try:
        if found is None:
            return date.fromisoformat(text).isoformat()
        year = int(found[3]) + (2000 if len(found[3]) == 2 else 0)
        return date(year, _NAMES.index(found[2].lower()) + 1, int(found[1])).isoformat()
    except ValueError:
        return ""


def _months_later(start: date, months: int) -> date:
    """The same day of a later month, or the last where that month is shorter."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
