"""Invoices as people enter them: what was sold to whom; khata works out amounts, tax, rounding and the total.

A form with `items` or `charges` instead of `entries` is completed here into the form of an ordinary voucher, in the
shape in which Tally writes invoices: the party, charges, tax and rounding first, then one entry for each stock line.

    {"type": "Sales", "date": "2026-04-02", "party": "Asha Stores", "account": "Sales",
     "items": [{"item": "Soap", "quantity": "10", "rate": "50", "discount": "5"}],
     "charges": [{"ledger": "Freight", "amount": "100"}], "round_off": true}
"""

import shlex
from collections.abc import Mapping
from typing import Any, Final

from crdt_models.money import Amount, Quantity
from khata.books import Books
from khata.entering_masters import add_master
from khata.errors import BooksError
from khata.gst.invoice_lines import Charge, ItemSold, read_charges, read_items
from khata.gst.split import to_rupee
from khata.gst.states import checked_state, state_name
from khata.gst.supplies import BASES, CREDIT_NOTE, PURCHASE, EntryLine, Header, ItemLine, Supplies, Supply
from khata.gst.tax_lines import tax_lines
from khata.naming import ID_PREFIX, MasterName
from khata.voucher_form import Form

FIELDS: Final = (
    *("items", "charges", "account", "round_off", "zero_rated", "tax_ledgers", "create_ledgers", "as_entered"),
    *("recompute", "bills", "keep_bills"),
)
"""The fields of a form that say how a voucher is made, and are taken out of it here."""

ROUND_OFF: Final = "Round Off"
_BRINGS: Final = ("items", "charges")


def is_invoice(form: Mapping[str, Any]) -> bool:
    """Whether a form says what was supplied, and leaves the entries to khata."""
    return any(form.get(field) for field in _BRINGS)


def completed(books: Books, form: Form, branch: str) -> Form:
    """The form of an ordinary voucher for a form that may be an invoice; its own fields are taken out of any form.

    Args:
        branch: the code of the branch in whose books it will stand.

    Raises:
        BooksError: something that the invoice needs is missing or cannot be read; the message says what and how to
            give it.
        NotFound, Ambiguous: a master cannot be told from what is written.
    """
    rest = {field: value for field, value in form.items() if field not in FIELDS}
    if not is_invoice(form):
        needless = [field for field in ("account", "round_off", "zero_rated", "tax_ledgers") if form.get(field)]
        if needless:
            raise BooksError(f"{', '.join(needless)} goes with items or charges; this voucher has entries instead")
        return rest
    if form.get("entries") or form.get("stock"):
        raise BooksError("give items and charges, from which the entries are made, or entries, but not both")
    return _Invoice(books, form, branch).complete(rest)


def without_stale(shown: Form, changes: Form) -> Form:
    """What a voucher showed, less what a change makes wrong: lines that are made anew, the place of another party."""
    stale = ["entries", "stock"] if is_invoice(changes) else []
    if changes.get("party", shown.get("party")) != shown.get("party"):
        stale += ["place_of_supply", "party_gstin"]
    return {field: value for field, value in shown.items() if field not in stale}


class _Invoice:
    """One invoice while it is completed."""

    def __init__(self, books: Books, form: Form, branch: str) -> None:
        self._books = books
        self._names = books.names
        self._form = form
        self._branch = branch
        self._supplies = Supplies(books)
        self._base = self._base_of(form.get("type"))
        self._sign = 1 if self._base in (PURCHASE, CREDIT_NOTE) else -1
        self._party = self._ledger("party", "an invoice needs a party, such as --party 'Asha Stores' or --party Cash")
        self._items = read_items(self._names, form.get("items"))
        self._charges = read_charges(self._names, form.get("charges"))

    def complete(self, rest: Form) -> Form:
        """The form with entries and stock lines in place of what was sold."""
        account = self._account() if self._items else None
        supply = self._supply(account)
        entries = [self._entry(charge.ledger, charge.amount, charge.gst_rate, charge.narration)
                   for charge in self._charges]  # fmt: skip
        entries += self._tax(supply)
        worth = sum(item.amount for item in self._items) * self._sign
        entries += self._rounding(worth + sum(entry["amount"] for entry in entries))
        total = worth + sum(entry["amount"] for entry in entries)
        entries = [self._party_entry(-total), *entries]
        entries += [self._of_stock(item, account) for item in self._items]
        place = state_name(supply.place.supply)
        return {
            **rest,
            "view": "invoice",
            **({"place_of_supply": place} if place else {}),
            **({"party_gstin": supply.gstin} if supply.gstin else {}),
            "entries": [{**entry, "amount": Amount.from_e4(entry["amount"]).text} for entry in entries],
            "stock": [self._stock_line(item, account) for item in self._items],
        }

    # -- who and what -----------------------------------------------------------------------------------------------

    def _base_of(self, type: object) -> str:
        found = self._names.find_live("voucher-type", type) if isinstance(type, str) else None
        base = self._names.voucher_base(found.document) if found is not None else None
        if base not in BASES:
            raise BooksError(
                "items and charges make an invoice: a voucher of the type Sales, Purchase, Credit Note or Debit Note, "
                "or one derived from these; give entries for any other"
            )
        return base

    def _ledger(self, field: str, missing: str) -> MasterName:
        text = self._form.get(field)
        if not isinstance(text, str) or not text.strip():
            raise BooksError(missing)
        return self._names.find_live("ledger", text)

    def _account(self) -> MasterName:
        """The ledger that items are booked on: the one that was named, or the only one there is."""
        if self._form.get("account"):
            return self._ledger("account", "")
        outward = self._base != PURCHASE and self._base != "debit-note"
        word, group = ("Sales", "Sales Accounts") if outward else ("Purchase", "Purchase Accounts")
        found = self._supplies.roles.accounts_for(outward)
        if len(found) > 1:
            found = [local for local in found if self._supplies.roles.name(local).casefold() in
                     (word.casefold(), f"{word.casefold()}s")] or found  # fmt: skip
        if not found:
            raise BooksError(f"no ledger stands in {group}; add one with `khata ledger add {word} --group {group!r}`")
        if len(found) > 1:
            names = ", ".join(repr(self._supplies.roles.name(local)) for local in found[:5])
            raise BooksError(f"items could be booked on {names}; say which with --account NAME")
        return self._names.masters("ledger")[found[0]]

    def _supply(self, account: MasterName | None) -> Supply:
        """The invoice without its tax, as GST sees it."""
        entries = [EntryLine(charge.ledger.local, self._sign * charge.amount, charge.gst_rate)
                   for charge in self._charges]  # fmt: skip
        lines = []
        for item in self._items:
            ledger = self._booked_on(item, account)
            amount = self._sign * item.amount
            entries.append(EntryLine(ledger.local, amount, item.gst_rate))
            lines.append(ItemLine(item.item.local, ledger.local, amount, self._sign * item.quantity, None))
        said, gstin = self._form.get("place_of_supply") or "", self._form.get("party_gstin") or ""
        header = Header(
            0, b"", "", str(self._form.get("date") or ""), self._base, None, self._party.local, self._branch,
            checked_state(str(said)), str(gstin),
        )  # fmt: skip
        return self._supplies.read(header, entries, lines)

    def _booked_on(self, item: ItemSold, account: MasterName | None) -> MasterName:
        if item.ledger:
            return self._names.find_live("ledger", item.ledger)
        assert account is not None
        return account

    # -- tax and rounding -------------------------------------------------------------------------------------------

    def _tax(self, supply: Supply) -> list[dict[str, Any]]:
        lines = tax_lines(self._books, self._supplies, supply, self._form)
        return [{"ledger": f"{ID_PREFIX}{ledger.hex()}", "amount": amount} for ledger, amount in lines]

    def _rounding(self, total: int) -> list[dict[str, Any]]:
        wanted = self._form.get("round_off")
        if not wanted:
            return []
        by = to_rupee(total) - total
        if not by:
            return []
        name = wanted if isinstance(wanted, str) else ROUND_OFF
        if self._names.taken("ledger", name) is None and self._form.get("create_ledgers"):
            group = self._names.find_live("group", "Indirect Expenses").document
            add_master(self._books, "ledger", name, {"group": group})
        if self._names.taken("ledger", name) is None:
            raise BooksError(
                f"rounding goes to a ledger {name!r}, which is not here; add it with `khata ledger add "
                f"{shlex.quote(name)} --group 'Indirect Expenses'`, or say --create-ledgers"
            )
        return [{"ledger": name, "amount": by}]

    # -- what is written --------------------------------------------------------------------------------------------

    def _entry(self, ledger: MasterName, amount: int, gst_rate: str, narration: str) -> dict[str, Any]:
        beside = {"gst_rate": gst_rate, "narration": narration}
        return {
            "ledger": f"{ID_PREFIX}{ledger.document.hex()}",
            "amount": self._sign * amount,
            **{field: text for field, text in beside.items() if text},
        }

    def _party_entry(self, amount: int) -> dict[str, Any]:
        """The party's entry; a party that keeps bills gets one for the whole of a new invoice."""
        entry = {"ledger": f"{ID_PREFIX}{self._party.document.hex()}", "amount": amount}
        (bill_wise,) = self._books.db.execute(
            "SELECT bill_wise FROM ledgers WHERE id=?", (self._party.local,)
        ).fetchone()
        reference = self._form.get("reference") or ""
        if bill_wise and self._base in ("sales", PURCHASE):
            name = reference if self._base == PURCHASE else ""
            bill = {"kind": "new", "amount": Amount.from_e4(amount).text, **({"name": name} if name else {})}
            entry["bills"] = [bill]
        return entry

    def _of_stock(self, item: ItemSold, account: MasterName | None) -> dict[str, Any]:
        entry = self._entry(self._booked_on(item, account), item.amount, item.gst_rate, "")
        return {**entry, "of_stock": True}

    def _stock_line(self, item: ItemSold, account: MasterName | None) -> dict[str, Any]:
        unit = item.unit or self._unit_of(item.item)
        said = {"unit": unit, "rate": item.rate, "discount": item.discount, **item.place}
        return {
            "item": f"{ID_PREFIX}{item.item.document.hex()}",
            "quantity": Quantity.from_e6(self._sign * item.quantity).text,
            "amount": Amount.from_e4(self._sign * item.amount).text,
            "ledger": f"{ID_PREFIX}{self._booked_on(item, account).document.hex()}",
            **{field: text for field, text in said.items() if text},
        }

    def _unit_of(self, item: MasterName) -> str:
        row = self._books.db.execute(
            "SELECT u.document FROM stock_items i JOIN units u ON u.id=i.unit WHERE i.id=? AND u.present", (item.local,)
        ).fetchone()
        return f"{ID_PREFIX}{row[0].hex()}" if row else ""


__all__ = ["FIELDS", "Charge", "completed", "is_invoice"]
