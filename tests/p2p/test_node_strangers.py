"""Whoever comes to a node's door: strangers of every kind, and members who have turned."""

import tracemalloc

import pytest
import trio

from p2p.events import ChainCame, Event, Received
from p2p.handshake import prove
from p2p.limits import CONNECTIONS_UNPROVEN_MAX, MIB, PROOF_SECONDS_MAX, REFUSED_COMMITS_PER_PEER_MAX
from p2p.messages import (
    Chain,
    Challenge,
    Commits,
    Fresh,
    Goodbye,
    Hello,
    Ping,
    Proof,
    encode,
)
from p2p.session import Session
from p2p.transport import Connection, TlsNetwork, parse_address
from tests.p2p.copies import NOW, digest, head_office, save, seeded
from tests.p2p.nodes import SECONDS, At, check_consistent, offices, serving
from tests.p2p.strangers import EVE, GIGABYTE, challenge_from, challenged, dialled, heard_from, pour_in, read
from tests.p2p.test_node import SALES, doc
from tests.p2p.test_transport import STRANGERS

# -- strangers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (GIGABYTE, "too-long"),
        ((8 * 1024 + 1).to_bytes(4, "big"), "too-long"),
        (b"GET / HTTP/1.1\r\n\r\n", "too-long"),
        (b"\x00\x00\x00\x05hello", "malformed"),
        (b"\x00\x00\x00\x00", "malformed"),
        (b"\x00\x00\x00\x06\x91\xa4sing", "unsupported"),
        (encode(Hello(1, 0, 0, 0, b"", bytes(16), 0, b"", bytes(16), 0)), "unexpected"),
        (encode(Chain([])), "unexpected"),
        (encode(Commits(1, True, [])), "unexpected"),
        (encode(Proof(EVE.public, bytes(32), 0, b"", bytes(64))), "unknown-device"),
    ],
)
async def test_whatever_a_stranger_says_it_hears_a_challenge_and_a_goodbye(tmp_path, said, code):
    (office,) = offices(tmp_path)
    async with serving(office) as address:
        (goodbye,) = await challenged(address, lambda _connection, _challenge: said)
        await office.log.heard("disconnected")
    assert isinstance(goodbye, Goodbye)
    assert goodbye.code == code


async def test_a_stranger_that_knows_the_company_learns_nothing_more(tmp_path):
    (office,) = offices(tmp_path)
    company, head = office.replica.company, office.replica.chain.head

    def honest(connection: Connection, challenge: Challenge) -> bytes:
        return encode(prove(EVE, company, head, connection.listener, challenge))

    def for_another_listener(_connection: Connection, challenge: Challenge) -> bytes:
        return encode(prove(office.keys, company, head, EVE.id, challenge))

    def for_another_challenge(connection: Connection, _challenge: Challenge) -> bytes:
        return encode(prove(office.keys, company, head, connection.listener, Challenge(bytes(32))))

    async with serving(office) as address:
        for answer in (honest, for_another_listener, for_another_challenge):
            assert await challenged(address, answer) == [Goodbye("unknown-device", "this device is not known here")]


async def test_members_are_served_while_strangers_of_every_kind_are_at_the_door(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    for number in range(200):
        save(office.replica, SALES, doc(number), amount=f"{number}.00")
    noise = seeded("noise")(300_000)

    async def plain(data: bytes) -> None:
        stream = await trio.open_tcp_stream(*parse_address(address))
        try:
            await stream.send_all(data)
            await trio.sleep_forever()
        except trio.BrokenResourceError:
            return
        finally:
            await trio.aclose_forcefully(stream)

    async def inside_tls(data: bytes) -> None:
        async with dialled(address) as connection:
            try:
                await connection.stream.send_all(data)
                await trio.sleep_forever()
            except trio.BrokenResourceError:
                return

    async with serving(office) as address, trio.open_nursery() as nursery:
        for _ in range(4):
            for data in STRANGERS.values():
                nursery.start_soon(plain, data)
        for data in (b"", b"", b"\x00", GIGABYTE, GIGABYTE + noise, noise, encode(Commits(1, True, []))):
            nursery.start_soon(inside_tls, data)
        assert (await pune.sync(address)).in_sync
        for number in range(5):
            assert (await pune.sync(address)).in_sync
            save(office.replica, SALES, doc(1000 + number), amount="1.00")
        assert (await pune.sync(address)).in_sync
        nursery.cancel_scope.cancel()
    assert digest(pune.replica) == digest(office.replica)


async def test_memory_stays_small_whatever_comes(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    async with serving(office) as address:
        await pour_in(address, GIGABYTE)
        tracemalloc.start()
        try:
            for _ in range(20):
                await pour_in(address, GIGABYTE + bytes(64 * 1024))
                await pour_in(address, (8 * 1024).to_bytes(4, "big") + bytes(MIB))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (await pune.sync(address)).in_sync
    assert peak < 8 * MIB
    assert office.node.conversations == []


async def test_sixteen_may_be_silent_for_ten_seconds_and_no_more(tmp_path, mock_clock):
    office, pune = offices(tmp_path, "Pune")
    mock_clock.rate = 1
    async with serving(office) as address:
        silent = [await TlsNetwork().dial(address) for _ in range(CONNECTIONS_UNPROVEN_MAX)]
        for connection in silent:
            await challenge_from(connection)
        one_more = await TlsNetwork().dial(address)
        # The oldest makes room, so that members are not locked out by silence.
        await challenge_from(one_more)
        assert await heard_from(silent[0].stream) == b""
        mock_clock.jump(PROOF_SECONDS_MAX + 1)
        for connection in (*silent[1:], one_more):
            (goodbye,) = read(await heard_from(connection.stream))
            assert isinstance(goodbye, Goodbye)
            assert goodbye.code == "silent"
        await office.log.heard("disconnected", times=CONNECTIONS_UNPROVEN_MAX + 1)
        assert (await pune.sync(address)).in_sync
        for connection in (*silent, one_more):
            await trio.aclose_forcefully(connection.stream)


# -- members who have turned ----------------------------------------------------------------------------------------


class Member:
    """A member's conversation, driven by hand up to where it turns."""

    def __init__(self, at: At, connection: Connection) -> None:
        self.at = at
        self.session = Session(at.replica, at.keys, connection.listener, 0, NOW)
        self.stream = connection.stream

    async def get_in_sync(self) -> None:
        """Go on until both sides have nothing more to say."""
        with trio.fail_after(SECONDS):
            while not self.session.in_sync:
                self._act(self.session.receive(bytes(await self.stream.receive_some()), 0))
                await self.stream.send_all(self.session.outgoing())
            await self.stream.send_all(encode(Ping()))
            while b"pong" not in bytes(await self.stream.receive_some()):
                continue

    def _act(self, events: list[Event]) -> None:
        replica, session = self.at.replica, self.session
        for event in events:
            if isinstance(event, ChainCame):
                replica.extend_chain(event.entries)
                self._act(session.chain_kept(None))
            elif isinstance(event, Received):
                checked = replica.check_untrusted(event.commits)
                kept = replica.ingest_from(checked, session.peer or b"", None, NOW)
                self._act(session.stored(kept.gained, kept.refused, kept.held_back))

    async def goodbye(self) -> Goodbye:
        """What it is sent away with."""
        with trio.fail_after(SECONDS):
            for message in read(await heard_from(self.stream)):
                if isinstance(message, Goodbye):
                    return message
        raise AssertionError("it was not sent away")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (GIGABYTE, "too-long"),
        (b"\x00\x00\x00\x05hello", "malformed"),
        (b"\x00\x00\x00\x02" + b"\x91" * 2, "malformed"),
        (encode(Challenge(bytes(32))), "unexpected"),
        (encode(Chain([b"no entry"])), "bad-chain"),
        (b"\x00\x00\x00\x06\x92\xa3ack\x01", "unexpected"),
    ],
)
async def test_a_member_who_breaks_the_protocol_is_sent_away_and_the_others_go_on(tmp_path, said, code):
    office, pune, nagpur = offices(tmp_path, "Pune", "Nagpur")
    async with serving(office) as address, serving(nagpur, [address]):
        await nagpur.log.heard("in-sync")
        async with dialled(address) as connection:
            turned = Member(pune, connection)
            await turned.get_in_sync()
            await connection.stream.send_all(said)
            assert (await turned.goodbye()).code == code
        await office.log.heard("disconnected", "Pune")
        save(office.another_process(), SALES, doc(1), amount="1.00")
        office.node.poke()
        assert await nagpur.seen.shown(doc(1)) == {"amount": "1.00"}
        assert not office.log.of("disconnected", "Nagpur")
        assert (await pune.sync(address)).in_sync
    check_consistent(office)


async def test_commits_that_are_forged_are_not_stored_and_the_peer_is_named(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    made = save(head_office(), SALES, doc(1), amount="1.00")
    forged = [(made.header_bytes, bytes([number]) * 64, made.ciphertext) for number in range(20)]
    forged += [(made.header_bytes[:-1] + bytes([number]), made.signature, made.ciphertext) for number in range(20)]
    async with serving(office) as address:
        before = digest(office.replica)
        async with dialled(address) as connection:
            turned = Member(pune, connection)
            await turned.get_in_sync()
            await connection.stream.send_all(encode(Fresh(forged)))
            assert (await turned.goodbye()).code == "refused"
        await office.log.heard("disconnected", "Pune")
        assert digest(office.replica) == before
        refusals = office.replica.links.refusals()
        assert len(refusals) >= REFUSED_COMMITS_PER_PEER_MAX
        assert {refusal.device for refusal in refusals} == {pune.keys.id}
        assert (await pune.sync(address)).in_sync
    check_consistent(office)
