"""A supply by rate: the value taxed at each, and the tax that was entered divided among them.

Tax is entered head by head, for all rates of a document together. It is divided among the rates in proportion to what
each calls for, so the parts always add up to what stands on the tax ledgers, right or wrong. Where a master names no
rate, the rate is taken from the tax itself.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from crdt_models.money import Rate
from khata.gst.heads import NOTHING, Heads
from khata.gst.places import COMPOSITION, UNREGISTERED
from khata.gst.rates import REVERSE_CHARGE, TAXABLE, UNTAXED
from khata.gst.split import PERCENT_E6, RUPEE_E4, Levy, rounded, shared, tax_on
from khata.gst.supplies import Component, Supply

Group = tuple[Levy, str]
"""A rate, and how it is taxed where that is not simply taxable."""

_CHARGE_NONE: Final = (COMPOSITION, UNREGISTERED)
_NOT_CHARGED: Final = frozenset({*UNTAXED, REVERSE_CHARGE})
_HUNDREDTH_E6: Final = 10_000
KNOWN_RATES: Final = tuple(
    Rate.parse(text).e6 for text in ("0", "0.1", "0.25", "1", "1.5", "3", "5", "6", "7.5", "12", "18", "28", "40")
)
"""The rates that notifications have named, in millionths of a percent."""


class Part(NamedTuple):
    """One component with the rate it was taxed at and its part of the tax.

    `certain` says that a master or a line names the rate; else it was taken from the tax.
    """

    component: Component
    levy: Levy
    certain: bool
    tax: Heads


class RateRow(NamedTuple):
    """All of a supply that is taxed at one rate; `taxability` is empty for what is simply taxed."""

    levy: Levy
    taxability: str
    taxable: int
    tax: Heads


def is_within(supply: Supply) -> bool:
    """Whether tax was entered as within one State; where none was entered, whether it would have been."""
    halves, whole = supply.tax.cgst or supply.tax.sgst, supply.tax.igst
    if bool(halves) != bool(whole):
        return bool(halves)
    return supply.place.within is not False


def parts_of(supply: Supply) -> list[Part]:
    """Every component with its part of the tax that was entered; tax on nothing makes no part."""
    found: list[Part | None] = [None] * len(supply.components)
    for (levy, _), (places, tax) in _grouped(supply).items():
        weights = [supply.components[at].value for at in places]
        columns = [shared(amount, weights) if amount else [0] * len(places) for amount in tax]
        for position, at in enumerate(places):
            component = supply.components[at]
            part = Heads(*(column[position] for column in columns))
            found[at] = Part(component, levy, component.taxed.levy is not None, part)
    return [part for part in found if part is not None]


def by_rate(supply: Supply) -> list[RateRow]:
    """The supply by rate, lowest first; tax that is on nothing makes a row of its own at no rate."""
    if not supply.components:
        return [RateRow(Levy(0), "", 0, supply.tax)] if any(supply.tax) else []
    return [
        RateRow(levy, taxability, sum(supply.components[at].value for at in places), tax)
        for (levy, taxability), (places, tax) in sorted(_grouped(supply).items())
    ]


def _grouped(supply: Supply) -> dict[Group, tuple[list[int], Heads]]:
    """The positions of the components at each rate, and the tax on them."""
    within = is_within(supply)
    rows: dict[Group, list[int]] = {}
    for at, levy in enumerate(_levies(supply, within)):
        taxability = supply.components[at].taxed.taxability
        rows.setdefault((levy, "" if taxability == TAXABLE else taxability), []).append(at)
    values = [sum(supply.components[at].value for at in places) for places in rows.values()]
    called_for = [
        NOTHING if taxability in _NOT_CHARGED else tax_on(value, levy, within)
        for (levy, taxability), value in zip(rows, values, strict=True)
    ]
    divided = _divided(supply.tax, called_for, values)
    return {key: (rows[key], tax) for key, tax in zip(rows, divided, strict=True)}


def values_by_levy(components: Iterable[Component]) -> dict[Levy, int]:
    """The value at each rate of what the supplier charges tax on."""
    values: dict[Levy, int] = {}
    for component in components:
        if component.taxed.levy is not None and _bears(component):
            values[component.taxed.levy] = values.get(component.taxed.levy, 0) + component.value
    return values


def charges_none(supply: Supply) -> bool:
    """Whether the supplier is one who charges no tax: not registered, or under composition."""
    return not supply.outward and (not supply.gstin or supply.party.registration in _CHARGE_NONE)


def is_self_assessed(component: Component) -> bool:
    """Whether who receives it owes the tax on it, at its rate, whoever supplies it."""
    return component.taxed.taxability == REVERSE_CHARGE


def _bears(component: Component) -> bool:
    return component.taxed.taxability not in _NOT_CHARGED


def _levies(supply: Supply, within: bool) -> list[Levy]:
    """The rate of each component; of those that name none, the one that the tax entered comes to."""
    if supply.place.special and not supply.tax.total:
        return [Levy(0)] * len(supply.components)
    if charges_none(supply) and not supply.tax.total:
        own = [component.taxed.levy if is_self_assessed(component) else None for component in supply.components]
        return [levy or Levy(0) for levy in own]
    known = NOTHING
    for levy, value in values_by_levy(supply.components).items():
        known = known.plus(tax_on(value, levy, within))
    unknown = sum(component.value for component in supply.components if component.taxed.levy is None)
    rest = sum(supply.tax[:3]) - sum(known[:3])
    found = Levy(_rate_of(rest, unknown))
    return [found if component.taxed.levy is None else component.taxed.levy for component in supply.components]


def _rate_of(tax: int, value: int) -> int:
    """The rate that a tax on a value comes to: a rate in use where one is a rupee off at most, else what it is."""
    if not value or tax * value <= 0:
        return 0
    for rate in KNOWN_RATES:
        if abs(rounded(value * rate, PERCENT_E6) - tax) <= min(RUPEE_E4, abs(tax) // 20):
            return rate
    return rounded(abs(tax) * PERCENT_E6, abs(value), _HUNDREDTH_E6)


def _divided(tax: Heads, called_for: list[Heads], values: list[int]) -> list[Heads]:
    """The tax entered divided among rates: by what each calls for under a head, or in all, or by value."""
    if tuple(map(sum, zip(*called_for, strict=True))) == tax:
        return called_for
    totals = [sum(heads[:3]) for heads in called_for]
    columns = []
    for head, amount in enumerate(tax):
        weights = [heads[head] for heads in called_for]
        for weighed in (weights, totals, values):
            if sum(weighed):
                weights = weighed
                break
        columns.append(shared(amount, weights) if amount else [0] * len(weights))
    return [Heads(*column) for column in zip(*columns, strict=True)]
