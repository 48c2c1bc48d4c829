"""Nodes over real TLS: joining, meeting, live push, coming back after a cut, saying goodbye."""

import hashlib
import random as randomness
from pathlib import Path

import pytest
import trio

from p2p.admission import invitations, invite, join_with
from p2p.chain import KeeperMoved
from p2p.dialling import BACK_OFF_SECONDS_MAX, BACK_OFF_SECONDS_MIN
from p2p.founding import append
from p2p.identity import DeviceKeys
from p2p.introduction import Join
from p2p.invite import Invitation, Ticket, check_code
from p2p.limits import INVITATION_MS, INVITATION_WRONG_TRIES_MAX
from p2p.messages import Challenge, Joining
from p2p.node import Node
from p2p.transport import Connection, Handler, Unreachable
from tests.p2p.copies import EVERYTHING, EVERYTHING_RULE, NOW, branch_of, digest, head_office, save, seeded
from tests.p2p.nodes import SECONDS, At, Log, check_consistent, offices, serving

SALES, PUNE_SALES, LEDGERS = "vouchers/ho/sales/2026-04", "vouchers/pun/sales/2026-04", "masters/ledger"


def doc(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()[:16]


def a_ticket(at: At, *addresses: str, name: str = "Pune", series: str = "PUN") -> Ticket:
    return invite(at.replica, name, series, EVERYTHING, addresses, at.clock.now, seeded(name), preset=EVERYTHING_RULE)


def newcomer(folder: Path, ticket: Ticket, name: str = "pune") -> At:
    """A device with an empty copy and a ticket."""
    return At(folder / f"{name}.db", DeviceKeys.generate(seeded(name)), ticket.company)


def join_of(at: At, ticket: Ticket, name: str = "Pune till") -> Join:
    return join_with(ticket, at.keys, name, at.replica.chain_head())


def the_invitation(at: At) -> Invitation:
    (found,) = invitations(at.replica)
    return found


# -- joining --------------------------------------------------------------------------------------------------------


async def test_a_device_joins_with_a_ticket_and_receives_everything(tmp_path):
    (office,) = offices(tmp_path)
    for number in range(300):
        save(office.replica, SALES, doc(number), amount=f"{number}.00")
    async with serving(office) as address:
        ticket = a_ticket(office, address)
        pune = newcomer(tmp_path, ticket)
        outcome = await pune.sync(ticket.addresses[0], join_of(pune, ticket), ticket.inviter)
        # All but what it wrote itself: that it accepts the rule of its ticket.
        assert (outcome.in_sync, outcome.error, outcome.received) == (True, None, office.replica.store.count() - 1)
        joined = await office.log.heard("joined")
        await office.log.heard("disconnected")
    assert digest(pune.replica) == digest(office.replica)
    assert the_invitation(office).used_by == pune.keys.id
    inviter = pune.replica.chain.member(ticket.inviter)
    assert inviter is not None
    code = check_code(pune.keys.public, inviter.public, ticket.company, ticket.secret)
    assert joined.text == f"Pune till joined; check code {code}"
    save(pune.replica, PUNE_SALES, doc(1000), amount="1.00")
    check_consistent(pune)
    check_consistent(office)


async def test_a_ticket_is_used_once_and_its_device_may_come_again(tmp_path):
    (office,) = offices(tmp_path)
    async with serving(office) as address:
        ticket = a_ticket(office, address)
        pune, thief = newcomer(tmp_path, ticket), newcomer(tmp_path, ticket, "thief")
        assert (await pune.sync(address, join_of(pune, ticket), ticket.inviter)).in_sync
        outcome = await thief.sync(address, join_of(thief, ticket), ticket.inviter)
        assert (outcome.in_sync, outcome.goodbye, outcome.received) == (False, "ticket", 0)
        assert outcome.error == "this ticket is used; ask for a new one"
        assert (await pune.sync(address, join_of(pune, ticket), ticket.inviter)).in_sync
    assert thief.replica.chain.head == (-1, b"")
    assert len(office.replica.chain.members) == 2


async def test_a_ticket_expires(tmp_path):
    (office,) = offices(tmp_path)
    async with serving(office) as address:
        ticket = a_ticket(office, address)
        pune = newcomer(tmp_path, ticket)
        office.clock.now = NOW + INVITATION_MS
        outcome = await pune.sync(address, join_of(pune, ticket), ticket.inviter)
        assert (outcome.in_sync, outcome.goodbye) == (False, "ticket")
        assert outcome.error == "this ticket is expired; ask for a new one"
        office.clock.now -= 1
        assert (await pune.sync(address, join_of(pune, ticket), ticket.inviter)).in_sync


def lying(join: Join) -> Join:
    """Knows the slot and not the secret."""

    def joining(challenge: Challenge) -> Joining:
        honest = join(challenge)
        return Joining(honest.slot, honest.seal_public, honest.device_name, bytes(32))

    return joining


async def test_a_joiner_with_a_key_that_nothing_can_be_sealed_to_is_told_so(tmp_path):
    (office,) = offices(tmp_path)
    async with serving(office) as address:
        ticket = a_ticket(office, address)
        pune = newcomer(tmp_path, ticket)
        pune.keys.seal_public = bytes(32)
        outcome = await pune.sync(address, join_of(pune, ticket), ticket.inviter)
        assert outcome.goodbye == "ticket"
        assert "not one to seal to" in str(outcome.error)
    assert len(office.replica.chain.members) == 1


async def test_a_joiner_that_comes_to_a_former_keeper_is_told_who_keeps_the_list(tmp_path):
    office, nagpur = offices(tmp_path, "Nagpur")
    async with serving(office) as address:
        ticket = a_ticket(office, address)
        append(office.replica, KeeperMoved(time=NOW, device=nagpur.keys.id))
        pune = newcomer(tmp_path, ticket)
        outcome = await pune.sync(address, join_of(pune, ticket), ticket.inviter)
        assert outcome.goodbye == "ticket"
        assert "only Nagpur keeps the list" in str(outcome.error)


async def test_five_wrong_tries_close_an_invitation(tmp_path):
    (office,) = offices(tmp_path)
    async with serving(office) as address:
        ticket = a_ticket(office, address)
        pune = newcomer(tmp_path, ticket)
        for tries in range(INVITATION_WRONG_TRIES_MAX):
            assert the_invitation(office).wrong_tries == tries
            outcome = await pune.sync(address, lying(join_of(pune, ticket)), ticket.inviter)
            assert (outcome.in_sync, outcome.goodbye) == (False, "ticket")
            assert "not made here, or was altered" in str(outcome.error)
        outcome = await pune.sync(address, join_of(pune, ticket), ticket.inviter)
        assert outcome.error == "this ticket is closed after too many wrong tries; ask for a new one"
    assert len(office.replica.chain.members) == 1
    check_consistent(office)


async def test_a_ticket_of_another_company_or_slot_is_refused_and_closes_nothing(tmp_path):
    (office,) = offices(tmp_path)
    async with serving(office) as address:
        ticket = a_ticket(office, address)
        other = Ticket(ticket.company, ticket.inviter, ticket.seal_public, (address,), (), b"s" * 16, ticket.expires)
        pune = newcomer(tmp_path, ticket)
        outcome = await pune.sync(address, join_of(pune, other), other.inviter)
        assert (outcome.goodbye, outcome.received) == ("ticket", 0)
        elsewhere = At(tmp_path / "elsewhere.db", pune.keys, b"c" * 32)
        outcome = await elsewhere.sync(address, join_of(pune, ticket), ticket.inviter)
        assert (outcome.goodbye, outcome.received) == ("unknown-device", 0)
        assert the_invitation(office).wrong_tries == 0
        assert (await pune.sync(address, join_of(pune, ticket), ticket.inviter)).in_sync


async def test_a_ticket_is_only_shown_to_the_device_that_made_it(tmp_path):
    office, nagpur = offices(tmp_path, "Nagpur")
    async with serving(office) as there, serving(nagpur) as elsewhere:
        ticket = a_ticket(office, there)
        pune = newcomer(tmp_path, ticket)
        with pytest.raises(Unreachable, match="not the one that was expected"):
            await pune.sync(elsewhere, join_of(pune, ticket), ticket.inviter)
        outcome = await pune.sync(elsewhere, join_of(pune, ticket))
        assert not outcome.in_sync
        assert pune.replica.chain.head == (-1, b"")
    assert the_invitation(office).wrong_tries == 0


# -- meeting --------------------------------------------------------------------------------------------------------


async def test_two_copies_meet_and_hold_the_same(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    async with serving(office) as address:
        assert (await pune.sync(address)).in_sync
        for number in range(30):
            save(office.another_process(), SALES, doc(number), amount=f"{number}.00")
            save(pune.replica, PUNE_SALES, doc(1000 + number), amount=f"{number}.00")
        outcome = await pune.sync(address)
        assert (outcome.in_sync, outcome.received, outcome.sent) == (True, 30, 30)
        again = await pune.sync(address)
        assert (again.in_sync, again.received, again.sent) == (True, 0, 0)
    assert digest(pune.replica) == digest(office.replica)
    for at in (office, pune):
        (link,) = at.replica.links.statuses()
        assert link.in_sync_at == NOW
        assert (link.missing_here, link.missing_there, link.error) == (0, 0, None)
        check_consistent(at)


async def test_what_is_saved_is_pushed_at_once_and_travels_on(tmp_path):
    """Saved by the command line at Pune; seen at head office, which tells Nagpur; nobody waits for the next round."""
    office, pune, nagpur = offices(tmp_path, "Pune", "Nagpur")
    async with serving(office) as address, serving(pune, [address]), serving(nagpur, [address]):
        await pune.log.heard("in-sync")
        await nagpur.log.heard("in-sync")
        command_line = pune.another_process()
        for number in range(5):
            save(command_line, PUNE_SALES, doc(number), amount=f"{number}.00")
            pune.node.poke()
            assert await office.seen.shown(doc(number)) == {"amount": f"{number}.00"}
            assert await nagpur.seen.shown(doc(number)) == {"amount": f"{number}.00"}
        await pune.log.heard("in-sync", times=2)
        await nagpur.log.heard("in-sync", times=2)
    assert digest(pune.replica) == digest(nagpur.replica) == digest(office.replica)


async def test_what_another_process_saved_is_noticed_without_being_told(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    async with serving(office) as address, serving(pune, [address]):
        await pune.log.heard("in-sync")
        save(office.another_process(), SALES, doc(1), amount="1.00")
        assert await pune.seen.shown(doc(1)) == {"amount": "1.00"}


async def test_two_branches_that_never_met_are_introduced_by_the_control_chain(tmp_path):
    """Nagpur was admitted after Pune last met head office; it shows Pune the entries that say so."""
    office, pune, nagpur = offices(tmp_path, "Pune", "Nagpur")
    async with serving(office) as address:
        assert (await nagpur.sync(address)).in_sync
    save(nagpur.replica, "vouchers/nag/sales/2026-04", doc(1), amount="1.00")
    assert pune.replica.chain.member(nagpur.keys.id) is None
    async with serving(pune) as address:
        outcome = await nagpur.sync(address)
        assert outcome.in_sync
        assert outcome.peer == "Pune"
    assert digest(pune.replica) == digest(nagpur.replica)
    assert pune.seen.documents[doc(1)] == {"amount": "1.00"}
    async with serving(nagpur) as address:
        assert (await pune.sync(address)).in_sync


async def test_a_device_that_is_no_member_is_told_so_and_nothing_else(tmp_path):
    (office,) = offices(tmp_path)
    stranger = At(tmp_path / "stranger.db", DeviceKeys.generate(seeded("stranger")), office.replica.company)
    async with serving(office) as address:
        outcome = await stranger.sync(address)
        assert (outcome.in_sync, outcome.goodbye, outcome.received) == (False, "unknown-device", 0)
        assert outcome.error == "this device is not known here"
    assert stranger.replica.chain.head == (-1, b"")


# -- cut off and back again -----------------------------------------------------------------------------------------


async def test_a_dialer_comes_back_when_the_listener_does(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    pune.node = Node(pune.replica, pune.node._network, pune.clock, pune.log, random=bytes)
    async with trio.open_nursery() as nursery:
        async with serving(office) as address:
            nursery.start_soon(pune.node.serve, None, [address])
            await pune.log.heard("in-sync")
        assert (await pune.log.heard("disconnected")).text.startswith("Head Office: ")
        await pune.log.heard("unreachable")
        save(office.replica, SALES, doc(1), amount="1.00")
        async with serving(office, listen=address):
            await pune.log.heard("connected", times=2)
            assert await pune.seen.shown(doc(1)) == {"amount": "1.00"}
        nursery.cancel_scope.cancel()


class Nowhere:
    """A network on which nobody answers."""

    def __init__(self) -> None:
        self.dialled: list[float] = []

    async def listen(self, address: str, keys: DeviceKeys, handler: Handler, task_status: trio.TaskStatus[str]) -> None:
        raise AssertionError("nobody listens here")

    async def dial(self, address: str) -> Connection:
        self.dialled.append(trio.current_time())
        raise Unreachable(f"nobody listens at {address}")


async def test_the_pauses_between_tries_grow_to_five_minutes_and_differ(autojump_clock):
    nowhere, log = Nowhere(), Log()
    random = randomness.Random(4).randbytes
    pune = branch_of(head_office(), "Pune")
    with trio.move_on_after(6000):
        await Node(pune, nowhere, tell=log, random=random).serve(None, ["192.0.2.1:7420"])
    pauses = [later - earlier for earlier, later in zip(nowhere.dialled, nowhere.dialled[1:], strict=False)]
    for number, pause in enumerate(pauses):
        wait = min(BACK_OFF_SECONDS_MIN * 2**number, BACK_OFF_SECONDS_MAX)
        assert 0.5 * wait <= pause <= 1.5 * wait + 0.01
    assert len(pauses) > 12
    assert len({round(pause) for pause in pauses[-6:]}) > 2, "they are not all at the same moment"
    assert len(log.of("unreachable", "192.0.2.1:7420")) == len(nowhere.dialled)


# -- goodbye --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["listener", "dialer"])
async def test_stopping_says_goodbye_and_what_was_acknowledged_is_kept(tmp_path, who):
    office, pune = offices(tmp_path, "Pune")
    async with trio.open_nursery() as nursery:
        address = await nursery.start(office.node.serve, "127.0.0.1:0")
        nursery.start_soon(pune.node.serve, None, [address])
        await pune.log.heard("in-sync")
        await office.log.heard("in-sync")
        stopping, other = (office, pune) if who == "listener" else (pune, office)
        (conversation,) = other.node.conversations
        with trio.fail_after(SECONDS):
            stopping.node.stop()
            await conversation.over.wait()
            await other.log.heard("disconnected")
        assert conversation.goodbye == "done"
        assert other.log.of("disconnected")[0].text == f"{other.log.of('connected')[0].peer}: goodbye"
        (link,) = other.replica.links.statuses()
        assert link.error is None
        other.node.stop()
    assert office.node.conversations == pune.node.conversations == []
    check_consistent(office)
    check_consistent(pune)


async def test_stopping_waits_for_nobody_who_has_gone_silent(tmp_path):
    """Two seconds at most: whoever does not answer a goodbye is left."""
    office, pune = offices(tmp_path, "Pune")
    async with trio.open_nursery() as nursery:
        address = await nursery.start(office.node.serve, "127.0.0.1:0")
        connection = await pune.node._network.dial(address)
        with trio.fail_after(SECONDS):
            while not office.node.conversations:
                await trio.lowlevel.checkpoint()
            office.node.stop()
        nursery.cancel_scope.deadline = trio.current_time() + SECONDS
    assert not nursery.cancel_scope.cancelled_caught
    await trio.aclose_forcefully(connection.stream)
