"""What a session tells its node: the events that bytes turn into."""

from typing import NamedTuple

from p2p.messages import CommitParts, Proof, ReportRow
from p2p.reconcile import Compared


class JoinRequested(NamedTuple):
    """A device with a ticket asks to be admitted; answer with `Session.admitted` or `Session.close`."""

    proof: Proof
    nonce: bytes


class CompanyOffered(NamedTuple):
    """A company that is not served here asks to be; answer with `Session.taken_in` or `Session.close`."""

    proof: Proof
    nonce: bytes


class SlotCame(NamedTuple):
    """A letter for the inviter or the joiner of an invitation, or the question for one where it is empty."""

    slot: bytes
    letter: bytes


class ReportCame(NamedTuple):
    """A relay tells where other devices stand."""

    rows: list[ReportRow]


class Established(NamedTuple):
    """Both devices have proved who they are and are members.

    Attributes:
        their_time: the peer's clock, ms since 1970.
        is_visit: either end is here for one synchronization only.
    """

    device: bytes
    their_time: int
    is_visit: bool = False


class ChainCame(NamedTuple):
    """Control entries to verify and keep; the session waits for `Session.chain_kept`."""

    entries: list[bytes]


class ComparedToEnd(NamedTuple):
    """Pairs of digests to remember: compared under this share, with nothing left to take."""

    share: bytes
    pairs: list[Compared]


class Received(NamedTuple):
    """Commits to check and store, sent under a share id; answer with `Session.stored`, in the order they came."""

    number: int
    last: bool
    commits: list[CommitParts]
    share: bytes = b""


class Refused(NamedTuple):
    """The peer refused a commit of ours, and why."""

    commit_id: bytes
    reason: str


class HandedOver(NamedTuple):
    """This device was revoked, and has handed over so many commits that the peer lacked; nothing more will happen."""

    commits: int

    @property
    def text(self) -> str:
        """What a person is told."""
        return (
            "this device was revoked; the other side has what it made, sets aside what is new to it "
            f"({self.commits} now) and gives nothing back"
        )


class SyncChanged(NamedTuple):
    """The two copies are proved to agree in what they share, or do no longer.

    Attributes:
        share: the share id under which they were compared.
        mine: digest of what is shared, here.
        theirs: and there.
        row: the last local row that is counted in it.
    """

    in_sync: bool
    share: bytes
    mine: bytes
    theirs: bytes
    row: int


class Ended(NamedTuple):
    """The peer said goodbye."""

    code: str
    text: str


Event = (
    JoinRequested
    | CompanyOffered
    | SlotCame
    | ReportCame
    | Established
    | ChainCame
    | ComparedToEnd
    | Received
    | Refused
    | SyncChanged
    | HandedOver
    | Ended
)
"""Everything a session can tell."""
