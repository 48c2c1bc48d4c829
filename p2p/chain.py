"""The control chain: the ordered, signed list of who is in the company and may do what.

Each entry names its predecessor and is signed by the keeper, one device, so a grant and a revocation are never
concurrent. The company id is the hash of the first entry: whoever knows it can check all that follows, and believes
nothing else.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from p2p import forks
from p2p.chain_entries import (
    KINDS,
    MEMBER,
    READ_DEFAULT,
    READ_RELAY,
    RELAY,
    WRITE_DEFAULT,
    AdminAdded,
    AdminRemoved,
    Admitted,
    Body,
    BranchAdded,
    Entry,
    Epoch,
    Founded,
    Granted,
    InvitationUsed,
    KeeperMoved,
    LockAdmitted,
    Locked,
    Readmitted,
    Recovered,
    Renamed,
    Revoked,
    Setting,
    Unlocked,
    make_entry,
    parse_entry_untrusted,
)
from p2p.chain_line import ChainLine
from p2p.chain_members import Branch, Cut, Grant, Lock, Member
from p2p.commit import Seen
from p2p.identity import DeviceKeys, Random

__all__ = [
    "KINDS",
    "MEMBER",
    "READ_DEFAULT",
    "READ_RELAY",
    "RELAY",
    "WRITE_DEFAULT",
    "AdminAdded",
    "AdminRemoved",
    "Admitted",
    "Body",
    "Branch",
    "BranchAdded",
    "Chain",
    "Cut",
    "Entry",
    "Epoch",
    "Founded",
    "Grant",
    "Granted",
    "InvitationUsed",
    "KeeperMoved",
    "Lock",
    "LockAdmitted",
    "Locked",
    "Member",
    "Readmitted",
    "Recovered",
    "Renamed",
    "Revoked",
    "Setting",
    "Unlocked",
]


class Chain(ChainLine):
    """One company's control chain, as far as it is known here.

    Where a keeper has signed two entries for one place it is a tree: the line that wins is the chain, the others are
    kept (`losing`), because commits are judged at the entry their author had seen and revocations stay in force.

    Args:
        company: company id, 32 bytes; the first entry has to hash to it.
    """

    __slots__ = ("_folded", "losing")

    def __init__(self, company: bytes) -> None:
        super().__init__(company)
        self._folded = self._state
        self.losing: tuple[ChainLine, ...] = ()

    @staticmethod
    def found(keys: DeviceKeys, recovery: DeviceKeys, now: int, random: Random) -> "Chain":
        """Return the chain of a new company, with its first entry alone; `keys` are the keeper's.

        Args:
            keys: of the founding device, which still has to be admitted to a branch.
            recovery: the keys of the recovery phrase; only their public halves are kept.
            now: ms since 1970.
            random: makes two companies of one device different.
        """
        body = Founded(
            time=now,
            key=keys.public,
            seal_key=keys.seal_public,
            recovery_key=recovery.public,
            recovery_seal_key=recovery.seal_public,
            nonce=random(16),
        )
        entry = make_entry(keys, 0, b"", body)
        chain = Chain(entry.hash)
        chain.extend([entry])
        return chain

    @staticmethod
    def from_entries_untrusted(entries: Sequence[bytes], company: bytes) -> "Chain":
        """Return the chain of a company from its entries, the first one included.

        Raises:
            ChainError: they are not that company's, or one does not fit.
        """
        chain = Chain(company)
        chain.extend_untrusted(entries)
        return chain

    def append(self, keys: DeviceKeys, body: Body) -> Entry:
        """Sign a further entry with the keeper's keys and take it in.

        Args:
            keys: the keeper's; for `Recovered`, those of the recovery phrase.
            body: what it says.

        Raises:
            ChainError: it cannot follow, or `keys` are not the keeper's; the chain is unchanged.
        """
        entry = make_entry(keys, len(self._entries), self.head[1], body)
        self.extend([entry])
        return entry

    def extend(self, entries: Sequence[Entry], verified: AbstractSet[bytes] = frozenset()) -> None:
        """Take in all of the entries after the last, or none; as of a line, with revocations of others in force."""
        self._state = self._folded
        try:
            super().extend(entries, verified)
            self._folded = self._state
        finally:
            self._state = forks.with_revocations(self._folded, len(self._entries), self.losing)

    def extend_untrusted(self, entries: Sequence[bytes]) -> list[Entry]:
        """Take in entries of any origin: all of them, or none.

        Args:
            entries: each after the one it names; those held here already may be among them. They may be of several
                lines that part.

        Returns:
            the entries of the chain that were new in it, in order: where another line has won, all since the two part.

        Raises:
            ChainError: one does not fit, or was not signed by the keeper; the chain is unchanged.

        Cost: 110 µs an entry that is new.
        """
        parsed = [parse_entry_untrusted(encoded) for encoded in entries]
        new = list({entry.hash: entry for entry in parsed if not self.knows(entry.seq, entry.hash)}.values())
        if forks.is_one_line(new, self.head):
            self.extend(new)
            return new
        before = self._entries
        lines = forks.lines(self._company, (self, *self.losing), new)
        self._entries, self._folded, self.losing = lines[0].entries(), lines[0].state, tuple(lines[1:])
        self._state = forks.with_revocations(self._folded, len(self._entries), self.losing)
        return self._entries[forks.parting(before, self._entries) :]

    def knows(self, seq: int, digest: bytes) -> bool:
        """Tell whether an entry with this number and hash is held here, on whatever line."""
        return any(line.holds(seq, digest) for line in (self, *self.losing))

    def line_of(self, seen: Seen) -> ChainLine | None:
        """Return the line on which an entry stands that a commit's author had seen, or None."""
        return next((line for line in (self, *self.losing) if line.holds(*seen)), None)

    def had_seen(self, seen: Seen, seq: int) -> bool:
        """Tell whether somebody whose last entry was `seen` had seen entry `seq` of the chain."""
        line = self.line_of(seen)
        return line is not None and seen[0] >= seq and line.hash_at(seq) == self.hash_at(seq)

    def to_revoke(self) -> list[Entry]:
        """Return the revocations of losing lines that are in force and that the chain does not say yet."""
        return forks.revocations(self.losing, self._folded)

    def author(self, author: bytes) -> Member | None:
        """Return the member with these first 8 bytes of its id; one admitted on a losing line alone, too."""
        return next((line.members[author] for line in (self, *self.losing) if author in line.members), None)

    def __repr__(self) -> str:
        others = f", {len(self.losing)} losing lines" if self.losing else ""
        return f"Chain({self._company[:8].hex()}, {len(self._entries)} entries{others})"
