"""What once went wrong with nodes over TLS, each in its smallest form."""

import pytest
import trio

from p2p.handshake import prove
from p2p.identity import DeviceKeys
from p2p.limits import CONNECTIONS_UNPROVEN_MAX, MIB
from p2p.messages import SHARE, Ask, Chain, Challenge, Goodbye, encode
from p2p.transport import TlsNetwork, Unreachable
from tests.p2p.copies import digest, head_office, save, seeded
from tests.p2p.nodes import SECONDS, listening, offices, serving
from tests.p2p.strangers import EVE, challenge_from, dialled, heard_from, read
from tests.p2p.test_node import doc
from tests.p2p.test_node_faults import with_vouchers
from tests.p2p.test_node_impostors import Impostor
from tests.p2p.test_node_strangers import Member


async def test_members_get_in_while_sixteen_strangers_say_nothing(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    async with serving(office) as address:
        silent = [await TlsNetwork().dial(address) for _ in range(CONNECTIONS_UNPROVEN_MAX)]
        outcome = await pune.sync(address)
        for connection in silent:
            await trio.aclose_forcefully(connection.stream)
        assert outcome.in_sync, outcome.error


async def test_strangers_that_promise_a_chain_count_as_unproven(tmp_path):
    office, _ = offices(tmp_path, "Pune")
    async with serving(office) as address:
        connections = []
        for number in range(CONNECTIONS_UNPROVEN_MAX + 4):
            connection = await TlsNetwork().dial(address)
            connections.append(connection)
            challenge = await challenge_from(connection)
            keys = DeviceKeys.generate(seeded(number))
            proof = prove(keys, office.replica.company, (10**6, b"h" * 32), connection.listener, challenge)
            await connection.stream.send_all(encode(proof))
        with trio.move_on_after(1):
            await office.log.heard("refused")
        held = len(office.node.conversations)
        for connection in connections:
            await trio.aclose_forcefully(connection.stream)
        assert held <= CONNECTIONS_UNPROVEN_MAX


async def test_a_member_that_asks_and_does_not_read_fills_no_memory(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    for number in range(40):
        save(office.replica, f"vouchers/ho/sales/20{number:02}-04", doc(number), amount="1.00")
    async with serving(office) as address, dialled(address) as connection:
        member = Member(pune, connection)
        await member.get_in_sync()
        question = encode(Ask(SHARE, office.replica.view(SHARE, pune.keys.id).share.id, [""] * 64))
        with trio.move_on_after(2):
            for _ in range(500):
                await connection.stream.send_all(question * 20)
        waiting = sum(len(one.session._out) for one in office.node.conversations)
        assert waiting < 8 * MIB


async def test_whoever_is_sent_away_hears_why_even_if_it_spoke_first(tmp_path):
    (office,) = offices(tmp_path)
    async with serving(office) as address:
        for _ in range(5):
            async with dialled(address) as connection:
                await connection.stream.send_all((1 << 30).to_bytes(4, "big"))
                with trio.fail_after(SECONDS):
                    heard = [type(message) for message in read(await heard_from(connection.stream))]
            assert heard == [Challenge, Goodbye]


async def test_a_member_hears_why_it_is_sent_away_in_the_middle_of_a_long_message(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    async with serving(office) as address:
        for _ in range(10):
            async with dialled(address) as connection:
                member = Member(pune, connection)
                await member.get_in_sync()
                await connection.stream.send_all(b"\x00\x01\x00\x00" + b"\x91" * 65536)
                assert (await member.goodbye()).code == "malformed"


async def test_a_device_is_not_in_sync_with_itself(tmp_path):
    (office,) = offices(tmp_path)
    async with serving(office) as address:
        with pytest.raises(Unreachable):
            await office.sync(address)


async def test_an_address_that_is_taken_is_unreachable(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    async with serving(office) as address:
        with pytest.raises(Unreachable):
            await pune.node.serve(address)


async def test_a_store_that_cannot_be_read_ends_one_conversation_and_not_the_node(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    with_vouchers(office, 5)
    async with serving(office) as address:
        office.replica.db.execute("ALTER TABLE commits RENAME COLUMN body TO lost")
        assert not (await pune.sync(address)).in_sync
        office.replica.db.execute("ALTER TABLE commits RENAME COLUMN lost TO body")
        assert (await pune.sync(address)).in_sync


@pytest.mark.parametrize("side", ["dialer", "listener"])
async def test_a_disk_that_fails_after_the_meeting_ends_one_conversation_with_a_sentence(tmp_path, side):
    office, pune = offices(tmp_path, "Pune")
    with_vouchers(office, 5)
    with_vouchers_at = office if side == "dialer" else pune
    async with serving(office) as address:
        assert (await pune.sync(address)).in_sync
        with_vouchers(with_vouchers_at, 5, first=100) if side == "dialer" else with_vouchers(
            pune, 5, "vouchers/pun/sales/2026-04", first=100
        )
        broken = pune if side == "dialer" else office
        tell = broken.log

        def listen(said):
            if said.event == "connected":
                broken.replica.db.execute("PRAGMA query_only=1")
            tell(said)

        broken.node._tell = listen
        outcome = await pune.sync(address)
        assert not outcome.in_sync
        broken.replica.db.execute("PRAGMA query_only=0")
        broken.node._tell = tell
        assert (await pune.sync(address)).in_sync
    assert digest(pune.replica) == digest(office.replica)


async def test_an_impostor_cannot_keep_a_dialer_for_ever(tmp_path):
    _, pune = offices(tmp_path, "Pune")
    known = encode(Chain(head_office().chain_entries(-1)[:1]))
    impostor = Impostor(encode(Challenge(bytes(32))), known)
    async with listening(EVE, impostor) as address:
        outcome = await pune.sync(address)
    assert "not finished within" not in str(outcome.error)


async def test_why_a_sync_did_not_finish_is_always_said(tmp_path):
    _, pune = offices(tmp_path, "Pune")
    impostor = Impostor(encode(Challenge(bytes(32))), encode(Goodbye("done", "")))
    async with listening(EVE, impostor) as address:
        outcome = await pune.sync(address)
    assert not outcome.in_sync
    assert outcome.error
