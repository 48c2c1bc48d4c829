"""One store as its file says it: read by a connection of its own, never through the code that wrote it.

A look is one read transaction, and only reads what came since the last one; when rows have gone, or the file is
another, all is read anew.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from simulations.oracle.chain import Broken, Chain, Lines
from simulations.oracle.commits import Commit, Library, Name, Save
from simulations.oracle.scopes import is_control

ACCEPTED, CARRIED, WAITING, SET_ASIDE = range(4)
_MODULUS = 1 << 256


class Row(NamedTuple):
    """A commit as one copy holds it; `source` is the device it came from, empty where it was made here."""

    number: int
    id: bytes
    scope: str
    source: bytes


class Claim(NamedTuple):
    """What a copy has noted of being in sync with a device."""

    share: bytes
    mine: bytes
    theirs: bytes
    row: int
    at: int


class Copy:
    """What a device or a relay holds.

    Attributes:
        name: what the world calls it.
        device: its device id.
        rows: the commits it holds, in the order in which they came.
        held: the ids of these, by scope.
        states: of those that are not simply accepted.
        by_author: the rows of each author.
        documents: which commits have a say in a document.
        rules: the documents among these that are rules.
        fresh: rows that the last look has brought.
        bodies_gone: commits of which a relay holds no body any more.
        dropped: those of them of which the last look has found it.
        delivered: by device and relay, under which share and up to which row a device is known to have all.
        touched: documents that the last look has found changed.
        renewed: whether the last look has read everything anew.
    """

    def __init__(self, name: str, path: Path, device: bytes, library: Library, lines: Lines, is_relay: bool) -> None:
        self.name, self.path, self.device, self.is_relay = name, path, device, is_relay
        self._library, self._lines = library, lines
        self._stamp: object = None
        self.chain: Chain | None = None
        self._clear()

    def _clear(self) -> None:
        self.rows: list[Row] = []
        self.by_id: dict[bytes, Row] = {}
        self.by_author: dict[bytes, list[Row]] = {}
        self.held: dict[str, set[bytes]] = {}
        self.states: dict[bytes, int] = {}
        self.bodies_gone: set[bytes] = set()
        self.dropped: set[bytes] = set()
        self.delivered: dict[tuple[bytes, bytes], tuple[bytes, int]] = {}
        self._unread: set[bytes] = set()
        self.documents: dict[Name, set[bytes]] = {}
        self.held_back: set[bytes] = set()
        self.claims: dict[bytes, Claim] = {}
        self.sums: dict[str, tuple[int, int]] = {}
        self._sums: dict[str, int] = {}
        self.rules: set[Name] = set()
        self.fresh: list[Row] = []
        self.touched: set[Name] = set()
        self.renewed = True
        self.chain_changed = True

    @property
    def file(self) -> Path:
        """The database itself; a relay has one for each company in its folder."""
        if self.path.is_dir():
            return next(iter(sorted(self.path.glob("companies/*/khata.db"))), self.path / "khata.db")
        return self.path

    @contextmanager
    def looking(self, anew: bool) -> Iterator[tuple[sqlite3.Connection | None, list[str]]]:
        """Take up what has changed; the connection, in the same moment, and what is wrong with the bytes that came.

        Args:
            anew: read everything again, whatever has changed.

        Yields:
            no connection where nothing has changed since, or nothing is there.
        """
        stamp = _stamp(self.file)
        if stamp is None:
            self.forget()
            yield None, []
            return
        if stamp == self._stamp and not anew:
            self.fresh, self.touched, self.renewed, self.chain_changed = [], set(), False, False
            self.dropped = set()
            yield None, []
            return
        db = sqlite3.connect(f"{self.file.as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=5)
        try:
            db.execute("BEGIN")
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name='commits'").fetchone():
                self.forget()
                yield None, []
                return
            wrong = self._take_up(db, anew)
            self._stamp = stamp
            yield db, wrong
        finally:
            db.close()

    def forget(self) -> None:
        """Read everything anew at the next look: another store has taken the place of this one."""
        kept, self._stamp = self.chain, None
        self._clear()
        self.chain = kept

    def _take_up(self, db: sqlite3.Connection, anew: bool) -> list[str]:
        self.renewed = anew or not self._goes_on(db)
        if self.renewed:
            kept = self.chain
            self._clear()
            self.chain = kept
        self.fresh, self.touched = [], set()
        wrong = [*self._read_chain(db), *self._read_commits(db)]
        before = self.states
        self.states = self._read_states(db)
        self._read_dropped(db)
        moved = {id for id, _ in before.items() ^ self.states.items()}
        self._library.open_all()
        for id in {*moved, *(row.id for row in self.fresh), *self._unread}:
            self._note_documents(id)
        self._read_notes(db)
        return wrong

    def _goes_on(self, db: sqlite3.Connection) -> bool:
        last = self.rows[-1].number if self.rows else 0
        (count,) = db.execute("SELECT count(*) FROM commits WHERE row<=?", (last,)).fetchone()
        found = db.execute("SELECT id FROM commits WHERE row=?", (last,)).fetchone()
        return bool(self.rows) and count == len(self.rows) and found is not None and found[0] == self.rows[-1].id

    def _read_chain(self, db: sqlite3.Connection) -> list[str]:
        entries = [bytes(entry) for (entry,) in db.execute("SELECT entry FROM chain ORDER BY seq")]
        lost = [bytes(entry) for (entry,) in db.execute("SELECT entry FROM chain_lost ORDER BY seq")]
        before = self.chain
        self.chain_changed = False
        try:
            self.chain = self._lines.chain(entries, lost) if entries else None
        except Broken as error:
            return [str(error)]
        self._library.company = self._lines.company
        self.chain_changed = before is not self.chain
        return []

    def _read_commits(self, db: sqlite3.Connection) -> list[str]:
        scopes = dict(db.execute("SELECT id, path FROM scopes").fetchall())
        links = dict(db.execute("SELECT id, device FROM links").fetchall())
        last = self.rows[-1].number if self.rows else 0
        wrong: list[str] = []
        for number, scope, id, header, signature, body, source in db.execute(
            "SELECT row, scope, id, header, signature, body, source FROM commits WHERE row>? ORDER BY row", (last,)
        ):
            commit, fault = self._library.take(id, header, signature, body)
            if not fault and commit is not None and commit.scope != scopes.get(scope):
                fault = f"it lies in {scopes.get(scope)} and was made for {commit.scope}"
            if not fault and body is None and (not self.is_relay or is_control(scopes[scope])):
                fault = "its body is missing"
            if fault:
                wrong.append(f"commit {id.hex()[:12]} in {scopes.get(scope)}: {fault}")
            row = Row(number, id, scopes.get(scope, ""), links.get(source, b"?" if source else b""))
            self.rows.append(row)
            self.by_id[id] = row
            self.held.setdefault(row.scope, set()).add(id)
            self._sums[row.scope] = (self._sums.get(row.scope, 0) + int.from_bytes(id, "big")) % _MODULUS
            if commit is not None:
                self.by_author.setdefault(commit.author, []).append(row)
            self.fresh.append(row)
        return wrong

    def _read_dropped(self, db: sqlite3.Connection) -> None:
        gone = {id for (id,) in db.execute("SELECT id FROM commits WHERE body IS NULL")} if self.is_relay else set()
        self.dropped = gone - self.bodies_gone
        self.bodies_gone |= gone

    def _read_states(self, db: sqlite3.Connection) -> dict[bytes, int]:
        return dict(db.execute("SELECT id, state FROM commits WHERE state<>0").fetchall())

    def _note_documents(self, id: bytes) -> None:
        commit = self._library.commits.get(id)
        if id not in self.by_id or commit is None:
            return
        if commit.saves is None:
            self._unread.add(id)
            return
        self._unread.discard(id)
        says = self.states.get(id, ACCEPTED) in (ACCEPTED, SET_ASIDE) and not commit.fault
        for name in commit.saves:
            held = self.documents.setdefault(name, set())
            held.add(id) if says else held.discard(id)
            self.touched.add(name)
            if name[:2] == ("control/rules", "rule"):
                self.rules.add(name)

    def _read_notes(self, db: sqlite3.Connection) -> None:
        self.held_back = {id for (id,) in db.execute("SELECT id FROM held_back")}
        self.sums = {
            path: (int.from_bytes(total, "big"), count)
            for path, total, count in db.execute("SELECT path, sum, count FROM scopes")
        }
        self.claims = {
            device: Claim(share, mine, theirs, row, at)
            for device, share, mine, theirs, row, at in db.execute(
                "SELECT device, share, mine, theirs, settled_row, in_sync_at FROM links WHERE in_sync_at IS NOT NULL "
                "AND share IS NOT NULL"
            )
        }
        self.delivered = {
            (device, relay): (share, row)
            for device, relay, share, row in db.execute("SELECT device, relay, share, row FROM delivered")
            if share
        }

    def saves(self, name: Name) -> dict[bytes, Save]:
        """The saves of a document that are here; those that are set aside say nothing, and link the others."""
        found: dict[bytes, Save] = {}
        for id in self.documents.get(name, ()):
            save = (self._library.commits[id].saves or {})[name]
            if self.states.get(id) == SET_ASIDE:
                save = Save(save.id, save.author, save.time, save.parents, {}, save.user, "set-aside")
            found[save.id] = save
        return found

    def commit(self, id: bytes) -> Commit | None:
        """A commit by its id, if any copy has shown it."""
        return self._library.commits.get(id)

    def is_sum_right(self, scope: str) -> bool:
        """Whether the digest of a scope is that of the commits in it."""
        return self.sums.get(scope, (0, 0)) == (self._sums.get(scope, 0), len(self.held.get(scope, ())))


def _stamp(file: Path) -> object:
    found: list[tuple[int, int, int] | None] = []
    for path in (file, file.with_name(f"{file.name}-wal")):
        try:
            told = os.stat(path)
        except FileNotFoundError:
            found.append(None)
        else:
            found.append((told.st_ino, told.st_mtime_ns, told.st_size))
    return None if found[0] is None else tuple(found)
