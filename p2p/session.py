"""One conversation between two devices: bytes in, bytes and events out. No clock, no socket, no trio, no database.

Where it can be, `states` draws.
Whoever was admitted later holds the control entry that admits the other, so of two members at least one knows the
other, and introduces itself with `Chain`. A message that the table does not allow in a state, and bytes that are no
message, raise `RemoteProtocolError`; any other exception about bytes is a bug.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from p2p.errors import RemoteProtocolError
from p2p.events import Ended, Event, HandedOver, Received, Refused, SyncChanged
from p2p.exchange import Exchange
from p2p.handover import Giving, Taking
from p2p.identity import DeviceKeys
from p2p.ingested import CommitReason
from p2p.introduction import Introduction, Join, Recovers
from p2p.limits import FRAME_BYTES_MAX, REFUSED_COMMITS_PER_PEER_MAX, UNACKNOWLEDGED_BYTES_MAX
from p2p.local import Choose, Local, Membership
from p2p.messages import (
    SHARE,
    Ack,
    AnyMessage,
    Ask,
    Chain,
    Challenge,
    Commits,
    FrameReader,
    Fresh,
    Goodbye,
    Hello,
    Message,
    Offer,
    Ping,
    Pong,
    Proof,
    Report,
    Slot,
    Standing,
    Tree,
    Want,
)
from p2p.outflow import Outflow
from p2p.patience import PING_AFTER_MS, deadline, overdue
from p2p.states import UNPROVEN, State

UNSENT_BYTES_MAX: Final = UNACKNOWLEDGED_BYTES_MAX + 2 * FRAME_BYTES_MAX
UNPROVEN_FRAME_BYTES_MAX: Final = 8 * 1024


class Session(Introduction):
    """The conversation, as seen from one of its two ends.

    Args:
        local: the copy it speaks for; None where `choose` finds it.
        keys: this device.
        listener: device id of the listening end: our own, or the one TLS has shown us.
        now: milliseconds, here and in every call; any clock that does not go back.
        wall_ms: this device's clock as people read it, ms since 1970, told to the peer.
        nonce: 32 random bytes to challenge the dialer with; None makes this the dialing end.
        join: for a dialer with a ticket.
        choose: for a listener with copies of several companies, which of them the proof means.
        recovers: for a listener, which company a recovery phrase belongs to.
        visit: this end leaves as soon as both are in sync.
    """

    def __init__(
        self,
        local: Local | None,
        keys: DeviceKeys,
        listener: bytes,
        now: int,
        wall_ms: int,
        nonce: bytes | None = None,
        join: Join | None = None,
        choose: Choose | None = None,
        recovers: Recovers | None = None,
        visit: bool = False,
    ) -> None:
        self._keys = keys
        self._listener = listener
        self._nonce = nonce
        self._join = join
        self._visit = visit
        self._began = self._now = self._heard = self._spoke = now
        self._wall_less_now = wall_ms - now
        self._reader = FrameReader()
        self._out = bytearray()
        self._events: list[Event] = []
        self._choose = choose
        self._recovers = recovers
        if local is not None:
            self._speak_for(local)
        self._storing: deque[Received] = deque()
        self._refusals = 0
        self._slot_came = False
        self._was_in_sync = False
        self._stood: object = None
        self._keeping_chain: list[bytes] | None = None
        self._lines_before: list[tuple[int, bytes]] = []
        self.peer: bytes | None = None
        self.exchanges: tuple[Exchange, Exchange] | None = None
        self.outflow: Outflow | None = None
        self.giving: Giving | None = None
        self.taking: Taking | None = None
        if nonce is None:
            self.state = State.AWAIT_CHALLENGE
            self.peer = listener
        else:
            self.state = State.AWAIT_PROOF
            self._send(Challenge(nonce))

    # -- bytes and time ---------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now: int) -> list[Event]:
        """Take in bytes from the peer, in whatever pieces they come; return what happened.

        Raises:
            RemoteProtocolError: the peer broke the protocol. A goodbye is ready in `outgoing`, and the session is
                closed for good. Nothing else is raised about bytes; the store's own errors pass through.
        """
        self._now = self._heard = max(now, self._now)
        self._reader.feed(data)
        if self.state is State.AWAIT_ADMISSION and self._reader.waiting_bytes > UNSENT_BYTES_MAX:
            self.close("too-long", "say no more until you are admitted")
            raise RemoteProtocolError("too-long", "a joiner said more than fits while it was not admitted yet")
        return self._go_on(self._read)

    @property
    def held_up(self) -> bool:
        """Whether so much waits to be sent that nothing more is read; call `receive(b"")` once it is."""
        return self.unsent_bytes > UNSENT_BYTES_MAX

    @property
    def unsent_bytes(self) -> int:
        """How much waits to be sent."""
        return len(self._out)

    def outgoing(self) -> bytes:
        """The bytes to send; each is given once."""
        data = bytes(self._out)
        self._out.clear()
        if data:
            self._spoke = self._now
        return data

    def next_deadline(self) -> int:
        """When to call `tick` if nothing else happens before."""
        return deadline(self.state, self._began, self._heard, self._spoke)

    def tick(self, now: int) -> list[Event]:
        """Let time pass: keep the line alive, and end a conversation with somebody who has gone silent.

        Raises:
            RemoteProtocolError: nothing was heard for 90 seconds, or no proof came within 10.
        """
        self._now = max(now, self._now)
        text = overdue(self.state, self._began, self._heard, self._now)
        if text is not None:
            self.close("silent", text)
            raise RemoteProtocolError("silent", text)
        if self.state is State.OPEN and self._now >= self._spoke + PING_AFTER_MS:
            self._send(Ping())
        return self._take_events()

    # -- what the node tells ----------------------------------------------------------------------------------------

    def changed(self) -> list[Event]:
        """Push what is new here: commits and control entries made or received elsewhere."""
        return self._go_on(self._step)

    def chain_kept(self, fault: str | None) -> list[Event]:
        """Go on after `ChainCame`.

        Args:
            fault: why the entries did not fit, which ends the conversation; None when they were kept.

        Raises:
            RemoteProtocolError: as `receive`.
        """
        entries, self._keeping_chain = self._keeping_chain, None
        assert entries is not None
        return self._go_on(lambda: self._chain_was_kept(entries, fault))

    def stored(
        self,
        gained: int,
        refused: Sequence[CommitReason],
        held_back: Sequence[bytes],
        lacking: Sequence[CommitReason] = (),
    ) -> list[Event]:
        """Acknowledge the oldest `Received`, now durable.

        Args:
            gained: how many of its commits were new and kept.
            refused: (commit id, reason) of those that were not kept.
            held_back: ids of those that may be kept later; not asked for again in this conversation.
            lacking: those that are valid and not here all the same, each with what the peer is told of it, or nothing.

        Raises:
            RemoteProtocolError: the peer has sent too much that had to be refused.
        """
        received = self._storing.popleft()
        told = [(commit_id, reason[:1000]) for commit_id, reason in (*refused, *lacking) if reason]
        self._send(Ack(gained, told))
        for exchange in self.exchanges or ():
            if exchange.owns(received.number):
                not_kept = [*held_back, *(one for one, _ in refused)]
                lost = [one for one, _ in lacking]
                exchange.stored(received.number, received.last, gained, not_kept, lost, received.share)
        self._refusals += len(refused)
        if self._refusals >= REFUSED_COMMITS_PER_PEER_MAX:
            text = f"{self._refusals} of the commits you sent were refused; the last one: {refused[-1][1]}"
            self.close("refused", text[:1000])
            raise RemoteProtocolError("refused", text)
        return self.changed()

    def say(self, message: Slot | Report) -> list[Event]:
        """Say something that stands beside the exchange of commits: a letter, or the question for one; a report."""
        self._send(message)
        return self._take_events()

    def close(self, code: str = "done", text: str = "") -> None:
        """Say goodbye and end the conversation for good."""
        if self.state is not State.CLOSED:
            self._send(Goodbye(code, text[:1024]))
            self.state = State.CLOSED

    @property
    def in_sync(self) -> bool:
        """Whether both copies are proved to hold all that may flow between them, as of now."""
        if self.state is not State.OPEN or self.exchanges is None or self._storing:
            return False
        return self._chain.agrees and all(exchange.in_sync for exchange in self.exchanges)

    # -- the table --------------------------------------------------------------------------------------------------

    def _dispatch(self, message: AnyMessage) -> None:
        if isinstance(message, Goodbye):
            # What the peer said before counts: that both agree is noted although it has gone.
            self._step()
            self._events.append(Ended(message.code, message.text))
            self.state = State.CLOSED
            return
        handler = _TABLE[self.state].get(type(message))
        if handler is None:
            said = type(message).__name__
            raise RemoteProtocolError("unexpected", f"the peer said {said} while we were in {self.state.name}")
        handler(self, message)

    def _on_commits(self, message: Commits | Fresh) -> None:
        number, last = (message.number, message.last) if isinstance(message, Commits) else (-1, True)
        self._storing.append(Received(number, last, message.commits, message.share))
        self._events.append(self._storing[-1])

    def _on_ack(self, message: Ack) -> None:
        if self.outflow is None or not self.outflow.acknowledged():
            raise RemoteProtocolError("unexpected", "the peer acknowledged commits that were never sent")
        self._events.extend(Refused(commit_id, reason) for commit_id, reason in message.refused)

    def _on_tree_message(self, message: Ask | Tree | Offer | Want | Standing) -> None:
        assert self.exchanges is not None
        self.exchanges[message.tree].heard(message)

    def _on_offer_of_revoked(self, message: Offer) -> None:
        if self.taking is None or message.tree != SHARE:
            raise RemoteProtocolError("unexpected", "the peer offers something to a device that was revoked")
        self.taking.offered(message)

    def _on_want_of_member(self, message: Want) -> None:
        if self.giving is None or message.tree != SHARE:
            raise RemoteProtocolError("revoked", "this device was revoked; ask the head office to admit it anew")
        self.giving.wanted(message)

    def _on_commits_of_revoked(self, message: Commits) -> None:
        if self.taking is None:
            raise RemoteProtocolError("unexpected", "the peer sends commits to a device that was revoked")
        self.taking.came(message)
        self._on_commits(message)

    def _pass_over(self, _message: Hello | Chain) -> None:
        """What was said before the other side knew of the revocation."""
        return

    def _on_ping(self, _message: Ping) -> None:
        self._send(Pong())

    def _on_pong(self, _message: Pong) -> None:
        return

    # -- what happens next ------------------------------------------------------------------------------------------

    def _go_on(self, act: Callable[[], None]) -> list[Event]:
        try:
            act()
        except RemoteProtocolError as error:
            self.close(error.code, error.text)
            raise
        return self._take_events()

    def _read(self) -> None:
        self._part_if_revoked()
        while (
            self.state not in (State.CLOSED, State.AWAIT_ADMISSION) and self._keeping_chain is None and not self.held_up
        ):
            message = self._reader.next_message_untrusted(self._frame_bytes_max())
            if message is None:
                break
            self._dispatch(message)
        self._step()

    def _part_if_revoked(self) -> None:
        """End an open conversation as soon as either side does not belong to the company any more.

        Raises:
            RemoteProtocolError: so it is; the other side has been sent the entries up to that one.
        """
        if self.state is not State.OPEN or self.peer is None:
            return
        for device in (self.peer, self._keys.id):
            if self._local.standing_of(device) is Membership.REVOKED:
                self._chain.end_at(self._local.revoked_at(device), self._local.admitted_at(device))
                raise RemoteProtocolError("revoked", "this device was revoked; what it made may still be handed over")

    def _step(self) -> None:
        self._part_if_revoked()
        if self.giving is not None and self.state is State.HANDOVER:
            self.giving.outflow.pump()
            if self.giving.done:
                sent = self.giving.outflow.sent
                self._events.append(HandedOver(sent))
                self.close("revoked", f"{sent} {'commit' if sent == 1 else 'commits'} of a revoked device handed over")
        if self._keeping_chain is not None or self.state is not State.OPEN:
            return
        assert self.exchanges is not None
        assert self.outflow is not None
        control, share = self.exchanges
        self._chain.push()
        control.step(bool(self._storing))
        if self._chain.agrees and control.in_sync:
            share.step(bool(self._storing))
        self.outflow.pump()
        self._stood = self._standing()
        in_sync = self.in_sync
        if in_sync != self._was_in_sync:
            self._was_in_sync = in_sync
            self._events.append(SyncChanged(in_sync, *share.digests))

    def _frame_bytes_max(self) -> int:
        return UNPROVEN_FRAME_BYTES_MAX if self.state in UNPROVEN else FRAME_BYTES_MAX


_Handler = Callable[[Session, Any], None]

# Who may say what, when. Goodbye is understood in every state; whatever is not listed ends the conversation.
_TABLE: Mapping[State, Mapping[type[Message], _Handler]] = {
    State.AWAIT_CHALLENGE: {Challenge: Session._on_challenge},
    State.AWAIT_PROOF: {Proof: Session._on_proof, Slot: Session._on_slot},
    State.AWAIT_ADMISSION: {},
    State.AWAIT_CHAIN: {Chain: Session._on_chain, Hello: Session._on_hello},
    State.AWAIT_HELLO: {Chain: Session._on_chain, Hello: Session._on_hello},
    State.OPEN: {
        Chain: Session._on_chain,
        Ask: Session._on_tree_message,
        Tree: Session._on_tree_message,
        Offer: Session._on_tree_message,
        Want: Session._on_tree_message,
        Standing: Session._on_tree_message,
        Commits: Session._on_commits,
        Fresh: Session._on_commits,
        Ack: Session._on_ack,
        Slot: Session._on_slot,
        Report: Session._on_report,
        Ping: Session._on_ping,
        Pong: Session._on_pong,
    },
    State.HANDOVER: {
        Hello: Session._pass_over,
        Chain: Session._pass_over,
        Offer: Session._on_offer_of_revoked,
        Want: Session._on_want_of_member,
        Commits: Session._on_commits_of_revoked,
        Ack: Session._on_ack,
    },
    State.CLOSED: {},
}
