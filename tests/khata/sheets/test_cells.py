"""Amounts and dates as people write them in sheets."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.errors import BadValue
from crdt_models.money import Amount
from khata.cli.frame import grouped
from khata.sheets.dates import day, order_of
from khata.sheets.figures import amount, side
from khata.sheets.table import as_text, decoded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500", "500.00"),
        ("1,25,000.50", "125000.50"),
        ("-12.5", "-12.50"),
        ("(500.00)", "-500.00"),
        ("( ₹ 1,000 )", "-1000.00"),
        ("₹ 99", "99.00"),
        ("Rs. 99.05", "99.05"),
        ("-₹ 99", "-99.00"),
        ("₹-99", "-99.00"),
        ("500 Dr", "500.00"),
        ("500 Cr.", "-500.00"),
        ("500.00Cr", "-500.00"),
        ("500-", "-500.00"),
        (".5", "0.50"),
        ("₹ 1,000/-", "1000.00"),
        ("(Rs. 1,000/-)", "-1000.00"),
        ("1,000/- Cr", "-1000.00"),
        ("1,25,000 Dr", "125000.00"),
        ("125,000", "125000.00"),
        ("", "0.00"),
        ("-", "0.00"),
        ("\u2212 7", "-7.00"),
    ],
)
def test_amounts(text, expected):
    assert amount(text).text == expected


@pytest.mark.parametrize(
    "text", ["five", "1.2.3", "(5", "5)", "12.34567", "1e5", "5 kg", "--", "12,34", "1.234,50", "1,23,45"]
)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(BadValue):
        amount(text)


@given(st.integers(-(10**14), 10**14).map(Amount))
def test_amounts_printed_with_commas_read_back(value):
    assert amount(grouped(value.text)) == value


def test_sides():
    assert [side(text) for text in ("Dr", "dr.", "Debit", "C", "Cr.")] == [1, 1, 1, -1, -1]
    with pytest.raises(BadValue):
        side("both")


@pytest.mark.parametrize(
    "text",
    ["2026-04-02", "2026/4/2", "20260402", "02-04-2026", "2/4/26", "02.04.2026", "2-Apr-2026", "2 April 26",
     "2nd Apr 2026", "02-APR-26", "2026-04-02 00:00:00", "46114"],
)  # fmt: skip
def test_one_day_in_many_spellings(text):
    assert day(text, "dmy") == "2026-04-02"


def test_the_order_of_day_and_month_is_found_and_never_guessed():
    assert day("04/02/2026", "mdy") == "2026-04-02"
    assert day("26-04-02", "ymd") == "2026-04-02"
    assert order_of(["03/04/2026", "13/04/2026"]) == "dmy"
    assert order_of(["03/04/2026", "04/13/2026"]) == "mdy"
    assert order_of(["2026-04-02", "2-Apr-26", "", "05/05/2026"]) == "dmy"
    assert order_of(["03/04/2026", "04/05/2026"]) == ""


@pytest.mark.parametrize("text", ["31-02-2026", "2026-13-01", "soon", "12", "1/2", "32-Jan-26", "5-Foo-26"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(BadValue):
        day(text, "dmy")


@given(st.dates(date(1990, 1, 1), date(2070, 1, 1)))
def test_every_day_reads_back_in_every_spelling(value):
    for spelling, order in (
        ("%d-%m-%Y", "dmy"), ("%d/%m/%Y", "dmy"), ("%m/%d/%Y", "mdy"), ("%d-%b-%Y", "dmy"), ("%d %B %Y", "dmy"),
        ("%Y-%m-%d", "mdy"),
    ):  # fmt: skip
        assert day(value.strftime(spelling), order) == value.isoformat()
    serial = (value - date(1899, 12, 30)) // timedelta(days=1)
    assert day(str(serial), "dmy") == value.isoformat()


def test_cells_of_workbooks_are_exact_text():
    assert as_text(1234.56) == "1234.56"
    assert as_text(0.1 + 0.2) == "0.3"
    assert as_text(1e15) == "1000000000000000"
    assert as_text(12.0) == "12"
    assert as_text(7) == "7"
    assert as_text(True) == "yes"
    assert as_text(None) == ""
    assert as_text(datetime.fromisoformat("2026-04-02")) == "2026-04-02"
    assert as_text(" '=sum ") == "=sum"


def test_text_in_every_encoding_that_excel_saves():
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert decoded("Café नमस्ते".encode(encoding)) == "Café नमस्ते"
    assert decoded("Café – £".encode("cp1252")) == "Café – £"
