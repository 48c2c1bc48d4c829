"""When a node calls by itself: the most eager of the rules decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.schedules import ALWAYS, CONTINUOUS, MANUAL, MINUTES_MAX, NEVER, Attention, attention

some_schedules = st.lists(st.one_of(st.just(MANUAL), st.just(CONTINUOUS), st.integers(1, MINUTES_MAX)), max_size=5)


@pytest.mark.parametrize(
    ("schedules", "is_hub", "expected"),
    [
        ([], True, ALWAYS),
        ([], False, NEVER),
        ([MANUAL], True, NEVER),
        ([MANUAL], False, NEVER),
        ([30], False, Attention(True, 1800)),
        ([MANUAL, 30, 5], True, Attention(True, 300)),
        ([5, CONTINUOUS, MANUAL], False, ALWAYS),
        (["hourly", 0, -3, MINUTES_MAX + 1], True, NEVER),
    ],
)
def test_the_most_eager_rule_decides(schedules, is_hub, expected):
    assert attention(schedules, is_hub) == expected


def test_a_minute_may_be_shorter():
    assert attention([2], is_hub=False, minute_seconds=0.5) == Attention(True, 1.0)


@given(some_schedules, some_schedules, st.booleans())
def test_another_rule_never_makes_a_node_call_less_often(schedules, more, is_hub):
    before, after = attention(schedules, is_hub), attention([*schedules, *more], is_hub)
    if not schedules:
        return
    assert after.calls or not before.calls
    if before.calls and after.every_seconds is not None:
        assert before.every_seconds is not None
        assert after.every_seconds <= before.every_seconds


@given(some_schedules)
def test_the_order_of_rules_does_not_matter(schedules):
    assert attention(schedules, is_hub=False) == attention(reversed(schedules), is_hub=False)
