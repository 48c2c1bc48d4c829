"""Bugs planted on purpose, one at a time: the checks of the simulation see each of them, and nothing without them."""

from pathlib import Path

import pytest

from simulations.choosing import chosen
from tests.simulations.planting import ROOT, Bug, occurrences, planted_bugs, scenario_named, seen_with
from tools.planted_table import with_table

ALL = planted_bugs()
BUGS = [bug for bug in ALL if not bug.by_hand]
SEEDS = {one.scenario: max(bug.seeds for bug in BUGS if bug.scenario == one.scenario) for one in BUGS}


def named(bug: Bug) -> str:
    return bug.name.replace(" ", "-")


@pytest.mark.parametrize("bug", BUGS, ids=named)
def test_a_planted_bug_is_seen(bug: Bug) -> None:
    seen = seen_with(bug)
    assert bug.check in seen.checks, f"not seen with {bug.seeds} seeds; seen instead: {seen.texts}"
    assert not any(Path(place).is_relative_to(ROOT) for place in seen.packages)


@pytest.mark.parametrize("scenario", SEEDS)
def test_nothing_is_seen_where_nothing_is_planted(scenario: str) -> None:
    what = chosen(scenario_named(scenario))
    for seed in range(1, SEEDS[scenario] + 1):
        assert what.run(seed).violations == ()


def test_each_bug_has_a_name_and_a_sentence_and_a_place_that_is_there() -> None:
    assert len({bug.name for bug in ALL}) == len(ALL)
    assert len(BUGS) >= 20
    assert all(len(bug.says.split()) > 5 for bug in ALL)
    moved = [bug.file for bug in ALL if occurrences(bug) != 1]
    assert not moved, "these have changed: write anew what is planted there"


def test_the_table_in_the_documentation_is_that_of_the_file() -> None:
    page = ROOT / "docs" / "simulations.md"
    text = page.read_text(encoding="utf-8")
    assert with_table(text) == text, "run `make docs`"
