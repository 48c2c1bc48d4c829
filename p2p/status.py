"""Where each peer stands, as far as this copy can know."""

from typing import NamedTuple

from p2p.replica import Replica
from p2p.reports import delivered_through
from p2p.waiting import not_from


class PeerStatus(NamedTuple):
    """One peer.

    Attributes:
        in_sync_at: when both copies were last proved to agree, local ms; None when never.
        missing_here: how many commits it was last known to hold that are not here; None when unknown.
        missing_there: how many commits here are not proved to be there.
        clock_off_ms: its clock less ours, when last met.
    """

    device: bytes
    name: str
    branch: str
    address: str | None
    in_sync_at: int | None
    seen_at: int | None
    missing_here: int | None
    missing_there: int
    error: str | None
    clock_off_ms: int | None


def missing_there(replica: Replica, peer: bytes) -> int:
    """How many commits here may flow to a peer and are not known to be there, directly or through a relay.

    Cost: one step for each commit since both were last in sync.
    """
    link, through = replica.link(peer), delivered_through(replica, peer)
    share, relay = replica.share_with(peer), replica.share_with(through.relay) if through.row else None
    mine = not_from(replica, peer, link.settled_under(share.id))
    paths = {scope: replica.store.scope_path(scope) for scope in {scope for _, scope in mine}}
    allowed = {
        scope: (share.may_give(path), relay is not None and relay.may_give(path)) for scope, path in paths.items()
    }
    there = [allowed[scope][1] and row <= through.row for row, scope in mine]
    return sum(allowed[scope][0] and not is_there for (_, scope), is_there in zip(mine, there, strict=True))


def missing_here(mine: int, theirs: int | None, there: int) -> int | None:
    """How many commits a peer holds that are not here.

    Args:
        mine: how many of the shared commits are here.
        theirs: how many it said it holds; None when it has not said.
        there: how many of ours it lacks.
    """
    return None if theirs is None else max(0, theirs - (mine - there))


def peer_statuses(replica: Replica) -> list[PeerStatus]:
    """Every other member, by name: those that were met, and those that are only known from the control chain."""
    links = {status.device: status for status in replica.links.statuses()}
    statuses = []
    for member in replica.chain.members.values():
        if member.device == replica.keys.id or member.revoked_at is not None:
            continue
        link = links.get(member.device)
        there = missing_there(replica, member.device)
        statuses.append(
            PeerStatus(
                member.device,
                member.name,
                member.branch,
                link.address if link else None,
                link.in_sync_at if link else None,
                link.seen_at if link else None,
                link.missing_here if link else None,
                there,
                link.error if link else None,
                link.clock_off_ms if link else None,
            )
        )
    return sorted(statuses, key=lambda status: (status.name, status.device))
