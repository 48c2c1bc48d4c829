"""Whoever listens where a member was expected, or stands between two members, learns who calls and nothing more."""

from collections.abc import Awaitable, Callable

import pytest
import trio

from p2p.founding import found_company
from p2p.identity import DeviceKeys
from p2p.messages import (
    Chain,
    Challenge,
    Goodbye,
    Hello,
    Proof,
    encode,
)
from p2p.replica import Replica
from p2p.transport import Connection, TlsNetwork, Unreachable
from tests.p2p.copies import NOW, save, seeded
from tests.p2p.nodes import SECONDS, At, listening, offices, serving
from tests.p2p.stores import a_store
from tests.p2p.strangers import EVE, GIGABYTE, heard_from, read
from tests.p2p.test_node import SALES, a_ticket, doc, join_of, newcomer


class Impostor:
    """Listens with a key of its own and keeps what it hears."""

    def __init__(self, *answers: bytes) -> None:
        self.heard = b""
        self._answers = answers
        self.over = trio.Event()

    async def __call__(self, connection: Connection, _address: str) -> None:
        try:
            for answer in self._answers:
                await connection.stream.send_all(answer)
                self.heard += bytes(await connection.stream.receive_some())
            self.heard += await heard_from(connection.stream)
        finally:
            self.over.set()


async def test_an_impostor_at_the_address_is_not_spoken_to(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    impostor = Impostor()
    async with listening(EVE, impostor) as address:
        with pytest.raises(Unreachable, match="not the one that was expected there"):
            await pune.sync(address, expected=office.keys.id)
        with trio.fail_after(SECONDS):
            await impostor.over.wait()
    assert impostor.heard == b""
    assert pune.node.conversations == []


async def test_an_impostor_where_nobody_in_particular_is_expected_learns_who_calls_and_no_more(tmp_path):
    _, pune = offices(tmp_path, "Pune")
    save_something(pune)
    chain = encode(Chain(another_company().chain_entries(-1)))
    hello = encode(Hello(1, 0, NOW, 0, b"", bytes(16), 0, b"", bytes(16), 0))
    for said in (chain, hello, chain + hello, encode(Goodbye("done", "")), GIGABYTE):
        impostor = Impostor(encode(Challenge(bytes(32))), said)
        async with listening(EVE, impostor) as address:
            assert not (await pune.sync(address)).in_sync
        proof, *rest = read(impostor.heard)
        assert isinstance(proof, Proof)
        assert (proof.key, proof.company) == (pune.keys.public, pune.replica.company)
        assert (proof.head_seq, proof.head_hash) == pune.replica.chain.head
        assert all(isinstance(message, Goodbye) for message in rest)
        assert b"canary" not in impostor.heard
    assert pune.replica.chain.member(EVE.id) is None


def another_company() -> Replica:
    random = seeded("another")
    keys, recovery = DeviceKeys.generate(random), DeviceKeys.generate(random)
    return found_company(a_store(), keys, recovery, "Another", "AN", NOW, random=random)


def save_something(at: At) -> None:
    """Something to keep from strangers."""
    with at.replica.transaction():
        at.replica.links.met(b"n" * 32, NOW, "canary:7420", 0)


def go_between(real: str, passed: bytearray) -> Callable[[Connection, str], Awaitable[None]]:
    """Listens under its own certificate, and passes on what it hears inside to the real listener and back."""

    async def pump(source: trio.abc.Stream, sink: trio.abc.Stream) -> None:
        try:
            while data := await source.receive_some():
                passed.extend(data)
                await sink.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return

    async def handler(connection: Connection, _address: str) -> None:
        onward = await TlsNetwork().dial(real)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pump, connection.stream, onward.stream)
            await pump(onward.stream, connection.stream)
            nursery.cancel_scope.cancel()
        await trio.aclose_forcefully(onward.stream)

    return handler


async def test_a_go_between_gets_nothing_but_who_calls(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    save(office.replica, SALES, doc(1), narration="canary")
    passed = bytearray()
    async with serving(office) as real, listening(EVE, go_between(real, passed)) as address:
        outcome = await pune.sync(address)
        assert (outcome.in_sync, outcome.received, outcome.sent) == (False, 0, 0)
        await office.log.heard("disconnected")
        with pytest.raises(Unreachable):
            await pune.sync(address, expected=office.keys.id)
        assert (await pune.sync(real)).in_sync
    assert len(passed) < 800
    assert {type(one) for one in read(bytes(passed[: len(encode(Challenge(bytes(32))))]))} == {Challenge}
    for word in (b"canary", b"Pune", b"Head Office", b"vouchers"):
        assert word not in passed


async def test_a_go_between_cannot_join_with_somebody_elses_ticket(tmp_path):
    (office,) = offices(tmp_path)
    passed = bytearray()
    async with serving(office) as real, listening(EVE, go_between(real, passed)) as address:
        ticket = a_ticket(office, address)
        pune = newcomer(tmp_path, ticket)
        assert not (await pune.sync(address, join_of(pune, ticket))).in_sync
        await office.log.heard("disconnected")
        assert len(office.replica.chain.members) == 1
        assert ticket.secret not in passed
        assert (await pune.sync(real, join_of(pune, ticket), ticket.inviter)).in_sync
