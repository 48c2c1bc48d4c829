"""Books on trial: exported in every form, checked by all three programs, compared with khata's own trial balance."""

from decimal import Decimal
from pathlib import Path

from khata.books import Books
from khata.export.beancount import write_beancount
from khata.export.journal import write_journal
from khata.export.out_file import export
from khata.reports.span import EVERYTHING, Span
from khata.reports.trial_balance import trial_balance
from tests.proof.checkers import Balances, by_beancount, by_hledger, by_ledger


def stated(books: Books, span: Span = EVERYTHING) -> Balances:
    """What `report trial-balance` says, ledger by ledger."""
    rows = trial_balance(books, span)["rows"]
    found = {row["ledger_id"] or row["ledger"]: Decimal(row["debit"]) - Decimal(row["credit"]) for row in rows}
    assert len(found) == len(rows)
    assert sum(found.values()) == 0
    return found


def exported(books: Books, folder: Path, span: Span = EVERYTHING) -> tuple[Path, Path]:
    """The journal and the beancount file of a span."""
    journal, beans = folder / "books.journal", folder / "books.beancount"
    export(books, str(journal), lambda books, out, step: write_journal(books, out, span, step), force=True)
    export(books, str(beans), lambda books, out, step: write_beancount(books, out, span, step), force=True)
    return journal, beans


def prove(books: Books, folder: Path, span: Span = EVERYTHING) -> Balances:
    """Fail unless all three programs accept the books and find every balance as khata does, to the ten-thousandth."""
    expected = stated(books, span)
    journal, beans = exported(books, folder, span)
    assert by_hledger(journal) == expected
    assert by_ledger(journal) == expected
    assert by_beancount(beans) == expected
    return expected
