"""Receipts and payments are set against bills, and bills stay when the amounts of a voucher are altered."""

import pytest

from khata.entering_masters import merge_masters
from khata.errors import BooksError, NotFound
from khata.listing import show_voucher
from khata.reports.bills import bills
from tests.khata.company import a_company, alter, found, ledger, voucher


def a_shop():
    books = a_company()
    ledger(books, "Asha", bill_wise=True)
    ledger(books, "Meera")
    ledger(books, "Sales", "Sales Accounts")
    for amount, name in (("500", "7"), ("300", "8")):
        sale(books, amount, name)
    return books


def sale(books, amount, name, party="Asha"):
    return voucher(
        books, "Sales", f"{party} {amount} / Sales -{amount}", party=party, bills=[{"kind": "new", "name": name}]
    )


def receipt(books, amount, *said, **fields):
    return voucher(books, "Receipt", f"Cash {amount} / Asha -{amount}", bills=list(said), **fields)


def allocated(books, entered, at=1):
    entry = show_voucher(books, found(books, entered.id.hex()))["entries"][at]
    return [(bill["kind"], bill.get("name", ""), bill["amount"]) for bill in entry.get("bills", [])]


def open_of(books):
    report = bills(books, "receivable", "2026-04-30")
    return {bill["bill"]: bill["pending"] for party in report["parties"] for bill in party["bills"]}


def test_a_receipt_settles_what_is_said_and_the_rest_stands_on_account():
    books = a_shop()
    entered = receipt(books, "1000", {"name": "7"}, {"name": "8", "amount": "100"})
    assert allocated(books, entered) == [
        ("against", "7", "-500.00"), ("against", "8", "-100.00"), ("on-account", "", "-400.00"),
    ]  # fmt: skip
    assert open_of(books) == {"8": "200.00"}


def test_a_small_receipt_settles_a_part():
    books = a_shop()
    assert allocated(books, receipt(books, "200", {"name": "7"})) == [("against", "7", "-200.00")]
    assert open_of(books) == {"7": "300.00", "8": "300.00"}


def test_an_unknown_bill_lists_those_that_are_open():
    books = a_shop()
    with pytest.raises(NotFound, match=r"Asha has no open bill '9'; open are '7' \(500.00\), '8' \(300.00\)"):
        receipt(books, "100", {"name": "9"})
    receipt(books, "500", {"name": "7"})
    with pytest.raises(NotFound, match=r"no open bill '7'; open are '8'"):
        receipt(books, "500", {"name": "7"})


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ([{"name": "7", "amount": "600"}], "only 500.00 of the bill '7' is open"),
        ([{"name": "7"}, {"kind": "advance", "name": "A", "amount": "600"}], "come to more than 1000.00"),
        ([{"name": "7", "amount": "-5"}], "without sign"),
        ([{"name": "7", "amount": "12,34"}], "write 12.34 or 1234"),
        ([{"kind": "old", "name": "7"}], "written with a kind"),
        ("7", "bills is not a list"),
        (["7"], "written with a kind"),
    ],
)
def test_bills_that_cannot_be_are_refused(said, text):
    books = a_shop()
    with pytest.raises(BooksError) as caught:
        voucher(books, "Receipt", "Cash 1000 / Asha -1000", bills=said)
    assert text in str(caught.value)


def test_which_entry_is_meant_has_to_be_clear():
    books = a_shop()
    with pytest.raises(BooksError, match="name its ledger with --party"):
        voucher(books, "Receipt", "Cash 5 / Sales -5", bills=[{"name": "7"}])
    sale(books, "50", "9", "Meera")
    both = "Cash 60 / Asha -30 / Meera -30"
    with pytest.raises(BooksError, match="name its ledger with --party"):
        voucher(books, "Receipt", both, bills=[{"name": "9"}])
    assert allocated(books, voucher(books, "Receipt", both, party="Meera", bills=[{"name": "9"}]), 2) == [
        ("against", "9", "-30.00")
    ]


def test_an_advance_takes_the_rest():
    books = a_shop()
    entered = receipt(books, "900", {"name": "7"}, {"kind": "advance", "name": "A1"})
    assert allocated(books, entered) == [("against", "7", "-500.00"), ("advance", "A1", "-400.00")]


def test_bills_of_a_merged_ledger_and_of_the_opening_can_be_settled():
    books = a_shop()
    ledger(books, "Asha Store", opening="70", opening_bills=[{"name": "old", "amount": "70.00", "date": "2026-03-01"}])
    merge_masters(books, "ledger", "Asha Store", "Asha")
    assert allocated(books, receipt(books, "70", {"name": "OLD"})) == [("against", "OLD", "-70.00")]


def test_a_bill_follows_the_amount_and_several_have_to_be_said():
    books = a_shop()
    one = receipt(books, "200", {"name": "7"})
    alter(books, one.id.hex(), "Cash 250 / Asha -250", keep_bills=True)
    assert allocated(books, one) == [("against", "7", "-250.00")]
    alter(books, one.id.hex(), bills=[{"name": "7", "amount": "100"}, {"name": "8"}])
    assert allocated(books, one) == [("against", "7", "-100.00"), ("against", "8", "-150.00")]
    with pytest.raises(BooksError, match=r"say with --bill NAME:AMOUNT how much of -300.00 goes to each"):
        alter(books, one.id.hex(), "Cash 300 / Asha -300", keep_bills=True)
    alter(books, one.id.hex(), "Cash 250 / Asha -250", keep_bills=True, narration="counted again")
    assert allocated(books, one) == [("against", "7", "-100.00"), ("against", "8", "-150.00")]


def test_without_being_asked_nothing_is_kept():
    books = a_shop()
    one = receipt(books, "200", {"name": "7"})
    alter(books, one.id.hex(), "Cash 250 / Asha -250")
    assert allocated(books, one) == []
