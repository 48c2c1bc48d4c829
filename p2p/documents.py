"""The documents of one copy: each a Yjs update in one row, rebuilt whenever the set of its accepted saves changes."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from crdt_models.document import Document
from crdt_models.folding import Folded
from crdt_models.saves import ORIGIN_SET_ASIDE, Save
from p2p.chain import Chain
from p2p.locks import Locks
from p2p.store import Store, prefix_of


class ChangedDocument(NamedTuple):
    """A document after a batch: what the tables above are kept up to date with.

    Attributes:
        row: its local number, which never changes in this store and means nothing elsewhere.
        author: first 8 bytes of the id of the device whose save is the earliest.
        created_ms: time of the earliest save, by its author's clock.
        changed_ms: time of the latest.
        document: the document itself.
    """

    row: int
    scope: str
    kind: str
    id: bytes
    folded: Folded
    new: bool
    author: bytes
    created_ms: int
    changed_ms: int
    document: Document


class Projection(Protocol):
    """Tables made of documents, written in the same transaction as the commits."""

    def project(self, db: sqlite3.Connection, changed: Sequence[ChangedDocument], chain: Chain, locks: Locks) -> None:
        """Bring the tables up to date with these documents. Whatever the documents hold, it must not raise.

        Args:
            chain: who may write what, and which periods are locked.
            locks: tells which saves came after a lock.
        """

    def clear(self, db: sqlite3.Connection) -> None:
        """Empty the tables, before everything is projected anew."""

    def forget(self) -> None:
        """Drop what is remembered of the tables: another process wrote them, or a transaction came to nothing."""


class NoTables:
    """The projection of a copy that shows nothing to people, such as a relay."""

    def project(self, db: sqlite3.Connection, changed: Sequence[ChangedDocument], chain: Chain, locks: Locks) -> None:
        """Keep no tables."""

    def clear(self, db: sqlite3.Connection) -> None:
        """Have nothing to empty."""

    def forget(self) -> None:
        """Have nothing to forget."""


class Incoming(NamedTuple):
    """One save on its way into its document."""

    scope: str
    kind: str
    id: bytes
    save: Save
    save_bytes: bytes


DocumentName = tuple[str, str, bytes]
"""What names a document: scope, kind and id."""


class Documents:
    """The table of documents in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    def load(self, scope: str, kind: str, id: bytes) -> Document | None:
        """One document, or None when no save of it is here. Cost: about 20 µs, and 10 µs a save."""
        found = self._find(scope, kind, id)
        return found[1] if found else None

    def in_any_scope(self, kind: str, id: bytes) -> list[Document]:
        """The documents of a kind and id; more than one means that two devices put them in different scopes."""
        rows = self._conn.execute(
            "SELECT scope, yjs FROM documents WHERE prefix=? AND id=? AND kind=? ORDER BY row",
            (prefix_of(id), id, kind),
        ).fetchall()
        return [Document.from_update(self._store.scope_path(scope), kind, id, yjs) for scope, yjs in rows]

    def in_scope(self, scope: str) -> list[Document]:
        """All documents of a scope, by id."""
        number = self._store.find_scope(scope)
        rows = self._conn.execute("SELECT kind, id, yjs FROM documents WHERE scope=? ORDER BY id, kind", (number,))
        return [Document.from_update(scope, kind, bytes(id), yjs) for kind, id, yjs in rows.fetchall()]

    def updates(self, scope: str, kind: str) -> list[tuple[bytes, bytes]]:
        """The documents of a kind in a scope as they are stored, by id: another document has another update."""
        number = self._store.find_scope(scope)
        rows = self._conn.execute("SELECT id, yjs FROM documents WHERE scope=? AND kind=? ORDER BY id", (number, kind))
        return [(bytes(id), bytes(yjs)) for id, yjs in rows]

    def everything(self) -> Iterable[Document]:
        """All documents, by scope, kind and id. Cost: streams; one document is held at a time."""
        rows = self._conn.execute(
            "SELECT s.path, d.kind, d.id, d.yjs FROM documents d JOIN scopes s ON s.id=d.scope ORDER BY 1, 2, 3"
        )
        for path, kind, id, yjs in rows:
            yield Document.from_update(path, kind, bytes(id), yjs)

    def apply(self, incoming: Iterable[Incoming]) -> list[ChangedDocument]:
        """Merge saves into their documents; return the documents that changed. Inside a transaction.

        Cost: about 15 µs for a new document of one save.
        """
        batch = list(incoming)
        touched = self._held({one.id for one in batch})
        changed: dict[DocumentName, tuple[int | None, Document]] = {}
        for scope, kind, id, save, save_bytes in batch:
            name = (scope, kind, id)
            found = touched.get(name)
            if found is None:
                found = touched[name] = (None, Document(scope, kind, id))
            if found[1].put(save, save_bytes):
                changed[name] = found
        return self._write(list(changed.values()))

    def exchange(self, incoming: Iterable[Incoming]) -> list[ChangedDocument]:
        """Put saves in place of what stands for them in their documents: whole for emptied, or emptied for whole.

        Returns:
            the documents that are different now; rebuilt, since a Yjs document only grows. Inside a transaction.
        """
        batch = list(incoming)
        touched = self._held({one.id for one in batch})
        coming: dict[DocumentName, list[tuple[Save, bytes]]] = {}
        for scope, kind, id, save, save_bytes in batch:
            coming.setdefault((scope, kind, id), []).append((save, save_bytes))
        rebuilt = []
        for name, saves in coming.items():
            row, document = touched.get(name) or (None, Document(*name))
            other = document.exchanged(saves)
            if other is not document:
                rebuilt.append((row, other))
        return self._write(rebuilt)

    def as_changed(self, names: Iterable[DocumentName]) -> list[ChangedDocument]:
        """These documents as they stand, to be projected again; those that are not here are left out."""
        changed = []
        for scope, kind, id in names:
            found = self._find(scope, kind, id)
            if found is not None:
                changed.append(_changed(found[0], False, found[1]))
        return changed

    def all_as_new(self, batch: int = 256) -> Iterator[list[ChangedDocument]]:
        """Every document as if it had just come, in batches, to fill tables that are empty."""
        last = 0
        while rows := self._conn.execute(
            "SELECT row, scope, kind, id, yjs FROM documents WHERE row>? ORDER BY row LIMIT ?", (last, batch)
        ).fetchall():
            last = rows[-1][0]
            yield [
                _changed(row, True, Document.from_update(self._store.scope_path(scope), kind, bytes(id), yjs))
                for row, scope, kind, id, yjs in rows
            ]

    def _held(self, ids: Iterable[bytes]) -> dict[DocumentName, tuple[int | None, Document]]:
        """The documents with these ids, in whatever scopes and of whatever kinds; one question for all of them."""
        rows = self._conn.execute(
            "SELECT row, scope, kind, id, yjs FROM documents WHERE prefix IN (SELECT value FROM json_each(?))",
            (json.dumps([prefix_of(id) for id in ids]),),
        ).fetchall()
        held: dict[DocumentName, tuple[int | None, Document]] = {}
        for row, number, kind, id, yjs in rows:
            scope = self._store.scope_path(number)
            held[scope, kind, id] = (row, Document.from_update(scope, kind, id, yjs))
        return held

    def _find(self, scope: str, kind: str, id: bytes) -> tuple[int, Document] | None:
        rows = self._conn.execute(
            "SELECT row, scope, kind, yjs FROM documents WHERE prefix=? AND id=?", (prefix_of(id), id)
        ).fetchall()
        for row, number, found_kind, yjs in rows:
            if found_kind == kind and self._store.scope_path(number) == scope:
                return row, Document.from_update(scope, kind, id, yjs)
        return None

    def _write(self, documents: Sequence[tuple[int | None, Document]]) -> list[ChangedDocument]:
        (last,) = self._conn.execute("SELECT coalesce(max(row), 0) FROM documents").fetchone()
        made, altered, changed = [], [], []
        for row, document in documents:
            if row is None:
                last += 1
                number = self._store.scope_id(document.scope)
                made.append((last, number, prefix_of(document.id), document.id, document.kind, document.update()))
            else:
                altered.append((document.update(), row))
            changed.append(_changed(last if row is None else row, row is None, document))
        self._conn.executemany("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)", made)
        self._conn.executemany("UPDATE documents SET yjs=? WHERE row=?", altered)
        return changed


def _changed(row: int, new: bool, document: Document) -> ChangedDocument:
    saves = list(document.saves().values())
    if len(saves) > 1:
        # By whom and when it was made and changed is told of what counts, as far as anything does.
        saves = [save for save in saves if save.origin != ORIGIN_SET_ASIDE] or saves
    # A save that builds on another did not make the document, whatever the clock of its device says.
    first = saves[0] if len(saves) == 1 else min(saves, key=lambda save: (bool(save.parents), save.time, save.id))
    return ChangedDocument(
        row,
        document.scope,
        document.kind,
        document.id,
        document.fold(),
        new,
        first.author,
        first.time,
        max(save.time for save in saves),
        document,
    )
