"""Amounts, quantities and rates are exact and have one spelling."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.errors import BadValue
from crdt_models.money import Amount, Quantity, Rate, e4_of

E4 = st.integers(-(10**16) + 1, 10**16 - 1)


@given(E4)
def test_an_amount_survives_being_written_and_read(e4):
    amount = Amount.from_e4(e4)
    assert Amount.parse(amount.text) == amount
    assert e4_of(amount.text) == e4 == amount.e4


@given(E4)
def test_the_text_of_an_amount_is_the_decimal_it_stands_for(e4):
    text = Amount.from_e4(e4).text
    assert Decimal(text) == Decimal(e4).scaleb(-4)
    assert 2 <= len(text.partition(".")[2]) <= 4


@given(E4, E4)
def test_sums_are_exact(left, right):
    assert (Amount(left) + Amount(right)).e4 == left + right
    assert (Amount(left) - Amount(right)) + Amount(right) == Amount(left)
    assert -Amount(left) == Amount(-left)
    assert (Amount(left) < Amount(right)) == (left < right)


@given(st.decimals(-(10**11), 10**11, allow_nan=False, places=6))
def test_quantities_and_rates_keep_six_decimals(number):
    for kind in (Quantity, Rate):
        value = kind.parse(f"{number:f}")
        assert Decimal(value.text) == number
        assert kind.from_e6(value.e6) == value
        assert kind.parse(value.text).text == value.text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("12500", "12500.00"),
        ("-12500.5", "-12500.50"),
        ("0.1234", "0.1234"),
        (".5", "0.50"),
        ("5.", "5.00"),
        ("+7", "7.00"),
        ("-0", "0.00"),
        (" 007.10 ", "7.10"),
        ("1.230000", "1.23"),
        ("999999999999.9999", "999999999999.9999"),
    ],
)
def test_spellings_of_an_amount(written, text):
    assert Amount.parse(written).text == text


@pytest.mark.parametrize(("written", "text"), [("100", "100"), ("50.000", "50"), ("-2.5", "-2.5"), ("0", "0")])
def test_spellings_of_a_quantity(written, text):
    assert Quantity.parse(written).text == text


BAD = ["", " ", ".", "-", "1,000", "1e5", "0x1", "1_0", "١٢", "NaN", "1.00001", "1000000000000", "1.2.3", "1 2"]


@pytest.mark.parametrize("text", BAD)
def test_what_is_not_an_amount(text):
    with pytest.raises(BadValue):
        Amount.parse(text)


@pytest.mark.parametrize("text", [*BAD, "1", "1.5", "1.500", "01.00", "-0.00", "+1.00", " 1.00", "1.00 ", "1.2340"])
def test_stored_amounts_have_one_spelling_only(text):
    with pytest.raises(BadValue):
        e4_of(text)


@given(st.text(max_size=20))
def test_any_text_is_an_amount_or_refused(text):
    try:
        amount = Amount.parse(text)
    except BadValue:
        return
    assert e4_of(amount.text) == amount.e4


@pytest.mark.parametrize(
    ("written", "text"),
    [("33.3333334", "33.333333"), ("-0.0000005", "-0.000001"), ("0.0000004", "0"), ("1.9999999", "2"), ("5", "5")],
)
def test_rounding_is_asked_for_and_half_goes_away_from_zero(written, text):
    assert Rate.rounded(written).text == text
    with pytest.raises(BadValue):
        Rate.rounded(written + "x")
