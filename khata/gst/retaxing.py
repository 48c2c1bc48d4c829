"""The tax of a voucher worked out anew, for today's rates and place: what was supplied stays as it is.

Tax entries and rounding are made again, and the party's entry takes the difference, with its bill if it has one.
"""

from typing import Any, Final

import msgspec

from crdt_models.money import Amount, e4_of
from crdt_models.vouchers import Entry, Posting
from khata.books import Books
from khata.errors import BooksError
from khata.gst.checking import supply_of
from khata.gst.roles import OTHER, ROUNDING, TAX, Roles
from khata.gst.split import to_rupee
from khata.gst.supplies import BASES, Supplies
from khata.gst.tax_lines import tax_lines
from khata.voucher_form import Form

FIELDS: Final = ("recompute", "zero_rated", "tax_ledgers", "create_ledgers")
"""The fields of a form that say how; they are taken out of it."""


def retaxed(books: Books, posting: Posting, branch: str, form: Form) -> Posting:
    """The posting with its tax as the rates of its date and the place of supply call for.

    Args:
        posting: a sale, a purchase or a note, readable.
        branch: the code of the branch in whose books it stands.
        form: what a person said of it: `tax_ledgers`, `create_ledgers` and `zero_rated` count.

    Raises:
        BooksError: it records no supply, has no party's entry that could take the difference, or a rate or place is
            not known.
    """
    if posting.base not in BASES:
        raise BooksError("only sales, purchases, credit notes and debit notes have a tax to work out")
    supplies = Supplies(books)
    kept = [entry for entry in posting.entries if _role(books, supplies.roles, posting, entry) not in (TAX, ROUNDING)]
    party = _party(posting, kept)
    untaxed = msgspec.structs.replace(posting, entries=tuple(kept))
    supply = supply_of(supplies, untaxed, branch)
    if supply is None:
        raise BooksError("a ledger, an item or a unit of this voucher is not here yet; sync, and try again")
    made = [Entry(ledger=ledger, amount=Amount(e4).text) for ledger, e4 in tax_lines(books, supplies, supply, form)]
    others = [entry for entry in kept if entry is not party]
    rounding = [entry for entry in posting.entries
                if _role(books, supplies.roles, posting, entry) == ROUNDING]  # fmt: skip
    total = sum(e4_of(entry.amount) for entry in (*others, *made))
    if rounding:
        by = to_rupee(total) - total
        made += [msgspec.structs.replace(rounding[0], amount=Amount(by).text)] if by else []
        total += by
    entries = [_with_amount(party, -total, bool(form.get("bills"))) if entry is party else entry for entry in kept]
    place = 1 + max(at for at, entry in enumerate(entries) if not entry.of_stock)
    entries[place:place] = made
    return msgspec.structs.replace(posting, entries=tuple(entries))


def _role(books: Books, roles: Roles, posting: Posting, entry: Entry) -> str:
    if entry.of_stock or entry.ledger == posting.party:
        return OTHER
    held = books.names.by_document("ledger", entry.ledger)
    return OTHER if held is None else roles.role(held.local)


def _party(posting: Posting, kept: list[Entry]) -> Entry:
    """The one entry that takes the difference."""
    found = [entry for entry in kept if entry.ledger == posting.party]
    if len(found) != 1:
        raise BooksError(
            "this voucher has no single entry of its party, which would take the difference; write it anew with "
            "--debit and --credit, or with --item"
        )
    return found[0]


def _with_amount(entry: Entry, amount: int, bills_follow: bool) -> Entry:
    changes: dict[str, Any] = {"amount": Amount(amount).text}
    if len(entry.bills) == 1:
        changes["bills"] = (msgspec.structs.replace(entry.bills[0], amount=Amount(amount).text),)
    elif entry.bills and not bills_follow and amount != e4_of(entry.amount):
        raise BooksError(
            "the party's entry is set against several bills; say with --bill NAME:AMOUNT how much goes to each"
        )
    return msgspec.structs.replace(entry, **changes)
