"""Fifty seeds of the swarm: whatever is drawn, everything holds that has to hold."""

import pytest

from simulations.running import run
from simulations.swarm import draw


@pytest.mark.parametrize("seed", range(1, 51))
def test_everything_holds(seed):
    story = run(draw(seed), seed, "swarm")
    assert not story.violations
    assert story.in_sync is not None
