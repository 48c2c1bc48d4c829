"""The tables of the books against what the saves come to: vouchers, entries, masters, conflicts, balances."""

import json
import sqlite3
from collections.abc import Iterable, Iterator

from simulations.oracle.chain import Chain
from simulations.oracle.commits import Name
from simulations.oracle.expected import Moved, Voucher, clashes, master, vouchers
from simulations.oracle.folding import Clash
from simulations.oracle.periods import Undecided
from simulations.oracle.reading import Copy

_MASTERS = {"ledger": ("ledgers", "groups", "group_id"), "group": ("groups", "groups", "parent")}
Fault = tuple[str, str]
"""Which check, and a sentence without the name of the device."""


class Books:
    """The tables of one device, and what was found about its documents so far."""

    def __init__(self, copy: Copy) -> None:
        self._copy = copy
        self._clashes: dict[Name, dict[str, Clash]] = {}
        self._undecided: set[Name] = set()

    def faults(self, db: sqlite3.Connection, chain: Chain) -> Iterator[Fault]:
        """What the tables say wrongly, of the documents that the last look has found changed."""
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name='vouchers'").fetchone():
            return
        copy = self._copy
        everything = copy.renewed or copy.chain_changed
        names = sorted(copy.documents if everything else copy.touched)
        if copy.renewed:
            self._clashes.clear()
        yield from _unbalanced(db)
        yield from self._vouchers(db, chain, [name for name in names if _is_voucher(name)])
        yield from self._masters(db, [name for name in names if _is_master(name)])
        yield from self._conflicts(db, chain, names)

    def _vouchers(self, db: sqlite3.Connection, chain: Chain, names: list[Name]) -> Iterator[Fault]:
        shown = _shown_vouchers(db, _rows_of(db, names))
        for name in names:
            try:
                wanted = {voucher.leg: voucher for voucher in vouchers(self._copy, chain, name)}
            except Undecided:
                continue
            found = shown.get(name, {})
            for leg in sorted(wanted.keys() | found.keys()):
                text = _difference(found.get(leg), wanted.get(leg))
                if text:
                    yield "shown", f"{_called(name, wanted.get(leg))}: {text}"

    def _masters(self, db: sqlite3.Connection, names: list[Name]) -> Iterator[Fault]:
        shown = {kind: _shown_masters(db, kind) for kind in {name[1] for name in names}}
        for name in names:
            try:
                wanted = master(self._copy, name)
            except Undecided:
                continue
            found = shown[name[1]].get(name[2])
            if wanted is not None and found != wanted:
                yield "shown", f"{name[1]} {wanted.name} stands in the tables as {found}, its saves say {wanted}"
            if wanted is None and found is not None:
                yield "shown", f"{name[1]} {found[0]} stands in the tables, though nothing of it counts"

    def _conflicts(self, db: sqlite3.Connection, chain: Chain, names: Iterable[Name]) -> Iterator[Fault]:
        for name in names:
            self._undecided.discard(name)
            self._clashes.pop(name, None)
            try:
                found = clashes(self._copy, chain, name)
            except Undecided:
                self._undecided.add(name)
            else:
                self._clashes.update({name: found} if found else {})
        listed = _listed(db)
        for name in sorted(self._clashes.keys() | listed.keys()):
            if name in self._undecided:
                continue
            wanted, found = self._clashes.get(name, {}), listed.get(name, {})
            for register in sorted(wanted.keys() | found.keys()):
                if register not in found:
                    yield "conflicts", f"the clash on {register} of {_called(name)} is not listed"
                elif register not in wanted:
                    yield "conflicts", f"a clash on {register} of {_called(name)} is listed, and there is none"
                elif wanted[register] != found[register]:
                    yield "conflicts", f"the clash on {register} of {_called(name)} is listed with other values"

    @property
    def clashing(self) -> dict[Name, dict[str, Clash]]:
        """The registers that several people have set apart from each other, as far as that is known."""
        return self._clashes


def _is_voucher(name: Name) -> bool:
    root = name[0].partition("/")[0]
    return (root, name[1]) in (("vouchers", "voucher"), ("transfers", "transfer"))


def _is_master(name: Name) -> bool:
    return name[1] in _MASTERS and name[0] == f"masters/{name[1]}"


def _called(name: Name, voucher: Voucher | None = None) -> str:
    number = f" {voucher.number}" if voucher is not None and voucher.number else ""
    return f"{name[1]}{number} {name[2].hex()[:8]} in {name[0]}"


def _rows_of(db: sqlite3.Connection, names: list[Name]) -> dict[int, Name]:
    """Local numbers of documents."""
    if len(names) > 200:
        wanted = set(names)
        rows = db.execute("SELECT d.row, s.path, d.kind, d.id FROM documents d JOIN scopes s ON s.id=d.scope")
        return {row: (path, kind, id) for row, path, kind, id in rows if (path, kind, id) in wanted}
    found: dict[int, Name] = {}
    for name in names:
        prefix = int.from_bytes(name[2][:8], "big") - (1 << 63)
        for row, path, kind, id in db.execute(
            "SELECT d.row, s.path, d.kind, d.id FROM documents d JOIN scopes s ON s.id=d.scope WHERE d.prefix=?",
            (prefix,),
        ):
            if (path, kind, id) == name:
                found[row] = name
    return found


def _shown_vouchers(db: sqlite3.Connection, names: dict[int, Name]) -> dict[Name, dict[str, Voucher]]:
    rows = json.dumps([sign * row for row in names for sign in (1, -1)])
    entries: dict[int, list[tuple[bytes, int]]] = {}
    for row, ledger, amount in db.execute(
        "SELECT e.voucher, l.document, e.amount_e4 FROM entries e JOIN ledgers l ON l.id=e.ledger "
        "WHERE e.voucher IN (SELECT value FROM json_each(?)) ORDER BY e.voucher, e.line",
        (rows,),
    ):
        entries.setdefault(row, []).append((ledger, amount))
    stock: dict[int, list[Moved]] = {}
    for row, item, quantity, amount, posted in db.execute(
        "SELECT s.voucher, i.document, s.quantity_e6, s.amount_e4, s.posted FROM stock_lines s "
        "JOIN stock_items i ON i.id=s.item WHERE s.voucher IN (SELECT value FROM json_each(?)) "
        "ORDER BY s.voucher, s.line",
        (rows,),
    ):
        stock.setdefault(row, []).append((item, quantity, amount, bool(posted)))
    found: dict[Name, dict[str, Voucher]] = {}
    for row, leg, number, date, narration, cancelled, optional, late, posted, state in db.execute(
        "SELECT v.id, leg, number, date, narration, v.cancelled, optional, late, posted, coalesce(t.state, '') "
        "FROM vouchers v LEFT JOIN transfers t ON t.id=abs(v.id) WHERE v.id IN (SELECT value FROM json_each(?))",
        (rows,),
    ):
        flags = (bool(cancelled), bool(optional), bool(late), bool(posted))
        parts = tuple(entries.get(row, ())), tuple(stock.get(row, ()))
        voucher = Voucher(leg, number, date, narration, *flags, *parts, state)
        found.setdefault(names[abs(row)], {})[leg] = voucher
    return found


def _difference(found: Voucher | None, wanted: Voucher | None) -> str:
    if found == wanted:
        return ""
    if found is None:
        return "it is not in the tables"
    if wanted is None:
        return "it is in the tables, though nothing of it counts"
    different = [
        f"{field} is {shown!r} in the tables, its saves say {said!r}"
        for field, shown, said in zip(Voucher._fields, found, wanted, strict=True)
        if shown != said
    ]
    return "; ".join(different)


def _shown_masters(db: sqlite3.Connection, kind: str) -> dict[bytes, tuple[str, bool, bytes | None]]:
    table, parents, column = _MASTERS[kind]
    return {
        document: (name, bool(deleted), parent)
        for document, name, deleted, parent in db.execute(
            f"SELECT m.document, m.name, m.deleted, p.document FROM {table} m "
            f"LEFT JOIN {parents} p ON p.id=m.{column} WHERE m.present"
        )
    }


def _listed(db: sqlite3.Connection) -> dict[Name, dict[str, Clash]]:
    saves: dict[tuple[int, str], list[bytes]] = {}
    for document, register, save in db.execute(
        "SELECT document, register, save FROM conflict_values ORDER BY document, register, position"
    ):
        saves.setdefault((document, register), []).append(save)
    found: dict[Name, dict[str, Clash]] = {}
    for document, register, incomplete, path, kind, id in db.execute(
        "SELECT c.document, c.register, c.incomplete, s.path, d.kind, d.id FROM conflicts c "
        "JOIN documents d ON d.row=c.document JOIN scopes s ON s.id=d.scope"
    ):
        clash = Clash(tuple(saves.get((document, register), ())), bool(incomplete))
        found.setdefault((path, kind, id), {})[register] = clash
    return found


def _unbalanced(db: sqlite3.Connection) -> Iterator[Fault]:
    for number, document, total in db.execute(
        "SELECT v.number, v.document, sum(e.amount_e4) FROM entries e JOIN vouchers v ON v.id=e.voucher "
        "WHERE e.posted GROUP BY e.voucher HAVING sum(e.amount_e4)<>0"
    ):
        yield "balanced", f"voucher {number or document.hex()[:8]} counts and does not balance, by {total / 10_000:.2f}"
    for number, document in db.execute(
        "SELECT DISTINCT v.number, v.document FROM entries e JOIN vouchers v ON v.id=e.voucher WHERE e.posted<>v.posted"
    ):
        yield "balanced", f"voucher {number or document.hex()[:8]} counts in part only"
    (total,) = db.execute("SELECT coalesce(sum(amount_e4), 0) FROM entries WHERE posted").fetchone()
    if total:
        yield "trial-balance", f"the trial balance is {total / 10_000:.2f}, not nothing"


def doubled_numbers(db: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """Numbers that several live vouchers of one base type have, each with how many."""
    return {
        (number, base): count
        for number, base, count in db.execute(
            "SELECT number, base, count(*) FROM vouchers WHERE NOT cancelled AND number<>'' GROUP BY number, base "
            "HAVING count(*)>1"
        )
    }


def table_lines(db: sqlite3.Connection) -> dict[bytes, dict[str, list[object]]]:
    """What the tables say of each voucher, without local ids: the same in all books that hold the same commits."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name='vouchers'").fetchone():
        return {}
    found: dict[bytes, dict[str, list[object]]] = {}
    for document, leg, scope, *fields in db.execute(
        "SELECT v.document, v.leg, s.path, v.number, v.date, v.base, v.narration, v.reference, v.cancelled, "
        "v.optional, v.posted, v.late, v.author, v.created_ms, v.changed_ms, (SELECT json_group_array(json_array("
        "e.line, hex(l.document), e.amount_e4, e.posted)) FROM entries e JOIN ledgers l ON l.id=e.ledger "
        "WHERE e.voucher=v.id) FROM vouchers v JOIN scopes s ON s.id=v.scope"
    ):
        found.setdefault(document, {})[f"{scope} {leg}"] = fields
    return found
