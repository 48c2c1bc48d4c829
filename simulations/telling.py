"""The story of a run, made of what was written down while it went on."""

from itertools import accumulate
from typing import Final

from khata.books import Books
from khata.conflict_problems import CONFLICT
from khata.conflicts import list_conflicts
from khata.problems import find_problems
from simulations.clocks import elapsed_ms
from simulations.device import Device
from simulations.log import Log, Saved
from simulations.story import Delivery, Lane, Open, Story, Traffic
from simulations.world import World

_STEPS: Final = 200
_LAST: Final = 40


def told(world: World, name: str, seed: int, healed: int, in_sync: int | None) -> Story:
    """Return the story of a run that has come to its end.

    Args:
        healed: when people stopped working and all was healed, in ms since the beginning.
        in_sync: when all were in sync after that; None: never.
    """
    log, ended = world.setting.log, elapsed_ms()
    deliveries = [_delivery(log, saved) for saved in log.saved if saved.commits]
    step = max(1, ended // _STEPS)
    books = next((device.desk for device in world.devices.values() if device.desk is not None), None)
    return Story(
        scenario=name,
        title=world.scenario.title,
        about=world.scenario.about,
        seed=seed,
        clock_start=world.setting.clock_start,
        lasts=healed,
        in_sync=in_sync,
        ended=ended,
        lanes=tuple(
            _lane(log, machine.name, machine.branch, isinstance(machine, Device)) for machine in world.machines
        ),
        marks=tuple(log.marks),
        deliveries=tuple(deliveries),
        step_ms=step,
        traffic=tuple(_traffic(world, step, ended)),
        conflicts=tuple(_conflicts(books)),
        problems=tuple(_problems(books)),
        violations=tuple(log.violations),
        trace=log.trace.digest,
        counted=_counted(log, deliveries),
        last_events=tuple(list(log.trace.last)[-_LAST:]),
    )


def _delivery(log: Log, saved: Saved) -> Delivery:
    return Delivery(saved=saved.at, who=saved.device, everywhere=log.everywhere(saved), what=saved.text)


def _lane(log: Log, name: str, branch: str, is_device: bool) -> Lane:
    changes: dict[int, int] = {}
    for saved in log.saved if is_device else ():
        if saved.device == name and saved.commits:
            changes[saved.at] = changes.get(saved.at, 0) + 1
            everywhere = log.everywhere(saved)
            if everywhere is not None:
                changes[everywhere] = changes.get(everywhere, 0) - 1
    times = sorted(changes)
    unsent = tuple(zip(times, accumulate(changes[at] for at in times), strict=True))
    return Lane(name=name, branch=branch, is_relay=not is_device, spans=tuple(log.spans.get(name, ())), unsent=unsent)


def _traffic(world: World, step: int, ended: int) -> list[Traffic]:
    names = {machine.host: machine.name for machine in (*world.devices.values(), *world.relays.values())}
    found = []
    for (source, target), passed in sorted(world.setting.fabric.carried.items()):
        steps = [0] * (ended // step + 1)
        for at, size in passed:
            steps[at // step] += size
        found.append(Traffic(source=names[source], target=names[target], bytes=tuple(steps)))
    return found


def _conflicts(books: Books | None) -> list[Open]:
    listed = list_conflicts(books) if books is not None else []
    return [
        Open(name=one["name"] or one["document"][:8], text=f"{one['register']}: {len(one['values'])} versions")
        for one in listed
    ]


def _problems(books: Books | None) -> list[Open]:
    found = find_problems(books) if books is not None else []
    return [Open(name=one.code.replace("-", " "), text=one.text) for one in found if one.code != CONFLICT]


def _counted(log: Log, deliveries: list[Delivery]) -> dict[str, int]:
    return {
        "saves": len(deliveries),
        "commits": len(log.came),
        "conversations in sync": sum(mark.kind == "in-sync" for mark in log.marks),
        "crashes": sum(mark.kind == "crash" for mark in log.marks),
        "refused": log.refusals,
    }
