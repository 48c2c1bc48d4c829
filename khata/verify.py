"""Verifying a copy: everything is built anew from the stored commits in a temporary store, and compared.

The temporary store takes the commits the same way as if a peer had sent them: every signature and every author's
rights are checked again. What differs afterwards is named; nothing is repaired.
"""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from crdt_models.document import Document
from crdt_models.errors import BadSave
from khata.books import Books, open_store
from khata.contents import CONTENTS
from khata.digests import fold_bytes
from khata.folder import BooksFolder
from khata.log.places import misplaced
from khata.projection import BooksProjection
from p2p.commit import signature_ok
from p2p.errors import ChainError
from p2p.judging import Checked
from p2p.replica import Replica
from p2p.store import STATE_NAMES, Store, StoredCommit

Row = tuple[Any, ...]
Progress = Callable[[int], None]
"""Told how many more commits have been checked."""

BATCH_COMMITS: Final = 256
LISTED_MAX: Final = 200
_INTEGRITY_LINES_MAX: Final = 20
_WORKERS: Final = 2
"""Checking a signature releases the GIL, so a second thread halves the time."""


class Difference(NamedTuple):
    """Something in this copy that its own commits do not say: where, and what."""

    where: str
    text: str


class Verified(NamedTuple):
    """What was looked at, and what differs; at most `LISTED_MAX` differences are listed."""

    commits: int
    documents: int
    differences: tuple[Difference, ...]


def verify(books: Books, progress: Progress | None = None) -> Verified:
    """Build every document and table anew from the stored commits and compare; check every signature.

    Raises:
        StoreError: the books cannot be read, or there is no room for the temporary store.

    Cost: about 300 µs a commit, and as much temporary disk as the books take.
    """
    with tempfile.TemporaryDirectory(prefix="khata-verify-") as folder:
        fresh = open_store(BooksFolder(Path(folder)))
        # All is read as it stood at one moment, whatever other processes write meanwhile.
        books.db.execute("BEGIN")
        try:
            # It is thrown away afterwards: nothing in it has to survive a crash.
            fresh.conn.execute("PRAGMA synchronous=OFF")
            found = []
            for difference in _differences(books, fresh, progress):
                found.append(difference)
                if len(found) == LISTED_MAX:
                    break
        finally:
            books.db.execute("ROLLBACK")
            fresh.close()
    (documents,) = books.db.execute("SELECT count(*) FROM documents").fetchone()
    return Verified(books.replica.store.count(), documents, tuple(found))


def _differences(books: Books, fresh: Store, progress: Progress | None) -> Iterator[Difference]:
    yield from _damage(books.db)
    replica = Replica(fresh, books.replica.keys, books.company, BooksProjection())
    try:
        replica.extend_chain(books.replica.store.chain())
    except ChainError as error:
        yield Difference("control chain", f"{error}; the commits cannot be judged without it")
        return
    yield from _replayed(books, replica, progress)
    yield from _states(books.replica.store, fresh)
    yield from _scopes(books.replica.store, fresh)
    yield from _documents(books.db, fresh.conn)
    for name, query in CONTENTS.items():
        yield from _rows(name, query, books.db, fresh.conn)
    for scope, document in misplaced(books.db):
        text = f"document {document.hex()} in {scope} does not stand in the log as its saves say"
        yield Difference("edit log", text if document else "the log names saves of documents that are not here")


def _damage(db: sqlite3.Connection) -> Iterator[Difference]:
    for (line,) in db.execute(f"PRAGMA integrity_check({_INTEGRITY_LINES_MAX})"):
        if line != "ok":
            yield Difference("file", line)


def _replayed(books: Books, replica: Replica, progress: Progress | None) -> Iterator[Difference]:
    """Feed all stored commits to the temporary copy, as if the keeper had sent them: it is never a revoked device."""
    source = replica.chain.keeper
    with ThreadPoolExecutor(_WORKERS) as workers:
        for batch in _batches(books.replica.store):
            yield from _replay(replica, source, batch, workers)
            if progress is not None:
                progress(len(batch))


def _batches(store: Store) -> Iterator[list[StoredCommit]]:
    stored = store.everything()
    while batch := list(islice(stored, BATCH_COMMITS)):
        yield batch


def _replay(
    replica: Replica, source: bytes, batch: list[StoredCommit], workers: ThreadPoolExecutor
) -> Iterator[Difference]:
    checked = replica.check_untrusted([(stored.header, stored.signature, stored.body) for stored in batch])
    for stored, one in zip(batch, checked, strict=True):
        if one.id != stored.id:
            yield Difference("commits", f"commit {stored.id.hex()[:16]} is not what its id says")
    # A later commit of the same author proves those before it; here each signature is asked for by itself.
    for one, signed in zip(checked, workers.map(lambda one: _is_signed(replica, one), checked), strict=True):
        if not signed:
            yield Difference("commits", f"commit {one.id.hex()[:16]}: its signature is not its author's")
    result = replica.ingest_from(checked, source, None, 0)
    for commit_id, reason in result.refused:
        yield Difference("commits", f"commit {commit_id.hex()[:16]}: {reason}")


def _is_signed(replica: Replica, checked: Checked) -> bool:
    """Whether a commit carries its author's signature; one that cannot be read is named for that elsewhere."""
    if checked.commit is None:
        return True
    member = replica.chain.members.get(checked.commit.header.author)
    return member is not None and signature_ok(checked.commit, member.public)


def _states(store: Store, fresh: Store) -> Iterator[Difference]:
    query = "SELECT id, state FROM commits ORDER BY id"
    anew = {bytes(commit_id): state for commit_id, state in fresh.conn.execute(query)}
    for commit_id, state in store.conn.execute(query):
        now = anew.get(bytes(commit_id))
        if now is not None and now != state:
            text = f"commit {bytes(commit_id).hex()[:16]} is {STATE_NAMES[state]}, but should be {STATE_NAMES[now]}"
            yield Difference("commits", text)


def _scopes(store: Store, fresh: Store) -> Iterator[Difference]:
    here = {path: digest for path, digest in store.scopes().items() if digest.size}
    anew = {path: digest for path, digest in fresh.scopes().items() if digest.size}
    for path in sorted(here.keys() | anew.keys()):
        if here.get(path) != anew.get(path):
            yield Difference("scopes", f"the digest of {path} does not match its commits")


def _documents(db: sqlite3.Connection, fresh: sqlite3.Connection) -> Iterator[Difference]:
    """Compare every document as it shows, both sides read in the same order."""
    for (scope, kind, id, _), what in compared(_folds(db), _folds(fresh)):
        yield Difference("documents", f"{kind} {id.hex()} in {scope} {what}")


def _folds(db: sqlite3.Connection) -> Iterator[Row]:
    rows = db.execute(
        "SELECT s.path, d.kind, d.id, d.yjs FROM documents d JOIN scopes s ON s.id=d.scope ORDER BY 1, 2, 3"
    )
    for scope, kind, id, update in rows:
        try:
            content = fold_bytes(Document.from_update(scope, kind, id, update).fold())
        except (BadSave, ValueError, TypeError) as error:
            content = repr(error).encode()
        yield scope, kind, id, content


def _rows(name: str, query: str, db: sqlite3.Connection, fresh: sqlite3.Connection) -> Iterator[Difference]:
    for row, what in compared(iter(db.execute(query)), iter(fresh.execute(query))):
        yield Difference(name, f"{_readable(row)} {what}")


def _readable(row: Row) -> str:
    return ", ".join(value.hex() if isinstance(value, bytes) else str(value) for value in row)


def compared(here: Iterator[Row], anew: Iterator[Row]) -> Iterator[tuple[Row, str]]:
    """What two sorted streams of rows do not share, each with what is wrong with it. Cost: streams."""
    mine, theirs = next(here, None), next(anew, None)
    while mine is not None or theirs is not None:
        if mine == theirs:
            mine, theirs = next(here, None), next(anew, None)
        elif theirs is None or (mine is not None and _order(mine) < _order(theirs)):
            assert mine is not None
            yield mine, "is here, but no commit says so"
            mine = next(here, None)
        else:
            yield theirs, "is missing here, though commits say it"
            theirs = next(anew, None)


def _order(row: Row) -> Row:
    """The order in which SQLite sorts rows: nulls, numbers, text by its bytes, blobs."""
    return tuple(_rank(value) for value in row)


def _rank(value: object) -> tuple[int, object]:
    if value is None:
        return 0, 0
    if isinstance(value, int):
        return 1, value
    if isinstance(value, str):
        return 2, value.encode("utf-8", "surrogatepass")
    return 3, value
