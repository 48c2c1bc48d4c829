"""What a device's clock shows: the world's time, jumped and drifting as people and cheap boards make it."""

import trio


def elapsed_ms() -> int:
    """Milliseconds of simulated time since the run began; a mock clock begins at nought."""
    return round(trio.current_time() * 1000)


class DeviceClock:
    """The two clocks of one device.

    Args:
        start_ms: what it shows when the run begins, ms since 1970.
    """

    def __init__(self, start_ms: int) -> None:
        self._start_ms = start_ms
        self._off_ms = 0
        self._drift = 0.0
        self._drifts_since_ms = 0

    def now_ms(self) -> int:
        """What it shows, ms since 1970; never before that."""
        now = elapsed_ms()
        drifted = int((now - self._drifts_since_ms) * self._drift)
        return max(0, self._start_ms + now + self._off_ms + drifted)

    def steady_ms(self) -> int:
        """Milliseconds that never go back."""
        return elapsed_ms()

    def jump(self, by_ms: int) -> None:
        """Show another time from now on."""
        self._off_ms += by_ms

    def drift(self, ms_a_day: int) -> None:
        """Run fast, or slow, from now on."""
        now = elapsed_ms()
        self._off_ms += int((now - self._drifts_since_ms) * self._drift)
        self._drifts_since_ms, self._drift = now, ms_a_day / 86_400_000
