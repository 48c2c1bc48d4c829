"""The tax entries that a supply calls for: how much goes to which ledger."""

import shlex
from collections.abc import Mapping
from typing import Any

from khata.books import Books
from khata.errors import BooksError
from khata.gst.breakdown import values_by_levy
from khata.gst.faults import may_be_untaxed
from khata.gst.heads import HEADS
from khata.gst.places import OVERSEAS
from khata.gst.split import tax_on
from khata.gst.states import STATES
from khata.gst.supplies import Supplies, Supply
from khata.gst.tax_ledgers import TaxLedgers


def tax_lines(books: Books, supplies: Supplies, supply: Supply, form: Mapping[str, Any]) -> list[tuple[bytes, int]]:
    """The tax of a supply as (ledger's document id, amount debit positive), one for each ledger.

    Args:
        supply: read without its tax.
        form: `zero_rated`, `tax_ledgers` (ledgers by head) and `create_ledgers` count.

    Raises:
        BooksError: the place or a rate is not known, or no ledger takes the tax; the message says how to give it.
        NotFound, Ambiguous: a ledger that was named means nothing here.
    """
    if not _is_taxed(supply, form):
        return []
    within = supply.place.within
    if within is None:
        raise _no_place(books, supply)
    for component in supply.components:
        if component.taxed.levy is None:
            raise _no_rate(books, supply, component.kind, component.master)
    named = form.get("tax_ledgers") or {}
    if not isinstance(named, dict):
        raise BooksError("tax_ledgers is not written as heads and ledgers in braces")
    ledgers = TaxLedgers(books, supplies.roles, supply.outward, named, bool(form.get("create_ledgers")))
    found: dict[bytes, int] = {}
    for levy, value in sorted(values_by_levy(supply.components).items()):
        for head, amount in zip(HEADS, tax_on(value, levy, within), strict=True):
            if amount:
                ledger = ledgers.ledger(head, levy)
                found[ledger] = found.get(ledger, 0) + amount
    side = -1 if supply.outward else 1
    return [(ledger, side * amount) for ledger, amount in found.items()]


def _is_taxed(supply: Supply, form: Mapping[str, Any]) -> bool:
    """Whether the supplier charges tax at all: a company without a registration knows of none."""
    if form.get("zero_rated"):
        if not (supply.outward and supply.place.special):
            raise BooksError("only what goes abroad or to a special economic zone can be zero-rated")
        return False
    if not supply.registration.state:
        return False
    return supply.outward or not (supply.place.special == OVERSEAS or may_be_untaxed(supply))


def _no_place(books: Books, supply: Supply) -> BooksError:
    name = books.names.label("ledger", supply.header.party)
    return BooksError(
        f"the State of {name!r} is not known, so the tax cannot be split; give it with `khata ledger "
        f"alter {shlex.quote(name)} --state {STATES['27']}`, or say --place-of-supply"
    )


def _no_rate(books: Books, supply: Supply, kind: str, master: int) -> BooksError:
    name = books.names.label(kind, master)
    return BooksError(
        f"no GST rate is known for {name!r} on {supply.header.date}; set it with `khata gst rate "
        f"{shlex.quote(name)} 18 --kind {kind}`, or give the line a gst_rate"
    )
