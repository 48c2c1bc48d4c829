"""How long reports take over a year's books: `python -m benchmarks.report_times [--vouchers N]`.

The rows are put straight into the tables, because what is measured is reading them: sales of three entries, in four
branches and among five hundred parties, spread over a year.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from khata.beginning import found_books
from khata.books import Books
from khata.entering_masters import add_master
from khata.folder import BooksFolder
from khata.reports.balance_sheet import balance_sheet
from khata.reports.cash_book import cash_book
from khata.reports.day_book import day_book
from khata.reports.group_summary import group_summary
from khata.reports.ledger_statement import statement
from khata.reports.profit_loss import profit_and_loss
from khata.reports.span import Span
from khata.reports.trial_balance import trial_balance
from p2p.chain import BranchAdded
from p2p.founding import append

BRANCHES = ("ho", "pun", "sur", "nag")
PARTIES = 500
RUNS = 7
ALL = Span()
MONTH = Span("2026-06-01", "2026-06-30")


def fill(books: Books, vouchers: int, seed: int) -> None:
    """Put so many sales into the tables, three entries each."""
    for code in BRANCHES[1:]:
        append(books.replica, BranchAdded(time=books.now(), code=code, name=code.title()))
    debtors = books.names.find("group", "Sundry Debtors").document
    with books.writing():
        for number in range(PARTIES):
            add_master(books, "ledger", f"Party {number}", {"group": debtors, "opening": "100.00"})
        for name, group in (("Sales", "Sales Accounts"), ("Output GST", "Duties & Taxes")):
            add_master(books, "ledger", name, {"group": books.names.find("group", group).document})
    with books.replica.transaction():
        _insert(books, vouchers, random.Random(seed))


def _insert(books: Books, vouchers: int, chance: random.Random) -> None:
    db = books.db
    db.executemany("INSERT OR IGNORE INTO branches (code) VALUES (?)", [(code,) for code in BRANCHES])
    branches = [row[0] for row in db.execute("SELECT id FROM branches ORDER BY code").fetchall()]
    parties = [books.names.find("ledger", f"Party {number}").local for number in range(PARTIES)]
    sales, tax, cash = (books.names.find("ledger", name).local for name in ("Sales", "Output GST", "Cash"))
    (scope,) = db.execute("SELECT id FROM scopes ORDER BY id LIMIT 1").fetchone()
    kind = books.names.find("voucher-type", "Sales").local
    heads, entries = [], []
    for row in range(vouchers):
        branch, local = chance.choice(branches), 1_000_000 + row
        day = (date(2026, 4, 1) + timedelta(days=row * 365 // vouchers)).isoformat()
        party = cash if chance.random() < 0.1 else chance.choice(parties)
        amount = chance.randrange(10_000, 1_000_000_000)
        heads.append((local, chance.randbytes(16), scope, branch, f"HO/{row:07}", day, kind, party))
        for line, (ledger, part) in enumerate(((party, amount), (sales, amount // 5 - amount), (tax, -(amount // 5)))):
            entries.append((local, line, ledger, part, day, branch))
    db.executemany(
        "INSERT INTO vouchers (id, document, scope, branch, leg, number, date, base, type, party, reference, "
        "reference_date, narration, effective_date, place_of_supply, party_gstin, registration, cancelled, optional, "
        "posted, late, author, created_ms, changed_ms) "
        "VALUES (?, ?, ?, ?, '', ?, ?, 'sales', ?, ?, '', '', '', '', '', '', '', 0, 0, 1, 0, x'00', 0, 0)",
        heads,
    )
    db.executemany(
        "INSERT INTO entries (voucher, line, ledger, amount_e4, date, branch, posted, gst_rate) "
        "VALUES (?, ?, ?, ?, ?, ?, 1, '')",
        entries,
    )


def reports(books: Books) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What is measured, by name."""
    yield "trial balance, consolidated", lambda: trial_balance(books)
    yield "trial balance, one branch", lambda: trial_balance(books, Span(branch="pun"))
    yield "trial balance, one month", lambda: trial_balance(books, MONTH)
    yield "trial balance, one month of one branch", lambda: trial_balance(books, MONTH._replace(branch="pun"))
    yield "profit and loss, consolidated", lambda: profit_and_loss(books)
    yield "balance sheet, one branch", lambda: balance_sheet(books, Span(branch="pun"))
    yield "group summary, Sundry Debtors", lambda: group_summary(books, "Sundry Debtors")
    yield "statement of one party, all rows", lambda: list(statement(books, "Party 7", ALL).rows)
    yield "day book of one day", lambda: list(day_book(books, Span("2026-06-01", "2026-06-01")).rows)
    yield "day book of the year, all rows", lambda: sum(1 for _ in day_book(books).rows)
    yield "cash book of the year, all rows", lambda: sum(1 for _ in cash_book(books, "cash").rows)


def milliseconds(report: Callable[[], Any]) -> float:
    """The median time of a report, in milliseconds."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter_ns()
        report()
        times.append((time.perf_counter_ns() - began) / 1e6)
    return median(times)


def main() -> None:
    """Fill books in a temporary folder, and print how long each report over them takes."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--vouchers", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        books = found_books(BooksFolder(Path(folder)), "Sharma Traders", "Head Office", "HO", "asha").books
        fill(books, wanted.vouchers, wanted.seed)
        for name, report in reports(books):
            print(f"{name:45} {milliseconds(report):9.1f} ms")
        books.close()


if __name__ == "__main__":
    main()
