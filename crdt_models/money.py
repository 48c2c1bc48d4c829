"""Amounts, quantities and rates: exact, never a float, with one spelling for each value.

Registers and wire hold these values as canonical text ("-12500.00"); sums are done on whole numbers of the smallest
part, because adding text as `Decimal` costs ten times as much and one received voucher is summed ten thousand times a
second. Debit is positive and credit negative everywhere in khata; Tally's files say the opposite, and only the Tally
importer knows that.
"""

import re
from functools import lru_cache
from typing import ClassVar, Self

import msgspec

from crdt_models.errors import BadValue

WHOLE_DIGITS_MAX = 12
"""Digits before the point: no value reaches 10^12, so every scaled value fits into the 64 bits of an SQL integer."""

_canonical_amount = re.compile(r"-?(?:0|[1-9][0-9]{0,11})\.[0-9]{2}(?:[0-9]?[1-9])?").fullmatch
_decimal = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?").fullmatch
_SCALE_OF_LENGTH = {3: 100, 4: 10, 5: 1}


@lru_cache(maxsize=4096)
def e4_of(text: str) -> int:
    """The ten-thousandths in a canonical amount, the fast way for values already stored.

    Args:
        text: an amount exactly as `Amount.text` spells it; untrusted.

    Raises:
        BadValue: any other spelling, so that equal amounts are always equal text.

    Cost: about 1 microsecond; a lookup for what was read lately, such as the amount of the bill an entry settles.
    """
    if _canonical_amount(text) is None or text == "-0.00":
        raise BadValue(f"{text[:40]!r} is not an amount: expected digits, a point and two to four decimals")
    return int(text.replace(".", "")) * _SCALE_OF_LENGTH[len(text) - text.index(".")]


def _scaled(text: str, places: int, word: str) -> int:
    """Read plain decimal notation as a whole number of 10^-places; refuse what does not fit exactly."""
    match = _decimal(text.strip())
    if match is None or not (match[2] or match[3]):
        raise BadValue(f"{text[:40]!r} is not {word}: expected plain digits such as 1250.50")
    sign, whole, fraction = match[1], match[2].lstrip("0"), (match[3] or "").rstrip("0")
    if len(whole) > WHOLE_DIGITS_MAX:
        raise BadValue(f"{text[:40]!r} is too large for {word}: at most {WHOLE_DIGITS_MAX} digits before the point")
    if len(fraction) > places:
        raise BadValue(f"{text[:40]!r} has more than the {places} decimals that {word} can hold exactly")
    value = int((whole + fraction.ljust(places, "0")) or "0")
    return -value if sign == "-" else value


def _spelled(value: int, places: int, decimals_min: int) -> str:
    """Canonical text of a whole number of 10^-places: no spare zeros beyond `decimals_min`, no negative zero."""
    whole, fraction = divmod(abs(value), 10**places)
    decimals = f"{fraction:0{places}d}".rstrip("0").ljust(decimals_min, "0")
    return ("-" if value < 0 else "") + str(whole) + ("." + decimals if decimals else "")


class _Exact(msgspec.Struct, frozen=True, order=True):
    """A decimal number held as a whole number of its smallest part; subclasses say how small that is."""

    scaled: int

    PLACES: ClassVar[int] = 0
    DECIMALS_MIN: ClassVar[int] = 0
    WORD: ClassVar[str] = "a number"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read plain decimal notation of any origin ("12500", "-0.5"; spaces around it are allowed).

        Raises:
            BadValue: not a number, too large, or with more decimals than can be kept exactly.
        """
        return cls(_scaled(text, cls.PLACES, cls.WORD))

    @classmethod
    def rounded(cls, text: str) -> Self:
        """Read like `parse`, but round decimals beyond the last kept one, half away from zero.

        Raises:
            BadValue: not a number, or too large.
        """
        whole, point, fraction = text.strip().partition(".")
        value = _scaled(whole + point + fraction[: cls.PLACES], cls.PLACES, cls.WORD)
        rest = fraction[cls.PLACES :]
        if not rest:
            return cls(value)
        if not (rest.isascii() and rest.isdigit()):
            raise BadValue(f"{text[:40]!r} is not {cls.WORD}: expected plain digits such as 1250.50")
        return cls(value if rest[0] < "5" else value + (-1 if whole.startswith("-") else 1))

    @property
    def text(self) -> str:
        """The one spelling of this value, as registers hold it."""
        return _spelled(self.scaled, self.PLACES, self.DECIMALS_MIN)

    def __str__(self) -> str:
        return self.text

    def __add__(self, other: Self) -> Self:
        return type(self)(self.scaled + other.scaled)

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.scaled - other.scaled)

    def __neg__(self) -> Self:
        return type(self)(-self.scaled)

    def __abs__(self) -> Self:
        return type(self)(abs(self.scaled))

    def __bool__(self) -> bool:
        return self.scaled != 0


class Amount(_Exact, frozen=True, order=True):
    """Money in one currency, to a ten-thousandth: debit positive, credit negative."""

    PLACES: ClassVar[int] = 4
    DECIMALS_MIN: ClassVar[int] = 2
    WORD: ClassVar[str] = "an amount"

    @property
    def e4(self) -> int:
        """The amount in ten-thousandths, as SQL tables hold it."""
        return self.scaled

    @classmethod
    def from_e4(cls, e4: int) -> "Amount":
        """The amount of so many ten-thousandths; a sum may exceed what `parse` accepts for one entry."""
        return cls(e4)


class Quantity(_Exact, frozen=True, order=True):
    """A number of units of stock, to a millionth: into stock positive, out of stock negative."""

    PLACES: ClassVar[int] = 6
    WORD: ClassVar[str] = "a quantity"

    @property
    def e6(self) -> int:
        """The quantity in millionths, as SQL tables hold it."""
        return self.scaled

    @classmethod
    def from_e6(cls, e6: int) -> "Quantity":
        """The quantity of so many millionths."""
        return cls(e6)


class Rate(_Exact, frozen=True, order=True):
    """A price per unit, an exchange rate or a percentage, to a millionth."""

    PLACES: ClassVar[int] = 6
    WORD: ClassVar[str] = "a rate"

    @property
    def e6(self) -> int:
        """The rate in millionths, as SQL tables hold it."""
        return self.scaled

    @classmethod
    def from_e6(cls, e6: int) -> "Rate":
        """The rate of so many millionths."""
        return cls(e6)
