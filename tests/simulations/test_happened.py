"""The table of what happened."""

from simulations.reports.happened import ROWS_MAX, Row, happened
from simulations.scenario import DAY, HOUR, MINUTE
from tests.simulations.stories import a_story, lane, mark


def test_what_happened_is_told_by_time_and_what_befalls_many_at_once_is_one_row():
    story = a_story(
        lanes=(
            lane("Head office"),
            lane("Pune", (HOUR, 2 * HOUR, "cut")),
            lane("Pune 2", (HOUR, 2 * HOUR, "cut")),
            lane("Delhi", (3 * HOUR, DAY, "off"), (4 * HOUR, DAY, "gone"), (0, HOUR, "not joined")),
        ),
        marks=(
            mark(HOUR, "joined", "Delhi", "Delhi joined"),
            mark(30 * MINUTE, "lock", "Head office"),
            mark(5, "saved", "Pune"),
            mark(6, "in-sync", "Pune", other="Delhi"),
        ),
    )
    assert happened(story) == (
        [
            Row(30 * MINUTE, "Head office", "lock"),
            Row(HOUR, "Delhi", "Delhi joined"),
            Row(HOUR, "Pune and Pune 2", "cut off for 1 h"),
            Row(2 * HOUR, "Pune and Pune 2", "its line came back"),
            Row(3 * HOUR, "Delhi", "switched off until the end"),
            Row(4 * HOUR, "Delhi", "lost for good"),
        ],
        0,
    )


def test_many_devices_are_not_all_named():
    lanes = tuple(lane(f"B{number}", (0, HOUR, "cut")) for number in range(6))
    assert happened(a_story(lanes=lanes))[0][0] == Row(0, "all 6", "cut off for 1 h")
    assert happened(a_story(lanes=(*lanes, lane("C"))))[0][0] == Row(0, "B0, B1, B2 and 3 more", "cut off for 1 h")


def test_the_lesser_events_are_left_out_where_there_are_too_many():
    spans = [(minute * 2 * MINUTE, (minute * 2 + 1) * MINUTE, "off") for minute in range(300)]
    story = a_story(lanes=(lane("Pune", *spans),), marks=(mark(DAY, "revoked", "Pune", "Pune is shut out"),))
    rows, left_out = happened(story)
    assert (len(rows), left_out) == (ROWS_MAX, 601 - ROWS_MAX)
    assert rows[-1] == Row(DAY, "Pune", "Pune is shut out")


def test_a_crash_is_told_once_and_that_it_is_over():
    story = a_story(lanes=(lane("Pune", (HOUR, 2 * HOUR, "crashed")),), marks=(mark(HOUR, "crash", "Pune", "crashed"),))
    assert happened(story)[0] == [Row(HOUR, "Pune", "crashed"), Row(2 * HOUR, "Pune", "running again")]


def test_that_shops_close_within_a_minute_is_one_event():
    lanes = (lane("Pune", (HOUR, 9 * HOUR, "off")), lane("Delhi", (HOUR + 20, 9 * HOUR + 30, "off")))
    assert happened(a_story(lanes=lanes))[0] == [
        Row(HOUR, "all 2", "switched off for 8 h"),
        Row(9 * HOUR, "all 2", "switched on"),
    ]
