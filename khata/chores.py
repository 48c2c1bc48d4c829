"""What a copy of the books does by itself whenever something new has come, in the order it is done."""

from typing import Final

from khata.asking import carry_out
from khata.books import Books
from p2p.chores import Chore
from p2p.keepers import repeat_what_stays_in_force
from p2p.rule_deeds import accept_first_rules
from p2p.slots import list_slots

FIRST_RULE: Final = "first-rule"
"""The fact in a store that says which preset its ticket promised, until that rule has come and is accepted."""

BESIDE: Final = "beside"
"""The fact in a store that is filled to take the place of another: what is done by itself is done in that other one."""


def chores_of(books: Books) -> tuple[Chore, ...]:
    """The chores of a copy, for its node: while it serves, and at the end of every synchronization."""
    if books.replica.store.meta(BESIDE):
        return ()
    return (
        lambda: accept_promised(books),
        lambda: repeat_what_stays_in_force(books.replica, books.now(), books.random),
        lambda: carry_out(books),
        lambda: list_slots(books.replica, books.now()),
    )


def accept_promised(books: Books) -> bool:
    """Accept the rule that the ticket of this device promised, once it has come."""
    store = books.replica.store
    preset = store.meta(FIRST_RULE)
    if not preset:
        return False
    with books.writing():
        accepted = accept_first_rules(books.replica, preset.decode(), books.user, books.now())
        if accepted:
            store.set_meta(FIRST_RULE, b"")
    return accepted
