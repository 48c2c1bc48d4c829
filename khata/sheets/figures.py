"""Amounts as people write them in sheets: 1,25,000.00, (500), ₹ 1,000/-, 500 Dr, 500 Cr."""

import re
from typing import Final

from crdt_models.errors import BadValue
from crdt_models.money import Amount
from khata.amounts import amount_of

_figure = re.compile(
    r"(?P<open>\()?\s*(?P<first>[-+])?\s*(?P<currency>₹|rs\.?|inr)?\s*(?P<second>[-+])?\s*"
    r"(?P<digits>[\d.,]*\d[\d.,]*?)\s*(?P<round>/[-=])?\s*(?P<last>[-+])?\s*(?P<close>\))?\s*"
    r"(?P<side>dr|cr|debit|credit|d|c)?\.?",
    re.IGNORECASE,
).fullmatch
_SIDES: Final = {"d": 1, "dr": 1, "debit": 1, "c": -1, "cr": -1, "credit": -1}
_NOTHING: Final = frozenset({"", "-", "–", "—", "nil"})


def amount(text: str) -> Amount:
    """The amount in a cell, debit positive: a sign, parentheses or Cr make it negative; an empty cell is nothing.

    Raises:
        BadValue: it is no amount, has more than four decimals, or a comma that groups nothing and may be a decimal one.
    """
    if text.strip().casefold() in _NOTHING:
        return Amount(0)
    match = _figure(text.strip().replace("\u00a0", " ").replace("\u2212", "-"))
    if match is None or bool(match["open"]) != bool(match["close"]):
        raise BadValue(f"{text[:40]!r} is not an amount")
    figure = amount_of(match["digits"])
    signs = [match["first"], match["second"], match["last"]]
    negative = bool(match["open"]) != (sum(sign == "-" for sign in signs) % 2 == 1)
    if match["side"]:
        figure = figure if side(match["side"]) > 0 else -figure
    return -figure if negative else figure


def side(text: str) -> int:
    """1 for a debit, -1 for a credit.

    Raises:
        BadValue: it says neither.
    """
    found = _SIDES.get(text.strip().rstrip(".").casefold())
    if found is None:
        raise BadValue(f"{text[:40]!r} is neither Dr nor Cr")
    return found
