"""Where each save stands in the log of all documents, kept in a table so that the newest of many are found at once."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final

from crdt_models.document import Document
from crdt_models.edit_log import places

Row = tuple[int, int, bytes, int, int, bytes, str, str]

_COLUMNS: Final = "SELECT d.row, s.path, d.kind, d.id, d.yjs FROM documents d JOIN scopes s ON s.id=d.scope"


class LogPlaces:
    """Keeps `log_places` up to date; what it says follows from each document alone."""

    name = "log"

    def begin(self, db: sqlite3.Connection) -> None:
        """Empty the table."""
        db.execute("DELETE FROM log_places")

    def take(self, db: sqlite3.Connection, rows: Sequence[int], known: bool) -> None:
        """Bring the table up to date with some documents. Cost: about 30 µs a document."""
        if known:
            db.executemany("DELETE FROM log_places WHERE document=?", [(row,) for row in rows])
        held = db.execute(f"{_COLUMNS} WHERE d.row IN (SELECT value FROM json_each(?))", (json.dumps(rows),))
        db.executemany(
            "INSERT INTO log_places VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [place for one in held.fetchall() for place in _places(*one)],
        )


def misplaced(db: sqlite3.Connection) -> Iterator[tuple[str, bytes]]:
    """Saves that `log_places` puts elsewhere than their documents say, lacks or makes up: scope and id of the document.

    Documents that were not followed yet are passed over. Cost: about 40 µs a save; streams.
    """
    followed = db.execute("SELECT filled_to FROM followers WHERE name=?", (LogPlaces.name,)).fetchone()
    held = db.execute(
        f"{_COLUMNS} WHERE d.row<=? AND d.row NOT IN (SELECT document FROM follower_changes WHERE name=?)",
        (followed[0] if followed else 0, LogPlaces.name),
    )
    for row, path, kind, id, yjs in held:
        here = db.execute("SELECT * FROM log_places WHERE document=?", (row,)).fetchall()
        if sorted(here) != sorted(_places(row, path, kind, id, yjs)):
            yield path, bytes(id)
    stray = "SELECT count(*) FROM log_places WHERE document NOT IN (SELECT row FROM documents)"
    if db.execute(stray).fetchone()[0]:
        yield "", b""


def _places(row: int, path: str, kind: str, id: bytes, yjs: bytes) -> list[Row]:
    saves = Document.from_update(path, kind, bytes(id), yjs).saves()
    return [
        (place.rank_ms, place.step, save.id, row, save.time, save.author, save.user, save.origin)
        for place, save in places(saves)
    ]
