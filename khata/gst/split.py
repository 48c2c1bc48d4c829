"""The arithmetic of GST: what a value is taxed, and how the tax divides into heads.

Within one State the tax is half CGST and half SGST, from one State to another it is IGST. Tax is computed once for each
rate on the whole value taxed at it. Each half is rounded to the paisa by itself, half a paisa upwards: so CGST and SGST
are equal to the paisa always, and the two together may differ from the IGST on the same value by one paisa a rate.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from khata.gst.heads import Heads

PAISA_E4: Final = 100
RUPEE_E4: Final = 10_000
PERCENT_E6: Final = 100 * 1_000_000


class Levy(NamedTuple):
    """What a supply is taxed, in millionths of a percent: `rate` of GST, CGST and SGST together, and `cess` over it."""

    rate: int
    cess: int = 0


def rounded(numerator: int, denominator: int, step: int = PAISA_E4) -> int:
    """A fraction to the next multiple of `step`, half away from zero.

    Args:
        denominator: positive.
        step: in what the fraction is measured in; ten-thousandths to the paisa by default.
    """
    whole, rest = divmod(abs(numerator), denominator * step)
    steps = whole + (2 * rest >= denominator * step)
    return (steps if numerator >= 0 else -steps) * step


def tax_on(value_e4: int, levy: Levy, within: bool) -> Heads:
    """The tax on a value.

    Args:
        value_e4: taxed at this one rate; negative for a credit note.
        within: supplier and place of supply are in the same State.
    """
    cess = rounded(value_e4 * levy.cess, PERCENT_E6)
    if within:
        half = rounded(value_e4 * levy.rate, 2 * PERCENT_E6)
        return Heads(cgst=half, sgst=half, cess=cess)
    return Heads(igst=rounded(value_e4 * levy.rate, PERCENT_E6), cess=cess)


def tax_on_all(values: Mapping[Levy, int], within: bool) -> Heads:
    """The tax on all values of an invoice, each rate rounded by itself."""
    total = Heads()
    for levy, value in values.items():
        total = total.plus(tax_on(value, levy, within))
    return total


def shared(total: int, weights: Sequence[int]) -> list[int]:
    """A total divided in proportion; what the paisa cannot divide goes to the heaviest part. The parts add up to it.

    Args:
        weights: of any sign; where they come to nothing, the first part takes all.
    """
    whole = sum(weights)
    if whole == total:
        return list(weights)
    if not weights:
        return []
    parts = [0] * len(weights) if whole == 0 else [rounded(total * weight, abs(whole)) for weight in weights]
    if whole < 0:
        parts = [-part for part in parts]
    heaviest = max(range(len(weights)), key=lambda at: (abs(weights[at]), -at))
    parts[heaviest] += total - sum(parts)
    return parts


def to_rupee(value_e4: int) -> int:
    """A value rounded to the rupee, half a rupee away from zero."""
    return rounded(value_e4, 1, RUPEE_E4)
