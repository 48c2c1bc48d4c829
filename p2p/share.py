"""What two devices share: the one place that says which scopes may flow between them, and which way.

Both compute it from the control chain and the rules that are active, so both come to the same answer. The share id is a
hash of that answer; messages about a tree carry it, so that answers about another share are told apart.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from p2p.agreements import Agreement, own_scopes
from p2p.chain import RELAY, Chain
from p2p.chain_members import Member
from p2p.flow import Flow, patterns_of
from p2p.scope import Pattern
from p2p.tree import Digest, Tree

SHARE_ID_BYTES: Final = 16
_ALL: Final = Flow(patterns_of(("masters/**", "vouchers/**", "transfers/**", "files/**")))


class Subtrees(Protocol):
    """Some part of the tree of scopes: a pattern, or a flow."""

    def matches(self, scope: str) -> bool:
        """Whether a scope lies in it."""

    def touches(self, path: str) -> bool:
        """Whether anything at or below a path might lie in it."""

    def includes(self, path: str) -> bool:
        """Whether all that lies at or below a path lies in it."""


def branch_path(scope: str) -> str:
    """The first two components of a scope: a branch's vouchers, say. Many scopes lie there, and often all may flow."""
    end = scope.find("/", scope.find("/") + 1)
    return scope if end < 0 else scope[:end]


Branches = Mapping[str, Mapping[str, Digest]]
"""Digests by scope, and these by `branch_path`."""


def by_branch(digests: Mapping[str, Digest]) -> dict[str, dict[str, Digest]]:
    """Put digests by scope together by `branch_path`."""
    found: dict[str, dict[str, Digest]] = {}
    for scope, digest in digests.items():
        found.setdefault(branch_path(scope), {})[scope] = digest
    return found


class _Way:
    """What may flow one way; remembers what was found out about a scope, or about all scopes of one branch at once."""

    __slots__ = ("_branches", "_scopes", "_subtrees")

    def __init__(self, subtrees: Sequence[Subtrees]) -> None:
        self._subtrees = subtrees
        self._branches: dict[str, bool | None] = {}
        self._scopes: dict[str, bool] = {}

    def holds(self, scope: str) -> bool:
        """Whether commits of a scope may flow. Cost: two lookups, once the branch was asked about."""
        known = self.of_branch(branch_path(scope))
        if known is not None:
            return known
        found = self._scopes.get(scope)
        if found is None:
            found = self._scopes[scope] = any(one.matches(scope) for one in self._subtrees)
        return found

    def of_branch(self, path: str) -> bool | None:
        """Whether all or nothing below a `branch_path` may flow; None where it depends on what lies below."""
        if path not in self._branches:
            self._branches[path] = self._find_out(path)
        return self._branches[path]

    def _find_out(self, path: str) -> bool | None:
        if not any(one.touches(path) for one in self._subtrees):
            return False
        return True if any(one.includes(path) for one in self._subtrees) else None


class Share:
    """Which scopes may flow to the other device (`gives`) and from it (`takes`); equal when id and both are."""

    __slots__ = ("_giving", "_taking", "gives", "id", "takes")

    def __init__(self, id: bytes, gives: Sequence[Subtrees], takes: Sequence[Subtrees]) -> None:
        self.id = id
        self.gives = tuple(gives)
        self.takes = tuple(takes)
        self._giving = _Way(self.gives)
        self._taking = _Way(self.takes)

    def may_give(self, scope: str) -> bool:
        """Whether a commit of this scope may be sent to the other device."""
        return self._giving.holds(scope)

    def may_take(self, scope: str) -> bool:
        """Whether a commit of this scope may be taken from the other device."""
        return self._taking.holds(scope)

    def covers(self, scope: str) -> bool:
        """Whether a scope is compared at all: when its commits flow either way."""
        return self.may_give(scope) or self.may_take(scope)

    def covered(self, branches: Branches) -> dict[str, Digest]:
        """Those of some digests whose scopes it covers. Cost: a lookup for each branch, of which nothing may flow."""
        return {
            scope: digest
            for path, inside in branches.items()
            if self._giving.of_branch(path) is not False or self._taking.of_branch(path) is not False
            for scope, digest in inside.items()
            if self.covers(scope)
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Share) and (self.id, self.gives, self.takes) == (other.id, other.gives, other.takes)

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"Share({self.id.hex()}, gives {self.gives}, takes {self.takes})"


CONTROL_SHARE: Final = Share(b"", (Pattern.parse("control/**"),), (Pattern.parse("control/**"),))
"""`control` is shared by all members and needs no rule."""


def may_come(share: Share, scope: str) -> bool:
    """Whether a commit of a scope may be taken from the other device at all: in `control`, or by the share."""
    return share.may_take(scope) or CONTROL_SHARE.may_take(scope)


def share_between(chain: Chain, agreements: Sequence[Agreement], mine: bytes, theirs: bytes) -> Share:
    """What two devices share.

    Devices of one branch share everything; devices of two branches what active rules between the branches name; and a
    branch's own books flow back to it from anyone. A relay stands for all other branches of the rules that may be
    delivered on demand, and takes a branch's own books for safe-keeping. All of that is cut to what the receiver may
    read, and to what the giver may, or might once.

    Args:
        agreements: the rules that are active.
        mine: device id of the device that asks.
        theirs: device id of the other.
    """
    me, you = chain.member(mine), chain.member(theirs)
    if me is None or you is None or me.revoked_at is not None or you.revoked_at is not None:
        return Share(bytes(SHARE_ID_BYTES), (), ())
    gives, takes = tuple(_flows(agreements, me, you)), tuple(_flows(agreements, you, me))
    return Share(_share_id((me, gives), (you, takes)), gives, takes)


def _share_id(*ways: tuple[Member, Sequence[Flow]]) -> bytes:
    spelled = [
        [giver.device, sorted((flow.spelled() for flow in flows), key=msgspec.msgpack.encode)]
        for giver, flows in sorted(ways, key=lambda way: way[0].device)
    ]
    return hashlib.sha256(b"khata share 1" + msgspec.msgpack.encode(spelled)).digest()[:SHARE_ID_BYTES]


def _flows(agreements: Sequence[Agreement], giver: Member, taker: Member) -> Iterator[Flow]:
    """What may flow from one device to another."""
    if giver.role == RELAY and taker.role == RELAY:
        yield _ALL
        return
    if giver.role == RELAY:
        named = _delivered(agreements, taker.branch)
    elif taker.role == RELAY:
        named = _deposited(agreements, giver.branch)
    elif giver.branch == taker.branch:
        named = [_ALL]
    else:
        ruled = (flow for one in agreements for flow in one.flows(giver.branch, taker.branch))
        named = [*ruled, own_scopes(taker.branch)]
    limits = [*_once_readable(giver), *_readable(taker)]
    for flow in named:
        yield flow._replace(within=(*flow.within, *limits))


def _delivered(agreements: Sequence[Agreement], branch: str) -> list[Flow]:
    """What a relay may deliver to a branch."""
    ruled = (flow for one in agreements if one.on_demand for flow in one.flows(one.other(branch), branch))
    return [*ruled, own_scopes(branch)]


def _deposited(agreements: Sequence[Agreement], branch: str) -> list[Flow]:
    """What a branch leaves at a relay."""
    return [*(flow for one in agreements for flow in one.left_by(branch)), own_scopes(branch)]


def _readable(member: Member) -> list[tuple[Pattern, ...]]:
    """What a device may read, as a limit; a relay, which can read nothing, has none."""
    return [] if member.role == RELAY else [patterns_of(member.grant.read)]


def _once_readable(member: Member) -> list[tuple[Pattern, ...]]:
    """All that a device may read or might once, so that what it made before a grant was narrowed still leaves it."""
    if member.role == RELAY:
        return []
    return [patterns_of(tuple(dict.fromkeys(text for _, grant in member.grants for text in grant.read)))]


class View:
    """One tree as seen from one peer: what `reconcile` compares.

    Args:
        row: the last row that the digests count; later rows are news.
        ids: reads the ids of a scope, or of those that begin with some hex digits.
    """

    def __init__(self, share: Share, digests: Branches, row: int, ids: Callable[[str], Sequence[bytes]]) -> None:
        self.share = share
        self.row = row
        self._tree = Tree(share.covered(digests))
        self._ids = ids
        self._quiet = (row, row)

    def grow(self, grown: Branches, row: int) -> None:
        """Count further commits by scope, the last of which has this row."""
        covered = self.share.covered(grown)
        for scope, delta in covered.items():
            self._tree.add(scope, delta)
        if row < self.row:
            # A transaction came to nothing, and its row numbers will be given out again.
            self._quiet = (row, row)
        elif not covered:
            began, ended = self._quiet
            self._quiet = (began if ended == self.row else self.row, row)
        self.row = row

    def first_of_interest(self, row: int) -> int:
        """The row itself, or a later one where none of those between is of this share, as far as that is known."""
        began, ended = self._quiet
        return ended if began <= row < ended else row

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
        return any(subtrees.touches(path) for subtrees in self.share.takes)

    def may_take_all(self, path: str) -> bool:
        """Whether everything at or below a path may be taken from the other device."""
        return any(subtrees.includes(path) for subtrees in self.share.takes)
