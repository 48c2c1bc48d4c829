"""Documents that say nothing any more, since all of their saves are set aside: their rows leave the tables.

Their history stays in the edit log, and when a save counts again they are projected as any document that changed.
"""

import sqlite3
from collections.abc import Callable, Sequence

from crdt_models.masters import KINDS
from crdt_models.transfers import KIND as TRANSFER
from crdt_models.vouchers import KIND as VOUCHER
from khata.tables import MASTER_COLUMNS
from khata.transfers.rows import forget
from khata.voucher_rows import PART_TABLES
from p2p.documents import ChangedDocument

_MASTER_PARTS = ("aliases", "master_sources", "gst_rates")
_OPENINGS = {"ledger": ("opening_bills", "ledger"), "stock-item": ("opening_stock", "item")}


def withdraw(db: sqlite3.Connection, documents: Sequence[ChangedDocument], refer: Callable[[str, bytes], int]) -> None:
    """Remove the rows of documents of which nothing counts.

    Args:
        refer: gives the local id of a master by kind and document id; it stays, as that of one that has not come.
    """
    held = [document for document in documents if not document.new]
    rows = [(document.row,) for document in held]
    db.executemany("DELETE FROM unknown_documents WHERE document=?", rows)
    vouchers = [(document.row,) for document in held if document.kind == VOUCHER]
    for table in PART_TABLES if vouchers else ():
        db.executemany(f"DELETE FROM {table} WHERE voucher=?", vouchers)
    db.executemany("DELETE FROM vouchers WHERE id=?", vouchers)
    forget(db, [document for document in held if document.kind == TRANSFER])
    for document in held:
        if document.kind in KINDS and document.scope == f"masters/{document.kind}":
            _withdraw_master(db, document.kind, document.id, refer(document.kind, document.id))


def remove_master_parts(db: sqlite3.Connection, kind: str, local: int) -> None:
    """Remove the rows of all that belongs to a master, before they are written anew."""
    for table in _MASTER_PARTS:
        db.execute(f"DELETE FROM {table} WHERE kind=? AND master=?", (kind, local))
    if kind in _OPENINGS:
        table, column = _OPENINGS[kind]
        db.execute(f"DELETE FROM {table} WHERE {column}=?", (local,))


def _withdraw_master(db: sqlite3.Connection, kind: str, document: bytes, local: int) -> None:
    remove_master_parts(db, kind, local)
    # Others may refer to it, so the row stays, and waits as for a master that has not arrived.
    db.execute(f"INSERT OR REPLACE INTO {MASTER_COLUMNS[kind][0]} (id, document) VALUES (?, ?)", (local, document))
    if kind == "company":
        db.execute("DELETE FROM registrations")
