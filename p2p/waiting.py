"""What waits at a copy for a peer: how many commits, and since when."""

from typing import Final, NamedTuple

from p2p.arrivals import came_at
from p2p.commit import author_mark
from p2p.messages import SHARE
from p2p.replica import Replica

NOT_FROM: Final = "source IS NOT ? AND NOT instr(header, ?)"
"""The condition on `commits` that one neither came over a link (its local id) nor was made by a device (its mark)."""


class Waiting(NamedTuple):
    """What waits for a device: how many commits, and when the first of them came (None: nothing waits, or unknown)."""

    commits: int
    since: int | None


def not_from(replica: Replica, peer: bytes, after_row: int) -> list[tuple[int, int]]:
    """Row and scope of what came after a row and not from a device: neither over its link, nor by whatever way of it.

    Cost: one step for each commit that came after that row.
    """
    query = f"SELECT row, scope FROM commits WHERE row>? AND {NOT_FROM} ORDER BY row"
    values = (after_row, replica.link(peer).id, author_mark(peer))
    return [(row, scope) for row, scope in replica.db.execute(query, values)]


class _Count(NamedTuple):
    """What was counted for a device up to a row, and under which circumstances; others begin a count anew."""

    under: object
    row: int
    commits: int
    first: int | None


class WaitingCounts:
    """What waits at one copy for each device, counted on from where it was counted last."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self._counts: dict[bytes, _Count] = {}

    def of(self, peer: bytes) -> Waiting:
        """What may flow to a peer and is not proved to be there; what it made itself it holds.

        Cost: one step for each commit since the last count. That begins, where the peer was in sync since then or
        other rules hold, after what both had compared under the rules of now. Of commits that came later than what is
        of interest to the peer, none.
        """
        store, link, view = self.replica.store, self.replica.link(peer), self.replica.view(SHARE, peer)
        # What was settled under other rules says nothing of what may flow now.
        settled = link.settled_under(view.share.id)
        under = link.id, settled, view.share.id, store.removals
        _, counted, commits, first = self._begun(peer, under, settled)
        news = not_from(self.replica, peer, view.first_of_interest(counted))
        allowed: dict[int, bool] = {}
        for row, scope in news:
            if scope not in allowed:
                allowed[scope] = view.share.may_give(store.scope_path(scope))
            if allowed[scope]:
                commits, first = commits + 1, first or row
        self._counts[peer] = _Count(under, news[-1][0] if news else counted, commits, first)
        return Waiting(commits, came_at(store, first) if first is not None else None)

    def _begun(self, peer: bytes, under: object, settled: int) -> _Count:
        count = self._counts.get(peer)
        return count if count is not None and count.under == under else _Count(under, settled, 0, None)


def waiting_for(replica: Replica, peer: bytes) -> Waiting:
    """What may flow to a peer and is not proved to be there, counted once; see `WaitingCounts`."""
    return WaitingCounts(replica).of(peer)


def control_waits(replica: Replica, peer: bytes) -> bool:
    """Whether anything in `control` is not proved to be with a peer. Cost: one lookup for each scope in `control`."""
    link = replica.link(peer)
    found = replica.db.execute(
        "SELECT 1 FROM commits WHERE scope IN (SELECT id FROM scopes WHERE path GLOB 'control/*') AND row>? "
        f"AND {NOT_FROM} LIMIT 1",
        (link.settled_row, link.id, author_mark(peer)),
    ).fetchone()
    return found is not None
