"""The value of stock is whole paise everywhere, and nothing is lost by rounding it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.entering_masters import add_master
from khata.reports.balance_sheet import balance_sheet
from khata.reports.profit_loss import profit_and_loss
from khata.reports.span import EVERYTHING, Span
from khata.reports.stock_paise import PaisePool, in_paise, shared_in_paise
from khata.reports.stock_pools import METHODS
from khata.reports.stock_summary import stock_summary
from tests.khata.company import a_branch, sync
from tests.khata.stock import a_stockist, moved

methods = st.sampled_from(METHODS)
quantities = st.integers(1, 10**8)
paise = st.integers(0, 10**7).map(lambda amount: amount * 100)
movements = st.lists(st.tuples(st.booleans(), quantities, paise), max_size=30)


@pytest.mark.parametrize(("e4", "shown"), [(149, 100), (150, 200), (-149, -100), (-150, -200), (200, 200), (0, 0)])
def test_an_amount_is_rounded_to_the_paisa_half_away_from_nothing(e4, shown):
    assert in_paise(e4) == shown


@given(paise, st.lists(quantities, min_size=1))
def test_shares_are_whole_paise_and_add_up_to_what_was_shared_out(value, parts):
    shares = shared_in_paise(value, parts)
    assert sum(shares) == value
    assert not any(share % 100 for share in shares)


@given(methods, movements)
def test_what_came_in_is_left_or_went_out_in_whole_paise(method, moves):
    pool = PaisePool(method)
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
        assert not pool.value % 100
        assert quantity or not pool.value
        assert pool.worth_of(quantity) == pool.value


@pytest.mark.parametrize("method", METHODS)
def test_rounding_does_not_add_up_however_often_a_cheap_thing_is_sold(method):
    pool = PaisePool(method)
    pool.put(1000, 300_00)
    cost = [pool.take(1) for _ in range(500)]
    assert sum(cost) == pool.value == 150_00


@pytest.mark.parametrize("method", METHODS)
def test_statements_and_stock_summary_have_one_value_in_whole_paise(method):
    office = a_stockist("Soap", "Oil")
    add_master(office, "stock-item", "Lye", {"opening": [{"quantity": "7", "value": "10.005"}]})
    pune = a_branch(office, "Pune")
    moved(office, "Purchase", "Soap 3 = 100 / Oil 7 = 100")
    moved(pune, "Sales", "Soap -1 = 50 / Oil -2 = 50", date="2026-04-03")
    moved(pune, "Sales", "Lye -3 = 50", date="2026-04-03")
    sync(office, pune)
    for span in (EVERYTHING, Span("2026-04-03"), Span(branch="Pune")):
        total = stock_summary(office, span, method)["total"]
        profit, sheet = profit_and_loss(office, span, method), balance_sheet(office, span, method)
        assert total["closing"] == profit["closing_stock"] == sheet["assets"]["closing_stock"]
        assert total["opening"] == profit["opening_stock"]
        for figure in (total["closing"], total["out"], profit["net_profit"], sheet["assets"]["amount"]):
            assert Decimal(figure).as_tuple().exponent == -2
    assert stock_summary(office, method=method)["total"]["opening"] == "10.01"
