"""Tables that follow the documents only when somebody asks: the edit log's places and the search's texts.

Entering and synchronizing pay nothing for them: a document that is new is known by its row, which is higher than any
that was followed so far, and only one that is altered afterwards is noted, in one small row for each follower that has
been asked before. Whoever asks brings the follower up to date first, in one transaction, whatever other processes wrote
meanwhile. Emptying the derived tables empties what is known of followers, so after a rebuild they begin anew.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

from p2p.store import Store

BATCH_DOCUMENTS: Final = 512
_ATTEMPTS_MAX: Final = 5


class Follower(Protocol):
    """Something that keeps tables of its own about documents.

    Attributes:
        name: under which it is noted how far it has come; another one whenever it keeps something else than before, so
            that what an older version left is made anew.
    """

    name: str

    def begin(self, db: sqlite3.Connection) -> None:
        """Make its tables, or empty them: everything is taken anew."""

    def take(self, db: sqlite3.Connection, rows: Sequence[int], known: bool) -> None:
        """Bring its tables up to date with some documents.

        Args:
            rows: their local numbers.
            known: whether they may have been taken before.
        """


def note_altered(db: sqlite3.Connection, rows: Iterable[tuple[int]]) -> None:
    """Note that documents which were here before have changed. Inside the transaction that changes them.

    Args:
        rows: their local numbers, each in a tuple.

    Cost: 1 µs a document where nobody ever asked, else up to 3 µs.
    """
    db.executemany("INSERT OR IGNORE INTO follower_changes SELECT name, ? FROM followers", rows)


@contextmanager
def following(store: Store, follower: Follower) -> Iterator[None]:
    """Read inside this block, with the follower up to date and nothing changing meanwhile.

    Raises:
        StoreError: another process does not stop writing, or the disk refuses.

    Cost: three lookups where nothing has changed; else what the follower's `take` costs for what has.
    """
    db = store.conn
    if store.in_transaction:
        _catch_up(db, follower)
        yield
        return
    for _ in range(_ATTEMPTS_MAX):
        db.execute("BEGIN")
        if not _is_behind(db, follower.name):
            break
        db.execute("ROLLBACK")
        with store.transaction():
            _catch_up(db, follower)
    else:
        # Somebody writes faster than this catches up; what was taken until now is a moment of the books all the same.
        db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("ROLLBACK")


def _is_behind(db: sqlite3.Connection, name: str) -> bool:
    filled_to = _filled_to(db, name)
    return filled_to is None or filled_to < _last_row(db) or bool(_changes(db, name, 1))


def _catch_up(db: sqlite3.Connection, follower: Follower) -> None:
    filled_to = _filled_to(db, follower.name)
    if filled_to is None:
        follower.begin(db)
        db.execute("INSERT INTO followers VALUES (?, 0)", (follower.name,))
        filled_to = 0
    # Of those that are new as well, what they are now is taken below.
    db.execute("DELETE FROM follower_changes WHERE name=? AND document>?", (follower.name, filled_to))
    while changed := _changes(db, follower.name, BATCH_DOCUMENTS):
        follower.take(db, changed, True)
        db.execute(
            "DELETE FROM follower_changes WHERE name=? AND document IN (SELECT value FROM json_each(?))",
            (follower.name, json.dumps(changed)),
        )
    while rows := _new_rows(db, filled_to):
        follower.take(db, rows, False)
        filled_to = rows[-1]
    db.execute("UPDATE followers SET filled_to=? WHERE name=?", (filled_to, follower.name))


def _filled_to(db: sqlite3.Connection, name: str) -> int | None:
    row = db.execute("SELECT filled_to FROM followers WHERE name=?", (name,)).fetchone()
    return None if row is None else int(row[0])


def _last_row(db: sqlite3.Connection) -> int:
    (last,) = db.execute("SELECT coalesce(max(row), 0) FROM documents").fetchone()
    return int(last)


def _changes(db: sqlite3.Connection, name: str, limit: int) -> list[int]:
    rows = db.execute("SELECT document FROM follower_changes WHERE name=? ORDER BY document LIMIT ?", (name, limit))
    return [row for (row,) in rows]


def _new_rows(db: sqlite3.Connection, after: int) -> list[int]:
    rows = db.execute("SELECT row FROM documents WHERE row>? ORDER BY row LIMIT ?", (after, BATCH_DOCUMENTS))
    return [row for (row,) in rows]
