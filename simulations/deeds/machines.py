"""What happens to devices and relays: switched off, killed, lost, restored, their clocks and disks."""

import shutil
from collections.abc import Awaitable, Callable
from random import Random
from typing import Final

import trio

from khata.beginning import begin_to_join
from khata.books import with_tables
from khata.recovering import Wanted, take_place
from p2p.errors import P2PError
from p2p.identity import DeviceKeys
from p2p.node import Node
from p2p.recovery import recovery_keys
from p2p.replica import Replica
from p2p.store import Store
from simulations.deeds.doing import Undo
from simulations.device import WATCH_SECONDS, Device, Machine, inline
from simulations.scenario import Happening, ms_of
from simulations.sealing import SeededSealer
from simulations.world import World

_CRASH_SECONDS_MAX: Final = 600.0
"""A device that writes nothing for so long is killed all the same."""
_RESTART_SECONDS: Final = 30.0
_SYNC_SECONDS: Final = 120.0
_AGAIN_SECONDS: Final = 30.0
_SLOW_DISK_MS: Final = 150


async def switch_off(world: World, one: Happening, random: Random) -> Undo:
    """Switch devices off, and on again."""
    machines = _running(world, one)
    for machine in machines:
        world.setting.log.begin(machine.name, "off")
        await machine.stop()
    return _switching_on(world, machines, "off")


async def crash(world: World, one: Happening, random: Random) -> Undo:
    """Kill devices just before or just after one of their next transactions becomes durable."""
    machines = _running(world, one)
    for machine in machines:
        if random.random() < 0.5:
            machine.fate.dies_before_commit = random.randint(1, 3)
        else:
            machine.fate.dies_after_commit = random.randint(1, 3)
    with trio.move_on_after(_CRASH_SECONDS_MAX):
        for machine in machines:
            await world.unless_over(machine.ended)
    if not world.is_working:
        # Whoever has not died by now does not: everything is healed.
        for machine in machines:
            machine.fate.dies_before_commit = machine.fate.dies_after_commit = None
        return None
    for machine in machines:
        await machine.kill()
        world.setting.log.mark("crash", machine.name, "crashed")
        world.setting.log.begin(machine.name, "crashed")
    return await _back_soon(world, one, machines)


async def cut_power(world: World, one: Happening, random: Random) -> Undo:
    """Cut the power of devices: nobody hears of it."""
    machines = _running(world, one)
    for machine in machines:
        await machine.kill(dark=True)
        world.setting.log.mark("power-cut", machine.name, "lost power")
        world.setting.log.begin(machine.name, "crashed")
    return await _back_soon(world, one, machines)


async def burn(world: World, one: Happening, random: Random) -> Undo:
    """Lose devices for ever, with all that nobody else has."""
    for machine in world.named(one.who):
        await machine.kill(dark=True)
        world.lose(machine)
        world.setting.log.say(machine.name, "is lost for good")
        world.setting.log.begin(machine.name, "gone")
    return None


async def recover(world: World, one: Happening, random: Random) -> Undo:
    """Bring head office back on a new machine, with the recovery phrase and whoever answers; it takes its time."""
    gone = world.keeper
    name = world.unused(f"{gone.branch} anew")
    device = Device(world.setting, name, gone.branch, DeviceKeys.generate(random.randbytes), gone.company, gone.user)
    device.work = gone.work
    device.begin_life()
    world.await_joining(device)
    world.nursery.start_soon(_recover, world, device, gone.name, one.other)
    return None


async def _recover(world: World, device: Device, gone: str, others: tuple[str, ...]) -> None:
    store = device.opened(device.database)
    with_tables(store)
    begin_to_join(store, device.company, device.user)
    while True:
        for peer in world.named(others):
            if peer.is_on and await _receive_control(world, device, store, peer) and _take_place(world, device):
                store.close()
                world.keeper_name = device.name
                text = f"in the place of {gone}, with the recovery phrase and what {peer.name} has"
                world.setting.log.mark("recovered", device.name, text, peer.name)
                world.has_joined(device)
                await world.switch_on(device)
                return
        await trio.sleep(_AGAIN_SECONDS)


def _take_place(world: World, device: Device) -> bool:
    """Make a device the keeper, now that it holds what that takes; whether it does."""
    books = device.open_books()
    try:
        take_place(books, recovery_keys(world.phrase), Wanted(name=device.name))
    except P2PError as error:
        world.setting.log.say(device.name, f"not recovered yet: {error}")
        return False
    finally:
        books.close()
    return True


async def _receive_control(world: World, device: Device, store: Store, peer: Machine) -> bool:
    """Receive the control chain and what lies in `control`, speaking with the keys of the phrase."""
    draws, recovery = device.random.randbytes, recovery_keys(world.phrase)
    replica = Replica(store, recovery, device.company, random=draws, sealer=SeededSealer(draws))
    node = Node(replica, device.network, device.clock, device.told, inline, draws, watch_seconds=WATCH_SECONDS)
    try:
        return (await node.sync(peer.address, _SYNC_SECONDS)).in_sync
    except P2PError as error:
        world.setting.log.say(device.name, f"not recovered yet: {error}")
        return False


async def back_up(world: World, one: Happening, random: Random) -> Undo:
    """Copy the disks of devices."""
    for machine in world.named(one.who):
        machine.back_up()
        world.setting.log.mark("other", machine.name, "backed up")
    return None


async def restore(world: World, one: Happening, random: Random) -> Undo:
    """Put the last copy of a disk in the place of what is there, or copy it where there is none yet."""
    for machine in world.named(one.who):
        if machine.backup.exists():
            await machine.kill()
            world.roll_back(machine)
            world.setting.log.mark("restored", machine.name, "restored from its backup")
            await world.switch_on(machine)
        else:
            machine.back_up()
    return None


async def clone(world: World, one: Happening, random: Random) -> Undo:
    """Let a copy of a device's disk come to life beside it."""
    for machine in world.named(one.who):
        assert isinstance(machine, Device)
        machine.back_up()
        name = world.unused(f"{machine.name} copy")
        twin = Device(world.setting, name, machine.branch, machine.keys, machine.company, machine.user)
        shutil.copy(machine.backup / machine.database.name, twin.database)
        twin.work = machine.work
        world.add(twin, machine.name)
        world.setting.log.mark("cloned", machine.name, "its disk was cloned, and both run")
        await world.switch_on(twin)
    return None


async def jump(world: World, one: Happening, random: Random) -> Undo:
    """Turn clocks."""
    by, machines = ms_of(one.by or "1h"), world.named(one.who)
    for machine in machines:
        machine.clock.jump(by)
        world.setting.log.mark("clock", machine.name, f"the clock jumps by {one.by}")

    async def undo() -> None:
        for machine in machines:
            machine.clock.jump(-by)
            world.setting.log.mark("clock", machine.name, "the clock is set right")

    return undo if one.lasts else None


async def drift(world: World, one: Happening, random: Random) -> Undo:
    """Let clocks run fast or slow, by so much a day."""
    for machine in world.named(one.who):
        machine.clock.drift(ms_of(one.by or "1m"))
        world.setting.log.mark("clock", machine.name, f"the clock drifts by {one.by} a day")
    return None


async def fill_disk(world: World, one: Happening, random: Random) -> Undo:
    """Leave no room on disks."""
    devices = [machine for machine in world.named(one.who) if isinstance(machine, Device)]
    for device in devices:
        device.fill_disk(True)
        world.setting.log.mark("disk", device.name, "the disk is full")

    async def undo() -> None:
        for device in devices:
            device.fill_disk(False)
            world.setting.log.mark("disk", device.name, "the disk has room again")

    return undo


async def slow_disk(world: World, one: Happening, random: Random) -> Undo:
    """Let every transaction keep the disk busy for a while."""
    machines = world.named(one.who)
    for machine in machines:
        machine.disk_delay_ms = machine.fate.delay_ms = _SLOW_DISK_MS
        world.setting.log.mark("disk", machine.name, "the disk is slow")

    async def undo() -> None:
        for machine in machines:
            machine.disk_delay_ms = machine.fate.delay_ms = 0
            world.setting.log.mark("disk", machine.name, "the disk is fast again")

    return undo


def _running(world: World, one: Happening) -> list[Machine]:
    return [machine for machine in world.named(one.who) if machine.is_on]


def _switching_on(world: World, machines: list[Machine], why: str) -> Callable[[], Awaitable[None]]:
    async def undo() -> None:
        for machine in machines:
            world.setting.log.end(machine.name, why)
            if not machine.is_on and not machine.is_gone:
                await world.switch_on(machine)

    return undo


async def _back_soon(world: World, one: Happening, machines: list[Machine]) -> Undo:
    undo = _switching_on(world, machines, "crashed")
    if one.lasts:
        return undo
    await trio.sleep(_RESTART_SECONDS)
    await undo()
    return None
