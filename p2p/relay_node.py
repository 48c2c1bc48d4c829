"""A relay at work: the same node as a branch's, with a copy for each company, in which it can read `control` alone."""

import os
import sqlite3
from functools import partial

import trio
import trio.lowlevel

from crdt_models.packing import Value
from p2p.checking import Check, in_a_thread
from p2p.clock import Clock, SystemClock
from p2p.conversation import Conversation, patiently
from p2p.device_notes import ADDRESSES, save_note
from p2p.errors import P2PError, TicketError
from p2p.events import CompanyOffered, SlotCame
from p2p.identity import Random
from p2p.limits import DAY_MS
from p2p.local import Membership
from p2p.messages import Report
from p2p.node import WATCH_SECONDS, Node, Said, Tell, silent
from p2p.pruning import prune
from p2p.relay_home import RelayHome
from p2p.relay_letters import INVITER, JOINER
from p2p.replica import Replica
from p2p.reports import Reports
from p2p.scope import DEVICES_SCOPE
from p2p.surroundings import Refusal
from p2p.transport import Network
from p2p.waiting import WaitingCounts
from p2p.whereabouts import can_be_called

RELAY_USER = "relay"
"""Who stands in what a relay says of itself."""
_NOT_OPEN = (
    "this relay knows of no such open ticket: it was used, taken back or has expired, or the head office has not been "
    "in touch with the relay since it made it"
)
_TIDY_SECONDS = 60
_REPORT_SECONDS = 3


class RelayNode(Node):
    """A relay.

    Args:
        home: its folder, opened so that a busy store raises at once (`wait_ms=0`).
    """

    def __init__(
        self,
        home: RelayHome,
        network: Network,
        clock: Clock | None = None,
        tell: Tell = silent,
        check: Check = in_a_thread,
        random: Random = os.urandom,
        watch_seconds: float = WATCH_SECONDS,
    ) -> None:
        self.home = home
        self._reported: dict[Conversation, Report] = {}
        self._waiting: dict[bytes, WaitingCounts] = {}
        super().__init__(
            home.copies, network, clock, tell, check, random, [self._say_where], watch_seconds=watch_seconds
        )
        self._wall = clock or SystemClock()

    def take_in(self, offered: CompanyOffered) -> Replica | Refusal:
        """Serve a further company, whose head office holds an invitation; or why not."""
        try:
            replica = self.home.take_in(offered, self._wall.now_ms())
        except TicketError as error:
            self._tell(Said("refused", "stranger", f"refused somebody with an invitation: {error}"))
            return Refusal("ticket", str(error))
        self._tell(Said("company", "", f"serving company {replica.company.hex()[:16]} from now on"))
        return replica

    def slot_came(self, conversation: Conversation, came: SlotCame) -> None:
        """Keep a letter for the other side of an invitation, and hand out what lies there for this one."""
        slot, letter = came
        letters, now = self.home.letters, self._wall.now_ms()
        replica = letters.company_of(slot, now)
        if conversation.replica is None:
            if replica is None:
                conversation.leave("slot", _NOT_OPEN)
                return
            if letter:
                letters.leave(slot, JOINER, letter, now)
                self._hand_to_keeper(replica, slot, letter)
            conversation.say_slot(slot, letters.read(slot, INVITER))
            letters.drop(slot, INVITER)
        elif replica is conversation.replica and _is_keeper(conversation):
            if letter:
                letters.leave(slot, INVITER, letter, now)
                letters.drop(slot, JOINER)
            conversation.say_slot(slot, letters.read(slot, JOINER))
        elif not letter:
            conversation.say_slot(slot, b"")

    def _hand_to_keeper(self, replica: Replica, slot: bytes, letter: bytes) -> None:
        for other in self.conversations:
            if other.replica is replica and other.was_established and _is_keeper(other):
                other.say_slot(slot, letter)

    def established(self, conversation: Conversation, clock_off_ms: int) -> None:
        """Log a device that is connected, and tell it where the others stand."""
        super().established(conversation, clock_off_ms)
        self._report_to(conversation, {})

    async def keep_reporting(self) -> None:
        """Tell every connected member where the others stand whenever that has changed, until cancelled."""
        while True:
            await trio.sleep(_REPORT_SECONDS)
            reports: dict[bytes, Reports] = {}
            for conversation in list(self.conversations):
                if conversation.was_established:
                    self._report_to(conversation, reports)
            self._reported = {one: said for one, said in self._reported.items() if one in self.conversations}

    def _report_to(self, conversation: Conversation, reports: dict[bytes, Reports]) -> None:
        """Tell a member where the others stand, as far as that is not known of its company yet."""
        replica, peer = conversation.replica, conversation.session.peer
        if replica is None or peer is None:
            return
        try:
            made = reports.get(replica.company) or Reports(self.waiting_at(replica))
            reports[replica.company] = made
            report = made.to(peer)
        except (P2PError, sqlite3.Error) as error:
            self._tell(Said("failed", "", f"no report was made: {error}"))
            return
        if self._reported.get(conversation) != report:
            self._reported[conversation] = report
            conversation.say_report(report)

    def waiting_at(self, replica: Replica) -> WaitingCounts:
        """What waits for the devices of a company, counted on from the last time that anybody asked."""
        held = self._waiting.get(replica.company)
        if held is None or held.replica is not replica:
            held = self._waiting[replica.company] = WaitingCounts(replica)
        return held

    async def keep_tidy(self, keep_days: int) -> None:
        """Drop the bodies of commits that all have acknowledged and that came so long ago, until cancelled."""
        while True:
            before = self._wall.now_ms() - keep_days * DAY_MS
            for replica in self.copies:
                try:
                    while dropped := await patiently(partial(prune, replica, before)):
                        self._tell(Said("pruned", "", f"dropped the content of {dropped} commits that all have"))
                        await trio.lowlevel.checkpoint()
                except (P2PError, sqlite3.Error) as error:
                    self._tell(Said("failed", "", f"nothing was dropped: {error}"))
            await trio.sleep(_TIDY_SECONDS)

    def look_again(self) -> None:
        """Take notice of companies that another process has made this relay forget: hang up on their devices."""
        self.home.look_again()
        for conversation in list(self.conversations):
            if conversation.replica is not None and self.copies.of(conversation.replica.company) is None:
                conversation.drop()
        self._waiting = {company: one for company, one in self._waiting.items() if self.copies.of(company) is not None}

    def connected(self) -> list[dict[str, str]]:
        """The devices that are connected and have proved who they are, each with its company."""
        return [
            {"company": one.replica.company.hex(), "device": one.session.peer.hex()}
            for one in self.conversations
            if one.was_established and one.replica is not None and one.session.peer is not None
        ]

    def _say_where(self) -> bool:
        """Tell the members of every company where this relay can be reached, once it holds the key to do so."""
        addresses: list[Value] = list(self.home.card.addresses or self._listened_at())
        wrote = False
        for replica in self.copies:
            if addresses and can_write_control(replica):
                said = save_note(replica, {ADDRESSES: addresses}, RELAY_USER, self._wall.now_ms())
                wrote = wrote or said is not None
        return wrote

    def _listened_at(self) -> list[str]:
        """The address it listens on, where that is one that others can dial."""
        at = self.listening_at
        return [at] if at is not None and can_be_called(at) else []


def can_write_control(replica: Replica) -> bool:
    """Whether a device can say something of itself: it is a member and holds the key of `control`."""
    member = replica.standing_of(replica.keys.id) is Membership.MEMBER
    return member and replica.keyring.current(replica.chain.epochs, DEVICES_SCOPE) is not None


def _is_keeper(conversation: Conversation) -> bool:
    """Whether the device at the other end keeps the control chain of the company."""
    replica = conversation.replica
    return replica is not None and conversation.session.peer == replica.chain.keeper
