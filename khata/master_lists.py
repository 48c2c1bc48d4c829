"""Masters as lists and one by one: values that the command line prints, sorted by name and id."""

from collections.abc import Sequence
from typing import Any

import msgspec

from crdt_models.masters import KINDS
from crdt_models.money import Amount
from crdt_models.packing import Value
from khata.books import Books
from khata.errors import BooksError
from khata.reports.chart import TOP, Chart
from khata.showing import read_shown, shown
from khata.tables import MASTER_COLUMNS
from khata.versions import version_text
from khata.voucher_form import read_json
from p2p.scope import master_scope

Json = dict[str, Any]


def checked_kind(kind: str) -> str:
    """A kind of master as somebody typed it.

    Raises:
        BooksError: there is no such kind.
    """
    if kind not in KINDS:
        raise BooksError(f"{kind!r} is not a kind of master; there are {', '.join(KINDS)}")
    return kind


def list_ledgers(books: Books, group: str = "", also_gone: bool = False) -> list[Json]:
    """Ledgers by name, with group, opening balance and standing.

    Args:
        group: only those directly in this group.
        also_gone: deleted and merged ones too.

    Raises:
        NotFound, Ambiguous: the group means nothing here.
    """
    wanted = books.names.find("group", group).local if group else None
    rows = books.db.execute(
        "SELECT l.document, l.name, l.group_id, l.opening_e4, l.gstin, l.gst_state, l.bill_wise, l.deleted, "
        "l.merged_into FROM ledgers l WHERE l.present ORDER BY l.normalised, l.document"
    )
    found = []
    for document, name, group_id, opening, gstin, state, bill_wise, deleted, merged in rows.fetchall():
        if (deleted or merged is not None) and not also_gone:
            continue
        if wanted is not None and (group_id is None or books.names.effective("group", group_id) != wanted):
            continue
        found.append({
            "id": document.hex(),
            "name": name,
            "group": "Primary" if group_id is None else books.names.label("group", group_id),
            "opening": Amount(opening).text,
            "gstin": gstin or "",
            "state": state or "",
            "bill_wise": bool(bill_wise),
            "deleted": bool(deleted),
            "merged_into": "" if merged is None else books.names.label("ledger", merged),
        })  # fmt: skip
    return found


def list_groups(books: Books) -> list[Json]:
    """Live groups as a tree from the top: each after the one it stands under, with its depth."""
    chart = Chart(books)
    natures = dict(books.db.execute("SELECT id, nature FROM groups WHERE present").fetchall())
    found: list[Json] = []
    ahead = chart.children()[::-1]
    while ahead:
        group = ahead.pop()
        ahead += chart.children(group.local)[::-1]
        if group.local in natures and not group.deleted:
            found.append({
                "id": group.document.hex(),
                "name": group.name,
                "parent": "" if group.parent == TOP else chart.groups[group.parent].name,
                "nature": natures[group.local] or "",
                "depth": len(group.path) - 1,
            })  # fmt: skip
    return found


def list_masters(books: Books, kind: str) -> list[Json]:
    """The live masters of a kind by name."""
    table = MASTER_COLUMNS[checked_kind(kind)][0]
    rows = books.db.execute(
        f"SELECT document, name FROM {table} WHERE present AND NOT deleted AND merged_into IS NULL "
        "ORDER BY normalised, document"
    )
    return [{"id": document.hex(), "name": name} for document, name in rows]


def master_row(books: Books, kind: str, text: str) -> int:
    """The local number of a master's document.

    Raises:
        NotFound, Ambiguous: the text means no master, or several.
    """
    found = books.names.find(kind, text)
    (row,) = books.db.execute(
        "SELECT d.row FROM documents d JOIN scopes s ON s.id=d.scope WHERE d.id=? AND s.path=?",
        (found.document, master_scope(kind)),
    ).fetchone()
    return int(row)


def show_master(books: Books, kind: str, text: str) -> Json:
    """One master: its registers with names in place of ids, its version, its conflicts.

    Raises:
        NotFound, Ambiguous: the text means no master, or several.
    """
    row = master_row(books, checked_kind(kind), text)
    document = books.document(row)
    folded = document.fold()
    conflicts = books.db.execute("SELECT id FROM conflicts WHERE document=? ORDER BY register", (row,))
    return {
        "id": document.id.hex(),
        "kind": kind,
        **{
            register: shown(books.names, kind, register, value)
            for register, value in sorted(folded.values.items())
            if register not in ("id", "kind", "version", "conflicts")
        },
        "version": version_text(folded.heads),
        "conflicts": [conflict for (conflict,) in conflicts],
    }


def read_settings(books: Books, kind: str, settings: Sequence[str]) -> dict[str, Value]:
    """Registers and values from `REGISTER=VALUE` texts; the value is JSON, or text where it is none.

    Raises:
        BooksError: one of them is malformed, or no register of this kind.
    """
    known = {field.name for field in msgspec.structs.fields(KINDS[kind])} - {"sources"}
    values: dict[str, Value] = {}
    for setting in settings:
        register, equals, text = setting.partition("=")
        if not equals or register not in known:
            raise BooksError(f"{setting!r} is not REGISTER=VALUE; a {kind} has {', '.join(sorted(known))}")
        values[register] = read_shown(books.names, kind, register, _value(text))
    return values


def _value(text: str) -> Any:
    try:
        return read_json(text)
    except BooksError:
        return text
