"""The control chain between two peers: whoever holds more of it sends the rest."""

from collections.abc import Callable
from typing import Final

from p2p.errors import RemoteProtocolError
from p2p.local import Local
from p2p.messages import Chain, Message

MESSAGE_BYTES: Final = 512 * 1024
MESSAGE_ENTRIES_MAX: Final = 1024


class ChainFlow:
    """What one side knows of the other's control chain.

    Attributes:
        theirs: sequence number and hash of the last entry the other side is known to hold.
    """

    def __init__(self, local: Local, send: Callable[[Message], None]) -> None:
        self._local = local
        self._send = send
        self.theirs: tuple[int, bytes] = (-1, b"")

    @property
    def agrees(self) -> bool:
        """Whether both sides hold the same entries."""
        return self._local.chain_head() == self.theirs

    def heard(self, head: tuple[int, bytes]) -> None:
        """Note how far the other side's chain goes."""
        self.theirs = max(self.theirs, head)

    def introduce(self, me: bytes, listener: bytes) -> None:
        """Show a listener that was not met yet the entries since its own admission, among them ours if it is later."""
        since = self._local.admitted_at(listener)
        if self._local.admitted_at(me) > since and not self._local.link(listener).met:
            self._send_after(since)

    def show_all(self) -> None:
        """Show the whole chain to a relay that does not serve the company yet."""
        self._send_after(-1)
        self.theirs = self._local.chain_head()

    def push(self) -> None:
        """Send the entries that the other side lacks.

        Raises:
            RemoteProtocolError: its last entry is not one of ours: the chain has forked.
        """
        mine = self._local.chain_head()
        if mine == self.theirs or mine[0] < self.theirs[0]:
            return
        if self.theirs[0] >= 0 and self._local.chain_hash(self.theirs[0]) != self.theirs[1]:
            raise RemoteProtocolError(
                "forked", "the two control chains disagree: one of the keepers was restored or cloned"
            )
        self._send_after(self.theirs[0])
        self.theirs = mine

    def _send_after(self, seq: int) -> None:
        batch: list[bytes] = []
        size = 0
        for entry in self._local.chain_entries(seq):
            if batch and (size + len(entry) > MESSAGE_BYTES or len(batch) >= MESSAGE_ENTRIES_MAX):
                self._send(Chain(batch))
                batch, size = [], 0
            batch.append(entry)
            size += len(entry)
        if batch:
            self._send(Chain(batch))
