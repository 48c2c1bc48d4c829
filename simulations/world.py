"""A business in a run: its devices and relays, how it comes into being, and who joins it."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain, count
from random import Random
from typing import Final

import trio

from crdt_models.errors import DocumentError
from khata.beginning import begin_to_join, start_books
from khata.books import with_tables
from khata.branching import invite_branch
from khata.device_tickets import invite_device
from khata.errors import BooksError
from p2p.admission import invite, join_with
from p2p.device_notes import ADDRESSES, note_of
from p2p.errors import P2PError
from p2p.grants import EVERYTHING, PRESETS
from p2p.identity import DeviceKeys
from p2p.invite import Ticket
from p2p.recovery import new_phrase, recovery_keys
from p2p.relay_admission import admit_relay
from p2p.relay_invite import offering
from p2p.scope import slug
from simulations.clocks import elapsed_ms
from simulations.device import Device, Machine, Setting
from simulations.network import Quality
from simulations.oracle import Claim, Looked, Oracle
from simulations.people import SECRETS, People, open_the_books
from simulations.reading.names import Names
from simulations.relay import Relay
from simulations.scenario import EVERYBODY, Branch, Line, Scenario, device_names, host_of, line_between, ms_of
from simulations.sealing import SeededSealer
from simulations.store import Crashed

COMPANY_NAME: Final = "Sharma Traders"
_SYNC_SECONDS: Final = 120.0
_AGAIN_SECONDS: Final = 30.0


class World:
    """Everything there is in one run.

    Args:
        nursery: in which whatever happens goes on.
        hosts: filled with what there is, by host.

    Attributes:
        keeper_name: of the device that keeps the control chain.
        revoked: names of devices that were revoked.
        pausing: names of devices at which something was paused.
        phrase: the recovery phrase on its piece of paper.
    """

    def __init__(self, scenario: Scenario, setting: Setting, nursery: trio.Nursery, hosts: dict[str, Machine]) -> None:
        self.scenario, self.setting, self.nursery, self._hosts = scenario, setting, nursery, hosts
        self.devices: dict[str, Device] = {}
        self.relays: dict[str, Relay] = {}
        self._works_until_ms = ms_of(scenario.lasts)
        self.oracle = Oracle([COMPANY_NAME, *SECRETS])
        self._told_oracle = 0
        self.keeper_name = scenario.branches[0].name
        self._joining: set[str] = set()
        self._switched_on = trio.Event()
        self.revoked: set[str] = set()
        self.pausing: set[str] = set()
        self.phrase = ""

    @property
    def machines(self) -> list[Machine]:
        """All devices and relays that belong to the company, in the order in which they came."""
        return [one for one in (*self.devices.values(), *self.relays.values()) if one.name not in self._joining]

    @property
    def is_working(self) -> bool:
        """Whether people work and things go wrong still."""
        return elapsed_ms() < self._works_until_ms

    async def while_working(self, seconds: float) -> None:
        """Let time go by, though no further than to the end of work: then everything is healed."""
        with trio.move_on_at(self._works_until_ms / 1000):
            await trio.sleep(seconds)

    async def unless_over(self, event: trio.Event) -> None:
        """Wait for something, though no longer than to the end of work."""
        with trio.move_on_at(self._works_until_ms / 1000):
            await event.wait()

    @property
    def is_complete(self) -> bool:
        """Whether everybody is admitted who was invited."""
        return not self._joining

    @property
    def keeper(self) -> Device:
        """The device that keeps the control chain, as the world knows: the head office's, or who took its place."""
        return self.devices[self.keeper_name]

    def named(self, names: Iterable[str]) -> list[Machine]:
        """Devices and relays that go by names of devices, branches or relays; all where none is named."""
        wanted = list(names)
        if not wanted or EVERYBODY in wanted:
            return self.machines
        return [machine for machine in self.machines if machine.name in wanted or machine.branch in wanted]

    async def all_there(self, names: Sequence[str]) -> None:
        """Wait until every device and relay of some names belongs to the company; where none is named, for nobody."""
        wanted = Names(self.scenario).meant(names) if names else frozenset()
        while not wanted <= {machine.name for machine in self.machines}:
            await self._switched_on.wait()

    def tell_oracle(self) -> None:
        """Let the oracle know what people were told is saved."""
        saved = self.setting.log.saved
        for one in saved[self._told_oracle :]:
            if not self.devices[one.device].is_gone:
                self.oracle.acknowledged(one.device, one.commits, Looked(*one.seen), one.meant)
        self._told_oracle = len(saved)

    def shown_in_sync(self, device: Device, peer: str) -> None:
        """Let the oracle know that a device shows to be in sync with another, and how far both are at this moment."""
        other = next((machine for machine in self.machines if machine.name == peer), None)
        there = other.last_row() if other is not None else None
        claim, here = device.claim_about(other.keys.id) if other is not None else None, device.last_row()
        if other is not None and claim is not None and here is not None and there is not None:
            self.oracle.shows_in_sync(device.name, other.keys.id, Claim(*claim), here, there)

    def lose(self, machine: Machine) -> None:
        """A device or relay is lost for ever."""
        self.tell_oracle()
        machine.is_gone = True
        self.oracle.lost(machine.name)

    def roll_back(self, machine: Machine) -> None:
        """A device or relay goes on with an earlier state of its disk; what was shown before is looked at before."""
        self.tell_oracle()
        self.setting.log.violated_all(self.oracle.check_now())
        machine.restore()
        self.oracle.restored(machine.name)

    def add(self, machine: Device | Relay, is_copy_of: str = "") -> None:
        """Let a device or relay be one of those there are,

        Args:
            is_copy_of: the name of the device whose disk it goes on with.
        """
        if isinstance(machine, Relay):
            self.relays[machine.name] = machine
            self.oracle.add_relay(machine.name, machine.folder, machine.keys.id)
        else:
            self.devices[machine.name] = machine
            machine.shown = partial(self.shown_in_sync, machine)
            secret = machine.keys.seal_private.private_bytes_raw()
            if is_copy_of:
                self.oracle.cloned(is_copy_of, machine.name, machine.database)
            else:
                self.oracle.add_device(machine.name, machine.database, machine.keys.id, secret)
        self._hosts[machine.host] = machine

    def unused(self, name: str) -> str:
        """Return a name like this one that nobody has, numbered where need be."""
        names = chain([name], (f"{name} {number}" for number in count(2)))
        return next(one for one in names if host_of(one) not in self._hosts)

    def await_joining(self, device: Device) -> None:
        """Let a device be one of those that will belong to the company."""
        self._joining.add(device.name)
        self.setting.log.begin(device.name, "not joined")
        self.add(device)

    def has_joined(self, device: Device) -> None:
        """It belongs to the company from now on."""
        self._joining.discard(device.name)
        self.setting.log.end(device.name, "not joined")
        self.take_to_its_place(device)

    def take_to_its_place(self, machine: Machine) -> None:
        """Cut the lines that a machine never has where it stands; until then it is where it was set up."""
        for other in self._hosts:
            if other != machine.host and never_meet(self.scenario, self._hosts, machine.host, other):
                self.setting.fabric.cut([(machine.host, other), (other, machine.host)])

    # -- coming into being ------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Found the company, set up its relays, and let everybody join who is there from the beginning."""
        self._found(self.scenario.branches[0])
        await self.switch_on(self.keeper)
        for one in self.scenario.relays:
            relay = Relay(self.setting, one.name)
            self.add(relay)
            await self.switch_on(relay)
            await self._add(relay)
        # Machines are set up at head office one after another, and then taken to their branches.
        joined = [
            await self.join(branch, number)
            for branch in self.scenario.branches
            for number in range(1, branch.devices + 1)
            if device_names(branch)[number - 1] not in self.devices and not ms_of(branch.joins)
        ]
        for device in joined:
            await self.switch_on(device)

    async def switch_on(self, machine: Machine) -> None:
        """Start a device or relay; returns when it listens."""
        self.setting.log.end(machine.name, "off")
        await self.nursery.start(machine.live)
        self._switched_on.set()
        self._switched_on = trio.Event()

    async def join_later(self, branch: Branch) -> None:
        """Let a branch join at its time."""
        await trio.sleep(max(0.0, ms_of(branch.joins) / 1000 - trio.current_time()))
        for number in range(1, branch.devices + 1):
            await self.switch_on(await self.join(branch, number))

    async def join(self, branch: Branch, number: int) -> Device:
        """Invite a device of a branch, and let it join; tried again until it has. It is switched off then."""
        name = device_names(branch)[number - 1]
        draws = self.setting.seeds.stream("keys", name)
        device = Device(
            self.setting, name, branch.name, DeviceKeys.generate(draws.randbytes), self.keeper.company, name.lower()
        )
        device.work = self._people(branch, name).at
        self.await_joining(device)
        store = device.opened(device.database)
        with_tables(store)
        begin_to_join(store, device.company, device.user, branch.rule if number == 1 else "")
        store.close()
        ticket, inviter = await self._ticket(branch, number, draws), self.keeper_name
        while True:
            if inviter != self.keeper_name:
                # The ticket of a head office that burnt down is worth nothing.
                ticket, inviter = await self._ticket(branch, number, draws), self.keeper_name
            if await self._try_to_join(device, ticket):
                break
            await trio.sleep(_AGAIN_SECONDS)
        self.setting.log.mark("joined", name)
        self.has_joined(device)
        return device

    def _found(self, branch: Branch) -> None:
        draws = self.setting.seeds.stream("keys", branch.name)
        keys = DeviceKeys.generate(draws.randbytes)
        device = Device(self.setting, branch.name, branch.name, keys, b"", branch.name.lower())
        store = device.opened(device.database)
        with_tables(store)
        self.phrase = new_phrase(draws.randbytes)
        books = start_books(
            store, keys, recovery_keys(self.phrase), COMPANY_NAME, branch.name, branch.code.upper(), device.user, None,
            device.clock.now_ms, draws.randbytes, SeededSealer(draws.randbytes),
        )  # fmt: skip
        open_the_books(books)
        device.company = books.company
        books.close()
        device.work = self._people(branch, branch.name).at
        self.add(device)
        self.setting.log.mark("joined", branch.name)

    async def _add(self, relay: Relay) -> None:
        """Admit a relay, and show it the company."""
        office = self.keeper
        assert office.desk is not None
        books = office.desk
        ticket = relay.invite()
        with books.writing():
            admit_relay(books.replica, ticket, books.now())
        join = offering(ticket, office.keys, office.name, office.company, books.replica.chain_head())
        outcome = await office.new_node(books).sync(relay.address, _SYNC_SECONDS, join, ticket.device)
        assert outcome.in_sync, f"{relay.name} could not be added: {outcome.error}"
        self.setting.log.mark("joined", relay.name)
        while not note_of(books.replica, relay.keys.id).get(ADDRESSES):
            # Whoever joins later hears from head office where the relay is.
            await trio.sleep(1)
            books.replica.refresh()
        self.take_to_its_place(relay)
        assert office.node is not None
        office.node.poke()

    async def _ticket(self, branch: Branch, number: int, draws: Random) -> Ticket:
        """Have the head office make a ticket, as soon as it is switched on."""
        while True:
            office = self.keeper
            if office.desk is not None:
                try:
                    return self._invited(office, branch, number, draws)
                except (BooksError, DocumentError, P2PError) as error:
                    self.setting.log.say(office.name, f"no ticket for {branch.name}: {error}")
                except Crashed:
                    await office.kill()
            await trio.sleep(_AGAIN_SECONDS)

    def _invited(self, office: Device, branch: Branch, number: int, draws: Random) -> Ticket:
        books, bytes_of = office.desk, draws.randbytes
        assert books is not None
        code = branch.code.upper()
        if number > 1 or slug(code) in books.replica.chain.branches:
            return invite_device(books, branch.name, "", [office.address], "", bytes_of)
        if branch.rule != "none":
            return invite_branch(books, branch.name, code, [office.address], bytes_of, branch.rule)
        with books.writing():
            grant = PRESETS[EVERYTHING](slug(code))
            return invite(books.replica, branch.name, code, grant, [office.address], books.now(), bytes_of)

    async def _try_to_join(self, device: Device, ticket: Ticket) -> bool:
        device.begin_life()
        books = device.open_books()
        try:
            for address in ticket.addresses:
                join = join_with(ticket, device.keys, device.name, books.replica.chain_head())
                try:
                    await device.new_node(books).sync(address, _SYNC_SECONDS, join, ticket.inviter)
                except P2PError as error:
                    device.log.say(device.name, f"not joined yet: {error}")
            return books.replica.chain.member(device.keys.id) is not None
        finally:
            books.close()

    def _people(self, branch: Branch, name: str) -> People:
        work = branch.work or self.scenario.work
        return People(work, self.setting.seeds.stream("people", name), lambda: self.is_working)


def quality_of(scenario: Scenario, machines: dict[str, Machine], one: str, other: str) -> Quality:
    """How two hosts are connected, by the last line of the scenario that names both."""
    line = _line(scenario, machines, one, other)
    return Quality(ms_of(line.latency) / 1000, ms_of(line.jitter) / 1000, line.speed)


def never_meet(scenario: Scenario, machines: dict[str, Machine], one: str, other: str) -> bool:
    """Whether two hosts can never reach each other."""
    return not _line(scenario, machines, one, other).up


def _line(scenario: Scenario, machines: dict[str, Machine], one: str, other: str) -> Line:
    return line_between(scenario.lines, _names(machines, one), _names(machines, other))


def _names(machines: dict[str, Machine], host: str) -> set[str]:
    machine = machines.get(host)
    return {EVERYBODY} if machine is None else {EVERYBODY, machine.name, machine.branch}
