"""Being in sync, as devices note it, against what both held then.

A device notes at which of its own rows it was in sync, and the digest that the other had named. So both can be looked
up: what it had to give up to that row has to be there, and what the other held when it had that digest has to be here.
A claim under rules that have changed since the last check is left out, and so is one about a device of which there are
two, or whose store has been replaced by an older one since.
"""

from bisect import bisect_right
from collections.abc import Iterator
from hashlib import sha256
from math import inf
from typing import NamedTuple

from simulations.oracle.reading import Claim, Copy, Row
from simulations.oracle.rules import Shares
from simulations.oracle.scopes import is_control
from simulations.plain import counted

_MODULUS = 1 << 256


class _Digests:
    """The digests that one copy ever had of a share.

    Attributes:
        last: by digest, the last row at which it had that.
    """

    def __init__(self) -> None:
        self._sum = self._count = 0
        self._now = _short(0, 0)
        self.rows = 0
        self.last: dict[bytes, int] = {self._now: 0}

    def take(self, rows: list[Row], covers: dict[str, bool]) -> None:
        """Count further rows."""
        for row in rows:
            if covers[row.scope]:
                self._sum, self._count = (self._sum + int.from_bytes(row.id, "big")) % _MODULUS, self._count + 1
                self._now = _short(self._sum, self._count)
            self.last[self._now] = row.number
        self.rows += len(rows)


class Shown(NamedTuple):
    """That a copy has shown to be in sync with another one, at which of its rows and of the other's."""

    name: str
    other: bytes
    claim: Claim
    here: int
    there: int


class Claims:
    """Looks at each claim once, when it is made.

    Attributes:
        put_back: devices whose disk was put back since the last look: what was noted of them may be older than that.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], Claim] = {}
        self._given: dict[tuple[str, str, bytes], int] = {}
        self._digests: dict[tuple[str, str, bytes], _Digests] = {}
        self.shown: list[Shown] = []
        self.put_back: set[bytes] = set()

    def forget(self, name: str) -> None:
        """Begin anew with a copy whose store was replaced."""
        for known in (self._given, self._digests):
            for key in [key for key in known if name in key]:
                del known[key]
        self.shown.clear()

    def skip(self, copy: Copy) -> None:
        """Take all that a copy claims by now for looked at."""
        self._known.update({(copy.name, device): claim for device, claim in copy.claims.items()})

    def fresh(self, copy: Copy) -> Iterator[tuple[bytes, Claim]]:
        """The claims that a copy has made since this was last asked, each with whom it is about."""
        for device, claim in copy.claims.items():
            if self._known.get((copy.name, device)) != claim:
                self._known[copy.name, device] = claim
                if not self.put_back & {device, copy.device}:
                    yield device, claim

    def faults(
        self, copy: Copy, other: Copy, claim: Claim, shares: Shares, here: float = inf, there: float = inf
    ) -> Iterator[str]:
        """What is missing although a copy has claimed to be in sync with another one.

        Args:
            here, there: at which rows of the two that was claimed, as far as it is known.
        """
        if claim.share != shares.share_id(copy.device, other.device):
            return
        key = (copy.name, other.name, claim.share)
        given = self._missing(copy, other, shares, self._given.get(key, 0), claim.row, there)
        self._given[key] = max(claim.row, self._given.get(key, 0))
        if given:
            yield f"{copy.name} showed to be in sync with {other.name}, which lacked {_said(given)}"
        row = self._row_then(copy, other, claim, shares)
        if row is None:
            yield f"{copy.name} showed to be in sync with {other.name} by a digest that {other.name} never had"
            return
        back = (other.name, copy.name, claim.share)
        lacking = [one for one in self._missing(other, copy, shares, self._given.get(back, 0), row, here)
                   if not is_control(one.scope)]  # fmt: skip
        if lacking:
            yield f"{copy.name} showed to be in sync with {other.name}, and lacked {_said(lacking)}"

    def _missing(self, giver: Copy, taker: Copy, shares: Shares, after: int, until: int, there: float) -> list[Row]:
        return [
            row
            for row in giver.rows[bisect_right(giver.rows, after, key=_number) :]
            if row.number <= until
            and (row.id not in taker.by_id or taker.by_id[row.id].number > there)
            and shares.may_flow(giver.device, taker.device, row.scope)
        ]

    def _row_then(self, copy: Copy, other: Copy, claim: Claim, shares: Shares) -> int | None:
        """The last row of the other copy when it had the digest that is claimed."""
        digests = self._digests.setdefault((other.name, copy.name, claim.share), _Digests())
        covers = {
            scope: not is_control(scope)
            and (shares.may_flow(copy.device, other.device, scope) or shares.may_flow(other.device, copy.device, scope))
            for scope in other.held
        }
        digests.take(other.rows[digests.rows :], covers)
        return digests.last.get(claim.theirs)


def _short(total: int, count: int) -> bytes:
    return sha256(total.to_bytes(32, "big") + count.to_bytes(8, "big")).digest()[:16]


def _number(row: Row) -> int:
    return row.number


def _said(rows: list[Row]) -> str:
    scopes = sorted({row.scope for row in rows})
    more = f" and {len(scopes) - 3} more" if len(scopes) > 3 else ""
    return f"{counted(len(rows), 'commit')} in {', '.join(scopes[:3])}{more}"


def missing(giver: Copy, taker: Copy, shares: Shares) -> list[Row]:
    """What one copy holds that may flow to another and is not there; nothing of what it holds no body of any more."""
    return [
        row
        for row in giver.rows
        if row.id not in taker.by_id
        and row.id not in giver.bodies_gone
        and shares.may_flow(giver.device, taker.device, row.scope)
    ]


def said(rows: list[Row]) -> str:
    """Commits in words: how many, and where."""
    return _said(rows)
