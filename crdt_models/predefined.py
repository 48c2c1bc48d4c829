"""What every new company starts with, as in Tally: 28 groups, two ledgers, the voucher types and a few singletons.

Ids come from names like those of any master, so every company's "Sundry Debtors" is found under the same name and two
copies that both create these masters have created the same ones.
"""

from collections.abc import Iterator

from crdt_models.masters import (
    CostCategory,
    Currency,
    Godown,
    Group,
    Ledger,
    Master,
    Nature,
    VoucherType,
    master_id,
)
from crdt_models.voucher_types import BASE_TYPES

SUSPENSE = "Suspense A/c"
"""The group for ledgers whose own group is not known yet."""

BASE_CURRENCY = "₹"
MAIN_LOCATION = "Main Location"
PRIMARY_COST_CATEGORY = "Primary Cost Category"
CASH = "Cash"
PROFIT_AND_LOSS = "Profit & Loss A/c"

PRIMARY_GROUPS: tuple[tuple[str, Nature, bool], ...] = (
    ("Branch / Divisions", "liabilities", False),
    ("Capital Account", "liabilities", False),
    ("Current Assets", "assets", False),
    ("Current Liabilities", "liabilities", False),
    ("Direct Expenses", "expenses", True),
    ("Direct Incomes", "income", True),
    ("Fixed Assets", "assets", False),
    ("Indirect Expenses", "expenses", False),
    ("Indirect Incomes", "income", False),
    ("Investments", "assets", False),
    ("Loans (Liability)", "liabilities", False),
    ("Misc. Expenses (ASSET)", "assets", False),
    ("Purchase Accounts", "expenses", True),
    ("Sales Accounts", "income", True),
    (SUSPENSE, "liabilities", False),
)
"""The 15 groups under Primary: name, nature, whether they count in gross profit."""

SUB_GROUPS: tuple[tuple[str, str, Nature], ...] = (
    ("Bank Accounts", "Current Assets", "assets"),
    ("Bank OD A/c", "Loans (Liability)", "liabilities"),
    ("Cash-in-Hand", "Current Assets", "assets"),
    ("Deposits (Asset)", "Current Assets", "assets"),
    ("Duties & Taxes", "Current Liabilities", "liabilities"),
    ("Loans & Advances (Asset)", "Current Assets", "assets"),
    ("Provisions", "Current Liabilities", "liabilities"),
    ("Reserves & Surplus", "Capital Account", "liabilities"),
    ("Secured Loans", "Loans (Liability)", "liabilities"),
    ("Stock-in-Hand", "Current Assets", "assets"),
    ("Sundry Creditors", "Current Liabilities", "liabilities"),
    ("Sundry Debtors", "Current Assets", "assets"),
    ("Unsecured Loans", "Loans (Liability)", "liabilities"),
)
"""The 13 groups below those: name, parent, nature."""

VOUCHER_TYPES: tuple[str, ...] = tuple(
    base.name for base in BASE_TYPES.values() if base.slug != "manufacturing-journal"
)
"""The 24 voucher types of a new company; a manufacturing journal is a stock journal somebody configures."""


def predefined(company: bytes) -> Iterator[tuple[bytes, Master]]:
    """The masters of a new company with their document ids, each after those it refers to.

    Args:
        company: the company's 32-byte id.
    """

    def identified(master: Master) -> tuple[bytes, Master]:
        return master_id(company, master.KIND, master.name), master

    def group(name: str) -> bytes:
        return master_id(company, Group.KIND, name)

    yield identified(Currency(name=BASE_CURRENCY, formal_name="INR", code="INR", reserved=BASE_CURRENCY))
    for name, nature, gross in PRIMARY_GROUPS:
        yield identified(Group(name=name, nature=nature, affects_gross_profit=gross, reserved=name))
    for name, parent, nature in SUB_GROUPS:
        yield identified(Group(name=name, parent=group(parent), nature=nature, reserved=name))
    yield identified(Ledger(name=CASH, group=group("Cash-in-Hand")))
    yield identified(Ledger(name=PROFIT_AND_LOSS, reserved=PROFIT_AND_LOSS))
    yield identified(Godown(name=MAIN_LOCATION, reserved=MAIN_LOCATION))
    yield identified(CostCategory(name=PRIMARY_COST_CATEGORY, reserved=PRIMARY_COST_CATEGORY))
    for name in VOUCHER_TYPES:
        slug = name.lower().replace(" ", "-")
        yield identified(VoucherType(name=name, base=slug, reserved=name))
