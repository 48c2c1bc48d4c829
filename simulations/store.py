"""A store on a real SQLite file that dies at a stated moment, runs out of space, or is slow: nothing of it is made up.

A crash is an exception that nobody catches: it ends everything the device does, as a killed process ends. What SQLite
had committed is there when the file is opened again, and nothing else.
"""

import shutil
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from sqlite_utils import Database

from p2p.errors import StoreError
from p2p.store import Store, StoreBusy, StoredCommit
from simulations.clocks import elapsed_ms

_WAITS_FOR_DISK: Final = 2
"""From this level of `PRAGMA synchronous` on SQLite waits for the disk at every commit."""
_LOG_HEAD_BYTES: Final = 32
_PAGE_HEAD_BYTES: Final = 24
_INDEX = struct.Struct("=IIIBBHIIII8s")
"""How the index of a write-ahead log begins: its page size is sixth, its last valid page seventh, its salt last."""
_TAKEN = struct.Struct("=I")
_TAKEN_AT: Final = 96
"""Where the index says how many pages checkpoints have put into the database."""
_PAGES_MAX: Final = 1_073_741_823
_ROOM_BYTES_MIN: Final = 1 << 20
"""A real disk with less room than this counts as full."""

Appended = Callable[[Sequence[StoredCommit], Store], None]
"""Told of commits whenever a transaction that brought some has become durable."""


class Crashed(BaseException):
    """The process was killed, or the power went: nothing may catch this but who plays the operating system."""


class NoRoom(BaseException):
    """The real disk that the run has its files on is full: whatever happens from here on says nothing about anybody."""


class _Place(NamedTuple):
    """How far a write-ahead log goes: which log, how many pages, those the database has already, bytes a page."""

    log: bytes
    pages: int
    taken: int
    page_bytes: int


class Files(NamedTuple):
    """What is left of a database and its write-ahead log when the power is cut."""

    database: bytes
    log: bytes

    def put_back(self, path: Path) -> None:
        """Let the disk hold this."""
        path.write_bytes(self.database)
        path.with_name(f"{path.name}-wal").write_bytes(self.log)
        path.with_name(f"{path.name}-shm").unlink(missing_ok=True)


class Fate:
    """What is going to happen to the disk of one device; all its open stores share it."""

    def __init__(self) -> None:
        self.is_dead = False
        self.dies_before_commit: int | None = None
        self.dies_after_commit: int | None = None
        self.delay_ms = 0
        self.busy_until_ms = 0
        self.confirmed: dict[Path, _Place] = {}

    def begin(self) -> None:
        """A transaction begins."""
        if self.is_dead:
            raise Crashed
        if elapsed_ms() < self.busy_until_ms:
            raise StoreBusy("the disk is still at work; try again in a moment")

    def before_commit(self) -> None:
        """All is written, and not yet committed."""
        self.dies_before_commit = self._counted(self.dies_before_commit)

    def after_commit(self) -> None:
        """It is durable, and nobody knows it yet."""
        self.busy_until_ms = elapsed_ms() + self.delay_ms
        self.dies_after_commit = self._counted(self.dies_after_commit)

    def left_of(self, path: Path) -> Files:
        """What the disk has confirmed of a database; what a checkpoint has taken, it has."""
        log = path.with_name(f"{path.name}-wal")
        now, confirmed = _place(path), self.confirmed.get(path)
        if now is None or confirmed is None:
            # Of what was there when the machine was switched on nothing is lost.
            return Files(path.read_bytes(), log.read_bytes() if log.exists() else b"")
        pages = max(now.taken, confirmed.pages if confirmed.log == now.log else 0)
        kept = log.read_bytes()[: _LOG_HEAD_BYTES + pages * (_PAGE_HEAD_BYTES + now.page_bytes)]
        return Files(path.read_bytes(), kept if pages else b"")

    def _counted(self, left: int | None) -> int | None:
        if self.is_dead:
            raise Crashed
        if left is None:
            return None
        if left <= 1:
            self.is_dead = True
            raise Crashed
        return left - 1


def _place(path: Path) -> _Place | None:
    """How far the write-ahead log of a database goes now; None where it has none."""
    try:
        with path.with_name(f"{path.name}-shm").open("rb") as index:
            head = index.read(_TAKEN_AT + _TAKEN.size)
    except FileNotFoundError:
        return None
    if len(head) < _TAKEN_AT + _TAKEN.size:
        return None
    fields = _INDEX.unpack_from(head)
    return _Place(fields[10], fields[6], _TAKEN.unpack_from(head, _TAKEN_AT)[0], fields[5])


class SimulatedStore(Store):
    """One `khata.db` of a device whose fate is known."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.fate = Fate()
        self.path = Path(self.conn.execute("PRAGMA database_list").fetchone()[2])
        self.appended: Appended = lambda _commits, _store: None
        self._came: list[StoredCommit] = []

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """As every store's, with what is to happen at its end."""
        if self.in_transaction:
            with super().transaction():
                yield
            return
        self.fate.begin()
        self._came = []
        try:
            with super().transaction():
                yield
                self.fate.before_commit()
        except StoreError:
            self._check_room()
            raise
        came, self._came = self._came, []
        (level,) = self.conn.execute("PRAGMA synchronous").fetchone()
        place = _place(self.path) if level >= _WAITS_FOR_DISK else None
        if place is not None:
            self.fate.confirmed[self.path] = place
        if came:
            self.appended(came, self)
        self.fate.after_commit()

    def _check_room(self) -> None:
        if shutil.disk_usage(self.path.parent).free < _ROOM_BYTES_MIN:
            raise NoRoom(f"there is no room left in {self.path.parent}; free some, or set TMPDIR to another folder")

    def append(self, commits: Sequence[StoredCommit]) -> None:
        """Store commits, and remember to tell of them when they are durable."""
        super().append(commits)
        self._came.extend(commits)

    def fill_up(self) -> None:
        """Leave no room on the disk."""
        (pages,) = self.conn.execute("PRAGMA page_count").fetchone()
        self.conn.execute(f"PRAGMA max_page_count={pages}")

    def make_room(self) -> None:
        """Give the disk room again."""
        self.conn.execute(f"PRAGMA max_page_count={_PAGES_MAX}")
