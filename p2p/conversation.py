"""One session on one stream: reads, writes, checks signatures, stores, and keeps time.

Commits pass through two stages, so that the signatures of one batch are checked in a worker thread while the batch
before it is being stored. Whatever a session wants written goes through the storing stage, in order.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import trio

from p2p.chain import RELAY
from p2p.checking import Check
from p2p.clock import Clock
from p2p.duplicates import DUPLICATE
from p2p.errors import ChainError, P2PError, RemoteProtocolError, first_error
from p2p.events import (
    ChainCame,
    CompanyOffered,
    ComparedToEnd,
    Ended,
    Established,
    Event,
    HandedOver,
    JoinRequested,
    Received,
    Refused,
    ReportCame,
    SlotCame,
    SyncChanged,
)
from p2p.forgetful import note_proved, notice_forgotten
from p2p.judging import Checked
from p2p.messages import Report, Slot
from p2p.replica import Replica
from p2p.reports import keep_report
from p2p.session import Session
from p2p.states import State
from p2p.store import StoreBusy
from p2p.surroundings import Refusal, Surroundings
from p2p.transport import Connection

BATCHES_WAITING_MAX = 8
LEAVING_SECONDS_MAX = 2
REPORT_SECONDS_MAX = 1
SENDING_AWAY_SECONDS = 0.5
"""Long enough for the goodbye to arrive: hanging up on bytes that were not read yet can take it back."""
_RETRY_SECONDS = 0.01
_READ_BYTES = 64 * 1024
_WRITE_BYTES = 256 * 1024

T = TypeVar("T")


async def patiently(write: Callable[[], T]) -> T:
    """Write to the store, trying again while another process writes. If cancelled, nothing was written."""
    while True:
        try:
            return write()
        except StoreBusy:
            await trio.sleep(_RETRY_SECONDS)


class Conversation:
    """A session with its stream.

    Args:
        replica: the copy it is about; None until a caller has named the company, and then set by whoever chose it.
        check: how signatures are checked; in a thread, unless in a simulation.
        address: where the peer was dialled, None when it called.
    """

    def __init__(
        self,
        connection: Connection,
        session: Session,
        replica: Replica | None,
        clock: Clock,
        check: Check,
        surroundings: Surroundings,
        address: str | None,
    ) -> None:
        self.session = session
        self.traffic = connection.traffic
        self._began_ms = clock.steady_ms()
        self.address = address
        self.error: str | None = None
        self.goodbye: str | None = None
        self.left_with: str | None = None
        self.is_visit = False
        self.was_established = False
        self.was_in_sync = False
        self.forgot = ""
        self.first_in_sync = trio.Event()
        self.over = trio.Event()
        self.received = 0
        self._stream = connection.stream
        self.replica = replica
        self._clock = clock
        self._check = check
        self._surroundings = surroundings
        self._to_send = trio.Event()
        self._sent = trio.Event()
        self._arrived_in, self._arrived_out = trio.open_memory_channel[Event](BATCHES_WAITING_MAX)
        self._checked_in, self._checked_out = trio.open_memory_channel[tuple[Event, list[Checked]]](2)
        self._backlog: deque[Event] = deque()
        self._backlog_grew = trio.Event()
        self._backlog_shrank = trio.Event()
        self._report_came = trio.Event()
        self._unfinished = 0
        self._finished = trio.Event()
        self._left = trio.CancelScope()

    async def run(self) -> None:
        """Converse until either side ends it; `error` says why, when it was not a plain goodbye.

        If cancelled, the connection is dropped; what was acknowledged is stored.
        """
        try:
            with self._left:
                async with trio.open_nursery() as nursery:
                    for task in (self._write, self._deliver, self._check_signatures, self._store, self._keep_time):
                        nursery.start_soon(task)
                    await self._read()
                    await self._finish()
                    nursery.cancel_scope.cancel()
        except* (P2PError, sqlite3.Error) as group:
            self.error = str(first_error(group))
            self.session.close("failed", "the other side could not go on; it will try again")
            await self._say_goodbye()
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            self.error = self.error or "the connection broke off"
        finally:
            self.over.set()
            await trio.aclose_forcefully(self._stream)

    @property
    def is_closed(self) -> bool:
        """Whether either has said goodbye."""
        return self.session.state is State.CLOSED

    @property
    def is_open(self) -> bool:
        """Whether both have proved who they are, and neither has said goodbye."""
        return self.was_established and not self.is_closed

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return (self._clock.steady_ms() - self._began_ms) / 1000

    @property
    def peer(self) -> bytes | None:
        """Device id of the other end, once it is known."""
        return self.session.peer

    @property
    def sent(self) -> int:
        """How many commits were sent."""
        return self.session.outflow.sent if self.session.outflow else 0

    def nudge(self) -> None:
        """Push what is new in the store, where it concerns this conversation."""
        if self.session.state is State.OPEN and self.session.is_concerned():
            self._do(self.session.changed)

    def say_slot(self, slot: bytes, letter: bytes) -> None:
        """Hand out a letter, leave one, or ask for one with an empty letter."""
        self._do(lambda: self.session.say(Slot(slot, letter)))

    def say_report(self, report: Report) -> None:
        """Tell a member, as a relay, where other devices stand."""
        if self.session.state is State.OPEN:
            self._do(lambda: self.session.say(report))

    async def hear_report(self) -> None:
        """Wait a moment for what a relay says of the others; any other peer says nothing of them."""
        member = self._copy.chain.member(self.peer or b"")
        if member is not None and member.role == RELAY:
            with trio.move_on_after(REPORT_SECONDS_MAX):
                await self._report_came.wait()

    def leave(self, code: str = "done", text: str = "") -> None:
        """Say goodbye, and hang up when the peer does, or a moment later."""
        self.left_with = self.left_with or code
        self.session.close(code, text)
        self._to_send.set()
        self._left.deadline = trio.current_time() + LEAVING_SECONDS_MAX

    def drop(self) -> None:
        """Hang up at once."""
        self._left.cancel()

    # -- the tasks --------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        self._to_send.set()
        while True:
            data = bytes(await self._stream.receive_some(_READ_BYTES))
            if not data:
                if not self.is_closed:
                    self.error = self.error or "the peer hung up"
                return
            await self._receive(data)
            if self.goodbye is not None:
                return

    async def _receive(self, data: bytes) -> None:
        """Let the session read, and wait while it, the store or the line is behind: not reading holds the peer up."""
        while not self.is_closed:
            self._do(partial(self.session.receive, data, self._clock.steady_ms()))
            while len(self._backlog) > BATCHES_WAITING_MAX:
                self._backlog_shrank = trio.Event()
                await self._backlog_shrank.wait()
            if not self.session.held_up:
                return
            data = b""
            await self._line_is_free()

    async def _deliver(self) -> None:
        while True:
            while self._backlog:
                await self._arrived_in.send(self._backlog.popleft())
                self._backlog_shrank.set()
            self._backlog_grew = trio.Event()
            await self._backlog_grew.wait()

    async def _check_signatures(self) -> None:
        async for event in self._arrived_out:
            checked = await self._check(self._copy, event.commits) if isinstance(event, Received) else []
            await self._checked_in.send((event, checked))

    async def _store(self) -> None:
        async for event, checked in self._checked_out:
            if isinstance(event, CompanyOffered):
                await self._take_in(event)
            elif isinstance(event, SlotCame):
                await patiently(partial(self._surroundings.slot_came, self, event))
            elif isinstance(event, ReportCame):
                now, peer = self._clock.now_ms(), self.session.peer or b""
                await patiently(partial(keep_report, self._copy, peer, event.rows, now))
                self._report_came.set()
            else:
                await self._store_one(event, checked)
            self._unfinished -= 1
            self._finished.set()
            self._to_send.set()

    async def _finish(self) -> None:
        """Store and note what came before a goodbye, without taking long over it."""
        with trio.move_on_after(LEAVING_SECONDS_MAX):
            while self._unfinished:
                self._finished = trio.Event()
                await self._finished.wait()

    async def _store_one(self, event: Event, checked: list[Checked]) -> None:
        replica, session, peer = self._copy, self.session, self.session.peer or b""
        if isinstance(event, Received):
            share, under = replica.share_with(peer), event.share
            result = await patiently(
                lambda: replica.ingest_from(checked, peer, share, self._clock.now_ms(), under or None)
            )
            self.received += result.gained
            self._do(lambda: session.stored(result.gained, result.refused, result.held_back, result.lacking))
            await self._note_error(result.complaint)
            if result.gained:
                self._surroundings.wrote(replica)
        elif isinstance(event, ChainCame):
            await self._store_chain(event.entries)
        elif isinstance(event, Refused):
            await self._note_error(f"a commit of ours was not taken: {event.reason}")
        elif isinstance(event, ComparedToEnd):
            await patiently(lambda: replica.links.compared(peer, event.share, event.pairs))
        elif isinstance(event, SyncChanged):
            await self._note_sync(event, peer)
        elif isinstance(event, Established):
            off = event.their_time - self._clock.now_ms()
            await patiently(lambda: replica.links.met(peer, self._clock.now_ms(), self.address, off))
            self.was_established = True
            self.is_visit = event.is_visit
            self.forgot = await patiently(lambda: notice_forgotten(replica.links, session))
            await self._note_error(self.forgot)
            self._surroundings.established(self, off)
        elif isinstance(event, HandedOver):
            self.error = event.text
            self._left.deadline = trio.current_time() + SENDING_AWAY_SECONDS
        elif isinstance(event, JoinRequested):
            reason = await patiently(lambda: self._surroundings.admit(replica, event))
            if reason is None:
                self._do(session.admitted)
                self._surroundings.wrote(replica)
            else:
                self.error = reason
                self.leave("ticket", reason)

    async def _store_chain(self, entries: Sequence[bytes]) -> None:
        replica = self._copy
        grew, fault = await patiently(lambda: _keep_chain(replica, entries, self._clock.now_ms()))
        self._do(lambda: self.session.chain_kept(fault))
        if grew:
            self._surroundings.wrote(replica)

    async def _take_in(self, offered: CompanyOffered) -> None:
        taken = await patiently(lambda: self._surroundings.take_in(offered))
        if isinstance(taken, Refusal):
            self.error = taken.text
            self.leave(*taken)
            return
        self.replica = taken
        proof = offered.proof
        self._do(lambda: self.session.taken_in(taken, (proof.head_seq, proof.head_hash)))

    async def _note_error(self, text: str) -> None:
        if text and text != self.error:
            self.error = text
            peer, links = self.session.peer or b"", self._copy.links
            await patiently(lambda: links.tell(peer, text))

    async def _note_sync(self, event: SyncChanged, peer: bytes) -> None:
        if event.in_sync:
            now, links = self._clock.now_ms(), self._copy.links
            await patiently(lambda: links.in_sync(peer, event.share, event.mine, event.theirs, event.row, now))
            await patiently(lambda: note_proved(links, self.session))
            self.error = None
            self.was_in_sync = True
            self.first_in_sync.set()
        self._surroundings.sync_changed(self, event.in_sync)

    async def _write(self) -> None:
        while True:
            await self._to_send.wait()
            self._to_send = trio.Event()
            data = self.session.outgoing()
            for at in range(0, len(data), _WRITE_BYTES):
                await self._stream.send_all(data[at : at + _WRITE_BYTES])
            self._sent.set()

    async def _line_is_free(self) -> None:
        """Wait until what the session had to say is on its way."""
        while self.session.held_up:
            self._sent = trio.Event()
            await self._sent.wait()

    async def _keep_time(self) -> None:
        while True:
            wait_ms = self.session.next_deadline() - self._clock.steady_ms()
            await trio.sleep(max(wait_ms, 10) / 1000)
            self._do(lambda: self.session.tick(self._clock.steady_ms()))

    # -- the parts --------------------------------------------------------------------------------------------------

    @property
    def _copy(self) -> Replica:
        """The copy this is about: everything a session tells comes after the proof that named the company."""
        assert self.replica is not None
        return self.replica

    def _do(self, act: Callable[[], list[Event]]) -> None:
        """Let the session act; when the peer has broken the protocol, say so and hang up when it does, or soon."""
        if self.is_closed:
            return
        try:
            self._take(act())
        except RemoteProtocolError as error:
            self.error = self.error or str(error)
            self._left.deadline = trio.current_time() + SENDING_AWAY_SECONDS
        self._to_send.set()

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Ended):
                self.goodbye = event.code
                self._left.deadline = trio.current_time() + LEAVING_SECONDS_MAX
                if event.code not in ("done", DUPLICATE):
                    self.error = event.text or event.code
            else:
                self._backlog.append(event)
                self._backlog_grew.set()
                self._unfinished += 1

    async def _say_goodbye(self) -> None:
        """Send what is left to say, without waiting long for somebody who may not listen."""
        with trio.move_on_after(1) as scope:
            scope.shield = True
            try:
                await self._stream.send_all(self.session.outgoing())
                await self._stream.aclose()
            except (trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError):
                return


def _keep_chain(replica: Replica, entries: Sequence[bytes], now: int) -> tuple[bool, str | None]:
    """Whether any of the entries was new, and why they do not fit, if so."""
    try:
        return replica.extend_chain(entries, now), None
    except ChainError as error:
        return False, str(error)
