"""The control chain: the ordered, signed list of who is in the company and may do what.

Each entry names its predecessor and is signed by the keeper, one device, so a grant and a revocation are never
concurrent. The company id is the hash of the first entry: whoever knows it can check all that follows, and believes
nothing else.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, NoReturn

from p2p.chain_entries import (
    CHAIN_CONTEXT,
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
from p2p.chain_members import Branch, Cut, Grant, Lock, Member
from p2p.chain_state import ChainState
from p2p.commit import PREFIX_BYTES, Seen
from p2p.errors import ChainError
from p2p.identity import AUTHOR_BYTES, DeviceKeys, Random, verify
from p2p.scope import DEVICES_SCOPE, RULES_SCOPE, is_within

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
    "ChainForked",
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

_CONTROL: Final = "control"


class ChainForked(ChainError):
    """A keeper that was restored or cloned has signed two entries for one place; a person has to settle it.

    Attributes:
        ours: the entries here, from the place where the two part.
        theirs: the entries that came, from that place on; validly signed.
    """

    def __init__(self, ours: Sequence[Entry], theirs: Sequence[Entry]) -> None:
        super().__init__(
            f"the control chain has two entries number {ours[0].seq}: the keeper was restored or cloned; "
            "use only one of the two and ask for help"
        )
        self.ours = tuple(ours)
        self.theirs = tuple(theirs)


class Chain:
    """One company's control chain, as far as it is known here.

    Args:
        company: company id, 32 bytes; the first entry has to hash to it.
    """

    __slots__ = ("_company", "_entries", "_state")

    def __init__(self, company: bytes) -> None:
        self._company = company
        self._entries: list[Entry] = []
        self._state = ChainState()

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
        chain._extend([entry])
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
        self._extend([entry])
        return entry

    def extend_untrusted(self, entries: Sequence[bytes]) -> list[Entry]:
        """Take in entries of any origin: all of them, or none.

        Args:
            entries: in order and without gaps; those held here already may be among them.

        Returns:
            the entries that were new, in order.

        Raises:
            ChainForked: they part from the chain here, validly signed; the chain is unchanged.
            ChainError: one does not fit, or was not signed by the keeper; the chain is unchanged.

        Cost: 110 µs an entry.
        """
        parsed = [parse_entry_untrusted(encoded) for encoded in entries]
        for before, entry in pairwise(parsed):
            if entry.seq != before.seq + 1:
                raise ChainError(f"control entry {entry.seq} came after {before.seq}; entries between them are missing")
        if parsed and parsed[0].seq > len(self._entries):
            raise ChainError(f"control entry {parsed[0].seq} came, but only {len(self._entries)} are known here")
        known = len(self._entries)
        for entry in parsed:
            if entry.seq < known and entry.hash != self._entries[entry.seq].hash:
                self._forked(parsed[entry.seq - parsed[0].seq :])
        new = [entry for entry in parsed if entry.seq >= known]
        self._extend(new)
        return new

    def _extend(self, entries: Sequence[Entry]) -> None:
        """Check all of the entries against a copy, and only then make it the state."""
        state = self._state.copy()
        seq, previous = self.head
        for entry in entries:
            if entry.seq != seq + 1 or entry.prev != previous:
                raise ChainError(f"control entry {entry.seq} does not follow the one before it")
            if entry.seq == 0 and entry.hash != self._company:
                raise ChainError("these are the control entries of another company")
            if not verify(state.signer(entry), entry.signature, CHAIN_CONTEXT, entry.hash):
                raise ChainError(f"control entry {entry.seq} ({entry.kind}) is not signed by the keeper")
            state.take(entry)
            seq, previous = entry.seq, entry.hash
        self._state = state
        self._entries = [*self._entries, *entries]

    def _forked(self, theirs: Sequence[Entry]) -> NoReturn:
        """Raise what is wrong with entries that part from ours: a fork only if the keeper really signed them."""
        parting = theirs[0].seq
        other = Chain(self._company)
        other._extend(self._entries[:parting])
        other._extend(theirs)
        raise ChainForked(self._entries[parting:], theirs)

    @property
    def company_id(self) -> bytes:
        """The company id: the hash of the first entry, 32 bytes."""
        return self._company

    @property
    def head(self) -> tuple[int, bytes]:
        """Sequence number and hash of the last entry; (-1, b"") while there is none."""
        return (self._entries[-1].seq, self._entries[-1].hash) if self._entries else (-1, b"")

    @property
    def seen(self) -> Seen:
        """The head as a commit made now carries it: sequence number and the hash's first 8 bytes."""
        seq, digest = self.head
        return seq, digest[:PREFIX_BYTES]

    def hash_at(self, seq: int) -> bytes | None:
        """Return the hash of an entry, or None when there is none with this number."""
        return self._entries[seq].hash if 0 <= seq < len(self._entries) else None

    def entries(self, after: int = -1) -> list[Entry]:
        """Return the entries with a number above `after`, in order."""
        return self._entries[after + 1 :]

    @property
    def keeper(self) -> bytes:
        """Device id of the device that signs the chain."""
        return self._state.keeper

    def keeper_at(self, seq: int) -> bytes:
        """Return the device id of the keeper as of an entry."""
        return self._state.keeper_at(seq)

    @property
    def members(self) -> Mapping[bytes, Member]:
        """Every device ever admitted, by the first 8 bytes of its id."""
        return self._state.members

    @property
    def branches(self) -> Mapping[str, Branch]:
        """Every branch, by its code."""
        return self._state.branches

    @property
    def epochs(self) -> tuple[bytes, ...]:
        """The ids of the epochs, oldest first."""
        return self._state.epochs

    @property
    def recovery_keys(self) -> tuple[bytes, bytes]:
        """The public halves of the recovery phrase's keys: to sign, and to seal to."""
        return self._state.recovery_key, self._state.recovery_seal_key

    @property
    def admins(self) -> frozenset[bytes]:
        """Device ids of those whose requests the keeper carries out."""
        return self._state.admins

    @property
    def revoked(self) -> Mapping[bytes, int]:
        """Device ids that were revoked, and the entry that did."""
        members = self._state.members.values()
        return {member.device: member.revoked_at for member in members if member.revoked_at is not None}

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """How far the commits of revoked devices, and of those with less rights now, still count."""
        return self._state.cuts

    @property
    def locks(self) -> tuple[Lock, ...]:
        """The closed periods."""
        return self._state.locks

    @property
    def lock_admitted(self) -> frozenset[bytes]:
        """Ids of commits that count although they came after a lock."""
        return self._state.lock_admitted

    @property
    def readmitted(self) -> frozenset[bytes]:
        """Ids of commits that count although they lie beyond a cut."""
        return self._state.readmitted

    @property
    def invitations_used(self) -> frozenset[bytes]:
        """Slot ids of invitations that nobody can use any more."""
        return self._state.invitations_used

    @property
    def settings(self) -> Mapping[str, str | int | bool | None]:
        """The company's settings by name."""
        return self._state.settings

    @property
    def unknown(self) -> tuple[tuple[int, str], ...]:
        """Entries of kinds that only a newer khata understands: number and kind."""
        return self._state.unknown

    def member(self, device: bytes) -> Member | None:
        """Return the member with this device id, or None; a revoked one too."""
        found = self._state.members.get(device[:AUTHOR_BYTES])
        return found if found is not None and found.device == device else None

    def may_write(self, author: bytes, scope: str, seen_seq: int) -> bool:
        """Tell whether a commit counts by its author's rights when it was made.

        Args:
            author: first 8 bytes of the device id.
            scope: where the commit lies.
            seen_seq: the entry its author had seen; whether that entry is in this chain, the caller has checked.
        """
        member = self._state.members.get(author)
        if member is None or not member.belongs_at(seen_seq):
            return False
        if not is_within(scope, _CONTROL):
            return member.grant_at(seen_seq).may_write(scope)
        if scope in (RULES_SCOPE, DEVICES_SCOPE):
            return True
        return member.device == self._state.keeper_at(seen_seq)

    def may_read(self, device: bytes, scope: str) -> bool:
        """Tell whether a device may be given what lies in `scope`, as of now.

        Args:
            device: device id, 32 bytes.
            scope: a scope.
        """
        member = self.member(device)
        if member is None or member.revoked_at is not None:
            return False
        return is_within(scope, _CONTROL) or member.grant.may_read(scope)

    def __repr__(self) -> str:
        return f"Chain({self._company[:8].hex()}, {len(self._entries)} entries)"
