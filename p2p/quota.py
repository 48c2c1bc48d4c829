"""How much a relay keeps, for a company and of one device: commits by their authors, and the control chain."""

from typing import NamedTuple

from p2p.arrivals import stored_by
from p2p.commit import Commit
from p2p.limits import DEVICE_QUOTA_PERCENT, QUOTA_CHAIN_PERCENT, QUOTA_CONTROL_PERCENT
from p2p.scope import is_within
from p2p.store import Store


class Quota(NamedTuple):
    """Bytes that are kept for the company, and of one device of it."""

    company: int
    device: int


def quota_for(company_bytes: int) -> Quota:
    """The quota of a company and of each of its devices, so that no one of them can use up all of it."""
    return Quota(company_bytes, company_bytes * DEVICE_QUOTA_PERCENT // 100)


def kept_bytes(store: Store) -> int:
    """How much is kept for a company: its commits and its control chain. Cost: one row an author and an entry."""
    (chain,) = store.conn.execute("SELECT coalesce(sum(length(entry)), 0) FROM chain").fetchone()
    return sum(stored_by(store).values()) + int(chain)


class Room:
    """What is left of a quota while a batch is taken in. Cost: as `kept_bytes`, once a batch."""

    def __init__(self, store: Store, quota: Quota) -> None:
        self._quota = quota
        self._by_author = stored_by(store)
        self._total = kept_bytes(store)

    def why_full(self, commit: Commit) -> str | None:
        """Why a commit has no room, as its sender is told; None when it has, and is counted.

        What stands in `control` has a little more: a relay that is full still hears what was agreed.
        """
        author, size = commit.header.author, commit.size
        spare = QUOTA_CONTROL_PERCENT if is_within(commit.header.scope, "control") else 0
        theirs = self._by_author.get(author, 0) + size
        full = self._why_over(size, spare)
        if full is not None:
            return full
        if theirs > self._quota.device * (100 + spare) // 100:
            return f"this relay keeps {self._quota.device:,} bytes of one device, and they are used up; {_NEXT}"
        self._by_author[author] = theirs
        self._total += size
        return None

    def why_no_entries(self, size: int) -> str | None:
        """Why further entries of the control chain, so many bytes of them, have no room; None when they have.

        They have more than any commit, so no member can keep the relay from hearing who was revoked.
        """
        return self._why_over(size, QUOTA_CHAIN_PERCENT)

    def _why_over(self, size: int, spare: int) -> str | None:
        if self._total + size <= self._quota.company * (100 + spare) // 100:
            return None
        return f"this relay keeps {self._quota.company:,} bytes for the company, and they are used up; {_NEXT}"


_NEXT = "synchronize directly, or ask whoever runs it for more room"
