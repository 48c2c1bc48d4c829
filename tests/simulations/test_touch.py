"""Who was out of touch when, and when that was over."""

from simulations.intervals import common, covered, together
from simulations.reports.touch import Return, alone, cut_devices, returns
from simulations.scenario import HOUR, SECOND
from tests.simulations.stories import a_story, lane, mark, relay, saved


def test_times_that_meet_are_one():
    assert together([(5, 7), (0, 3), (3, 4), (6, 9), (10, 10)]) == [(0, 4), (5, 9)]
    assert common([(0, 4), (5, 9)], [(2, 6), (8, 20)]) == [(2, 4), (5, 6), (8, 9)]
    assert covered(3, 10, [(0, 4), (5, 6), (9, 20)]) == 3


def test_a_branch_is_alone_while_no_device_of_it_is_reached():
    story = a_story(
        lanes=(
            lane("Head office"),
            lane("Pune", (10, 50, "cut")),
            lane("Pune 2", (0, 20, "off"), (30, 60, "cut"), branch="Pune"),
            lane("Delhi", (0, 90, "off"), (0, 90, "slow")),
            relay("Relay"),
        )
    )
    (pune,) = alone(story)
    assert (pune.branch, pune.times, pune.total) == ("Pune", ((10, 20), (30, 50)), 30)


def test_a_branch_with_one_device_in_touch_is_not_alone():
    assert alone(a_story(lanes=(lane("Pune", (10, 50, "cut")), lane("Pune 2", branch="Pune")))) == []


def test_what_waited_is_what_was_not_everywhere_when_the_line_came_back():
    story = a_story(
        lanes=(lane("Pune", (10, 50, "cut")), lane("Delhi")),
        deliveries=(
            saved(5, "Pune", 9),
            saved(8, "Pune", 60),
            saved(20, "Pune", 70),
            saved(55, "Pune", 90),
            saved(20, "Delhi", 95),
        ),
    )
    (pune,) = alone(story)
    assert [one.saved for one in pune.waited] == [8, 20]
    assert (pune.arrived, pune.never) == (20, 0)


def test_what_never_arrived_has_no_time():
    story = a_story(
        lanes=(lane("Pune", (10, 50, "one-way")),), deliveries=(saved(8, "Pune", 60), saved(20, "Pune", None))
    )
    (pune,) = alone(story)
    assert (len(pune.waited), pune.arrived, pune.never) == (2, None, 1)


def test_a_device_is_back_when_the_longest_trouble_was_over_and_it_was_in_sync():
    story = a_story(
        lanes=(
            lane("Head office", (0, 5, "not joined"), (6, 9, "slow")),
            lane("Pune", (HOUR, 2 * HOUR, "cut"), (3 * HOUR, 4 * HOUR, "off")),
            lane("Delhi", (HOUR, 2 * HOUR, "crashed")),
        ),
        marks=(
            mark(2 * HOUR + SECOND, "in-sync", "Pune", other="Delhi"),
            mark(4 * HOUR + 3 * SECOND, "in-sync", "Pune", other="Head office"),
            mark(5 * HOUR, "in-sync", "Pune", other="Delhi"),
        ),
    )
    assert returns(story) == [
        Return("Pune", "cut", HOUR, 2 * HOUR, 2 * HOUR + SECOND, "Delhi"),
        Return("Delhi", "crashed", HOUR, 2 * HOUR, None, ""),
    ]


def test_that_a_cut_was_over_at_night_is_told_of_the_morning():
    (back,) = returns(
        a_story(
            lanes=(
                lane(
                    "Pune", (2 * HOUR, 12 * HOUR, "cut"), (10 * HOUR, 20 * HOUR, "off"), (30 * HOUR, 45 * HOUR, "off")
                ),
            ),
            marks=(mark(20 * HOUR + SECOND, "in-sync", "Pune", other="Delhi"),),
        )
    )
    assert back == Return("Pune", "cut", 2 * HOUR, 20 * HOUR, 20 * HOUR + SECOND, "Delhi")


def test_a_shop_that_is_closed_is_not_alone_although_its_laptop_is_cut():
    story = a_story(
        lanes=(
            lane("Pune", (HOUR, 9 * HOUR, "off")),
            lane("Pune 2", (0, 9 * HOUR, "cut"), (HOUR, 9 * HOUR, "off"), branch="Pune"),
        )
    )
    assert alone(story) == []
    assert [(one.branch, one.times) for one in cut_devices(story)] == [("Pune 2", ((0, 9 * HOUR),))]


def test_what_waited_until_a_branch_was_switched_on_again_is_counted_from_then():
    story = a_story(
        lanes=(lane("Pune", (10, 50, "cut"), (40, 80, "off")), lane("Delhi")),
        deliveries=(saved(20, "Pune", 83), saved(81, "Pune", 84)),
    )
    (pune,) = alone(story)
    assert (pune.arrived, pune.was_off, len(pune.waited), pune.most) == (3, True, 1, 2)
