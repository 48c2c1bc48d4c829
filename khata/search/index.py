"""The index of the search: an FTS5 table that follows the documents when somebody searches."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

from khata.search.texts import searchable
from khata.search.words import Term, query

_TABLE: Final = "search_texts"
_CREATE: Final = f"CREATE VIRTUAL TABLE {_TABLE} USING fts5(words, amounts, tokenize='ascii', columnsize=0)"
"""No sizes of columns: results are ranked by what they are, not by how rare their words happen to be in one copy."""


class SearchTexts:
    """Keeps `search_texts` up to date; its rowid is the document's row."""

    name = "search"

    def begin(self, db: sqlite3.Connection) -> None:
        """Make the table anew: emptying one of this kind row by row takes longer than filling it."""
        db.execute(f"DROP TABLE IF EXISTS {_TABLE}")
        db.execute(_CREATE)

    def take(self, db: sqlite3.Connection, rows: Sequence[int], known: bool) -> None:
        """Bring the table up to date with some documents. Cost: about 25 µs a document."""
        if known:
            db.executemany(f"DELETE FROM {_TABLE} WHERE rowid=?", [(row,) for row in rows])
        db.executemany(f"INSERT INTO {_TABLE} (rowid, words, amounts) VALUES (?, ?, ?)", list(searchable(db, rows)))


def matching(db: sqlite3.Connection, term: Term) -> dict[str, set[int]]:
    """The rows of the documents in which a term is found, by kind."""
    return _by_kind(db, query(term))


def matching_by_words(db: sqlite3.Connection, term: Term) -> dict[str, set[int]]:
    """Like `matching`, but not by an amount."""
    return _by_kind(db, query(term._replace(amount=""))) if term.words else {}


def _by_kind(db: sqlite3.Connection, wanted: str) -> dict[str, set[int]]:
    rows = db.execute(
        f"SELECT d.kind, json_group_array(d.row) FROM {_TABLE} t CROSS JOIN documents d ON d.row=t.rowid "
        f"WHERE {_TABLE} MATCH ? GROUP BY d.kind",
        (wanted,),
    )
    return {kind: set(json.loads(found)) for kind, found in rows}
