"""When a node calls a device by itself: what the schedules of the rules with it come to.

A schedule only says what this node does unasked. `khata sync` works at any time, and whoever calls is answered.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

MANUAL: Final = "manual"
CONTINUOUS: Final = "continuous"

MINUTE_SECONDS: Final = 60.0
MINUTES_MAX: Final = 7 * 24 * 60
"""Whoever wants to be called less often than once a week synchronizes by hand."""

Schedule = str | int
"""`manual`, `continuous`, or a number of minutes."""


class Attention(NamedTuple):
    """What a node does about one device.

    Attributes:
        calls: whether it calls the device by itself.
        every_seconds: it synchronizes, hangs up and calls again after so long; None: it stays connected.
    """

    calls: bool
    every_seconds: float | None = None


NEVER: Final = Attention(calls=False)
ALWAYS: Final = Attention(calls=True)


def attention(schedules: Iterable[Schedule], is_hub: bool, minute_seconds: float = MINUTE_SECONDS) -> Attention:
    """What a node does about a device: as the most eager of the rules with it says.

    Args:
        schedules: of the active rules that let something flow between the two; what is none of them counts as manual.
        is_hub: whether it is the keeper, a relay, or was named by hand: without any rule these alone are called,
            since the control chain has to reach everybody.
    """
    found = list(schedules)
    if not found:
        return ALWAYS if is_hub else NEVER
    if CONTINUOUS in found:
        return ALWAYS
    minutes = [one for one in found if isinstance(one, int) and 1 <= one <= MINUTES_MAX]
    return Attention(calls=True, every_seconds=min(minutes) * minute_seconds) if minutes else NEVER
