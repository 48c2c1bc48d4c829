"""Joining by letter: neither side is ever online together with the other, and the relay between them reads nothing."""

from pathlib import Path

import msgspec
import pytest
import trio
import trio.testing
from msgspec.structs import replace

from p2p.admission import invitations, invite, withdraw
from p2p.errors import ProtocolError, TicketError
from p2p.identity import DeviceKeys
from p2p.invite import Invitation, Relay, Standing, Ticket
from p2p.keyring import HPKE
from p2p.letter_box import SlotClosed, leave_letter
from p2p.letters import LETTER_CONTEXT, open_letter_untrusted, open_refusal_untrusted, write_letter, write_refusal
from p2p.limits import INVITATION_MS, INVITATION_WRONG_TRIES_MAX, LETTER_BYTES_MAX, SLOTS_PER_COMPANY_MAX
from p2p.local import Membership
from p2p.messages import Goodbye, Slot, encode
from p2p.relay_letters import INVITER, JOINER
from p2p.slots import list_slots, listed_slots, open_slots
from p2p.transport import TlsNetwork, Unreachable
from tests.p2p.copies import EVERYTHING, NOW, head_office, seeded
from tests.p2p.nodes import SECONDS, At, offices, serving
from tests.p2p.relays import RelayAt, add_relay
from tests.p2p.strangers import EVE, challenge_from, challenged, dialled, heard_from, read


def newcomer(folder: Path, ticket: Ticket, name: str = "pune") -> At:
    return At(folder / f"{name}.db", DeviceKeys.generate(seeded(name)), ticket.company)


async def invited(office: At, relay: RelayAt, address: str, name: str = "Pune") -> Ticket:
    """A ticket that names a relay and no address, which the relay has been told of."""
    ways = [Relay(address, relay.keys.id)]
    series = name[:3].upper()
    ticket = invite(office.replica, name, series, EVERYTHING, [], office.clock.now, seeded(name), ways)
    assert list_slots(office.replica, office.clock.now)
    assert (await office.sync(address)).in_sync
    return ticket


async def leave(at: At, ticket: Ticket, name: str = "Pune till") -> bytes:
    return await leave_letter(TlsNetwork(), ticket.relays[0], ticket.slot, write_letter(ticket, at.keys, name))


async def test_a_device_joins_by_letter_and_is_never_online_with_head_office(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        ticket = await invited(office, relay, address)
        pune = newcomer(tmp_path, ticket)
        assert (await pune.sync(address, None, relay.keys.id)).goodbye == "unknown-device"
        assert await leave(pune, ticket) == b""
        # Once more, as after a break-off: the later letter takes the place of the earlier.
        assert await leave(pune, ticket) == b""
        assert (await office.sync(address)).in_sync
        joined = office.log.of("joined")
        assert [said.peer for said in joined] == ["Pune till"]
        outcome = await pune.sync(address, None, relay.keys.id)
        assert (outcome.in_sync, outcome.error) == (True, None)
    member = pune.replica.chain.member(pune.keys.id)
    assert member is not None
    assert member.name == "Pune till"
    assert pune.replica.keyring.current(pune.replica.chain.epochs, "vouchers/pun/sales/2026-04") is not None
    assert [one.standing(NOW) for one in invitations(office.replica)] == [Standing.USED]


async def test_a_head_office_that_is_connected_hears_of_a_letter_at_once(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        ticket = await invited(office, relay, address)
        pune = newcomer(tmp_path, ticket)
        async with serving(office, [address], None):
            await office.log.heard("in-sync", times=3)
            await leave(pune, ticket)
            await office.log.heard("joined")
            with trio.fail_after(SECONDS):
                while relay.copy_of(office).standing_of(pune.keys.id) is not Membership.MEMBER:
                    await trio.testing.wait_all_tasks_blocked(0.02)
        assert (await pune.sync(address, None, relay.keys.id)).in_sync
    assert pune.replica.chain_head() == office.replica.chain_head()


async def test_a_ticket_that_was_used_withdrawn_or_has_expired_gets_no_letter_taken(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        ticket = await invited(office, relay, address)
        pune, thief = newcomer(tmp_path, ticket), newcomer(tmp_path, ticket, "thief")
        relay.clock.now = NOW + INVITATION_MS
        with pytest.raises(SlotClosed, match="expired"):
            await leave(pune, ticket)
        relay.clock.now = NOW
        await leave(pune, ticket)
        assert (await office.sync(address)).in_sync
        list_slots(office.replica, NOW)
        assert (await office.sync(address)).in_sync
        with pytest.raises(SlotClosed, match="used"):
            await leave(thief, ticket)
        other = await invited(office, relay, address, "Nagpur")
        withdraw(office.replica, "NAG", NOW)
        list_slots(office.replica, NOW)
        assert (await office.sync(address)).in_sync
        with pytest.raises(SlotClosed):
            await leave(thief, other)
    assert len(office.log.of("joined")) == 1


async def test_a_letter_by_somebody_without_the_secret_is_refused_and_closes_the_ticket(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        ticket = await invited(office, relay, address)
        eve = At(tmp_path / "eve.db", EVE, ticket.company)
        for _ in range(INVITATION_WRONG_TRIES_MAX):
            await leave_letter(TlsNetwork(), ticket.relays[0], ticket.slot, forged(ticket, eve))
            assert (await office.sync(address)).in_sync
        (kept,) = invitations(office.replica)
        assert kept.standing(NOW) is Standing.CLOSED
        assert len(office.replica.chain.members) == 2


def forged(ticket: Ticket, eve: At) -> bytes:
    """A letter for a slot whose id is known, and whose secret is not."""
    known = Invitation(bytes(16), ticket.expires, "pun", "PUN", (), ())
    letter = write_letter(replace(ticket, secret=known.secret), eve.keys, "Eve")
    opened = open_letter_untrusted(head_office().keys, known.slot, letter)
    return HPKE.seal(ticket.seal_public, LETTER_CONTEXT + ticket.slot, msgspec.msgpack.encode(opened))


async def test_a_letter_with_a_key_that_nothing_can_be_sealed_to_ends_nothing(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        ticket = await invited(office, relay, address)
        pune, broken = newcomer(tmp_path, ticket), newcomer(tmp_path, ticket, "broken")
        broken.keys.seal_public = bytes(32)
        await leave(broken, ticket)
        outcome = await office.sync(address)
        assert (outcome.in_sync, outcome.error) == (True, None)
        assert "not one to seal to" in office.log.of("refused")[-1].text
        # The invitation is as it was.
        await leave(pune, ticket)
        assert (await office.sync(address)).in_sync
        assert [said.peer for said in office.log.of("joined")] == ["Pune till"]


async def test_a_refusal_reaches_the_joiner_once_and_cannot_be_made_up_by_the_relay(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        ticket = await invited(office, relay, address)
        pune = newcomer(tmp_path, ticket)
        await leave(pune, ticket, "\x1b[2J")
        assert (await office.sync(address)).in_sync
        answer = await leave(pune, ticket)
        assert "cannot be a name" in open_refusal_untrusted(pune.keys, ticket, answer)
        assert await leave(pune, ticket) == b""
        made_up = write_refusal(pune.keys.seal_public, bytes(16), "go away")
        with pytest.raises(TicketError):
            open_refusal_untrusted(pune.keys, ticket, made_up)
        # The refused letter undid nothing: the later one is admitted.
        assert (await office.sync(address)).in_sync
        assert [said.peer for said in office.log.of("joined")] == ["Pune till"]


async def test_a_stranger_cannot_fill_a_relay_with_letters(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        ticket = await invited(office, relay, address)
        for number in range(20):
            with pytest.raises(SlotClosed):
                await leave_letter(TlsNetwork(), ticket.relays[0], number.to_bytes(16, "big"), bytes(LETTER_BYTES_MAX))
        for number in range(5):
            await leave_letter(TlsNetwork(), ticket.relays[0], ticket.slot, bytes([number]) * LETTER_BYTES_MAX)
        assert relay.home.letters.read(ticket.slot, JOINER) == bytes([4]) * LETTER_BYTES_MAX
        too_long = msgspec.msgpack.encode(["slot", ticket.slot, bytes(LETTER_BYTES_MAX + 1)])
        *_, last = await challenged(address, lambda *_: len(too_long).to_bytes(4, "big") + too_long)
        assert isinstance(last, Goodbye)
        assert last.code == "malformed"
        # What does not open is passed over, and neither uses up the ticket nor the patience with it.
        assert (await office.sync(address)).in_sync
        (kept,) = invitations(office.replica)
        assert (kept.wrong_tries, kept.standing(NOW)) == (0, Standing.OPEN)
        pune = newcomer(tmp_path, ticket)
        await leave(pune, ticket)
        assert (await office.sync(address)).in_sync
        assert len(office.log.of("joined")) == 1


async def test_a_stranger_leaves_one_letter_a_call(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        ticket = await invited(office, relay, address)
        async with dialled(address) as connection:
            await challenge_from(connection)
            letter = encode(Slot(ticket.slot, b"x"))
            with trio.fail_after(5):
                await connection.stream.send_all(letter + letter)
                *_, last = read(await heard_from(connection.stream))
        assert isinstance(last, Goodbye)
        assert "more than one letter" in last.text


async def test_a_member_that_is_not_the_keeper_reads_no_letters(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        ticket = await invited(office, relay, address, "Nagpur")
        await leave(newcomer(tmp_path, ticket, "nagpur"), ticket)
        async with serving(pune, [address], None):
            await pune.log.heard("in-sync")
            (conversation,) = pune.node.conversations
            conversation.say_slot(ticket.slot, b"")
            conversation.say_slot(ticket.slot, b"thrown away")
            await pune.log.heard("in-sync")
        assert relay.home.letters.read(ticket.slot, JOINER)
        assert not relay.home.letters.read(ticket.slot, INVITER)


async def test_letters_are_left_at_relays_only(tmp_path):
    (office,) = offices(tmp_path)
    async with serving(office) as address:
        with pytest.raises(ProtocolError, match="this is none"):
            await leave_letter(TlsNetwork(), Relay(address, office.keys.id), bytes(16), b"letter")
        with pytest.raises(Unreachable, match="not the relay"):
            await leave_letter(TlsNetwork(), Relay(address, bytes(32)), bytes(16), b"letter")


def test_a_keeper_lists_its_open_invitations_where_there_is_a_relay(tmp_path):
    (office,) = offices(tmp_path)
    replica = office.replica
    invite(replica, "Pune", "PUN", EVERYTHING, ["a:1"], NOW, seeded("Pune"))
    assert not list_slots(replica, NOW)
    assert listed_slots(replica, NOW) == {}
    assert len(open_slots(replica, NOW)) == 1
    assert SLOTS_PER_COMPANY_MAX == 256
