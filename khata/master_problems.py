"""Problems with masters: referred to but missing, deleted but used, two of one name, cycles."""

import shlex
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from crdt_models.masters import normalised
from khata.books import Books
from khata.deeds import branches_of, deed, in_order, set_by, showing
from khata.master_rows import REFERENCES, reference_column
from khata.naming import ID_PREFIX, cycles, missing_label
from khata.problem import Choice, Deed, Effect, Problem
from khata.tables import MASTER_COLUMNS
from p2p.scope import master_scope
from p2p.store import prefix_of

MISSING_MASTER: Final = "missing-master"
DELETED_IN_USE: Final = "deleted-master-in-use"
SAME_NAME: Final = "same-name"
PARENT_CYCLE: Final = "parent-cycle"
MERGE_CYCLE: Final = "merge-cycle"

_LISTED_MAX: Final = 50
_LOOKED_INTO_MAX: Final = 5
"""Of how many users of a master it is told who saved them."""

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


class Users(NamedTuple):
    """Who refers to a master: live vouchers and masters, as ids in hex, and the branches in whose books they are."""

    vouchers: set[str]
    masters: set[str]
    branches: set[str]

    @property
    def counted(self) -> str:
        """How many, with the verb: "2 vouchers and 1 master use"."""
        parts = [
            f"{len(users)} {word if len(users) == 1 else word + 's'}"
            for users, word in ((self.vouchers, "voucher"), (self.masters, "master"))
            if users
        ]
        return f"{' and '.join(parts)} {'uses' if len(self.vouchers) + len(self.masters) == 1 else 'use'}"

    @property
    def listed(self) -> tuple[str, ...]:
        """The first of them, masters before vouchers."""
        return (*sorted(self.masters)[:_LISTED_MAX], *sorted(self.vouchers)[:_LISTED_MAX])


def missing_masters(books: Books) -> Iterator[Problem]:
    """Masters that live documents refer to and that are not here."""
    for kind in MASTER_COLUMNS:
        for local, users in users_by_master(books, kind, _MISSING).items():
            document = books.names.masters(kind)[local].document
            meanwhile = "its entries stand under suspense" if kind == "ledger" else "they are kept as they are"
            text = f"{users.counted} the {missing_label(kind, document)}; until it arrives, {meanwhile}"
            id = document.hex()
            deeds = in_order(_uses(books, users))
            effect = _standing(books, kind, [local])
            found = Problem(
                MISSING_MASTER, (id, *users.listed), text, (), deeds, effect, "under suspense" if effect else "",
                _branches(deeds, users), (kind, id),
            )  # fmt: skip
            stand_in = f"khata problems stand-in {found.id} --name {shlex.quote(f'Unknown {kind} {id[:8]}')}"
            choices = (
                Choice("it is on its way: fetch it from the others", "khata sync"),
                Choice("nobody has it: put one in its place, to be renamed or merged", stand_in),
            )
            yield found._replace(choices=choices)


def deleted_in_use(books: Books) -> Iterator[Problem]:
    """Masters that were deleted while others use them; they count as live."""
    for kind in MASTER_COLUMNS:
        for local, users in users_by_master(books, kind, _DELETED).items():
            master = books.names.masters(kind)[local]
            text = (
                f"{users.counted} the {_spoken(kind)} {master.name!r}, which was deleted; it counts as live while it "
                "is used"
            )
            deeds = in_order([*_set(books, kind, [master.document], "deleted", "deleted it"), *_uses(books, users)])
            effect = _standing(books, kind, [local])
            yield Problem(
                DELETED_IN_USE, (master.document.hex(), *users.listed), text,
                tuple(_revivals(books, kind, master.document, master.name)), deeds, effect,
                "stands on it" if effect else "", _branches(deeds, users), (kind, master.document.hex()),
            )  # fmt: skip


def _revivals(books: Books, kind: str, document: bytes, name: str) -> Iterator[Choice]:
    """How a deleted master that is used comes to rest: back, or into the one that has its name now."""
    spelled = f"{ID_PREFIX}{document.hex()}"
    taken = books.names.taken(kind, name)
    if taken is not None and taken.document != document:
        into = f"{ID_PREFIX}{taken.document.hex()}"
        yield Choice(
            f"let it read as the {_spoken(kind)} {taken.name!r} that has its name now",
            f"khata master merge {kind} {spelled} {into}",
        )
    else:
        yield Choice("bring it back", f"khata master restore {kind} {spelled}")


def users_of(books: Books, kind: str, local: int) -> tuple[set[str], set[str]]:
    """The live vouchers and masters that refer to one master, as ids in hex."""
    users = users_by_master(books, kind, f"id={local}").get(local)
    return (users.vouchers, users.masters) if users is not None else (set(), set())


def users_by_master(books: Books, kind: str, condition: str) -> dict[int, Users]:
    """By local id of each master of a kind that meets a condition: the live vouchers and masters that refer to it.

    Args:
        condition: SQL about the kind's table.
    """
    table = MASTER_COLUMNS[kind][0]
    if books.db.execute(f"SELECT 1 FROM {table} WHERE {condition} LIMIT 1").fetchone() is None:
        return {}
    wanted = f"(SELECT id FROM {table} WHERE {condition})"
    found: dict[int, Users] = {}
    for query in _OF_VOUCHERS.get(kind, ()):
        rows = books.db.execute(
            f"WITH found (master, voucher) AS ({query} {wanted}) SELECT master, v.document, b.code FROM found "
            "JOIN vouchers v ON v.id=voucher LEFT JOIN branches b ON b.id=v.branch WHERE NOT v.cancelled"
        )
        for master, document, branch in rows.fetchall():
            users = found.setdefault(master, Users(set(), set(), set()))
            users.vouchers.add(document.hex())
            users.branches.add(branch or "")
    for query in _of_masters(kind, wanted):
        for master, document in books.db.execute(query).fetchall():
            found.setdefault(master, Users(set(), set(), set())).masters.add(document.hex())
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


def _uses(books: Books, users: Users) -> Iterator[Deed]:
    """Who saved the first of those that refer to a master."""
    for id in (*sorted(users.masters), *sorted(users.vouchers))[:_LOOKED_INTO_MAX]:
        document = bytes.fromhex(id)
        rows = books.db.execute("SELECT row, id FROM documents WHERE prefix=? ORDER BY kind", (prefix_of(document),))
        for row in sorted(row for row, found in rows.fetchall() if bytes(found) == document):
            held = books.document(row)
            save = showing(held, "posting") or max(held.saves().values(), key=lambda save: (save.time, save.id))
            yield deed(books, save, f"used it in {held.kind} {id[:8]}")


def _set(books: Books, kind: str, documents: Iterable[bytes], register: str, what: str) -> Iterator[Deed]:
    """Who set what shows of a register of some masters."""
    for document in documents:
        held = books.replica.document(master_scope(kind), kind, document)
        if held is not None:
            yield from set_by(books, held, [register], what)


def _standing(books: Books, kind: str, ledgers: Iterable[int]) -> Effect:
    """What stands on ledgers by their entries."""
    found = []
    for local in ledgers if kind == "ledger" else ():
        rows = books.db.execute("SELECT amount_e4 FROM entries WHERE posted=1 AND ledger=?", (local,))
        total = sum(amount for (amount,) in rows)
        if total:
            found.append((books.names.label(kind, local), total))
    return tuple(sorted(found))


def _branches(deeds: Iterable[Deed], users: Users) -> tuple[str, ...]:
    return tuple(sorted({*branches_of(deeds), *users.branches} - {""}))


def same_names(books: Books) -> Iterator[Problem]:
    """Live masters of one kind and one name: two branches made or renamed them so while apart."""
    for kind, (table, _) in MASTER_COLUMNS.items():
        live = "present AND NOT deleted AND merged_into IS NULL AND normalised<>''"
        names = books.db.execute(
            f"SELECT normalised FROM {table} WHERE {live} GROUP BY normalised HAVING count(*)>1 ORDER BY normalised"
        ).fetchall()
        for (name,) in names:
            rows = books.db.execute(
                f"SELECT id, document, name FROM {table} WHERE {live} AND normalised=? ORDER BY document", (name,)
            ).fetchall()
            yield _same_name(books, kind, [(local, bytes(document), called) for local, document, called in rows])


def _same_name(books: Books, kind: str, found: list[tuple[int, bytes, str]]) -> Problem:
    name = found[0][2]
    (first, last) = (f"{ID_PREFIX}{found[at][1].hex()}" for at in (0, -1))
    text = f"{len(found)} {MASTER_COLUMNS[kind][0].replace('_', ' ')} are called {name!r}; merge them, or rename one"
    documents = [document for _, document, _ in found]
    deeds = in_order(_set(books, kind, documents, "name", f"named it {name!r}"))
    other = _free_name(books, kind, name)
    choices = (
        Choice("they are one: let the last read as the first", f"khata master merge {kind} {last} {first}"),
        Choice(f"they are two: call one {other!r}", f"khata master rename {kind} {last} {shlex.quote(other)}"),
    )
    effect = tuple(
        (f"{label} ({document.hex()[:8]})", amount)
        for local, document, _ in found
        for label, amount in _standing(books, kind, [local])
    )
    return Problem(
        SAME_NAME, tuple(document.hex() for document in documents), text, choices, deeds, effect,
        "stands on each" if effect else "", branches_of(deeds),
    )  # fmt: skip


def _free_name(books: Books, kind: str, name: str) -> str:
    """The name with a number after it that no other has."""
    count = 2
    while books.names.taken(kind, normalised(f"{name} ({count})")) is not None:
        count += 1
    return f"{name} ({count})"


def cyclic_parents(books: Books) -> Iterator[Problem]:
    """Masters that stand under each other; in reports they hang under Primary."""
    for kind, registers in REFERENCES.items():
        if registers.get("parent") == kind:
            yield from _cycles(books, kind, "parent", PARENT_CYCLE)


def cyclic_merges(books: Books) -> Iterator[Problem]:
    """Masters that were merged into each other; all read as the lowest id."""
    for kind in MASTER_COLUMNS:
        yield from _cycles(books, kind, "merged_into", MERGE_CYCLE)


_RINGS: Final = {
    PARENT_CYCLE: ("stand under each other, and so under Primary", "put it under", "let it stand at the top"),
    MERGE_CYCLE: ("were merged into each other, and read as the first", "merged it into", "let it stand for itself"),
}
"""What is said of a ring, of who closed it, and of ending it."""


def _cycles(books: Books, kind: str, register: str, code: str) -> Iterator[Problem]:
    table = MASTER_COLUMNS[kind][0]
    rows = books.db.execute(
        f"SELECT m.document, o.document, m.name FROM {table} m JOIN {table} o ON o.id=m.{register} WHERE m.present"
    ).fetchall()
    target = {bytes(document): bytes(other) for document, other, _ in rows}
    names = {bytes(document): name for document, _, name in rows}
    what, did, ended = _RINGS[code]
    for ring in cycles(sorted(target), target.get):
        listed = ", ".join(repr(names[document]) for document in ring)
        text = f"the {table.replace('_', ' ')} {listed} {what}"
        deeds = in_order(
            one
            for document in ring
            for one in _set(books, kind, [document], register, f"{did} {names[target[document]]!r}")
        )
        choices = tuple(
            Choice(
                f"{names[document]!r}: {ended}",
                f"khata master alter {kind} {ID_PREFIX}{document.hex()} --set {register}=null",
            )
            for document in ring
        )
        documents = tuple(document.hex() for document in ring)
        yield Problem(code, documents, text, choices, deeds, branches=branches_of(deeds), about=(kind, *documents))


def _spoken(kind: str) -> str:
    return kind.replace("-", " ")
