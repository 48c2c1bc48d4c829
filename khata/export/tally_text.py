"""How khata's values are spelled in Tally's XML: what the importer's `values` reads, written.

The one place of the export where the sign of money turns: khata keeps debit positive, Tally writes it negative.
"""

import re
from collections.abc import Iterable

from lxml import etree

from crdt_models.money import Amount
from khata.reading import exact_e4
from khata.tally.decode import RESERVED

Element = etree._Element

BASE_SYMBOL = "₹"
"""The sign of the base currency in amounts that also give a foreign figure."""

_NEVER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|" + RESERVED)
"""Characters that XML forbids, and the one that stands for Tally's own mark."""

_ZERO = frozenset({"0", "0.00", ""})


def clean(text: str) -> str:
    """Text without what no XML file can hold, trimmed as Tally trims it."""
    if not text.isprintable():
        text = _NEVER.sub("", text).replace("\r\n", "\n")
    return text.strip()


def put(parent: Element, tag: str, text: str) -> None:
    """Add a field."""
    etree.SubElement(parent, tag).text = clean(text)


def put_given(parent: Element, tag: str, text: str) -> None:
    """Add a field where it holds anything."""
    if text:
        etree.SubElement(parent, tag).text = clean(text)


def put_flag(parent: Element, tag: str, is_so: bool) -> None:
    """Add a yes or no."""
    etree.SubElement(parent, tag).text = "Yes" if is_so else "No"


def put_lines(parent: Element, list_tag: str, tag: str, lines: Iterable[str]) -> None:
    """Add a list of texts, such as the lines of an address, where there are any."""
    texts = [clean(line) for line in lines]
    if any(texts):
        found = etree.SubElement(parent, list_tag)
        for text in texts:
            etree.SubElement(found, tag).text = text


def flipped(number: str) -> str:
    """A canonical amount with the other sign, which is how Tally writes it."""
    if number in _ZERO:
        return number
    return number[1:] if number.startswith("-") else f"-{number}"


def unsigned(number: str) -> str:
    """A canonical number without its sign."""
    return number.removeprefix("-")


def is_zero(number: str) -> bool:
    """Whether a canonical number is nothing."""
    return number in _ZERO


def foreign(amount: str, figure: str, rate: str, symbol: str) -> str:
    """An amount that was taken from another currency: "-$ 100.00 @ ₹ 80/$ = -₹ 8000.00".

    Args:
        amount: in base currency, debit positive.
        figure: in the other currency; its sign is that of the amount.
        rate: base currency for one unit.
    """
    sign = "" if amount.startswith("-") or is_zero(amount) else "-"
    at = f" @ {BASE_SYMBOL} {rate}/{symbol}"
    return f"{sign}{symbol} {unsigned(figure)}{at} = {sign}{BASE_SYMBOL} {unsigned(amount)}"


def day(date: str) -> str:
    """A date as Tally writes it: 20260401."""
    return date.replace("-", "")


def readable(amount: str) -> str:
    """A stored amount of any origin; one that cannot be read counts as nothing, as it does in reports."""
    return amount if exact_e4(amount) is not None else "0.00"


def total(amounts: Iterable[str]) -> str:
    """The sum of stored amounts; those that cannot be read count as nothing."""
    return Amount(sum(exact_e4(amount) or 0 for amount in amounts)).text
