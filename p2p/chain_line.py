"""One line of control entries, each verified by those before it, and what it says when it is asked."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from p2p.chain_entries import CHAIN_CONTEXT, Entry
from p2p.chain_members import Branch, Cut, Lock, Member
from p2p.chain_state import ChainState
from p2p.commit import PREFIX_BYTES, Seen
from p2p.errors import ChainError
from p2p.identity import AUTHOR_BYTES, verify
from p2p.scope import DEVICES_SCOPE, RULES_SCOPE, is_within

_CONTROL: Final = "control"


class ChainLine:
    """Entries from the founding one on.

    Args:
        company: company id, 32 bytes.
    """

    __slots__ = ("_company", "_entries", "_state")

    def __init__(self, company: bytes) -> None:
        self._company = company
        self._entries: list[Entry] = []
        self._state = ChainState()

    def extend(self, entries: Sequence[Entry], verified: AbstractSet[bytes] = frozenset()) -> None:
        """Take in all of the entries, or none.

        Args:
            verified: hashes of those whose signatures were found right before.

        Raises:
            ChainError: one does not fit, or was not signed by the keeper; the line is unchanged.
        """
        state = self._state.copy()
        seq, previous = self.head
        for entry in entries:
            if entry.seq != seq + 1 or entry.prev != previous:
                raise ChainError(f"control entry {entry.seq} does not follow the one before it")
            if entry.seq == 0 and entry.hash != self._company:
                raise ChainError("these are the control entries of another company")
            known = entry.hash in verified
            if not known and not verify(state.signer(entry), entry.signature, CHAIN_CONTEXT, entry.hash):
                raise ChainError(f"control entry {entry.seq} ({entry.kind}) is not signed by the keeper")
            state.take(entry)
            seq, previous = entry.seq, entry.hash
        self._state = state
        self._entries = [*self._entries, *entries]

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

    def holds(self, seq: int, digest: bytes) -> bool:
        """Tell whether the entry with this number here has this hash, or one that begins so."""
        return 0 <= seq < len(self._entries) and self._entries[seq].hash.startswith(digest)

    def hash_at(self, seq: int) -> bytes | None:
        """Return the hash of an entry, or None when there is none with this number."""
        return self._entries[seq].hash if 0 <= seq < len(self._entries) else None

    def entries(self, after: int = -1) -> list[Entry]:
        """Return the entries with a number above `after`, in order."""
        return self._entries[after + 1 :]

    @property
    def state(self) -> ChainState:
        """What the entries say, as a whole; nobody changes it."""
        return self._state

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
