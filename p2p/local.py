"""What a session asks of the copy it speaks for: digests, commits, the control chain, what is known of the peer.

The seam between the conversation, which knows no database, and the replica, which knows no conversation.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import NamedTuple, Protocol

from p2p.messages import CommitParts
from p2p.share import View


class Membership(Enum):
    """What a control chain says of a device."""

    MEMBER = "member"
    REVOKED = "revoked"
    RECOVERY = "recovery"
    UNKNOWN = "unknown"


class News(NamedTuple):
    """A commit that came here after some row: where it lies, and over which link (None when it was made here)."""

    row: int
    scope: str
    id: bytes
    source: int | None


class Link(NamedTuple):
    """What is remembered of a peer between conversations.

    `id` is 0 until something of it is written; `settled_row` is the last local row that was compared when both were in
    sync, under the share id `share`; 0 when they never were.
    """

    id: int
    device: bytes
    settled_row: int
    met: bool
    share: bytes = b""

    def settled_under(self, share: bytes) -> int:
        """The last local row that was compared under a share id, 0 when none was: under another one says nothing."""
        return self.settled_row if self.share == share else 0


class Page(NamedTuple):
    """Some commits of a scope, and the row to go on after; None at the end."""

    commits: list[CommitParts]
    last: int | None


class Local(Protocol):
    """One copy of the books, as a conversation sees it: only to read; what is to be written leaves it as an event."""

    @property
    def company(self) -> bytes:
        """The company id, 32 bytes."""

    def standing_of(self, device: bytes) -> Membership:
        """What the control chain held here says of a device."""

    def revoked_at(self, device: bytes) -> int:
        """The sequence number of the entry that revoked a device; -1 when there is none here."""

    def made_by(self, device: bytes) -> Iterator[tuple[str, list[bytes]]]:
        """The commits held here that a device made, by scope, in the order they came."""

    def admitted_at(self, device: bytes) -> int:
        """The sequence number of the entry that admitted a device; -1 when there is none here."""

    def is_relay(self) -> bool:
        """Whether this copy is a relay's, which pushes what came to it instead of offering it first."""

    def chain_head(self) -> tuple[int, bytes]:
        """Sequence number and hash of the last control entry; (-1, b"") before the first."""

    def chain_hash(self, seq: int) -> bytes | None:
        """The hash of a control entry, or None when there is none with this number."""

    def chain_holds(self, seq: int, digest: bytes) -> bool:
        """Whether an entry with this number and hash is held here, on whatever line of the control chain."""

    def chain_losing(self) -> list[tuple[int, bytes]]:
        """Number and hash of the last entry of each line of the control chain that lost; none where it never forked."""

    def chain_lacking(self, held: Sequence[tuple[int, bytes]]) -> list[bytes]:
        """The entries, of whatever line, that somebody lacks who holds these (number, hash) and all they follow."""

    def chain_entries(self, after: int) -> list[bytes]:
        """The control entries with a higher number."""

    def view(self, tree: int, peer: bytes) -> View:
        """One of the two trees as it stands now, seen from a peer (device id)."""

    def waits_for_key(self) -> bool:
        """Whether a commit that may be read here waits for its key: then this copy is in sync with nobody."""

    def link(self, peer: bytes) -> Link:
        """What is remembered of a peer."""

    def is_settled(self, link: int, share: bytes, node: str, mine: bytes, theirs: bytes) -> bool:
        """Whether a pair of digests was compared to the end before."""

    def news(self, after: int, limit: int) -> list[News]:
        """What came here after a row, oldest first."""

    def lacking(self, scope: str, prefixes: Sequence[bytes]) -> list[bytes]:
        """Which of these id prefixes of a scope are not held here."""

    def commits(self, scope: str, prefixes: Sequence[bytes]) -> list[CommitParts]:
        """The commits of a scope with these id prefixes; those not held are left out."""

    def page(self, scope: str, after: int, limit: int) -> Page:
        """The next commits of a scope after a row, in the order they came here."""


Choose = Callable[[bytes], Local | None]
"""Finds the copy of a company (id, 32 bytes) among those that a listener speaks for; None when it has none.

It is asked once the peer has proved who it is, and may close the session to send it away.
"""
