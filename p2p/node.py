"""A node: one nursery that listens, dials, watches the store, and keeps every conversation in touch with the others."""

import os
import sqlite3
from collections.abc import Collection, Sequence

import trio

from p2p.admission import admit
from p2p.afterwards import note_end
from p2p.attending import attend
from p2p.checking import Check, in_a_thread
from p2p.chores import Chore, Chores
from p2p.clock import Clock, SystemClock
from p2p.contact import Contact
from p2p.conversation import LEAVING_SECONDS_MAX, Conversation
from p2p.copies import Copies, extent
from p2p.dialling import Attend, Dialling
from p2p.duplicates import DUPLICATE, crowding, superfluous
from p2p.errors import P2PError, TicketError
from p2p.events import CompanyOffered, JoinRequested, SlotCame
from p2p.forks import told
from p2p.identity import Random
from p2p.introduction import Join
from p2p.keeper_letters import KeeperLetters
from p2p.limits import CLOCK_WARNING_MS, CONNECTIONS_MAX, CONNECTIONS_UNPROVEN_MAX
from p2p.patience import LIMITED_SECONDS
from p2p.replica import Replica
from p2p.session import Session
from p2p.surroundings import Refusal
from p2p.telling import Outcome, Said, Tell, silent
from p2p.transport import Connection, Network, Unreachable
from p2p.whereabouts import Key, signs

__all__ = ["Node", "Outcome", "Said", "Tell", "silent"]

WATCH_SECONDS = 0.25
CHORE_ROUNDS_MAX = 8
"""What one chore wrote may be work for another, here or there; two that answer each other for ever are left."""


class Node:
    """One device at work.

    Args:
        copies: its copy, or the copies of several companies; opened so that a busy store raises at once (`wait_ms=0`).
        network: how others are reached.
        tell: takes what happens, for a log.
        check: how signatures are checked.
        random: challenges and jitter.
        chores: what this device does by itself whenever something new is in the store.
        attends: when a device is called without being asked to.
        watch_seconds: how often the store is looked at for what another process wrote and did not tell of.
    """

    def __init__(
        self,
        copies: Replica | Copies,
        network: Network,
        clock: Clock | None = None,
        tell: Tell = silent,
        check: Check = in_a_thread,
        random: Random = os.urandom,
        chores: Sequence[Chore] = (),
        attends: Attend = attend,
        watch_seconds: float = WATCH_SECONDS,
    ) -> None:
        self.copies = copies if isinstance(copies, Copies) else Copies(copies.keys, [copies])
        self.keys = self.copies.keys
        self._network = network
        self._clock = clock or SystemClock()
        self._tell = tell
        self._random = random
        self._check = check
        self._chores = Chores(chores, lambda text: self._tell(Said("failed", "", text)))
        self._watch_seconds = watch_seconds
        self._poked = trio.Event()
        self._sync_moved = trio.Event()
        self._stopping = trio.Event()
        self._told = {replica.company: extent(replica) for replica in self.copies}
        self.dialling = Dialling(self, attends, random) if isinstance(copies, Replica) else None
        self._signs: object = None
        self.conversations: list[Conversation] = []
        self._letters = KeeperLetters(self._clock.now_ms, lambda *words: self._tell(Said(*words)))
        self.listening_at: str | None = None

    @property
    def replica(self) -> Replica:
        """The copy of a node that has but one."""
        return self.copies.only

    # -- serving ----------------------------------------------------------------------------------------------------

    async def serve(
        self,
        listen: str | None,
        peers: Sequence[str] = (),
        task_status: trio.TaskStatus[str | None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Keep in touch until `stop` or cancellation: listen at an address, dial peers and dial them again.

        Reports the address listened on. If cancelled, connections are dropped; everything acknowledged is stored.

        Raises:
            Unreachable: the address cannot be listened on.
        """
        refused: Unreachable | None = None
        async with trio.open_nursery() as nursery:
            try:
                if listen is not None:
                    start = self._network.listen
                    self.listening_at = await nursery.start(start, listen, self.keys, self._called)
            except Unreachable as error:
                refused = error
            else:
                if self.dialling is not None:
                    nursery.start_soon(self.dialling.run, peers)
                nursery.start_soon(self._watch)
                task_status.started(self.listening_at)
                await self._stopping.wait()
                if self.dialling is not None:
                    self.dialling.stop()
                await self._leave_all()
            nursery.cancel_scope.cancel()
        if refused is not None:
            # Raised here, where it is not wrapped in the nursery's group.
            raise refused

    def restart(self, devices: Collection[bytes]) -> int:
        """Drop the conversations with these devices and call them at once; returns how many were dropped."""
        dropped = [one for one in self.conversations if one.peer in devices]
        for conversation in dropped:
            conversation.leave()
        if self.dialling is not None:
            for device in devices:
                self.dialling.hurry(device)
        return len(dropped)

    def stop(self) -> None:
        """Let `serve` say its goodbyes and end."""
        self._stopping.set()

    def poke(self) -> None:
        """Look at the store now: another process has just saved something."""
        self._poked.set()

    async def sync(
        self, address: str, timeout_seconds: float, join: Join | None = None, expected: bytes | None = None
    ) -> Outcome:
        """Converse with one peer until both copies are proved to agree, or time is up.

        Args:
            join: for a device that holds a ticket.
            expected: the device id that has to answer there; None for any member.

        Raises:
            Unreachable: nobody answers, or somebody else does.
        """
        connection = await self.dial(address)
        if expected is not None and connection.listener != expected:
            await trio.aclose_forcefully(connection.stream)
            raise Unreachable(f"the device at {address} is not the one that was expected there; check the address")
        conversation = self._dialled(connection, address, self.replica, join, visit=True)
        with trio.move_on_after(timeout_seconds) as timer:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._watch)
                nursery.start_soon(self._leave_when_in_sync, conversation)
                await self._converse(conversation)
                nursery.cancel_scope.cancel()
        error = conversation.error
        if timer.cancelled_caught and not conversation.was_in_sync:
            error = error or f"not finished within {timeout_seconds:g} seconds; run it again to go on where it stopped"
        error = error or "the peer ended the conversation before both agreed; run it again"
        return Outcome(
            address, self._name(conversation), conversation.was_in_sync, conversation.received, conversation.sent,
            None if conversation.was_in_sync else error, conversation.goodbye, forgot=conversation.forgot,
        )  # fmt: skip

    async def _leave_when_in_sync(self, conversation: Conversation) -> None:
        await conversation.first_in_sync.wait()
        for _ in range(CHORE_ROUNDS_MAX):
            while not conversation.session.in_sync or self._letters.is_waiting(conversation):
                # Somebody else may have done the chores, and what they wrote is on its way.
                await self._sync_moved.wait()
            if not self.do_chores():
                break
        await conversation.hear_report()
        conversation.leave()

    # -- what conversations tell ------------------------------------------------------------------------------------

    def wrote(self, replica: Replica) -> None:
        """Let every conversation about a copy push what is new in its store."""
        self._tell_conversations(replica)
        if self._chores.due:
            self._poked.set()

    def _tell_conversations(self, replica: Replica) -> None:
        before, now = self._told.get(replica.company), extent(replica)
        self._told[replica.company] = now
        if now.losing and (before is None or now.losing != before.losing):
            self._tell(Said("forked", "", told(replica.chain, replica.chain.losing)))
        self._chores.look_again()
        for conversation in self._about(replica):
            conversation.nudge()

    def do_chores(self) -> bool:
        """Do what is due after something new came, and tell every conversation; return whether anything was written."""
        wrote = self._chores.do()
        if wrote:
            for replica in self.copies:
                self._tell_conversations(replica)
        return wrote

    def established(self, conversation: Conversation, clock_off_ms: int) -> None:
        """Log a peer that is connected, and warn when its clock is far off."""
        name = self._name(conversation)
        self._tell(Said("connected", name, f"connected to {name}"))
        if conversation.forgot:
            self._tell(Said("forgot", name, f"{name}: {conversation.forgot}"))
        if self.dialling is not None and conversation.address is not None:
            # Where somebody answered is an address to call again; whoever called has said nothing of that.
            self.dialling.look_again()
        elif self.dialling is not None:
            self.dialling.stir()
        self._keep_apart(conversation)
        self._end_duplicates(superfluous(conversation, self._about(conversation.replica), self.keys.id))
        self._letters.ask(conversation)
        if abs(clock_off_ms) > CLOCK_WARNING_MS:
            minutes = clock_off_ms // 60_000
            self._tell(Said("clock", name, f"the clock of {name} differs from ours by {minutes} minutes; set it right"))

    def sync_changed(self, conversation: Conversation, in_sync: bool) -> None:
        """Log a peer that is proved to agree."""
        self._wake_visits()
        name = self._name(conversation)
        if in_sync:
            self._tell(Said("in-sync", name, f"in sync with {name}"))

    def admit(self, replica: Replica, request: JoinRequested) -> str | None:
        """Admit a joiner; or why not, as it is told to the joiner."""
        try:
            joined = admit(replica, request, self._clock.now_ms())
        except TicketError as error:
            self._tell(Said("refused", "joiner", f"refused somebody with a ticket: {error}"))
            return str(error)
        self._tell(Said("joined", joined.name, f"{joined.name} joined; check code {joined.check_code}"))
        return None

    def take_in(self, offered: CompanyOffered) -> Replica | Refusal:
        """Refuse to serve another company than ours; a relay may do otherwise."""
        return Refusal("unknown-device", "this device is not known here")

    def slot_came(self, conversation: Conversation, came: SlotCame) -> None:
        """As the keeper, answer a letter that a relay handed over."""
        if self._letters.take(conversation, came) and conversation.replica is not None:
            self.wrote(conversation.replica)
        self._wake_visits()

    def _wake_visits(self) -> None:
        """Let every visit look whether it is over: several may wait, so nobody waits for an event of its own."""
        self._sync_moved.set()
        self._sync_moved = trio.Event()

    # -- the tasks --------------------------------------------------------------------------------------------------

    async def _called(self, connection: Connection, address: str) -> None:
        if len(self.conversations) >= CONNECTIONS_MAX:
            await trio.aclose_forcefully(connection.stream)
            self._tell(Said("refused", address, f"hung up on {address}: too many are connected"))
            return
        unproven = [one for one in self.conversations if one.session.state in LIMITED_SECONDS and one.address is None]
        if len(unproven) >= CONNECTIONS_UNPROVEN_MAX:
            # The oldest has had the longest to say who it is; a member that has just called says so at once.
            unproven[0].drop()
        conversation = self._answering(connection)
        self._keep_apart(conversation)
        await self._converse(conversation)

    async def converse_at(self, connection: Connection, address: str, visit: bool) -> Conversation:
        """Converse to the end with who was dialled; a visit ends as soon as both are in sync."""
        conversation = self._dialled(connection, address, self.replica, None, visit)
        async with trio.open_nursery() as nursery:
            if visit:
                nursery.start_soon(self._leave_when_in_sync, conversation)
            await self._converse(conversation)
            nursery.cancel_scope.cancel()
        return conversation

    def is_in_touch(self, device: bytes) -> bool:
        """Whether a conversation with a device is open, whoever called, or begins that was called from here."""
        return any(one.peer == device and (one.was_established or one.address) for one in self.conversations)

    def unreachable(self, key: Key, address: str, error: P2PError) -> None:
        """Log that nobody was reached at an address."""
        member = self.replica.chain.member(key) if isinstance(key, bytes) else None
        self._tell(Said("unreachable", member.name if member is not None else address, str(error)))

    async def _watch(self) -> None:
        while True:
            with trio.move_on_after(self._watch_seconds):
                await self._poked.wait()
            self._poked = trio.Event()
            for replica in self.copies:
                try:
                    replica.refresh()
                    if extent(replica) != self._told.get(replica.company):
                        self.wrote(replica)
                except (P2PError, sqlite3.Error) as error:
                    self._tell(Said("failed", "", f"the books could not be read: {error}"))
            self.do_chores()
            self._look_whom_to_call()

    def _look_whom_to_call(self) -> None:
        if self.dialling is not None and (found := signs(self.replica)) != self._signs:
            self._signs = found
            self.dialling.look_again()
            for conversation in list(self.conversations):
                self._keep_apart(conversation)

    def _keep_apart(self, conversation: Conversation) -> None:
        """End a conversation with a device that is paused, or any when this copy works offline; not a `sync`."""
        if self.dialling is not None and self.dialling.is_running:
            refusal = Contact(self.replica.store).refusal(conversation.peer)
            if refusal is not None:
                conversation.leave(*refusal)

    def _about(self, replica: Replica | None) -> list[Conversation]:
        """The conversations about a copy, in the order in which they began."""
        return [one for one in self.conversations if one.replica is replica]

    def _end_duplicates(self, conversations: Sequence[Conversation]) -> None:
        for conversation in conversations:
            conversation.leave(DUPLICATE, "another conversation between the two of us goes on")

    async def _leave_all(self) -> None:
        for conversation in list(self.conversations):
            conversation.leave()
        with trio.move_on_after(LEAVING_SECONDS_MAX):
            for conversation in list(self.conversations):
                await conversation.over.wait()

    # -- the parts --------------------------------------------------------------------------------------------------

    async def dial(self, address: str) -> Connection:
        """Connect to another device. Raises `Unreachable`."""
        connection = await self._network.dial(address)
        if connection.listener == self.keys.id:
            await trio.aclose_forcefully(connection.stream)
            raise Unreachable(f"{address} is this device itself; give the address of another one")
        return connection

    def _dialled(
        self, connection: Connection, address: str, replica: Replica, join: Join | None, visit: bool
    ) -> Conversation:
        """The conversation with whoever was dialled, about one of the copies."""
        steady, wall = self._clock.steady_ms(), self._clock.now_ms()
        session = Session(replica, self.keys, connection.listener, steady, wall, None, join, visit=visit)
        return Conversation(connection, session, replica, self._clock, self._check, self, address)

    def _answering(self, connection: Connection) -> Conversation:
        """The conversation with a caller, about the copy of whichever company its proof names."""

        def choose(company: bytes) -> Replica | None:
            found = self.copies.of(company)
            # A copy without a control chain, left by a first contact that broke off, speaks for nobody yet.
            conversation.replica = found if found is not None and found.chain.members else None
            self._keep_apart(conversation)
            self._end_duplicates(crowding(conversation, self._about(found)))
            return conversation.replica

        steady, wall = self._clock.steady_ms(), self._clock.now_ms()
        session = Session(
            None, self.keys, connection.listener, steady, wall, self._random(32), choose=choose,
            recovers=self.copies.recovered_by,
        )  # fmt: skip
        conversation = Conversation(connection, session, None, self._clock, self._check, self, None)
        return conversation

    async def _converse(self, conversation: Conversation) -> None:
        self.conversations.append(conversation)
        try:
            await conversation.run()
        finally:
            self.conversations.remove(conversation)
            self._letters.over(conversation)
        try:
            await note_end(conversation)
        except (P2PError, sqlite3.Error) as error:
            self._tell(Said("failed", self._name(conversation), f"could not note how far this peer is: {error}"))
        if self.dialling is not None:
            self.dialling.stir()
        if DUPLICATE not in (conversation.goodbye, conversation.left_with):
            name = self._name(conversation)
            self._tell(Said("disconnected", name, f"{name}: {conversation.error or 'goodbye'}"))

    def _name(self, conversation: Conversation) -> str:
        peer, replica = conversation.session.peer, conversation.replica
        member = replica.chain.members.get(peer[:8]) if peer and replica is not None else None
        return member.name if member is not None else conversation.address or "a stranger"
