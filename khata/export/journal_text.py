"""Text that hledger and ledger read as it is meant: what either would take for a sign of its own is put otherwise."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_JOINERS: Final = frozenset("\u200c\u200d")
"""They shape letters of Indian scripts, and neither program minds them."""

_IN_NAMES: Final = str.maketrans({":": "-", ";": ","})
_IN_DESCRIPTIONS: Final = str.maketrans({";": ",", "|": "/"})
# hledger takes "date:" in a remark for a date and both take "[1" for one; "::" makes ledger calculate.
_IN_REMARKS: Final = str.maketrans({":": "-", "[": "(", "]": ")", ";": ","})
_IN_CODES: Final = str.maketrans({"(": "[", ")": "]", ";": ","})
_BEGINNINGS: Final = "*!(=| "
_PART_BYTES_MAX: Final = 200
_CODE_CHARS_MAX: Final = 200
_TEXT_CHARS_MAX: Final = 300
_SYMBOL = re.compile(r"[A-Z][A-Z]{1,22}").fullmatch

DEFAULT_SYMBOL: Final = "INR"


@lru_cache(maxsize=8192)
def one_line(text: str) -> str:
    """Text with single spaces for whatever space, line break or control character stood there."""
    if text.isascii() and text.isprintable() and "  " not in text and text.strip(" ") == text:
        return text
    readable = (
        character if character in _JOINERS or unicodedata.category(character)[0] not in "CZ" else " "
        for character in text
    )
    return " ".join("".join(readable).split())


def account_part(text: str) -> str:
    """One part of an account's name: on one line, with nothing in it that ends a name."""
    # Cut by bytes: ledger ends itself where one part has more than 255 of them.
    cut = one_line(text.translate(_IN_NAMES)).encode()[:_PART_BYTES_MAX].decode(errors="ignore")
    return cut.strip() or "unnamed"


def description(text: str, narration: str, has_code: bool) -> str:
    """What stands after the date and the code: who, and after a bar what it was for."""
    who = one_line(text.translate(_IN_DESCRIPTIONS))[:_TEXT_CHARS_MAX]
    if not has_code:
        who = who.lstrip(_BEGINNINGS)
    why = one_line(narration.translate(_IN_DESCRIPTIONS))[:_TEXT_CHARS_MAX]
    return f"{who} | {why}".lstrip() if why else who


def code(number: str) -> str:
    """A voucher number as the code of a transaction, or nothing."""
    text = one_line(number.translate(_IN_CODES))[:_CODE_CHARS_MAX]
    return f"({text}) " if text else ""


@lru_cache(maxsize=8192)
def remark(text: str) -> str:
    """Text that may stand in a comment without meaning anything there."""
    return one_line(text.translate(_IN_REMARKS))[:_TEXT_CHARS_MAX]


def symbol(*candidates: str | None) -> str:
    """The sign of the currency: the first of some texts that every program takes for one, or that of the rupee."""
    return next((text for text in candidates if text and _SYMBOL(text)), DEFAULT_SYMBOL)
