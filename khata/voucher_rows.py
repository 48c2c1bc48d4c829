"""From vouchers to rows, a batch at a time: the hot path of every sync.

Rows are collected in plain lists and written with one `executemany` a table, because a call to SQLite for each row
would cost more than everything else here together.
"""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from crdt_models.money import e4_of
from crdt_models.voucher_types import BASE_TYPES
from crdt_models.vouchers import Entry, StockLine
from khata.reading import ReadVoucher, exact_e4, exact_quantity, exact_rate

Row = tuple[Any, ...]
Refer = Callable[[str, bytes], int]

PART_TABLES = (
    "voucher_sources", "entries", "bill_allocations", "cost_allocations", "bank_allocations", "forex_amounts",
    "stock_lines",
)  # fmt: skip
"""The tables of what a voucher is made of, each with a column `voucher`."""

_VOUCHER_COLUMNS = 24
_POSTS_ACCOUNTS = {slug: base.posts_accounts for slug, base in BASE_TYPES.items()}
_POSTS_STOCK = {slug: base.posts_stock for slug, base in BASE_TYPES.items()}
_INVOICES = frozenset(slug for slug, base in BASE_TYPES.items() if base.invoices)


class Place(NamedTuple):
    """Where the rows of one voucher go, and what is known of it beside its registers.

    Attributes:
        row: its id in `vouchers`: the row in `documents`, or minus that for the receipt leg of a transfer.
        scope: the local number of its scope.
        branch: the local number of the branch in whose books it stands.
        leg: empty, `dispatch` or `receipt`.
        late: something saved after a lock is kept out of it.
        left_out: all of it is: it counts nowhere.
    """

    row: int
    document: bytes
    scope: int
    branch: int
    leg: str
    new: bool
    author: bytes
    created_ms: int
    changed_ms: int
    late: bool = False
    left_out: bool = False


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
        self._sources: list[Row] = []
        self._entries: list[Row] = []
        self._bills: list[Row] = []
        self._costs: list[Row] = []
        self._bank: list[Row] = []
        self._forex: list[Row] = []
        self._stock: list[Row] = []

    def add(self, place: Place, read: ReadVoucher) -> None:
        """Collect the rows of one voucher, or of one leg of a transfer.

        Args:
            read: what its registers say, with `cancelled` as it counts.
        """
        posting = read.posting
        counts = read.sound and not read.cancelled and not read.optional
        base = posting.base if posting is not None else ""
        # Numbers, because sqlite3 looks for an adapter for every True and False.
        posted = int(counts and not place.left_out and _POSTS_ACCOUNTS.get(base, False))
        rows = self._vouchers if place.new else self._altered
        rows.append(self._voucher(place, read, posted))
        if posting is None:
            return
        row, date, branch, known = place.row, posting.date, place.branch, self._ledgers
        read_amount = e4_of if read.sound else exact_e4
        for line, entry in enumerate(posting.entries):
            amount = read_amount(entry.amount)
            if amount is not None:
                ledger = known.get(entry.ledger) or self._refer("ledger", entry.ledger)
                self._entries.append((row, line, ledger, amount, date, branch, posted, entry.gst_rate))
            if entry.bills or entry.costs or entry.bank or entry.forex is not None:
                self._allocations(row, line, entry)
        moves = counts and not place.left_out
        for line, stock in enumerate(posting.stock):
            # What an invoice tracks was moved by the note with that number, or will be.
            tracked = stock.tracking and base in _INVOICES
            self._stock_line(place, line, stock, date, int(moves and _POSTS_STOCK.get(base, False) and not tracked))

    def add_sources(self, row: int, identities: Mapping[str, str]) -> None:
        """Collect under which identity the sources of imports know a voucher.

        Args:
            identities: by source binding.
        """
        self._sources.extend((row, binding, identity) for binding, identity in identities.items())

    def _voucher(self, place: Place, read: ReadVoucher, posted: int) -> Row:
        posting, refer = read.posting, self._refer
        if posting is None:
            date = base = effective = supply = gstin = registration = ""
            voucher_type = party = None
        else:
            date, base, effective, supply = posting.date, posting.base, posting.effective_date, posting.place_of_supply
            gstin, registration = posting.party_gstin, posting.registration
            voucher_type = refer("voucher-type", posting.type)
            party = None if posting.party is None else refer("ledger", posting.party)
        return (
            place.row, place.document, place.scope, place.branch, place.leg, read.number, date, base, voucher_type,
            party, read.reference, read.reference_date, read.narration, effective, supply, gstin, registration,
            int(read.cancelled), int(read.optional), posted, int(place.late), place.author, place.created_ms,
            place.changed_ms,
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
        for part, bank in enumerate(entry.bank):
            amount = exact_e4(bank.amount)
            if amount is not None:
                self._bank.append((
                    row, line, part, bank.kind, bank.number, bank.date, bank.bank_date, bank.favouring, amount,
                ))  # fmt: skip
        if entry.forex is not None:
            amount, rate = exact_e4(entry.forex.amount), exact_rate(entry.forex.rate)
            if amount is not None and rate is not None:
                self._forex.append((row, line, refer("currency", entry.forex.currency), amount, rate))

    def _stock_line(self, place: Place, line: int, stock: StockLine, date: str, posted: int) -> None:
        refer = self._refer
        quantity, amount = exact_quantity(stock.quantity), exact_e4(stock.amount)
        if quantity is None or amount is None:
            return
        self._stock.append((
            place.row, line, refer("stock-item", stock.item), quantity, exact_quantity(stock.billed),
            None if stock.unit is None else refer("unit", stock.unit), exact_rate(stock.rate), amount,
            None if stock.godown is None else refer("godown", stock.godown),
            None if stock.destination is None else refer("godown", stock.destination),
            stock.batch, None if stock.ledger is None else refer("ledger", stock.ledger), stock.side, stock.discount,
            stock.tracking, date, place.branch, posted,
        ))  # fmt: skip

    def write(self, db: sqlite3.Connection) -> None:
        """Write what was collected; rows of an altered voucher's parts have been removed before."""
        db.executemany(f"INSERT INTO vouchers VALUES ({_marks(_VOUCHER_COLUMNS)})", self._vouchers)
        db.executemany(f"INSERT OR REPLACE INTO vouchers VALUES ({_marks(_VOUCHER_COLUMNS)})", self._altered)
        parts = (self._sources, self._entries, self._bills, self._costs, self._bank, self._forex, self._stock)
        for table, rows in zip(PART_TABLES, parts, strict=True):
            if rows:
                db.executemany(f"INSERT INTO {table} VALUES ({_marks(len(rows[0]))})", rows)


def _marks(count: int) -> str:
    return ", ".join("?" * count)
