"""Problems with masters: referred to but missing, deleted but used, two of one name, cycles.

Each function yields what a problem consists of beside its code: document ids in hex, a sentence, a command.
"""

from collections.abc import Iterator
from typing import Final

from khata.books import Books
from khata.master_rows import REFERENCES, reference_column
from khata.naming import ID_PREFIX, cycles, missing_label
from khata.tables import MASTER_COLUMNS

Found = tuple[tuple[str, ...], str, str]

_LISTED_MAX: Final = 50

_OF_VOUCHERS: Final = {
    "ledger": (
        "SELECT ledger, voucher FROM entries WHERE posted IN (0, 1) AND ledger IN",
        "SELECT party, id FROM vouchers WHERE party IN",
        "SELECT ledger, voucher FROM stock_lines WHERE ledger IN",
    ),
    "voucher-type": ("SELECT type, id FROM vouchers WHERE type IN",),
    "stock-item": ("SELECT item, voucher FROM stock_lines WHERE item IN",),
    "godown": (
        "SELECT godown, voucher FROM stock_lines WHERE godown IN",
        "SELECT destination, voucher FROM stock_lines WHERE destination IN",
    ),
    "unit": ("SELECT unit, voucher FROM stock_lines WHERE unit IN",),
    "cost-centre": ("SELECT centre, voucher FROM cost_allocations WHERE centre IN",),
    "cost-category": ("SELECT category, voucher FROM cost_allocations WHERE category IN",),
    "currency": ("SELECT currency, voucher FROM forex_amounts WHERE currency IN",),
}
"""How vouchers refer to masters of each kind: queries for (master, voucher), to be completed by a set of masters."""

_MISSING: Final = "NOT present"
_DELETED: Final = "present AND deleted AND merged_into IS NULL"


def missing_masters(books: Books) -> Iterator[Found]:
    """Masters that live documents refer to and that are not here."""
    for kind in MASTER_COLUMNS:
        for local, (vouchers, masters) in users(books, kind, _MISSING).items():
            document = books.names.masters(kind)[local].document
            meanwhile = "its entries stand under suspense" if kind == "ledger" else "they are kept as they are"
            text = f"{_counted(vouchers, masters)} the {missing_label(kind, document)}; until it arrives, {meanwhile}"
            yield (document.hex(), *_listed(vouchers, masters)), text, "khata sync"


def deleted_in_use(books: Books) -> Iterator[Found]:
    """Masters that were deleted while others use them; they count as live."""
    for kind in MASTER_COLUMNS:
        for local, (vouchers, masters) in users(books, kind, _DELETED).items():
            master = books.names.masters(kind)[local]
            text = (
                f"{_counted(vouchers, masters)} the {_spoken(kind)} {master.name!r}, which was deleted; it counts as "
                "live while it is used"
            )
            restore = f"khata master restore {kind} {ID_PREFIX}{master.document.hex()}"
            yield (master.document.hex(), *_listed(vouchers, masters)), text, restore


def users_of(books: Books, kind: str, local: int) -> tuple[set[str], set[str]]:
    """The live vouchers and masters that refer to one master, as ids in hex."""
    return users(books, kind, f"id={local}").get(local, (set(), set()))


def users(books: Books, kind: str, condition: str) -> dict[int, tuple[set[str], set[str]]]:
    """By local id of each master of a kind that meets a condition: the live vouchers and masters that refer to it.

    Args:
        condition: SQL about the kind's table.
    """
    table = MASTER_COLUMNS[kind][0]
    if books.db.execute(f"SELECT 1 FROM {table} WHERE {condition} LIMIT 1").fetchone() is None:
        return {}
    wanted = f"(SELECT id FROM {table} WHERE {condition})"
    found: dict[int, tuple[set[str], set[str]]] = {}
    for query in _OF_VOUCHERS.get(kind, ()):
        rows = books.db.execute(
            f"WITH found (master, voucher) AS ({query} {wanted}) "
            "SELECT master, document FROM found JOIN vouchers v ON v.id=voucher WHERE NOT v.cancelled"
        )
        for master, document in rows.fetchall():
            found.setdefault(master, (set(), set()))[0].add(document.hex())
    for query in _of_masters(kind, wanted):
        for master, document in books.db.execute(query).fetchall():
            found.setdefault(master, (set(), set()))[1].add(document.hex())
    return found


def _of_masters(kind: str, wanted: str) -> Iterator[str]:
    for other, registers in REFERENCES.items():
        table = MASTER_COLUMNS[other][0]
        for register, referred in registers.items():
            if referred == kind:
                column = reference_column(other, register)
                yield f"SELECT {column}, document FROM {table} WHERE {column} IN {wanted} AND present AND NOT deleted"
    yield f"SELECT merged_into, document FROM {MASTER_COLUMNS[kind][0]} WHERE merged_into IN {wanted} AND present"
    if kind == "godown":
        yield (
            "SELECT o.godown, i.document FROM opening_stock o JOIN stock_items i ON i.id=o.item "
            f"WHERE o.godown IN {wanted} AND NOT i.deleted"
        )


def _counted(vouchers: set[str], masters: set[str]) -> str:
    parts = [
        f"{len(users)} {word if len(users) == 1 else word + 's'}"
        for users, word in ((vouchers, "voucher"), (masters, "master"))
        if users
    ]
    return f"{' and '.join(parts)} {'uses' if len(vouchers) + len(masters) == 1 else 'use'}"


def _listed(vouchers: set[str], masters: set[str]) -> tuple[str, ...]:
    return (*sorted(masters)[:_LISTED_MAX], *sorted(vouchers)[:_LISTED_MAX])


def same_names(books: Books) -> Iterator[Found]:
    """Live masters of one kind and one name: two branches made or renamed them so while apart."""
    for kind, (table, _) in MASTER_COLUMNS.items():
        live = "present AND NOT deleted AND merged_into IS NULL AND normalised<>''"
        names = books.db.execute(
            f"SELECT normalised FROM {table} WHERE {live} GROUP BY normalised HAVING count(*)>1 ORDER BY normalised"
        ).fetchall()
        for (name,) in names:
            rows = books.db.execute(
                f"SELECT document, name FROM {table} WHERE {live} AND normalised=? ORDER BY document", (name,)
            ).fetchall()
            ids = tuple(document.hex() for document, _ in rows)
            text = f"{len(ids)} {table.replace('_', ' ')} are called {rows[0][1]!r}; merge them, or rename one"
            settle = f"khata master merge {kind} {ID_PREFIX}{ids[-1]} {ID_PREFIX}{ids[0]}"
            yield ids, text, settle


def cyclic_parents(books: Books) -> Iterator[Found]:
    """Masters that stand under each other; in reports they hang under Primary."""
    for kind, registers in REFERENCES.items():
        if registers.get("parent") == kind:
            yield from _cycles(books, kind, "parent", "stand under each other, and so under Primary")


def cyclic_merges(books: Books) -> Iterator[Found]:
    """Masters that were merged into each other; all read as the lowest id."""
    for kind in MASTER_COLUMNS:
        yield from _cycles(books, kind, "merged_into", "were merged into each other, and read as the first")


def _cycles(books: Books, kind: str, register: str, what: str) -> Iterator[Found]:
    table = MASTER_COLUMNS[kind][0]
    rows = books.db.execute(
        f"SELECT m.document, o.document, m.name FROM {table} m JOIN {table} o ON o.id=m.{register} WHERE m.present"
    ).fetchall()
    target = {document: other for document, other, _ in rows}
    names = {document: name for document, _, name in rows}
    for ring in cycles(sorted(target), target.get):
        listed = ", ".join(repr(names[document]) for document in ring)
        text = f"the {table.replace('_', ' ')} {listed} {what}"
        settle = f"khata master alter {kind} {ID_PREFIX}{ring[0].hex()} --set {register}=null"
        yield tuple(document.hex() for document in ring), text, settle


def _spoken(kind: str) -> str:
    return kind.replace("-", " ")
