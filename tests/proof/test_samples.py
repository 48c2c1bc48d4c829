"""What other people's Tally exported, imported and exported again: three programs find the balances khata states."""

from decimal import Decimal

import pytest

from khata.importing import carry_out, plan_import
from khata.reports.span import Span
from tests.khata.company import a_company
from tests.proof.checkers import ROOT, bean_check, by_beancount, by_hledger, by_ledger
from tests.proof.proving import exported, prove

SAMPLE = ROOT / "khata" / "sample_data"
DATA = ROOT / "tests" / "data" / "tally"


def imported(paths):
    books = a_company()
    carry_out(books, plan_import(books, paths))
    return books


def published():
    """Every file of masters and vouchers that was published, as one company."""
    reports = ("balance", "summary", "allfields", "tds")
    return [path for path in sorted(DATA.glob("*/*.xml")) if not any(word in path.name for word in reports)]


@pytest.mark.parametrize("name", ["bridge", "tally-mcp"])
def test_the_companies_of_the_demo(name, tmp_path):
    books = imported(sorted((SAMPLE / name).glob("*.xml")))
    balances = prove(books, tmp_path)
    assert len(balances) > 4
    assert any(balances.values())
    bean_check(exported(books, tmp_path)[1])


def test_everything_that_was_published_in_one_set_of_books(tmp_path):
    books = imported(published())
    balances = prove(books, tmp_path)
    assert balances["Opening Stock"]
    assert balances["Difference in opening balances"]
    days = books.db.execute("SELECT DISTINCT date FROM vouchers WHERE posted=1 ORDER BY date").fetchall()
    (middle,) = days[len(days) // 2]
    prove(books, tmp_path, Span(since=middle))
    prove(books, tmp_path, Span(until=middle))
    assert prove(books, tmp_path, Span(branch="Head Office")).keys() < balances.keys()


def test_a_wrong_balance_is_found_by_each_of_them(tmp_path):
    """The proof can fail: one paisa more in one line, and nobody accepts the file."""
    books = imported(sorted((SAMPLE / "tally-mcp").glob("*.xml")))
    expected = prove(books, tmp_path)
    for path in exported(books, tmp_path):
        text = path.read_text(encoding="utf-8")
        assert text.count(" 7000.00 INR") >= 2
        path.write_text(text.replace(" 7000.00 INR", " 7000.01 INR", 1), encoding="utf-8")
    assert Decimal("7000.00") in expected.values()
    for check, name in ((by_hledger, "journal"), (by_ledger, "journal"), (by_beancount, "beancount")):
        with pytest.raises(AssertionError, match="refuses the file"):
            check(tmp_path / f"books.{name}")
