"""One device of a branch: real books on a real SQLite file, served by the production node; switched on and off, killed,
and brought back, as its owner does and the world happens to it.

Two copies of the books are open while it runs, as with `khata serve` and the command line beside it: one is served, at
the other people work.
"""

import shutil
import sqlite3
import traceback
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import trio

from crdt_models.packing import Value
from khata.books import Books, fill_tables, with_tables
from khata.chores import chores_of
from khata.projection import BooksProjection
from p2p.conversation import patiently
from p2p.device_notes import ADDRESSES, save_note
from p2p.errors import P2PError
from p2p.identity import DeviceKeys
from p2p.judging import Checked
from p2p.messages import CommitParts
from p2p.node import Node, Said
from p2p.replica import Replica
from p2p.store import Store, StoredCommit
from p2p.transport import DEFAULT_PORT
from simulations.clocks import DeviceClock
from simulations.log import Log
from simulations.network import Fabric, HostNetwork
from simulations.scenario import host_of
from simulations.sealing import SeededSealer
from simulations.seeds import Seeds
from simulations.store import Crashed, Fate, Files, SimulatedStore

WATCH_SECONDS: Final = 300.0
"""Whoever writes here tells the node at once, so it looks by itself but rarely."""
DATABASE: Final = "khata.db"
_DISKS: Final = "disks"
_BACKUPS: Final = "backups"
_TRACEBACK_CHARS_MAX: Final = 3000


class Setting(NamedTuple):
    """What all devices of a run have in common."""

    fabric: Fabric
    log: Log
    seeds: Seeds
    folder: Path
    clock_start: int


async def inline(replica: Replica, batch: Sequence[CommitParts]) -> list[Checked]:
    """Check signatures without a thread, whose end no seed decides."""
    return replica.check_untrusted(batch)


class Machine(ABC):
    """What a device of a branch and a relay have in common: a place in the network, a clock, a disk, a life.

    Args:
        name: what people call it; its host and its folder are named after it.
        keys: of the device.

    Attributes:
        node: what serves, while it is on.
        folder: its disk.
        backup: the last copy of that; not there before `back_up`.
    """

    def __init__(self, setting: Setting, name: str, branch: str, keys: DeviceKeys) -> None:
        self.setting, self.name, self.branch, self.keys = setting, name, branch, keys
        self.host = host_of(name)
        self.address = f"{self.host}:{DEFAULT_PORT}"
        self.folder = setting.folder / _DISKS / self.host
        self.backup = setting.folder / _BACKUPS / self.host
        self.folder.mkdir(parents=True, exist_ok=True)
        self.clock = DeviceClock(setting.clock_start)
        self.network = HostNetwork(setting.fabric, self.host)
        self.fate = Fate()
        self.is_gone = False
        self.disk_delay_ms = 0
        self.node: Node | None = None
        self._lives = 0
        self._scope: trio.CancelScope | None = None
        self.ended = trio.Event()
        self.ended.set()
        self.random = setting.seeds.stream("device", name, 0)
        self.shown: Callable[[str], None] = lambda _peer: None

    @property
    def log(self) -> Log:
        """Where what happens is written down."""
        return self.setting.log

    @property
    def is_on(self) -> bool:
        """Whether it is running."""
        return self._scope is not None

    def begin_life(self) -> None:
        """Forget what a process keeps in mind; a new one draws other random bytes."""
        self._lives += 1
        self.random = self.setting.seeds.stream("device", self.name, self._lives)
        self.fate = Fate()
        self.fate.delay_ms = self.disk_delay_ms

    async def live(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Be switched on until stopped or killed. What ends it otherwise is written down as a violation."""
        assert self._scope is None, f"{self.name} runs already"
        self.begin_life()
        self.setting.fabric.light_up(self.host)
        self.ended = trio.Event()
        try:
            with trio.CancelScope() as self._scope:
                async with trio.open_nursery() as nursery:
                    await self._run(task_status)
                    nursery.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            left = self._taken_down(group)
            if left is not None:
                raise left from None
        finally:
            self._scope = self.node = None
            self._close()
            self.ended.set()

    def _taken_down(self, group: BaseExceptionGroup[BaseException]) -> BaseExceptionGroup[BaseException] | None:
        """Write down what a process has ended with; what it is not for a process to end with is returned."""
        _, left = group.split(Crashed)
        faults, left = left.split(Exception) if left is not None else (None, None)
        if faults is not None:
            lines = "".join(traceback.format_exception(faults))
            self.log.violated("no process ends by itself", f"{self.name}: {lines[-_TRACEBACK_CHARS_MAX:]}")
        return left

    async def stop(self) -> None:
        """Switch it off as people do: goodbyes are said."""
        if self._scope is not None:
            if self.node is not None:
                self.node.stop()
            with trio.move_on_after(5):
                await self.ended.wait()
            await self.kill()

    async def kill(self, dark: bool = False) -> None:
        """End the process now.

        Args:
            dark: by cutting the power, so that nobody hears of it, and what the disk has not confirmed is lost.
        """
        left: dict[Path, Files] = {}
        if dark:
            self.setting.fabric.go_dark(self.host)
            left = {path: self.fate.left_of(path) for path in sorted(self.folder.rglob("*.db"))} if self.is_on else {}
        if self._scope is not None:
            self.fate.is_dead = True
            self._scope.cancel()
            await self.ended.wait()
        for path, files in left.items():
            files.put_back(path)

    def back_up(self) -> None:
        """Copy the disk as it is now."""
        shutil.rmtree(self.backup, ignore_errors=True)
        self.backup.mkdir(parents=True)
        for source in sorted(self.folder.rglob("*.db")):
            copy = self.backup / source.relative_to(self.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(source)) as disk:
                disk.execute("VACUUM INTO ?", (str(copy),))
        for source in sorted(self.folder.glob("*.key")):
            shutil.copy(source, self.backup)

    def restore(self) -> None:
        """Put the last copy of the disk in the place of what is there, while it is switched off."""
        assert not self.is_on
        shutil.rmtree(self.folder)
        shutil.copytree(self.backup, self.folder)

    def told(self, said: Said) -> None:
        """Take what a node tells."""
        self.log.say(self.name, f"{said.event}: {said.text}")
        if said.event == "connected":
            self.log.connected(self.name, said.peer)
        elif said.event == "in-sync":
            self.log.mark("in-sync", self.name, other=said.peer)
            self.shown(said.peer)

    def last_row(self) -> int | None:
        """The number of the last commit that it holds; None while it is switched off."""
        for store in self.stores():
            (row,) = store.conn.execute("SELECT coalesce(max(row), 0) FROM commits").fetchone()
            return int(row)
        return None

    @abstractmethod
    def stores(self) -> list[Store]:
        """The open store of the company that it serves, if it is on."""

    def appended(self, commits: Sequence[StoredCommit], store: Store) -> None:
        """Write down which commits have become durable here, and from whom."""
        by_source: dict[int | None, list[bytes]] = {}
        for commit in commits:
            by_source.setdefault(commit.source, []).append(commit.id)
        for source, ids in by_source.items():
            self.log.arrived(self.name, ids, self._called(store, source))

    def opened(self, path: Path, wait_ms: int = 0) -> SimulatedStore:
        """Open a store that shares this device's fate."""
        store = SimulatedStore.open(path, wait_ms)
        store.fate, store.appended = self.fate, self.appended
        return store

    def _called(self, store: Store, source: int | None) -> str:
        if source is None:
            return ""
        (device,) = store.conn.execute("SELECT device FROM links WHERE id=?", (source,)).fetchone()
        return self.name_of(bytes(device))

    def name_of(self, device: bytes) -> str:
        """What people call a device."""
        return device.hex()[:8]

    @abstractmethod
    async def _run(self, task_status: trio.TaskStatus[None]) -> None:
        """Serve until stopped; says when it listens."""

    @abstractmethod
    def _close(self) -> None:
        """Close every file."""


class Device(Machine):
    """A device at which people work.

    Args:
        user: who works there.
        work: what people do there while it is on.
    """

    def __init__(self, setting: Setting, name: str, branch: str, keys: DeviceKeys, company: bytes, user: str) -> None:
        super().__init__(setting, name, branch, keys)
        self.company, self.user = company, user
        self.served: Books | None = None
        self.desk: Books | None = None
        self.is_disk_full = False
        self.work: Callable[[Device], Awaitable[None]] | None = None
        self.made: list[bytes] = []
        self._conflicts: dict[tuple[int, str], str] = {}

    @property
    def database(self) -> Path:
        """Where its books lie."""
        return self.folder / DATABASE

    def open_books(self) -> Books:
        """Open the books once more, as another process does."""
        store = self.opened(self.database)
        with_tables(store)
        draws = self.random.randbytes
        replica = Replica(store, self.keys, self.company, BooksProjection(), draws, SeededSealer(draws))
        fill_tables(replica)
        if self.is_disk_full:
            store.fill_up()
        return Books(replica, self.user, None, self.clock.now_ms, draws)

    def appended(self, commits: Sequence[StoredCommit], store: Store) -> None:
        """Remember what people have saved here, too."""
        super().appended(commits, store)
        if self.desk is not None and store is self.desk.replica.store:
            self.made.extend(commit.id for commit in commits if commit.source is None)
        self._note_conflicts(_conflicts(store))

    def _note_conflicts(self, listed: dict[tuple[int, str], str]) -> None:
        before, self._conflicts = self._conflicts, listed
        for key in sorted(listed.keys() - before.keys()):
            self.log.mark("clash", self.name, listed[key])
        for key in sorted(before.keys() - listed.keys()):
            self.log.mark("settled", self.name, before[key])

    def name_of(self, device: bytes) -> str:
        """What people call a device of the company."""
        books = self.served or self.desk
        member = books.replica.chain.member(device) if books is not None else None
        return member.name if member is not None else super().name_of(device)

    def stores(self) -> list[Store]:
        """The store that it serves from."""
        return [self.served.replica.store] if self.served is not None else []

    def claim_about(self, device: bytes) -> tuple[bytes, bytes, bytes, int, int] | None:
        """What it has noted of being in sync with a device: share, its digest, the other's, row, time."""
        found: tuple[bytes, bytes, bytes, int, int] | None = None
        for store in self.stores():
            found = store.conn.execute(
                "SELECT share, mine, theirs, settled_row, in_sync_at FROM links "
                "WHERE device=? AND in_sync_at IS NOT NULL AND share IS NOT NULL",
                (device,),
            ).fetchone()
        return found

    def new_node(self, books: Books) -> Node:
        """A production node over books of this device."""
        return Node(
            books.replica, self.network, self.clock, self.told, inline, self.random.randbytes, chores_of(books),
            watch_seconds=WATCH_SECONDS,
        )  # fmt: skip

    def fill_disk(self, is_full: bool) -> None:
        """Leave no room on its disk, or give it room again."""
        self.is_disk_full = is_full
        for books in (self.served, self.desk):
            if books is not None:
                store = books.replica.store
                assert isinstance(store, SimulatedStore)
                if is_full:
                    store.fill_up()
                else:
                    store.make_room()

    async def _run(self, task_status: trio.TaskStatus[None]) -> None:
        self.served, self.desk = self.open_books(), self.open_books()
        self._conflicts = _conflicts(self.served.replica.store)
        self.node = self.new_node(self.served)
        async with trio.open_nursery() as nursery:
            async with trio.open_nursery() as serving:
                await serving.start(self.node.serve, self.address, ())
                await self._announce(self.served)
                self.node.poke()
                task_status.started()
                if self.work is not None:
                    nursery.start_soon(self.work, self)
            nursery.cancel_scope.cancel()

    async def _announce(self, books: Books) -> None:
        values: list[Value] = [self.address]
        try:
            await patiently(partial(save_note, books.replica, {ADDRESSES: values}, self.user, self.clock.now_ms()))
        except P2PError as error:
            self.log.say(self.name, f"where it is could not be said: {error}")

    def _close(self) -> None:
        for books in (self.served, self.desk):
            if books is not None:
                books.close()
        self.served = self.desk = None


def _conflicts(store: Store) -> dict[tuple[int, str], str]:
    """The conflicts that are listed in the books of a device: document and register, each in words."""
    rows = store.conn.execute(
        "SELECT c.document, c.register, coalesce(v.number, d.kind) FROM conflicts c "
        "JOIN documents d ON d.row=c.document LEFT JOIN vouchers v ON v.id=c.document"
    )
    return {(document, register): f"{named}: {register}" for document, register, named in rows}
