"""How a conversation begins: who calls, who answers, and the control entries that make them known to each other.

The first half of `Session`: everything it does before both have said `Hello`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

from p2p.chain_flow import ChainFlow
from p2p.errors import RemoteProtocolError
from p2p.events import ChainCame, CompanyOffered, Established, Event, JoinRequested, ReportCame, SlotCame
from p2p.exchange import Exchange
from p2p.handover import Giving, Taking
from p2p.handshake import hello, proof_is_genuine, prove
from p2p.identity import DeviceKeys, device_id
from p2p.limits import CHAIN_GATHERED_BYTES_MAX, FRAME_BYTES_MAX
from p2p.local import Choose, Local, Membership
from p2p.messages import CONTROL, SHARE, VERSION, Chain, Challenge, Hello, Joining, Message, Proof, Report, Slot, encode
from p2p.outflow import Outflow
from p2p.states import State

Join = Callable[[Challenge], Joining]
"""Makes what a joiner adds to its proof, once the challenge is known."""


Recovers = Callable[[bytes], bytes | None]
"""The company (id) whose recovery phrase stands for a key to sign with, if it is served here."""

ANY_COMPANY = bytes(32)
"""What a proof names as the company when its dialer has nothing but a recovery phrase."""

COMPANY_CODE = "company"
"""The goodbye that answers such a proof: its text is the company's id in hex."""

_WELCOME = (Membership.MEMBER, Membership.RECOVERY)


class Introduction(ABC):
    """What a session does until both sides know each other; `Session` is what is made of it.

    Attributes:
        state: where the conversation is.
        peer: device id of the other side, once it is known.
        exchanges: of the control tree and of what is shared, from the greeting on.
        outflow: what is on its way to the peer.
        giving: in a handover, the side of the revoked device.
        taking: in a handover, the side of the member.
    """

    state: State
    peer: bytes | None
    exchanges: tuple[Exchange, Exchange] | None
    outflow: Outflow | None
    giving: Giving | None
    taking: Taking | None
    _local: Local
    _choose: Choose | None
    _recovers: Recovers | None
    _keys: DeviceKeys
    _listener: bytes
    _nonce: bytes | None
    _join: Join | None
    _visit: bool
    _slot_came: bool
    _now: int
    _wall_less_now: int
    _chain: ChainFlow
    _events: list[Event]
    _out: bytearray
    _keeping_chain: list[bytes] | None
    _lines_before: list[tuple[int, bytes]]
    _stood: object

    @abstractmethod
    def _read(self) -> None:
        """Take in what the peer has said, as far as it can be taken in now."""

    @abstractmethod
    def _go_on(self, act: Callable[[], None]) -> list[Event]:
        """Do this and tell the events it led to; a fault of the peer closes the conversation and is raised."""

    def _send(self, message: Message) -> None:
        self._out += encode(message)

    def _note(self, event: Event) -> None:
        self._events.append(event)

    def _take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def admitted(self) -> list[Event]:
        """Go on with a joiner that has just been admitted to the control chain."""
        assert self.state is State.AWAIT_ADMISSION
        self._welcome()
        return self._take_events()

    def taken_in(self, local: Local, head: tuple[int, bytes]) -> list[Event]:
        """Go on with a company that is served from now on: it shows its control chain next.

        Args:
            local: the copy of it, empty as yet.
            head: of the control chain that its proof named.
        """
        assert self.state is State.AWAIT_ADMISSION
        self._speak_for(local)
        self._chain.heard(head)
        self.state = State.AWAIT_CHAIN
        return self._go_on(self._read)

    def _speak_for(self, local: Local) -> None:
        """Know which copy this conversation is about: from the start, or once the proof has named the company."""
        self._local = local
        self._chain = ChainFlow(local, self._send)

    def _on_challenge(self, message: Challenge) -> None:
        joining = self._join(message) if self._join else None
        revoked_at = self._local.revoked_at(self._listener)
        # A listener that was revoked is told of nothing that came after.
        head = self._local.chain_head() if revoked_at < 0 else (revoked_at, self._local.chain_hash(revoked_at) or b"")
        self._send(prove(self._keys, self._local.company, head, self._listener, message, joining))
        if self._local.standing_of(self._listener) is Membership.REVOKED:
            self._take_over()
        elif self._is_member(self._listener) and not self._is_revoked():
            if joining is None:
                self._chain.introduce(self._keys.id, self._listener)
            else:
                # A relay that does not serve the company yet is shown all there is.
                self._chain.push()
            self._greet()
        else:
            self.state = State.AWAIT_CHAIN

    def _on_proof(self, message: Proof) -> None:
        nonce, self.peer = self._nonce or b"", device_id(message.key)
        if not proof_is_genuine(message, self._listener, nonce):
            raise RemoteProtocolError("unknown-device", "this device is not known here")
        local = self._choose(message.company) if self._choose is not None else self._local
        if self.state is State.CLOSED:
            # Whoever chooses has said goodbye: nothing is to be exchanged with this device.
            return
        if local is None and message.joining is not None:
            self.state = State.AWAIT_ADMISSION
            self._note(CompanyOffered(message, nonce))
            return
        recovered = self._recovers(message.key) if local is None and self._recovers is not None else None
        if recovered is not None and message.company == ANY_COMPANY:
            raise RemoteProtocolError(COMPANY_CODE, recovered.hex())
        if local is None or local.company != message.company:
            raise RemoteProtocolError("unknown-device", "this device is not known here")
        self._speak_for(local)
        self._chain.heard((message.head_seq, message.head_hash))
        standing = self._local.standing_of(self.peer)
        if standing is Membership.REVOKED:
            self._take_over()
        elif standing is Membership.MEMBER and self._is_revoked():
            self.state = State.AWAIT_CHAIN
        elif standing in _WELCOME:
            self._welcome()
        elif message.joining is not None:
            self.state = State.AWAIT_ADMISSION
            self._events.append(JoinRequested(message, nonce))
        elif message.head_seq >= 0 and not self._local.chain_holds(message.head_seq, message.head_hash):
            self.state = State.AWAIT_CHAIN
        else:
            raise RemoteProtocolError("unknown-device", "this device is not known here")

    def _on_slot(self, message: Slot) -> None:
        if self.state is State.AWAIT_PROOF:
            if self._slot_came:
                raise RemoteProtocolError("unexpected", "the peer left more than one letter")
            self._slot_came = True
        self._events.append(SlotCame(message.slot, message.letter))

    def _on_report(self, message: Report) -> None:
        self._note(ReportCame(message.rows))

    def _on_chain(self, message: Chain) -> None:
        if not message.entries:
            raise RemoteProtocolError("malformed", "the peer sent a control chain of no entries")
        entries = self._chain.gather(message, self._chain_bytes_max())
        if entries is not None:
            self._keeping_chain = entries
            self._lines_before = self._lines()
            self._events.append(ChainCame(entries))

    def _chain_bytes_max(self) -> int:
        """How much of a control chain is kept in mind until it can be taken in together.

        A caller that is not known here shows what the keeper signed since it admitted us, piece by piece: no two of
        them have to be gathered. Only a copy that is empty as yet takes in all there is from whom it does not know.
        """
        known = self.state is not State.AWAIT_CHAIN or self._nonce is None or self._is_member(self.peer or b"")
        return CHAIN_GATHERED_BYTES_MAX if known or self._local.chain_head()[0] < 0 else FRAME_BYTES_MAX

    def _chain_was_kept(self, entries: list[bytes], fault: str | None) -> None:
        if fault is not None:
            raise RemoteProtocolError("bad-chain", fault)
        further = self._chain.kept(entries)
        if self.state is not State.OPEN and self._ends_in_handover():
            self._read()
            return
        # A caller begins with what was signed since it was admitted here, of which a first message may say nothing new.
        is_news = further if self._nonce is not None else self._lines() != self._lines_before
        if self.state is State.AWAIT_CHAIN and not is_news:
            raise RemoteProtocolError("unexpected", "the peer showed control entries that say nothing new")
        if self.state is State.OPEN:
            # Before commits that name them: those may be among what is read next.
            self._chain.push()
        if self.state is State.AWAIT_CHAIN and self._nonce is not None:
            assert self.peer is not None
            if self._are_members():
                self._welcome()
        self._read()

    def _are_members(self) -> bool:
        """Whether the control chain held here admits both ends; a relay that takes a company in has to see itself.

        One of the two may prove itself with the recovery phrase instead: it gets `control` and shares nothing else.
        """
        ends = [self._local.standing_of(device) for device in (self.peer or b"", self._keys.id)]
        return all(standing in _WELCOME for standing in ends) and Membership.MEMBER in ends

    def _lines(self) -> list[tuple[int, bytes]]:
        """The last entry of each line of the control chain held here, the one that wins first."""
        return [self._local.chain_head(), *self._local.chain_losing()]

    def is_concerned(self) -> bool:
        """Whether anything that this conversation is about stands otherwise than when it looked last."""
        return self._standing() != self._stood

    def _standing(self) -> object:
        trees = [one.standing_here for one in self.exchanges or ()]
        return self._lines(), self._local.waits_for_key(), trees

    def _ends_in_handover(self) -> bool:
        """Whether one of the two was revoked, as has just been learned; then a handover begins."""
        assert self.peer is not None
        if self._is_revoked():
            self._hand_over()
        elif self._local.standing_of(self.peer) is Membership.REVOKED:
            self._take_over()
        else:
            return False
        return True

    def _hand_over(self) -> None:
        """Offer a member what this device made, now that it knows of its own revocation."""
        assert self.peer is not None
        if not self._is_member(self.peer):
            raise RemoteProtocolError("unknown-device", "this device is not known here")
        revoked_at = self._local.revoked_at(self._keys.id)
        if not self._chain.holds(revoked_at):
            # It has not heard of that: the entries are the keeper's, so it believes them of whomever it has them.
            self._chain.end_at(revoked_at, -1)
        self.state = State.HANDOVER
        self.giving = Giving(self._local, self._keys.id, self.peer, self._send)
        self.outflow = self.giving.outflow

    def _take_over(self) -> None:
        """Show a revoked device its revocation, and take nothing from it but what it made."""
        assert self.peer is not None
        self.state = State.HANDOVER
        self.taking = Taking(self._local, self._send)
        self._chain.end_at(self._local.revoked_at(self.peer), self._local.admitted_at(self.peer))

    def _is_revoked(self) -> bool:
        return self._local.standing_of(self._keys.id) is Membership.REVOKED

    def _is_member(self, device: bytes) -> bool:
        return self._local.standing_of(device) is Membership.MEMBER

    def _welcome(self) -> None:
        self._chain.push()
        self._greet()

    def _on_hello(self, message: Hello) -> None:
        assert self.peer is not None
        if message.major != VERSION[0]:
            raise RemoteProtocolError(
                "unsupported", f"the peer speaks protocol {message.major}, we speak {VERSION[0]}; update the older one"
            )
        self._chain.heard((message.head_seq, message.head_hash), message.losing)
        if self._is_revoked():
            self._hand_over()
            return
        if not self._are_members():
            raise RemoteProtocolError("unknown-device", "this device is not known here")
        if self.state is State.AWAIT_CHAIN:
            self._greet()
        assert self.exchanges is not None
        self.exchanges[CONTROL].greeted(b"", message.control, message.control_count, waiting=False)
        self.exchanges[SHARE].greeted(message.share, message.digest, message.count, message.waiting)
        self.state = State.OPEN
        self._events.append(Established(self.peer, message.time, self._visit or message.visit))

    def _greet(self) -> None:
        assert self.peer is not None
        self.outflow = Outflow(self._local, self.peer, self._send)
        control = Exchange(CONTROL, self._local, self.peer, self._send, self._note, self.outflow)
        share = Exchange(SHARE, self._local, self.peer, self._send, self._note, self.outflow)
        self.exchanges = (control, share)
        views = (self._local.view(CONTROL, self.peer), self._local.view(SHARE, self.peer))
        time = max(0, self._now + self._wall_less_now)
        self._send(hello(self._lines(), views, time, self._local.waits_for_key(), self._visit))
        control.greeting_sent(views[CONTROL])
        share.greeting_sent(views[SHARE])
        self.state = State.AWAIT_HELLO
