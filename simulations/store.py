"""A store on a real SQLite file that dies at a stated moment, runs out of space, or is slow: nothing of it is made up.

A crash is an exception that nobody catches: it ends everything the device does, as a killed process ends. What SQLite
had committed is there when the file is opened again, and nothing else.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from sqlite_utils import Database

from p2p.store import Store, StoreBusy, StoredCommit
from simulations.clocks import elapsed_ms

_PAGES_MAX: Final = 1_073_741_823

Appended = Callable[[Sequence[StoredCommit], Store], None]
"""Told of commits whenever a transaction that brought some has become durable."""


class Crashed(BaseException):
    """The process was killed, or the power went: nothing may catch this but who plays the operating system."""


class Fate:
    """What is going to happen to the disk of one device; all its open stores share it."""

    def __init__(self) -> None:
        self.is_dead = False
        self.dies_before_commit: int | None = None
        self.dies_after_commit: int | None = None
        self.delay_ms = 0
        self.busy_until_ms = 0

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

    def _counted(self, left: int | None) -> int | None:
        if self.is_dead:
            raise Crashed
        if left is None:
            return None
        if left <= 1:
            self.is_dead = True
            raise Crashed
        return left - 1


class SimulatedStore(Store):
    """One `khata.db` of a device whose fate is known."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.fate = Fate()
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
        with super().transaction():
            yield
            self.fate.before_commit()
        came, self._came = self._came, []
        if came:
            self.appended(came, self)
        self.fate.after_commit()

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
