"""The story of a run, made of what was written down while it went on."""

from itertools import accumulate
from typing import Final

from khata.books import Books
from khata.conflict_problems import CONFLICT
from khata.conflicts import list_conflicts
from khata.problems import find_problems
from khata.set_aside import quarantined
from simulations.clocks import elapsed_ms
from simulations.device import Device
from simulations.intervals import Interval, covered, together
from simulations.log import Log, Saved
from simulations.story import NOT_RUNNING, SET_ASIDE, Delivery, Lane, Open, Story, Traffic
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
    awake = Awake(log)
    deliveries = [_delivery(log, saved, awake) for saved in log.saved if saved.commits]
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
        counted=_counted(log, deliveries) | _set_aside(books),
        last_events=(log.last_events or log.trace.last_events())[-_LAST:],
    )


class Awake:
    """How long two devices were both switched on, since something was saved at one until it was at the other."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._off: dict[tuple[str, str], list[Interval]] = {}

    def longest(self, saved: Saved, came: dict[str, int]) -> int:
        """For how long, of all devices that something came to."""
        return max((at - saved.at - self._away(saved.device, who, saved.at, at) for who, at in came.items()), default=0)

    def _away(self, one: str, other: str, begin: int, end: int) -> int:
        if (one, other) not in self._off:
            spans = (*self._log.spans.get(one, ()), *self._log.spans.get(other, ()))
            self._off[one, other] = together((span.begin, span.end) for span in spans if span.why in NOT_RUNNING)
        return covered(begin, end, self._off[one, other])


def _delivery(log: Log, saved: Saved, awake: Awake) -> Delivery:
    came, everywhere = log.came_to(saved), log.everywhere(saved)
    return Delivery(
        saved=saved.at,
        who=saved.device,
        everywhere=everywhere,
        what=saved.text,
        last="" if everywhere is None else max(came, key=lambda who: came[who], default=""),
        awake=None if everywhere is None else awake.longest(saved, came),
    )


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


def _set_aside(books: Books | None) -> dict[str, int]:
    count = sum(1 for _ in quarantined(books)) if books is not None else 0
    return {SET_ASIDE: count} if count else {}


def _counted(log: Log, deliveries: list[Delivery]) -> dict[str, int]:
    return {
        "saves": len(deliveries),
        "commits": len(log.came),
        "conversations in sync": sum(mark.kind == "in-sync" for mark in log.marks),
        "crashes": sum(mark.kind == "crash" for mark in log.marks),
        "power cuts": sum(mark.kind == "power-cut" for mark in log.marks),
        "refused": log.refusals,
    }
