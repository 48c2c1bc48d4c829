"""What a session tells its node: the events that bytes turn into."""

from typing import NamedTuple

from p2p.messages import CommitParts, Proof


class JoinRequested(NamedTuple):
    """A device with a ticket asks to be admitted; answer with `Session.admitted` or `Session.close`."""

    proof: Proof
    nonce: bytes


class Established(NamedTuple):
    """Both devices have proved who they are and are members."""

    device: bytes
    clock_off_ms: int


class ChainGrew(NamedTuple):
    """Further control entries arrived and were kept."""

    head: int


class Received(NamedTuple):
    """Commits to check and store; answer with `Session.stored`, in the order they came."""

    number: int
    last: bool
    commits: list[CommitParts]


class Refused(NamedTuple):
    """The peer refused a commit of ours, and why."""

    commit_id: bytes
    reason: str


class SyncChanged(NamedTuple):
    """The two copies are proved equal in what they share, or are no longer."""

    in_sync: bool


class Ended(NamedTuple):
    """The peer said goodbye."""

    code: str
    text: str


Event = JoinRequested | Established | ChainGrew | Received | Refused | SyncChanged | Ended
"""Everything a session can tell."""
