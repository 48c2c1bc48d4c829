"""What people decided about being in touch from here, and what happened on the line lately.

Both are of this copy alone and travel nowhere: a device is paused here, this copy works offline.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from p2p.store import Store

EVENTS_KEPT_MAX: Final = 1000
PAUSED: Final = "paused"
OFFLINE: Final = "offline"
"""The words of goodbyes that say why nothing goes on."""

_MODE: Final = "offline"


class Event(NamedTuple):
    """Something that happened: when (ms since 1970), a word, the peer's name or address, a sentence."""

    at: int
    event: str
    peer: str
    text: str


class Contact:
    """The tables of paused devices and of events in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # -- decisions --------------------------------------------------------------------------------------------------

    @property
    def is_offline(self) -> bool:
        """Whether this copy works offline: nobody is called, and whoever calls is sent away."""
        return bool(self._store.meta(_MODE))

    def work_offline(self, offline: bool) -> None:
        """Switch between the two ways of working."""
        with self._store.transaction():
            self._store.set_meta(_MODE, b"1" if offline else b"")

    def paused(self) -> frozenset[bytes]:
        """The devices with which nothing is exchanged until they are resumed."""
        return frozenset(bytes(device) for (device,) in self._store.conn.execute("SELECT device FROM paused"))

    def pause(self, devices: Iterable[bytes]) -> None:
        """Exchange nothing with these devices any more."""
        with self._store.transaction():
            self._store.conn.executemany("INSERT OR IGNORE INTO paused VALUES (?)", [(one,) for one in devices])

    def resume(self, devices: Iterable[bytes]) -> None:
        """Exchange with these devices again."""
        with self._store.transaction():
            self._store.conn.executemany("DELETE FROM paused WHERE device=?", [(one,) for one in devices])

    def refusal(self, device: bytes | None) -> tuple[str, str] | None:
        """Why nothing is exchanged with a device: the word and the sentence of a goodbye; None when it is.

        Args:
            device: None for one that is not known yet.
        """
        if self.is_offline:
            return OFFLINE, "this device works offline; `khata work online` there ends it"
        if device is not None and device in self.paused():
            return PAUSED, "synchronizing is paused at the other end; `khata resume` there goes on"
        return None

    def signs(self) -> tuple[object, ...]:
        """Changes with every decision. Cost: two lookups."""
        return self.is_offline, tuple(sorted(self.paused()))

    # -- what happened ----------------------------------------------------------------------------------------------

    def note(self, events: Iterable[Event]) -> None:
        """Keep what happened; only the latest are kept, and what is said once more is counted once."""
        conn = self._store.conn
        with self._store.noting():
            for one in events:
                last = conn.execute(
                    "SELECT event, text FROM events WHERE peer=? ORDER BY id DESC LIMIT 1", (one.peer,)
                ).fetchone()
                if last != (one.event, one.text):
                    conn.execute("INSERT INTO events (at, event, peer, text) VALUES (?, ?, ?, ?)", one)
            conn.execute("DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?", (EVENTS_KEPT_MAX,))

    def events(self, limit: int) -> list[Event]:
        """The latest events, oldest first."""
        rows = self._store.conn.execute("SELECT at, event, peer, text FROM events ORDER BY id DESC LIMIT ?", (limit,))
        return [Event(*row) for row in rows][::-1]
