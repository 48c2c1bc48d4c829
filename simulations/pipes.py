"""One direction of a connection: bytes in pieces that take their time, and wait for a line that is cut."""

from collections import deque
from typing import TYPE_CHECKING, Final

import trio

from p2p.transport import Traffic

if TYPE_CHECKING:
    from simulations.network import Fabric

WINDOW_BYTES: Final = 64 * 1024
"""How much is on its way, or waits to be read, before whoever sends has to wait; what kernels keep for a socket."""
PIECE_BYTES_MAX: Final = 16 * 1024
_END: Final = b""


class Pipe:
    """Bytes from one host to another.

    Args:
        fabric: knows how long they take, and whether the line is up.
    """

    def __init__(self, fabric: "Fabric", source: str, target: str) -> None:
        self.source, self.target = source, target
        self._fabric = fabric
        self._pieces: deque[tuple[float, bytes]] = deque()
        self._waiting_bytes = 0
        self._changed = trio.Event()
        self.is_broken = False
        self.is_dark = False

    def wake(self) -> None:
        """Something has changed that a reader or a writer waits for."""
        self._changed.set()
        self._changed = trio.Event()

    async def send(self, data: bytes) -> None:
        """Put bytes on the way, piece by piece, waiting while too many are.

        Raises:
            BrokenResourceError: the other end is gone; some may have arrived.
        """
        at = 0
        while at < len(data):
            while self._waiting_bytes >= WINDOW_BYTES and not self.is_broken:
                await self._changed.wait()
            if self.is_broken:
                raise trio.BrokenResourceError("the connection was reset")
            size = self._fabric.piece_size(min(len(data) - at, PIECE_BYTES_MAX))
            piece = data[at : at + size]
            at += size
            if not self.is_dark:
                self._put(piece)
        await trio.lowlevel.checkpoint()

    def end(self) -> None:
        """Let the reader know, after all that is on the way, that no more comes."""
        if not self.is_broken and not self.is_dark:
            self._put(_END)

    def break_off(self) -> None:
        """Lose what has not arrived, and fail at both ends."""
        now = trio.current_time()
        while self._pieces and self._pieces[-1][0] > now:
            self._pieces.pop()
        self.is_broken = True
        self.wake()

    def delay(self, until: float) -> None:
        """Let nothing arrive before some time: it was lost on the way and is sent again."""
        self._pieces = deque((max(arrives, until), piece) for arrives, piece in self._pieces)
        self.wake()

    async def receive(self, bytes_max: int) -> bytes:
        """The next bytes that arrive; none when the other end has sent all it will.

        Raises:
            BrokenResourceError: the connection was reset.
        """
        while True:
            wait = self._wait_seconds()
            if wait is not None and wait <= 0:
                return self._take(bytes_max)
            if self.is_broken:
                raise trio.BrokenResourceError("the connection was reset")
            changed = self._changed
            if wait is None:
                await changed.wait()
            else:
                with trio.move_on_after(wait):
                    await changed.wait()

    def _put(self, piece: bytes) -> None:
        self._pieces.append((self._fabric.arrival(self, len(piece)), piece))
        self._waiting_bytes += len(piece)
        self.wake()

    def _wait_seconds(self) -> float | None:
        """How long the next piece takes still; None while nothing is on the way, or the line is down."""
        if not self._pieces or self._fabric.is_cut(self.source, self.target):
            return None
        return self._pieces[0][0] - trio.current_time()

    def _take(self, bytes_max: int) -> bytes:
        arrives, piece = self._pieces.popleft()
        if len(piece) > bytes_max:
            self._pieces.appendleft((arrives, piece[bytes_max:]))
            piece = piece[:bytes_max]
        elif piece is _END:
            self._pieces.appendleft((arrives, piece))
            return piece
        self._waiting_bytes -= len(piece)
        self._fabric.moved(self, piece)
        self.wake()
        return piece


class Stream(trio.abc.Stream):
    """One end of a connection."""

    def __init__(self, outgoing: Pipe, incoming: Pipe, traffic: Traffic) -> None:
        self._outgoing, self._incoming = outgoing, incoming
        self._traffic = traffic
        self._is_closed = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes; returns when they are on their way."""
        if self._is_closed:
            raise trio.ClosedResourceError
        await self._outgoing.send(bytes(data))
        self._traffic.sent += len(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Return at once: nobody here asks."""
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """The next bytes; empty at the end."""
        if self._is_closed:
            raise trio.ClosedResourceError
        data = await self._incoming.receive(max_bytes or PIECE_BYTES_MAX)
        self._traffic.received += len(data)
        if not data:
            await trio.lowlevel.checkpoint()
        return data

    async def aclose(self) -> None:
        """Hang up: the other end reads what is on its way, then the end; what it sends from now on fails."""
        if not self._is_closed:
            self._is_closed = True
            self._outgoing.end()
            if not self._incoming.is_dark:
                self._incoming.break_off()
        await trio.lowlevel.checkpoint()
