"""What a copy of the books does by itself whenever something new has come, in the order it is done."""

from khata.books import Books
from p2p.chores import Chore
from p2p.keepers import repeat_what_stays_in_force
from p2p.slots import list_slots


def chores_of(books: Books) -> tuple[Chore, ...]:
    """The chores of a copy, for its node: while it serves, and at the end of every synchronization."""
    return (
        lambda: repeat_what_stays_in_force(books.replica, books.now()),
        lambda: list_slots(books.replica, books.now()),
    )
