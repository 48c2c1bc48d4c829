"""Which scenario a seed runs: one that was read, or in a swarm one that is drawn from the seed itself."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TextIO

from simulations.reading.reading_toml import SWARM, read_scenario
from simulations.running_seeds import Outcome, Task, brief, run_seeds
from simulations.scenario import Scenario
from simulations.shrinking import Fails
from simulations.story import Story


class Chosen(NamedTuple):
    """What a person asked to be run.

    Attributes:
        name: a shipped name, the path of a file, or `swarm`.
        read: the scenario; None in a swarm.
    """

    name: str
    read: Scenario | None

    def scenario(self, seed: int) -> Scenario:
        """Return what is run with a seed."""
        from simulations.swarm import draw

        return draw(seed) if self.read is None else self.read

    def run(self, seed: int, trace: TextIO | None = None) -> Story:
        """Run it with a seed in this process."""
        from simulations.running import run

        return run(self.scenario(seed), seed, self.name, trace)

    @property
    def whole(self) -> Task:
        """What runs it in another process and brings back the whole story."""
        return partial(_run, self)

    @property
    def brief(self) -> Task:
        """What runs it in another process and brings back what many seeds are judged by."""
        return partial(_run_briefly, self)


def chosen(name: str) -> Chosen:
    """Return what a person means by a name.

    Raises:
        BadScenario: there is no such scenario, or it cannot be run.
        OSError: its file cannot be read.
    """
    return Chosen(name, None if name == SWARM else read_scenario(name))


def _run(what: Chosen, seed: int) -> Story:
    return what.run(seed)


def _run_briefly(what: Chosen, seed: int) -> Story:
    return brief(what.run(seed))


def fails_like(outcome: Outcome, name: str, seconds_max: float, tried: Callable[[], None]) -> Fails:
    """Return what says whether a scenario fails the check that an outcome failed, with its seed.

    Args:
        outcome: of a seed that failed.
        name: what the scenario is called.
        seconds_max: how long a run may take; one that takes longer fails by hanging.
        tried: called after each run.
    """

    def fails(scenario: Scenario) -> bool:
        (found,) = run_seeds(Chosen(name, scenario).brief, [outcome.seed], 1, seconds_max)
        tried()
        return found.check == outcome.check

    return fails
