"""How much a relay keeps, for a company and of one device: bytes of commits as they are stored, by their authors."""

from typing import NamedTuple

from p2p.arrivals import SIGNATURE_BYTES, stored_by
from p2p.commit import Commit
from p2p.limits import DEVICE_QUOTA_PERCENT, QUOTA_CONTROL_PERCENT
from p2p.scope import is_within
from p2p.store import Store


class Quota(NamedTuple):
    """Bytes that are kept for the company, and of one device of it."""

    company: int
    device: int


def quota_for(company_bytes: int) -> Quota:
    """The quota of a company and of each of its devices, so that no one of them can use up all of it."""
    return Quota(company_bytes, company_bytes * DEVICE_QUOTA_PERCENT // 100)


class Room:
    """What is left of a quota while a batch is taken in. Cost: one row an author, once a batch."""

    def __init__(self, store: Store, quota: Quota) -> None:
        self._quota = quota
        self._by_author = stored_by(store)
        self._total = sum(self._by_author.values())

    def why_full(self, commit: Commit) -> str | None:
        """Why a commit has no room, as its sender is told; None when it has, and is counted.

        What stands in `control` has a little more: a relay that is full still hears who was revoked.
        """
        author, size = commit.header.author, len(commit.header_bytes) + SIGNATURE_BYTES + len(commit.ciphertext or b"")
        spare = QUOTA_CONTROL_PERCENT if is_within(commit.header.scope, "control") else 0
        theirs = self._by_author.get(author, 0) + size
        if self._total + size > self._quota.company * (100 + spare) // 100:
            return f"this relay keeps {self._quota.company:,} bytes for the company, and they are used up; {_NEXT}"
        if theirs > self._quota.device * (100 + spare) // 100:
            return f"this relay keeps {self._quota.device:,} bytes of one device, and they are used up; {_NEXT}"
        self._by_author[author] = theirs
        self._total += size
        return None


_NEXT = "synchronize directly, or ask whoever runs it for more room"
