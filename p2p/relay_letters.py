"""The letters that lie at a relay: for each invitation one from the joiner and one from the inviter, replaced by later.

A letter is taken only for a slot that the keeper of a company has listed, so their number is bounded by what keepers
list, and each goes when its invitation does.
"""

import sqlite3
from typing import Final

from p2p.copies import Copies
from p2p.replica import Replica
from p2p.slots import listed_slots

JOINER, INVITER = 0, 1
"""Who wrote a letter."""

LETTERS_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS letters (slot BLOB, writer INTEGER, letter BLOB NOT NULL, PRIMARY KEY (slot, writer)) "
    "WITHOUT ROWID"
)


class Letters:
    """The letters of all companies that a relay serves.

    Args:
        desk: the relay's own database.
        copies: what it holds of each company.
    """

    def __init__(self, desk: sqlite3.Connection, copies: Copies) -> None:
        self._desk = desk
        self._copies = copies
        self._listed: dict[bytes, tuple[tuple[int, int], list[tuple[bytes, int]]]] = {}

    def company_of(self, slot: bytes, now: int) -> Replica | None:
        """The company whose keeper has listed a slot that is still open; None when none has."""
        return next((replica for replica in self._copies if slot in self._slots(replica, now)), None)

    def leave(self, slot: bytes, writer: int, letter: bytes, now: int) -> None:
        """Keep a letter in place of an earlier one of the same writer; letters of slots that are gone go too."""
        listed = {one for replica in self._copies for one in self._slots(replica, now)}
        with self._desk:
            self._desk.execute("INSERT OR REPLACE INTO letters VALUES (?, ?, ?)", (slot, writer, letter))
            lying = [bytes(one) for (one,) in self._desk.execute("SELECT DISTINCT slot FROM letters")]
            gone = [(one,) for one in lying if one not in listed]
            self._desk.executemany("DELETE FROM letters WHERE slot=?", gone)

    def read(self, slot: bytes, writer: int) -> bytes:
        """The letter that lies there; empty when there is none."""
        row = self._desk.execute("SELECT letter FROM letters WHERE slot=? AND writer=?", (slot, writer)).fetchone()
        return bytes(row[0]) if row else b""

    def drop(self, slot: bytes, writer: int) -> None:
        """Throw a letter away: it has reached whom it was for."""
        with self._desk:
            self._desk.execute("DELETE FROM letters WHERE slot=? AND writer=?", (slot, writer))

    def _slots(self, replica: Replica, now: int) -> dict[bytes, int]:
        """What the keeper of a company lists, read anew when something new is there."""
        state = (replica.store.next_row(), replica.chain_head()[0])
        held = self._listed.get(replica.company)
        if held is None or held[0] != state:
            held = self._listed[replica.company] = (state, list(listed_slots(replica, 0).items()))
        return {slot: expires for slot, expires in held[1] if expires > now}
