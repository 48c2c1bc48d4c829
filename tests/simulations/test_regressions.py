"""Every seed that ever failed, run again."""

from simulations.choosing import chosen
from simulations.regressions import regressions


def test_what_failed_once_holds():
    for one in regressions():
        assert len(one.was.split()) > 3, "say in a sentence what was wrong"
        assert chosen(one.scenario).run(one.seed).violations == (), f"seed {one.seed} of {one.scenario}: {one.was}"


def test_each_is_kept_once():
    kept = [(one.scenario, one.seed) for one in regressions()]
    assert len(set(kept)) == len(kept)
