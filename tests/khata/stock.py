"""A company that keeps stock: its masters, and vouchers whose stock lines are a line of text."""

from typing import Any

from khata.books import Books
from khata.entering import Entered, enter_form
from khata.entering_masters import add_master
from tests.khata.company import a_company, ledger

TRADE = {"Purchase": "Purchases", "Debit Note": "Purchases", "Sales": "Sales", "Credit Note": "Sales"}
"""Which ledger the stock of an invoice is booked on."""


def a_stockist(*items: str, godowns: tuple[str, ...] = ()) -> Books:
    """A company with a supplier, a customer, these items and these godowns beside the main location."""
    books = a_company()
    ledger(books, "Purchases", "Purchase Accounts")
    ledger(books, "Sales", "Sales Accounts")
    ledger(books, "Ravi", "Sundry Creditors")
    ledger(books, "Asha")
    for name in items or ("Soap",):
        add_master(books, "stock-item", name, {})
    for name in godowns:
        add_master(books, "godown", name, {})
    return books


def moved(books: Books, type: str, lines: str, date: str = "2026-04-02", **fields: Any) -> Entered:
    """Enter a voucher with stock lines written as "Soap 10 = 120 in Pune / Oil -3".

    After `=` stands the value without its sign, after `in` the godown, after `to` the destination, after `#` the
    batch, after `@` the tracking number. Invoices are booked on the supplier or the customer.
    """
    stock = [_line(text) for text in lines.split(" / ")]
    entries = []
    if type in TRADE:
        total = sum(int(line["amount"]) for line in stock)
        party = "Ravi" if TRADE[type] == "Purchases" else "Asha"
        entries = [{"ledger": TRADE[type], "amount": str(total)}, {"ledger": party, "amount": str(-total)}]
    return enter_form(books, {"type": type, "date": date, "entries": entries, "stock": stock, **fields})


_MARKS = {"=": "amount", "in": "godown", "to": "destination", "#": "batch", "@": "tracking", "side": "side"}


def _line(text: str) -> dict[str, str]:
    item, quantity, *rest = text.split()
    line = {"item": item, "quantity": quantity, "amount": "0"}
    for mark, value in zip(rest[::2], rest[1::2], strict=True):
        line[_MARKS[mark]] = value
    if quantity.startswith("-") and line["amount"] != "0":
        line["amount"] = "-" + line["amount"]
    return line
