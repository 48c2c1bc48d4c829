"""The trace of a run: a running hash of all that happened in order, so that two runs can be compared in one look."""

import hashlib
from collections import deque
from typing import Final, TextIO

LAST_KEPT: Final = 400
"""How many of the last lines are kept to be shown with a failure."""


class Trace:
    """Everything that happens, hashed in the order in which it does.

    Args:
        out: where each line is written as well.
    """

    def __init__(self, out: TextIO | None = None) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self._out = out
        self._last: deque[tuple[str, str, str]] = deque(maxlen=LAST_KEPT)

    def bytes_moved(self, at_ms: int, source: str, target: str, data: bytes) -> None:
        """Bytes have arrived."""
        self._hash.update(f"{at_ms} {source}>{target} {len(data)} ".encode())
        self._hash.update(data)
        if self._out is not None:
            self._out.write(f"{_clock(at_ms)}  {source} > {target}: {len(data)} bytes\n")

    def note(self, at_ms: int, who: str, text: str) -> None:
        """Something has happened that a person may want to read."""
        self.take(at_ms, who, text)
        line = f"{_clock(at_ms)}  {who}: {text}"
        self._last.append((who, text, line))
        if self._out is not None:
            self._out.write(line + "\n")

    def take(self, at_ms: int, who: str, text: str) -> None:
        """Hash something that has happened and that a person reads elsewhere."""
        self._hash.update(f"{at_ms} {who}: {text}\n".encode())

    def last_events(self) -> tuple[str, ...]:
        """The last lines, oldest first; of those that say the same of the same only the latest."""
        latest = {(who, text): number for number, (who, text, _) in enumerate(self._last)}
        return tuple(line for number, (who, text, line) in enumerate(self._last) if latest[who, text] == number)

    @property
    def digest(self) -> str:
        """The hash of all so far, 32 hex digits."""
        return self._hash.copy().hexdigest()


def _clock(at_ms: int) -> str:
    """Since the beginning: days, hours, minutes, seconds."""
    seconds, ms = divmod(at_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:5d}:{minutes:02d}:{seconds:02d}.{ms:03d}"
