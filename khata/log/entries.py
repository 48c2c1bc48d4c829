"""The edit log as a stream: saves of all documents and entries of the control chain, in one causal order.

The order is that of `crdt_models.edit_log` (parents before children, otherwise by time; ties by save id, kind and
document id), with the control chain merged in: its entries keep their sequence, each at the latest time up to there.
Equal commits give equal logs, byte for byte, whatever way they came.
"""

import heapq
from collections import OrderedDict
from collections.abc import Generator, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from crdt_models.document import Document
from crdt_models.edit_log import LoggedChange, LoggedSave, edit_log
from crdt_models.folding import Claim
from crdt_models.saves import Save
from khata.books import Books
from khata.deeds import branch_of
from khata.following import following
from khata.log.apart import Apart, made_apart
from khata.log.control import control_entries
from khata.log.labels import document_name
from khata.log.places import LogPlaces
from khata.log.story import action_of, story
from khata.log.values import ReadNames, logged
from khata.log.wanted import EVERYTHING, Selection, Wanted, select
from khata.showing import instant

Json = dict[str, Any]
Key = tuple[int, int, bytes, str, bytes]
"""Where an entry stands: rank, step, save id, kind and document id."""

_REMEMBERED_SAVES_MAX: Final = 20_000
_BEFORE_ALL_SAVES: Final = -1
"""The step of control entries: what the keeper decided stands before what was saved in the same millisecond."""


def read_log(
    books: Books, wanted: Wanted = EVERYTHING, limit: int = 0, newest_first: bool = False
) -> Generator[Json, None, None]:
    """The log, oldest entry first. Documents and masters are called by the names they have now.

    Args:
        wanted: what to let through; the order of what is let through is that of the whole log.
        limit: at most so many entries; 0 for all.
        newest_first: the same order backwards.

    Returns:
        entries as JSON; close it when the books are closed before it has ended.

    Raises:
        NotFound, Ambiguous, BadValue, BooksError: see `select`; raised when the first entry is asked for.

    Cost: streams, about 200 µs an entry and one transaction that reads; the first log of a copy also 30 µs a document.
    """
    books.replica.refresh()
    with following(books.replica.store, LogPlaces()):
        books.names.forget()
        selection = select(books, wanted)
        entries = _LogReader(books).merged(selection, newest_first)
        yield from islice(entries, limit) if limit else entries


class _Log(NamedTuple):
    """The log of one document: its scope, its saves, and which were made apart from the document's end."""

    scope: str
    saves: dict[bytes, LoggedSave]
    apart: dict[bytes, Apart]


class _LogReader:
    """Turns places in the log into entries, remembering names and the documents that come up again."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._names = ReadNames(books.db, books.company)
        self._logs: OrderedDict[int, _Log] = OrderedDict()
        self._remembered = 0
        kept_out = books.db.execute("SELECT document, save, until FROM kept_out").fetchall()
        self._kept_out = {(row, save): until for row, save, until in kept_out}

    def merged(self, selection: Selection, newest_first: bool) -> Iterator[Json]:
        """Saves and control entries that a filter lets through."""
        control = self._control(selection)
        saves = self._saves(selection, newest_first)
        if newest_first:
            control = iter(list(control)[::-1])
        for _, found in heapq.merge(saves, control, key=lambda one: one[0], reverse=newest_first):
            yield found if isinstance(found, dict) else self._entry(*found)

    def _control(self, selection: Selection) -> Iterator[tuple[Key, Any]]:
        if selection.control:
            for rank, entry in control_entries(self._books, selection):
                yield (rank, _BEFORE_ALL_SAVES, entry["seq"].to_bytes(8, "big"), "", b""), entry

    def _saves(self, selection: Selection, newest_first: bool) -> Iterator[tuple[Key, Any]]:
        """Where the saves stand that match; documents are not unpacked here."""
        if selection.condition is None:
            return
        down = " DESC" if newest_first else ""
        order = ", ".join(f"{column}{down}" for column in ("p.rank_ms", "p.step", "p.save", "d.kind", "d.id"))
        rows = self._books.db.execute(
            "SELECT p.rank_ms, p.step, p.save, d.kind, d.id, p.document FROM log_places p "
            f"CROSS JOIN documents d ON d.row=p.document WHERE {selection.condition} ORDER BY {order}",
            selection.values,
        )
        for rank, step, save, kind, id, row in rows:
            yield (rank, step, save, kind, id), (row, kind, id, save)

    def _entry(self, row: int, kind: str, id: bytes, save: bytes) -> Json:
        return self._told(row, kind, id, self._log(row), save)

    def _log(self, row: int) -> _Log:
        """The log of a document; of those with several saves the last ones are remembered."""
        known = self._logs.get(row)
        if known is not None:
            self._logs.move_to_end(row)
            return known
        scope, kind, id, yjs = self._books.db.execute(
            "SELECT s.path, d.kind, d.id, d.yjs FROM documents d JOIN scopes s ON s.id=d.scope WHERE d.row=?", (row,)
        ).fetchone()
        saves = Document.from_update(scope, kind, bytes(id), yjs).saves()
        found = _Log(scope, {one.save.id: one for one in edit_log(saves)}, made_apart(saves))
        if len(saves) > 1:
            self._logs[row] = found
            self._remembered += len(saves)
            while self._remembered > _REMEMBERED_SAVES_MAX and len(self._logs) > 1:
                _, dropped = self._logs.popitem(last=False)
                self._remembered -= len(dropped.saves)
        return found

    def _told(self, row: int, kind: str, id: bytes, log: _Log, save_id: bytes) -> Json:
        one = log.saves[save_id]
        save = one.save
        changes = {change.register: (change.before, change.after) for change in one.changes}
        entry = {
            "at": instant(save.time),
            "user": save.user,
            "device": self._books.device_name(save.author),
            "branch": branch_of(self._books, save.author),
            "action": action_of(kind, save.origin, one.first, changes),
            "origin": save.origin,
            "kind": kind,
            "name": document_name(self._books, self._names, row, kind, id, log.scope),
            "document": id.hex(),
            "scope": log.scope,
            "save": save.id.hex(),
            "parents": sorted(parent.hex() for parent in save.parents),
            "first": one.first,
            "clock_behind_ms": one.behind_ms,
            "kept_out": self._kept_out.get((row, save.id), ""),
            "apart": [self._apart(other, did) for other, did in log.apart.get(save.id, ())],
            "changes": [self._change(kind, change) for change in one.changes],
        }
        return {**entry, "story": story(entry)}

    def _change(self, kind: str, change: LoggedChange) -> Json:
        register = change.register
        return {
            "register": register,
            "before": logged(self._names, kind, register, change.before),
            "after": logged(self._names, kind, register, change.after),
            "settled": [self._claim(kind, register, claim) for claim in change.settled],
            "beside": [self._claim(kind, register, claim) for claim in change.beside],
        }

    def _apart(self, other: Save, did: str) -> Json:
        return {
            "did": did,
            "save": other.id.hex(),
            "at": instant(other.time),
            "user": other.user,
            "device": self._books.device_name(other.author),
        }

    def _claim(self, kind: str, register: str, claim: Claim) -> Json:
        return {
            "value": logged(self._names, kind, register, claim.value),
            "save": claim.save.hex(),
            "at": instant(claim.time),
            "user": claim.user,
            "device": self._books.device_name(claim.author),
        }
