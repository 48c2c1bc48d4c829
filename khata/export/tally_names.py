"""The masters of a Tally file: which of them stand in it, under which names, below which others.

Tally knows masters by name alone, so every name in the file is the name of one master of its kind. Merged masters are
one; a master that was deleted stands in the file while something uses it; one that has not arrived stands under the
name that reports show, so that nothing entered is ever left out.
"""

from collections.abc import Iterator
from typing import Final

from crdt_models.masters import KINDS, Company, normalised
from khata.books import Books
from khata.export.tally_text import clean
from khata.master_rows import REFERENCES, reference_column
from khata.naming import MasterName, cycles, missing_label
from khata.tables import MASTER_COLUMNS

MASTER_KINDS: Final = tuple(kind for kind in KINDS if kind != Company.KIND)
"""The kinds of masters in the order of the file: each after what it refers to."""

_USED_IN: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "ledger": (("entries", "ledger"), ("vouchers", "party"), ("stock_lines", "ledger")),
    "voucher-type": (("vouchers", "type"),),
    "stock-item": (("stock_lines", "item"),),
    "unit": (("stock_lines", "unit"),),
    "godown": (("stock_lines", "godown"), ("stock_lines", "destination"), ("opening_stock", "godown")),
    "cost-centre": (("cost_allocations", "centre"),),
    "cost-category": (("cost_allocations", "category"),),
    "currency": (("forex_amounts", "currency"),),
}
"""For each kind of master, the tables and columns in which vouchers refer to it."""

_PARENT: Final = {"unit": "head"}
"""The column that names the master above, where it is not called `parent`."""

_RESERVED: Final = frozenset({"not applicable", "primary", "any"})
"""Words that mean something of their own where Tally expects a name."""

_ID_DIGITS: Final = 8


class TallyNames:
    """The masters of one copy as they stand in a file, as they are when this is made.

    `clashes` lists the names that had to be told apart, as sentences.

    Cost: a few scans of the masters, and one of what vouchers refer to.
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        self._standing = _standing(books)
        self._names: dict[str, dict[bytes, str]] = {}
        self._unique: dict[str, dict[int, str]] = {}
        self.clashes: list[str] = []
        for kind in MASTER_KINDS:
            self._unique[kind] = self._told_apart(kind)
            masters, effective = books.names.masters(kind), books.names.effective
            self._names[kind] = {
                master.document: self._unique[kind][effective(kind, local)]
                for local, master in masters.items()
                if effective(kind, local) in self._unique[kind]
            }

    def name(self, kind: str, document: bytes) -> str:
        """The name of a master by kind and document id, of one that is not here too."""
        return self._names[kind].get(document) or missing_label(kind, document)

    def in_order(self, kind: str) -> list[MasterName]:
        """The masters of a kind that stand in the file, each after the one above it, else by name and id."""
        masters = self._books.names.masters(kind)
        above = self.parents(kind)

        def depth(local: int) -> int:
            steps, at = 0, above.get(local)
            while at is not None:
                steps, at = steps + 1, above.get(at)
            return steps

        found = [masters[local] for local in self._unique[kind]]
        return sorted(found, key=lambda it: (depth(it.local), normalised(self.name(kind, it.document)), it.document))

    def parents(self, kind: str) -> dict[int, int]:
        """The master above each that has one, by local id; those that stand under each other stand under none."""
        column = _PARENT.get(kind, "parent")
        if column not in REFERENCES.get(kind, {}):
            return {}
        table, effective = MASTER_COLUMNS[kind][0], self._books.names.effective
        above = {
            local: effective(kind, parent)
            for local, parent in self._books.db.execute(
                f"SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL AND present"
            )
            if local in self._unique[kind]
        }
        for ring in cycles(sorted(above), above.get):
            for local in ring:
                above.pop(local, None)
        return above

    def same(self, kind: str, local: int) -> list[MasterName]:
        """The masters that were merged into this one, by name and id."""
        masters = self._books.names.masters(kind)
        merged = [
            master
            for other, master in masters.items()
            if other != local and master.present and self._books.names.effective(kind, other) == local
        ]
        return sorted(merged, key=lambda master: (normalised(master.name), master.document))

    def _told_apart(self, kind: str) -> dict[int, str]:
        """A name of its own for each master that stands in the file; of several alike the lowest id keeps it."""
        taken: set[str] = set()
        found: dict[int, str] = {}
        masters = self._books.names.masters(kind)
        for local in sorted(self._standing[kind], key=lambda local: masters[local].document):
            master = masters[local]
            called = self._books.names.label(kind, local)
            name = clean(called) if kind != "currency" else _symbol(clean(called))
            if not name or normalised(name) in taken | _RESERVED:
                digits = master.document.hex()[:_ID_DIGITS]
                name = f"{name}-{digits}" if kind == "currency" else f"{name} ({digits})".strip()
            if name != called:
                self.clashes.append(f"the {kind.replace('-', ' ')} {called!r} stands in the file as {name!r}")
            taken.add(normalised(name))
            found[local] = name
        return found


def _symbol(name: str) -> str:
    """A currency's name as it can stand in an amount: no digits, spaces or signs."""
    return "".join(letter for letter in name if not letter.isdigit() and letter not in " \t\n.,+-()@=/") or "Currency"


def _standing(books: Books) -> dict[str, set[int]]:
    """By kind, the local ids of the masters in the file: all that live, and whatever those or vouchers refer to."""
    names = books.names
    standing = {
        kind: {
            local
            for local, master in names.masters(kind).items()
            if master.present and not master.deleted and names.effective(kind, local) == local
        }
        for kind in MASTER_KINDS
    }
    found = {kind: {names.effective(kind, local) for local in _used(books, kind)} for kind in MASTER_KINDS}
    references = {kind: list(_references(books, kind)) for kind in MASTER_KINDS}
    ahead = [(kind, local) for kind in MASTER_KINDS for local in standing[kind] | found[kind]]
    below: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for kind, rows in references.items():
        for local, other, referred in rows:
            below.setdefault((kind, names.effective(kind, local)), []).append((other, names.effective(other, referred)))
    reached = set(ahead)
    while ahead:
        for following in below.get(ahead.pop(), ()):
            if following not in reached:
                reached.add(following)
                ahead.append(following)
    return {kind: {local for of, local in reached if of == kind} for kind in MASTER_KINDS}


def _used(books: Books, kind: str) -> Iterator[int]:
    for table, column in _USED_IN.get(kind, ()):
        rows = books.db.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL")
        yield from (local for (local,) in rows.fetchall())


def _references(books: Books, kind: str) -> Iterator[tuple[int, str, int]]:
    """Local id, kind and local id of everything that masters of a kind refer to."""
    for register, other in REFERENCES.get(kind, {}).items():
        column = reference_column(kind, register)
        rows = books.db.execute(
            f"SELECT id, {column} FROM {MASTER_COLUMNS[kind][0]} WHERE {column} IS NOT NULL AND present"
        )
        yield from ((local, other, referred) for local, referred in rows.fetchall())
