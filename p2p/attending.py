"""Which schedules stand between this device and another: what the rules with it say, as far as they reach here."""

from p2p.chain import RELAY
from p2p.contact import Contact
from p2p.replica import Replica
from p2p.schedules import ALWAYS, NEVER, Attention, Schedule, attention


def is_hub(replica: Replica, device: bytes) -> bool:
    """Whether a device is called without any rule: the keeper, a relay, or another device of this branch."""
    me, you = replica.chain.member(replica.keys.id), replica.chain.member(device)
    if you is None:
        return False
    same_branch = me is not None and bool(me.branch) and me.branch == you.branch
    return device == replica.chain.keeper or you.role == RELAY or same_branch


def schedules_with(replica: Replica, device: bytes) -> list[Schedule]:
    """The schedules that this branch has in the active rules with another's; those of all it delivers for a relay."""
    me, you = replica.chain.member(replica.keys.id), replica.chain.member(device)
    if me is None or you is None:
        return []
    active = [one for one in replica.agreements if one.active]
    if you.role == RELAY:
        return [one.every[me.branch] for one in active if one.on_demand and one.other(me.branch)]
    return [one.every[me.branch] for one in active if you.branch and one.other(me.branch) == you.branch]


def shares_with(replica: Replica, device: bytes) -> bool:
    """Whether anything besides control flows between this device and another."""
    me, you = replica.chain.member(replica.keys.id), replica.chain.member(device)
    same_branch = me is not None and you is not None and bool(me.branch) and me.branch == you.branch
    return same_branch or bool(schedules_with(replica, device))


def attend(replica: Replica, device: bytes | None, named: bool) -> Attention:
    """What a node does about a device, as the books and people say now.

    Args:
        device: None for an address as long as nobody knows who is there.
        named: whether an address of it was named by hand.
    """
    if Contact(replica.store).refusal(device) is not None:
        return NEVER
    if device is None:
        return ALWAYS
    return attention(schedules_with(replica, device), named or is_hub(replica, device))
