"""How Tally writes amounts, quantities, rates, dates and yes or no, read into khata's spelling.

The one place where the sign of money turns: Tally writes debit negative, khata keeps debit positive.
"""

import re
from dataclasses import dataclass
from datetime import date

from crdt_models.errors import BadValue
from crdt_models.money import Amount, Quantity, Rate
from khata.tally.decode import RESERVED
from khata.tally.errors import BadRecord

BASE_SYMBOLS = frozenset({"", "₹", "?", "Rs", "Rs.", "INR", "inr", "rs", "rs."})
"""Signs that stand for rupees; `?` is what is left of ₹ where a program asked Tally in the wrong encoding."""

_figure = re.compile(
    r"\s*([-+(]?)\s*((?:[^\d\s.,+()-][^\d\s,+()-]*)?)\s*([-+]?)\s*(\d[\d,]*\.?\d*|\.\d+)\s*\)?\s*([^\d\s]*)\s*"
).fullmatch
_measure = re.compile(r"\s*\(?\s*([-+]?\s*(?:\d[\d,]*\.?\d*|\.\d+))\s*\)?\s*(.*?)\s*", re.DOTALL).fullmatch
_compound = re.compile(r"\S+\s+\d").match
_iso = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})").fullmatch
_worded = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3,9})[- ,]+(\d{2}|\d{4})").fullmatch
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZERO = Amount(0)
_NO_RATE = Rate(0)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in base currency, debit positive, with the foreign figure it came from when there was one."""

    amount: Amount
    symbol: str = ""
    foreign: Amount = _ZERO
    rate: Rate = _NO_RATE


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with the unit Tally wrote after it; `compound` when that is more than one unit."""

    number: str
    unit: str = ""
    compound: bool = False


def plain_text(text: str | None) -> str:
    """Text as people wrote it, without surrounding spaces and without Tally's mark for reserved values."""
    if not text:
        return ""
    if RESERVED in text:
        text = text.replace(RESERVED, "")
    return text.replace("\r\n", "\n").strip()


def is_reserved(text: str | None) -> bool:
    """Whether a value is one of Tally's own words ("Primary", "Not Applicable") and not a name somebody gave."""
    return text is not None and RESERVED in text and text.lstrip().startswith(RESERVED)


def is_yes(text: str | None) -> bool:
    """Tally's Yes; anything else, absence included, is No."""
    return text is not None and text.strip().casefold() in ("yes", "true", "1")


def amount(text: str) -> Amount:
    """The amount in base currency, debit positive.

    Raises:
        BadRecord: it is no amount, or one in a foreign currency that does not say what it is worth.
    """
    return money(text).amount


def money(text: str) -> Money:
    """An amount of any kind Tally writes: plain, or "-$ 100.00 @ ₹ 80/$ = -₹ 8000.00".

    The figure after the last equals sign counts. Debit comes out positive.

    Raises:
        BadRecord: it is no amount, or one in a foreign currency that does not say what it is worth.
    """
    try:
        # Nearly every amount is plain digits; the long way costs five times as much.
        return Money(-Amount.parse(text))
    except BadValue:
        return _foreign_money(text)


def _foreign_money(text: str) -> Money:
    foreign_text, equals, base_text = text.rpartition("=")
    base, symbol = _signed(base_text)
    if not equals:
        if symbol not in BASE_SYMBOLS:
            raise BadRecord(f"the amount {text.strip()[:60]!r} does not say what it is worth in the base currency")
        return Money(-base)
    head, _, rate_text = foreign_text.partition("@")
    foreign, symbol = _signed(head.partition("=")[0])
    # Some releases write the sign on one side only; the base figure is what is booked.
    foreign = abs(foreign) if base < _ZERO else -abs(foreign)
    if rate_text.strip():
        rate = rate_of(rate_text.partition("/")[0])
    elif foreign:
        rate = Rate((abs(base.e4) * 10**6 + abs(foreign.e4) // 2) // abs(foreign.e4))
    else:
        rate = _NO_RATE
    if symbol in BASE_SYMBOLS:
        return Money(-base)
    return Money(-base, symbol, foreign, rate)


def _signed(text: str) -> tuple[Amount, str]:
    match = _figure(plain_text(text))
    if match is None:
        raise BadRecord(f"{text.strip()[:60]!r} is not an amount")
    opening, before, inner, digits, after = match.groups()
    try:
        figure = Amount.parse(digits.replace(",", ""))
    except BadValue as error:
        raise BadRecord(str(error)) from error
    return (-figure if (opening in ("-", "(")) != (inner == "-") else figure), before or after


def measure(text: str) -> Measure:
    """A quantity: " 50.000 KG", or "60 Nos = 5 Box", of which the part before the equals sign is in the base unit.

    Raises:
        BadRecord: it does not begin with a number.
    """
    match = _measure(plain_text(text).partition("=")[0])
    if match is None:
        raise BadRecord(f"{text.strip()[:60]!r} is not a quantity")
    try:
        number = Quantity.rounded(match[1].replace(",", "").replace(" ", "")).text
    except BadValue as error:
        raise BadRecord(str(error)) from error
    unit = match[2]
    if _compound(unit) is not None:
        return Measure(number, unit.split()[0], compound=True)
    return Measure(number, unit)


def alternate_measure(text: str) -> Measure | None:
    """The part of a quantity after its equals sign, in the alternate unit; None when there is none or it is unclear."""
    _, equals, tail = plain_text(text).partition("=")
    if not equals or _measure(tail) is None:
        return None
    found = measure(tail)
    return None if found.compound else found


def price(text: str) -> Measure:
    """A rate such as "80.00/Number", or in a foreign currency "$ 1.00 = ₹ 80.00/Number"; empty number when none.

    Raises:
        BadRecord: it does not hold a number.
    """
    text = plain_text(text)
    if not text:
        return Measure("")
    number, _, unit = text.rpartition("=")[2].partition("/")
    rate = rate_of(number)
    return Measure(rate.text if rate else "", unit.strip())


def rate_of(text: str) -> Rate:
    """A rate with or without a currency sign, rounded to a millionth.

    Raises:
        BadRecord: it is no number.
    """
    match = _figure(plain_text(text))
    if match is None:
        raise BadRecord(f"{text.strip()[:60]!r} is not a rate")
    try:
        rate = Rate.rounded(match[4].replace(",", ""))
    except BadValue as error:
        raise BadRecord(str(error)) from error
    return -rate if (match[1] in ("-", "(")) != (match[3] == "-") else rate


def day(text: str) -> str:
    """A date as "2026-04-01", from "20260401" or "1-Apr-26".

    Raises:
        BadRecord: another spelling, or a day that does not exist; 12-08-2025 is refused because nobody can tell which.
    """
    text = plain_text(text)
    numbers = _iso(text)
    worded = _worded(text)
    if numbers is not None:
        year, month, of_month = (int(part) for part in numbers.groups())
    elif worded is not None and worded[2][:3].lower() in _MONTHS:
        year, month, of_month = int(worded[3]), 1 + _MONTHS.index(worded[2][:3].lower()), int(worded[1])
        if len(worded[3]) == 2:
            year += 2000 if year < 80 else 1900
    else:
        raise BadRecord(f"{text[:40]!r} is not a date as Tally writes it, such as 20260401")
    try:
        return date(year, month, of_month).isoformat()
    except ValueError as error:
        raise BadRecord(f"{text[:40]!r} is not a date: {error}") from error
