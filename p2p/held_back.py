"""Commits that cannot be judged yet: kept within limits, and found again when what they wait for has come."""

import sqlite3

from p2p.limits import HELD_BACK_BYTES_PER_PEER_MAX, HELD_BACK_PER_PEER_MAX
from p2p.messages import CommitParts


class HeldBack:
    """The commits of one store that wait for control entries, or for a proof of who made them."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def room(self, source: int | None) -> "Room":
        """What may be held back still of what comes over a link, for one batch."""
        return Room(self._db, source)

    def any(self) -> bool:
        """Whether there is one. Cost: a lookup."""
        return self._db.execute("SELECT 1 FROM held_back LIMIT 1").fetchone() is not None

    def ids(self) -> list[bytes]:
        """The ids of all, in descending order."""
        return [commit_id for (commit_id,) in self._db.execute("SELECT id FROM held_back ORDER BY id DESC")]

    def find(self, commit_id: bytes) -> tuple[CommitParts, int | None] | None:
        """A commit and the link it came over; None when it is not here."""
        row = self._db.execute(
            "SELECT header, signature, body, source FROM held_back WHERE id=?", (commit_id,)
        ).fetchone()
        return ((row[0], row[1], row[2]), row[3]) if row is not None else None

    def drop(self, commit_id: bytes) -> None:
        """Keep a commit no longer."""
        self._db.execute("DELETE FROM held_back WHERE id=?", (commit_id,))


class Room:
    """How much may be held back still, while a batch is taken in. Cost: it is counted once, if at all."""

    def __init__(self, db: sqlite3.Connection, source: int | None) -> None:
        self._db = db
        self._source = source
        self._held: tuple[int, int] | None = None

    def keep(self, commit_id: bytes, parts: CommitParts, reason: str) -> bool:
        """Keep a commit that may be judged otherwise later; False when too much of that peer is held back already."""
        known = self._db.execute("SELECT reason FROM held_back WHERE id=?", (commit_id,)).fetchone()
        if known is not None:
            if known[0] != reason:
                self._db.execute("UPDATE held_back SET reason=? WHERE id=?", (reason, commit_id))
            return True
        count, size = self._held = self._held or self._count()
        if count >= HELD_BACK_PER_PEER_MAX or size >= HELD_BACK_BYTES_PER_PEER_MAX:
            return False
        self._db.execute("INSERT INTO held_back VALUES (?, ?, ?, ?, ?, ?)", (commit_id, self._source, reason, *parts))
        self._held = count + 1, size + len(parts[2] or b"")
        return True

    def _count(self) -> tuple[int, int]:
        found: tuple[int, int] = self._db.execute(
            "SELECT count(*), coalesce(sum(length(body)), 0) FROM held_back WHERE source IS ?", (self._source,)
        ).fetchone()
        return found
