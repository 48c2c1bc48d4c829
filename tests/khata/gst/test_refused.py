"""A wrong tax is refused where it is entered, with the right one; what came from elsewhere is only reported."""

import pytest

from khata.entering_masters import alter_master
from khata.errors import BooksError
from khata.gst.report import gst_report
from khata.gst.setting import rate_of, set_company, set_rate
from khata.listing import show_voucher
from tests.khata.company import a_branch, alter, found, ledger, put, sync, voucher
from tests.khata.gst.traders import BANGALORE_GSTIN, a_trader, invoice, tax


def priced(books):
    """Let plain entries on Sales and Purchase be taxed at 18 percent, so that their tax can be known."""
    for name in ("Sales", "Purchase"):
        set_rate(books, "ledger", name, rate_of("18", "0", "", "3401", ""))
    return books


WRONG = [
    ("Sales", "Asha", "Asha 590 / Sales -500 / IGST -90",
     "it has IGST 90.00; within Maharashtra it is CGST 45.00 and SGST 45.00"),
    ("Sales", "Meera", "Meera 590 / Sales -500 / CGST -45 / SGST -45",
     "it has CGST 45.00 and SGST 45.00; from Maharashtra to Karnataka it is IGST 90.00"),
    ("Sales", "Asha", "Asha 590 / Sales -500 / CGST -50 / SGST -40", "CGST 50.00 and SGST 40.00 differ"),
    ("Sales", "Asha", "Asha 590 / Sales -500 / CGST -45.01 / SGST -44.99", "CGST 45.01 and SGST 44.99 differ"),
    ("Sales", "Asha", "Asha 560 / Sales -500 / CGST -30 / SGST -30", "it has CGST 30.00 and SGST 30.00; within"),
    ("Sales", "Asha", "Asha 500 / Sales -500", "it has no tax; within Maharashtra it is CGST 45.00 and SGST 45.00"),
    ("Sales", "Asha", "Asha 635 / Sales -500 / CGST -45 / SGST -45 / IGST -45", "it has both IGST and CGST or SGST"),
    ("Sales", "Asha", "Asha 600 / Sales -500 / CGST -45 / SGST -45 / Cess -10", "Cess 10.00; within Maharashtra"),
    ("Credit Note", "Asha", "Asha -590 / Sales 500 / IGST 90",
     "it has IGST 90.00; within Maharashtra it is CGST 45.00 and SGST 45.00"),
    ("Purchase", "Kiran", "Kiran -590 / Purchase 500 / CGST 45 / SGST 45",
     "from Karnataka to Maharashtra it is IGST 90.00"),
    ("Debit Note", "Ravi", "Ravi 590 / Purchase -500 / IGST -90", "within Maharashtra it is CGST 45.00 and SGST 45.00"),
]  # fmt: skip


@pytest.mark.parametrize(("type", "party", "entries", "text"), WRONG)
def test_a_wrong_tax_is_refused_with_the_right_one(type, party, entries, text):
    books = priced(a_trader())
    commits = books.replica.store.count()
    with pytest.raises(BooksError) as caught:
        voucher(books, type, entries, party=party)
    assert text in str(caught.value)
    assert "--as-entered" in str(caught.value)
    assert books.replica.store.count() == commits


RIGHT = [
    ("Sales", "Asha", "Asha 590 / Sales -500 / CGST -45 / SGST -45"),
    ("Sales", "Meera", "Meera 590 / Sales -500 / IGST -90"),
    ("Purchase", "Kiran", "Kiran -590 / Purchase 500 / IGST 90"),
    # 123.00 at 9 percent is 11.07; rounded to the rupee it is 11.00, which section 170 allows.
    ("Sales", "Asha", "Asha 145 / Sales -123 / CGST -11 / SGST -11"),
    ("Receipt", "Asha", "Cash 500 / Asha -500"),
    ("Journal", "Asha", "Asha 590 / Sales -500 / IGST -90"),
]


@pytest.mark.parametrize(("type", "party", "entries"), RIGHT)
def test_what_is_right_or_no_supply_is_entered(type, party, entries):
    assert voucher(priced(a_trader()), type, entries, party=party).number


def test_what_is_not_known_well_enough_is_entered_and_listed():
    books = a_trader()
    ledger(books, "Nowhere")
    voucher(books, "Sales", "Asha 600 / Sales -500 / CGST -50 / SGST -50", party="Asha")
    voucher(books, "Sales", "Nowhere 590 / Sales -500 / IGST -90", party="Nowhere")
    report = gst_report(books)
    assert [(row["code"], row["party"]) for row in report["exceptions"]] == [
        ("gst-place-unknown", "Nowhere"), ("gst-rate-missing", ""), ("gst-hsn-missing", ""),
    ]  # fmt: skip
    assert "in 2 documents" in report["exceptions"][1]["text"]
    (registration,) = report["registrations"]
    # 100.00 on 500.00 is 20 percent, which no notification names; 90.00 on 500.00 is 18.
    assert [row["rate"] for row in registration["liability"]] == ["18", "20"]


def test_nobody_is_checked_without_a_registration():
    books = priced(a_trader(registered=False))
    assert voucher(books, "Sales", "Asha 590 / Sales -500 / IGST -90", party="Asha").number
    assert gst_report(books)["exceptions"] == []


def test_a_person_may_insist_and_the_voucher_says_so():
    books = priced(a_trader())
    entered = voucher(books, "Sales", "Asha 590 / Sales -500 / IGST -90", party="Asha", as_entered=True)
    shown = show_voucher(books, found(books, entered.number))
    assert shown["extra"] == {"gst_as_entered": True}
    assert [row["code"] for row in gst_report(books)["exceptions"]] == ["gst-wrong-split"]
    alter(books, entered.number, "Asha 1180 / Sales -1000 / IGST -180")
    assert tax(books) == "IGST 180.00"


def test_an_alteration_is_checked_when_it_touches_the_tax_and_only_then():
    books = priced(a_trader())
    entered = voucher(books, "Sales", "Asha 590 / Sales -500 / CGST -45 / SGST -45", party="Asha")
    with pytest.raises(BooksError, match="within Maharashtra"):
        alter(books, entered.number, "Asha 590 / Sales -500 / IGST -90")
    alter(books, entered.number, "Asha 590 / Sales -500 / IGST -90", as_entered=True)
    alter_master(books, "ledger", "Asha", {"gst": {"state": "Goa"}})
    assert alter(books, entered.number, narration="seen").commit is not None


def test_what_came_from_elsewhere_stays_and_is_listed():
    books = priced(a_trader())
    names = books.names
    entries = [
        {"ledger": names.find("ledger", name).document, "amount": amount}
        for name, amount in (("Asha", "590.00"), ("Sales", "-500.00"), ("IGST", "-90.00"))
    ]
    posting = {
        "base": "sales", "type": names.find("voucher-type", "Sales").document, "date": "2026-04-02",
        "party": names.find("ledger", "Asha").document, "entries": entries,
    }  # fmt: skip
    put(books, "vouchers/ho/sales/2026-04", "voucher", b"v" * 16, posting=posting, number="A/7")
    (exception,) = gst_report(books)["exceptions"]
    assert (exception["code"], exception["number"], exception["settle"]) == (
        "gst-wrong-split", "A/7", f"khata voucher alter {(b'v' * 16).hex()} --recompute",
    )  # fmt: skip
    assert alter(books, "A/7", narration="from Tally").commit is not None


def test_a_branch_in_another_state_is_checked_as_of_that_state():
    books = priced(a_trader())
    bangalore = a_branch(books, "Bangalore", "BLR")
    set_company(books, {"gstin": BANGALORE_GSTIN}, "BLR")
    sync(books, bangalore)
    with pytest.raises(BooksError, match=r"from Karnataka to Maharashtra it is IGST 90\.00"):
        voucher(bangalore, "Sales", "Asha 590 / Sales -500 / CGST -45 / SGST -45", party="Asha")
    voucher(bangalore, "Sales", "Asha 590 / Sales -500 / IGST -90", party="Asha")
    voucher(books, "Sales", "Asha 590 / Sales -500 / CGST -45 / SGST -45", party="Asha")
    sync(books, bangalore)
    found_ = {row["gstin"]: row["payable"]["igst"] for row in gst_report(books)["registrations"]}
    assert found_[BANGALORE_GSTIN] == "90.00"
    assert sorted(found_.values()) == ["0.00", "90.00"]


def test_reverse_charge_is_left_as_it_was_entered():
    books = a_trader()
    ledger(books, "Transport", "Direct Expenses")
    set_rate(books, "ledger", "Transport", rate_of("5", "0", "reverse-charge", "9965", ""))
    assert invoice(books, "Ravi", type="Purchase", charges=[{"ledger": "Transport", "amount": "100"}]).number
    report = gst_report(books)
    (row,) = report["registrations"][0]["input_credit"]
    assert (row["taxability"], row["rate"], row["taxable"], row["cgst"]) == ("reverse-charge", "5", "100.00", "0.00")
    assert report["exceptions"] == []
