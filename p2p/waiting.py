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


def waiting_for(replica: Replica, peer: bytes) -> Waiting:
    """What may flow to a peer and is not proved to be there; what it made itself it holds.

    Cost: one step for each commit since both were last in sync under the rules of now; of those that came later
    than what is of interest to the peer, none.
    """
    view = replica.view(SHARE, peer)
    # What was settled under other rules says nothing of what may flow now.
    settled = replica.link(peer).settled_under(view.share.id)
    allowed: dict[int, bool] = {}
    rows = []
    for row, scope in not_from(replica, peer, view.first_of_interest(settled)):
        if scope not in allowed:
            allowed[scope] = view.share.may_give(replica.store.scope_path(scope))
        if allowed[scope]:
            rows.append(row)
    return Waiting(len(rows), came_at(replica.store, rows[0]) if rows else None)
