"""Bugs planted on purpose, one at a time: the checks of the simulation see each of them, and nothing without them."""

from pathlib import Path

import pytest

from tests.simulations.planting import PACKAGES, ROOT, Bug, look, occurrences, planted_bugs, seen_with
from tools.planted_table import with_table

QUICK = [bug for bug in planted_bugs() if not bug.slow]
SEEDS = {scenario: max(bug.seeds for bug in QUICK if bug.scenario == scenario) for scenario in
         sorted({bug.scenario for bug in QUICK})}  # fmt: skip


def named(bug: Bug) -> str:
    return bug.name.replace(" ", "-")


@pytest.mark.parametrize("bug", QUICK, ids=named)
def test_a_planted_bug_is_seen(bug: Bug) -> None:
    assert occurrences(bug) == 1, f"{bug.file} has changed: write anew what is planted there"
    seen = seen_with(bug)
    assert bug.check in seen.checks, f"not seen with {bug.seeds} seeds; seen instead: {seen.texts}"
    assert not any(Path(place).is_relative_to(ROOT) for place in seen.packages)


@pytest.mark.parametrize("scenario", SEEDS)
def test_nothing_is_seen_where_nothing_is_planted(scenario: str) -> None:
    seen = look(scenario, SEEDS[scenario])
    assert seen.texts == ()
    assert [Path(place).parent for place in seen.packages] == [ROOT / package for package in PACKAGES]


def test_what_is_planted_slowly_is_still_where_it_was() -> None:
    assert [bug.name for bug in planted_bugs() if occurrences(bug) != 1] == []


def test_each_bug_has_a_name_and_a_sentence() -> None:
    bugs = planted_bugs()
    assert len({bug.name for bug in bugs}) == len(bugs) >= 20
    assert all(len(bug.says.split()) > 5 for bug in bugs)


def test_the_table_in_the_documentation_is_that_of_the_file() -> None:
    page = ROOT / "docs" / "simulations.md"
    text = page.read_text(encoding="utf-8")
    assert with_table(text) == text, "run `make docs`"
