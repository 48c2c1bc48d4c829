"""What a master brings along when the books begin: opening bills of a ledger, opening stock of an item."""

from collections.abc import Callable, Iterator
from typing import Any

from crdt_models.masters import Ledger, Master, StockItem
from khata.reading import BAD_REGISTER, Fault, exact_e4, exact_quantity, exact_rate

Row = tuple[Any, ...]


def opening_bills(local: int, master: Master) -> list[Row]:
    """Rows of `opening_bills`; a bill whose amount cannot be read is left out.

    Args:
        local: the ledger's local id.
    """
    if not isinstance(master, Ledger):
        return []
    amounts = [(line, bill, exact_e4(bill.amount)) for line, bill in enumerate(master.opening_bills)]
    return [
        (local, line, bill.name, amount, bill.date, bill.credit_period)
        for line, bill, amount in amounts
        if amount is not None
    ]


def opening_stock(local: int, master: Master, godown: Callable[[bytes | None], int | None]) -> list[Row]:
    """Rows of `opening_stock`; a line whose quantity or value cannot be read is left out.

    Args:
        local: the item's local id.
        godown: gives the local id of a godown.
    """
    if not isinstance(master, StockItem):
        return []
    rows = []
    for line, stock in enumerate(master.opening):
        quantity, value = exact_quantity(stock.quantity), exact_e4(stock.value)
        if quantity is not None and value is not None:
            rate = exact_rate(stock.rate) or 0
            rows.append((local, line, quantity, rate, value, godown(stock.godown), stock.batch))
    return rows


def opening_faults(master: Master) -> Iterator[Fault]:
    """Openings that cannot be read as amounts or quantities, and so count as nothing."""
    if isinstance(master, Ledger):
        if exact_e4(master.opening) is None:
            yield Fault(
                BAD_REGISTER, f"its opening balance {master.opening[:40]!r} is not an amount and counts as 0.00"
            )
        for bill in master.opening_bills:
            if exact_e4(bill.amount) is None:
                yield Fault(BAD_REGISTER, f"its opening bill {bill.name[:40]!r} has no readable amount")
    elif isinstance(master, StockItem):
        for stock in master.opening:
            if exact_quantity(stock.quantity) is None or exact_e4(stock.value) is None:
                yield Fault(BAD_REGISTER, "a line of its opening stock has no readable quantity or value")
