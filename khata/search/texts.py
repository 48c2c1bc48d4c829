"""What is searchable in each document: the texts that people know it by, and the amounts in it.

A voucher is also found by the names of the masters in it, but these are not kept with it: a ledger that is renamed or
merged would otherwise leave stale words in every voucher that names it.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from crdt_models.transfers import KIND as TRANSFER
from crdt_models.vouchers import KIND as VOUCHER
from khata.search.words import amount_tokens, indexed
from khata.tables import MASTER_COLUMNS

_VOUCHER_TEXTS: Final = (
    "SELECT abs(id), number, reference, narration, party_gstin FROM vouchers WHERE id IN ({ids}) ORDER BY id DESC",
    "SELECT DISTINCT abs(voucher), name FROM bill_allocations WHERE voucher IN ({ids})",
    "SELECT DISTINCT abs(voucher), number, favouring FROM bank_allocations WHERE voucher IN ({ids})",
    "SELECT DISTINCT abs(voucher), batch, tracking FROM stock_lines WHERE voucher IN ({ids})",
)
_VOUCHER_ENTRIES: Final = "SELECT abs(voucher), amount_e4 FROM entries WHERE voucher IN ({ids})"
_VOUCHER_AMOUNTS: Final = (
    _VOUCHER_ENTRIES,
    "SELECT abs(voucher), amount_e4 FROM bill_allocations WHERE voucher IN ({ids})",
    "SELECT abs(voucher), amount_e4 FROM stock_lines WHERE voucher IN ({ids})",
)
_OWN_TEXTS: Final = {
    "company": ("mailing_name", "address", "gstin", "pan", "phone", "email"),
    "currency": ("formal_name", "code"),
    "unit": ("formal_name",),
    "ledger": ("gstin", "pan", "mailing_name", "address", "phone", "email"),
    "voucher-type": ("abbreviation",),
}
"""The columns of a master that are searched besides its name and aliases."""

_BESIDE_TEXTS: Final = {
    "ledger": ("SELECT ledger, name FROM opening_bills WHERE ledger IN ({ids})",),
    "stock-item": (
        "SELECT master, hsn FROM gst_rates WHERE kind='stock-item' AND master IN ({ids})",
        "SELECT item, batch FROM opening_stock WHERE item IN ({ids})",
    ),
}
_BESIDE_AMOUNTS: Final = {
    "ledger": (
        "SELECT id, opening_e4 FROM ledgers WHERE id IN ({ids}) AND opening_e4<>0",
        "SELECT ledger, amount_e4 FROM opening_bills WHERE ledger IN ({ids})",
    ),
    "stock-item": ("SELECT item, value_e4 FROM opening_stock WHERE item IN ({ids})",),
}


class Searchable(NamedTuple):
    """What is kept of one document: its words and the tokens of its amounts."""

    row: int
    words: str
    amounts: str


def searchable(db: sqlite3.Connection, rows: Sequence[int]) -> Iterator[Searchable]:
    """What some documents are found by; those that are of no use to a person give nothing.

    Args:
        rows: local numbers of documents.
    """
    by_kind: dict[str, list[tuple[int, bytes]]] = {}
    held = db.execute(
        "SELECT row, kind, id FROM documents WHERE row IN (SELECT value FROM json_each(?))", (json.dumps(rows),)
    )
    for row, kind, id in held.fetchall():
        by_kind.setdefault(kind, []).append((row, id))
    for kind, found in sorted(by_kind.items()):
        if kind in (VOUCHER, TRANSFER):
            yield from _vouchers(db, [row for row, _ in found])
        elif kind in MASTER_COLUMNS:
            yield from _masters(db, kind, found)


def _vouchers(db: sqlite3.Connection, rows: Sequence[int]) -> Iterator[Searchable]:
    ids = [*rows, *(-row for row in rows)]
    texts, amounts = _Gathered(db, ids), _Gathered(db, ids)
    for query in _VOUCHER_TEXTS:
        texts.add(query)
    for query in _VOUCHER_AMOUNTS:
        amounts.add(query)
    entries = _Gathered(db, ids)
    entries.add(_VOUCHER_ENTRIES)
    # The amount a person knows a voucher by need not be that of any one line.
    amounts.more({row: sum(amount for amount in entries.amounts(row) if amount > 0) for row in rows})
    yield from _joined({row: row for row in rows}, texts, amounts)


def _masters(db: sqlite3.Connection, kind: str, found: Sequence[tuple[int, bytes]]) -> Iterator[Searchable]:
    table = MASTER_COLUMNS[kind][0]
    locals_ = {
        local: row
        for row, id in found
        for (local,) in db.execute(f"SELECT id FROM {table} WHERE document=? AND present", (id,)).fetchall()
    }
    texts, amounts = _Gathered(db, list(locals_)), _Gathered(db, list(locals_))
    own = ", ".join(("id", "name", *_OWN_TEXTS.get(kind, ())))
    texts.add(f"SELECT {own} FROM {table} WHERE id IN ({{ids}})")
    texts.add(f"SELECT master, alias FROM aliases WHERE kind='{kind}' AND master IN ({{ids}}) ORDER BY position")
    for query in _BESIDE_TEXTS.get(kind, ()):
        texts.add(query)
    for query in _BESIDE_AMOUNTS.get(kind, ()):
        amounts.add(query)
    yield from _joined(locals_, texts, amounts)


class _Gathered:
    """What queries give, by the number in their first column."""

    def __init__(self, db: sqlite3.Connection, ids: list[int]) -> None:
        self._db = db
        self._ids = json.dumps(ids)
        self._found: dict[int, list[object]] = {}

    def add(self, query: str) -> None:
        """Take what a query gives for these ids."""
        for owner, *values in self._db.execute(
            query.format(ids="SELECT value FROM json_each(?)"), (self._ids,)
        ).fetchall():
            self._found.setdefault(owner, []).extend(values)

    def more(self, values: Mapping[int, int]) -> None:
        """Take one more value of each."""
        for owner, value in values.items():
            self._found.setdefault(owner, []).append(value)

    def texts(self, owner: int) -> Iterable[str]:
        """The texts of one."""
        return (value for value in self._found.get(owner, ()) if isinstance(value, str) and value)

    def amounts(self, owner: int) -> list[int]:
        """The amounts of one."""
        return [value for value in self._found.get(owner, ()) if isinstance(value, int)]


def _joined(rows: dict[int, int], texts: _Gathered, amounts: _Gathered) -> Iterator[Searchable]:
    for owner, row in rows.items():
        tokens = {token for amount in amounts.amounts(owner) if amount for token in amount_tokens(amount)}
        found = Searchable(row, indexed(texts.texts(owner)), " ".join(sorted(tokens)))
        if found.words or found.amounts:
            yield found
