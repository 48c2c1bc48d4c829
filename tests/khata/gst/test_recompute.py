"""A wrong tax is made right by the command that the report names, and what was supplied stays as it is."""

import pytest

from khata.entering_masters import alter_master
from khata.errors import BooksError
from khata.gst.invoice_summary import invoice_summary
from khata.gst.report import gst_report
from khata.gst.setting import is_usual, rate_of, set_rate
from khata.listing import show_voucher
from tests.khata.company import alter, found, ledger, voucher
from tests.khata.gst.traders import a_trader, invoice, tax


def settle(books):
    """Run what the report names for every exception."""
    for row in gst_report(books)["exceptions"]:
        command = row["settle"].split()
        assert command[:3] == ["khata", "voucher", "alter"]
        assert command[4:] == ["--recompute"]
        alter(books, command[3], recompute=True)


def test_what_the_report_names_makes_a_wrong_tax_right():
    books = a_trader()
    alter_master(books, "ledger", "Asha", {"bill_wise": True})
    entered = invoice(books, "Asha", "Soap 10 @ 51.30 / Milk 1 @ 30", round_off=True)
    set_rate(books, "stock-item", "Soap", rate_of("5", "0", "", "", ""))
    before = show_voucher(books, found(books, entered.number))
    assert [row["code"] for row in gst_report(books)["exceptions"]] == ["gst-wrong-tax"]
    settle(books)
    assert gst_report(books)["exceptions"] == []
    assert tax(books) == "CGST 12.83 SGST 12.83"
    after = show_voucher(books, found(books, entered.number))
    assert after["stock"] == before["stock"]
    # 513.00 and 30.00 with 25.66 tax are 568.66, which is rounded to 569.00.
    party = after["entries"][0]
    assert (party["amount"], party["bills"][0]["amount"], party["bills"][0]["name"]) == (
        "569.00",
        "569.00",
        entered.number,
    )
    assert [entry["of_stock"] for entry in after["entries"][-2:]] == [True, True]
    assert alter(books, entered.number, recompute=True).commit is None, "what is right stays as it is"


def test_plain_entries_and_a_wrong_split_are_made_right():
    books = a_trader()
    set_rate(books, "ledger", "Sales", rate_of("18", "0", "", "3401", ""))
    one = voucher(books, "Sales", "Asha 590 / Sales -500 / IGST -90", party="Asha", as_entered=True)
    settle(books)
    entries = show_voucher(books, found(books, one.number))["entries"]
    assert [(entry["ledger"], entry["amount"]) for entry in entries] == [
        ("Asha", "590.00"), ("Sales", "-500.00"), ("CGST", "-45.00"), ("SGST", "-45.00"),
    ]  # fmt: skip


def test_what_cannot_be_worked_out_is_refused_in_words():
    books = a_trader()
    ledger(books, "Bank", "Bank Accounts")
    journal = voucher(books, "Journal", "Bank 5 / Cash -5")
    with pytest.raises(BooksError, match="only sales, purchases"):
        alter(books, f"Journal {journal.number}", recompute=True)
    sale = voucher(books, "Sales", "Asha 500 / Cash 90 / Sales -500 / CGST -45 / SGST -45")
    with pytest.raises(BooksError, match="no single entry of its party"):
        alter(books, f"Sales {sale.number}", recompute=True)


def test_a_party_of_unknown_state_is_given_one():
    books = a_trader()
    ledger(books, "Nowhere Traders")
    voucher(books, "Sales", "Nowhere Traders 590 / Sales -500 / IGST -90", party="Nowhere Traders")
    settles = [row["settle"] for row in gst_report(books)["exceptions"]]
    assert "khata ledger alter 'Nowhere Traders' --state STATE" in settles


def test_another_rate_for_the_past_is_refused_where_it_was_used():
    books = a_trader()
    invoice(books, "Asha", "Soap 1 @ 100")
    twelve = rate_of("12", "0", "", "", "")
    with pytest.raises(BooksError, match=r"Soap stands in 1 voucher from 2026-04-02 to 2026-04-02.*--since.*--always"):
        set_rate(books, "stock-item", "Soap", twelve, always=False)
    set_rate(books, "stock-item", "Soap", rate_of("18", "0", "", "340111", ""), always=False)
    set_rate(books, "stock-item", "Soap", rate_of("12", "0", "", "", "2026-10-01"), always=False)
    set_rate(books, "stock-item", "Oil", twelve, always=False)
    assert set_rate(books, "stock-item", "Soap", twelve).commit is not None


def test_rates_that_nobody_named_are_told():
    assert [is_usual(rate_of(percent, "0", "", "", "")) for percent in ("18", "0", "17")] == [True, True, False]


def test_items_are_not_left_behind_when_entries_change():
    books = a_trader()
    alter_master(books, "ledger", "Asha", {"bill_wise": True})
    entered = invoice(books, "Asha", "Soap 10 @ 50")
    with pytest.raises(BooksError, match=r"has stock lines.*--item and --charge"):
        alter(books, entered.number, "Asha 1180 / Sales -1000 / CGST -90 / SGST -90")
    alter(books, entered.number, items=[{"item": "Soap", "quantity": "20", "rate": "50"}], keep_bills=True)
    (bill,) = show_voucher(books, found(books, entered.number))["entries"][0]["bills"]
    assert (bill["kind"], bill["name"], bill["amount"]) == ("new", entered.number, "1180.00")


def test_the_summary_says_what_was_worked_out():
    books = a_trader()
    entered = invoice(
        books, "Asha", "Soap 10 @ 51.30 - 5", charges=[{"ledger": "Consulting", "amount": "100"}], round_off=True
    )
    summary = invoice_summary(books, found(books, entered.number).row)
    assert summary["items"] == [
        {"item": "Soap", "quantity": "10", "unit": "Nos", "rate": "51.3", "discount": "5", "amount": "487.35"}
    ]
    assert summary["charges"] == [{"ledger": "Consulting", "amount": "100.00"}]
    assert summary["tax"] == [{"ledger": "CGST", "amount": "52.86"}, {"ledger": "SGST", "amount": "52.86"}]
    assert (summary["rounding"], summary["total"]) == ("-0.07", "693.00")
    purchase = invoice(books, "Ravi", "Soap 1 @ 50", type="Purchase", reference="R7")
    assert invoice_summary(books, found(books, f"Purchase {purchase.number}").row)["total"] == "59.00"
