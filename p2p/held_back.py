"""Commits that cannot be judged yet: kept within limits, and given out again when what they wait for has come."""

import sqlite3

from p2p.limits import HELD_BACK_BYTES_PER_PEER_MAX, HELD_BACK_PER_PEER_MAX
from p2p.messages import CommitParts


class HeldBack:
    """The commits of one store that wait for control entries, or for a proof of who made them."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def keep(self, commit_id: bytes, parts: CommitParts, source: int | None, reason: str) -> bool:
        """Keep a commit that may be judged otherwise later; False when too much of that peer is held back already."""
        count, size = self._db.execute(
            "SELECT count(*), coalesce(sum(length(body)), 0) FROM held_back WHERE source IS ?", (source,)
        ).fetchone()
        if count >= HELD_BACK_PER_PEER_MAX or size >= HELD_BACK_BYTES_PER_PEER_MAX:
            return False
        self._db.execute(
            "INSERT OR IGNORE INTO held_back VALUES (?, ?, ?, ?, ?, ?)", (commit_id, source, reason, *parts)
        )
        return True

    def any(self) -> bool:
        """Whether there is one. Cost: a lookup."""
        return self._db.execute("SELECT 1 FROM held_back LIMIT 1").fetchone() is not None

    def ids(self) -> list[bytes]:
        """The ids of all, in descending order."""
        return [commit_id for (commit_id,) in self._db.execute("SELECT id FROM held_back ORDER BY id DESC")]

    def take(self, commit_id: bytes) -> tuple[CommitParts, int | None] | None:
        """Give out a commit and the link it came over, and keep it no longer; None when it is not here."""
        row = self._db.execute(
            "DELETE FROM held_back WHERE id=? RETURNING header, signature, body, source", (commit_id,)
        ).fetchone()
        return ((row[0], row[1], row[2]), row[3]) if row is not None else None
