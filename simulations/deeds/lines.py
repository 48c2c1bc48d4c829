"""What happens to the lines between devices and relays: cut, slow, broken off."""

from collections.abc import Awaitable, Callable
from random import Random

import trio

from simulations.deeds.doing import Undo
from simulations.network import Quality
from simulations.scenario import Happening, ms_of
from simulations.world import World


async def cut(world: World, one: Happening, random: Random) -> Undo:
    """Let nothing pass between some and others, either way."""
    return _cut(world, one, both=True)


async def cut_one_way(world: World, one: Happening, random: Random) -> Undo:
    """Let nothing pass from some to others; what others say arrives."""
    return _cut(world, one, both=False)


async def flap(world: World, one: Happening, random: Random) -> Undo:
    """Cut and mend a line over and over."""
    every = ms_of(one.every or "1m") / 1000
    with trio.move_on_after(ms_of(one.lasts or "1h") / 1000):
        while world.is_working:
            undo = _cut(world, one, both=True)
            try:
                await world.while_working(random.uniform(0.1, every))
            finally:
                await undo()
            await world.while_working(random.uniform(0.1, every))
    return None


async def swizzle(world: World, one: Happening, random: Random) -> Undo:
    """Cut everybody off one by one at random, and bring them back one by one in another order."""
    names = [machine.name for machine in world.named(one.who)]
    if len(names) == 1:
        names = [machine.name for machine in world.machines]
    seconds = ms_of(one.lasts or "10m") / 1000
    undos = []
    for name in random.sample(names, len(names)):
        await world.while_working(random.uniform(0, seconds / 2 / len(names)))
        undos.append(_cut(world, Happening(at="0s", do="cut", who=(name,)), both=True))
    for undo in random.sample(undos, len(undos)):
        await world.while_working(random.uniform(0, seconds / 2 / len(names)))
        await undo()
    return None


async def slow(world: World, one: Happening, random: Random) -> Undo:
    """Let lines be slow for a while."""
    ways = _ways(world, one, both=True)
    latency = ms_of(one.latency) / 1000
    quality = Quality(latency, latency / 2, one.speed)
    world.setting.fabric.slow_down(ways, quality)
    names = _begin(world, one, "slow")

    async def undo() -> None:
        world.setting.fabric.speed_up(ways, quality)
        _end(world, names, "slow")

    return undo


async def reset(world: World, one: Happening, random: Random) -> Undo:
    """Break off every connection that some have with others, in the middle of whatever is on its way."""
    count = sum(world.setting.fabric.reset(*way) for way in _ways(world, one, both=False))
    for machine in world.named(one.who):
        world.setting.log.mark("other", machine.name, f"connections reset: {count}")
    return None


def _cut(world: World, one: Happening, both: bool) -> Callable[[], Awaitable[None]]:
    ways = _ways(world, one, both)
    why = one.do if one.do in ("one-way", "stall") else "cut"
    world.setting.fabric.cut(ways)
    names = _begin(world, one, why)

    async def undo() -> None:
        world.setting.fabric.mend(ways)
        _end(world, names, why)

    return undo


def _ways(world: World, one: Happening, both: bool) -> list[tuple[str, str]]:
    some = world.named(one.who)
    others = world.named(one.other) if one.other else [other for other in world.machines if other not in some]
    if not others:
        others = some
    ways = {(a.host, b.host): None for a in some for b in others if a is not b}
    if both:
        ways |= {(b, a): None for a, b in ways}
    return list(ways)


def _begin(world: World, one: Happening, why: str) -> list[str]:
    names = [machine.name for machine in world.named(one.who)]
    for name in names:
        world.setting.log.begin(name, why)
        world.setting.log.say(name, f"{why} begins")
    return names


def _end(world: World, names: list[str], why: str) -> None:
    for name in names:
        world.setting.log.end(name, why)
        world.setting.log.say(name, f"{why} ends")
