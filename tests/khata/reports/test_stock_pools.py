"""What stock cost: nothing is lost to rounding, and both methods agree where there is nothing to choose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.reports.stock_pools import METHODS, Pool, share

methods = st.sampled_from(METHODS)
quantities = st.integers(1, 10**8)
movements = st.lists(st.tuples(st.booleans(), quantities, st.integers(0, 10**9)), max_size=30)


def two_lots(method):
    pool = Pool(method)
    pool.put(10, 100)
    pool.put(10, 200)
    return pool


def test_the_average_is_over_all_that_is_there_and_fifo_takes_the_oldest():
    assert two_lots("average").take(15) == 225
    assert two_lots("fifo").take(15) == 200


@pytest.mark.parametrize(("method", "assumed"), [("average", 15), ("fifo", 20)])
def test_what_is_missing_is_valued_at_the_last_known_cost_and_corrected_when_it_comes(method, assumed):
    pool = two_lots(method)
    pool.take(20)
    assert pool.take(5) == 5 * assumed
    assert (pool.quantity, pool.value) == (-5, -5 * assumed)
    assert pool.put(12, 120) == 5 * (10 - assumed)
    assert (pool.quantity, pool.value) == (7, 70)


def test_goods_never_bought_cost_nothing_until_they_are():
    pool = Pool("average")
    assert pool.take(3) == 0
    assert pool.put(4, 40) == 30
    assert (pool.quantity, pool.value) == (1, 10)


def test_a_value_without_goods_goes_to_what_is_there_or_else_into_cost():
    pool = Pool("average")
    assert pool.put(0, 7) == 7
    pool.put(10, 100)
    assert pool.put(0, 50) == 0
    assert pool.take(10) == 150


@pytest.mark.parametrize(
    ("value", "part", "whole", "shown"), [(10, 1, 4, 3), (-10, 1, 4, -3), (9, 1, 4, 2), (1, 1, 3, 0)]
)
def test_a_share_is_rounded_half_away_from_nothing(value, part, whole, shown):
    assert share(value, part, whole) == shown
    assert share(value, -part, -whole) == shown


@given(methods, movements)
def test_what_came_in_is_left_or_went_out(method, moves):
    pool = Pool(method)
    came = went = quantity = 0
    for comes, amount, value in moves:
        if comes:
            came += value
            went += pool.put(amount, value)
            quantity += amount
        else:
            went += pool.take(amount)
            quantity -= amount
        assert pool.quantity == quantity
        assert pool.value == came - went
        assert quantity or not pool.value
        assert pool.worth_of(quantity) == pool.value


@given(st.integers(1, 10**5), st.lists(st.tuples(st.booleans(), st.integers(1, 10**6)), max_size=30))
def test_both_methods_agree_where_every_unit_costs_the_same(unit, moves):
    pools = [Pool(method) for method in METHODS]
    for pool in pools:
        pool.put(1, unit)
    for comes, quantity in moves:
        results = [pool.put(quantity, quantity * unit) if comes else pool.take(quantity) for pool in pools]
        assert results[0] == results[1] == (0 if comes else quantity * unit)
        assert pools[0].value == pools[1].value == pools[0].quantity * unit
