"""What can happen: each deed does one thing to devices, relays or the lines between them, and says how it is undone."""

import shutil
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Final

import trio

from khata.beginning import begin_to_join
from khata.books import Books, with_tables
from khata.devices import find_device
from khata.entering import alter_form
from khata.periods import lock_list, lock_period, unlock_period
from khata.recovering import Wanted as Place
from khata.recovering import take_place
from khata.rules.deeds import Wanted, offer
from khata.voucher_lookup import find_voucher
from p2p.contact import Contact
from p2p.errors import P2PError
from p2p.identity import DeviceKeys
from p2p.members import revoke
from p2p.node import Node
from p2p.recovery import recovery_keys
from p2p.replica import Replica
from simulations.device import WATCH_SECONDS, Device, Machine, inline
from simulations.network import Quality
from simulations.people import Deed as PeoplesDeed
from simulations.people import do
from simulations.scenario import Deed, Happening, ms_of
from simulations.sealing import SeededSealer
from simulations.world import World

Undo = Callable[[], Awaitable[None]] | None
Doing = Callable[[World, Happening, Random], Awaitable[Undo]]

_CRASH_SECONDS_MAX: Final = 600.0
"""A device that writes nothing for so long is killed all the same."""
_RESTART_SECONDS: Final = 30.0
_PATIENCE_SECONDS: Final = 30.0
_PATIENCE_TRIES: Final = 2880
_SLOW_DISK_MS: Final = 400
_DEAR: Final = ("1.00", "2.00", "3.00", "4.00")


# -- lines ------------------------------------------------------------------------------------------------------------


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
                await trio.sleep(random.uniform(0.1, every))
            finally:
                await undo()
            await trio.sleep(random.uniform(0.1, every))
    return None


async def swizzle(world: World, one: Happening, random: Random) -> Undo:
    """Cut everybody off one by one at random, and bring them back one by one in another order."""
    names = [machine.name for machine in world.named(one.who)]
    if len(names) == 1:
        names = [machine.name for machine in world.machines]
    seconds = ms_of(one.lasts or "10m") / 1000
    undos = []
    for name in random.sample(names, len(names)):
        await trio.sleep(random.uniform(0, seconds / 2 / len(names)))
        undos.append(_cut(world, Happening(at="0s", do="cut", who=(name,)), both=True))
    for undo in random.sample(undos, len(undos)):
        await trio.sleep(random.uniform(0, seconds / 2 / len(names)))
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


# -- devices ----------------------------------------------------------------------------------------------------------


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
        while any(machine.is_on and not machine.fate.is_dead for machine in machines):
            await trio.sleep(1)
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
        world.setting.log.mark("crash", machine.name, "lost power")
        world.setting.log.begin(machine.name, "crashed")
    return await _back_soon(world, one, machines)


async def burn(world: World, one: Happening, random: Random) -> Undo:
    """Lose devices for ever, with all that nobody else has."""
    for machine in world.named(one.who):
        await machine.kill(dark=True)
        world.lose(machine)
        world.setting.log.mark("other", machine.name, "is lost for ever")
        world.setting.log.begin(machine.name, "gone")
    return None


async def recover(world: World, one: Happening, random: Random) -> Undo:
    """Bring head office back on a new machine, with the recovery phrase and whoever answers."""
    gone = next(device for device in world.devices.values() if device.is_gone or device.name in one.who)
    name, log = f"{gone.name} anew", world.setting.log
    keys = DeviceKeys.generate(random.randbytes)
    device = Device(world.setting, name, gone.branch, keys, gone.company, gone.user)
    device.work = gone.work
    world.add(device)
    device.begin_life()
    store = device.opened(device.database)
    with_tables(store)
    begin_to_join(store, device.company, device.user)
    recovery = recovery_keys(world.phrase)
    draws = device.random.randbytes
    for _ in range(_PATIENCE_TRIES):
        for peer in world.named(one.other):
            replica = Replica(store, recovery, device.company, random=draws, sealer=SeededSealer(draws))
            node = Node(replica, device.network, device.clock, device.told, inline, draws, watch_seconds=WATCH_SECONDS)
            try:
                if peer.is_on and peer is not device and (await node.sync(peer.address, 120)).in_sync:
                    take_place(device.open_books(), recovery, Place(name=name)).close()
                    store.close()
                    log.mark("recovered", name)
                    await world.switch_on(device)
                    return None
            except P2PError as error:
                log.say(name, f"not recovered yet: {error}")
        await trio.sleep(_PATIENCE_SECONDS)
    return None


async def back_up(world: World, one: Happening, random: Random) -> Undo:
    """Copy the disks of devices."""
    for machine in world.named(one.who):
        machine.back_up()
        world.setting.log.mark("other", machine.name, "backed up")
    return None


async def restore(world: World, one: Happening, random: Random) -> Undo:
    """Put the last copy of a disk in the place of what is there, or copy it where there is none yet."""
    for machine in world.named(one.who):
        if machine.backups:
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
        twin = Device(
            world.setting, f"{machine.name} copy", machine.branch, machine.keys, machine.company, machine.user
        )
        shutil.copy(world.setting.folder / f"backup-{machine.host}" / machine.database.name, twin.database)
        twin.work = machine.work
        world.add(twin, machine.name)
        world.cloned.add(machine.name)
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


# -- what people decide -----------------------------------------------------------------------------------------------


async def lock(world: World, one: Happening, random: Random) -> Undo:
    """Lock all vouchers up to a day, as the keeper holds them then."""

    def deed(books: Books, _random: Random) -> str:
        lock_period(books, one.until, anyway=True)
        return f"locked until {one.until}"

    await _have_done(world, world.keeper, deed, random)
    world.setting.log.mark("lock", world.keeper.name, f"locked until {one.until}")
    return None


async def unlock(world: World, one: Happening, random: Random) -> Undo:
    """Take the last lock away."""

    def deed(books: Books, _random: Random) -> str | None:
        standing = lock_list(books)
        if not standing:
            return None
        unlock_period(books, standing[-1]["id"])
        return "unlocked"

    await _have_done(world, world.keeper, deed, random)
    return None


async def revoke_devices(world: World, one: Happening, random: Random) -> Undo:
    """Revoke devices, as the keeper."""
    for machine in world.named(one.who):

        def deed(books: Books, stream: Random, name: str = machine.name) -> str:
            revoke(books.replica, find_device(books, name).device, books.now(), stream.randbytes)
            return f"revoked {name}"

        if await _have_done(world, world.keeper, deed, random):
            world.revoked.add(machine.name)
            world.setting.log.mark("revoked", machine.name, "revoked")
    return None


async def rule(world: World, one: Happening, random: Random) -> Undo:
    """Offer another branch a rule; the people there activate it when they see it."""

    def deed(books: Books, _random: Random) -> str:
        offered = offer(books, to.branch, Wanted(preset=one.preset))
        return f"offered the rule {offered.offer.name}"

    (first, *_), (to, *_) = world.named(one.who), world.named(one.other)
    assert isinstance(first, Device)
    await _have_done(world, first, deed, random)
    world.setting.log.mark("rule", first.name, f"{one.preset} offered", to.name)
    return None


async def pause(world: World, one: Happening, random: Random) -> Undo:
    """Pause synchronizing with some, or all, at devices."""
    return await _pausing(world, one, random, True)


async def resume(world: World, one: Happening, random: Random) -> Undo:
    """Resume what was paused."""
    return await _pausing(world, one, random, False)


async def alter_same(world: World, one: Happening, random: Random) -> Undo:
    """Let people at several devices alter the same voucher at the same moment, each otherwise."""
    devices = [machine for machine in world.named(one.who) if isinstance(machine, Device) and machine.desk is not None]
    known = [_vouchers(device) for device in devices]
    shared = sorted(set.intersection(*known)) if known else []
    if not shared:
        return None
    chosen = random.choice(shared)
    for device, amount in zip(devices, _DEAR, strict=False):

        def deed(books: Books, _random: Random, amount: str = amount) -> str:
            found = find_voucher(books.db, books.names, chosen.hex())
            sides = [{"ledger": "Cash", "amount": amount}, {"ledger": "Sales", "amount": f"-{amount}"}]
            altered = alter_form(books, found, {"entries": sides, "stock": []})
            return f"altered {altered.number} to ₹{amount}"

        await _have_done(world, device, deed, random)
    return None


async def _pausing(world: World, one: Happening, random: Random, pausing: bool) -> Undo:
    for machine in world.named(one.who):
        if not isinstance(machine, Device):
            continue

        def deed(books: Books, _random: Random, me: Machine = machine) -> str:
            others = [other.keys.id for other in world.named(one.other) if other is not me]
            contact = Contact(books.replica.store)
            (contact.pause if pausing else contact.resume)(others)
            return "paused" if pausing else "resumed"

        await _have_done(world, machine, deed, random)

    async def undo() -> None:
        await _pausing(world, one, random, False)

    return undo if pausing else None


async def _have_done(world: World, device: Device, deed: PeoplesDeed, random: Random) -> bool:
    """Have people do something as soon as their device is on, trying again while it cannot be done."""
    for _ in range(_PATIENCE_TRIES):
        if device.is_on and await do(device, deed, random):
            return True
        if device.is_gone or not world.is_working:
            return False
        await trio.sleep(_PATIENCE_SECONDS)
    return False


def _vouchers(device: Device) -> set[bytes]:
    assert device.desk is not None
    rows = device.desk.db.execute("SELECT document FROM vouchers WHERE NOT cancelled AND leg=''")
    return {bytes(document) for (document,) in rows}


DEEDS: Final[Mapping[Deed, Doing]] = {
    "cut": cut,
    "one-way": cut_one_way,
    "flap": flap,
    "slow": slow,
    "reset": reset,
    "stall": cut,
    "swizzle": swizzle,
    "switch-off": switch_off,
    "crash": crash,
    "power-cut": cut_power,
    "burn": burn,
    "recover": recover,
    "back-up": back_up,
    "restore": restore,
    "clone": clone,
    "clock-jump": jump,
    "clock-drift": drift,
    "disk-full": fill_disk,
    "slow-disk": slow_disk,
    "lock": lock,
    "unlock": unlock,
    "revoke": revoke_devices,
    "rule": rule,
    "pause": pause,
    "resume": resume,
    "alter-same": alter_same,
}
"""What each deed of a scenario does."""
