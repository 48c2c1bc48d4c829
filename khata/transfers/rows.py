"""From transfers to rows: each leg a voucher in the books of its own branch, and one row for the two together.

The dispatch has the local id of its document, the receipt minus that. So a leg is listed, added up and exported as any
voucher is, and `vouchers.leg` says that it is half of a transfer.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final

from crdt_models.transfers import DISPATCH, RECEIPT
from khata.transfers.reading import ReadLeg, ReadTransfer
from khata.voucher_rows import PART_TABLES, Place, VoucherRows
from p2p.documents import ChangedDocument

SENT: Final = "sent"
RECEIVED: Final = "received"
CANCELLED: Final = "cancelled"
UNSENT: Final = "unsent"
UNKNOWN: Final = "unknown"

STATES: Final = (SENT, RECEIVED, CANCELLED, UNSENT, UNKNOWN)
"""On its way; arrived; cancelled; received though its dispatch is not here; of a route that nobody can tell."""

Row = tuple[Any, ...]
Number = Callable[[str], int]
"""Gives the local number of a scope by its path, or of a branch by its code."""


def leg_row(row: int, leg: str) -> int:
    """The local id of a leg in `vouchers`.

    Args:
        row: the document's local number.
    """
    return -row if leg == RECEIPT else row


def places(document: ChangedDocument, read: ReadTransfer, scope: Number, branch: Number) -> Sequence[Place]:
    """Where the rows of each leg go, in the order of `read.legs`."""
    return [
        Place(
            leg_row(document.row, leg.register), document.id, scope(document.scope), branch(leg.branch), leg.register,
            True, leg.author, leg.created_ms, leg.changed_ms, leg.late, leg.left_out,
        )
        for leg in read.legs
    ]  # fmt: skip


def add_transfer(
    rows: VoucherRows, document: ChangedDocument, read: ReadTransfer, scope: Number, branch: Number
) -> Row:
    """Collect the rows of both legs; returns the row of the transfer itself."""
    for leg, place in zip(read.legs, places(document, read, scope, branch), strict=True):
        rows.add(place, leg.voucher)
    route = read.route
    ends = (None, None, "") if route is None else (branch(route.sender), branch(route.receiver), route.carries)
    dates = (_date(read.leg(DISPATCH)), _date(read.leg(RECEIPT)))
    return document.row, document.id, scope(document.scope), *ends, state(read), *dates, int(read.cancelled)


def state(read: ReadTransfer) -> str:
    """Where a transfer stands, one of `STATES`."""
    if read.route is None:
        return UNKNOWN
    if read.cancelled:
        return CANCELLED
    if read.leg(DISPATCH) is None:
        return UNSENT
    receipt = read.leg(RECEIPT)
    return SENT if receipt is None or receipt.voucher.cancelled else RECEIVED


def _date(leg: ReadLeg | None) -> str:
    return leg.voucher.posting.date if leg is not None and leg.voucher.posting is not None else ""


def forget(db: sqlite3.Connection, documents: Sequence[ChangedDocument]) -> None:
    """Remove the rows of transfers that are about to be written again."""
    old = [(leg_row(document.row, leg),) for document in documents if not document.new for leg in (DISPATCH, RECEIPT)]
    if old:
        for table in PART_TABLES:
            db.executemany(f"DELETE FROM {table} WHERE voucher=?", old)
        db.executemany("DELETE FROM vouchers WHERE id=?", old)
        db.executemany("DELETE FROM transfers WHERE id=?", old)


def write(db: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Write the rows of transfers themselves."""
    db.executemany("INSERT INTO transfers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
