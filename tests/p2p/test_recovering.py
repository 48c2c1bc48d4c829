"""The recovery phrase among nodes: who holds it gets `control` and the keeper's place, and nobody else anything."""

from pathlib import Path

import pytest

from p2p.chain import Epoch, KeeperMoved, Recovered
from p2p.errors import ChainError
from p2p.founding import COMPANY, append
from p2p.identity import DeviceKeys
from p2p.introduction import ANY_COMPANY
from p2p.keyring import ROOT
from p2p.local import Membership
from p2p.members import begin_epoch, revoke
from p2p.node import Node, Outcome
from p2p.recovering import NotRecovered, company_told, recover
from p2p.replica import NotAllowed, Replica
from p2p.store import Store
from p2p.transport import TlsNetwork
from tests.p2p.copies import NOW, branch_of, digest, save, seeded
from tests.p2p.nodes import SECONDS, At, offices, proxy, serving
from tests.p2p.relays import RelayAt, add_relay
from tests.p2p.stores import a_store

DOC = b"document 1      "


def phrase_keys(seed: object = "HO") -> DeviceKeys:
    """The keys of the phrase of a head office that was founded in a test."""
    random = seeded(seed)
    DeviceKeys.generate(random)
    return DeviceKeys.generate(random)


async def ask(address: str, keys: DeviceKeys, company: bytes = ANY_COMPANY) -> Outcome:
    """Call with nothing but a phrase."""
    replica = Replica(a_store(), keys, company)
    return await Node(replica, TlsNetwork()).sync(address, SECONDS)


class Machine:
    """An empty machine, and what it does step by step."""

    def __init__(self, folder: Path, company: bytes) -> None:
        self.path = folder / "new.db"
        self.keys = DeviceKeys.generate(seeded("new"))
        self.company = company
        store = Store.open(self.path)
        with store.transaction():
            store.set_meta(COMPANY, company)
        store.close()

    async def receive(self, address: str, keys: DeviceKeys) -> tuple[Outcome, dict[str, int]]:
        """Receive what is given for the phrase; how it ended, and how many commits of which scope came."""
        store = Store.open(self.path, wait_ms=0)
        replica = Replica(store, keys, self.company)
        outcome = await Node(replica, TlsNetwork()).sync(address, SECONDS)
        came = {scope: found.size for scope, found in digest(replica).items()}
        store.close()
        return outcome, came

    def recover(self, keys: DeviceKeys, series: str = "NEW", branch: str = "ho") -> None:
        store = Store.open(self.path)
        try:
            recover(store, self.keys, keys, "New", branch, series, NOW)
        finally:
            store.close()

    def at(self) -> At:
        return At(self.path, self.keys, self.company)


async def shop(tmp_path: Path) -> tuple[At, At]:
    """A head office with a voucher and a second epoch, and Pune, which holds all of it."""
    office, pune = offices(tmp_path, "Pune")
    save(office.replica, "masters/ledger", DOC, name="Asha")
    begin_epoch(office.replica, NOW)
    save(office.replica, "vouchers/ho/sales/2026-04", DOC, number="1")
    async with serving(office) as address:
        assert (await pune.sync(address)).in_sync
    return office, pune


async def test_a_member_names_the_company_to_whoever_holds_its_phrase_and_to_nobody_else(tmp_path):
    office, pune = await shop(tmp_path)
    async with serving(pune) as address:
        assert company_told(await ask(address, phrase_keys())) == office.replica.company
        stranger = await ask(address, phrase_keys("another company"))
        assert (company_told(stranger), stranger.goodbye) == (None, "unknown-device")
        assert (await ask(address, office.keys)).goodbye == "unknown-device"


def test_an_answer_that_is_no_company_is_none():
    for said in ("", "zz", "00" * 31, "00" * 33, "00" * 32 + "0"):
        assert company_told(Outcome("", "", False, 0, 0, said, "company")) is None
    assert company_told(Outcome("", "", False, 0, 0, None, "company")) is None
    assert company_told(Outcome("", "", False, 0, 0, "00" * 32, "done")) is None
    assert company_told(Outcome("", "", False, 0, 0, "ab" * 32, "company")) == bytes([0xAB]) * 32


async def test_the_phrase_gets_the_chain_and_control_and_nothing_else(tmp_path):
    office, pune = await shop(tmp_path)
    machine = Machine(tmp_path, office.replica.company)
    async with serving(pune) as address:
        outcome, came = await machine.receive(address, phrase_keys())
    assert (outcome.in_sync, outcome.error) == (True, None)
    assert came["control/keys/recovery"] == 2
    assert all(scope.startswith("control/") for scope in came)
    assert pune.replica.standing_of(phrase_keys().id) is Membership.RECOVERY


async def test_the_new_keeper_has_every_key_receives_the_books_and_goes_on(tmp_path):
    office, pune = await shop(tmp_path)
    machine = Machine(tmp_path, office.replica.company)
    async with serving(pune) as address:
        assert (await machine.receive(address, phrase_keys()))[0].in_sync
        machine.recover(phrase_keys())
        machine.recover(phrase_keys())
        new = machine.at()
        assert (await new.sync(address)).in_sync
        assert all(new.replica.keyring.key(epoch, ROOT) is not None for epoch in new.replica.chain.epochs)
        assert digest(new.replica) == digest(pune.replica)
        revoke(new.replica, office.keys.id, NOW)
        thane = branch_of(new.replica, "Thane", tmp_path)
        assert (await new.sync(address)).in_sync
    recovered = [entry.body for entry in new.replica.chain.entries() if isinstance(entry.body, Recovered)]
    assert len(recovered) == 1
    assert pune.replica.chain.keeper == new.keys.id
    assert pune.replica.standing_of(office.keys.id) is Membership.REVOKED
    assert pune.replica.standing_of(thane.keys.id) is Membership.MEMBER
    with pytest.raises(NotAllowed, match="only New keeps the list"):
        append(pune.replica, Epoch(time=NOW, epoch=bytes(8)))


async def test_it_may_break_off_anywhere_and_be_run_again(tmp_path):
    office, pune = await shop(tmp_path)
    machine = Machine(tmp_path, office.replica.company)
    tries, in_sync = 0, False
    async with serving(pune) as address:
        for bytes_max in range(1_500, 60_000, 250):
            tries += 1
            async with proxy(address, bytearray(), bytes_max) as through:
                outcome, _ = await machine.receive(through, phrase_keys())
            in_sync = outcome.in_sync
            if in_sync:
                break
            store = Store.open(machine.path)
            held = Replica(store, machine.keys, machine.company)
            if held.chain.epochs and not digest(held).get("control/keys/recovery"):
                with pytest.raises(NotRecovered, match="sets of keys did not come"):
                    recover(store, machine.keys, phrase_keys(), "New", "ho", "NEW", NOW)
            store.close()
        assert in_sync
        assert tries > 3
        machine.recover(phrase_keys())
        new = machine.at()
        for bytes_max in range(1_500, 200_000, 6_000):
            async with proxy(address, bytearray(), bytes_max) as through:
                in_sync = (await new.sync(through)).in_sync
            if in_sync:
                break
        assert in_sync
    assert digest(new.replica) == digest(pune.replica)


async def test_a_relay_alone_brings_it_back(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    save(office.replica, "vouchers/ho/sales/2026-04", DOC, number="1")
    machine = Machine(tmp_path, office.replica.company)
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        assert company_told(await ask(address, phrase_keys())) == office.replica.company
        assert (await machine.receive(address, phrase_keys()))[0].in_sync
        machine.recover(phrase_keys())
        new = machine.at()
        assert (await new.sync(address)).in_sync
    assert relay.copy_of(office).chain.keeper == new.keys.id


async def test_the_phrase_of_another_company_takes_no_place(tmp_path):
    office, pune = await shop(tmp_path)
    machine = Machine(tmp_path, office.replica.company)
    async with serving(pune) as address:
        outcome, came = await machine.receive(address, phrase_keys("another company"))
        assert (outcome.goodbye, came) == ("unknown-device", {})
        assert (await machine.receive(address, phrase_keys()))[0].in_sync
    with pytest.raises(NotRecovered, match="not that of the company"):
        machine.recover(phrase_keys("another company"))
    for series, branch in (("PUN", "ho"), ("NEW", "surat")):
        with pytest.raises(ChainError):
            machine.recover(phrase_keys(), series, branch)
    assert machine.at().replica.chain.keeper == office.keys.id


async def test_the_phrase_takes_the_place_of_a_keeper_that_was_moved_too(tmp_path):
    office, pune = await shop(tmp_path)
    append(office.replica, KeeperMoved(time=NOW, device=pune.keys.id))
    machine = Machine(tmp_path, office.replica.company)
    async with serving(office) as address:
        assert (await machine.receive(address, phrase_keys()))[0].in_sync
        machine.recover(phrase_keys(), branch="pun")
        new = machine.at()
        assert (await new.sync(address)).in_sync
    assert office.replica.chain.keeper == new.keys.id


async def test_two_machines_that_recover_apart_end_with_one_keeper(tmp_path):
    office, pune = await shop(tmp_path)
    (tmp_path / "other").mkdir()
    one, other = Machine(tmp_path, office.replica.company), Machine(tmp_path / "other", office.replica.company)
    other.keys = DeviceKeys.generate(seeded("newer"))
    async with serving(pune) as address:
        for machine in (one, other):
            assert (await machine.receive(address, phrase_keys()))[0].in_sync
        one.recover(phrase_keys())
        other.recover(phrase_keys(), series="NEWR")
        first, second = one.at(), other.at()
        await first.sync(address)
        await second.sync(address)
    heads = [at.replica.chain for at in (first, second, pune)]
    winner = next(chain for chain in heads if chain.keeper == pune.replica.chain.keeper)
    assert winner.keeper in (first.keys.id, second.keys.id)
    assert len(pune.replica.chain.losing) == 1
