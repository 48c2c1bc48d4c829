"""The two clocks of a node: the one that people set, and one that never goes back."""

import time
from typing import Protocol

import trio


class Clock(Protocol):
    """What a node needs of time; the simulator brings its own."""

    def now_ms(self) -> int:
        """This device's clock, ms since 1970."""

    def steady_ms(self) -> int:
        """Milliseconds that never go back."""


class SystemClock:
    """The clocks of this machine."""

    def now_ms(self) -> int:
        """This device's clock, ms since 1970."""
        return time.time_ns() // 1_000_000

    def steady_ms(self) -> int:
        """Milliseconds that never go back."""
        return int(trio.current_time() * 1000)
