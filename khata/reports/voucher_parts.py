"""What stands in vouchers beside what a report is about: the other accounts, bills and instruments, read in batches.

Reports of many vouchers are read a batch at a time, so that a year's book never lies in memory as a whole.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from crdt_models.money import Amount
from khata.books import Books

Json = dict[str, Any]
Row = tuple[Any, ...]

_BATCH: Final = 500


def batches(cursor: sqlite3.Cursor) -> Iterator[list[Row]]:
    """The rows of a query, so many at a time."""
    while rows := cursor.fetchmany(_BATCH):
        yield rows


class VoucherParts:
    """The parts of some vouchers, by local voucher id and line.

    Args:
        vouchers: local ids.
    """

    def __init__(self, books: Books, vouchers: set[int]) -> None:
        self._books = books
        self._among = f"voucher IN ({', '.join(map(str, sorted(vouchers)))})"
        self._entries: dict[int, list[tuple[int, int, int]]] = {}
        for voucher, line, ledger, amount in books.db.execute(
            f"SELECT voucher, line, ledger, amount_e4 FROM entries WHERE {self._among} ORDER BY voucher, line"
        ):
            self._entries.setdefault(voucher, []).append((line, books.names.effective("ledger", ledger), amount))

    def debits(self, voucher: int) -> int:
        """What a voucher's debit entries come to, in ten-thousandths: what it is said to be about."""
        return sum(amount for _, _, amount in self._entries.get(voucher, ()) if amount > 0)

    def first_ledger(self, voucher: int) -> int | None:
        """The local id of the ledger of a voucher's first entry."""
        entries = self._entries.get(voucher)
        return entries[0][1] if entries else None

    def against(self, voucher: int, ledger: int, amount: int) -> list[str]:
        """The names of the accounts on the other side of an entry, or of all others where that side has none.

        Args:
            ledger: the entry's own, by the local id it reads as.
            amount: the entry's own.
        """
        others = [entry for entry in self._entries.get(voucher, ()) if entry[1] != ledger]
        opposite = [other for _, other, its in others if (its < 0) != (amount < 0)]
        names = opposite or [other for _, other, _ in others]
        return [self._books.names.label("ledger", other) for other in dict.fromkeys(names)]

    def bills(self) -> dict[tuple[int, int], list[Json]]:
        """The bill references of each entry."""
        found: dict[tuple[int, int], list[Json]] = {}
        for voucher, line, kind, name, amount in self._books.db.execute(
            "SELECT voucher, line, kind, name, amount_e4 FROM bill_allocations "
            f"WHERE {self._among} ORDER BY voucher, line, part"
        ):
            bill = {"kind": kind, "name": name, "amount": Amount(amount).text}
            found.setdefault((voucher, line), []).append(bill)
        return found

    def instruments(self) -> dict[tuple[int, int], list[Json]]:
        """The cheques and transfers that each entry was paid by."""
        found: dict[tuple[int, int], list[Json]] = {}
        for voucher, line, kind, number, date, bank_date, favouring, amount in self._books.db.execute(
            "SELECT voucher, line, kind, number, date, bank_date, favouring, amount_e4 FROM bank_allocations "
            f"WHERE {self._among} ORDER BY voucher, line, part"
        ):
            found.setdefault((voucher, line), []).append({
                "kind": kind, "number": number, "date": date, "bank_date": bank_date, "favouring": favouring,
                "amount": Amount(amount).text,
            })  # fmt: skip
        return found
