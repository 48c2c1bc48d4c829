"""The trial balance: what the posted entries come to, ledger by ledger.

Merged ledgers are one line; a ledger that has not arrived is a line of its own under suspense, so that nothing entered
is ever missing from the totals.
"""

from typing import Any, Final

from crdt_models.money import Amount
from khata.books import Books
from khata.reports.balances import OPENING_DIFFERENCE, Moved, heading, moved, opening_stock
from khata.reports.chart import Account, Chart
from khata.reports.span import EVERYTHING, Span

Json = dict[str, Any]

OPENING_STOCK: Final = "Opening Stock"
STOCK_IN_HAND: Final = "Stock-in-Hand"


def trial_balance(books: Books, span: Span = EVERYTHING) -> Json:
    """The balance of every ledger that has one or ever moved, with the totals of both sides, which agree.

    `debit` and `credit` of a row are the balance at the end, on its side; `opening` (debit positive) is the balance
    before the first day, `moved_debit` and `moved_credit` what was booked in between. `ledger_id` is the ledger's
    document: `khata report ledger <ledger_id>` shows the entries behind its row.

    Opening balances and opening stock are the company's and stand in the consolidated books only: a branch shows what
    was posted in it.

    Raises:
        BadValue: a bound is not a date.
        NotFound: the company has no such branch.

    Cost: one pass over an index, 150 ns an entry.
    """
    head = heading(books, span)
    chart = Chart(books)
    found = moved(books, chart, span)
    rows = [_row(account.name, chart.groups[account.group].name, sums, account) for account, sums in found.items()]
    stock = 0 if span.branch else opening_stock(books)
    if stock:
        rows.append(_row(OPENING_STOCK, STOCK_IN_HAND, Moved(stock)))
    rows.sort(key=lambda row: (row["group"], row["ledger"], row["ledger_id"]))
    closings = [sums.closing for sums in found.values()]
    difference = -sum(closings) - stock
    if difference:
        rows.append(_row(OPENING_DIFFERENCE, "", Moved(difference)))
    total = sum(closing for closing in (*closings, stock, difference) if closing > 0)
    return {
        **head,
        "rows": rows,
        "debit": Amount(total).text,
        "credit": Amount(total).text,
        "moved_debit": Amount(sum(sums.debit for sums in found.values())).text,
        "moved_credit": Amount(sum(sums.credit for sums in found.values())).text,
    }


def _row(ledger: str, group: str, sums: Moved, account: Account | None = None) -> Json:
    return {
        "ledger": ledger,
        "group": group,
        "debit": Amount(max(sums.closing, 0)).text,
        "credit": Amount(max(-sums.closing, 0)).text,
        "opening": Amount(sums.opening).text,
        "moved_debit": Amount(sums.debit).text,
        "moved_credit": Amount(sums.credit).text,
        "ledger_id": "" if account is None else account.document.hex(),
    }
