"""One ledger's entries in order, with the balance after each."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from crdt_models.money import Amount
from khata.books import Books
from khata.listing import same_masters
from khata.reports.balances import Moved, heading, moved
from khata.reports.chart import Account, Chart
from khata.reports.span import EVERYTHING, Span
from khata.reports.voucher_parts import Row, VoucherParts, batches

Json = dict[str, Any]


class Statement(NamedTuple):
    """A ledger's statement: what it comes to, known at once, and its rows, which are read as they are taken.

    Attributes:
        head: name, id, range, opening and closing balance, and both sides, as JSON.
        rows: in order of date, number and id; to be taken once, while nothing is written to the books.
    """

    account: Account
    head: Json
    rows: Iterator[Json]


def statement(books: Books, name: str, span: Span = EVERYTHING) -> Statement:
    """One ledger's entries in order of date, with the balance after each.

    A row names its voucher by `id`, the accounts on the other side (`particulars`), the bills it settles and the
    instruments it was paid by. The statement of a branch begins with what was posted there before the first day:
    opening balances are the company's, and stand in the consolidated statement only.

    Args:
        name: the ledger, as a person writes it, or its id in hex, which may be of one that has not arrived.

    Raises:
        NotFound, Ambiguous: the name means no ledger, or several; or there is no such branch.
        BadValue: a bound is not a date.

    Cost: a sum over the ledger's part of an index, then 30 µs for each row that is taken.
    """
    chart = Chart(books)
    return statement_of(books, chart, chart.find_account(name), span)


def statement_of(books: Books, chart: Chart, account: Account, span: Span) -> Statement:
    """The statement of an account of the chart; see `statement`."""
    same = same_masters(books, "ledger", account.local)
    sums = moved(books, chart, span, same).get(account, Moved())
    head = {
        "ledger": account.name,
        "ledger_id": account.document.hex(),
        "group": chart.groups[account.group].name,
        **heading(books, span),
        **sums.json(),
    }
    return Statement(account, head, _rows(books, account, same, span, sums.opening))


def ledger_statement(books: Books, name: str, span: Span = EVERYTHING) -> Json:
    """A ledger's statement with all its rows at once; see `statement`."""
    found = statement(books, name, span)
    return {**found.head, "rows": list(found.rows)}


def _rows(books: Books, account: Account, same: list[int], span: Span, balance: int) -> Iterator[Json]:
    condition, values = span.condition(books)
    cursor = books.db.execute(
        "SELECT e.voucher, e.line, e.date, e.amount_e4, v.type, v.number, v.document, v.narration, v.leg, b.code "
        "FROM entries e JOIN vouchers v ON v.id=e.voucher JOIN scopes s ON s.id=v.scope "
        f"JOIN branches b ON b.id=e.branch WHERE e.posted=1 AND e.ledger IN ({', '.join(map(str, same))}) "
        f"AND {condition} ORDER BY e.date, v.number, v.document, s.path, v.leg, e.line",
        values,
    )
    for batch in batches(cursor):
        parts = VoucherParts(books, {row[0] for row in batch})
        bills, instruments = parts.bills(), parts.instruments()
        for row in batch:
            balance += row[3]
            yield {
                **_row(books, row, balance),
                "particulars": parts.against(row[0], account.local, row[3]),
                "bills": bills.get(row[:2], []),
                "instruments": instruments.get(row[:2], []),
            }


def _row(books: Books, row: Row, balance: int) -> Json:
    _, _, date, amount, kind, number, document, narration, leg, branch = row
    return {
        "date": date,
        "type": books.names.label("voucher-type", kind),
        "number": number,
        "id": document.hex(),
        "leg": leg,
        "branch": branch,
        "narration": narration,
        "amount": Amount(amount).text,
        "balance": Amount(balance).text,
    }
