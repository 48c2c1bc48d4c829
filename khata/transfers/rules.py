"""What holds of a leg before it is saved here: what it may book, on whose account, and under which number."""

from typing import Final

from crdt_models.money import Amount, e4_of
from crdt_models.transfers import DISPATCH, Leg, Route
from crdt_models.vouchers import Posting
from khata.books import Books
from khata.entering import check_posting
from khata.errors import BooksError
from khata.naming import ID_PREFIX
from khata.numbering import next_number
from khata.transfers.accounts import branch_name, live_accounts
from khata.transfers.postings import BASES, GOODS
from khata.years import financial_year, year_starts

CHALLAN_MARK: Final = "T"
"""Stands in the numbers of delivery challans, which have a series of their own beside ordinary journals."""

_CASH: Final = "Cash"


def check_entered(books: Books, route: Route, register: str, posting: Posting, before: Posting | None) -> None:
    """Refuse a leg that may not be entered: it has to balance and to stand on the account of the other branch.

    Args:
        before: the posting that is altered; what it refers to already may stay, here or not.

    Raises:
        BooksError, DocumentError: it may not.
    """
    check_posting(books, posting, before)
    if posting.base not in BASES[register, route.carries]:
        raise BooksError(f"this is a transfer of {route.carries}, and nothing else can be booked in it")
    if route.carries == GOODS and not posting.stock:
        raise BooksError("a transfer of goods has stock lines; this one has none")
    other = route.other(register)
    total = _booked(posting, _accounts(books, other))
    if (total <= 0) if register == DISPATCH else (total >= 0):
        side = "debits" if register == DISPATCH else "credits"
        raise BooksError(
            f"the {register} of a transfer {side} the account of {branch_name(books, other)}; this one does not"
        )


def check_issued(books: Books, before: Leg, after: Posting) -> None:
    """Refuse what a number that was given out cannot follow: it belongs to one series and one financial year.

    Raises:
        BooksError: the base type or the financial year changes.
    """
    starts = year_starts(books.db)
    base, year = before.posting.base, financial_year(before.posting.date, starts)
    if base != after.base or year != financial_year(after.date, starts):
        raise BooksError(f"{before.number} belongs to a {base} of the year {year}; cancel it and make another")


def number_for(books: Books, register: str, posting: Posting) -> str:
    """The next number of this device for a leg. Inside the transaction that saves it.

    Raises:
        BooksError: the series is full.
    """
    mark = CHALLAN_MARK if register == DISPATCH and posting.base == "journal" else ""
    return next_number(books.db, books.member.series, posting.base, posting.date, mark)


def worth(books: Books, route: Route, register: str, posting: Posting) -> str:
    """The amount that a leg puts on the account of the other branch, without sign."""
    return Amount.from_e4(abs(_booked(posting, _accounts(books, route.other(register))))).text


def money_of(books: Books, route: Route, register: str, posting: Posting) -> str:
    """The cash or bank ledger of a leg, as it can be written where a ledger is named."""
    accounts = _accounts(books, route.other(register))
    others = [entry.ledger for entry in posting.entries if entry.ledger not in accounts]
    return f"{ID_PREFIX}{others[0].hex()}" if others else _CASH


def _booked(posting: Posting, accounts: set[bytes]) -> int:
    return sum(e4_of(entry.amount) for entry in posting.entries if entry.ledger in accounts)


def _accounts(books: Books, branch: str) -> set[bytes]:
    """The document ids of the ledgers that are the account of a branch."""
    return {ledger.document for ledger in live_accounts(books, branch)}
