"""What may be dated where: nobody who knows of a lock enters anything into the period it closes."""

from khata.books import Books
from khata.errors import BooksError
from p2p.scope import Pattern


def locked_until(books: Books, scope: str) -> str:
    """The last locked day of a scope, as "2026-03-31"; empty when nothing is locked there."""
    locks = (
        lock.until
        for lock in books.replica.chain.locks
        if any(Pattern.parse(text).matches(scope) for text in lock.scopes)
    )
    return max(locks, default="")


def check_open(books: Books, scope: str, *dates: str) -> None:
    """Refuse a save that belongs to a locked period.

    Args:
        dates: the days under which a voucher stands in the books, before the save and after it; empty ones are none.

    Raises:
        BooksError: one of them is locked.
    """
    until = locked_until(books, scope)
    shut = [date for date in dates if date and date <= until]
    if shut:
        keeper = books.replica.chain.member(books.replica.chain.keeper)
        name = keeper.name if keeper is not None else "the device that keeps the control chain"
        raise BooksError(
            f"{min(shut)} is in a period that is locked up to {until}; choose a later date, or have it unlocked at "
            f"{name} with `khata lock remove`"
        )


def date_in_books(books: Books, voucher: int) -> str:
    """The day under which a voucher counts; empty where a lock keeps all of it out.

    Args:
        voucher: its id in `vouchers`.
    """
    date, alone = books.db.execute(
        "SELECT date, (SELECT max(alone) FROM kept_out WHERE document=abs(v.id)) FROM vouchers v WHERE id=?", (voucher,)
    ).fetchone()
    return "" if alone else str(date)
