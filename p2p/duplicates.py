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
    def is_closed(self) -> bool:
        """Whether either has said goodbye."""

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
    if newest.is_visit or me >= (newest.peer or b""):
        return []
    return [one for one in _others(newest, conversations) if one.is_open and not one.is_visit]


def crowding(newest: T, conversations: Iterable[T]) -> list[T]:
    """Which conversations with a device make room for one more, visits first and then the oldest.

    Args:
        newest: the one in which the device has just proved who it is.
        conversations: all, in the order in which they began, whether or not they were established.
    """
    others = sorted(_others(newest, conversations), key=lambda one: not one.is_visit)
    return others[: max(0, len(others) + 1 - CONNECTIONS_PER_DEVICE_MAX)]


def _others(newest: T, conversations: Iterable[T]) -> list[T]:
    return [one for one in conversations if one is not newest and one.peer == newest.peer and not one.is_closed]
