"""Amounts as people write them are read as they are meant, or refused with both readings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.errors import BadValue
from crdt_models.money import Amount
from khata.amounts import amount_of, balance_of, check_decimals, ungrouped
from khata.cli.frame import grouped

READ = [
    ("500", "500.00"), ("500.5", "500.50"), ("-500", "-500.00"), (" 1,000 ", "1000.00"), ("12,345.50", "12345.50"),
    ("1,25,000.00", "125000.00"), ("125,000", "125000.00"), ("1,234,567", "1234567.00"), ("12,34,567", "1234567.00"),
    ("₹ 1,000/-", "1000.00"), ("Rs. 1,000", "1000.00"), ("Rs 500/-", "500.00"), ("rs500", "500.00"),
    ("-₹500", "-500.00"), ("₹-500", "-500.00"), ("INR 5", "5.00"), ("500/=", "500.00"), (".5", "0.50"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "amount"), READ)
def test_amounts_are_read_as_people_write_them(text, amount):
    assert amount_of(text).text == amount


REFUSED = [
    ("12,34", "write 12.34 or 1234, whichever is meant"),
    ("-12,34", "write -12.34 or -1234, whichever is meant"),
    ("1.234,50", "write 1234.50 or 123450, whichever is meant"),
    ("1,2345.00", "write 12345.00 if that is meant"),
    ("0,500", "write 0.500 or 0500"),
    ("1,23,45,678,9", "whichever is meant"),
    (",50", "not as ,50"),
    ("50,", "not as 50,"),
    ("1,,000", "whichever is meant"),
    ("1,00,0000", "whichever is meant"),
    ("--5", "not an amount"),
    ("- ₹ -5", "not an amount"),
    ("₹", "not an amount"),
    ("five", "not an amount"),
    ("", "not an amount"),
    ("1.5.0", "not an amount"),
    ("\u0665\u0660", "not an amount"),
]


@pytest.mark.parametrize(("text", "says"), REFUSED)
def test_a_comma_that_groups_nothing_is_refused_with_both_readings(text, says):
    with pytest.raises(BadValue) as caught:
        amount_of(text)
    assert says in str(caught.value)


@given(st.integers(-(10**15), 10**15))
def test_what_tables_print_reads_back(e4):
    amount = Amount.from_e4(e4 - e4 % 100)
    assert amount_of(grouped(amount.text) or "0") == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [("500", "500.00"), ("-500", "-500.00"), ("50,000 Cr", "-50000.00"), ("₹500 Dr.", "500.00"), ("5cr", "-5.00")],
)
def test_a_balance_may_say_its_side(text, amount):
    assert balance_of(text).text == amount


@pytest.mark.parametrize("text", ["-500 Cr", "Cr", "500 Crore"])
def test_a_balance_that_says_nothing_clear_is_refused(text):
    with pytest.raises(BadValue):
        balance_of(text)


def test_what_is_no_grouped_number_stays_for_its_reader():
    assert [ungrouped(text) for text in ("abc,", "12", "1,000")] == ["abc,", "12", "1000"]


@pytest.mark.parametrize(("text", "rounded"), [("0.005", "0.01"), ("-0.005", "-0.01"), ("846396.024", "846396.02")])
def test_what_is_finer_than_the_currency_is_refused_with_what_to_write(text, rounded):
    with pytest.raises(BadValue, match=f"write {rounded}$"):
        check_decimals(Amount.parse(text))
    check_decimals(Amount.parse(rounded))
