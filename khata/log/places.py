"""Where each save stands in the log of all documents, kept in a table so that the newest of many are found at once.

Beside it, every date of the vouchers that were ever dated otherwise than now: whoever looks for a month finds what was
moved out of it, too.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from crdt_models.document import Document
from crdt_models.edit_log import places
from crdt_models.saves import Save
from crdt_models.transfers import KIND as TRANSFER
from crdt_models.transfers import LEGS
from crdt_models.vouchers import KIND as VOUCHER
from khata.locking import posting_dates

Row = tuple[int, int, bytes, int, int, bytes, str, str]

DATES_TABLE: Final = "log_dates"
"""Documents that stood under several dates, by local number, with each of these dates."""

_CREATE_DATES: Final = (
    f"CREATE TABLE {DATES_TABLE} (date TEXT NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (date, document)) "
    "WITHOUT ROWID",
    f"CREATE INDEX log_dates_by_document ON {DATES_TABLE} (document)",
)
_COLUMNS: Final = "SELECT d.row, s.path, d.kind, d.id, d.yjs FROM documents d JOIN scopes s ON s.id=d.scope"


class LogPlaces:
    """Keeps `log_places` up to date; what it says follows from each document alone."""

    name = "log with dates"

    def begin(self, db: sqlite3.Connection) -> None:
        """Empty the table of places, and make that of dates anew."""
        db.execute("DELETE FROM log_places")
        db.execute(f"DROP TABLE IF EXISTS {DATES_TABLE}")
        for statement in _CREATE_DATES:
            db.execute(statement)

    def take(self, db: sqlite3.Connection, rows: Sequence[int], known: bool) -> None:
        """Bring the tables up to date with some documents. Cost: about 30 µs a document."""
        if known:
            db.executemany("DELETE FROM log_places WHERE document=?", [(row,) for row in rows])
            db.executemany(f"DELETE FROM {DATES_TABLE} WHERE document=?", [(row,) for row in rows])
        held = db.execute(f"{_COLUMNS} WHERE d.row IN (SELECT value FROM json_each(?))", (json.dumps(rows),))
        found = [_found(*one) for one in held.fetchall()]
        db.executemany(
            "INSERT INTO log_places VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [place for one in found for place in one.places]
        )
        db.executemany(f"INSERT INTO {DATES_TABLE} VALUES (?, ?)", [date for one in found for date in one.dates])


def misplaced(db: sqlite3.Connection) -> Iterator[tuple[str, bytes]]:
    """Documents whose saves or dates the tables put elsewhere than they are, lack or make up: scope and id.

    Documents that were not followed yet are passed over. Cost: about 40 µs a save; streams.
    """
    followed = db.execute("SELECT filled_to FROM followers WHERE name=?", (LogPlaces.name,)).fetchone()
    held = db.execute(
        f"{_COLUMNS} WHERE d.row<=? AND d.row NOT IN (SELECT document FROM follower_changes WHERE name=?)",
        (followed[0] if followed else 0, LogPlaces.name),
    )
    for row, path, kind, id, yjs in held:
        here = db.execute("SELECT * FROM log_places WHERE document=?", (row,)).fetchall()
        dates = db.execute(f"SELECT date, document FROM {DATES_TABLE} WHERE document=?", (row,)).fetchall()
        found = _found(row, path, kind, id, yjs)
        if (sorted(here), sorted(dates)) != (sorted(found.places), sorted(found.dates)):
            yield path, bytes(id)
    stray = "SELECT count(*) FROM log_places WHERE document NOT IN (SELECT row FROM documents)"
    if db.execute(stray).fetchone()[0]:
        yield "", b""


class _Found(NamedTuple):
    """What the tables say of one document."""

    places: list[Row]
    dates: list[tuple[str, int]]


def _found(row: int, path: str, kind: str, id: bytes, yjs: bytes) -> _Found:
    saves = Document.from_update(path, kind, bytes(id), yjs).saves()
    rows = [
        (place.rank_ms, place.step, save.id, row, save.time, save.author, save.user, save.origin)
        for place, save in places(saves)
    ]
    dates = {date for save in saves.values() for date in _dates(kind, save)} if len(rows) > 1 else set()
    return _Found(rows, [(date, row) for date in dates] if len(dates) > 1 else [])


def _dates(kind: str, save: Save) -> list[str]:
    if kind == TRANSFER:
        legs = [value for value in map(save.values.get, LEGS) if isinstance(value, dict)]
        return [date for leg in legs for date in posting_dates(leg)]
    return posting_dates(save.values) if kind == VOUCHER else []
