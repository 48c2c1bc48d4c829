"""Problems: what a person should look at in merged books, found from the tables and listed until it is settled.

Problems are values, never exceptions, and the same list on every copy that holds the same commits.
"""

import shlex
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from crdt_models.errors import BadValue
from crdt_models.vouchers import KIND as VOUCHER
from crdt_models.vouchers import check_date
from khata.books import Books
from khata.conflicts import document_label, list_conflicts
from khata.creations import CREATED_AGAINST_DELETION, CREATED_AGAINST_RENAME
from khata.master_problems import cyclic_merges, cyclic_parents, deleted_in_use, missing_masters, same_names
from khata.naming import ID_PREFIX
from khata.numbering import is_series_number
from khata.reading import BAD_REGISTER, IMPOSSIBLE, UNBALANCED
from khata.years import financial_year
from p2p.commit import parse_commit_untrusted
from p2p.store import QUARANTINED

CONFLICT: Final = "conflict"
DUPLICATE_NUMBER: Final = "duplicate-number"
TWO_SCOPES: Final = "one-id-in-two-scopes"
UNKNOWN_KIND: Final = "unknown-kind"
QUARANTINED_COMMIT: Final = "quarantined-commit"
MISSING_MASTER: Final = "missing-master"
DELETED_IN_USE: Final = "deleted-master-in-use"
SAME_NAME: Final = "same-name"
PARENT_CYCLE: Final = "parent-cycle"
MERGE_CYCLE: Final = "merge-cycle"

CODES: Final = (
    CONFLICT, CREATED_AGAINST_RENAME, CREATED_AGAINST_DELETION, DUPLICATE_NUMBER, TWO_SCOPES, MISSING_MASTER,
    DELETED_IN_USE, SAME_NAME, PARENT_CYCLE, MERGE_CYCLE, UNBALANCED, IMPOSSIBLE, BAD_REGISTER, UNKNOWN_KIND,
    QUARANTINED_COMMIT,
)  # fmt: skip
"""Every code that a problem can have, in the order in which they are listed."""


class Problem(NamedTuple):
    """One thing to look at. `documents` are ids in hex; `settle` is a command that settles it, empty if none does."""

    code: str
    documents: tuple[str, ...]
    text: str
    settle: str

    def json(self) -> dict[str, Any]:
        """As `problems --json` gives it."""
        return {"code": self.code, "documents": list(self.documents), "text": self.text, "settle": self.settle}


def find_problems(books: Books) -> list[Problem]:
    """Everything that a person should look at, in a fixed order.

    Cost: a few passes over indexes; more only where there is something to find.
    """
    found = [
        *_conflicts(books),
        *_duplicate_numbers(books),
        *_two_scopes(books),
        *_of_documents(books),
        *_unknown_kinds(books),
        *_quarantined(books),
        *(Problem(MISSING_MASTER, *rest) for rest in missing_masters(books)),
        *(Problem(DELETED_IN_USE, *rest) for rest in deleted_in_use(books)),
        *(Problem(SAME_NAME, *rest) for rest in same_names(books)),
        *(Problem(PARENT_CYCLE, *rest) for rest in cyclic_parents(books)),
        *(Problem(MERGE_CYCLE, *rest) for rest in cyclic_merges(books)),
    ]
    return sorted(found, key=lambda problem: (CODES.index(problem.code), problem[1:]))


def _conflicts(books: Books) -> Iterator[Problem]:
    for conflict in list_conflicts(books):
        values = conflict["values"]
        devices = ", ".join(value["device"] for value in values)
        waiting = "; a save one of them builds on is still on its way" if conflict["incomplete"] else ""
        text = (
            f"{conflict['kind']} {conflict['name']!r} has {len(values)} values of {conflict['register']!r}, made apart "
            f"by {devices}{waiting}"
        )
        yield Problem(CONFLICT, (conflict["document"],), text, f"khata conflicts settle {conflict['id']} --take 1")


def _duplicate_numbers(books: Books) -> Iterator[Problem]:
    """Live vouchers that share a number, type and financial year; numbers of ours are unique in the base type."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    rows = books.db.execute(
        "SELECT v.number, v.base, v.type, v.date, v.document FROM vouchers v WHERE NOT v.cancelled AND v.number IN "
        "(SELECT number FROM vouchers WHERE number<>'' AND NOT cancelled GROUP BY number HAVING count(*)>1)"
    )
    for number, base, kind, date, document in rows.fetchall():
        if _is_date(date):
            label = base if is_series_number(number) else books.names.label("voucher-type", kind)
            groups.setdefault((number, label, financial_year(date)), []).append(document.hex())
    for (number, label, year), documents in sorted(groups.items()):
        if len(set(documents)) > 1:
            ids = tuple(sorted(set(documents)))
            text = f"{len(ids)} vouchers of type {label} in {year} have the number {number}; both are kept as they are"
            yield Problem(DUPLICATE_NUMBER, ids, text, f"khata voucher cancel {ids[-1]}")


def _is_date(text: str) -> bool:
    try:
        check_date(text)
    except BadValue:
        return False
    return True


def _two_scopes(books: Books) -> Iterator[Problem]:
    rows = books.db.execute(
        "SELECT d.kind, d.id, s.path, v.cancelled FROM documents d JOIN scopes s ON s.id=d.scope "
        "LEFT JOIN vouchers v ON v.id=d.row "
        "WHERE d.prefix IN (SELECT prefix FROM documents GROUP BY prefix HAVING count(*)>1) ORDER BY d.kind, d.id, 3"
    )
    scopes: dict[tuple[str, bytes], list[str]] = {}
    for kind, id, path, cancelled in rows.fetchall():
        if not cancelled:
            scopes.setdefault((kind, bytes(id)), []).append(path)
    for (kind, id), paths in scopes.items():
        if len(paths) > 1:
            settle = f"khata voucher cancel {paths[-1]}/{id.hex()}" if kind == VOUCHER else ""
            text = f"{kind} {id.hex()[:8]} lies in {' and in '.join(paths)}; both count"
            yield Problem(TWO_SCOPES, (id.hex(),), text, settle)


def _of_documents(books: Books) -> Iterator[Problem]:
    rows = books.db.execute(
        "SELECT p.document, p.code, p.text, d.kind, d.id FROM document_problems p JOIN documents d ON d.row=p.document "
        "LEFT JOIN vouchers v ON v.id=d.row WHERE v.cancelled IS NOT 1"
    )
    for row, code, text, kind, id in rows.fetchall():
        label = document_label(books, row, kind) or bytes(id).hex()[:8]
        spelled = f"{kind} {label!r}" if kind != VOUCHER else label
        author = f"; entered by {_author(books, row)}" if code in (UNBALANCED, IMPOSSIBLE) else ""
        yield Problem(code, (bytes(id).hex(),), f"{spelled}: {text}{author}", _settling(code, kind, bytes(id)))


def _settling(code: str, kind: str, id: bytes) -> str:
    if kind == VOUCHER:
        return f"khata voucher show {id.hex()}" if code == BAD_REGISTER else f"khata voucher cancel {id.hex()}"
    if code in (CREATED_AGAINST_RENAME, CREATED_AGAINST_DELETION):
        return f"khata master split {kind} {ID_PREFIX}{id.hex()} --name {shlex.quote('NEW NAME')}"
    return f"khata master show {kind} {ID_PREFIX}{id.hex()}"


def _author(books: Books, row: int) -> str:
    """Whose save the posting that shows is."""
    entries = [entry.save for entry in books.document(row).history() if "posting" in entry.save.values]
    if not entries:
        return books.device_name(books.document(row).history()[0].save.author)
    return books.device_name(max(entries, key=lambda save: (save.time, save.id)).author)


def _unknown_kinds(books: Books) -> Iterator[Problem]:
    rows = books.db.execute(
        "SELECT d.kind, d.id, s.path FROM unknown_documents u JOIN documents d ON d.row=u.document "
        "JOIN scopes s ON s.id=d.scope"
    )
    for kind, id, path in rows.fetchall():
        text = f"a document of kind {kind!r} in {path} comes from a newer khata; it is kept: update khata to see it"
        yield Problem(UNKNOWN_KIND, (bytes(id).hex(),), text, "")


def _quarantined(books: Books) -> Iterator[Problem]:
    reasons = dict(books.db.execute("SELECT row, reason FROM set_aside WHERE state=?", (QUARANTINED,)).fetchall())
    for stored in books.replica.store.everything(QUARANTINED):
        header = parse_commit_untrusted(stored.header, stored.signature, stored.body).header
        text = (
            f"commit {stored.id.hex()[:16]} of {books.device_name(header.author)} in {header.scope} is set aside: "
            f"{reasons.get(stored.row, 'no reason was noted')}"
        )
        yield Problem(QUARANTINED_COMMIT, (), text, "")
