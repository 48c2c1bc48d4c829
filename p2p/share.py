"""What two devices share: the one place that says which scopes may flow between them, and which way.

Both compute it from the control chain and the active rules alone, so both come to the same answer; the share id is a
hash of what went in, and messages about a tree carry it, so that answers about another share are told apart.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from p2p.chain import Chain
from p2p.scope import Pattern, is_within
from p2p.tree import Digest, Tree

CONTROL_PATTERN = Pattern.parse("control/**")
SHARE_ID_BYTES = 16


class Share(NamedTuple):
    """Which scopes may flow to the other device (`gives`) and from it (`takes`)."""

    id: bytes
    gives: tuple[Pattern, ...]
    takes: tuple[Pattern, ...]

    def may_give(self, scope: str) -> bool:
        """Whether a commit of this scope may be sent to the other device."""
        return any(pattern.matches(scope) for pattern in self.gives)

    def may_take(self, scope: str) -> bool:
        """Whether a commit of this scope may be taken from the other device."""
        return any(pattern.matches(scope) for pattern in self.takes)

    def covers(self, scope: str) -> bool:
        """Whether a scope is compared at all: when its commits flow either way."""
        return self.may_give(scope) or self.may_take(scope)


CONTROL_SHARE = Share(b"", (CONTROL_PATTERN,), (CONTROL_PATTERN,))
"""`control` is shared by all members and needs no rule."""


def share_between(chain: Chain, mine: bytes, theirs: bytes) -> Share:
    """What two member devices share: everything that both may read.

    Args:
        mine: device id of the device that asks.
        theirs: device id of the other.
    """
    seq, head = chain.head
    share_id = hashlib.sha256(b"khata share 1" + seq.to_bytes(8, "big") + head).digest()[:SHARE_ID_BYTES]
    both = tuple(_overlap(_readable(chain, mine), _readable(chain, theirs)))
    return Share(share_id, both, both)


def _readable(chain: Chain, device: bytes) -> list[Pattern]:
    member = chain.member(device)
    if member is None or member.revoked_at is not None:
        return []
    return [Pattern.parse(text) for text in member.grant.read if not text.startswith("control")]


def _overlap(ours: Sequence[Pattern], theirs: Sequence[Pattern]) -> Iterator[Pattern]:
    """The subtrees that lie in both; a grant is always one whole subtree, so of two that overlap one lies within."""
    for one in ours:
        for other in theirs:
            if is_within(one.path or "", other.path or ""):
                yield one
            elif is_within(other.path or "", one.path or ""):
                yield other


class View:
    """One tree as seen from one peer: what `reconcile` compares.

    Args:
        row: the last row that the digests count; later rows are news.
        ids: reads the ids of a scope, or of those that begin with some hex digits.
    """

    def __init__(
        self, share: Share, digests: dict[str, Digest], row: int, ids: Callable[[str], Sequence[bytes]]
    ) -> None:
        self.share = share
        self.row = row
        self._tree = Tree({scope: digest for scope, digest in digests.items() if share.covers(scope)})
        self._ids = ids

    def grow(self, grown: dict[str, Digest], row: int) -> None:
        """Count further commits by scope, the last of which has this row."""
        for scope, delta in grown.items():
            if self.share.covers(scope):
                self._tree.add(scope, delta)
        self.row = row

    def digest(self, node: str) -> Digest:
        """The digest of all that lies at or below a path."""
        return self._tree.digest(node)

    def children(self, path: str) -> list[str]:
        """The paths one component below; none for a scope."""
        return self._tree.children(path)

    def scopes(self, path: str) -> list[str]:
        """The scopes at or below a path that may be sent."""
        return [scope for scope in self._tree.scopes(path) if self.share.may_give(scope)]

    def ids(self, node: str) -> list[bytes]:
        """The ids in a scope or a part of one, in order; none outside the share."""
        scope = node.partition("#")[0]
        return list(self._ids(node)) if self.share.covers(scope) else []

    def may_take(self, path: str) -> bool:
        """Whether anything at or below a path may be taken from the other device."""
        return any(pattern.touches(path) for pattern in self.share.takes)
