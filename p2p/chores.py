"""What a device does by itself when something new has come: carry out a request, answer an offer, repeat a revocation.

A chore looks at the whole copy and does what is due there, so doing it again does nothing. It is never started from
within itself or another one, and what goes wrong with it stops neither the others nor the node.
"""

import sqlite3
from collections.abc import Callable, Sequence

from crdt_models.errors import DocumentError
from p2p.errors import P2PError
from p2p.store import StoreBusy

Chore = Callable[[], bool]
"""Does what is due in one or more whole transactions; returns whether it wrote anything."""


class Chores:
    """The chores of a node, and whether there is reason to look at them again.

    Args:
        chores: done in this order.
        failed: told in a sentence what could not be done; it is tried again when something else has come.
    """

    def __init__(self, chores: Sequence[Chore], failed: Callable[[str], None]) -> None:
        self._chores = tuple(chores)
        self._failed = failed
        self.due = bool(chores)

    def look_again(self) -> None:
        """Have everything looked at when `do` is called next: something new is in the store."""
        self.due = bool(self._chores)

    def do(self) -> bool:
        """Do what is due, each chore once; return whether anything was written, which may be work for another.

        Where another process is writing, what is left stays due. Cost: that of asking each chore.
        """
        if not self.due:
            return False
        self.due = False
        wrote = [self._do_one(chore) for chore in self._chores]
        return any(wrote)

    def _do_one(self, chore: Chore) -> bool:
        try:
            return chore()
        except StoreBusy:
            self.due = True
        except (P2PError, DocumentError, sqlite3.Error) as error:
            self._failed(str(error))
        return False
