"""Tally's base voucher types: every voucher type, however named, stands on one of these and posts as it does.

Two questions decide what a voucher moves. Does it post to the accounts, so that balances count it? Does it move stock?
Orders promise, memoranda note, delivery and receipt notes move goods that a later invoice accounts for.
"""

from dataclasses import dataclass

from crdt_models.errors import BadValue


@dataclass(frozen=True, slots=True)
class BaseType:
    """What vouchers of one base type move.

    `balances` says whether its ledger entries must add up to nothing even where they do not count in the accounts.
    """

    slug: str
    name: str
    posts_accounts: bool
    posts_stock: bool
    balances: bool


def _base(name: str, moves: str) -> BaseType:
    slug = name.lower().replace(" ", "-")
    posts_accounts = "accounts" in moves
    return BaseType(slug, name, posts_accounts, "stock" in moves, posts_accounts or "balanced" in moves)


_ALL = (
    _base("Sales", "accounts stock"),
    _base("Purchase", "accounts stock"),
    _base("Payment", "accounts stock"),
    _base("Receipt", "accounts stock"),
    _base("Contra", "accounts"),
    _base("Journal", "accounts stock"),
    _base("Credit Note", "accounts stock"),
    _base("Debit Note", "accounts stock"),
    _base("Payroll", "accounts"),
    _base("Memorandum", "balanced"),
    _base("Reversing Journal", "balanced"),
    _base("Stock Journal", "stock"),
    _base("Manufacturing Journal", "stock"),
    _base("Physical Stock", "stock"),
    _base("Delivery Note", "stock"),
    _base("Receipt Note", "stock"),
    _base("Rejections In", "stock"),
    _base("Rejections Out", "stock"),
    _base("Material In", "stock"),
    _base("Material Out", "stock"),
    _base("Sales Order", ""),
    _base("Purchase Order", ""),
    _base("Job Work In Order", ""),
    _base("Job Work Out Order", ""),
    _base("Attendance", ""),
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
