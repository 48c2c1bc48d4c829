"""What a device does by itself: once for each thing that comes, never from within itself, whatever goes wrong."""

import sqlite3
from collections.abc import Callable

import pytest
import trio
import trio.testing

from crdt_models.errors import BadValue
from p2p.chores import Chore, Chores
from p2p.device_notes import note_of, save_note
from p2p.errors import StoreError
from p2p.node import Node
from p2p.replica import Replica
from p2p.store import StoreBusy
from p2p.transport import TlsNetwork
from tests.p2p.copies import NOW, save
from tests.p2p.nodes import SECONDS, At, offices, serving


def refusing(error: Exception) -> Chore:
    def chore() -> bool:
        raise error

    return chore


def answering(replica: Replica, asker: bytes) -> Chore:
    """Says `heard` of itself what another device says as `asked`, as a keeper answers a request."""

    def chore() -> bool:
        asked = note_of(replica, asker).get("asked")
        return asked is not None and save_note(replica, {"heard": asked}, "ho", NOW) is not None

    return chore


async def met(office: At, *branches: At) -> None:
    async with serving(office) as address:
        for branch in branches:
            assert (await branch.sync(address)).in_sync


def with_chores(at: At, *chores: Callable[[], bool]) -> At:
    at.node = Node(at.replica, TlsNetwork(), at.clock, at.log, chores=chores)
    return at


def test_a_chore_is_done_at_first_and_then_only_when_something_has_come():
    done: list[str] = []

    def chore() -> bool:
        done.append("once")
        return False

    chores = Chores([chore], done.append)
    assert not chores.do()
    assert not chores.do()
    assert done == ["once"]
    chores.look_again()
    assert not chores.do()
    assert done == ["once", "once"]


def test_no_chores_are_never_due():
    chores = Chores([], list[str]().append)
    chores.look_again()
    assert not chores.due
    assert not chores.do()


@pytest.mark.parametrize("error", [StoreError("the disk is full"), BadValue("no"), sqlite3.OperationalError("gone")])
def test_what_goes_wrong_with_a_chore_is_told_and_stops_no_other(error):
    told: list[str] = []
    chores = Chores([refusing(error), lambda: True], told.append)
    assert chores.do()
    assert told == [str(error)]
    assert not chores.due


def test_a_chore_that_found_the_books_busy_stays_due():
    told: list[str] = []
    chores = Chores([refusing(StoreBusy("later"))], told.append)
    assert not chores.do()
    assert chores.due
    assert not told


async def test_a_serving_device_does_its_chores_as_soon_as_something_comes(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    await met(office, pune)
    with_chores(office, answering(office.replica, pune.keys.id))
    save_note(pune.replica, {"asked": "the way"}, "asha", NOW)
    async with serving(office) as address, serving(pune, [address]):
        with trio.fail_after(SECONDS):
            while note_of(pune.replica, office.keys.id).get("heard") != "the way":
                await trio.testing.wait_all_tasks_blocked(0.02)


async def test_a_synchronization_does_the_chores_and_takes_what_they_wrote_along(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    await met(office, pune)
    with_chores(office, answering(office.replica, pune.keys.id))
    save_note(pune.replica, {"asked": "the way"}, "asha", NOW)
    async with serving(pune) as address:
        assert (await office.sync(address)).in_sync
    assert note_of(pune.replica, office.keys.id)["heard"] == "the way"


async def test_chores_that_never_come_to_an_end_do_not_hold_up_a_synchronization(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    rounds: list[int] = []

    def restless() -> bool:
        rounds.append(len(rounds))
        save(office.replica, "masters/ledger", bytes(16), name=str(len(rounds)))
        return True

    with_chores(office, restless)
    async with serving(pune) as address:
        assert (await office.sync(address)).in_sync
    assert len(rounds) < 40


async def test_two_synchronizations_at_a_time_both_hear_that_what_the_chores_wrote_has_arrived(tmp_path):
    office, *branches = offices(tmp_path, "Pune", "Nagpur", "Surat")
    names = [f"number {number}" for number in range(6)]

    def write() -> bool:
        if names:
            save(office.replica, "masters/ledger", bytes(16), name=names.pop())
            return True
        return False

    with_chores(office, write)
    async with serving(branches[0]) as one, serving(branches[1]) as two, serving(branches[2]) as three:
        async with trio.open_nursery() as nursery:
            for address in (one, two, three):
                nursery.start_soon(office.sync, address)
        said = [(await branch.log.heard("disconnected")).text for branch in branches]
    # Whoever waits until its time is up says no goodbye.
    assert said == ["Head Office: goodbye"] * 3
