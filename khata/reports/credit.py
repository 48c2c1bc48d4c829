"""Credit limits: ledgers that owe more, or are owed more, than was agreed."""

from typing import NamedTuple

from crdt_models.errors import BadValue
from crdt_models.money import Amount
from khata.books import Books
from khata.listing import same_masters
from khata.reports.balances import moved
from khata.reports.bills import GROUPS
from khata.reports.chart import Chart
from khata.reports.span import EVERYTHING


class PassedLimit(NamedTuple):
    """A ledger beyond its credit limit; both amounts in ten-thousandths, the balance as it is owed, positive."""

    ledger: str
    document: bytes
    limit: int
    balance: int


def credit_limit_passed(books: Books) -> list[PassedLimit]:
    """Every ledger whose balance is beyond its credit limit, by name and id, whatever the date of its entries.

    The limit of a supplier is about what the company owes; that of everybody else about what they owe the company. A
    limit that is no amount, or nothing, is none.

    Cost: one pass over the entries of ledgers that have a limit.
    """
    limits = {
        local: limit
        for local, text in books.db.execute("SELECT id, credit_limit FROM ledgers WHERE credit_limit<>''").fetchall()
        if books.names.effective("ledger", local) == local and (limit := _limit(text))
    }
    if not limits:
        return []
    chart = Chart(books)
    suppliers = chart.predefined(GROUPS["payable"])
    ledgers = sorted({same for local in limits for same in same_masters(books, "ledger", local)})
    found = []
    for account, sums in moved(books, chart, EVERYTHING, ledgers).items():
        owed = -sums.closing if account.group in suppliers else sums.closing
        if owed > limits[account.local]:
            found.append((account.order, PassedLimit(account.name, account.document, limits[account.local], owed)))
    return [passed for _, passed in sorted(found)]


def _limit(text: str) -> int:
    """The limit in ten-thousandths, which may be written with commas; 0 for none."""
    try:
        return max(Amount.rounded(text.replace(",", "")).e4, 0)
    except BadValue:
        return 0
