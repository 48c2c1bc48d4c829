"""Conflicts: registers with several values none of whose authors knew the others'; listing and settling them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from crdt_models.folding import Conflict, conflict_id
from crdt_models.packing import Value, unpack_untrusted
from crdt_models.saves import ORIGIN_SETTLE
from crdt_models.transfers import KIND as TRANSFER
from crdt_models.transfers import LEGS
from crdt_models.vouchers import KIND
from khata.books import Books, Change
from khata.deeds import branch_of
from khata.effects import between, of_posting
from khata.errors import BooksError, NotFound
from khata.joining_heads import joined_heads
from khata.open_periods import check_counts
from khata.problem import Effect, effect_json
from khata.reading import exact_e4
from khata.showing import instant, read_shown, shown
from khata.tables import MASTER_COLUMNS
from khata.transfers.rights import check_may_set, folded

Json = dict[str, Any]


class Settled(NamedTuple):
    """A conflict that has ended: the document, the register and the commit that settles it."""

    document: bytes
    register: str
    commit: bytes


def list_conflicts(books: Books) -> list[Json]:
    """Every conflict, by scope, kind, document and register; values in the order in which `--take` counts them."""
    rows = books.db.execute(
        "SELECT c.id, c.document, c.register, c.incomplete, d.kind, d.id, s.path FROM conflicts c "
        "JOIN documents d ON d.row=c.document JOIN scopes s ON s.id=d.scope ORDER BY s.path, d.kind, d.id, c.register"
    )
    return [_listed(books, *row) for row in rows.fetchall()]


def _listed(
    books: Books, name: str, row: int, register: str, incomplete: int, kind: str, document: bytes, scope: str
) -> Json:
    values = books.db.execute(
        "SELECT value, author, user, time_ms FROM conflict_values WHERE document=? AND register=? ORDER BY position",
        (row, register),
    ).fetchall()
    read = [unpack_untrusted(bytes(value)) for value, *_ in values]
    return {
        "id": name,
        "document": bytes(document).hex(),
        "kind": kind,
        "scope": scope,
        "name": document_label(books, row, kind),
        "register": register,
        "incomplete": bool(incomplete),
        "values": [
            {
                "value": shown(books.names, kind, register, value),
                "device": books.device_name(author),
                "branch": branch_of(books, bytes(author)),
                "user": user,
                "at": instant(time_ms),
                "effect": effect_json(taking(books, row, kind, register, read[0], value)),
            }
            for value, (_, author, user, time_ms) in zip(read, values, strict=True)
        ],
    }


def document_label(books: Books, row: int, kind: str) -> str:
    """What a person calls a document: the number of a voucher with its type, the name of a master."""
    if kind in (KIND, TRANSFER):
        found = books.db.execute(
            "SELECT type, number, document FROM vouchers WHERE id IN (?, ?) ORDER BY number='', leg", (row, -row)
        ).fetchone()
        if found is None:
            return ""
        label = books.names.label("voucher-type", found[0])
        return f"{label} {found[1] or bytes(found[2]).hex()[:8]}".strip()
    if kind not in MASTER_COLUMNS:
        return ""
    (document,) = books.db.execute("SELECT id FROM documents WHERE row=?", (row,)).fetchone()
    master = books.names.by_document(kind, bytes(document))
    return master.name if master is not None else ""


def taking(books: Books, row: int, kind: str, register: str, shows: Value, value: Value) -> Effect:
    """What taking a value would change in each ledger's balance, against the one that shows.

    Args:
        row: the document's local number.
    """
    if kind == KIND and register == "posting":
        return between(books.names, shows, value)
    if kind == TRANSFER and register in LEGS:
        return between(books.names, _posting(shows), _posting(value))
    if kind == KIND and register == "optional" and isinstance(value, bool) and value != shows:
        posting = books.document(row).fold().values.get("posting")
        return of_posting(books.names, posting, -1 if value else 1)
    if kind == "ledger" and register == "opening":
        before, after = (exact_e4(text) or 0 if isinstance(text, str) else 0 for text in (shows, value))
        name = document_label(books, row, kind)
        return ((name, after - before),) if after != before else ()
    return ()


def _posting(leg: Value) -> Value:
    return leg.get("posting") if isinstance(leg, dict) else None


def settle_taking(books: Books, name: str, position: int, though_incomplete: bool = False) -> Settled:
    """End a conflict with one of its values.

    Args:
        name: the conflict's id.
        position: which of its values, counting from 1 as listed.
        though_incomplete: settle although an ancestor of a value is still on its way.

    Raises:
        NotFound: there is no such conflict (any more); nothing was saved.
        BooksError: there is no such value, or the conflict is incomplete; nothing was saved.
    """
    with books.writing():
        row, conflict = _find(books, name, though_incomplete)
        if not 1 <= position <= len(conflict.claims):
            raise BooksError(f"conflict {name} has {len(conflict.claims)} values; --take a number from 1 on")
        return _settle(books, row, conflict, conflict.claims[position - 1].value)


def settle_with(books: Books, name: str, value: Any, though_incomplete: bool = False) -> Settled:
    """End a conflict with another value.

    Args:
        value: JSON in the shape that `conflicts --json` shows.

    Raises:
        NotFound: there is no such conflict (any more); nothing was saved.
        BooksError, DocumentError: the register cannot hold that value; nothing was saved.
    """
    with books.writing():
        row, conflict = _find(books, name, though_incomplete)
        kind = books.document(row).kind
        return _settle(books, row, conflict, read_shown(books.names, kind, conflict.register, value))


def _find(books: Books, name: str, though_incomplete: bool) -> tuple[int, Conflict]:
    rows = books.db.execute("SELECT document FROM conflicts WHERE id=?", (name,)).fetchall()
    if not rows:
        raise NotFound(f"there is no conflict {name!r}; it has changed or was settled: run `khata conflicts`")
    row = int(rows[0][0])
    document = books.document(row)
    conflict = _named(document.scope, document.id, folded(books, document).conflicts, name)
    if conflict.incomplete and not though_incomplete:
        raise BooksError(
            f"conflict {name} is incomplete: a save that one of its values builds on is still on its way, and may show "
            "that there is none; run `khata sync` first, or settle it all the same with --anyway"
        )
    return row, conflict


def _named(scope: str, document: bytes, conflicts: Sequence[Conflict], name: str) -> Conflict:
    for conflict in conflicts:
        if conflict_id(scope, document, conflict) == name:
            return conflict
    raise NotFound(f"conflict {name!r} has changed: run `khata conflicts` again")


def _settle(books: Books, row: int, conflict: Conflict, value: Value) -> Settled:
    document = books.document(row)
    check_may_set(books, document, conflict.register)
    parents = joined_heads(books, document.scope, document.kind, document.id)
    change = Change(document.kind, document.id, {conflict.register: value}, parents)
    (commit,) = books.save(document.scope, [change], ORIGIN_SETTLE)
    check_counts(books, [commit])
    return Settled(document.id, conflict.register, commit.id)
