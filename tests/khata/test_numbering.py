"""Voucher numbers: consecutive, never given twice, by this device or another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.errors import BooksError
from khata.numbering import is_series_number, next_number
from khata.years import financial_year
from tests.khata.company import a_branch, a_company, put, sync, voucher

RECEIPTS = "Cash 1 / Profit & Loss A/c -1"


def test_each_type_and_year_has_a_series_of_its_own():
    books = a_company()
    numbers = [
        voucher(books, kind, RECEIPTS, date=date).number
        for kind, date in (
            ("Receipt", "2026-04-01"),
            ("Receipt", "2027-03-31"),
            ("Receipt", "2027-04-01"),
            ("Payment", "2026-04-01"),
            ("Receipt", "2026-03-31"),
            ("Receipt", "2026-12-01"),
        )
    ]
    assert numbers == [
        "HO/26-27/00001", "HO/26-27/00002", "HO/27-28/00001", "HO/26-27/00001", "HO/25-26/00001", "HO/26-27/00003",
    ]  # fmt: skip
    assert all(is_series_number(number) and len(number) <= 16 for number in numbers)


@pytest.mark.parametrize(
    ("date", "year"),
    [("2026-04-01", "26-27"), ("2026-03-31", "25-26"), ("1999-12-31", "1999-00"), ("2000-01-01", "1999-00")],
)
def test_the_financial_year_begins_on_the_first_of_april(date, year):
    assert financial_year(date) == year


def test_two_branches_never_give_out_the_same_number():
    office = a_company()
    pune = a_branch(office, "Pune")
    one, other = voucher(office, "Receipt", RECEIPTS), voucher(pune, "Receipt", RECEIPTS)
    sync(pune, office)
    assert (one.number, other.number) == ("HO/26-27/00001", "PUN/26-27/00001")
    assert voucher(pune, "Receipt", RECEIPTS).number == "PUN/26-27/00002"


def test_a_restored_copy_takes_up_where_its_peers_know_it_left_off():
    office = a_company()
    for _ in range(3):
        voucher(office, "Receipt", RECEIPTS)
    office.db.execute("DELETE FROM series")
    assert voucher(office, "Receipt", RECEIPTS).number == "HO/26-27/00004"


def test_the_highest_number_is_found_though_it_has_more_digits():
    books = a_company()
    for count, number in enumerate(("HO/26-27/99999", "HO/26-27/100001", "HO/26-27/00007", "HO/26-27/x", "HO/26-2")):
        posting = {"base": "receipt", "type": b"t" * 16, "date": "2026-04-02"}
        put(books, "vouchers/ho/receipt/2026-04", "voucher", bytes([count]) * 16, posting=posting, number=number)
    with books.writing():
        assert next_number(books.db, "HO", "receipt", "2026-04-02") == "HO/26-27/100002"
        assert next_number(books.db, "HO", "payment", "2026-04-02") == "HO/26-27/00001"


def test_a_full_series_is_refused():
    books = a_company()
    with books.writing():
        books.db.execute("INSERT INTO series VALUES ('PUN1', 'receipt', '26-27', 99999)")
        with pytest.raises(BooksError, match="is full"):
            next_number(books.db, "PUN1", "receipt", "2026-04-02")


@given(st.lists(st.sampled_from(["2026-04-01", "2027-03-31", "2027-04-01"]), max_size=12))
def test_numbers_of_a_year_are_consecutive(dates):
    books = a_company()
    with books.writing():
        given_out = [next_number(books.db, "HO", "receipt", date) for date in dates]
    for year in {financial_year(date) for date in dates}:
        counts = [int(number[-5:]) for number in given_out if year in number]
        assert counts == list(range(1, len(counts) + 1))


def test_a_mark_makes_a_series_of_its_own():
    books = a_company()
    first = voucher(books, "Journal", RECEIPTS).number
    marked = [next_number(books.db, "HO", "journal", "2026-04-02", "T") for _ in range(2)]
    assert marked == ["HO/26-27/T0001", "HO/26-27/T0002"]
    assert all(is_series_number(number) for number in marked)
    assert (first, voucher(books, "Journal", RECEIPTS).number) == ("HO/26-27/00001", "HO/26-27/00002")


def test_a_marked_series_ends_where_numbers_would_be_too_long():
    books = a_company()
    books.db.execute("INSERT INTO series VALUES ('PUN1/T', 'journal', '26-27', 9999)")
    with pytest.raises(BooksError, match="full"):
        next_number(books.db, "PUN1", "journal", "2026-04-02", "T")
    assert next_number(books.db, "PUN", "journal", "2026-04-02", "T") == "PUN/26-27/T0001"
