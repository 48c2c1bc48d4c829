"""Goods that branches send each other, as one company of Tally can hold them.

Tally's company has no branches. Read there, a dispatch and a receipt would be a sale and a purchase at the transfer's
price, and the stock would rise by what the branches charge each other. So the accounts of a leg leave as the voucher
they are, and its goods beside it in a stock journal, at what they cost; only a tax invoice to another registration
keeps its goods, because it names what was supplied, and what goes out of stock goes at cost anyway.
"""

from typing import Final, NamedTuple

import msgspec

from crdt_models.masters import master_id
from crdt_models.money import Amount
from crdt_models.transfers import RECEIPT
from crdt_models.voucher_types import BASE_TYPES
from crdt_models.vouchers import Posting, StockLine
from khata.books import Books
from khata.reports.stock_valuation import Valuation

_JOURNAL: Final = "stock-journal"


class GoodsApart(NamedTuple):
    """A leg in two: what it books, and the stock journal that moves its goods; None where they stay with it."""

    accounts: Posting
    goods: Posting | None
    number: str


class GoodsMoved:
    """What the goods of every leg cost, as these books value them.

    Attributes:
        journals: how many stock journals were made of legs so far.

    Cost: nothing without transfers of goods; otherwise one pass over all stock.
    """

    def __init__(self, books: Books) -> None:
        self.journals = 0
        self._books = books
        self._type = master_id(books.company, "voucher-type", BASE_TYPES[_JOURNAL].name)
        self._values: dict[tuple[int, int], int] = {}
        if books.db.execute("SELECT 1 FROM transfers WHERE carries='goods' LIMIT 1").fetchone() is not None:
            for moved in Valuation(books, "average").movements():
                if moved.line.leg:
                    key = moved.line.voucher, moved.line.line
                    self._values[key] = self._values.get(key, 0) + moved.value

    def apart(self, local: int, leg: str, posting: Posting, number: str) -> GoodsApart:
        """A leg as it leaves.

        Args:
            local: its id in `vouchers`.
            leg: which of the two it is; empty for what is no transfer.
        """
        moves = leg and all((local, at) in self._values for at, _ in enumerate(posting.stock))
        if not moves or not posting.stock or not (leg == RECEIPT or posting.base == "journal"):
            return GoodsApart(posting, None, number)
        self.journals += 1
        lines = tuple(_at_cost(line, self._values[local, at]) for at, line in enumerate(posting.stock))
        goods = Posting(base=_JOURNAL, type=self._type, date=posting.date, stock=lines)
        # The number is that of the leg, with its type: numbers of different types may be the same.
        name = f"{self._books.names.label('voucher-type', self._local(posting.type))} {number}"
        return GoodsApart(msgspec.structs.replace(posting, stock=(), view="accounting"), goods, name)

    def _local(self, voucher_type: bytes) -> int | None:
        found = self._books.names.by_document("voucher-type", voucher_type)
        return None if found is None else found.local


def _at_cost(line: StockLine, value: int) -> StockLine:
    return StockLine(
        item=line.item, quantity=line.quantity, unit=line.unit, amount=Amount.from_e4(value).text, godown=line.godown,
        batch=line.batch, side="source" if line.quantity.startswith("-") else "destination", alternate=line.alternate,
        alternate_unit=line.alternate_unit,
    )  # fmt: skip
