"""Amounts, quantities, rates and dates as Tally writes them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.money import Amount, Quantity
from khata.tally import values
from khata.tally.decode import RESERVED
from khata.tally.errors import BadRecord


@given(st.integers(-(10**16) + 1, 10**16 - 1))
def test_the_sign_of_money_turns_here_and_nothing_else_does(e4):
    assert values.amount(f" {Amount(e4).text}") == Amount(-e4)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("-₹ 500.00", "500.00"),
        ("Rs. 1,00,000.50", "-100000.50"),
        ("? 5", "-5.00"),
        ("(7.25)", "7.25"),
        ("-$ 100.00 @ ₹ 80/$ = -₹ 8000.00", "8000.00"),
    ],
)
def test_amounts_in_base_currency(text, amount):
    assert values.amount(text).text == amount


@pytest.mark.parametrize(
    ("text", "symbol", "foreign", "rate", "amount"),
    [
        ("-$ 100.00 @ ₹ 80/$ = -₹ 8000.00", "$", "100.00", "80", "8000.00"),
        ("$ 100.00 @ Rs. 80.25/$ = Rs. 8,025.00", "$", "-100.00", "80.25", "-8025.00"),
        ("-USD 3.00 = -₹ 250.00", "USD", "3.00", "83.333333", "250.00"),
        ("-€5 @ ? 90.5/€ = -? 452.50", "€", "5.00", "90.5", "452.50"),
        ("$ 100 @ 80/$ = -8000", "$", "100.00", "80", "8000.00"),
    ],
)
def test_foreign_amounts_keep_their_figure_and_rate(text, symbol, foreign, rate, amount):
    found = values.money(text)
    assert (found.symbol, found.foreign.text, found.rate.text, found.amount.text) == (symbol, foreign, rate, amount)


@pytest.mark.parametrize(
    "text", ["", "abc", "€ 5", "1.2.3", "$ 5 @ 80/$", "1,00", "12x", "= 5 x", "9" * 40, "1e5", "٣"]
)
def test_what_is_no_amount(text):
    if text == "1,00":
        assert values.amount(text).text == "-100.00"
        return
    with pytest.raises(BadRecord):
        values.amount(text)


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        (" 19 Number", "19", "Number"),
        (" 50.000 KG", "50", "KG"),
        ("60 Nos = 5 Box", "60", "Nos"),
        ("-5 nos", "-5", "nos"),
        ("(5) nos", "5", "nos"),
        ("1,000.5 Kgs.", "1000.5", "Kgs."),
        ("10", "10", ""),
        ("1.23456789 m", "1.234568", "m"),
    ],
)
def test_quantities(text, number, unit):
    assert values.measure(text) == values.Measure(number, unit)


def test_quantities_in_two_units():
    assert values.alternate_measure("60 Nos = 5 Box") == values.Measure("5", "Box")
    assert values.alternate_measure("60 Nos") is None
    assert values.measure("2 Box 3 Nos") == values.Measure("2", "Box", compound=True)


@pytest.mark.parametrize("text", ["", "nos", "= 5 Box", "- nos"])
def test_what_is_no_quantity(text):
    with pytest.raises(BadRecord):
        values.measure(text)


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [("202.02/nos", "202.02", "nos"), ("$ 1.00 = ₹ 80.00/Number", "80", "Number"), ("", "", ""), ("0/nos", "", "nos")],
)
def test_rates(text, number, unit):
    assert values.price(text) == values.Measure(number, unit)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20260401", "2026-04-01"),
        (" 20260401 ", "2026-04-01"),
        ("1-Apr-26", "2026-04-01"),
        ("01-April-2026", "2026-04-01"),
        ("1 Apr 99", "1999-04-01"),
        ("2026-04-01", "2026-04-01"),
    ],
)
def test_dates(text, day):
    assert values.day(text) == day


@pytest.mark.parametrize("text", ["", "12-08-2025", "20260231", "1-Foo-26", "2026", "20260401x"])
def test_what_is_no_date(text):
    with pytest.raises(BadRecord):
        values.day(text)


@given(st.text(max_size=12))
def test_any_text_is_read_or_is_a_bad_record(text):
    for read in (values.money, values.measure, values.price, values.rate_of, values.day):
        with suppress(BadRecord):
            assert read(text) is not None


def test_reserved_words_are_told_from_names():
    assert values.is_reserved(f"{RESERVED} Primary")
    assert not values.is_reserved("Primary")
    assert not values.is_reserved(None)
    assert values.plain_text(f"{RESERVED} Primary ") == "Primary"
    assert values.plain_text("a\r\nb") == "a\nb"
    assert [values.is_yes(text) for text in ("Yes", " yes ", "No", "", None)] == [True, True, False, False, False]


def test_a_quantity_is_exact():
    assert Quantity.parse(values.measure("0.000001 KG").number).e6 == 1
