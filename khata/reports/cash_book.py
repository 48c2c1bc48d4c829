"""The cash book and the bank book: what came in and went out of each cash or bank ledger, day by day."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from crdt_models.money import Amount
from khata.books import Books
from khata.errors import NotFound
from khata.listing import same_masters
from khata.reports.balances import Moved, heading, moved
from khata.reports.chart import Account, Chart
from khata.reports.ledger_statement import statement_of
from khata.reports.span import EVERYTHING, Span
from khata.sums import sides, sides_sql

Json = dict[str, Any]

BOOKS: Final = {
    "cash": ("Cash-in-Hand",),
    "bank": ("Bank Accounts", "Bank OD A/c"),
}
"""The predefined groups whose ledgers each of the two books is about."""


class CashBook(NamedTuple):
    """A cash or bank book: what it comes to, known at once, and its rows, which are read as they are taken.

    Attributes:
        head: the range and the ledgers, each with its balances and the totals of its days, as JSON.
        rows: those of the ledgers' statements with `ledger` and `ledger_id`, ledger by ledger; to be taken once.
    """

    head: Json
    rows: Iterator[Json]


def cash_book(books: Books, book: str, name: str = "", span: Span = EVERYTHING) -> CashBook:
    """The book of cash or of banks: every ledger with opening, days and closing, and every entry.

    `debit` is what came in, `credit` what went out.

    Args:
        book: "cash" or "bank".
        name: only this ledger, as a person writes it.

    Raises:
        NotFound, Ambiguous: the name means no ledger of this book, or several.
        BadValue: a bound is not a date.
    """
    head = heading(books, span)
    chart = Chart(books)
    accounts = _accounts(chart, book, name)
    found = {account: same_masters(books, "ledger", account.local) for account in accounts}
    sums = moved(books, chart, span, [local for same in found.values() for local in same])
    if not name:
        found = {account: same for account, same in found.items() if account in sums}
    ledgers = [
        _ledger(books, chart, account, same, span, sums.get(account, Moved())) for account, same in found.items()
    ]
    total = Moved()
    for one in sums.values():
        total = total.plus(one)

    def rows() -> Iterator[Json]:
        for account in found:
            for row in statement_of(books, chart, account, span).rows:
                yield {"ledger": account.name, "ledger_id": account.document.hex(), **row}

    return CashBook({**head, "book": book, **total.json(), "ledgers": ledgers}, rows())


def _accounts(chart: Chart, book: str, name: str) -> list[Account]:
    groups = chart.predefined(*BOOKS[book])
    if not name:
        return [account for account in chart.accounts() if account.group in groups]
    account = chart.find_account(name)
    if account.group not in groups:
        raise NotFound(
            f"{account.name!r} is in {chart.groups[account.group].name}, not below {' or '.join(BOOKS[book])}; "
            "`khata report ledger` shows any ledger"
        )
    return [account]


def _ledger(books: Books, chart: Chart, account: Account, same: list[int], span: Span, sums: Moved) -> Json:
    return {
        "ledger": account.name,
        "ledger_id": account.document.hex(),
        "group": chart.groups[account.group].name,
        **sums.json(),
        "days": list(_days(books, same, span, sums.opening)),
    }


def _days(books: Books, same: list[int], span: Span, balance: int) -> Iterator[Json]:
    """What came in and went out on each day on which anything did, and the balance at its end."""
    condition, values = span.condition(books)
    for date, *sums in books.db.execute(
        f"SELECT date, {sides_sql('amount_e4')} FROM entries e WHERE e.posted=1 AND {condition} "
        f"AND e.ledger IN ({', '.join(map(str, same))}) GROUP BY date ORDER BY date",
        values,
    ).fetchall():
        debit, credit = sides(*sums)
        balance += debit - credit
        yield {
            "date": date,
            "debit": Amount(debit).text,
            "credit": Amount(credit).text,
            "closing": Amount(balance).text,
        }
