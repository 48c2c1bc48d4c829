"""The balance sheet: what the company owns and owes at the end of a day, the profit so far among it.

Both sides agree whatever was entered: every posted voucher balances, the profit is what income and expenses come to
with the change in stock, and what the opening balances lack is a line of its own.
"""

from typing import Any

from crdt_models.money import Amount
from khata.books import Books
from khata.reports.balances import heading, moved, opening_stock
from khata.reports.chart import Chart, Nature
from khata.reports.profit_loss import AVERAGE, earned, stock_at_ends
from khata.reports.sections import Section, section
from khata.reports.span import EVERYTHING, Span

Json = dict[str, Any]


def balance_sheet(books: Books, span: Span = EVERYTHING, method: str = AVERAGE) -> Json:
    """Assets and liabilities by group and ledger, each positive on its own side, and both totals, which are equal.

    With a first day the profit is split into that of earlier days (`brought_forward`) and that of the range; balances
    are those at the end of the last day either way.

    Args:
        method: how stock is valued, see `stock_value`.

    Raises:
        BadValue: a bound is not a date, or there is no such method.
        NotFound: the company has no such branch.
    """
    head = heading(books, span)
    chart = Chart(books)
    found = moved(books, chart, span)
    closing = {account: sums.closing for account, sums in found.items()}
    kept = {account: amount for account, amount in closing.items() if not account.profit_and_loss}
    account = -sum(amount for account, amount in closing.items() if account.profit_and_loss)
    stock, period = stock_at_ends(books, span, method), earned(found, span)
    at_start = 0 if span.branch else opening_stock(books)
    gained = -sum(period.values()) + stock.closing - stock.opening
    whole = earned(found, span._replace(since=""))
    earlier = -sum(whole.values()) + stock.closing - at_start - gained
    difference = -sum(closing.values()) - at_start

    def side(nature: Nature, sign: int) -> Section:
        return section(chart, kept, lambda it: it.nature == nature, sign)

    assets, liabilities = side("assets", 1), side("liabilities", -1)
    lacking, surplus = max(difference, 0), max(-difference, 0)
    return {
        **head,
        "stock_method": method,
        "assets": {
            "groups": assets.groups,
            "closing_stock": Amount(stock.closing).text,
            "difference_in_openings": Amount(lacking).text,
            "amount": Amount(assets.total + stock.closing + lacking).text,
        },
        "liabilities": {
            "groups": liabilities.groups,
            "profit_and_loss": {
                "account": Amount(account).text,
                "brought_forward": Amount(earlier).text,
                "period": Amount(gained).text,
                "amount": Amount(account + earlier + gained).text,
            },
            "difference_in_openings": Amount(surplus).text,
            "amount": Amount(liabilities.total + account + earlier + gained + surplus).text,
        },
    }
