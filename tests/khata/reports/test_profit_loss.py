"""Profit and loss and the balance sheet: what was earned, what is owned, and where each figure comes from."""

from typing import Any

import pytest

from crdt_models.errors import BadValue
from khata.books import Books
from khata.entering_masters import alter_master
from khata.errors import NotFound
from khata.reports.balance_sheet import balance_sheet
from khata.reports.profit_loss import profit_and_loss
from khata.reports.span import Span
from tests.khata.company import a_branch, a_company, ledger, put, sync, voucher
from tests.khata.stock import a_stockist, moved


def a_trader() -> Books:
    """100 of soap bought for 1,000 in April, 60 of it sold for 900 in May, rent and commission in June."""
    books = a_stockist("Soap")
    ledger(books, "Rent", "Indirect Expenses")
    ledger(books, "Freight", "Direct Expenses")
    ledger(books, "Commission", "Indirect Incomes")
    moved(books, "Purchase", "Soap 100 = 1000", "2026-04-10")
    voucher(books, "Payment", "Freight 50 / Cash -50", "2026-04-11")
    moved(books, "Sales", "Soap -60 = 900", "2026-05-10")
    voucher(books, "Payment", "Rent 70 / Cash -70", "2026-06-01")
    voucher(books, "Receipt", "Cash 30 / Commission -30", "2026-06-02")
    return books


def figures(report: dict[str, Any]) -> dict[str, str]:
    """The figures of a profit and loss account, without the groups behind them."""
    parts = {key: value["amount"] for key, value in report.items() if isinstance(value, dict)}
    plain = ("opening_stock", "closing_stock", "gross_profit", "net_profit")
    return {**parts, **{key: report[key] for key in plain}}


def test_gross_profit_counts_goods_and_net_profit_everything():
    assert figures(profit_and_loss(a_trader())) == {
        "direct_income": "900.00",
        "closing_stock": "400.00",
        "opening_stock": "0.00",
        "direct_expenses": "1050.00",
        "gross_profit": "250.00",
        "indirect_income": "30.00",
        "indirect_expenses": "70.00",
        "net_profit": "210.00",
    }


def test_a_month_begins_with_the_stock_that_the_one_before_left():
    report = profit_and_loss(a_trader(), Span("2026-05-01", "2026-05-31"))
    assert figures(report) == {
        "direct_income": "900.00",
        "closing_stock": "400.00",
        "opening_stock": "1000.00",
        "direct_expenses": "0.00",
        "gross_profit": "300.00",
        "indirect_income": "0.00",
        "indirect_expenses": "0.00",
        "net_profit": "300.00",
    }


def test_each_figure_names_the_groups_and_ledgers_behind_it():
    books = a_trader()
    (group,) = profit_and_loss(books)["indirect_expenses"]["groups"]
    (row,) = group["ledgers"]
    assert (group["group"], group["depth"], group["amount"]) == ("Indirect Expenses", 0, "70.00")
    assert group["group_id"] == books.names.find("group", "Indirect Expenses").document.hex()
    assert row == {"ledger": "Rent", "ledger_id": books.names.find("ledger", "Rent").document.hex(), "amount": "70.00"}


def test_a_user_group_decides_by_its_primary_group_whether_it_is_gross():
    books = a_company()
    put(books, "masters/group", "group", b"g" * 16, name="Scrap", nature="income", affects_gross_profit=True)
    ledger(books, "Scrap sold", "Scrap")
    voucher(books, "Receipt", "Cash 5 / Scrap sold -5")
    assert profit_and_loss(books)["gross_profit"] == "5.00"


def test_the_balance_sheet_shows_the_profit_before_and_since():
    report = balance_sheet(a_trader(), Span("2026-05-01"))
    assert report["liabilities"]["profit_and_loss"] == {
        "account": "0.00", "brought_forward": "-50.00", "period": "260.00", "amount": "210.00",
    }  # fmt: skip
    assert report["assets"]["closing_stock"] == "400.00"
    assert report["assets"]["amount"] == report["liabilities"]["amount"] == "1210.00"


def test_the_profit_of_earlier_years_is_the_account_under_primary():
    books = a_company()
    alter_master(books, "ledger", "Profit & Loss A/c", {"opening": "-100"})
    alter_master(books, "ledger", "Cash", {"opening": "100"})
    report = balance_sheet(books)
    assert report["liabilities"]["profit_and_loss"]["account"] == "100.00"
    assert report["liabilities"]["groups"] == []
    assert report["assets"]["amount"] == report["liabilities"]["amount"] == "100.00"


@pytest.mark.parametrize(("opening", "side"), [("80", "liabilities"), ("-80", "assets")])
def test_what_the_openings_lack_stands_on_the_side_that_lacks_it(opening, side):
    books = a_company()
    alter_master(books, "ledger", "Cash", {"opening": opening})
    report = balance_sheet(books)
    assert report[side]["difference_in_openings"] == "80.00"
    assert report["assets"]["amount"] == report["liabilities"]["amount"]


def test_a_ledger_that_stands_in_no_group_is_still_in_the_balance_sheet():
    books = a_company()
    put(books, "masters/ledger", "ledger", b"l" * 16, name="Loose")
    voucher(books, "Receipt", "Cash 5 / Loose -5")
    (primary,) = balance_sheet(books)["liabilities"]["groups"]
    assert (primary["group"], primary["group_id"], primary["amount"]) == ("Primary", "", "5.00")
    assert [row["ledger"] for row in primary["ledgers"]] == ["Loose"]


def test_a_branch_has_what_was_posted_there_and_no_openings():
    office = a_company()
    ledger(office, "Sales", "Sales Accounts")
    alter_master(office, "ledger", "Cash", {"opening": "100"})
    pune = a_branch(office, "Pune")
    voucher(office, "Receipt", "Cash 7 / Sales -7")
    voucher(pune, "Receipt", "Cash 5 / Sales -5")
    sync(office, pune)
    for branch, earned, owned in (("Pune", "5.00", "5.00"), ("HO", "7.00", "7.00"), ("", "12.00", "112.00")):
        span = Span(branch=branch)
        assert profit_and_loss(office, span)["net_profit"] == earned
        report = balance_sheet(office, span)
        assert report["assets"]["amount"] == report["liabilities"]["amount"] == owned
        assert report["openings"] == (not branch)


def test_a_wrong_date_branch_or_method_is_refused():
    books = a_company()
    with pytest.raises(BadValue, match="not a date"):
        profit_and_loss(books, Span("1.4.2026"))
    with pytest.raises(NotFound, match="Nagpur"):
        balance_sheet(books, Span(branch="Nagpur"))
    with pytest.raises(BadValue, match="lifo"):
        balance_sheet(books, method="lifo")


def test_the_first_of_all_days_has_nothing_before_it():
    books = a_trader()
    assert profit_and_loss(books, Span("0001-01-01"))["net_profit"] == profit_and_loss(books)["net_profit"]
