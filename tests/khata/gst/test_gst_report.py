"""What is owed and credited: by head, rate and month, with the documents behind, and never off the tax ledgers."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt_models.money import Amount
from khata.entering import cancel
from khata.errors import NotFound
from khata.gst.report import COLUMNS, gst_report
from khata.gst.setting import rate_of, set_company, set_rate
from khata.reports.span import Span
from khata.reports.trial_balance import trial_balance
from tests.khata.company import a_branch, found, ledger, put, sync, voucher
from tests.khata.gst.traders import (
    ASHA_GSTIN,
    BANGALORE_GSTIN,
    HEADS,
    PUNE_GSTIN,
    a_trader,
    by_rate,
    invoice,
    tax,
)  # fmt: skip


def test_liability_by_head_rate_and_month_with_its_documents():
    books = a_trader()
    first = invoice(books, "Asha", "Soap 10 @ 50 / Oil 2 @ 100")  # 500.00 at 18, 200.00 at 5
    second = invoice(books, "Meera", "Soap 1 @ 100")
    invoice(books, "Asha", "Milk 3 @ 20", date="2026-05-05")
    (registration,) = gst_report(books)["registrations"]
    assert (registration["gstin"], registration["state"], registration["branches"]) == (
        PUNE_GSTIN, "Maharashtra", ["ho"],
    )  # fmt: skip
    rows = [
        (row["month"], row["taxability"] or row["rate"], row["taxable"], *(row[head] for head in COLUMNS[:3]))
        for row in registration["liability"]
    ]
    assert rows == [
        ("2026-04", "5", "200.00", "5.00", "5.00", "0.00"),
        ("2026-04", "18", "600.00", "45.00", "45.00", "18.00"),
        ("2026-05", "exempt", "60.00", "0.00", "0.00", "0.00"),
    ]
    documents = registration["liability"][1]["documents"]
    assert [(one["number"], one["taxable"], one["party"]) for one in documents] == [
        (first.number, "500.00", "Asha"), (second.number, "100.00", "Meera"),
    ]  # fmt: skip
    assert registration["payable"] == {"cgst": "50.00", "sgst": "50.00", "igst": "18.00", "cess": "0.00"}


def test_a_credit_note_takes_away_and_what_does_not_count_counts_nothing():
    books = a_trader()
    invoice(books, "Asha", "Soap 10 @ 50")
    invoice(books, "Asha", "Soap 4 @ 50", "Credit Note")  # 200.00: 18.00 each less
    invoice(books, "Asha", "Soap 7 @ 50", optional=True)
    cancel(books, found(books, invoice(books, "Meera", "Soap 9 @ 50").id.hex()))
    assert tax(books) == "CGST 27.00 SGST 27.00"
    assert by_rate(books) == {"18": "300.00"}


def test_input_credit_stands_apart_and_a_debit_note_takes_from_it():
    books = a_trader()
    invoice(books, "Asha", "Soap 10 @ 50")
    invoice(books, "Kiran", "Soap 20 @ 30", "Purchase")  # 600.00: IGST 108.00
    invoice(books, "Kiran", "Soap 5 @ 30", "Debit Note")  # 150.00: 27.00 less
    invoice(books, "Ravi", "Oil 10 @ 20", "Purchase")  # 200.00: 5.00 each
    assert tax(books) == "CGST 45.00 SGST 45.00"
    assert tax(books, "input_credit") == "CGST 5.00 SGST 5.00 IGST 81.00"
    (registration,) = gst_report(books)["registrations"]
    assert registration["payable"] == {"cgst": "40.00", "sgst": "40.00", "igst": "-81.00", "cess": "0.00"}


def test_notes_go_by_what_they_are_booked_on():
    books = a_trader()
    # A debit note to a customer charges more; a credit note from a supplier credits less.
    invoice(books, "Asha", charges=[{"ledger": "Consulting", "amount": "100"}], type="Debit Note")
    assert tax(books) == "CGST 9.00 SGST 9.00"
    voucher(books, "Credit Note", "Kiran -118 / Purchase 100 / IGST 18", party="Kiran")
    assert tax(books, "input_credit") == "IGST 18.00"


def test_a_range_a_branch_and_a_registration_are_asked_for():
    books = a_trader()
    bangalore = a_branch(books, "Bangalore", "BLR")
    set_company(books, {"gstin": BANGALORE_GSTIN}, "BLR")
    sync(books, bangalore)
    invoice(books, "Asha", "Soap 1 @ 100")
    invoice(books, "Asha", "Soap 1 @ 100", date="2026-05-01")
    invoice(bangalore, "Meera", "Soap 1 @ 200")
    sync(books, bangalore)
    assert tax(books, span=Span("2026-04-01", "2026-04-30")) == "CGST 27.00 SGST 27.00"
    assert tax(books, span=Span(branch="Bangalore")) == "CGST 18.00 SGST 18.00"
    (only,) = gst_report(books, gstin=BANGALORE_GSTIN.lower())["registrations"]
    assert (only["state"], only["payable"]["cgst"]) == ("Karnataka", "18.00")
    with pytest.raises(NotFound, match="no branch stands under the GSTIN"):
        gst_report(books, gstin="27AADCB2230M1ZT")


def test_payments_of_tax_are_adjustments():
    books = a_trader()
    invoice(books, "Asha", "Soap 1 @ 100")
    voucher(books, "Payment", "CGST 9 / SGST 9 / Cash -18", date="2026-05-20")
    (cgst, sgst) = gst_report(books)["adjustments"]
    assert (cgst["ledger"], cgst["head"], cgst["amount"], sgst["amount"]) == ("CGST", "CGST", "9.00", "9.00")
    assert tax(books) == "CGST 9.00 SGST 9.00"
    assert gst_report(books, Span(until="2026-04-30"))["adjustments"] == []


def test_books_from_files_without_rates_are_read_by_the_tax_itself():
    books = a_trader(registered=False)
    ledger(books, "Output IGST @12%", "Duties & Taxes")
    voucher(books, "Sales", "Meera 112 / Sales -100 / Output IGST @12% -12", party="Meera")
    voucher(books, "Sales", "Meera 236.01 / Sales -200 / IGST -36 / Round Off -0.01", party="Meera")
    assert by_rate(books) == {"12": "100.00", "18": "200.00"}
    assert tax(books) == "IGST 48.00"


def test_stock_lines_without_a_ledger_of_their_own_are_found_in_the_sales_line():
    books = a_trader()
    stock = [
        {"item": "Soap", "quantity": "-2", "amount": "-100.00"}, {"item": "Oil", "quantity": "-1", "amount": "-50.00"},
    ]  # fmt: skip
    entries = "Asha 170.50 / Sales -150 / CGST -10.25 / SGST -10.25"
    voucher(books, "Sales", entries, party="Asha", stock=stock)  # 9.00 + 1.25 on each side
    assert by_rate(books) == {"18": "100.00", "5": "50.00"}
    assert gst_report(books)["exceptions"] == []


def test_what_comes_from_who_charges_no_tax_stands_at_no_rate_unless_it_is_self_assessed():
    books = a_trader()
    ledger(books, "Small", "Sundry Creditors", gst={"state": "Maharashtra", "registration": "Unregistered"})
    ledger(books, "Compo", "Sundry Creditors",
           gst={"state": "Maharashtra", "gstin": ASHA_GSTIN, "registration": "Composition"})  # fmt: skip
    ledger(books, "Rent", "Indirect Expenses")
    set_rate(books, "ledger", "Rent", rate_of("18", "0", "reverse-charge", "9972", ""))
    for party in ("Small", "Compo"):
        invoice(books, party, "Soap 1 @ 100", type="Purchase")
    voucher(books, "Purchase", "Rent 50 / Small -50", party="Small")
    invoice(books, "Kiran", "Soap 1 @ 100", type="Purchase")
    assert by_rate(books, "input_credit") == {"0": "200.00", "18": "100.00", "reverse-charge": "50.00"}
    rates = [row["rate"] for row in gst_report(books)["registrations"][0]["input_credit"]]
    assert rates == ["0", "18", "18"]
    assert tax(books, "input_credit") == "IGST 18.00"


def test_tax_on_nothing_is_still_tax():
    books = a_trader()
    voucher(books, "Sales", "Asha 18 / CGST -9 / SGST -9", party="Asha", as_entered=True)
    assert tax(books) == "CGST 9.00 SGST 9.00"


def test_no_posting_of_any_origin_stops_the_report():
    books = a_trader()
    names = books.names
    sales, igst = (names.find("ledger", name).document for name in ("Sales", "IGST"))
    kind = names.find("voucher-type", "Sales").document
    many = "999999999999.00"
    odd: list[dict[str, object]] = [
        {"entries": [{"ledger": b"x" * 16, "amount": many}, {"ledger": igst, "amount": f"-{many}"}]},
        {"entries": [{"ledger": sales, "amount": "5.00", "gst_rate": "?"}, {"ledger": b"y" * 16, "amount": "-5.00"}]},
        {"entries": [], "stock": [{"item": b"i" * 16, "amount": "7.0001", "ledger": b"z" * 16}]},
        {"entries": [{"ledger": sales, "amount": "0.00"}], "place_of_supply": "?", "party_gstin": "27"},
        {"entries": [{"ledger": sales, "amount": "0.00"}], "party": b"q" * 16},
    ]
    for at, fields in enumerate(odd):
        posting: dict[str, object] = {"base": "sales", "type": kind, "date": "2026-04-02", **fields}
        put(books, "vouchers/ho/sales/2026-04", "voucher", bytes([at]) * 16, posting=posting, number=str(at))
    report = gst_report(books)
    assert json.dumps(report)
    assert tax(books) == "IGST 999999999999.00"


KINDS = ("Sales", "Purchase", "Credit Note", "Debit Note")
made = st.tuples(
    st.sampled_from(KINDS), st.sampled_from(["Asha", "Meera", "Kiran"]),
    st.lists(st.tuples(st.sampled_from(["Soap", "Oil", "Cola", "Milk"]), st.integers(1, 99), st.integers(1, 9_999)),
             min_size=1, max_size=3),
    st.booleans(),
)  # fmt: skip


@settings(max_examples=settings().max_examples // 4)
@given(st.lists(made, min_size=1, max_size=5))
def test_both_parts_and_the_adjustments_are_the_movement_of_the_tax_ledgers(vouchers):
    books = a_trader()
    for type, party, lines, cancelled in vouchers:
        text = " / ".join(f"{item} {count} @ {paise // 100}.{paise % 100:02}" for item, count, paise in lines)
        entered = invoice(books, party, text, type)
        if cancelled:
            cancel(books, found(books, entered.id.hex()))
    voucher(books, "Journal", "CGST 3 / IGST -3")
    report = gst_report(books)
    balances = {row["ledger"]: Amount.parse(row["debit"]).e4 - Amount.parse(row["credit"]).e4
                for row in trial_balance(books)["rows"]}  # fmt: skip
    for head, column in zip(HEADS, COLUMNS, strict=True):
        payable = sum(Amount.parse(one["payable"][column]).e4 for one in report["registrations"])
        adjusted = sum(Amount.parse(row["amount"]).e4 for row in report["adjustments"] if row["head"] == head)
        assert -payable + adjusted == balances.get(head, 0)
        for registration in report["registrations"]:
            for section in ("liability", "input_credit"):
                rows = registration[section]
                parts = sum(Amount.parse(one[column]).e4 for row in rows for one in row["documents"])
                assert parts == sum(Amount.parse(row[column]).e4 for row in rows)
    assert report["exceptions"] == []
