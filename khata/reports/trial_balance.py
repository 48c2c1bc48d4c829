"""Reports: values made from the tables, the same on every copy that holds the same commits.

A trial balance adds what the posted entries come to, ledger by ledger. Merged ledgers are one line; a ledger that has
not arrived is a line of its own under suspense, so that nothing entered is ever missing from the totals.
"""

from typing import Any, Final

from crdt_models.money import Amount
from crdt_models.predefined import SUSPENSE
from crdt_models.vouchers import check_date
from khata.books import Books
from khata.sums import joined, sum_sql

Json = dict[str, Any]

PRIMARY: Final = "Primary"
OPENING_STOCK: Final = "Opening Stock"
STOCK_IN_HAND: Final = "Stock-in-Hand"
OPENING_DIFFERENCE: Final = "Difference in opening balances"


def trial_balance(books: Books, on: str = "") -> Json:
    """The balance of every ledger that has one or ever moved, with the totals of both sides, which agree.

    Args:
        on: a date; what was posted later is left out. Empty for everything.

    Raises:
        BadValue: `on` is not a date.

    Cost: one pass over an index, 100 ns an entry.
    """
    balances = _balances(books, on)
    rows = [_row(*_line(books, ledger), balance) for ledger, balance in balances.items()]
    stock = _opening_stock(books)
    if stock:
        rows.append(_row(OPENING_STOCK, STOCK_IN_HAND, stock))
    difference = -sum(balances.values()) - stock
    rows.sort(key=lambda row: (row["group"], row["ledger"], row["debit"], row["credit"]))
    if difference:
        rows.append(_row(OPENING_DIFFERENCE, "", difference))
    total = sum(balance for balance in (*balances.values(), stock, difference) if balance > 0)
    return {"rows": rows, "debit": Amount(total).text, "credit": Amount(total).text}


def _balances(books: Books, on: str) -> dict[int, int]:
    """Opening and movement of each ledger, by the local id it reads as."""
    balances = dict(_movements(books, on))
    # A ledger that was deleted counts as live while a voucher uses it.
    openings = books.db.execute(
        "SELECT id, opening_e4, deleted FROM ledgers WHERE opening_e4<>0 AND present"
    ).fetchall()
    for ledger, opening, deleted in openings:
        if not deleted or ledger in balances:
            balances[ledger] = balances.get(ledger, 0) + opening
    effective: dict[int, int] = {}
    for ledger, balance in balances.items():
        end = books.names.effective("ledger", ledger)
        effective[end] = effective.get(end, 0) + balance
    return effective


def _movements(books: Books, on: str) -> list[tuple[int, int]]:
    condition, values = "posted=1", []
    if on:
        check_date(on)
        condition, values = "posted=1 AND date<=?", [on]
    rows = books.db.execute(
        f"SELECT ledger, {sum_sql('amount_e4')} FROM entries WHERE {condition} GROUP BY ledger", values
    )
    return [(ledger, joined(quotients, remainders)) for ledger, quotients, remainders in rows]


def _line(books: Books, ledger: int) -> tuple[str, str]:
    """The name and the group of a ledger as reports show them."""
    row = books.db.execute("SELECT group_id, present FROM ledgers WHERE id=?", (ledger,)).fetchone()
    group, present = row
    if not present:
        return books.names.label("ledger", ledger), SUSPENSE
    if group is None:
        return books.names.label("ledger", ledger), PRIMARY
    return books.names.label("ledger", ledger), books.names.label("group", group)


def _row(ledger: str, group: str, balance: int) -> Json:
    return {
        "ledger": ledger,
        "group": group,
        "debit": Amount(max(balance, 0)).text,
        "credit": Amount(max(-balance, 0)).text,
    }


def _opening_stock(books: Books) -> int:
    sums = sum_sql("o.value_e4")
    row = books.db.execute(
        f"SELECT {sums} FROM opening_stock o JOIN stock_items i ON i.id=o.item WHERE i.present AND NOT i.deleted"
    ).fetchone()
    return joined(*row)
