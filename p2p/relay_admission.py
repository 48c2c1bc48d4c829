"""A relay becomes one of the company's: it is admitted to the control chain, and gets the keys of `control` alone."""

from p2p.chain import READ_RELAY, RELAY, Admitted
from p2p.chain_members import Member
from p2p.errors import ChainError
from p2p.founding import append
from p2p.relay_invite import RelayTicket
from p2p.replica import Replica
from p2p.sealing import seal_granted


def admit_relay(replica: Replica, ticket: RelayTicket, now: int) -> Member:
    """Admit a relay as its invitation describes it; nothing is written where it belongs to the company already.

    Args:
        now: ms since 1970.

    Raises:
        NotAllowed: this device is not the keeper.
        ChainError: it was revoked, or its keys cannot be used; nothing is written.
    """
    with replica.transaction():
        replica.refresh()
        known = replica.chain.member(ticket.device)
        if known is None:
            name = _free_name(replica, ticket.name)
            append(
                replica,
                Admitted(
                    time=now,
                    key=ticket.public,
                    seal_key=ticket.seal_public,
                    name=name,
                    role=RELAY,
                    read=READ_RELAY,
                    write=(),
                ),
            )
            known = replica.chain.member(ticket.device)
            assert known is not None
            seal_granted(replica, known, now)
        elif known.revoked_at is not None:
            raise ChainError(f"{known.name} was revoked; the relay has to be set up anew in another folder")
    return known


def relays_of(replica: Replica) -> list[Member]:
    """The relays of a company, by name."""
    found = [one for one in replica.chain.members.values() if one.role == RELAY and one.revoked_at is None]
    return sorted(found, key=lambda one: (one.name, one.device))


def _free_name(replica: Replica, wanted: str) -> str:
    taken = {member.name for member in replica.chain.members.values()}
    names = (wanted, *(f"{wanted} {number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)
