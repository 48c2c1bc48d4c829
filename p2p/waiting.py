"""What waits at a copy for a peer: how many commits, and since when."""

from typing import NamedTuple

from p2p.arrivals import came_at
from p2p.messages import SHARE
from p2p.replica import Replica


class Waiting(NamedTuple):
    """What waits for a device: how many commits, and when the first of them came (None: nothing waits, or unknown)."""

    commits: int
    since: int | None


def waiting_for(replica: Replica, peer: bytes) -> Waiting:
    """What may flow to a peer and is not proved to be there.

    Cost: one index step for each commit since both were last in sync under the rules of now; of those that came later
    than what is of interest to the peer, none.
    """
    link, view = replica.link(peer), replica.view(SHARE, peer)
    # What was settled under other rules says nothing of what may flow now.
    settled = link.settled_under(view.share.id)
    allowed: dict[int, bool] = {}
    rows = []
    for row, scope, _, source in replica.store.since(view.first_of_interest(settled)):
        if source is not None and source == link.id:
            continue
        if scope not in allowed:
            allowed[scope] = view.share.may_give(replica.store.scope_path(scope))
        if allowed[scope]:
            rows.append(row)
    return Waiting(len(rows), came_at(replica.store, rows[0]) if rows else None)
