"""Times, lengths of time and counts as people read them."""

import pytest

from simulations.plain import clock, counted, hours, length, listed, replay, shortened, shown, year
from simulations.scenario import DAY, HOUR, MINUTE, SECOND
from tests.simulations.stories import START


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0, "0 ms"),
        (320, "320 ms"),
        (1_000, "1 s"),
        (4_240, "4.2 s"),
        (9_980, "10 s"),
        (41_400, "41 s"),
        (59_700, "1 min"),
        (200 * SECOND, "3 min 20 s"),
        (2 * HOUR, "2 h"),
        (2 * HOUR + 5 * MINUTE, "2 h 5 min"),
        (3 * DAY, "72 h"),
        (5 * DAY, "5 days"),
        (5 * DAY + 4 * HOUR, "5 days 4 h"),
        (400 * DAY, "400 days"),
    ],
)
def test_a_length_of_time_is_told_in_its_two_largest_units(ms, said):
    assert length(ms) == said


def test_counts_agree_with_their_nouns():
    assert counted(1, "conflict") == "1 conflict"
    assert counted(0, "conflict") == "0 conflicts"
    assert counted(12_345, "entry", "entries") == "12,345 entries"


def test_names_are_listed_as_in_a_sentence():
    assert listed([]) == ""
    assert listed(["Pune"]) == "Pune"
    assert listed(["Pune", "Delhi", "Nagpur"]) == "Pune, Delhi and Nagpur"


def test_clocks_show_the_clock_of_the_simulation():
    assert clock(START) == "Mon 1 Jun, 09:00:00"
    assert clock(START + 2 * DAY + 61 * SECOND) == "Wed 3 Jun, 09:01:01"
    assert year(START) == "2026"
    assert hours(73 * HOUR + 15 * MINUTE) == "73.25"


def test_what_cannot_be_seen_is_made_visible_and_indian_scripts_stay_as_they_are():
    assert shown("Pu\u202ene\x00") == "Pu\ufffdne\ufffd"
    assert shown("क्‍ष पुणे") == "क्‍ष पुणे"


def test_long_names_are_cut_with_an_ellipsis():
    assert shortened("Pune", 4) == "Pune"
    assert shortened("Head office of all", 12) == "Head office…"


def test_the_command_that_replays_a_run_names_any_file():
    assert replay("quiet-day", 7) == "khata simulate quiet-day --seed 7 --no-shrink"
    assert replay("my scenarios/pune.toml", 7) == "khata simulate 'my scenarios/pune.toml' --seed 7 --no-shrink"
