"""What happens in a run: what its scenario says, what chance brings, opening hours; and how all is healed."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Final

import trio

from simulations.clocks import elapsed_ms
from simulations.deeds import DEEDS, Undo
from simulations.deeds.people import resume_all
from simulations.scenario import DAY, Branch, Deed, Faults, Happening, ms_of
from simulations.world import World

_CHANCES: Final[dict[str, Deed]] = {
    "cuts": "cut",
    "one_way": "one-way",
    "resets": "reset",
    "stalls": "stall",
    "crashes": "crash",
    "power_cuts": "power-cut",
    "switched_off": "switch-off",
    "clock_jumps": "clock-jump",
    "disk_full": "disk-full",
    "slow_disk": "slow-disk",
    "restores": "restore",
    "clogging": "swizzle",
}
"""Each rate of `Faults`, and what it brings."""

_JUMPS: Final = ("-10y", "-3d", "-1h", "5m", "2h", "40d", "10y")


class Happenings:
    """Everything that happens in a run besides people's work."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._active: dict[int, Callable[[], Awaitable[None]]] = {}
        self._numbers = count()

    async def until_the_end(self, lasts_ms: int) -> None:
        """Let things happen until work is over; what lasts still is undone by `heal`."""
        with trio.move_on_at(lasts_ms / 1000):
            async with trio.open_nursery() as nursery:
                for number, one in enumerate((*self._rules(), *self._world.scenario.happenings)):
                    nursery.start_soon(self._at_its_time, one, self._stream("happening", number))
                for branch in self._world.scenario.branches:
                    if branch.open:
                        nursery.start_soon(self._keep_hours, branch)
                for field, deed in _CHANCES.items():
                    rate = getattr(self._world.scenario.faults, field)
                    if rate:
                        nursery.start_soon(self._by_chance, deed, rate, self._stream("chance", field))
                await trio.sleep_forever()

    def _rules(self) -> list[Happening]:
        """The rules that branches agree on beside those with head office: each is offered at its time."""
        return [
            Happening(at=one.at, do="rule", who=one.between[:1], other=one.between[1:], preset=one.preset)
            for one in self._world.scenario.rules
        ]

    async def heal(self) -> None:
        """Mend all lines, switch everything on, give disks room, resume what is paused; the last is undone first."""
        for number in reversed(list(self._active)):
            await self._undo(number)
        for machine in self._world.machines:
            if not machine.is_on and not machine.is_gone:
                await self._world.switch_on(machine)
        for name in sorted(self._world.pausing):
            self._world.nursery.start_soon(
                resume_all, self._world, self._world.devices[name], self._stream("heal", name)
            )

    async def _at_its_time(self, one: Happening, random: Random) -> None:
        await trio.sleep(max(0.0, ms_of(one.at) / 1000 - trio.current_time()))
        await self._world.all_there((*one.who, *one.other))
        await self._happen(one, random)

    async def _by_chance(self, deed: Deed, a_day: float, random: Random) -> None:
        faults: Faults = self._world.scenario.faults
        while True:
            machines = self._world.machines
            await trio.sleep(random.expovariate(a_day * len(machines)) * DAY / 1000)
            who = random.choice(self._world.machines)
            lasts = int(random.expovariate(1 / ms_of(faults.lasting)))
            one = Happening(
                at=f"{elapsed_ms()}ms",
                do=deed,
                who=(who.name,),
                lasts=f"{max(1000, lasts)}ms",
                by=random.choice(_JUMPS),
            )
            if not who.is_gone and (deed != "swizzle" or len(machines) > 2):
                self._world.nursery.start_soon(self._if_in_time, one, random)

    async def _if_in_time(self, one: Happening, random: Random) -> None:
        if self._world.is_working:
            await self._happen(one, random)

    async def _happen(self, one: Happening, random: Random) -> None:
        number = next(self._numbers)
        with trio.CancelScope(shield=True):
            undo = await DEEDS[one.do](self._world, one, random)
            if undo is not None:
                self._active[number] = undo
        if undo is not None and one.lasts:
            await trio.sleep(ms_of(one.lasts) / 1000)
            await self._undo(number)

    async def _undo(self, number: int) -> None:
        undo: Undo = self._active.pop(number, None)
        if undo is not None:
            with trio.CancelScope(shield=True):
                await undo()

    async def _keep_hours(self, branch: Branch) -> None:
        """Switch the devices of a branch off in the evening and on in the morning."""
        opens, closes = (_minute_of_day(text) for text in branch.open.split("-"))
        began = datetime.fromisoformat(self._world.scenario.start)
        while True:
            now = began + timedelta(milliseconds=elapsed_ms())
            minute = now.hour * 60 + now.minute
            # Over midnight it is open but for the hours between.
            is_open = opens <= minute < closes if opens < closes else not closes <= minute < opens
            with trio.CancelScope(shield=True):
                await self._open_or_close(branch, is_open)
            coming = closes if is_open else opens
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
            then = midnight + timedelta(minutes=coming, days=0 if coming > minute else 1)
            await trio.sleep((then - now).total_seconds())

    async def _open_or_close(self, branch: Branch, is_open: bool) -> None:
        for machine in self._world.named([branch.name]):
            if is_open and not machine.is_on and not machine.is_gone:
                await self._world.switch_on(machine)
            elif not is_open and machine.is_on:
                self._world.setting.log.begin(machine.name, "off")
                await machine.stop()

    def _stream(self, *names: object) -> Random:
        return self._world.setting.seeds.stream(*names)


def _minute_of_day(text: str) -> int:
    hours, minutes = text.strip().split(":")
    return int(hours) * 60 + int(minutes)
