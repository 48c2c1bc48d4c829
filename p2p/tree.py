"""Digests of sets of commits: additive, so every path of the scope tree has one for the price of an addition.

The digest of a set is the sum of its ids mod 2^256 together with their number. A *node* is a path of the scope tree
(`""` the root, `vouchers/pune`, a whole scope) or, below a scope, the ids that begin with some hex digits, written
`vouchers/pune/sales/2026-04#3f`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

ID_BYTES = 32
_MODULUS = 1 << (8 * ID_BYTES)
DIGEST_BYTES = 16


class Digest(NamedTuple):
    """What a set of commits comes to: the sum of their ids mod 2^256, and how many they are."""

    sum: int
    size: int

    def plus(self, other: "Digest") -> "Digest":
        """The digest of both sets together, which must not overlap."""
        return Digest((self.sum + other.sum) % _MODULUS, self.size + other.size)

    def minus(self, other: "Digest") -> "Digest":
        """The digest of this set without another that lies within it."""
        return Digest((self.sum - other.sum) % _MODULUS, self.size - other.size)

    @property
    def short(self) -> bytes:
        """Sixteen bytes to compare and to send."""
        return hashlib.sha256(self.sum.to_bytes(ID_BYTES, "big") + self.size.to_bytes(8, "big")).digest()[:DIGEST_BYTES]


EMPTY = Digest(0, 0)


def digest_of(ids: Iterable[bytes]) -> Digest:
    """The digest of commit ids, each of 32 bytes and named once."""
    total = size = 0
    for commit_id in ids:
        total += int.from_bytes(commit_id, "big")
        size += 1
    return Digest(total % _MODULUS, size)


class Tree:
    """The digests of some scopes and of every path above them."""

    def __init__(self, scopes: Mapping[str, Digest]) -> None:
        self._digests: dict[str, Digest] = {"": EMPTY}
        self._children: dict[str, set[str]] = {}
        for scope, digest in scopes.items():
            self.add(scope, digest)

    def add(self, scope: str, digest: Digest) -> None:
        """Count further commits of a scope. Cost: one addition per path component."""
        path = ""
        self._digests[path] = self._digests[path].plus(digest)
        for component in scope.split("/"):
            child = f"{path}/{component}" if path else component
            self._children.setdefault(path, set()).add(child)
            self._digests[child] = self._digests.get(child, EMPTY).plus(digest)
            path = child

    def digest(self, path: str) -> Digest:
        """The digest of all that lies at or below a path; `EMPTY` where there is nothing."""
        return self._digests.get(path, EMPTY)

    def children(self, path: str) -> list[str]:
        """The paths one component below, sorted; none for a scope."""
        return sorted(self._children.get(path, ()))

    def scopes(self, path: str = "") -> list[str]:
        """The scopes at or below a path, sorted."""
        found = []
        ahead = [path]
        while ahead:
            at = ahead.pop()
            below = self._children.get(at)
            if below:
                ahead.extend(below)
            elif at in self._digests and at:
                found.append(at)
        return sorted(found)


def scope_of(node: str) -> str:
    """The scope or path of a node, without the hex digits."""
    return node.partition("#")[0]


def digits_of(node: str) -> str:
    """The hex digits that the ids of a node begin with; empty for a whole scope."""
    return node.partition("#")[2]


def split(node: str) -> list[str]:
    """The sixteen nodes that a scope, or a part of one, divides into."""
    return [f"{node}{'' if '#' in node else '#'}{digit:x}" for digit in range(16)]
