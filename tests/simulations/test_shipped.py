"""The scenarios that come with khata."""

import pytest

from simulations.reading.reading_toml import parse_scenario, read_scenario, shipped, text_of_scenario
from simulations.reading.writing_toml import toml_of
from simulations.scenario import DAY, ms_of

NAMED = {
    "branch-offline-three-days", "head-office-burns-down", "masters-only-tablet", "relay-loses-its-disk",
    "two-clerks-one-voucher", "year-end-lock", "flapping-line", "fifty-branches-one-relay", "clock-ten-years-off",
    "restored-from-backup", "stolen-laptop", "branch-to-branch-no-head-office", "slow-2g", "swizzle",
    "everything-at-once",
}  # fmt: skip


def test_all_that_are_promised_are_there():
    assert set(shipped()) >= NAMED


@pytest.mark.parametrize("name", sorted(shipped()))
def test_each_is_right_explained_and_no_longer_than_it_has_to_be(name):
    scenario = read_scenario(name)
    assert len(scenario.about) > 100
    assert text_of_scenario(name).startswith("# "), "a comment says what it is for"
    days = ms_of(scenario.lasts) / DAY
    assert days <= 5
    assert len(scenario.branches) <= 5 or days < 0.5


@pytest.mark.parametrize("name", sorted(shipped()))
def test_each_can_be_written_and_read_again(name):
    scenario = read_scenario(name)
    assert parse_scenario(toml_of(scenario, "A comment\n\nof lines"), "again") == scenario


def test_no_two_have_one_title():
    titles = [read_scenario(name).title for name in shipped()]
    assert len(set(titles)) == len(titles)
