"""The profit and loss account: income and expenses of a range of dates, the stock at both ends, and what is left."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from crdt_models.money import Amount
from khata.books import Books
from khata.reports.balances import Moved, heading, moved, opening_stock
from khata.reports.chart import Account, Chart, GroupNode, Nature
from khata.reports.sections import Section, section
from khata.reports.span import EVERYTHING, Span
from khata.reports.stock_value import stock_value, stock_values

Json = dict[str, Any]

AVERAGE = "average"
"""How stock is valued unless somebody asks for another way."""


_FIRST_DAY = date.min.isoformat()


class StockAtEnds(NamedTuple):
    """What the stock was worth before the first day and after the last, in ten-thousandths."""

    opening: int
    closing: int


def profit_and_loss(books: Books, span: Span = EVERYTHING, method: str = AVERAGE) -> Json:
    """Income and expenses by group and ledger, the gross and the net profit.

    Income, expenses, stock and profits read as people say them: earned, spent and gained are positive. Gross profit is
    what affects it (sales, purchases, direct income and expenses) with the change in stock; net profit is that with
    everything else. Without a first day the opening balances of such ledgers count too.

    Args:
        method: how stock is valued, see `stock_value`.

    Raises:
        BadValue: a bound is not a date, or there is no such method.
        NotFound: the company has no such branch.
    """
    head = heading(books, span)
    chart = Chart(books)
    amounts = earned(moved(books, chart, span), span)
    stock = stock_at_ends(books, span, method)

    def part(nature: Nature, direct: bool, sign: int) -> Section:
        def belongs(it: Account | GroupNode) -> bool:
            return it.nature == nature and it.affects_gross_profit == direct

        return section(chart, amounts, belongs, sign)

    direct_income, direct_expenses = part("income", True, -1), part("expenses", True, 1)
    indirect_income, indirect_expenses = part("income", False, -1), part("expenses", False, 1)
    gross = direct_income.total + stock.closing - stock.opening - direct_expenses.total
    return {
        **head,
        "stock_method": method,
        "opening_stock": Amount(stock.opening).text,
        "direct_expenses": direct_expenses.json(),
        "direct_income": direct_income.json(),
        "closing_stock": Amount(stock.closing).text,
        "gross_profit": Amount(gross).text,
        "indirect_expenses": indirect_expenses.json(),
        "indirect_income": indirect_income.json(),
        "net_profit": Amount(gross + indirect_income.total - indirect_expenses.total).text,
    }


def earned(found: Mapping[Account, Moved], span: Span) -> dict[Account, int]:
    """What the income and expenses within a span come to, by account, debit positive."""
    return {
        account: sums.closing - (sums.opening if span.since else 0)
        for account, sums in found.items()
        if account.nature in ("income", "expenses") and (sums.debit or sums.credit or not span.since)
    }


def stock_at_ends(books: Books, span: Span, method: str = AVERAGE) -> StockAtEnds:
    """The value of the stock at both ends of a span.

    Opening stock, like opening balances, is the company's: a branch begins with none.

    Raises:
        BadValue, NotFound: see `profit_and_loss`.
    """
    if span.since > _FIRST_DAY:
        return StockAtEnds(*stock_values(books, [day_before(span.since), span.until], span.branch, method))
    opening = 0 if span.branch else opening_stock(books)
    return StockAtEnds(opening, stock_value(books, span.until, span.branch, method))


def day_before(day: str) -> str:
    """The date before a date."""
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()
