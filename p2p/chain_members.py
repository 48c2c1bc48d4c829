"""The values a control chain is folded to: members with their grants, branches, cuts and locks."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from p2p.identity import AUTHOR_BYTES
from p2p.scope import Pattern

CONTROL: Final = "control/**"
"""What every member may write a part of without its being granted."""


class Grant(msgspec.Struct, frozen=True):
    """The subtrees a device may read and write, as patterns."""

    read: tuple[str, ...]
    write: tuple[str, ...]

    def may_read(self, scope: str) -> bool:
        """Tell whether `scope` lies in what may be read."""
        return _any_matches(self.read, scope)

    def may_write(self, scope: str) -> bool:
        """Tell whether `scope` lies in what may be written."""
        return _any_matches(self.write, scope)


class Member(msgspec.Struct, frozen=True):
    """A device that was admitted, and all it was granted since.

    Attributes:
        device: device id, 32 bytes.
        public: the key its signatures are checked with.
        seal_public: the key content keys are sealed to.
        name: what people call it.
        branch: code of its branch; empty for a relay.
        series: its code in voucher numbers; empty for a relay.
        role: member or relay.
        admitted_at: sequence number of its admission.
        revoked_at: sequence number of its revocation, or None.
        grants: each grant with the sequence number it began at, oldest first.
    """

    device: bytes
    public: bytes
    seal_public: bytes
    name: str
    branch: str
    series: str
    role: str
    admitted_at: int
    revoked_at: int | None
    grants: tuple[tuple[int, Grant], ...]

    @property
    def author(self) -> bytes:
        """The first 8 bytes of the device id, which name it in commits; no two members share them."""
        return self.device[:AUTHOR_BYTES]

    @property
    def grant(self) -> Grant:
        """What it may read and write now."""
        return self.grants[-1][1]

    def belongs_at(self, seq: int) -> bool:
        """Tell whether it was in the company as of an entry."""
        return self.admitted_at <= seq and (self.revoked_at is None or seq < self.revoked_at)

    def grant_at(self, seq: int) -> Grant:
        """Return what it might read and write as of an entry."""
        for since, grant in reversed(self.grants):
            if since <= seq:
                return grant
        return Grant((), ())


@lru_cache(maxsize=4096)
def _any_matches(patterns: tuple[str, ...], scope: str) -> bool:
    # Asked for every commit that comes, nearly always about the same few grants and scopes.
    return any(Pattern.parse(text).matches(scope) for text in patterns)


class Branch(NamedTuple):
    """A place of business: its code as a scope component, its name, and the entry that added it."""

    code: str
    name: str
    added_at: int


class Cut(NamedTuple):
    """A device's commits in the scopes that were taken from it count only as far as the tips reach, by `prev`.

    Attributes:
        at: the entry that made it.
        device: device id.
        scopes: the subtrees that it might write before and may not any more.
        kept: the subtrees within them that it may write still.
        tips: its last commits that count, by scope.
    """

    at: int
    device: bytes
    scopes: tuple[str, ...]
    kept: tuple[str, ...]
    tips: Mapping[str, tuple[bytes, ...]]

    def covers(self, scope: str) -> bool:
        """Tell whether a scope was taken away."""
        return _any_matches(self.scopes, scope) and not _any_matches(self.kept, scope)


class Lock(NamedTuple):
    """A closed period: vouchers dated up to `until` in these subtrees.

    Attributes:
        at: the entry that made it.
        tips: the last commits that are in, by scope and author; what they reach by `prev` is in too.
    """

    at: int
    until: str
    scopes: tuple[str, ...]
    tips: Mapping[tuple[str, bytes], tuple[bytes, ...]]
