"""Which schedules stand between this device and another: what the rules with it say, as far as they reach here."""

from p2p.chain import RELAY
from p2p.messages import SHARE
from p2p.replica import Replica
from p2p.schedules import CONTINUOUS, Attention, Schedule, attention


def is_hub(replica: Replica, device: bytes) -> bool:
    """Whether a device is called without any rule: the keeper, a relay, or another device of this branch."""
    me, you = replica.chain.member(replica.keys.id), replica.chain.member(device)
    if you is None:
        return False
    same_branch = me is not None and bool(me.branch) and me.branch == you.branch
    return device == replica.chain.keeper or you.role == RELAY or same_branch


def schedules_with(replica: Replica, device: bytes) -> list[Schedule]:
    """The schedules of the rules between this device's branch and another device's."""
    share = replica.view(SHARE, device).share
    return [CONTINUOUS] if share.gives or share.takes else []


def attend(replica: Replica, device: bytes) -> Attention:
    """What a node does about a device, as the books say now."""
    return attention(schedules_with(replica, device), is_hub(replica, device))
