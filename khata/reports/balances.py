"""What every report of balances is made of: how each ledger opened, and what moved it.

Opening balances are kept with the masters and are the company's, not a branch's: they count in the consolidated books
and in no branch. A branch begins at nothing and shows what was posted in it, so that the consolidated books are the sum
of the branches and the openings.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from crdt_models.money import Amount
from khata.books import Books
from khata.reports.chart import Account, Chart
from khata.reports.span import Span, branch_code
from khata.sums import joined, sides, sides_sql, sum_sql

Json = dict[str, Any]

OPENING_DIFFERENCE: Final = "Difference in opening balances"

_OPENING_VALUE: Final = "((o.value_e4+CASE WHEN o.value_e4<0 THEN -50 ELSE 50 END)/100*100)"
"""To the paisa, half away from nothing: SQLite divides whole numbers towards nothing."""


class Moved(NamedTuple):
    """What a ledger, or several together, came to, in ten-thousandths.

    Attributes:
        opening: the balance before the first day, debit positive.
        debit, credit: what was booked on each side since; neither is negative.
    """

    opening: int = 0
    debit: int = 0
    credit: int = 0

    @property
    def closing(self) -> int:
        """The balance at the end of the last day, debit positive."""
        return self.opening + self.debit - self.credit

    def plus(self, other: "Moved") -> "Moved":
        """Both together."""
        return Moved(self.opening + other.opening, self.debit + other.debit, self.credit + other.credit)

    def json(self) -> Json:
        """The four figures as text: opening and closing debit positive, the two sides without sign."""
        return {
            "opening": Amount(self.opening).text,
            "debit": Amount(self.debit).text,
            "credit": Amount(self.credit).text,
            "closing": Amount(self.closing).text,
        }


def heading(books: Books, span: Span) -> Json:
    """What a report says about its range; the branch by its code, empty when the books are consolidated.

    `openings` says whether opening balances are in it.

    Raises:
        BadValue: a bound is not a date.
        NotFound: the company has no such branch.
    """
    span.condition(books)
    return {
        "from": span.since,
        "to": span.until,
        "branch": branch_code(books, span.branch) if span.branch else "",
        "openings": not span.branch,
    }


def moved(books: Books, chart: Chart, span: Span, ledgers: Sequence[int] | None = None) -> dict[Account, Moved]:
    """Every account that was opened with a balance or moved by the end of the span, merged ledgers as one.

    Args:
        ledgers: only these, by local id.

    Raises:
        BadValue, NotFound: see `Span.condition`.

    Cost: one pass over an index, about 150 ns an entry.
    """
    found: dict[Account, Moved] = {}

    def add(ledger: int, part: Moved) -> None:
        account = chart.account(ledger)
        before = found.get(account)
        found[account] = part if before is None else before.plus(part)

    among = "1" if ledgers is None else f"ledger IN ({', '.join(map(str, ledgers))})"
    condition, values = span.condition(books)
    for ledger, debit, credit in _sides(books, f"{among} AND {condition}", values):
        add(ledger, Moved(0, debit, credit))
    if span.since:
        condition, values = span._replace(since="", until="").condition(books)
        for ledger, debit, credit in _sides(books, f"{among} AND {condition} AND e.date<?", [*values, span.since]):
            add(ledger, Moved(debit - credit))
    if not span.branch:
        for ledger, opening in openings(books):
            if ledgers is None or ledger in ledgers:
                add(ledger, Moved(opening))
    return found


def _sides(books: Books, condition: str, values: list[Any]) -> list[tuple[int, int, int]]:
    """Local id, debit and credit of every ledger with posted entries that meet a condition."""
    rows = books.db.execute(
        f"SELECT ledger, {sides_sql('amount_e4')} FROM entries e WHERE e.posted=1 AND {condition} GROUP BY ledger",
        values,
    )
    return [(ledger, *sides(*sums)) for ledger, *sums in rows]


def openings(books: Books) -> list[tuple[int, int]]:
    """Local id and opening balance of every ledger that has one.

    That of a deleted ledger counts as long as an entry on it does: in every range, or reports would not agree.
    """
    return books.db.execute(
        "SELECT id, opening_e4 FROM ledgers l WHERE opening_e4<>0 AND present AND (NOT deleted OR EXISTS "
        "(SELECT 1 FROM entries e WHERE e.posted=1 AND e.ledger=l.id))"
    ).fetchall()


def opening_stock(books: Books) -> int:
    """What the stock was worth when the books began, in ten-thousandths; like openings, it is no branch's.

    Each value is rounded to the paisa as the valuation of stock rounds it, so that both begin with the same.
    """
    sums = sum_sql(_OPENING_VALUE)
    row = books.db.execute(
        f"SELECT {sums} FROM opening_stock o JOIN stock_items i ON i.id=o.item WHERE i.present AND (NOT i.deleted "
        "OR EXISTS (SELECT 1 FROM stock_lines s WHERE s.posted=1 AND s.item=i.id))"
    ).fetchone()
    return joined(*row)
