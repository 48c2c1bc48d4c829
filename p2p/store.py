"""The store: commits, the control chain and digests in one SQLite file, written in whole transactions.

A commit is stored as it was received and never changed. Whoever writes does so inside `transaction()`, which takes
SQLite's write lock at once (`BEGIN IMMEDIATE`), since the command line and a serving process write the same file; the
tables of the books are written in the same transaction, so a crash leaves all of a batch or none of it.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from sqlite_utils import Database

from p2p.errors import StoreError
from p2p.schema import migrations
from p2p.tree import ID_BYTES, Digest, digest_of

ACCEPTED, CARRIED, WAITING_FOR_KEY, QUARANTINED = range(4)
STATE_NAMES = ("accepted", "carried", "waiting for key", "quarantined")
_PREFIX_OFFSET = 1 << 63
_RETRY_SECONDS = 0.01
_REMOVALS = "removals"


class StoreBusy(StoreError):
    """Another process is writing to these books just now; nothing was written here. Try again."""


class StoredCommit(NamedTuple):
    """One row of the store. `body` is None when it was pruned; `source` the link it came over, None when made here."""

    row: int
    scope: int
    id: bytes
    header: bytes
    signature: bytes
    body: bytes | None
    state: int
    source: int | None


_COLUMNS = "row, scope, id, header, signature, body, state, source"


def prefix_of(some_id: bytes) -> int:
    """The first 8 bytes of an id as SQLite's signed integer, in the same order."""
    return int.from_bytes(some_id[:8], "big") - _PREFIX_OFFSET


class Store:
    """One `khata.db`."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.conn: sqlite3.Connection = db.conn
        self._depth = 0
        self._data_version = 0
        self._scope_ids: dict[str, int] = {}
        self._scope_paths: dict[int, str] = {}

    @classmethod
    def open(cls, path: Path, wait_ms: int = 30_000) -> Self:
        """Open or create a store, bringing an older one up to date.

        Args:
            path: the file; its folder must exist.
            wait_ms: how long a write waits for another process; 0 raises `StoreBusy` at once.

        Raises:
            StoreError: it is not a store, cannot be opened, or the disk is full.
        """
        with _explained(str(path)):
            conn = sqlite3.connect(path, isolation_level=None, timeout=wait_ms / 1000)
            _keep_a_log(conn, wait_ms)
            conn.execute("PRAGMA synchronous=FULL")
            conn.execute("PRAGMA cache_size=-65536")
            conn.execute("PRAGMA temp_store=MEMORY")
            # A checkpoint waits for the disk three times: with 16 MiB of log a first synchronization needs but a few.
            conn.execute("PRAGMA wal_autocheckpoint=4000")
            store = cls(Database(conn))
            if migrations.pending(store.db):
                with store.transaction():
                    migrations.apply(store.db)
            return store

    def close(self) -> None:
        """Close the file. Cost: a checkpoint of the write-ahead log when no other process has it open."""
        self.conn.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside is durable when the block ends, or none of it when it raises.

        A block inside another is a part of it: what it wrote stays unless the outer one raises too.

        Raises:
            StoreBusy: another process held the write lock for longer than this store waits.
            StoreError: the disk is full, read-only or failing. Nothing was written.
        """
        if self._depth:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            return
        with _explained("these books"):
            self.conn.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
                self.conn.execute("COMMIT")
            except BaseException:
                if self.conn.in_transaction:
                    self.conn.execute("ROLLBACK")
                self._scope_ids.clear()
                self._scope_paths.clear()
                raise
            finally:
                self._depth = 0

    @contextmanager
    def noting(self) -> Iterator[None]:
        """A transaction for notes that are worth no wait for the disk: a power cut may undo the last of them.

        What was made durable before stays so, and the file stays whole; only losing power loses a note, never a crash.
        Inside a `transaction()` it is as durable as that one.
        """
        if self._depth:
            yield
            return
        self.conn.execute("PRAGMA synchronous=NORMAL")
        try:
            with self.transaction():
                yield
        finally:
            self.conn.execute("PRAGMA synchronous=FULL")

    @property
    def in_transaction(self) -> bool:
        """Whether a `transaction` is open."""
        return self._depth > 0

    def changed_elsewhere(self) -> bool:
        """Whether another process has written since this was last asked."""
        (version,) = self.conn.execute("PRAGMA data_version").fetchone()
        changed = bool(version != self._data_version)
        self._data_version = version
        return changed

    # -- small facts ------------------------------------------------------------------------------------------------

    def meta(self, name: str) -> bytes | None:
        """A named fact of this store."""
        row = self.conn.execute("SELECT value FROM meta WHERE name=?", (name,)).fetchone()
        return bytes(row[0]) if row else None

    def set_meta(self, name: str, value: bytes) -> None:
        """Set a named fact."""
        self.conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    @property
    def removals(self) -> bytes:
        """Another value whenever commits were removed, by whatever process: digests only tell what was added."""
        return self.meta(_REMOVALS) or b""

    def note_removal(self) -> None:
        """Let everybody who keeps digests of this store know that commits were removed. Inside a transaction."""
        self.set_meta(_REMOVALS, (int.from_bytes(self.removals, "big") + 1).to_bytes(8, "big"))

    def chain(self, after: int = -1) -> list[bytes]:
        """The entries of the control chain with a higher sequence number."""
        rows = self.conn.execute("SELECT entry FROM chain WHERE seq>? ORDER BY seq", (after,))
        return [bytes(entry) for (entry,) in rows]

    def append_chain(self, entries: Iterable[tuple[int, bytes]]) -> None:
        """Append entries that the control chain has verified."""
        self.conn.executemany("INSERT INTO chain VALUES (?, ?)", entries)

    # -- scopes -----------------------------------------------------------------------------------------------------

    def scope_id(self, path: str) -> int:
        """The local number of a scope, given one when it is new."""
        known = self._scope_ids.get(path)
        if known is not None:
            return known
        row = self.conn.execute("SELECT id FROM scopes WHERE path=?", (path,)).fetchone()
        if row is None:
            cursor = self.conn.execute(
                "INSERT INTO scopes (path, sum, count) VALUES (?, ?, 0)", (path, bytes(ID_BYTES))
            )
            assert cursor.lastrowid is not None
            row = (cursor.lastrowid,)
        self._scope_ids[path] = row[0]
        return int(row[0])

    def find_scope(self, path: str) -> int | None:
        """The local number of a scope, or None when nothing lies there."""
        known = self._scope_ids.get(path)
        if known is not None:
            return known
        row = self.conn.execute("SELECT id FROM scopes WHERE path=?", (path,)).fetchone()
        if row is None:
            return None
        self._scope_ids[path] = row[0]
        return int(row[0])

    def scope_path(self, scope: int) -> str:
        """The path of a scope's local number."""
        known = self._scope_paths.get(scope)
        if known is None:
            (known,) = self.conn.execute("SELECT path FROM scopes WHERE id=?", (scope,)).fetchone()
            self._scope_paths[scope] = known
        return known

    def scopes(self) -> dict[str, Digest]:
        """Every scope with the digest of its commits."""
        rows = self.conn.execute("SELECT path, sum, count FROM scopes")
        return {path: Digest(int.from_bytes(total, "big"), count) for path, total, count in rows}

    # -- commits ----------------------------------------------------------------------------------------------------

    def holds(self, scope: int, commit_id: bytes) -> bool:
        """Whether a commit is stored, in whatever state."""
        return bool(self.held(scope, [commit_id]))

    def held(self, scope: int, commit_ids: Iterable[bytes]) -> set[bytes]:
        """Which of these commits of a scope are stored, in whatever state; one question for all of them."""
        wanted = set(commit_ids)
        rows = self.conn.execute(
            "SELECT id FROM commits WHERE scope=? AND prefix IN (SELECT value FROM json_each(?))",
            (scope, json.dumps([prefix_of(commit_id) for commit_id in wanted])),
        )
        return wanted.intersection(bytes(found) for (found,) in rows)

    def next_row(self) -> int:
        """The number the next commit gets; numbers are never used again, so peers can be told what is new by them."""
        row = self.conn.execute("SELECT seq FROM sqlite_sequence WHERE name='commits'").fetchone()
        return int(row[0]) + 1 if row else 1

    def append(self, commits: Sequence[StoredCommit]) -> None:
        """Store commits that are not held yet, numbered from `next_row()` on, and count them in their scopes."""
        self.conn.executemany(
            "INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (c.row, c.scope, prefix_of(c.id), c.id, c.header, c.signature, c.body, c.state, c.source)
                for c in commits
            ],
        )
        by_scope: dict[int, list[bytes]] = {}
        for commit in commits:
            by_scope.setdefault(commit.scope, []).append(commit.id)
        for scope, ids in by_scope.items():
            total, count = self.conn.execute("SELECT sum, count FROM scopes WHERE id=?", (scope,)).fetchone()
            digest = Digest(int.from_bytes(total, "big"), count).plus(digest_of(ids))
            self.conn.execute(
                "UPDATE scopes SET sum=?, count=? WHERE id=?",
                (digest.sum.to_bytes(ID_BYTES, "big"), digest.size, scope),
            )

    def set_state(self, row: int, state: int, reason: str | None) -> None:
        """Move a commit to another state, with the reason a person reads for those that are set aside."""
        self.conn.execute("UPDATE commits SET state=? WHERE row=?", (state, row))
        self.conn.execute("DELETE FROM set_aside WHERE row=?", (row,))
        if reason is not None:
            self.conn.execute("INSERT INTO set_aside VALUES (?, ?, ?)", (row, state, reason))

    def ids(self, scope: int, digits: str = "") -> list[bytes]:
        """The ids in a scope that begin with some hex digits, in order. Cost: linear in their number."""
        rows = self.conn.execute(
            "SELECT id FROM commits WHERE scope=? AND prefix BETWEEN ? AND ? ORDER BY prefix, id",
            (scope, *_range(digits)),
        )
        return [bytes(found) for (found,) in rows]

    def by_prefixes(self, scope: int, prefixes: Sequence[bytes]) -> list[StoredCommit]:
        """The commits of a scope whose ids begin with one of these 8 bytes, in the order they came here.

        One for each, unless somebody ground out a twin.
        """
        rows = self.conn.execute(
            f"SELECT {_COLUMNS} FROM commits WHERE scope=? AND prefix IN (SELECT value FROM json_each(?)) ORDER BY row",
            (scope, json.dumps([prefix_of(prefix) for prefix in prefixes])),
        )
        return [StoredCommit(*row) for row in rows]

    def prefixes_held(self, scope: int, prefixes: Sequence[bytes]) -> set[bytes]:
        """Those of some 8-byte prefixes that an id in a scope begins with."""
        rows = self.conn.execute(
            "SELECT prefix FROM commits WHERE scope=? AND prefix IN (SELECT value FROM json_each(?))",
            (scope, json.dumps([prefix_of(prefix) for prefix in prefixes])),
        )
        return {(found + _PREFIX_OFFSET).to_bytes(8, "big") for (found,) in rows}

    def in_scope(self, scope: int, after_row: int, limit: int) -> list[StoredCommit]:
        """The next commits of a scope in the order they came here, so that most follow the one they name as `prev`."""
        rows = self.conn.execute(
            f"SELECT {_COLUMNS} FROM commits WHERE scope=? AND row>? ORDER BY row LIMIT ?", (scope, after_row, limit)
        )
        return [StoredCommit(*row) for row in rows]

    def names_as_prev(self, scope: int, commit_id: bytes) -> list[StoredCommit]:
        """Commits of a scope whose header holds this id. Cost: reads every header of the scope; for doubts only."""
        rows = self.conn.execute(
            f"SELECT {_COLUMNS} FROM commits WHERE scope=? AND instr(header, ?)>0", (scope, commit_id)
        )
        return [StoredCommit(*row) for row in rows]

    def since(self, after_row: int, limit: int = -1) -> list[tuple[int, int, bytes, int | None]]:
        """(row, scope, id, source) of the commits that came after a row, oldest first."""
        rows = self.conn.execute(
            "SELECT row, scope, id, source FROM commits WHERE row>? ORDER BY row LIMIT ?", (after_row, limit)
        )
        return [(row, scope, bytes(found), source) for row, scope, found, source in rows]

    def bytes_set_aside(self, source: int) -> int:
        """How many bytes of what came over a link are not applied, with a reason. Cost: linear in what is set aside."""
        (size,) = self.conn.execute(
            "SELECT coalesce(sum(length(c.header) + length(c.signature) + coalesce(length(c.body), 0)), 0) "
            "FROM set_aside s JOIN commits c ON c.row=s.row WHERE c.source=?",
            (source,),
        ).fetchone()
        return int(size)

    def not_accepted(self, scope: int) -> list[StoredCommit]:
        """The commits of a scope that are carried, wait for their key or are set aside, in the order they came."""
        rows = self.conn.execute(
            f"SELECT {_COLUMNS} FROM commits INDEXED BY commits_not_accepted WHERE scope=? AND state<>0 ORDER BY row",
            (scope,),
        )
        return [StoredCommit(*row) for row in rows]

    def everything(self, state: int | None = None) -> Iterator[StoredCommit]:
        """All commits in the order they came here, or those in one state."""
        condition, values = ("", ()) if state is None else (" WHERE state=?", (state,))
        for row in self.conn.execute(f"SELECT {_COLUMNS} FROM commits{condition} ORDER BY row", values):
            yield StoredCommit(*row)

    def count(self) -> int:
        """How many commits are stored."""
        (count,) = self.conn.execute("SELECT coalesce(sum(count), 0) FROM scopes").fetchone()
        return int(count)


def _range(digits: str) -> tuple[int, int]:
    """The lowest and highest prefix of ids that begin with up to 16 hex digits."""
    low = int((digits + "0" * 16)[:16], 16)
    high = int((digits + "f" * 16)[:16], 16)
    return low - _PREFIX_OFFSET, high - _PREFIX_OFFSET


def _keep_a_log(conn: sqlite3.Connection, wait_ms: int) -> None:
    """Switch a new file to write-ahead logging; of several who create it at once SQLite lets none wait for another."""
    until = time.monotonic() + wait_ms / 1000
    while True:
        try:
            conn.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() >= until:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Turn SQLite's errors into a sentence with a next step."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "locked" in text or "busy" in text:
            raise StoreBusy(f"another process is writing to {what}; try again in a moment") from error
        if "full" in text:
            raise StoreError(
                f"the disk is full, so nothing was saved in {what}; free some space and try again"
            ) from error
        if "readonly" in text:
            raise StoreError(
                f"{what} cannot be written to; check the permissions of the file and its folder"
            ) from error
        if "unable to open" in text:
            raise StoreError(f"cannot open {what}; check that the folder exists and may be written to") from error
        raise StoreError(
            f"reading or writing {what} failed: {text}; check the disk, then run `khata verify`"
        ) from error
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{what} is damaged or not a khata database ({error}); restore a backup, or join again: "
            "whatever any peer has accepted comes back from it"
        ) from error
