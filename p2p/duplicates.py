"""Two devices that have called each other keep one conversation: which one, so that both ends think of the same.

A **visit** is for one synchronization (`khata sync`, a schedule) and stands beside anything. Of two lasting
conversations the one that was established later stays. That it exists shows that it works, while the earlier one may
be dead without one end knowing: nobody calls whom it believes to be connected. Two that call each other at the same
moment may see the two in different order, so only the device with the lower id decides.
"""

from collections.abc import Iterable
from typing import Final, Protocol, TypeVar

from p2p.limits import CONNECTIONS_PER_DEVICE_MAX

DUPLICATE: Final = "duplicate"
"""The word of a goodbye that is no error: the two go on in another conversation."""


class Talk(Protocol):
    """What is asked of a conversation."""

    @property
    def peer(self) -> bytes | None:
        """Device id of the other end, once it is known."""

    @property
    def is_open(self) -> bool:
        """Whether both have proved who they are, and neither has said goodbye."""

    @property
    def is_visit(self) -> bool:
        """Whether either end is here for one synchronization only."""


T = TypeVar("T", bound=Talk)


def superfluous(newest: T, conversations: Iterable[T], me: bytes) -> list[T]:
    """Which conversations to end now that another is established.

    Args:
        newest: the one that was established just now.
        conversations: all, in the order in which they began.
        me: device id of this end.
    """
    earlier = [one for one in conversations if one is not newest and one.is_open and one.peer == newest.peer]
    lasting, visits = [one for one in earlier if not one.is_visit], [one for one in earlier if one.is_visit]
    decides = not newest.is_visit and me < (newest.peer or b"")
    ended, kept = (lasting, visits) if decides else ([], visits + lasting)
    # However many conversations one device begins, the oldest makes room.
    return ended + kept[: max(0, len(kept) + 1 - CONNECTIONS_PER_DEVICE_MAX)]
