"""From vouchers to rows, a batch at a time: the hot path of every sync.

Rows are collected in plain lists and written with one `executemany` a table, because a call to SQLite for each row
would cost more than everything else here together.
"""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from crdt_models.money import e4_of
from crdt_models.voucher_types import BASE_TYPES
from crdt_models.vouchers import Entry, StockLine
from khata.reading import ReadVoucher, exact_e4, exact_quantity, exact_rate, read_voucher
from p2p.documents import ChangedDocument

Row = tuple[Any, ...]
Refer = Callable[[str, bytes], int]

PART_TABLES = ("entries", "bill_allocations", "cost_allocations", "forex_amounts", "stock_lines")
"""The tables of what a voucher is made of, each with a column `voucher`."""

_POSTS_ACCOUNTS = {slug: base.posts_accounts for slug, base in BASE_TYPES.items()}
_POSTS_STOCK = {slug: base.posts_stock for slug, base in BASE_TYPES.items()}


class VoucherRows:
    """The rows of a batch of vouchers.

    Args:
        ledgers: the local ids of ledgers that are known by now.
        refer: gives the local id of a master by kind and document id.
    """

    def __init__(self, ledgers: Mapping[bytes, int], refer: Refer) -> None:
        self._ledgers = ledgers
        self._refer = refer
        self._vouchers: list[Row] = []
        self._altered: list[Row] = []
        self._entries: list[Row] = []
        self._bills: list[Row] = []
        self._costs: list[Row] = []
        self._forex: list[Row] = []
        self._stock: list[Row] = []
        self.faults: list[tuple[int, str, str]] = []

    def add(self, document: ChangedDocument, scope: int) -> None:
        """Collect the rows of one voucher.

        Args:
            scope: the local number of its scope.
        """
        # A cancellation is never undone, not even by a later edit that did not know of it.
        read = read_voucher(document.folded.values)
        cancelled = read.cancelled or _cancelled_in_conflict(document)
        if read.faults:
            self.faults.extend((document.row, *fault) for fault in read.faults)
        posting = read.posting
        counts = read.sound and not cancelled and not read.optional
        base = posting.base if posting is not None else ""
        # Numbers, because sqlite3 looks for an adapter for every True and False.
        posted = int(counts and _POSTS_ACCOUNTS.get(base, False))
        rows = self._vouchers if document.new else self._altered
        rows.append(self._voucher(document, scope, read, cancelled, posted))
        if posting is None:
            return
        row, date, known = document.row, posting.date, self._ledgers
        read_amount = e4_of if read.sound else exact_e4
        for line, entry in enumerate(posting.entries):
            amount = read_amount(entry.amount)
            if amount is not None:
                ledger = known.get(entry.ledger) or self._refer("ledger", entry.ledger)
                self._entries.append((row, line, ledger, amount, date, posted))
            if entry.bills or entry.costs or entry.forex is not None:
                self._allocations(row, line, entry)
        for line, stock in enumerate(posting.stock):
            self._stock_line(row, line, stock, int(counts and _POSTS_STOCK.get(base, False)))

    def _voucher(self, document: ChangedDocument, scope: int, read: ReadVoucher, cancelled: bool, posted: int) -> Row:
        posting, refer = read.posting, self._refer
        if posting is None:
            date = base = effective = supply = ""
            voucher_type = party = None
        else:
            date, base, effective, supply = posting.date, posting.base, posting.effective_date, posting.place_of_supply
            voucher_type = refer("voucher-type", posting.type)
            party = None if posting.party is None else refer("ledger", posting.party)
        return (
            document.row, document.id, scope, read.number, date, base, voucher_type, party, read.reference,
            read.reference_date, read.narration, effective, supply, int(cancelled), int(read.optional), posted,
            document.author, document.created_ms, document.changed_ms,
        )  # fmt: skip

    def _allocations(self, row: int, line: int, entry: Entry) -> None:
        refer = self._refer
        for part, bill in enumerate(entry.bills):
            amount = exact_e4(bill.amount)
            if amount is not None:
                self._bills.append((row, line, part, bill.kind, bill.name, amount, bill.credit_period, bill.date))
        for part, cost in enumerate(entry.costs):
            amount = exact_e4(cost.amount)
            category = None if cost.category is None else refer("cost-category", cost.category)
            if amount is not None:
                self._costs.append((row, line, part, refer("cost-centre", cost.centre), category, amount))
        if entry.forex is not None:
            amount, rate = exact_e4(entry.forex.amount), exact_rate(entry.forex.rate)
            if amount is not None and rate is not None:
                self._forex.append((row, line, refer("currency", entry.forex.currency), amount, rate))

    def _stock_line(self, row: int, line: int, stock: StockLine, posted: int) -> None:
        refer = self._refer
        quantity, amount = exact_quantity(stock.quantity), exact_e4(stock.amount)
        if quantity is None or amount is None:
            return
        self._stock.append((
            row, line, refer("stock-item", stock.item), quantity, exact_quantity(stock.billed),
            None if stock.unit is None else refer("unit", stock.unit), exact_rate(stock.rate), amount,
            None if stock.godown is None else refer("godown", stock.godown),
            None if stock.destination is None else refer("godown", stock.destination),
            stock.batch, None if stock.ledger is None else refer("ledger", stock.ledger), stock.side, posted,
        ))  # fmt: skip

    def write(self, db: sqlite3.Connection) -> None:
        """Write what was collected; rows of an altered voucher's parts have been removed before."""
        db.executemany(f"INSERT INTO vouchers VALUES ({_marks(19)})", self._vouchers)
        db.executemany(f"INSERT OR REPLACE INTO vouchers VALUES ({_marks(19)})", self._altered)
        for table, rows in zip(
            PART_TABLES, (self._entries, self._bills, self._costs, self._forex, self._stock), strict=True
        ):
            if rows:
                db.executemany(f"INSERT INTO {table} VALUES ({_marks(len(rows[0]))})", rows)


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _cancelled_in_conflict(document: ChangedDocument) -> bool:
    return any(
        claim.value is True
        for conflict in document.folded.conflicts
        if conflict.register == "cancelled"
        for claim in conflict.claims
    )
