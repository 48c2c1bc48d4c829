"""Stop-watches on the production node: what passes the socket, when copies agree, when a voucher is in the tables."""

import time
from typing import NamedTuple

import trio

from p2p.conversation import Conversation
from p2p.errors import RemoteProtocolError
from p2p.messages import Challenge, FrameReader, Proof
from p2p.node import Node
from p2p.replica import Replica
from p2p.transport import Connection, TlsNetwork, Traffic

_TLS_RECORD_BYTES = 22
"""What TLS 1.3 with a 16-byte tag adds to a record."""


class Moment(NamedTuple):
    """A point of time (ns, the same clock in every process) and the bytes that had passed the socket by then."""

    at: int
    received: int
    sent: int

    @property
    def bytes(self) -> int:
        """Both ways."""
        return self.received + self.sent


def now_ns() -> int:
    """Nanoseconds on a clock that all processes of this machine share."""
    return time.monotonic_ns()


def _moment(traffic: Traffic) -> Moment:
    return Moment(now_ns(), traffic.received, traffic.sent)


class WatchedNetwork(TlsNetwork):
    """The production network; remembers when the last connection was dialled, and when TLS stood.

    Attributes:
        follow: whether to look into what the dialer says and hears, which costs time, so only where little is said.
    """

    def __init__(self) -> None:
        super().__init__()
        self.follow = False
        self.dialled = 0
        self.secured = Moment(0, 0, 0)
        self.followed: FollowedStream | None = None

    async def dial(self, address: str) -> Connection:
        """As the production network, with a stop-watch."""
        self.dialled = now_ns()
        connection = await super().dial(address)
        self.secured = _moment(connection.traffic)
        self.followed = None
        if self.follow:
            self.followed = FollowedStream(connection.stream)
            connection = connection._replace(stream=self.followed)
        return connection


class FollowedStream(trio.abc.Stream):
    """The dialer's stream, with an ear for where the proof ends and how often each side waited for the other.

    Attributes:
        proved: when the proof went out (ns).
        proof_bytes: what challenge and proof took on the socket.
        round_trips: how often we said something and then had to hear something, the proof's flight included.
    """

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._said, self._heard = FrameReader(), FrameReader()
        self.proved = 0
        self.proof_bytes = 0
        self.round_trips = 0
        self._waits_for_answer = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send, and take notes."""
        if not self.proved:
            self._note_proof(bytes(data))
        self._waits_for_answer = self.proved > 0
        await self._stream.send_all(data)

    def _note_proof(self, data: bytes) -> None:
        self._said.feed(data)
        message = self._said.next_message_untrusted()
        if not isinstance(message, Proof):
            raise RemoteProtocolError("unexpected", "the dialer's first word was not its proof")
        self.proved = now_ns()
        # The rest of this flight shares the proof's TLS record.
        self.proof_bytes += int.from_bytes(data[:4], "big") + 4

    async def wait_send_all_might_not_block(self) -> None:
        """As the stream within."""
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """Receive, and take notes."""
        data = await self._stream.receive_some(max_bytes)
        if not self.proved:
            self._heard.feed(bytes(data))
            if isinstance(self._heard.next_message_untrusted(), Challenge):
                self.proof_bytes += len(data) + _TLS_RECORD_BYTES
        elif self._waits_for_answer:
            self._waits_for_answer = False
            self.round_trips += 1
        return data

    async def aclose(self) -> None:
        """As the stream within."""
        await self._stream.aclose()


class WatchedNode(Node):
    """The production node; notes when copies were proved to agree, and when each voucher stood in the tables."""

    def __init__(self, replica: Replica, network: WatchedNetwork) -> None:
        super().__init__(replica, network)
        self.agreed: Moment | None = None
        self.agreed_again = trio.Event()
        self.round_trips = 0
        self.seen: dict[str, int] = {}
        self.watched_network = network
        self._seen_to: int | None = None

    def agreement(self) -> Moment | None:
        """When both were last proved to agree, told once."""
        agreed, self.agreed = self.agreed, None
        return agreed

    def sync_changed(self, conversation: Conversation, in_sync: bool) -> None:
        """Note when both were proved to agree."""
        if in_sync:
            self.agreed = _moment(conversation.traffic)
            followed = self.watched_network.followed
            self.round_trips = followed.round_trips if followed else 0
            self.agreed_again.set()
            self.agreed_again = trio.Event()
        super().sync_changed(conversation, in_sync)

    def watch_vouchers(self) -> None:
        """From now on, note when a voucher that another copy entered shows in the tables here."""
        (self._seen_to,) = self.replica.db.execute("SELECT coalesce(max(id), 0) FROM vouchers").fetchone()
        self.seen = {}

    def wrote(self, replica: Replica) -> None:
        """Look into the tables, now that something new is durable."""
        if self._seen_to is not None:
            rows = self.replica.db.execute("SELECT id, document FROM vouchers WHERE id>?", (self._seen_to,)).fetchall()
            at = now_ns()
            for row, document in rows:
                self.seen[document.hex()] = at
                self._seen_to = max(self._seen_to, row)
        super().wrote(replica)
