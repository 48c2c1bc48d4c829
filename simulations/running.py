"""One run of a scenario with a seed: people work and things go wrong, then all is healed, and it has to come right."""

import gc
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

import trio
import trio._core._run as scheduling
from trio.testing import MockClock

from simulations.clocks import elapsed_ms
from simulations.device import Machine, Setting
from simulations.folders import temporary_folder
from simulations.happenings import Happenings
from simulations.judging import Judge
from simulations.log import Log
from simulations.network import Fabric
from simulations.scenario import Scenario, ms_of
from simulations.seeds import Seeds
from simulations.story import Story
from simulations.telling import told
from simulations.trace import Trace
from simulations.world import World, quality_of

_LOOK_SECONDS: Final = 5.0


def run(scenario: Scenario, seed: int, name: str, trace: TextIO | None = None) -> Story:
    """Run a scenario to its end.

    Args:
        seed: decides everything that is left to chance.
        name: what the scenario is called in the story.
        trace: where everything that happens is written, line by line.
    """
    with temporary_folder() as folder:
        # Garbage that is collected at another moment may end a task at another moment.
        gc.collect()
        vars(scheduling)["_ALLOW_DETERMINISTIC_SCHEDULING"] = True
        scheduling._r.seed(seed)
        try:
            return trio.run(_run, scenario, seed, name, Path(folder), trace, clock=MockClock(autojump_threshold=0))
        finally:
            vars(scheduling)["_ALLOW_DETERMINISTIC_SCHEDULING"] = False


async def _run(scenario: Scenario, seed: int, name: str, folder: Path, out: TextIO | None) -> Story:
    seeds, trace = Seeds(seed), Trace(out)
    log = Log(trace)
    began = datetime.fromisoformat(scenario.start).replace(tzinfo=UTC)
    machines: dict[str, Machine] = {}
    fabric = Fabric(lambda one, other: quality_of(scenario, machines, one, other), seeds.stream("network"), trace)
    setting = Setting(fabric, log, seeds, folder, int(began.timestamp() * 1000))
    async with trio.open_nursery() as nursery:
        world = World(scenario, setting, nursery, machines)
        judge = Judge(world)
        happenings = Happenings(world)
        with trio.move_on_at((ms_of(scenario.lasts) + ms_of(scenario.expect.in_sync_within)) / 1000):
            # Whoever has not joined by then never will, which is told in the end as any other failure.
            await world.begin()
        async with trio.open_nursery() as going_on:
            going_on.start_soon(judge.keep_looking)
            for branch in scenario.branches:
                if ms_of(branch.joins):
                    nursery.start_soon(world.join_later, branch)
            await happenings.until_the_end(ms_of(scenario.lasts))
            going_on.cancel_scope.cancel()
        await happenings.heal()
        healed = elapsed_ms()
        in_sync = await _wait_until_in_sync(judge, healed + ms_of(scenario.expect.in_sync_within))
        judge.at_the_end(in_sync is not None)
        log.end_all()
        story = told(world, name, seed, healed, in_sync)
        nursery.cancel_scope.cancel()
    return story


async def _wait_until_in_sync(judge: Judge, until_ms: int) -> int | None:
    while elapsed_ms() <= until_ms:
        if judge.all_in_sync():
            return elapsed_ms()
        await trio.sleep(_LOOK_SECONDS)
    return None
