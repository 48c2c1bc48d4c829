"""The shortest schedule that fails: nothing is left in it that the failure does not need."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.reading.reading_toml import parse_scenario, read_scenario
from simulations.reading.sense import sense_mistakes
from simulations.reading.writing_toml import toml_of
from simulations.scenario import Branch, Faults, Happening, Scenario, Work, ms_of
from simulations.shrinking import shrink

WHOLE = read_scenario("everything-at-once")


class Watch:
    """A clock that goes on by a second whenever somebody looks at it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 1.0
        return self.seconds


def shrunk(fails: Callable[[Scenario], bool], scenario: Scenario = WHOLE) -> Scenario:
    found = shrink(scenario, fails, lambda: 0.0, runs_max=2000)
    assert found.done
    assert fails(found.scenario)
    assert not list(sense_mistakes(found.scenario))
    return found.scenario


def test_what_always_fails_is_left_with_nothing_but_a_minute_of_the_head_office():
    left = shrunk(lambda _: True)
    assert [branch.name for branch in left.branches] == ["Ahmedabad"]
    assert (left.happenings, left.rules, left.lines, left.relays) == ((), (), (), ())
    assert left.faults == Faults(lasting="20m")
    assert left.lasts == "1m"
    assert not any((left.work.vouchers, left.work.alterations, left.work.masters))


def test_two_happenings_that_need_each_other_both_stay():
    def fails(scenario: Scenario) -> bool:
        return any(one.do == "restore" and "Jamnagar" in one.who for one in scenario.happenings)

    left = shrunk(fails)
    assert [(one.do, one.who) for one in left.happenings] == [("back-up", ("Jamnagar",)), ("restore", ("Jamnagar",))]
    assert [branch.name for branch in left.branches] == ["Ahmedabad", "Jamnagar"]
    restored = ms_of(left.happenings[-1].at)
    assert restored < ms_of(left.lasts) < restored * 6 // 5


def test_one_kind_of_fault_is_left():
    left = shrunk(lambda scenario: scenario.faults.crashes > 0)
    assert left.faults == Faults(crashes=0.5, lasting="20m")


def test_devices_rules_and_lines_that_are_needed_stay():
    left = shrunk(lambda scenario: bool(scenario.rules) and any(branch.devices > 1 for branch in scenario.branches))
    assert [(branch.name, branch.devices) for branch in left.branches] == [
        ("Ahmedabad", 1),
        ("Bhavnagar", 2),
        ("Jamnagar", 1),
    ]
    assert (len(left.rules), left.lines) == (1, ())


def test_a_relay_goes_with_what_happens_to_it():
    left = shrunk(lambda scenario: any(one.do == "restore" for one in scenario.happenings))
    assert not left.relays
    assert all("Cloud" not in one.who for one in left.happenings)


def test_work_is_left_as_little_as_it_can_be():
    left = shrunk(lambda scenario: scenario.work.vouchers >= 1 and scenario.work.hot > 0)
    assert left.work == Work(
        vouchers=1.5, hot=0.6, alterations=0.0, cancellations=0.0, masters=0.0, renames=0.0, transfers=0.0
    )


def test_what_is_left_can_be_written_and_read_again():
    left = shrunk(lambda scenario: any(one.do == "revoke" for one in scenario.happenings))
    assert parse_scenario(toml_of(left), "shortest.toml") == left


def test_no_scenario_is_tried_twice_and_none_that_makes_no_sense():
    tried: list[Scenario] = []

    def fails(scenario: Scenario) -> bool:
        tried.append(scenario)
        return len(scenario.happenings) > 3

    shrunk_one = shrink(WHOLE, fails, lambda: 0.0, runs_max=2000)
    assert len(set(tried)) == len(tried) == shrunk_one.runs
    assert all(not list(sense_mistakes(scenario)) for scenario in tried)


def test_it_ends_after_so_many_runs_or_so_long():
    few = shrink(WHOLE, lambda _: True, lambda: 0.0, runs_max=3)
    assert (few.runs, few.done) == (3, False)
    brief = shrink(WHOLE, lambda _: True, Watch(), seconds_max=5.0)
    assert brief.runs < 6
    assert not brief.done


def test_whoever_interrupts_it_gets_the_smallest_found_so_far():
    tried: list[Scenario] = []

    def fails(scenario: Scenario) -> bool:
        tried.append(scenario)
        if len(tried) == 4:
            raise KeyboardInterrupt
        return True

    found = shrink(WHOLE, fails, lambda: 0.0)
    assert (found.scenario, found.runs, found.done, found.interrupted) == (tried[2], 4, False, True)


def devices(scenario: Scenario) -> int:
    return sum(branch.devices for branch in scenario.branches)


@pytest.mark.parametrize("needed", ["", "60% of the time", "a fault", "a happening"])
def test_runs_that_take_a_minute_are_shortened_within_five(needed):
    """What a run costs goes with how long it lasts, how many there are, and how much goes wrong."""
    watch = [0.0]

    def fails(scenario: Scenario) -> bool:
        going_on = 0.5 + 0.25 * bool(scenario.happenings) + 0.25 * (scenario.faults.crashes > 0)
        watch[0] += 60 * ms_of(scenario.lasts) / ms_of(WHOLE.lasts) * devices(scenario) / devices(WHOLE) * going_on
        return {
            "": True,
            "60% of the time": ms_of(scenario.lasts) > ms_of(WHOLE.lasts) * 0.6,
            "a fault": scenario.faults.crashes > 0,
            "a happening": any(one.do == "revoke" for one in scenario.happenings),
        }[needed]

    found = shrink(WHOLE, fails, lambda: watch[0], runs_max=2000, seconds_max=300.0)
    assert len(found.scenario.branches) <= 2
    assert not found.scenario.relays
    assert len(found.scenario.happenings) <= (2 if needed == "a happening" else 0)


def test_what_comes_after_the_failure_is_left_out_first():
    tried: list[Scenario] = []

    def fails(scenario: Scenario) -> bool:
        tried.append(scenario)
        return ms_of(scenario.lasts) > ms_of("20h")

    found = shrink(WHOLE, fails, lambda: 0.0, runs_max=2000, failed_at=ms_of("20h") + 7)
    assert tried[0].lasts == found.scenario.lasts == "72001s"
    assert all(ms_of(one.at) < ms_of("72001s") for one in tried[0].happenings)


@given(st.sets(st.integers(0, 11), min_size=1, max_size=3))
def test_of_many_happenings_just_those_are_left_that_are_needed_together(needed):
    deeds = tuple(Happening(at=f"{number}h", do="cut", lasts="10m") for number in range(12))
    branches = (Branch(name="A", code="A"),)
    scenario = Scenario(title="x", about="y", lasts="1d", branches=branches, happenings=deeds)
    wanted = {f"{number}h" for number in needed}
    left = shrunk(lambda one: wanted <= {happening.at for happening in one.happenings}, scenario)
    assert {happening.at for happening in left.happenings} == wanted
    assert all(happening.lasts in ("1s", "2s", "4s") for happening in left.happenings)


@pytest.mark.parametrize("name", ["branch-offline-three-days", "shop-closed-at-night"])
def test_a_scenario_that_fails_only_as_it_is_stays_as_it_is(name):
    scenario = read_scenario(name)
    found = shrink(scenario, lambda one: one == scenario, lambda: 0.0, runs_max=500)
    assert found.scenario == scenario
    assert found.done
