"""Tally files into books: a plan is made by `khata.tally`, shown or carried out here in batches.

Each batch is one transaction, so a crash leaves whole batches and importing again does the rest. An import builds on
the last import from the same source, never on what was entered by hand since: where both changed the same thing, that
is a conflict for a person, not a loss.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from crdt_models.document import Document
from crdt_models.folding import fold, heads
from crdt_models.packing import Value
from crdt_models.saves import ORIGIN_INIT, Save
from crdt_models.vouchers import KIND as VOUCHER
from khata.already_here import note_doubles
from khata.books import Books, Change
from khata.errors import BooksError
from khata.import_locks import leave_out_locked, locked_json
from khata.open_periods import check_counts
from khata.source_companies import note_companies
from khata.tables import MASTER_COLUMNS
from khata.tally.importer import binding_for, plan
from khata.tally.plan import Plan, PlannedSave, import_origin
from khata.tally.reader import read
from p2p.scope import master_scope, voucher_scope
from p2p.store import prefix_of

Progress = Callable[[int], None]
"""Told how many more bytes have been read, or saves written."""


class BooksView:
    """What planning asks of the books."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._db = books.db

    def find_master(self, kind: str, name: str) -> bytes | None:
        """The document id of the live master of this name or alias; of several the lowest."""
        found = self._books.names.taken(kind, name)
        return None if found is None else found.document

    def find_source(self, kind: str, binding: str, identity: str) -> bytes | None:
        """The master that a source knows under this identity; of several the lowest."""
        table = MASTER_COLUMNS[kind][0]
        row = self._db.execute(
            f"SELECT min(m.document) FROM master_sources s JOIN {table} m ON m.id=s.master "
            "WHERE s.kind=? AND s.binding=? AND s.identity=?",
            (kind, binding, identity),
        ).fetchone()
        return None if row[0] is None else bytes(row[0])

    def exists(self, kind: str, document: bytes) -> bool:
        """Whether there is a document of this kind and id."""
        rows = self._db.execute("SELECT id, kind FROM documents WHERE prefix=?", (prefix_of(document),))
        return any(found == document and of_kind == kind for found, of_kind in rows)

    def previous_import(self, kind: str, document: bytes, binding: str) -> Mapping[str, Value] | None:
        """The registers as this source last said them, or None when it never said anything."""
        if not self.exists(kind, document):
            return None
        origin = import_origin(binding)
        for held in self._books.replica.documents_of(kind, document):
            said = _of_origin(held, origin)
            if said:
                return fold(said).values
        return None

    def voucher_base(self, voucher_type: bytes) -> str | None:
        """The base type (slug) of a voucher type, or None when it is not here or has none."""
        return self._books.names.voucher_base(voucher_type)


def plan_import(
    books: Books, paths: Sequence[Path], source: str = "", expected: str = "", progress: Progress | None = None
) -> Plan:
    """What importing these files would do; nothing is written.

    Args:
        source: names the source, when it is not this device and the Tally company.
        expected: name or GUID of the Tally company the files should be of.

    Cost: about 200 µs a voucher.
    """
    books.replica.refresh()
    books.names.forget()
    member = books.member
    binding = source or binding_for(books.replica.keys.author.hex())
    view = BooksView(books)
    planned = plan(read(paths, expected, progress), view, books.company, binding, member.branch)
    leave_out_locked(books, planned)
    if len(planned) or planned.unchanged:
        # Of a company from which nothing is taken there is nothing to remember.
        note_companies(books, view, planned)
    note_doubles(books, planned)
    return planned


def carry_out(books: Books, planned: Plan, progress: Progress | None = None) -> int:
    """Save what was planned, batch by batch; return how many commits that made.

    Raises:
        BooksError: something has to be answered first, and nothing was saved; or a period was locked in between.
        StoreError: the disk refuses; the batches before it are saved, and importing again does the rest.
    """
    if planned.asks:
        raise BooksError("; ".join(finding.text for finding in planned.asks))
    commits = 0
    for batch in planned.batches():
        commits += _save_batch(books, planned.branch, batch)
        if progress is not None:
            progress(len(batch))
    return commits


def _save_batch(books: Books, branch: str, batch: Sequence[PlannedSave]) -> int:
    grouped: dict[tuple[str, str], list[Change]] = {}
    with books.writing():
        for save in batch:
            held = None if save.new else _first(books.replica.documents_of(save.kind, save.id))
            scope = held.scope if held is not None else _scope(branch, save)
            parents = _parents(held, save.origin) if held is not None else ()
            grouped.setdefault((scope, save.origin), []).append(Change(save.kind, save.id, save.changes, parents))
        commits = [
            commit for (scope, origin), changes in grouped.items() for commit in books.save(scope, changes, origin)
        ]
        # A period may have been locked while somebody looked at the plan.
        check_counts(books, commits)
        return len(commits)


def _scope(branch: str, save: PlannedSave) -> str:
    return voucher_scope(branch, save.base, save.date) if save.kind == VOUCHER else master_scope(save.kind)


def _first(documents: Sequence[Document]) -> Document | None:
    return min(documents, key=lambda document: document.scope, default=None)


def _of_origin(document: Document, origin: str) -> dict[bytes, Save]:
    return {id: save for id, save in document.saves().items() if save.origin == origin}


def _parents(document: Document, origin: str) -> tuple[bytes, ...]:
    """The version that a source was looking at: its own last word, or else what every company begins with."""
    saves = _of_origin(document, origin) or _of_origin(document, ORIGIN_INIT)
    return heads(saves.values())


def summary(planned: Plan, commits: int | None) -> dict[str, Any]:
    """A plan, and what carrying it out came to, as `import --json` gives it.

    Args:
        commits: how many were made; None for a dry run.
    """
    return {
        "dry_run": commits is None,
        "saves": len(planned),
        "commits": commits or 0,
        "counts": {
            kind: {"new": counts.new, "altered": counts.altered, "unchanged": counts.unchanged}
            for kind, counts in sorted(planned.counts.items())
        },
        "files": [
            {
                "file": totals.file,
                "company": totals.company,
                "source": totals.binding,
                "records": totals.records,
                "masters": totals.masters,
                "vouchers": totals.vouchers,
                "by_type": dict(sorted(totals.by_type.items())),
                "debit": totals.debit.text,
                "credit": totals.credit.text,
            }
            for totals in planned.totals
        ],
        "skipped": [
            {
                "file": skipped.place.file,
                "line": skipped.place.line,
                "record": skipped.place.record,
                "what": skipped.what,
                "reason": skipped.reason,
            }
            for skipped in planned.skipped
        ],
        "locked": locked_json(planned),
        "left_out": planned.left_out,
        "findings": [
            {
                "code": finding.code,
                "file": finding.file,
                "text": finding.text,
                "refuses": finding.refuses,
                "asks": finding.asks,
            }
            for finding in planned.findings
        ],
    }
