"""What may be dated where: nobody who knows of a lock enters anything into the period it closes."""

from collections.abc import Iterable

from crdt_models.saves import SAVE_ID_BYTES
from khata.books import Books
from khata.errors import BooksError
from p2p.commit import Commit
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


def check_counts(books: Books, commits: Iterable[Commit]) -> None:
    """Refuse saves that were just made and that a lock keeps out. Inside `books.writing()`, which they do not outlive.

    For saves of which only the outcome tells whether they change a locked period, such as those that end a conflict.

    Raises:
        BooksError: one of them would change a locked period.
    """
    for commit in commits:
        found = books.db.execute(
            "SELECT max(until) FROM kept_out WHERE save=? AND offence", (commit.id[:SAVE_ID_BYTES],)
        ).fetchone()
        if found[0] is not None:
            raise BooksError(
                f"that would change the period locked up to {found[0]}, so it would not count; keep what stands in the "
                "locked books (`khata lock late` lists what came late, `khata lock put-back` leaves them as they are), "
                "or have the period unlocked with `khata lock remove`"
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
