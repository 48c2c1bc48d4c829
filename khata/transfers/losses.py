"""What was lost between two branches: booked by the one that bears it, in its own half of the transfer.

    sent 10 for 1,000, arrived 9 for 900

    borne by the sender     Dr account of the receiver  900   Dr Goods Lost in Transit  100   Cr Stock Transfers  1,000
    borne by the receiver   Dr Stock Transfers  900   Dr Goods Lost in Transit  100   Cr account of the sender  1,000

What was sent and what arrived stay as they were, the accounts of the two mirror each other again, and the loss stands
among the expenses of who bears it.
"""

from typing import Final

import msgspec

from crdt_models.money import Amount, e4_of
from crdt_models.transfers import DISPATCH
from crdt_models.vouchers import Entry, Posting
from khata.books import Books
from khata.entering_masters import add_master
from khata.errors import BooksError
from khata.reports.chart import Chart
from khata.transfers.accounts import live_accounts
from khata.transfers.moves import Move
from khata.transfers.postings import CASH

LOST: Final = {"goods": "Goods Lost in Transit", CASH: "Cash Lost in Transit"}
"""What the loss is booked on where nothing else is said, by what a transfer carries."""

_GROUP: Final = "Indirect Expenses"


def with_loss(books: Books, move: Move, register: str, posting: Posting, account: str) -> Posting:
    """The posting of one's own half with what did not arrive booked as lost. Inside `books.writing()`.

    Args:
        register: which half it is.
        account: the ledger it is booked on, by name; empty for the usual one, which is made if there is none.

    Raises:
        BooksError: nothing is left to write off, or it cannot be written off in this half.
    """
    lost = move.amount
    if not move.differs or lost <= 0:
        raise BooksError(
            "nothing that was sent is missing in value; `khata transfer show` says how the two halves differ, and "
            "`khata transfer alter` changes one's own"
        )
    if register == DISPATCH and posting.base == "sales":
        raise BooksError(
            "a tax invoice stays as it was issued; have the loss written off at the branch that received the goods"
        )
    ledger = _loss_ledger(books, move, account)
    other = move.receiver if register == DISPATCH else move.sender
    ours = {held.document for held in live_accounts(books, other)}
    entries, left = [], lost
    for entry in posting.entries:
        if entry.ledger in ours and left:
            entry, left = msgspec.structs.replace(entry, amount=Amount.from_e4(e4_of(entry.amount) - left).text), 0
        entries.append(entry)
    if left:
        raise BooksError("this half does not stand on the account of the other branch; alter it first")
    return msgspec.structs.replace(posting, entries=(*entries, Entry(ledger=ledger, amount=Amount.from_e4(lost).text)))


def _loss_ledger(books: Books, move: Move, account: str) -> bytes:
    name = account or LOST[move.carries]
    if not account and books.names.taken("ledger", name) is None:
        group = books.names.find_live("group", _GROUP)
        return add_master(books, "ledger", name, {"group": group.document}).id
    ledger = books.names.find_live("ledger", name)
    if Chart(books).account(ledger.local).nature != "expenses":
        raise BooksError(f"{ledger.name!r} is no expense; name one to book the loss on, such as {LOST[move.carries]!r}")
    return ledger.document
