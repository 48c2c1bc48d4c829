"""What people decide: locks, revocations, rules, pausing, and altering the same voucher at once."""

from random import Random
from typing import Final

import trio

from khata.books import Books
from khata.entering import alter_form
from khata.periods import lock_list, lock_period, unlock_period
from khata.rules.deeds import Wanted, offer
from khata.voucher_lookup import find_voucher
from p2p.contact import Contact
from p2p.members import revoke
from simulations.deeds.doing import PATIENCE_SECONDS, PATIENCE_TRIES, Undo
from simulations.device import Device, Machine
from simulations.people import Deed, do
from simulations.plain import listed
from simulations.scenario import Happening
from simulations.world import World

_AMOUNTS: Final = ("1.00", "2.00", "3.00", "4.00")
"""To what each of several people alters the same voucher."""


async def lock(world: World, one: Happening, random: Random) -> Undo:
    """Lock all vouchers up to a day, as the keeper holds them then."""

    def deed(books: Books, _random: Random) -> str:
        lock_period(books, one.until, anyway=True)
        return f"locked the books up to and with {one.until}"

    if await _have_done(world, world.keeper, deed, random):
        world.setting.log.mark("lock", world.keeper.name, f"locked the books up to and with {one.until}")
    return None


async def unlock(world: World, one: Happening, random: Random) -> Undo:
    """Take the last lock away."""

    taken_away: list[str] = []

    def deed(books: Books, _random: Random) -> str:
        standing = lock_list(books)
        if not standing:
            return "no lock stands"
        unlock_period(books, standing[-1]["lock"])
        taken_away.append(standing[-1]["until"])
        return "unlocked"

    if await _have_done(world, world.keeper, deed, random) and taken_away:
        text = f"took away the lock up to and with {taken_away[-1]}"
        world.setting.log.mark("lock", world.keeper.name, text)
    return None


async def revoke_devices(world: World, one: Happening, random: Random) -> Undo:
    """Revoke devices, as the keeper."""
    for machine in world.named(one.who):

        def deed(books: Books, stream: Random, who: Machine = machine) -> str:
            member = books.replica.chain.member(who.keys.id)
            if member is None or member.revoked_at is None:
                revoke(books.replica, who.keys.id, books.now(), stream.randbytes)
            return f"revoked {who.name}"

        if await _have_done(world, world.keeper, deed, random):
            world.revoked.add(machine.name)
            world.setting.log.mark("revoked", machine.name, "shut out")
    return None


async def rule(world: World, one: Happening, random: Random) -> Undo:
    """Offer another branch a rule; the people there activate it when they see it."""

    def deed(books: Books, _random: Random) -> str:
        offered = offer(books, to.branch, Wanted(preset=one.preset))
        return f"offered the rule {offered.offer.name}"

    (first, *_), (to, *_) = world.named(one.who), world.named(one.other)
    assert isinstance(first, Device)
    if await _have_done(world, first, deed, random):
        world.setting.log.mark("rule", first.name, f"offered {to.branch} the rule {one.preset}", to.name)
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
    for device, amount in zip(devices, _AMOUNTS, strict=False):

        def deed(books: Books, _random: Random, amount: str = amount) -> str:
            found = find_voucher(books.db, books.names, chosen.hex())
            sides = [{"ledger": "Cash", "amount": amount}, {"ledger": "Sales", "amount": f"-{amount}"}]
            altered = alter_form(books, found, {"entries": sides, "stock": []})
            return f"altered {altered.number} to ₹{amount}"

        if await _have_done(world, device, deed, random):
            text = f"altered a voucher, as others did at the same moment, to ₹{amount}"
            world.setting.log.mark("other", device.name, text)
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

        world.pausing.add(machine.name)
        if await _have_done(world, machine, deed, random):
            _note_pausing(world, one, machine.name, pausing)

    async def undo() -> None:
        await _pausing(world, one, random, False)

    return undo if pausing else None


async def resume_all(world: World, device: Device, random: Random) -> None:
    """Resume all that is paused at a device, as soon as it is on; one put back to a backup may be paused as it was."""

    def deed(books: Books, _random: Random) -> str:
        contact = Contact(books.replica.store)
        contact.resume(contact.paused())
        return "resumed all"

    if await _have_done(world, device, deed, random, till_done=True):
        world.setting.log.end(device.name, "paused")


def _note_pausing(world: World, one: Happening, who: str, pausing: bool) -> None:
    log = world.setting.log
    with_whom = listed(list(one.other)) or "everybody"
    log.mark("other", who, f"{'paused' if pausing else 'resumed'} synchronizing with {with_whom}")
    (log.begin if pausing else log.end)(who, "paused")


async def _have_done(world: World, device: Device, deed: Deed, random: Random, till_done: bool = False) -> bool:
    """Have people do something as soon as their device is on, trying again while it cannot be done.

    Args:
        till_done: whether they still do it when the work is over.
    """
    for _ in range(PATIENCE_TRIES):
        if device.is_on and await do(device, deed, random):
            return True
        if device.is_gone or not (world.is_working or till_done):
            return False
        await trio.sleep(PATIENCE_SECONDS)
    return False


def _vouchers(device: Device) -> set[bytes]:
    assert device.desk is not None
    rows = device.desk.db.execute("SELECT document FROM vouchers WHERE NOT cancelled AND leg=''")
    return {bytes(document) for (document,) in rows}
