"""Nodes over real TLS on loopback, and ways to wait for what they do instead of for time to pass."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from p2p.chain import Chain
from p2p.commit import parse_commit_untrusted
from p2p.documents import ChangedDocument
from p2p.identity import DeviceKeys
from p2p.introduction import Join
from p2p.judging import opened
from p2p.locks import Locks
from p2p.node import Node, Outcome, Said
from p2p.replica import Replica
from p2p.rule_deeds import accept_first_rules
from p2p.store import ACCEPTED, Store
from p2p.transport import Handler, Network, TlsNetwork, parse_address
from p2p.tree import digest_of
from tests.p2p.copies import EVERYTHING_RULE, NOW, branch_of, head_office, in_file

SECONDS = 10
"""How long a test waits for something that takes milliseconds, on a machine that is busy with other things."""

ANYWHERE = "127.0.0.1:0"


class Log:
    """What a node tells, and a way to wait for it."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self._grew = trio.Event()

    def __call__(self, said: Said) -> None:
        self.said.append(said)
        self._grew.set()
        self._grew = trio.Event()

    def of(self, event: str, peer: str = "") -> list[Said]:
        return [said for said in self.said if said.event == event and peer in (said.peer, "")]

    async def heard(self, event: str, peer: str = "", times: int = 1) -> Said:
        """Wait until something was said so often."""
        with trio.move_on_after(SECONDS):
            while len(self.of(event, peer)) < times:
                await self._grew.wait()
        found = self.of(event, peer)
        assert len(found) >= times, f"not said {times} times: {event} {peer}; said was {self.said}"
        return found[times - 1]


class Seen:
    """Tables that only tell that a document changed: what is visible here, and when it becomes so."""

    def __init__(self) -> None:
        self.documents: dict[bytes, dict[str, object]] = {}
        self._grew = trio.Event()

    def project(self, db: sqlite3.Connection, changed: Sequence[ChangedDocument], chain: Chain, locks: Locks) -> None:
        for document in changed:
            self.documents[document.id] = dict(document.folded.values)
        self._grew.set()
        self._grew = trio.Event()

    def clear(self, db: sqlite3.Connection) -> None:
        self.documents.clear()

    def forget(self) -> None:
        """Nothing is kept that another process could have changed."""

    async def shown(self, document: bytes) -> dict[str, object]:
        """Wait until a document is here."""
        with trio.move_on_after(SECONDS):
            while document not in self.documents:
                await self._grew.wait()
        assert document in self.documents, "it has not come"
        return self.documents[document]


class TurnedClock:
    """A clock that people can turn; the steady one goes on as ever."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def now_ms(self) -> int:
        return self.now

    def steady_ms(self) -> int:
        return int(trio.current_time() * 1000)


class At:
    """One device at work: its copy in a file, opened as a serving process does, its node and its log."""

    def __init__(self, path: Path, keys: DeviceKeys, company: bytes, network: Network | None = None) -> None:
        self.path = path
        self.keys = keys
        self.seen = Seen()
        self.log = Log()
        self.clock = TurnedClock()
        self.replica = Replica(Store.open(path, wait_ms=0), keys, company, self.seen)
        self.node = Node(self.replica, network or TlsNetwork(), self.clock, self.log, chores=[self._accept])

    def _accept(self) -> bool:
        """Accept the first rule that a ticket promised."""
        return accept_first_rules(self.replica, EVERYTHING_RULE, "asha", self.clock.now)

    def another_process(self) -> Replica:
        """The same books as the command line opens them."""
        return Replica(Store.open(self.path), self.keys, self.replica.company)

    async def sync(self, address: str, join: Join | None = None, expected: bytes | None = None) -> Outcome:
        return await self.node.sync(address, SECONDS, join, expected)


def offices(folder: Path, *branches: str, seed: str = "HO") -> tuple[At, ...]:
    """A head office and branches that were admitted there, each knowing the control chain up to its own admission."""
    office = head_office(seed=seed)
    copies = {"ho": office} | {name.lower(): branch_of(office, name) for name in branches}
    for name, replica in copies.items():
        in_file(replica, folder / f"{name}.db").store.close()
    return tuple(At(folder / f"{name}.db", replica.keys, replica.company) for name, replica in copies.items())


@asynccontextmanager
async def serving(at: At | Node, peers: Sequence[str] = (), listen: str | None = ANYWHERE) -> AsyncIterator[str]:
    """A node that serves until the block ends; the address it listens on."""

    node = at if isinstance(at, Node) else at.node

    async def serve(task_status: trio.TaskStatus[str | None]) -> None:
        await node.serve(listen, peers, task_status)

    async with trio.open_nursery() as nursery:
        with trio.fail_after(SECONDS):
            address = await nursery.start(serve)
        yield str(address)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def listening(keys: DeviceKeys, handler: Handler) -> AsyncIterator[str]:
    """A listener that does as it likes."""
    async with trio.open_nursery() as nursery:
        with trio.fail_after(SECONDS):
            address = await nursery.start(TlsNetwork().listen, ANYWHERE, keys, handler)
        yield address
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def proxy(target: str, passed: bytearray, bytes_max: int = 1 << 40) -> AsyncIterator[str]:
    """A plain TCP relay that keeps a copy of every byte, both ways, and breaks both off after so many."""

    async def pump(source: trio.SocketStream, sink: trio.SocketStream) -> None:
        try:
            async for data in source:
                passed.extend(data)
                if len(passed) > bytes_max:
                    await trio.aclose_forcefully(source)
                await sink.send_all(data)
            await sink.send_eof()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await trio.aclose_forcefully(sink)

    async def relay(stream: trio.SocketStream) -> None:
        async with stream, await trio.open_tcp_stream(*parse_address(target)) as onward, trio.open_nursery() as nursery:
            nursery.start_soon(pump, stream, onward)
            nursery.start_soon(pump, onward, stream)

    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, relay, [listener])
        yield f"127.0.0.1:{listener.socket.getsockname()[1]}"
        nursery.cancel_scope.cancel()


def check_consistent(at: At) -> None:
    """Whether digests and documents of a store are those of its commits, and nothing is damaged."""
    replica = at.another_process()
    ids: dict[str, list[bytes]] = {}
    saves: dict[tuple[str, str, bytes], set[bytes]] = {}
    for stored in replica.store.everything():
        commit = parse_commit_untrusted(stored.header, stored.signature, stored.body)
        scope = commit.header.scope
        ids.setdefault(scope, []).append(commit.id)
        if stored.state == ACCEPTED:
            for item in opened(
                commit, replica.keyring.key(commit.header.epoch, scope) if commit.header.epoch else None
            ):
                saves.setdefault((scope, item.kind, item.id), set()).add(item.save.id)
    found = {scope: total for scope, total in replica.store.scopes().items() if total.size}
    assert found == {scope: digest_of(inside) for scope, inside in ids.items()}
    kept = {(one.scope, one.kind, one.id): set(one.saves()) for one in replica.everything()}
    assert kept == saves
    assert replica.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    replica.store.close()
