"""Financial years: from April, or from the day that the company's details name, in numbers and reports alike."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.masters import company_details_id
from khata.errors import BooksError
from khata.gst.documents_issued import documents_issued
from khata.gst.setting import set_company
from khata.numbering import is_series_number
from khata.years import FIRST_DAY, checked_start, financial_year, month_ends, year_begins, year_of, year_starts
from tests.khata.company import a_company, alter, put, voucher

RECEIPT = "Cash 1 / Profit & Loss A/c -1"


@given(st.dates(date(1999, 1, 1), date(2099, 12, 30)), st.sampled_from([FIRST_DAY, "01-01", "07-15", "12-31"]))
def test_every_day_is_in_one_year_and_years_follow_each_other(day, starts):
    year = year_of(day.isoformat(), starts)
    assert year.first <= day.isoformat() <= year.last
    assert year.first[5:] == starts
    assert year_begins(day.isoformat(), starts) == int(year.first[:4])
    following = year_of((date.fromisoformat(year.last) + timedelta(1)).isoformat(), starts)
    assert following.first == (date.fromisoformat(year.last) + timedelta(1)).isoformat()
    assert following.label != year.label


def test_years_by_hand():
    assert year_of("2026-03-31") == ("25-26", "2025-04-01", "2026-03-31")
    assert financial_year("2026-12-31", "01-01") == "26-26"
    assert financial_year("2026-06-30", "07-01") == "25-26"
    assert [month_ends(month) for month in ("2024-02", "2026-02", "2026-04")] == [
        "2024-02-29", "2026-02-28", "2026-04-30",
    ]  # fmt: skip


def test_a_year_of_another_century_says_so_in_numbers_and_reports():
    books = a_company()
    numbers = [
        voucher(books, "Receipt", RECEIPT, date=day).number
        for day in ("1926-05-05", "2026-05-05", "2126-05-05", "1999-05-05", "9999-12-31")
    ]
    assert numbers == ["HO/1926/00001", "HO/26-27/00001", "HO/2126/00001", "HO/1999/00001", "HO/9999/00001"]
    assert all(is_series_number(number) for number in numbers)
    assert not is_series_number("HO/2026/00001")
    years = [row["year"] for row in documents_issued(books)]
    assert sorted(years) == ["1926-27", "1999-00", "2126-27", "26-27", "9999-00"]
    with pytest.raises(BooksError, match="financial year 1926-27"):
        alter(books, numbers[0], date="2026-05-05")


@pytest.mark.parametrize("text", ["4-1", "04-31", "02-29", "13-01", "04/01", "", "०४-०१"])
def test_a_day_that_not_every_year_has_cannot_begin_one(text):
    with pytest.raises(BooksError, match="is not a day of every year"):
        checked_start(text)


def test_numbers_and_documents_issued_go_by_the_company_year():
    books = a_company()
    before = voucher(books, "Receipt", RECEIPT, date="2026-03-31")
    set_company(books, {"year_starts": "01-01"})
    numbers = [
        voucher(books, "Receipt", RECEIPT, date=day).number for day in ("2026-03-31", "2026-12-31", "2027-01-01")
    ]
    assert (before.number, numbers) == ("HO/25-26/00001", ["HO/26-26/00001", "HO/26-26/00002", "HO/27-27/00001"])
    assert [row["year"] for row in documents_issued(books)] == ["26-26", "26-26", "27-27"]
    alter(books, numbers[0], date="2026-11-01")
    with pytest.raises(BooksError, match="financial year 26-26"):
        alter(books, numbers[0], date="2027-01-01")


def test_a_company_whose_details_hold_nonsense_has_ordinary_years():
    books = a_company()
    put(books, "masters/company", "company", company_details_id(books.company), year_starts="99-99")
    assert year_starts(books.db) == FIRST_DAY
    assert voucher(books, "Receipt", RECEIPT, date="2026-04-01").number == "HO/26-27/00001"
