"""When commits came to a copy, and how much of each author is stored there."""

from collections.abc import Sequence

from p2p.commit import size_of
from p2p.store import Store, StoredCommit


def note_arrival(store: Store, authors: Sequence[bytes], commits: Sequence[StoredCommit], now: int) -> None:
    """Note when some commits came and whose they are. Inside the transaction that stores them.

    Args:
        authors: the author of each of the commits.
        commits: at least one, in the order of their rows.
        now: ms since 1970.
    """
    by_author: dict[bytes, int] = {}
    for author, stored in zip(authors, commits, strict=True):
        by_author[author] = by_author.get(author, 0) + size_of(stored.header, stored.body)
    store.conn.execute("INSERT INTO arrivals VALUES (?, ?)", (commits[0].row, now))
    store.conn.executemany(
        "INSERT INTO stored VALUES (?, ?) ON CONFLICT (author) DO UPDATE SET bytes=bytes+excluded.bytes",
        by_author.items(),
    )


def came_at(store: Store, row: int) -> int | None:
    """When the commit with this row number came, ms since 1970; None when that was not noted."""
    found = store.conn.execute("SELECT at FROM arrivals WHERE row<=? ORDER BY row DESC LIMIT 1", (row,)).fetchone()
    return int(found[0]) if found else None


def last_row_before(store: Store, at: int) -> int:
    """The last row number of which it is known that it came before a time, ms since 1970; 0 when there is none.

    A clock that was turned back makes it come out lower, never higher than what came before the clock was turned.
    """
    found = store.conn.execute("SELECT min(row) FROM arrivals WHERE at>=?", (at,)).fetchone()
    first_later = int(found[0]) if found[0] is not None else store.next_row()
    return first_later - 1


def stored_by(store: Store) -> dict[bytes, int]:
    """How many bytes of each author (first 8 bytes of the device id) are stored."""
    return {bytes(author): size for author, size in store.conn.execute("SELECT author, bytes FROM stored")}
