"""Amounts as people write them: `1,25,000.00`, `125,000`, `₹ 500/-`, `500 Cr`.

A comma is believed only where it groups digits as in India or in thousands. Anywhere else it may be a decimal comma,
and the two readings are a hundredfold apart: then nothing is guessed.
"""

import re
from typing import Final

from crdt_models.errors import BadValue
from crdt_models.money import Amount

DECIMALS: Final = 2
"""Decimals of an amount in the company's currency: paise."""

_money = re.compile(r"([+-]?)\s*(?:₹|rs\.?|inr)?\s*([+-]?)\s*([0-9.,]*[0-9][0-9.,]*)\s*(?:/[-=])?", re.IGNORECASE)
_sided = re.compile(r"(.*?)\s*(dr|cr)\.?", re.IGNORECASE | re.DOTALL)
_grouped = re.compile(r"[1-9][0-9]?(?:,[0-9]{2})*,[0-9]{3}(?:\.[0-9]*)?|[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_signed = re.compile(r"([+-]?)([0-9.,]*)")


def ungrouped(text: str) -> str:
    """A number without the commas that group its digits; what is no number stays as it is, for its reader to refuse.

    Args:
        text: as somebody wrote it, such as "1,25,000.50" or "-1,000".

    Raises:
        BadValue: a comma stands where it groups nothing; the message names both readings.
    """
    text = text.strip()
    match = _signed.fullmatch(text)
    if match is None or "," not in text:
        return text
    sign, digits = match.groups()
    if _grouped.fullmatch(digits):
        return sign + digits.replace(",", "")
    raise BadValue(f"{text[:40]!r} has a comma where none groups digits: {_readings(sign, digits)}")


def _readings(sign: str, digits: str) -> str:
    """How a number with a misplaced comma might have been meant."""
    whole, _, fraction = digits.rpartition(",")
    joined = re.sub("[.,]", "", whole)
    if "." in fraction:
        # The last comma stands before a point, so no comma here can be a decimal one.
        return f"write {sign}{digits.replace(',', '')} if that is meant"
    if not joined or not fraction:
        return f"write it as 1234.50 or 1,234.50, not as {digits[:40]}"
    return f"write {sign}{joined}.{fraction} or {sign}{joined}{fraction}, whichever is meant"


def amount_of(text: str) -> Amount:
    """An amount as somebody wrote it: digits grouped or not, `₹` or `Rs.` before it, `/-` after it.

    Raises:
        BadValue: it is no amount, or a comma stands where it groups nothing.
    """
    match = _money.fullmatch(text.strip())
    if match is None or (match[1] and match[2]):
        return Amount.parse(text)
    return Amount.parse(ungrouped(match[1] + match[2] + match[3]))


def balance_of(text: str) -> Amount:
    """A balance as somebody wrote it: an amount, debit positive, or one without sign that ends in `Dr` or `Cr`.

    Raises:
        BadValue: it is no amount.
    """
    match = _sided.fullmatch(text.strip())
    if match is None:
        return amount_of(text)
    amount = amount_of(match[1])
    if amount.e4 < 0:
        raise BadValue(f"{text[:40]!r} has both a sign and {match[2]}; write one of them")
    return -amount if match[2].casefold() == "cr" else amount


def check_decimals(amount: Amount, decimals: int = DECIMALS) -> None:
    """Refuse an amount finer than the currency, which nobody can pay.

    Raises:
        BadValue: the message says the amount rounded to what can be paid.
    """
    step = 10 ** (Amount.PLACES - decimals)
    rest = abs(amount.e4) % step
    if rest:
        down = abs(amount.e4) - rest
        nearest = down + step if 2 * rest >= step else down
        rounded = Amount(-nearest if amount.e4 < 0 else nearest)
        raise BadValue(f"{amount.text} is finer than the currency, which has {decimals} decimals; write {rounded.text}")
