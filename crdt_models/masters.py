"""Masters: the ledgers, groups, items and other standing data that vouchers refer to.

Each kind is a frozen value whose fields are the registers of its document. A master's id comes from its name, so two
branches that create "Sharma Enterprises" while apart have created one ledger; renaming it later keeps the id.
"""

import hashlib
import unicodedata
from collections.abc import Mapping
from typing import ClassVar, Literal, Self

import msgspec

from crdt_models.packing import Value
from crdt_models.registers import Id, as_value, converted, defaults_of, difference, plain

SOURCE = "source:"
"""How the registers begin that say under which identity an import's source knows a document."""


def normalised(name: str) -> str:
    """The form in which two names are the same name: NFC, case folded, NFC again, runs of spaces as one."""
    folded = unicodedata.normalize("NFC", name).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


def master_id(company: bytes, kind: str, name: str) -> bytes:
    """The document id of a master created under this name.

    Args:
        company: the company's 32-byte id.
        kind: the word in the class attribute `KIND`, such as "ledger".
        name: as a person wrote it.
    """
    text = normalised(name).encode("utf-8", "surrogatepass")
    return hashlib.sha256(company + kind.encode() + b"\0" + text).digest()[:16]


class Master(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every master has; `sources` maps a source binding to the identity that source gave the master."""

    KIND: ClassVar[str] = ""

    name: str = ""
    aliases: tuple[str, ...] = ()
    reserved: str = ""
    deleted: bool = False
    merged_into: Id | None = None
    sources: dict[str, dict[str, str]] = {}

    def registers(self) -> dict[str, Value]:
        """The registers of this master's document; those that hold nothing are left out."""
        values = plain(self)
        values.pop("sources", None)
        for binding, identity in self.sources.items():
            values[SOURCE + binding] = dict(identity)
        return values

    @classmethod
    def from_registers(cls, values: Mapping[str, Value]) -> Self:
        """The master that folded registers describe; unknown registers are ignored, missing ones take defaults.

        Raises:
            BadValue: a register holds something of the wrong kind.
        """
        sources = {name[len(SOURCE) :]: value for name, value in values.items() if name.startswith(SOURCE)}
        return converted({**values, "sources": sources}, cls)


def changed(before: Master, after: Master) -> dict[str, Value]:
    """The registers to save so that a master reads as `after`, those that become empty included."""
    return difference(before.registers(), after.registers(), blank(type(before)))


def blank(kind: type[Master]) -> dict[str, Value]:
    """Each register of a kind of master with what it holds when nothing was said about it."""
    return {name: as_value(default) for name, default in defaults_of(kind) if name != "sources"}


class Registration(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The GST registration under which a branch makes out its documents."""

    gstin: str = ""
    state: str = ""


class Company(Master, frozen=True, kw_only=True, omit_defaults=True):
    """The company's own details; there is one such document in a company.

    `registrations` maps the code of a branch to its own GST registration, where that is not the company's.
    """

    KIND: ClassVar[str] = "company"

    mailing_name: str = ""
    address: tuple[str, ...] = ()
    state: str = ""
    country: str = ""
    pincode: str = ""
    phone: str = ""
    email: str = ""
    gstin: str = ""
    pan: str = ""
    books_from: str = ""
    year_starts: str = "04-01"
    currency: Id | None = None
    registrations: dict[str, Registration] = {}


class Currency(Master, frozen=True, kw_only=True, omit_defaults=True):
    """A currency, named by its symbol."""

    KIND: ClassVar[str] = "currency"

    formal_name: str = ""
    code: str = ""
    decimals: int = 2


class Unit(Master, frozen=True, kw_only=True, omit_defaults=True):
    """A unit of measure; a compound one is `conversion` times `tail` in each `head`."""

    KIND: ClassVar[str] = "unit"

    formal_name: str = ""
    decimals: int = 0
    quantity_code: str = ""
    head: Id | None = None
    tail: Id | None = None
    conversion: str = ""


Nature = Literal["", "assets", "liabilities", "income", "expenses"]


class Group(Master, frozen=True, kw_only=True, omit_defaults=True):
    """A group of ledgers; without a parent it stands under Primary."""

    KIND: ClassVar[str] = "group"

    parent: Id | None = None
    nature: Nature = ""
    affects_gross_profit: bool = False
    sub_ledger: bool = False


class Gst(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A party's standing under GST."""

    registration: str = ""
    gstin: str = ""
    state: str = ""


class Tax(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a tax ledger collects: `kind` such as "GST" or "TDS", `head` such as "CGST", `rate` in percent."""

    kind: str = ""
    head: str = ""
    rate: str = ""


class GstRate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The GST rates of something sold or bought, from a date on; `rates` maps a head such as "IGST" to a percentage."""

    since: str = ""
    hsn: str = ""
    description: str = ""
    taxability: str = ""
    rates: dict[str, str] = {}


class BankAccount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An account at a bank: the one a bank ledger stands for, or the one a party is paid to."""

    holder: str = ""
    number: str = ""
    ifsc: str = ""
    swift: str = ""
    bank: str = ""
    branch: str = ""


class Ledger(Master, frozen=True, kw_only=True, omit_defaults=True):
    """An account; `opening` is its balance when the books begin, debit positive.

    `rates` are the GST rates of what is booked on it; `branch` is the code of the branch whose account it is.
    """

    KIND: ClassVar[str] = "ledger"

    group: Id | None = None
    opening: str = "0.00"
    bill_wise: bool = False
    cost_centres: bool = False
    currency: Id | None = None
    gst: Gst = Gst()
    address: tuple[str, ...] = ()
    mailing_name: str = ""
    state: str = ""
    country: str = ""
    pincode: str = ""
    phone: str = ""
    email: str = ""
    pan: str = ""
    credit_period: str = ""
    credit_limit: str = ""
    tax: Tax = Tax()
    opening_bills: tuple["OpeningBill", ...] = ()
    bank: BankAccount = BankAccount()
    rates: tuple[GstRate, ...] = ()
    branch: str = ""


class OpeningBill(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A bill outstanding when the books begin."""

    name: str
    amount: str
    date: str = ""
    credit_period: str = ""


class Godown(Master, frozen=True, kw_only=True, omit_defaults=True):
    """A place where stock lies."""

    KIND: ClassVar[str] = "godown"

    parent: Id | None = None
    address: tuple[str, ...] = ()
    third_party: bool = False


class StockGroup(Master, frozen=True, kw_only=True, omit_defaults=True):
    """A group of stock items."""

    KIND: ClassVar[str] = "stock-group"

    parent: Id | None = None
    adds_quantities: bool = False


class StockCategory(Master, frozen=True, kw_only=True, omit_defaults=True):
    """A second way to class stock items, across groups."""

    KIND: ClassVar[str] = "stock-category"

    parent: Id | None = None


class OpeningStock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Stock lying in one place, in one batch, when the books begin; `value` is debit positive."""

    quantity: str = "0"
    rate: str = "0"
    value: str = "0.00"
    godown: Id | None = None
    batch: str = ""


class StockItem(Master, frozen=True, kw_only=True, omit_defaults=True):
    """Something kept in stock; `alternate_ratio` of the unit `alternate` are `unit_ratio` of `unit`."""

    KIND: ClassVar[str] = "stock-item"

    parent: Id | None = None
    category: Id | None = None
    unit: Id | None = None
    alternate: Id | None = None
    alternate_ratio: str = ""
    unit_ratio: str = ""
    opening: tuple[OpeningStock, ...] = ()
    gst: tuple[GstRate, ...] = ()
    costing: str = ""
    valuation: str = ""
    batches: bool = False
    perishable: bool = False


class CostCategory(Master, frozen=True, kw_only=True, omit_defaults=True):
    """A set of cost centres that each allocation is complete in."""

    KIND: ClassVar[str] = "cost-category"

    revenue: bool = True
    non_revenue: bool = False


class CostCentre(Master, frozen=True, kw_only=True, omit_defaults=True):
    """A department, job or person that costs are charged to."""

    KIND: ClassVar[str] = "cost-centre"

    parent: Id | None = None
    category: Id | None = None
    employee: bool = False


class NumberSeries(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How vouchers of a type are numbered in Tally; prefixes, suffixes and restarts are (from date, text) pairs."""

    name: str = "Default"
    method: str = ""
    submethod: str = ""
    prevent_duplicates: bool = False
    width: str = ""
    prefixes: tuple[tuple[str, str], ...] = ()
    suffixes: tuple[tuple[str, str], ...] = ()
    restarts: tuple[tuple[str, str], ...] = ()


class VoucherType(Master, frozen=True, kw_only=True, omit_defaults=True):
    """A kind of voucher; `base` is the slug of the base type it posts as, `parent` the type it was derived from."""

    KIND: ClassVar[str] = "voucher-type"

    base: str = ""
    parent: Id | None = None
    abbreviation: str = ""
    optional: bool = False
    active: bool = True
    series: tuple[NumberSeries, ...] = ()


KINDS: dict[str, type[Master]] = {
    kind.KIND: kind
    for kind in (
        Company,
        Currency,
        Unit,
        Group,
        Ledger,
        Godown,
        StockGroup,
        StockCategory,
        StockItem,
        CostCategory,
        CostCentre,
        VoucherType,
    )
}
"""Every kind of master by its word, in an order in which each comes after what it refers to."""


def company_details_id(company: bytes) -> bytes:
    """The id of the one document that holds the company's own details, whatever the company is called."""
    return master_id(company, Company.KIND, "")
