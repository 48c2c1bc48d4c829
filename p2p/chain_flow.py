"""The control chain between two peers: each sends the entries that the other lacks.

Usually one holds the beginning of what the other holds. Where the chain has forked, the one who can tell sends all it
holds (the number it was told has another hash here), the other answers with its own lines, and both then hold the same
ones, the best of which is the chain.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from p2p.chain_entries import parse_entry_untrusted
from p2p.errors import RemoteProtocolError
from p2p.limits import CHAIN_GATHERED_BYTES_MAX
from p2p.local import Local
from p2p.messages import Chain, Message

MESSAGE_BYTES: Final = 512 * 1024
MESSAGE_ENTRIES_MAX: Final = 1024

Head = tuple[int, bytes]


class ChainFlow:
    """What one side knows of the other's control chain."""

    def __init__(self, local: Local, send: Callable[[Message], None]) -> None:
        self._local = local
        self._send = send
        self._head: Head = (-1, b"")
        self._theirs: dict[bytes, int] = {}
        self._came: set[bytes] = set()
        self._told: tuple[Head, list[Head]] | None = None
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0

    @property
    def agrees(self) -> bool:
        """Whether both sides hold the same entries."""
        return bool(self._theirs) and self._told == self._mine() and not self._awaits()

    def heard(self, head: Head, losing: Sequence[Head] = ()) -> None:
        """Note the last entry that the other side says it holds, and those of lines that lost."""
        self._head = head
        self._hold([head, *losing])

    def _hold(self, heads: Iterable[Head]) -> None:
        """Note entries that the other side holds, with all that they follow."""
        new = {digest: seq for seq, digest in heads if seq >= 0 and digest not in self._theirs}
        if new:
            self._theirs.update(new)
            self._told = None

    def introduce(self, me: bytes, listener: bytes) -> None:
        """Show a listener that was not met yet the entries since its own admission, up to ours if that is later."""
        since, until = self._local.admitted_at(listener), self._local.admitted_at(me)
        if until > since and not self._local.link(listener).met:
            self._send_pieces(self._local.chain_entries(since)[: until - since], more=False)

    def gather(self, message: Chain, bytes_max: int = CHAIN_GATHERED_BYTES_MAX) -> list[bytes] | None:
        """The entries to take in together, or None while more of them are announced.

        Args:
            bytes_max: how much of them is kept in mind meanwhile.

        Raises:
            RemoteProtocolError: they are too many.
        """
        self._gathered += message.entries
        self._gathered_bytes += sum(map(len, message.entries))
        if self._gathered_bytes > bytes_max:
            raise RemoteProtocolError("too-long", "the peer sent more control entries at once than any company has")
        if message.more:
            return None
        gathered, self._gathered, self._gathered_bytes = self._gathered, [], 0
        return gathered

    def kept(self, entries: Sequence[bytes]) -> bool:
        """Note entries of the other side that were taken in here; whether it had not shown any of them before."""
        parsed = [parse_entry_untrusted(encoded) for encoded in entries]
        followed = {entry.prev for entry in parsed}
        further = any(entry.hash not in self._came for entry in parsed)
        self._came.update(entry.hash for entry in parsed)
        self._hold((entry.seq, entry.hash) for entry in parsed if entry.hash not in followed)
        return further

    def push(self) -> None:
        """Send the entries that the other side lacks, as far as it can be told.

        Where its last entry is one beyond ours, it is ahead, or sees itself that the two have parted.
        """
        mine = self._mine()
        if self._told == mine:
            return
        awaits = self._awaits()
        if awaits and self._head[0] > mine[0][0]:
            return
        entries = self._local.chain_lacking([(seq, digest) for digest, seq in self._theirs.items()])
        self._send_pieces(entries, more=bool(awaits or mine[1]))
        self._theirs.update((digest, seq) for seq, digest in (mine[0], *mine[1]) if seq >= 0)
        self._told = mine

    def holds(self, seq: int) -> bool:
        """Whether the other side is known to hold the entry of a number, or a later one."""
        return any(number >= seq for number in self._theirs.values())

    def end_at(self, seq: int, admitted_at: int) -> None:
        """Show a revoked device the entries up to its revocation, that one in any case, and none after it.

        Args:
            seq: the entry that revokes it; where that stands on a line that lost, all is sent.
            admitted_at: the entry that admitted it, which it surely holds.
        """
        if seq > self._local.chain_head()[0]:
            self.push()
            return
        known = [number for digest, number in self._theirs.items() if self._local.chain_hash(number) == digest]
        after = min(max(admitted_at, *known, -1), seq - 1)
        self._send_pieces(self._local.chain_entries(after)[: seq - after], more=False)

    def _mine(self) -> tuple[Head, list[Head]]:
        return self._local.chain_head(), self._local.chain_losing()

    def _awaits(self) -> bool:
        """Whether the last entry of the other side has not come here.

        Lines that lost are not waited for: what the other side has named of them it may have given up since.
        """
        seq, digest = self._head
        return seq >= 0 and digest not in self._came and not self._local.chain_holds(seq, digest)

    def _send_pieces(self, entries: Sequence[bytes], more: bool) -> None:
        """Send entries in as many messages as they need; with `more`, to be taken in together."""
        batch: list[bytes] = []
        size = 0
        for entry in entries:
            if batch and (size + len(entry) > MESSAGE_BYTES or len(batch) >= MESSAGE_ENTRIES_MAX):
                self._send(Chain(batch, more))
                batch, size = [], 0
            batch.append(entry)
            size += len(entry)
        if batch:
            self._send(Chain(batch))
