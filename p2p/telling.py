"""What a node tells: what happens, for a log, and how a synchronization ended."""

from collections.abc import Callable
from typing import NamedTuple


class Said(NamedTuple):
    """Something that happened, for the log of a serving node.

    Attributes:
        event: a word, such as `connected`, `in-sync`, `joined`, `disconnected`, `unreachable`.
        peer: the peer's name, or its address while it is not known.
        text: a sentence.
    """

    event: str
    peer: str
    text: str


class Outcome(NamedTuple):
    """How one synchronization ended.

    Attributes:
        reached: whether anybody of the company answered.
        forgot: a sentence, when the peer held less than it had proved to hold before.
    """

    address: str
    peer: str
    in_sync: bool
    received: int
    sent: int
    error: str | None
    goodbye: str | None
    reached: bool = True
    forgot: str = ""


Tell = Callable[[Said], None]
"""Takes what happens, for a log."""


def silent(_said: Said) -> None:
    """Tell nobody."""
