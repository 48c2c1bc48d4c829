"""The arithmetic of the split: halves are equal, parts add up, nothing is lost to rounding."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.gst.heads import HEADS, Heads, head_in_name, head_of
from khata.gst.split import PAISA_E4, Levy, rounded, shared, tax_on, tax_on_all, to_rupee

values = st.integers(-(10**13), 10**13)
paise = values.map(lambda value: value * PAISA_E4)
percents = st.integers(0, 400).map(lambda quarter: quarter * 250_000)
levies = st.builds(Levy, percents, st.sampled_from([0, 12_000_000]))


@pytest.mark.parametrize(
    ("value", "rate", "within", "tax"),
    [
        (5_000_000, 18, True, Heads(450_000, 450_000, 0, 0)),  # 500.00 at 18: 45.00 each
        (5_000_000, 18, False, Heads(0, 0, 900_000, 0)),  # 500.00 at 18: 90.00
        (1_234_500, 5, True, Heads(30_900, 30_900, 0, 0)),  # 123.45 at 2.5 is 3.08625: 3.09 each
        (1_234_500, 5, False, Heads(0, 0, 61_700, 0)),  # 123.45 at 5 is 6.1725: 6.17, a paisa less than 3.09 twice
        (-5_000_000, 18, True, Heads(-450_000, -450_000, 0, 0)),
        (0, 18, True, Heads()),
    ],
)
def test_tax_by_hand(value, rate, within, tax):
    assert tax_on(value, Levy(rate * 1_000_000), within) == tax


@given(paise, levies)
def test_halves_are_equal_to_the_paisa_and_differ_from_the_whole_by_one_at_most(value, levy):
    within, across = tax_on(value, levy, True), tax_on(value, levy, False)
    assert within.cgst == within.sgst
    assert abs(within.cgst + within.sgst - across.igst) <= PAISA_E4
    assert within.cess == across.cess
    assert (within.igst, across.cgst, across.sgst) == (0, 0, 0)
    assert all(amount % PAISA_E4 == 0 for amount in (*within, *across))


@given(paise, levies)
def test_what_is_taken_back_is_what_was_charged(value, levy):
    for within in (True, False):
        charged, taken_back = tax_on(value, levy, within), tax_on(-value, levy, within)
        assert taken_back == Heads(*(-amount for amount in charged))


@given(st.dictionaries(levies, paise, max_size=4), st.booleans())
def test_an_invoice_is_taxed_rate_by_rate(by_levy, within):
    parts = [tax_on(value, levy, within) for levy, value in by_levy.items()]
    assert tax_on_all(by_levy, within) == Heads(*(sum(part[at] for part in parts) for at in range(len(HEADS))))


@given(values, st.lists(values, min_size=1, max_size=6))
def test_parts_add_up_to_the_whole(total, weights):
    parts = shared(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=6), st.integers(1, 50))
def test_a_total_in_proportion_is_divided_exactly(weights, times):
    assert shared(times * sum(weights) * PAISA_E4, weights) == [times * weight * PAISA_E4 for weight in weights]


def test_weights_that_come_to_nothing_leave_all_to_one():
    assert shared(700, [0, 0]) == [700, 0]
    assert shared(0, []) == []
    assert shared(-700, [-3, -4]) == [-300, -400]


@given(values, st.integers(1, 10**9), st.sampled_from([1, PAISA_E4, 10_000]))
def test_rounding_is_to_the_nearest_half_away_from_zero(numerator, denominator, step):
    found = rounded(numerator, denominator, step)
    exact = Fraction(numerator, denominator)
    assert found % step == 0
    assert abs(found - exact) <= Fraction(step, 2)
    assert rounded(-numerator, denominator, step) == -found


def test_a_total_is_rounded_to_the_rupee():
    assert [to_rupee(value) for value in (8_294_000, 8_295_000, -8_295_000, 100)] == [
        8_290_000, 8_300_000, -8_300_000, 0,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "head"),
    [("Central Tax", "CGST"), ("SGST/UTGST", "SGST"), ("utgst", "SGST"), ("Integrated  Tax", "IGST"), ("VAT", "")],
)
def test_heads_go_by_several_names(text, head):
    assert head_of(text) == head


@pytest.mark.parametrize(
    ("name", "head"),
    [("Output CGST @9%", "CGST"), ("UTGST", "SGST"), ("igst18", "IGST"), ("Compensation Cess", "Cess"),
     ("Success Fees", ""), ("TDS", "")],
)  # fmt: skip
def test_the_name_of_a_ledger_may_say_its_head(name, head):
    assert head_in_name(name) == head
