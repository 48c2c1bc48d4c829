"""What a copy of the books does by itself whenever something new has come, in the order it is done."""

from khata.books import Books
from p2p.chores import Chore


def chores_of(_books: Books) -> tuple[Chore, ...]:
    """The chores of a copy, for its node: while it serves, and at the end of every synchronization."""
    return ()
