"""Every seed that ever failed, run again."""

import pytest

from simulations.choosing import chosen
from simulations.regressions import REGRESSIONS, SCHEDULES, Regression, regressions


@pytest.mark.parametrize("one", regressions(), ids=lambda one: f"{one.scenario.rpartition('/')[2]} {one.seed}")
def test_what_failed_once_holds(one: Regression):
    assert len(one.was.split()) > 3, "say in a sentence what was wrong"
    assert chosen(one.scenario).run(one.seed).violations == ()


def test_each_is_kept_once_and_every_schedule_is_run():
    kept = [(one.scenario, one.seed) for one in regressions()]
    assert len(set(kept)) == len(kept)
    named = REGRESSIONS.read_text(encoding="utf-8")
    assert not [one.name for one in SCHEDULES.glob("*.toml") if one.name not in named]
