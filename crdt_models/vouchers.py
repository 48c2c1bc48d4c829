"""Vouchers: one posting that balances, and a few registers beside it.

The posting is one register, because entries, tax split and stock lines only make sense together: merging two edits line
by line would unbalance the voucher. Amounts inside it stay canonical text, so that what is signed, stored and shown is
one spelling; `imbalance` sums them as whole ten-thousandths.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal, Self

import msgspec

from crdt_models.errors import BadValue, DocumentError
from crdt_models.masters import SOURCE
from crdt_models.money import Amount, Quantity, Rate, e4_of
from crdt_models.packing import Value
from crdt_models.registers import Id, converted, difference, plain
from crdt_models.voucher_types import base_type

KIND = "voucher"


class Unbalanced(DocumentError):
    """Debits and credits of a posting differ; the text says both and by how much."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A part of a posting: fields at their default are left out of what is stored."""


class Forex(_Part, frozen=True, omit_defaults=True, gc=False):
    """An amount in another currency and the rate it was taken at, in base currency per unit."""

    currency: Id
    amount: str
    rate: str


class BillAllocation(_Part, frozen=True, omit_defaults=True, gc=False):
    """Which bill a part of an entry opens or settles; on account, it names none."""

    kind: Literal["new", "against", "advance", "on-account"]
    amount: str
    name: str = ""
    credit_period: str = ""
    date: str = ""
    forex: Forex | None = None


class CostAllocation(_Part, frozen=True, omit_defaults=True, gc=False):
    """Which cost centre a part of an entry is charged to."""

    centre: Id
    amount: str
    category: Id | None = None


class BankAllocation(_Part, frozen=True, omit_defaults=True, gc=False):
    """The instrument behind an entry on a bank account; `bank_date` is when the bank showed it."""

    kind: str = ""
    number: str = ""
    date: str = ""
    bank_date: str = ""
    favouring: str = ""
    transaction: str = ""
    ifsc: str = ""
    amount: str = "0.00"


class Entry(_Part, frozen=True, omit_defaults=True, gc=False):
    """One line on one ledger, debit positive; `of_stock` marks what a stock line of an invoice brought along."""

    ledger: Id
    amount: str
    bills: tuple[BillAllocation, ...] = ()
    costs: tuple[CostAllocation, ...] = ()
    bank: tuple[BankAllocation, ...] = ()
    forex: Forex | None = None
    narration: str = ""
    gst_rate: str = ""
    of_stock: bool = False


class StockLine(_Part, frozen=True, omit_defaults=True, gc=False):
    """One item in one place and batch; quantity and amount are positive into stock and negative out of it.

    `billed` is given where the invoice says another quantity than was moved; `destination` where a transfer says so on
    one line; `ledger` is the account the line posts to in an invoice.
    """

    item: Id
    quantity: str = "0"
    unit: Id | None = None
    billed: str | None = None
    rate: str = ""
    rate_unit: Id | None = None
    discount: str = ""
    amount: str = "0.00"
    godown: Id | None = None
    destination: Id | None = None
    batch: str = ""
    order: str = ""
    tracking: str = ""
    ledger: Id | None = None
    forex: Forex | None = None
    side: Literal["", "source", "destination"] = ""
    alternate: str = ""
    alternate_unit: Id | None = None


class Posting(_Part, frozen=True, omit_defaults=True, gc=False):
    """What a voucher does to the books; `extra` keeps what an import brought and khata does not compute with."""

    base: str
    type: Id
    date: str
    effective_date: str = ""
    party: Id | None = None
    place_of_supply: str = ""
    party_gstin: str = ""
    registration: str = ""
    view: Literal["accounting", "invoice"] = "accounting"
    currency: Id | None = None
    post_dated: bool = False
    entries: tuple[Entry, ...] = ()
    stock: tuple[StockLine, ...] = ()
    extra: dict[str, Any] = {}


class Voucher(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher with its document id; `sources` maps a source binding to the identity that source gave it."""

    id: bytes
    posting: Posting
    number: str = ""
    reference: str = ""
    reference_date: str = ""
    narration: str = ""
    cancelled: bool = False
    optional: bool = False
    sources: dict[str, dict[str, str]] = {}

    def registers(self) -> dict[str, Value]:
        """The registers of this voucher's document; those that hold nothing are left out."""
        values: dict[str, Value] = {"posting": plain(self.posting)}
        for name, blank in BLANK.items():
            value = getattr(self, name)
            if value != blank:
                values[name] = value
        for binding, identity in self.sources.items():
            values[SOURCE + binding] = dict(identity)
        return values

    @classmethod
    def from_registers(cls, id: bytes, values: Mapping[str, Value]) -> Self:
        """The voucher that folded registers describe; unknown registers are ignored.

        Raises:
            BadValue: there is no posting, or a register holds something of the wrong kind.

        Cost: about 5 microseconds for three entries; `check` is not included.
        """
        known = {name: values[name] for name in _KNOWN & values.keys()}
        sources = {name[len(SOURCE) :]: value for name, value in values.items() if name.startswith(SOURCE)}
        return converted({**known, "id": id, "sources": sources}, cls)


BLANK: dict[str, Any] = {
    "number": "",
    "reference": "",
    "reference_date": "",
    "narration": "",
    "cancelled": False,
    "optional": False,
}
"""The registers beside the posting, with what they hold when nothing was said."""

_KNOWN = BLANK.keys() | {"posting"}


def imported_voucher_id(company: bytes, binding: str, identity: str) -> bytes:
    """The document id of a voucher that came from elsewhere.

    Args:
        company: the company's 32-byte id.
        binding: which source at which device; Tally's GUIDs repeat in copies of a company, bindings do not.
        identity: what that source calls the voucher, in Tally its GUID.
    """
    return hashlib.sha256(company + binding.encode() + b"\0" + identity.encode()).digest()[:16]


def changed(before: Voucher, after: Voucher) -> dict[str, Value]:
    """The registers to save so that a voucher reads as `after`, those that become empty included."""
    return difference(before.registers(), after.registers(), BLANK)


def posting_from(value: object) -> Posting:
    """The posting in one register value of any origin.

    Raises:
        BadValue: it is not a posting.
    """
    return converted(value, Posting)


def check_date(text: str) -> None:
    """Refuse anything but a day of the calendar as "2026-04-01".

    Raises:
        BadValue: another spelling, or a day that does not exist.
    """
    try:
        # fromisoformat also reads 20260401 and week dates, of which only the dashed form has dashes in these places.
        date.fromisoformat(text)
    except ValueError as error:
        raise BadValue(f"{text[:40]!r} is not a date; write it as 2026-04-01") from error
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        raise BadValue(f"{text[:40]!r} is not a date; write it as 2026-04-01")


def imbalance(posting: Posting) -> Amount:
    """Debits less credits of a posting; nothing when it balances.

    Raises:
        BadValue: an amount is not canonical text.
    """
    total = 0
    for entry in posting.entries:
        total += e4_of(entry.amount)
    return Amount(total)


def check(posting: Posting) -> None:
    """Refuse a posting that no book may count.

    Raises:
        Unbalanced: debits and credits differ, and vouchers of this base type have to balance.
        BadValue: an unknown base type, a date that is none, or a number that is not canonical text.

    Cost: about 1 microsecond an entry.
    """
    base = base_type(posting.base)
    check_date(posting.date)
    if posting.effective_date:
        check_date(posting.effective_date)
    total = imbalance(posting)
    if total and base.balances:
        debit, credit = totals([posting])
        raise Unbalanced(f"debits {debit} and credits {credit} differ by {abs(total)}; a voucher must balance")
    for entry in posting.entries:
        if entry.bills or entry.costs or entry.bank or entry.forex is not None:
            _check_allocations(entry)
    for line in posting.stock:
        _check_line(line)


def totals(postings: Iterable[Posting]) -> tuple[Amount, Amount]:
    """Sum of all debits and sum of all credits, both as positive amounts.

    Raises:
        BadValue: an amount is not canonical text.
    """
    debit = credit = 0
    for posting in postings:
        for entry in posting.entries:
            amount = e4_of(entry.amount)
            if amount > 0:
                debit += amount
            else:
                credit -= amount
    return Amount(debit), Amount(credit)


def _check_allocations(entry: Entry) -> None:
    for amount in (part.amount for parts in (entry.bills, entry.costs, entry.bank) for part in parts):
        e4_of(amount)
    for forex in (entry.forex, *(bill.forex for bill in entry.bills)):
        if forex is not None:
            _check_forex(forex)


def _check_forex(forex: Forex) -> None:
    e4_of(forex.amount)
    _check_canonical(Rate, forex.rate)


def _check_line(line: StockLine) -> None:
    e4_of(line.amount)
    for kind, text in ((Quantity, line.quantity), (Quantity, line.billed), (Rate, line.rate), (Rate, line.discount)):
        if text:
            _check_canonical(kind, text)
    if line.forex is not None:
        _check_forex(line.forex)


def _check_canonical(kind: type[Quantity] | type[Rate], text: str) -> None:
    if kind.parse(text).text != text:
        raise BadValue(f"{text[:40]!r} is not {kind.WORD} as it is stored; expected {kind.parse(text).text!r}")
