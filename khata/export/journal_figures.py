"""What every journal states of its accounts: how each is called there, how it opens and how it has to close.

The closing figures are those of the trial balance, and the vouchers between are written one by one: so a program that
checks them proves that both say the same.
"""

from typing import Final, NamedTuple

from crdt_models.masters import master_id
from khata.books import Books
from khata.export.journal_accounts import EQUITY, Place, Spell, account_names, place_of
from khata.reports.balances import OPENING_DIFFERENCE, moved, opening_stock
from khata.reports.chart import Chart
from khata.reports.span import Span

OPENING_STOCK: Final = "Opening Stock"
STOCK_IN_HAND: Final = "Stock-in-Hand"

_STOCK: Final = -1
_DIFFERENCE: Final = -2
"""Keys beside the local ids of ledgers, which are positive."""


class JournalAccount(NamedTuple):
    """One account of a journal.

    Attributes:
        name: as the journal calls it.
        title: as people call it.
        id: the ledger's id in hex; empty for what is no ledger.
        opening, closing: ten-thousandths, debit positive.
    """

    name: str
    title: str
    id: str
    opening: int
    closing: int


class Figures(NamedTuple):
    """The accounts of a journal by name, and when it begins and ends.

    Attributes:
        names: the name of each account by the local id of every ledger that reads as it.
        since, until: the dates of the openings and of the balances at the end.
        places: how many decimals the amounts need: 2 or 4.
    """

    accounts: list[JournalAccount]
    names: dict[int, str]
    since: str
    until: str
    places: int


def figures(books: Books, span: Span, spell: Spell) -> Figures:
    """The figures of a span of the books; the openings add up to nothing, and so do the closings.

    Raises:
        BadValue, NotFound: see `Span.condition`.

    Cost: two passes over an index of the entries, some µs a ledger.
    """
    chart = Chart(books)
    parts = moved(books, chart, span)
    stock = 0 if span.branch else opening_stock(books)
    difference = -sum(part.opening for part in parts.values()) - stock
    beside = [(Place(_STOCK, _stock_place(books, chart), b""), stock)]
    beside.append((Place(_DIFFERENCE, (EQUITY, OPENING_DIFFERENCE), b""), difference))
    names = account_names([*map(place_of, chart.accounts()), *(place for place, _ in beside)], spell)
    accounts = [
        JournalAccount(names[account.local], account.name, account.document.hex(), part.opening, part.closing)
        for account, part in parts.items()
    ]
    accounts += [JournalAccount(names[place.key], place.parts[-1], "", sum_, sum_) for place, sum_ in beside if sum_]
    accounts.sort(key=lambda account: account.name)
    by_ledger = {local: names[chart.account(local).local] for local in books.names.masters("ledger")}
    return Figures(accounts, by_ledger, *_dates(books, span), _places(books, accounts))


def _stock_place(books: Books, chart: Chart) -> tuple[str, ...]:
    """Where the opening stock stands: in the group of stock, wherever that was moved to."""
    group = books.names.by_document("group", master_id(books.company, "group", STOCK_IN_HAND))
    path: tuple[str, ...] = ("Current Assets", STOCK_IN_HAND)
    if group is not None:
        path = chart.groups[books.names.effective("group", group.local)].path
    return ("Assets", *path, OPENING_STOCK)


def _dates(books: Books, span: Span) -> tuple[str, str]:
    """When the journal opens and closes: around all its vouchers, even those dated before the books began."""
    condition, values = span.condition(books, "date", "branch")
    first, last = books.db.execute(
        f"SELECT min(date), max(date) FROM vouchers WHERE posted=1 AND {condition}", values
    ).fetchone()
    (began,) = books.db.execute("SELECT min(books_from) FROM companies WHERE present AND books_from<>''").fetchone()
    since = span.since or min(filter(None, (first, began)), default=span.until or "1970-01-01")
    return since, max(since, last or since)


def _places(books: Books, accounts: list[JournalAccount]) -> int:
    if any(account.opening % 100 or account.closing % 100 for account in accounts):
        return 4
    finer = books.db.execute("SELECT 1 FROM entries WHERE posted=1 AND amount_e4%100<>0 LIMIT 1").fetchone()
    return 2 if finer is None else 4
