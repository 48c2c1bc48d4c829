"""The figures of a report against values worked out by hand."""

from simulations.reports.figures import (
    Link,
    Spread,
    buckets,
    bytes_over_time,
    links,
    peak,
    percentile,
    spread,
    spread_by_device,
    unsent_by_branch,
)
from simulations.scenario import DAY, HOUR, SECOND
from simulations.story import Traffic
from tests.simulations.stories import a_story, lane, relay, saved


def test_percentiles_are_values_that_occurred():
    hundred = list(range(1, 101))
    assert (percentile(hundred, 50), percentile(hundred, 99), percentile(hundred, 100)) == (50, 99, 100)
    assert percentile([7], 50) == percentile([7], 99) == 7
    assert percentile([1, 2, 3], 50) == 2
    assert percentile([1, 2, 3, 4], 99) == 4
    assert percentile([], 99) is None


def test_a_spread_counts_those_that_never_arrived_apart():
    its = [saved(10, "Pune", 20), saved(10, "Pune", 40), saved(10, "Pune", 25), saved(10, "Pune", None)]
    assert spread(its) == Spread(saves=4, half=15, most=30, longest=30, never=1)
    assert spread([]) == Spread(saves=0, half=None, most=None, longest=None, never=0)


def test_each_device_that_saved_has_its_spread_in_the_order_of_the_lanes():
    story = a_story(
        lanes=(lane("Delhi"), lane("Pune"), lane("Nagpur")), deliveries=(saved(0, "Pune", 5), saved(0, "Delhi", 9))
    )
    assert list(spread_by_device(story)) == ["Delhi", "Pune"]
    assert spread_by_device(story)["Pune"].longest == 5


def test_saves_are_counted_by_how_long_they_took():
    took = [999, SECOND, 9 * SECOND, 2 * HOUR, 4 * DAY]
    its = [saved(0, "Pune", ms) for ms in took] + [saved(0, "Pune", None)]
    assert [count for _, count in buckets(its)] == [1, 2, 0, 0, 0, 1, 0, 0, 1, 1]
    assert buckets(its)[0] == ("under 1 s", 1)
    assert buckets(its)[-1] == ("not within the run", 1)
    assert buckets([saved(0, "Pune", 2 * HOUR)]) == [("1 to 6 h", 1)]
    assert buckets([]) == []


def test_what_waits_at_a_branch_is_what_waits_at_its_devices_together():
    story = a_story(
        lanes=(
            lane("Pune", unsent=[(10, 1), (20, 2), (50, 0)]),
            lane("Pune 2", branch="Pune", unsent=[(20, 3), (40, 0)]),
            lane("Delhi", unsent=[(0, 4)]),
            relay("Relay"),
        )
    )
    by_branch = unsent_by_branch(story)
    assert by_branch == {"Pune": [(0, 0), (10, 1), (20, 5), (40, 2), (50, 0)], "Delhi": [(0, 4)]}
    assert peak(by_branch["Pune"]) == (20, 5)


def test_bytes_are_summed_by_line_and_by_time():
    story = a_story(
        traffic=(
            Traffic(source="Pune", target="Head office", bytes=(5, 0, 5)),
            Traffic(source="Head office", target="Pune", bytes=(100, 1)),
            Traffic(source="Delhi", target="Pune", bytes=(7,)),
            Traffic(source="Delhi", target="Relay", bytes=(0, 0)),
        )
    )
    assert links(story) == [Link("Head office", "Pune", 101, 10), Link("Delhi", "Pune", 7, 0)]
    assert links(story)[0].total == 111
    assert bytes_over_time(story) == [112, 1, 5]
    assert bytes_over_time(a_story()) == []
    assert links(a_story()) == []
