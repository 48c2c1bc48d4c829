"""What is wrong with the tax of one supply: one pure judgement, made when it is entered and shown in the GST report.

A fault is `sure` when the masters and the voucher say all that is needed to know it: such a voucher is refused where it
is entered. The tax under a head may differ from what the rates call for by half a rupee a rate, because section 170
lets tax be rounded to the rupee; CGST and SGST may not differ at all, and tax under the wrong head is wrong however
small it is.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from crdt_models.money import Amount
from khata.gst.breakdown import charges_none, is_self_assessed, values_by_levy
from khata.gst.heads import Heads
from khata.gst.places import OVERSEAS
from khata.gst.rates import UNTAXED
from khata.gst.split import RUPEE_E4, rounded, tax_on_all
from khata.gst.states import state_name
from khata.gst.supplies import Supply

WRONG_SPLIT: Final = "gst-wrong-split"
UNEQUAL_HALVES: Final = "gst-unequal-halves"
WRONG_TAX: Final = "gst-wrong-tax"
NO_PLACE: Final = "gst-place-unknown"
TOLERANCE_E4: Final = RUPEE_E4 // 2


class Fault(NamedTuple):
    """Something wrong with a supply: a code, a sentence, and whether all is known that proves it."""

    code: str
    text: str
    sure: bool


def faults_of(supply: Supply) -> list[Fault]:
    """What is wrong with the tax of a supply, the worst first; nothing where the company stands under no GST."""
    if not supply.registration.state or expected_tax(supply) == supply.tax:
        return []
    upright = _upright(supply)
    return [*_split_faults(upright), *_place_faults(upright)]


def _upright(supply: Supply) -> Supply:
    """A note that takes back, as the invoice that it takes back: so that its faults are told in positive amounts."""
    if sum(supply.tax) + sum(component.value for component in supply.components) >= 0:
        return supply
    components = tuple(component._replace(value=-component.value) for component in supply.components)
    return supply._replace(components=components, tax=Heads(*(-amount for amount in supply.tax)))


def expected_tax(supply: Supply) -> Heads | None:
    """The tax that place and rates call for; None where one of them is not known."""
    within = supply.place.within
    if within is None or any(component.taxed.levy is None for component in supply.components):
        return None
    return tax_on_all(values_by_levy(supply.components), within)


def _place_faults(supply: Supply) -> Iterator[Fault]:
    matters = any(supply.tax) or any(values_by_levy(supply.components).values())
    if supply.place.within is None and matters:
        yield Fault(NO_PLACE, "the State of its party and its place of supply are not known", False)


def _split_faults(supply: Supply) -> Iterator[Fault]:
    tax, within = supply.tax, supply.place.within
    if tax.igst and (tax.cgst or tax.sgst):
        yield Fault(WRONG_SPLIT, f"it has both IGST and CGST or SGST; {_right(supply)}", within is not None)
    elif within and tax.igst:
        yield Fault(WRONG_SPLIT, f"it has IGST {_shown(tax.igst)}; {_right(supply)}", True)
    elif within is False and (tax.cgst or tax.sgst):
        yield Fault(WRONG_SPLIT, f"it has CGST {_shown(tax.cgst)} and SGST {_shown(tax.sgst)}; {_right(supply)}", True)
    elif tax.cgst != tax.sgst:
        text = f"CGST {_shown(tax.cgst)} and SGST {_shown(tax.sgst)} differ; {_right(supply)}"
        yield Fault(UNEQUAL_HALVES, text, within is not None)
    else:
        yield from _amount_faults(supply)


def _amount_faults(supply: Supply) -> Iterator[Fault]:
    expected = expected_tax(supply)
    if expected is None or may_be_untaxed(supply):
        return
    if any(map(is_self_assessed, supply.components)):
        return
    rates = max(1, len(values_by_levy(supply.components)))
    differs = any(abs(is_ - due) > TOLERANCE_E4 * rates for is_, due in zip(supply.tax, expected, strict=True))
    if differs:
        has = _heads(supply.tax) or "no tax"
        sure = any(component.taxed.taxability not in UNTAXED for component in supply.components)
        yield Fault(WRONG_TAX, f"it has {has}; {_right(supply)}", sure or not any(supply.tax))


def may_be_untaxed(supply: Supply) -> bool:
    """Who has no registration charges no tax; what leaves or enters the country, or goes to a zone, may bear none."""
    if supply.place.special:
        return not supply.tax.total or (supply.place.special == OVERSEAS and not supply.outward)
    return charges_none(supply)


def _right(supply: Supply) -> str:
    """The sentence that says what would be right."""
    supplier, place = state_name(supply.place.supplier), state_name(supply.place.supply)
    within = supply.place.within
    due = expected_tax(supply)
    if within is None:
        return "within one State it is CGST and SGST, else IGST"
    if due is None:
        whole = sum(supply.tax[:3])
        half = rounded(whole, 2)
        due = Heads(half, half, 0, supply.tax.cess) if within else Heads(0, 0, whole, supply.tax.cess)
    where = f"within {place}" if within else _between(supply, supplier, place)
    return f"{where} it is {_heads(due) or 'no tax'}"


def _between(supply: Supply, supplier: str, place: str) -> str:
    if supply.place.special == OVERSEAS:
        return "out of India" if supply.outward else "from abroad"
    if supply.place.special:
        return "to a special economic zone" if supply.outward else "from a special economic zone"
    return f"from {supplier} to {place}"


def _heads(tax: Heads) -> str:
    named = zip(("CGST", "SGST", "IGST", "Cess"), tax, strict=True)
    return " and ".join(f"{head} {_shown(amount)}" for head, amount in named if amount)


def _shown(amount_e4: int) -> str:
    return Amount.from_e4(amount_e4).text
