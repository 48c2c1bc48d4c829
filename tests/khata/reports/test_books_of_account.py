"""Statements, group summaries, the day book and the books of cash and banks: rows that lead on to vouchers."""

from typing import Any

import pytest

from khata.books import Books
from khata.entering import cancel, enter_form
from khata.entering_masters import alter_master, merge_masters
from khata.errors import NotFound
from khata.reports.cash_book import cash_book
from khata.reports.day_book import day_book
from khata.reports.group_summary import group_summary
from khata.reports.ledger_statement import ledger_statement, statement
from khata.reports.span import Span
from tests.khata.company import a_branch, a_company, alter, found, ledger, put, sync, voucher
from tests.khata.stock import a_stockist, moved

CHEQUE = {"kind": "Cheque", "number": "000123", "date": "2026-04-03", "favouring": "Ganesh", "amount": "-40.00"}


def a_shop() -> Books:
    books = a_company()
    for name, group in (
        ("Asha", "Sundry Debtors"), ("Bina", "Sundry Debtors"), ("HDFC", "Bank Accounts"), ("Sales", "Sales Accounts"),
        ("Ganesh", "Sundry Creditors"), ("Overdraft", "Bank OD A/c"), ("Rent", "Indirect Expenses"),
    ):  # fmt: skip
        ledger(books, name, group)
    return books


def column(rows: Any, name: str) -> list[Any]:
    return [row[name] for row in rows]


# -- statement ----------------------------------------------------------------------------------------------------


def test_a_row_names_the_accounts_on_the_other_side():
    books = a_shop()
    voucher(books, "Receipt", "Cash 100 / HDFC 50 / Asha -150")
    voucher(books, "Journal", "Asha 1 / Bina 2 / Asha 3 / Sales -6")
    rows = ledger_statement(books, "Asha")["rows"]
    assert column(rows, "particulars") == [["Sales"], ["Sales"], ["Cash", "HDFC"]]
    assert column(ledger_statement(books, "Sales")["rows"], "particulars") == [["Asha", "Bina"]]


def test_an_entry_with_nothing_on_the_other_side_names_all_others():
    books = a_shop()
    voucher(books, "Journal", "Asha 5 / Asha -5 / Bina 0")
    rows = ledger_statement(books, "Asha")["rows"]
    assert column(rows, "particulars") == [["Bina"], ["Bina"]]


def test_a_row_has_its_bills_its_instruments_and_the_id_of_its_voucher():
    books = a_shop()
    entries = [
        {"ledger": "Asha", "amount": "40", "bills": [{"kind": "new", "name": "B-7", "amount": "40.00"}]},
        {"ledger": "HDFC", "amount": "-40", "bank": [CHEQUE]},
    ]
    entered = enter_form(books, {"type": "Payment", "date": "2026-04-02", "entries": entries})
    (of_asha,) = ledger_statement(books, "Asha")["rows"]
    assert of_asha["bills"] == [{"kind": "new", "name": "B-7", "amount": "40.00"}]
    assert (of_asha["id"], of_asha["branch"], of_asha["leg"]) == (entered.id.hex(), "ho", "")
    (of_bank,) = ledger_statement(books, "HDFC")["rows"]
    assert of_bank["instruments"] == [{**CHEQUE, "bank_date": ""}]


def test_a_statement_of_a_branch_begins_with_what_was_posted_there():
    office = a_shop()
    alter_master(office, "ledger", "Asha", {"opening": "1000"})
    pune = a_branch(office, "Pune")
    voucher(office, "Sales", "Asha 7 / Sales -7", "2026-04-01")
    for day in ("2026-04-01", "2026-04-09"):
        voucher(pune, "Sales", "Asha 5 / Sales -5", day)
    sync(office, pune)
    report = ledger_statement(office, "Asha", Span("2026-04-02", branch="Pune"))
    assert (report["opening"], report["closing"], report["branch"]) == ("5.00", "10.00", "pun")
    whole = ledger_statement(office, "Asha", Span("2026-04-02"))
    assert (whole["opening"], whole["closing"]) == ("1012.00", "1017.00")


def test_rows_are_read_as_they_are_taken():
    books = a_shop()
    for day in range(1, 31):
        voucher(books, "Receipt", "Cash 1 / Asha -1", f"2026-04-{day:02}")
    found_ = statement(books, "Cash")
    assert found_.head["closing"] == "30.00"
    assert next(found_.rows)["balance"] == "1.00"
    assert column(found_.rows, "balance")[-1] == "30.00"


# -- group summary ------------------------------------------------------------------------------------------------


def test_a_group_shows_the_groups_and_ledgers_directly_in_it():
    books = a_shop()
    alter_master(books, "ledger", "Asha", {"opening": "10"})
    voucher(books, "Sales", "Asha 5 / Sales -5")
    voucher(books, "Receipt", "HDFC 3 / Bina -3")
    top = group_summary(books, "Current Assets")
    assert [(row["group"], row["opening"], row["debit"], row["credit"], row["closing"]) for row in top["rows"]] == [
        ("Bank Accounts", "0.00", "3.00", "0.00", "3.00"),
        ("Sundry Debtors", "10.00", "5.00", "3.00", "12.00"),
    ]
    assert (top["opening"], top["debit"], top["credit"], top["closing"]) == ("10.00", "8.00", "3.00", "15.00")
    below = group_summary(books, top["rows"][1]["group_id"])
    assert column(below["rows"], "ledger") == ["Asha", "Bina"]
    assert below["path"] == ["Current Assets", "Sundry Debtors"]


def test_a_group_nobody_knows_is_a_sentence():
    with pytest.raises(NotFound, match="Sundry Debtor"):
        group_summary(a_company(), "Sundry Debtrs")


# -- day book -----------------------------------------------------------------------------------------------------


def test_the_day_book_notes_what_is_in_no_balance():
    books = a_stockist("Soap")
    voucher(books, "Receipt", "Cash 1 / Asha -1", narration="counts")
    voucher(books, "Receipt", "Cash 2 / Asha -2", optional=True)
    cancel(books, found(books, voucher(books, "Receipt", "Cash 3 / Asha -3").id.hex()))
    voucher(books, "Memorandum", "Cash 4 / Asha -4")
    moved(books, "Stock Journal", "Soap 5 = 50")
    put(books, "vouchers/ho/receipt/2026-04", "voucher", b"z" * 16, posting=7, number="odd")
    book = day_book(books)
    rows = {row["amount"]: row for row in book.rows}
    assert {amount: row["note"] for amount, row in rows.items() if row["type"]} == {
        "1.00": "", "2.00": "optional", "3.00": "cancelled", "4.00": "not posted", "0.00": "stock only",
    }  # fmt: skip
    assert (book.head["vouchers"], book.head["debit"]) == (6, "1.00")
    assert (rows["1.00"]["narration"], rows["1.00"]["posted"]) == ("counts", True)


def test_a_voucher_nobody_can_read_is_in_the_day_book_all_the_same():
    books = a_company()
    put(books, "vouchers/ho/receipt/2026-04", "voucher", b"z" * 16, posting=7, number="odd")
    (row,) = day_book(books).rows
    assert (row["number"], row["date"], row["party"], row["note"]) == ("odd", "", "", "cannot be counted")


def test_the_day_book_by_type_date_and_branch():
    office = a_shop()
    pune = a_branch(office, "Pune")
    voucher(office, "Receipt", "Cash 1 / Asha -1", "2026-04-01")
    voucher(office, "Sales", "Asha 2 / Sales -2", "2026-04-02", party="Asha")
    voucher(pune, "Sales", "Bina 3 / Sales -3", "2026-04-03")
    sync(office, pune)
    assert column(day_book(office, Span("2026-04-02")).rows, "amount") == ["2.00", "3.00"]
    assert column(day_book(office, Span(branch="Pune")).rows, "party") == ["Bina"]
    assert column(day_book(office, type="sales").rows, "party") == ["Asha", "Bina"]
    assert day_book(office, type="Sales").head["debit"] == "5.00"
    with pytest.raises(NotFound, match="Barter"):
        day_book(office, type="Barter")


# -- cash and bank book -------------------------------------------------------------------------------------------


def test_the_cash_book_has_a_total_for_each_day():
    books = a_shop()
    alter_master(books, "ledger", "Cash", {"opening": "100"})
    voucher(books, "Receipt", "Cash 10 / Asha -10", "2026-04-01")
    voucher(books, "Payment", "Rent 4 / Cash -4", "2026-04-01")
    voucher(books, "Payment", "Rent 5 / Cash -5", "2026-04-03")
    book = cash_book(books, "cash", span=Span("2026-04-01"))
    (one,) = book.head["ledgers"]
    assert (one["ledger"], one["opening"], one["debit"], one["credit"], one["closing"]) == (
        "Cash", "100.00", "10.00", "9.00", "101.00",
    )  # fmt: skip
    assert one["days"] == [
        {"date": "2026-04-01", "debit": "10.00", "credit": "4.00", "closing": "106.00"},
        {"date": "2026-04-03", "debit": "0.00", "credit": "5.00", "closing": "101.00"},
    ]
    assert {(row["date"], *row["particulars"], row["amount"]) for row in book.rows} == {
        ("2026-04-01", "Asha", "10.00"), ("2026-04-01", "Rent", "-4.00"), ("2026-04-03", "Rent", "-5.00"),
    }  # fmt: skip


def test_the_bank_book_has_banks_and_overdrafts_below_whatever_groups():
    books = a_shop()
    alter_master(books, "group", "Bank Accounts", {"name": "Our banks"})
    put(
        books,
        "masters/group",
        "group",
        b"g" * 16,
        name="Pune banks",
        parent=books.names.find("group", "our banks").document,
    )
    ledger(books, "Axis", "Pune banks")
    voucher(books, "Contra", "Axis 1 / HDFC 2 / Overdraft -3")
    book = cash_book(books, "bank")
    assert column(book.head["ledgers"], "ledger") == ["Axis", "HDFC", "Overdraft"]
    assert (book.head["debit"], book.head["credit"], book.head["closing"]) == ("3.00", "3.00", "0.00")
    assert [(row["ledger"], row["amount"]) for row in book.rows] == [
        ("Axis", "1.00"), ("HDFC", "2.00"), ("Overdraft", "-3.00"),
    ]  # fmt: skip
    (axis,) = cash_book(books, "bank", "axis").head["ledgers"]
    assert axis["ledger_id"] == books.names.find("ledger", "Axis").document.hex()


def test_merged_banks_are_one_and_others_are_refused():
    books = a_shop()
    ledger(books, "HDFC Bank", "Bank Accounts")
    voucher(books, "Receipt", "HDFC 1 / HDFC Bank 2 / Asha -3")
    merge_masters(books, "ledger", "HDFC", "HDFC Bank")
    (one,) = cash_book(books, "bank").head["ledgers"]
    assert (one["ledger"], one["closing"]) == ("HDFC Bank", "3.00")
    with pytest.raises(NotFound, match="khata report ledger"):
        cash_book(books, "bank", "Cash")


def test_an_altered_voucher_is_in_every_book_as_it_is_now():
    books = a_shop()
    entered = voucher(books, "Receipt", "Cash 10 / Asha -10")
    alter(books, entered.number, "HDFC 10 / Asha -10")
    assert cash_book(books, "cash").head["ledgers"] == []
    assert cash_book(books, "bank").head["closing"] == "10.00"
    assert column(day_book(books).rows, "party") == ["HDFC"]
