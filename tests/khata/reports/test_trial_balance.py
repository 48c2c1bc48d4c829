"""Trial balance and ledger statement: exact, complete, agreeing, the same everywhere."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.errors import BadValue
from khata.entering import cancel
from khata.entering_masters import alter_master, merge_masters
from khata.errors import NotFound
from khata.listing import Filter, list_vouchers
from khata.reports.ledger_statement import ledger_statement
from khata.reports.span import Span
from khata.reports.trial_balance import trial_balance
from tests.khata.company import a_branch, a_company, alter, found, ledger, put, sync, voucher

NAMES = ["Cash", "Asha Stores", "Sales"]


def a_shop():
    books = a_company()
    ledger(books, "Asha Stores")
    ledger(books, "Sales", "Sales Accounts")
    return books


def balances(report: dict[str, Any]) -> dict[str, Decimal]:
    return {row["ledger"]: Decimal(row["debit"]) - Decimal(row["credit"]) for row in report["rows"]}


def test_a_trial_balance_has_each_ledger_with_its_group_on_its_side():
    books = a_shop()
    voucher(books, "Sales", "Asha Stores 590.50 / Sales -590.50")
    voucher(books, "Receipt", "Cash 90.50 / Asha Stores -90.50")
    report = trial_balance(books)
    assert [(row["ledger"], row["group"], row["debit"], row["credit"]) for row in report["rows"]] == [
        ("Cash", "Cash-in-Hand", "90.50", "0.00"),
        ("Sales", "Sales Accounts", "0.00", "590.50"),
        ("Asha Stores", "Sundry Debtors", "500.00", "0.00"),
    ]
    assert (report["debit"], report["credit"]) == ("590.50", "590.50")
    assert (report["moved_debit"], report["moved_credit"]) == ("681.00", "681.00")


def test_the_balance_on_a_date_leaves_out_what_came_later():
    books = a_shop()
    voucher(books, "Sales", "Asha Stores 100 / Sales -100", date="2026-04-30")
    voucher(books, "Sales", "Asha Stores 7 / Sales -7", date="2026-05-01")
    assert trial_balance(books, Span(until="2026-04-30"))["debit"] == "100.00"
    assert trial_balance(books, Span(until="2026-04-29"))["rows"] == []
    with pytest.raises(BadValue):
        trial_balance(books, Span(until="30.4.2026"))


def test_a_range_that_ends_before_it_begins_is_refused():
    books = a_shop()
    assert trial_balance(books, Span("2026-04-30", "2026-04-30"))["rows"] == []
    with pytest.raises(BadValue, match="from 2026-05-01 to 2026-04-30"):
        trial_balance(books, Span("2026-05-01", "2026-04-30"))


def test_a_range_shows_what_was_before_and_what_moved():
    books = a_shop()
    alter_master(books, "ledger", "Asha Stores", {"opening": "1000"})
    voucher(books, "Sales", "Asha Stores 100 / Sales -100", date="2026-04-30")
    voucher(books, "Sales", "Asha Stores 7 / Sales -7", date="2026-05-01")
    voucher(books, "Receipt", "Cash 9 / Asha Stores -9", date="2026-05-31")
    voucher(books, "Receipt", "Cash 9 / Asha Stores -9", date="2026-06-01")
    report = trial_balance(books, Span("2026-05-01", "2026-05-31"))
    (row,) = (row for row in report["rows"] if row["ledger"] == "Asha Stores")
    assert (row["opening"], row["moved_debit"], row["moved_credit"], row["debit"]) == (
        "1100.00", "7.00", "9.00", "1098.00",
    )  # fmt: skip
    assert row["ledger_id"] == books.names.find("ledger", "Asha Stores").document.hex()
    assert (report["from"], report["to"], report["moved_debit"]) == ("2026-05-01", "2026-05-31", "16.00")


def test_a_branch_shows_what_was_posted_there_without_openings():
    office = a_shop()
    alter_master(office, "ledger", "Asha Stores", {"opening": "1000"})
    pune = a_branch(office, "Pune")
    voucher(office, "Sales", "Asha Stores 100 / Sales -100")
    voucher(pune, "Sales", "Asha Stores 7 / Sales -7")
    sync(office, pune)
    for name in ("Pune", "pun", "PUN"):
        assert balances(trial_balance(office, Span(branch=name))) == {"Asha Stores": 7, "Sales": -7}
    assert not trial_balance(office, Span(branch="Pune"))["openings"]
    whole = trial_balance(office)
    assert balances(whole) == {"Asha Stores": 1107, "Sales": -107, "Difference in opening balances": -1000}
    assert (whole["branch"], whole["openings"]) == ("", True)
    with pytest.raises(NotFound, match="known are Head Office, Pune"):
        trial_balance(office, Span(branch="Nagpur"))


def test_a_deleted_ledger_keeps_its_opening_while_an_entry_names_it_in_whatever_range():
    books = a_shop()
    alter_master(books, "ledger", "Asha Stores", {"opening": "1000"})
    voucher(books, "Receipt", "Cash 9 / Asha Stores -9", date="2026-06-01")
    put(books, "masters/ledger", "ledger", books.names.find("ledger", "Asha Stores").document, deleted=True)
    assert balances(trial_balance(books, Span(until="2026-05-01")))["Asha Stores"] == 1000
    assert ledger_statement(books, "Asha Stores", Span(until="2026-05-01"))["closing"] == "1000.00"
    cancel(books, found(books, list_vouchers(books)[0]["number"]))
    assert balances(trial_balance(books)) == {}
    assert ledger_statement(books, "Asha Stores")["closing"] == "0.00"


def test_openings_count_and_what_they_lack_is_named():
    books = a_shop()
    alter_master(books, "ledger", "Asha Stores", {"opening": "1000"})
    item = {"quantity": "10", "value": "400.00"}
    put(books, "masters/stock-item", "stock-item", b"i" * 16, name="Soap", opening=[item])
    voucher(books, "Receipt", "Cash 300 / Asha Stores -300")
    report = trial_balance(books)
    assert balances(report) == {
        "Cash": 300,
        "Asha Stores": 700,
        "Opening Stock": 400,
        "Difference in opening balances": -1400,
    }
    assert report["debit"] == report["credit"] == "1400.00"


def test_merged_ledgers_are_one_line_wherever_they_end():
    books = a_shop()
    for name in ("Asha Store", "Asha"):
        ledger(books, name)
    voucher(books, "Receipt", "Cash 3 / Asha Stores -1 / Asha Store -1 / Asha -1")
    merge_masters(books, "ledger", "Asha", "Asha Store")
    merge_masters(books, "ledger", "Asha Store", "Asha Stores")
    assert balances(trial_balance(books)) == {"Cash": 3, "Asha Stores": -3}
    assert len(ledger_statement(books, "Asha Stores")["rows"]) == 3
    assert [entry["ledger"] for entry in list_vouchers(books)[0]["entries"]] == ["Cash", *["Asha Stores"] * 3]


def test_ledgers_merged_into_each_other_read_as_the_lowest_on_every_copy():
    office = a_shop()
    ledger(office, "Asha")
    pune = a_branch(office, "Pune")
    voucher(office, "Receipt", "Cash 3 / Asha Stores -1 / Asha -2")
    merge_masters(office, "ledger", "Asha", "Asha Stores")
    merge_masters(pune, "ledger", "Asha Stores", "Asha")
    sync(office, pune)
    assert trial_balance(office) == trial_balance(pune)
    assert sorted(balances(trial_balance(office)).values()) == [-3, 3]


def test_a_statement_runs_from_opening_to_closing():
    books = a_shop()
    alter_master(books, "ledger", "Asha Stores", {"opening": "50"})
    for day, amount in (("01", 10), ("02", 20), ("03", 30)):
        voucher(books, "Sales", f"Asha Stores {amount} / Sales -{amount}", date=f"2026-04-{day}", narration=day)
    whole = ledger_statement(books, "asha stores")
    assert [row["balance"] for row in whole["rows"]] == ["60.00", "80.00", "110.00"]
    part = ledger_statement(books, "Asha Stores", Span("2026-04-02", "2026-04-02"))
    assert (part["opening"], part["closing"]) == ("60.00", "80.00")
    assert [row["narration"] for row in part["rows"]] == ["02"]


def test_vouchers_are_listed_by_date_number_and_id_and_filtered():
    books = a_shop()
    for date, kind, entries in (
        ("2026-05-01", "Sales", "Asha Stores 1 / Sales -1"),
        ("2026-04-01", "Receipt", "Cash 1 / Asha Stores -1"),
        ("2026-04-02", "Receipt", "Cash 2 / Asha Stores -2"),
    ):
        voucher(books, kind, entries, date=date)
    assert [row["date"] for row in list_vouchers(books)] == ["2026-04-01", "2026-04-02", "2026-05-01"]
    assert [row["number"] for row in list_vouchers(books, Filter(type="receipt"))] == [
        "HO/26-27/00001",
        "HO/26-27/00002",
    ]
    assert [row["type"] for row in list_vouchers(books, Filter(since="2026-04-02"))] == ["Receipt", "Sales"]
    assert [row["date"] for row in list_vouchers(books, Filter(until="2026-04-01"))] == ["2026-04-01"]
    assert len(list_vouchers(books, Filter(ledger="Sales"))) == 1


entered = st.lists(
    st.tuples(
        st.sampled_from(NAMES), st.sampled_from(NAMES), st.integers(1, 10**12), st.sampled_from(["04-01", "05-01"])
    ),
    max_size=6,
)


@given(entered, st.data())
def test_every_balance_is_the_sum_of_what_was_entered(vouchers, data):
    books = a_shop()
    expected: dict[str, Decimal] = {}
    for debit, credit, e4, date in vouchers:
        amount = Decimal(e4) / 10_000
        made = voucher(books, "Journal", f"{debit} {amount:f} / {credit} -{amount:f}", date=f"2026-{date}")
        if data.draw(st.booleans()):
            amount += 1
            alter(books, f"Journal {made.number}", f"{debit} {amount:f} / {credit} -{amount:f}")
        expected[debit] = expected.get(debit, Decimal(0)) + amount
        expected[credit] = expected.get(credit, Decimal(0)) - amount
    report = trial_balance(books)
    assert balances(report) == expected
    assert report["debit"] == report["credit"]
    for name, balance in expected.items():
        assert Decimal(ledger_statement(books, name)["closing"]) == balance
