"""What is refused when a person enters it, though books that come from elsewhere may hold it.

A date in another century, half a piece, a tenth of a paisa: typed by hand these are slips. In an import they are what
somebody's books say, and stay.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from crdt_models.errors import BadValue
from crdt_models.money import Amount, Quantity, e4_of
from crdt_models.voucher_types import BASE_TYPES
from crdt_models.vouchers import Entry, Posting, StockLine
from khata.amounts import DECIMALS, check_decimals
from khata.books import Books
from khata.errors import BooksError

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199


def check_by_hand(books: Books, posting: Posting, before: Posting | None = None) -> None:
    """Refuse what is surely a slip of the person who enters it.

    Args:
        posting: checked otherwise, its numbers canonical.
        before: the posting that is altered; what it holds already may stay.

    Raises:
        BooksError: the message says what to write instead.
    """
    if before is None or before.date != posting.date:
        check_day(books, posting.date)
    base = BASE_TYPES[posting.base]
    if not (base.counts or base.lists or _moves(posting)) and (before is None or _moves(before)):
        raise BooksError("this voucher is of nothing but zeros; give it amounts")
    had_entries, had_stock = (before.entries, before.stock) if before is not None else ((), ())
    _check_amounts(books, (entry for entry in posting.entries if entry not in had_entries), posting, had_stock)
    for line in posting.stock:
        if line not in had_stock:
            _check_quantity(books, line)


def check_day(books: Books, date: str) -> None:
    """Refuse a date before the books begin, or one that nobody lives in.

    Args:
        date: a valid date as YYYY-MM-DD.

    Raises:
        BooksError: the message says how to make room for it where it can be meant.
    """
    if not FIRST_YEAR <= int(date[:4]) <= LAST_YEAR:
        raise BooksError(f"{date} is not in the years {FIRST_YEAR} to {LAST_YEAR}; correct the date")
    row = books.db.execute("SELECT books_from FROM companies WHERE present ORDER BY document LIMIT 1").fetchone()
    begin = row[0] if row is not None else ""
    if begin and date < begin:
        raise BooksError(
            f"{date} is before {begin}, when the books begin; correct the date, or let them begin earlier with "
            f"`khata company set --books-from {date}`"
        )


def _moves(posting: Posting) -> bool:
    amounts = (e4_of(entry.amount) for entry in posting.entries)
    lines = (e4_of(line.amount) or Quantity.parse(line.quantity).e6 for line in posting.stock)
    return any(amounts) or any(lines)


def _check_amounts(books: Books, entries: Iterable[Entry], posting: Posting, had_stock: tuple[StockLine, ...]) -> None:
    amounts = [text for entry in entries for text in _amounts(entry)]
    amounts += [line.amount for line in posting.stock if line not in had_stock]
    decimals = currency_decimals(books)
    for text in amounts:
        try:
            check_decimals(Amount.parse(text), decimals)
        except BadValue as error:
            raise BooksError(str(error)) from error


def _amounts(entry: Entry) -> Iterator[str]:
    yield entry.amount
    for parts in (entry.bills, entry.costs, entry.bank):
        yield from (part.amount for part in parts)


def currency_decimals(books: Books) -> int:
    """How many decimals an amount in the company's currency has."""
    row = books.db.execute(
        "SELECT n.decimals FROM companies c JOIN currencies n ON n.id=c.currency WHERE c.present AND n.present "
        "ORDER BY c.document LIMIT 1"
    ).fetchone()
    found = row[0] if row is not None and row[0] is not None else DECIMALS
    return found if 0 <= found <= Amount.PLACES else DECIMALS


def _check_quantity(books: Books, line: StockLine) -> None:
    """Refuse a part of something that comes whole; a compound unit counts its tails as parts and is not asked."""
    row = books.db.execute(
        "SELECT u.name, u.decimals FROM units u WHERE u.present AND u.head IS NULL AND u.id="
        "coalesce((SELECT id FROM units WHERE document=?), (SELECT unit FROM stock_items WHERE document=?))",
        (line.unit, line.item),
    ).fetchone()
    if row is None or row[1] is None:
        return
    unit, decimals = row
    for text in (line.quantity, line.billed or "0"):
        _, _, fraction = text.partition(".")
        if len(fraction) > max(decimals, 0):
            held = f"{decimals} decimals" if decimals > 0 else "no decimals"
            raise BooksError(
                f"{text} {unit} is no quantity: {unit} has {held}; correct it, or give the unit more with "
                f"`khata master alter unit {unit} --set decimals={len(fraction)}`"
            )
