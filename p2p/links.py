"""What is remembered of each peer between conversations: when it was in sync, what was compared, what went wrong."""

from collections.abc import Sequence
from typing import NamedTuple

from p2p.local import Link
from p2p.reconcile import Compared
from p2p.store import Store

REFUSALS_KEPT_MAX = 1000


class LinkStatus(NamedTuple):
    """A peer as `status` shows it; times are local milliseconds, None when it never happened.

    `in_sync_at` says when it was proved last that both agree, up to `settled_row`.
    """

    device: bytes
    address: str | None
    settled_row: int
    in_sync_at: int | None
    seen_at: int | None
    missing_here: int | None
    missing_there: int | None
    error: str | None
    clock_off_ms: int | None


class Refusal(NamedTuple):
    """A commit of a peer that was not stored."""

    device: bytes
    commit_id: bytes
    reason: str
    at: int


class Links:
    """The tables of links, settled digests and refusals in a store.

    What is noted here saves work, and a power cut may cost the last of it: then something is compared once more.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    def link(self, device: bytes) -> Link:
        """What is remembered of a device; a link with id 0 when nothing is."""
        row = self._conn.execute("SELECT id, settled_row, met, share FROM links WHERE device=?", (device,)).fetchone()
        return Link(row[0], device, row[1], bool(row[2]), row[3] or b"") if row else Link(0, device, 0, met=False)

    def made(self, device: bytes) -> Link:
        """The link to a device, made when there is none yet. Inside a transaction."""
        self._conn.execute("INSERT OR IGNORE INTO links (device) VALUES (?)", (device,))
        return self.link(device)

    def statuses(self) -> list[LinkStatus]:
        """Every peer ever met, in the order of their device ids."""
        rows = self._conn.execute(
            "SELECT device, address, settled_row, in_sync_at, seen_at, missing_here, missing_there, error, "
            "clock_off_ms FROM links ORDER BY device"
        )
        return [LinkStatus(*row) for row in rows]

    def met(self, device: bytes, now: int, address: str | None, clock_off_ms: int) -> None:
        """Note that a conversation was established."""
        with self._store.noting():
            link = self.made(device)
            self._conn.execute(
                "UPDATE links SET met=1, seen_at=?, address=coalesce(?, address), clock_off_ms=?, error=NULL "
                "WHERE id=?",
                (now, address, clock_off_ms, link.id),
            )

    def forget_meeting(self, device: bytes) -> None:
        """Introduce ourselves again at the next conversation: the peer does not know us any more."""
        with self._store.noting():
            self._conn.execute("UPDATE links SET met=0 WHERE device=?", (device,))

    def note(self, device: bytes, missing_here: int | None, missing_there: int | None, error: str | None) -> None:
        """Note how far a peer is behind or ahead, and the last error."""
        with self._store.noting():
            link = self.made(device)
            self._conn.execute(
                "UPDATE links SET missing_here=?, missing_there=?, error=? WHERE id=?",
                (missing_here, missing_there, error, link.id),
            )

    def proved(self, device: bytes, control: int, share: int) -> None:
        """Note how many commits of each tree a peer has proved to hold."""
        with self._store.noting():
            self._conn.execute(
                "UPDATE links SET proved_control=?, proved_share=? WHERE id=?", (control, share, self.made(device).id)
            )

    def proved_by(self, device: bytes) -> tuple[bytes, tuple[int, int]] | None:
        """The share under which a peer was in sync last, and how many commits of each tree it held then."""
        row = self._conn.execute(
            "SELECT share, proved_control, proved_share FROM links WHERE device=? AND proved_share IS NOT NULL",
            (device,),
        ).fetchone()
        return None if row is None else (bytes(row[0] or b""), (int(row[1]), int(row[2])))

    def tell(self, device: bytes, error: str) -> None:
        """Note what is wrong between a peer and this copy, for a person; being in sync clears it."""
        with self._store.noting():
            self._conn.execute("UPDATE links SET error=? WHERE id=?", (error, self.made(device).id))

    def in_sync(self, device: bytes, share: bytes, mine: bytes, theirs: bytes, row: int, now: int) -> None:
        """Note that both copies were proved to agree, all commits up to a local row counted."""
        with self._store.noting():
            link = self.made(device)
            self._conn.execute(
                "UPDATE links SET share=?2, mine=?3, theirs=?4, settled_row=?1, in_sync_at=?5, seen_at=?5, missing_here=0, "
                "missing_there=0, error=NULL WHERE id=?6",
                (row, share, mine, theirs, now, link.id),
            )

    def is_settled(self, link: int, share: bytes, node: str, mine: bytes, theirs: bytes) -> bool:
        """Whether a pair of digests was compared to the end before."""
        row = self._conn.execute(
            "SELECT mine, theirs FROM settled WHERE link=? AND share=? AND node=?", (link, share, node)
        ).fetchone()
        return row is not None and (bytes(row[0]), bytes(row[1])) == (mine, theirs)

    def compared(self, device: bytes, share: bytes, pairs: Sequence[Compared]) -> None:
        """Remember pairs of digests under this share; those of earlier shares are of no use any more."""
        unequal = [pair for pair in pairs if pair.mine != pair.theirs]
        if unequal:
            with self._store.noting():
                link = self.made(device).id
                if share:
                    self._conn.execute("DELETE FROM settled WHERE link=? AND share NOT IN (?, x'')", (link, share))
                self._conn.executemany(
                    "INSERT OR REPLACE INTO settled VALUES (?, ?, ?, ?, ?)",
                    [(link, share, pair.node, pair.mine, pair.theirs) for pair in unequal],
                )

    def unsettle(self, device: bytes | None = None) -> None:
        """Forget what was compared with a peer, or with all: the next conversation compares everything anew."""
        with self._store.noting():
            where, values = ("", ()) if device is None else (" WHERE device=?", (device,))
            self._conn.execute(f"DELETE FROM settled WHERE link IN (SELECT id FROM links{where})", values)
            self._conn.execute(f"UPDATE links SET settled_row=0, share=NULL{where}", values)

    def refused(self, link: int, refused: Sequence[tuple[bytes, str]], now: int) -> None:
        """List commits that were not stored, for a person; only the latest are kept. Inside a transaction."""
        self._conn.executemany(
            "INSERT INTO refusals (link, commit_id, reason, at) VALUES (?, ?, ?, ?)",
            [(link, commit_id, reason, now) for commit_id, reason in refused],
        )
        self._conn.execute("DELETE FROM refusals WHERE id <= (SELECT max(id) FROM refusals) - ?", (REFUSALS_KEPT_MAX,))

    def refusals(self) -> list[Refusal]:
        """The refused commits, oldest first."""
        rows = self._conn.execute(
            "SELECT l.device, r.commit_id, r.reason, r.at FROM refusals r JOIN links l ON l.id=r.link ORDER BY r.id"
        )
        return [Refusal(*row) for row in rows]
