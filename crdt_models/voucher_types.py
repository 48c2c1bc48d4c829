"""Tally's base voucher types: every voucher type, however named, stands on one of these and posts as it does.

This table is the one place that says what a voucher moves, in the accounts and in stock. Orders promise, memoranda and
reversing journals note, delivery and receipt notes move goods that a later invoice accounts for, attendance is kept and
moves nothing. What is optional or cancelled moves nothing whatever its type; a post-dated voucher counts from its date
on, as any other does.
"""

from dataclasses import dataclass

from crdt_models.errors import BadValue


@dataclass(frozen=True, slots=True)
class BaseType:
    """What vouchers of one base type move.

    Attributes:
        posts_accounts: ledger entries count in balances.
        posts_stock: stock lines count in stock.
        balances: entries must add up to nothing even where they do not count in the accounts.
        invoices: a stock line with a tracking number moves nothing, because the note with that number does.
        sells: goods that come in by it are goods that come back, worth what they cost and not what they were sold for.
        transfers: a stock line with a destination moves goods there from its godown.
        converts: what goes out becomes what comes in, and hands its value on.
        counts: a stock line says how much there is, not how much moves.
        lists: it may consist of nothing but what `extra` keeps.
    """

    slug: str
    name: str
    posts_accounts: bool = False
    posts_stock: bool = False
    balances: bool = False
    invoices: bool = False
    sells: bool = False
    transfers: bool = False
    converts: bool = False
    counts: bool = False
    lists: bool = False


_FIELDS = {
    "accounts": "posts_accounts",
    "stock": "posts_stock",
    "balanced": "balances",
    "invoices": "invoices",
    "sells": "sells",
    "transfers": "transfers",
    "converts": "converts",
    "counts": "counts",
    "lists": "lists",
}


def _base(name: str, moves: str) -> BaseType:
    words = moves.split()
    if "accounts" in words:
        words.append("balanced")
    return BaseType(name.lower().replace(" ", "-"), name, **{_FIELDS[word]: True for word in words})


_ALL = (
    _base("Sales", "accounts stock invoices sells"),
    _base("Purchase", "accounts stock invoices"),
    _base("Payment", "accounts stock"),
    _base("Receipt", "accounts stock"),
    _base("Contra", "accounts"),
    _base("Journal", "accounts stock"),
    _base("Credit Note", "accounts stock invoices sells"),
    _base("Debit Note", "accounts stock invoices"),
    _base("Payroll", "accounts"),
    _base("Memorandum", "balanced"),
    _base("Reversing Journal", "balanced"),
    _base("Stock Journal", "stock transfers converts"),
    _base("Manufacturing Journal", "stock transfers converts"),
    _base("Physical Stock", "stock counts"),
    _base("Delivery Note", "stock sells"),
    _base("Receipt Note", "stock"),
    _base("Rejections In", "stock sells"),
    _base("Rejections Out", "stock"),
    _base("Material In", "stock transfers"),
    _base("Material Out", "stock transfers"),
    _base("Sales Order", ""),
    _base("Purchase Order", ""),
    _base("Job Work In Order", ""),
    _base("Job Work Out Order", ""),
    _base("Attendance", "lists"),
)

BASE_TYPES: dict[str, BaseType] = {base.slug: base for base in _ALL}
"""Every base type by its slug, the word used in scopes and in the `base` of a posting."""

_SLUG_BY_NAME = {base.name.casefold(): base.slug for base in _ALL} | {"memo": "memorandum"}


def base_slug(name: str) -> str | None:
    """The slug of a base type from the name Tally prints ("Credit Note" gives "credit-note"); None when unknown."""
    return _SLUG_BY_NAME.get(" ".join(name.split()).casefold())


def base_type(slug: str) -> BaseType:
    """The base type of a slug of any origin.

    Raises:
        BadValue: no base type has it; a newer version may know it.
    """
    found = BASE_TYPES.get(slug)
    if found is None:
        raise BadValue(f"{slug[:40]!r} is not a base voucher type; known are {', '.join(sorted(BASE_TYPES))}")
    return found
