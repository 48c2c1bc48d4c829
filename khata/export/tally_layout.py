"""Which of Tally's two layouts a voucher is written in, and which ledger line goes with which stock line.

In an invoice Tally keeps the value of goods inside the stock lines (ACCOUNTINGALLOCATIONS) and only the party, taxes
and rounding beside them; in accounting view goods stand inside the ledger line that accounts for them
(INVENTORYALLOCATIONS). The layout is chosen so that reading the file gives back the posting exactly, and where
several do, so that Tally takes it as it takes its own files. What was entered here and not imported only has to keep
its balances and its stock, so there an invoice is always written as an invoice.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from crdt_models.vouchers import Entry, Posting, StockLine
from khata.export.tally_text import is_zero
from khata.reading import exact_e4, exact_quantity

ALL_LINES: Final = "ALLLEDGERENTRIES.LIST"
INVOICE_LINES: Final = "LEDGERENTRIES.LIST"
STOCK: Final = "ALLINVENTORYENTRIES.LIST"
STOCK_IN: Final = "INVENTORYENTRIESIN.LIST"
STOCK_OUT: Final = "INVENTORYENTRIESOUT.LIST"
NESTED: Final = "INVENTORYALLOCATIONS.LIST"

_BY_DIRECTION: Final = frozenset({"stock-journal", "manufacturing-journal"})
"""Base types whose stock lines Tally keeps in one list for what comes in and one for what goes out."""

_PLACES: Final = ("godown", "destination", "batch", "order", "tracking", "quantity", "billed", "amount")
"""The fields in which the batches of one stock line may differ."""


class Goods(NamedTuple):
    """One stock line of the file: one item, in one place and batch or several, and the accounts it goes to."""

    tag: str
    lines: tuple[StockLine, ...]
    accounts: tuple[Entry, ...] = ()


class Line(NamedTuple):
    """One ledger line of the file, with the goods that stand inside it."""

    entry: Entry
    goods: tuple[Goods, ...] = ()


class Layout(NamedTuple):
    """Everything a voucher holds, in the order of the file."""

    tag: str
    lines: tuple[Line, ...]
    goods: tuple[Goods, ...]


def layout_of(posting: Posting, from_elsewhere: bool) -> Layout:
    """How a posting is written.

    Args:
        from_elsewhere: an import brought it, so that reading the file must give back every field of it.
    """
    if not posting.stock:
        return Layout(ALL_LINES, tuple(map(Line, posting.entries)), ())
    stock = _with_tags(posting)
    marked = [entry for entry in posting.entries if entry.of_stock]
    others = [entry for entry in posting.entries if not entry.of_stock]
    found = _accounted(stock, marked) if marked or not others else None
    if found is not None:
        return Layout(INVOICE_LINES, tuple(map(Line, others)), found)
    if not marked and (from_elsewhere or posting.view != "invoice"):
        nested = _nested(others, stock)
        if nested is not None:
            return Layout(ALL_LINES, nested, ())
    if marked or not from_elsewhere:
        spread = _spread(posting, stock)
        if spread is not None:
            return spread
    return Layout(ALL_LINES, tuple(map(Line, posting.entries)), tuple(Goods(tag, (line,)) for tag, line in stock))


# -- which list a stock line stands in --------------------------------------------------------------------------------

_Tagged = list[tuple[str, StockLine]]


def _with_tags(posting: Posting) -> _Tagged:
    moved = posting.base in _BY_DIRECTION and not any(line.destination is not None for line in posting.stock)
    if moved or any(line.side for line in posting.stock):
        tagged = [(STOCK_IN if _comes_in(line) else STOCK_OUT, line) for line in posting.stock]
        # All that comes in is read before all that goes out, wherever it stands.
        return sorted(tagged, key=lambda found: found[0])
    if posting.base == "physical-stock":
        return [(STOCK, line) for line in posting.stock]
    return [(STOCK, part) for line in posting.stock for part in _one_direction(line)]


def _comes_in(line: StockLine) -> bool:
    quantity = exact_quantity(line.quantity) or 0
    if quantity == 0 and line.side:
        return line.side == "destination"
    return quantity > 0 or (quantity == 0 and not line.amount.startswith("-"))


def _one_direction(line: StockLine) -> tuple[StockLine, ...]:
    """A line whose goods and value go opposite ways, which Tally cannot say, as one line for each."""
    quantity, amount = exact_quantity(line.quantity) or 0, exact_e4(line.amount) or 0
    if quantity * amount >= 0:
        return (line,)
    moved = StockLine(
        item=line.item, quantity=line.quantity, unit=line.unit, godown=line.godown, destination=line.destination,
        batch=line.batch, order=line.order, tracking=line.tracking,
    )  # fmt: skip
    return moved, StockLine(item=line.item, unit=line.unit, amount=line.amount, ledger=line.ledger, godown=line.godown)


# -- which ledger lines stand inside a stock line ---------------------------------------------------------------------


def _accounted(stock: _Tagged, accounts: Sequence[Entry]) -> tuple[Goods, ...] | None:
    """Stock lines with the ledger lines they brought along, in order; None when these do not fit together."""
    found: list[Goods] = []
    at = taken = 0
    while at < len(stock):
        goods = _next_goods(stock, at, accounts, taken)
        if goods is None:
            return None
        found.append(goods)
        at += len(goods.lines)
        taken += len(goods.accounts)
    return tuple(found) if taken == len(accounts) else None


def _next_goods(stock: _Tagged, at: int, accounts: Sequence[Entry], taken: int) -> Goods | None:
    tag, first = stock[at]
    if first.ledger is None:
        return Goods(tag, (first,))
    worth = 0
    for end in range(at, len(stock)):
        if stock[end][0] != tag or (end > at and not _are_batches(first, stock[end][1])):
            return None
        worth += exact_e4(stock[end][1].amount) or 0
        used = _accounts_for(worth, first.ledger, accounts, taken)
        if used:
            return Goods(tag, tuple(line for _, line in stock[at : end + 1]), tuple(accounts[taken : taken + used]))
    return None


def _accounts_for(worth: int, ledger: bytes, accounts: Sequence[Entry], taken: int) -> int:
    """How many of the next ledger lines come to this, the first of them on this ledger; 0 when none do."""
    if taken == len(accounts) or accounts[taken].ledger != ledger:
        return 0
    rest = worth
    for count, entry in enumerate(accounts[taken:], 1):
        rest -= exact_e4(entry.amount) or 0
        if rest == 0:
            return count
    return 0


def _are_batches(first: StockLine, other: StockLine) -> bool:
    """Whether two lines are batches of one: alike in everything but place and amount."""
    if not exact_quantity(other.quantity) and is_zero(other.amount) and other.godown is None and not other.batch:
        return False
    fields = (field for field in StockLine.__struct_fields__ if field not in _PLACES)
    return all(getattr(first, field) == getattr(other, field) for field in fields)


# -- which stock lines stand inside a ledger line ---------------------------------------------------------------------


def _nested(entries: Sequence[Entry], stock: _Tagged) -> tuple[Line, ...] | None:
    """Ledger lines with the goods they account for inside, in order; None when some goods name no line."""
    inside: list[list[Goods]] = [[] for _ in entries]
    at = 0
    for tag, line in stock:
        while at < len(entries) and entries[at].ledger != line.ledger:
            at += 1
        if at == len(entries) or tag != STOCK:
            return None
        inside[at].append(Goods(NESTED, (line,)))
    return tuple(Line(entry, tuple(goods)) for entry, goods in zip(entries, inside, strict=True))


# -- an invoice that was not written as one ---------------------------------------------------------------------------


def _spread(posting: Posting, stock: _Tagged) -> Layout | None:
    """Ledger lines that account for the goods, taken into the stock lines; None when the amounts do not agree."""
    ledgers = _ledgers_of(posting, [line for _, line in stock])
    if ledgers is None:
        return None
    worth: dict[bytes, int] = {}
    for ledger, (_, line) in zip(ledgers, stock, strict=True):
        worth[ledger] = worth.get(ledger, 0) + (exact_e4(line.amount) or 0)
    beside: list[Line] = []
    for entry in posting.entries:
        if entry.ledger in worth and (entry.of_stock or entry.ledger != posting.party):
            if entry.bills or entry.costs or entry.bank or entry.forex is not None or entry.narration:
                return None
            worth[entry.ledger] -= exact_e4(entry.amount) or 0
        else:
            beside.append(Line(entry))
    if any(worth.values()):
        return None
    goods = (
        Goods(tag, (line,), (Entry(ledger=ledger, amount=line.amount, of_stock=True),))
        for ledger, (tag, line) in zip(ledgers, stock, strict=True)
    )
    return Layout(INVOICE_LINES, tuple(beside), tuple(goods))


def _ledgers_of(posting: Posting, stock: Sequence[StockLine]) -> list[bytes] | None:
    """The account of each stock line: its own, or the one line of the voucher that comes to what names none."""
    unnamed = sum(exact_e4(line.amount) or 0 for line in stock if line.ledger is None)
    candidates = {
        entry.ledger
        for entry in posting.entries
        if entry.ledger != posting.party and (exact_e4(entry.amount) or 0) == unnamed
    }
    if any(line.ledger is None for line in stock) and (len(candidates) != 1 or not unnamed):
        return None
    other = next(iter(candidates), b"")
    return [other if line.ledger is None else line.ledger for line in stock]
