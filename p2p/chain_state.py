"""What the control chain says, folded entry by entry: who is in the company, and who may do what since when.

Each kind of entry has one method that checks it against what came before and takes it in. Rights are kept with the
entry they began at, because a commit is judged by its author's rights at the entry the author had seen.
"""

import re
from collections.abc import Callable, Iterable
from copy import copy
from typing import Final

import msgspec

from p2p.chain_entries import (
    MEMBER,
    READ_DEFAULT,
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
)
from p2p.chain_members import CONTROL, Branch, Cut, Grant, Lock, Member
from p2p.errors import BadScope, ChainError
from p2p.grants import check_grant, taken_away
from p2p.identity import AUTHOR_BYTES, device_id, spell
from p2p.limits import SERIES_CHARS_MAX
from p2p.scope import Pattern, check_scope, slug

_series = re.compile(rf"[A-Z0-9]{{1,{SERIES_CHARS_MAX}}}", re.ASCII)


class ChainState:
    """What the entries so far say; `take` adds one entry, and a copy can be thrown away if a later one does not fit."""

    def __init__(self) -> None:
        self.members: dict[bytes, Member] = {}
        self.branches: dict[str, Branch] = {}
        self.epochs: tuple[bytes, ...] = ()
        self.keepers: tuple[tuple[int, bytes], ...] = ()
        self.keeper_key = b""
        self.recovery_key = b""
        self.recovery_seal_key = b""
        self.admins: frozenset[bytes] = frozenset()
        self.cuts: tuple[Cut, ...] = ()
        self.locks: tuple[Lock, ...] = ()
        self.lock_admitted: frozenset[bytes] = frozenset()
        self.readmitted: frozenset[bytes] = frozenset()
        self.invitations_used: frozenset[bytes] = frozenset()
        self.settings: dict[str, str | int | bool | None] = {}

    def copy(self) -> "ChainState":
        """Return a state that can take entries without changing this one."""
        twin = copy(self)
        twin.members, twin.branches, twin.settings = dict(self.members), dict(self.branches), dict(self.settings)
        return twin

    @property
    def keeper(self) -> bytes:
        """Device id of the device that signs the chain."""
        return self.keepers[-1][1] if self.keepers else b""

    def keeper_at(self, seq: int) -> bytes:
        """Return the device that was the keeper as of an entry."""
        return next((device for since, device in reversed(self.keepers) if since <= seq), b"")

    def signer(self, entry: Entry) -> bytes:
        """Return the key that an entry has to be signed with, 32 bytes."""
        if isinstance(entry.body, Founded):
            return entry.body.key
        return self.recovery_key if isinstance(entry.body, Recovered) else self.keeper_key

    def take(self, entry: Entry) -> None:
        """Check what an entry says against what came before, and take it in.

        Raises:
            ChainError: it cannot follow; this state may hold a part of it and is to be thrown away.
        """
        if entry.body is None:
            # Of a kind that only a newer khata understands: it is kept and passed on.
            return
        if (entry.seq == 0) != isinstance(entry.body, Founded):
            raise ChainError(f"control entry {entry.seq} is {entry.kind}; the first one, and no other, is Founded")
        try:
            _TAKERS[type(entry.body)](self, entry.seq, entry.body)
        except BadScope as error:
            raise ChainError(f"control entry {entry.seq} ({entry.kind}): {error}") from error

    def _founded(self, seq: int, body: Founded) -> None:
        self.keeper_key = body.key
        self.keepers = ((seq, device_id(body.key)),)
        self.recovery_key, self.recovery_seal_key = body.recovery_key, body.recovery_seal_key

    def _branch_added(self, seq: int, body: BranchAdded) -> None:
        _check_name(body.name)
        if slug(body.code) != body.code:
            raise ChainError(f"{body.code!r} cannot be a branch's code; write it as {slug(body.code)!r}")
        if body.code in self.branches:
            raise ChainError(f"there is a branch {body.code!r} already; choose another code")
        self.branches[body.code] = Branch(body.code, body.name, seq)

    def _admitted(self, seq: int, body: Admitted) -> None:
        self._add(seq, body, body.role, Grant(body.read, body.write))

    def _add(self, seq: int, body: Admitted | Recovered, role: str, grant: Grant) -> None:
        device = device_id(body.key)
        twin = self.members.get(device[:AUTHOR_BYTES])
        if twin is not None and twin.device == device:
            raise ChainError(f"{twin.name} was admitted before; a device comes back only with new keys")
        if twin is not None:
            # Commits name their author by 8 bytes, so these must never be ambiguous.
            raise ChainError(f"the new device's id begins like that of {twin.name}; make new keys for it and try again")
        _check_name(body.name)
        check_grant(grant)
        if role == MEMBER:
            self._check_place(body.branch, body.series)
        elif role != RELAY or body.branch or body.series:
            raise ChainError(
                f"a device cannot be admitted as {role!r} with branch {body.branch!r}; it is member or relay"
            )
        self.members[device[:AUTHOR_BYTES]] = Member(
            device, body.key, body.seal_key, body.name, body.branch, body.series, role, seq, None, ((seq, grant),)
        )

    def _check_place(self, branch: str, series: str) -> None:
        if branch not in self.branches:
            raise ChainError(f"there is no branch {branch!r}; add it first")
        if not _series.fullmatch(series):
            raise ChainError(f"{series!r} cannot be a series code; it is 1 to 4 of A-Z and 0-9, such as PUN1")
        if any(member.series == series for member in self.members.values()):
            raise ChainError(f"the series code {series} is taken; two devices would give out the same voucher numbers")

    def _granted(self, seq: int, body: Granted) -> None:
        member, grant = self._member(body.device), Grant(body.read, body.write)
        check_grant(grant)
        removed = taken_away(member.grant.write, body.write)
        if removed:
            self.cuts = (*self.cuts, Cut(seq, body.device, removed, body.write, _by_scope(body.cut)))
        self._put(msgspec.structs.replace(member, grants=(*member.grants, (seq, grant))))

    def _revoked(self, seq: int, body: Revoked) -> None:
        member = self._member(body.device)
        if body.device == self.keeper:
            raise ChainError(f"{member.name} keeps the chain; move that to another device before revoking it")
        # What was taken from it before was cut then; in what it never might write, nothing of it counts anyway.
        removed = (*member.grant.write, CONTROL)
        self.cuts = (*self.cuts, Cut(seq, body.device, removed, (), _by_scope(body.cut)))
        self.admins = self.admins - {body.device}
        self._put(msgspec.structs.replace(member, revoked_at=seq))

    def _renamed(self, _seq: int, body: Renamed) -> None:
        _check_name(body.name)
        self._put(msgspec.structs.replace(self._member(body.device), name=body.name))

    def _epoch(self, _seq: int, body: Epoch) -> None:
        if body.epoch in self.epochs:
            raise ChainError(f"epoch {body.epoch.hex()} was begun before; a new one needs a new key")
        self.epochs = (*self.epochs, body.epoch)

    def _admin_added(self, _seq: int, body: AdminAdded) -> None:
        self.admins = self.admins | {self._person(body.device).device}

    def _admin_removed(self, _seq: int, body: AdminRemoved) -> None:
        self.admins = self.admins - {self._person(body.device).device}

    def _keeper_moved(self, seq: int, body: KeeperMoved) -> None:
        member = self._person(body.device)
        if member.device == self.keeper:
            raise ChainError(f"{member.name} keeps the chain already")
        self._keep(seq, member.device, member.public)

    def _recovered(self, seq: int, body: Recovered) -> None:
        device = device_id(body.key)
        member = self.members.get(device[:AUTHOR_BYTES])
        if member is not None and member.device == device:
            self._person(device)
        else:
            self._add(seq, body, MEMBER, Grant(READ_DEFAULT, WRITE_DEFAULT))
        self._keep(seq, device, body.key)

    def _locked(self, seq: int, body: Locked) -> None:
        for text in body.scopes:
            Pattern.parse(text)
        tips: dict[tuple[str, bytes], tuple[bytes, ...]] = {}
        for scope, author, commit in body.tips:
            tips[scope, author] = (*tips.get((scope, author), ()), commit)
        self.locks = (*self.locks, Lock(seq, body.until, body.scopes, tips))

    def _unlocked(self, _seq: int, body: Unlocked) -> None:
        if all(lock.at != body.lock for lock in self.locks):
            raise ChainError(f"control entry {body.lock} locks nothing; it is no lock, or was taken back before")
        self.locks = tuple(lock for lock in self.locks if lock.at != body.lock)

    def _lock_admitted(self, _seq: int, body: LockAdmitted) -> None:
        self.lock_admitted = self.lock_admitted | set(body.commits)

    def _readmitted(self, _seq: int, body: Readmitted) -> None:
        self.readmitted = self.readmitted | set(body.commits)

    def _invitation_used(self, _seq: int, body: InvitationUsed) -> None:
        if body.slot in self.invitations_used:
            raise ChainError("that invitation was used before; make a new one")
        self.invitations_used = self.invitations_used | {body.slot}

    def _setting(self, _seq: int, body: Setting) -> None:
        self.settings[body.name] = body.value

    def _member(self, device: bytes) -> Member:
        member = self.members.get(device[:AUTHOR_BYTES])
        if member is None or member.device != device:
            raise ChainError(f"{spell(device)} is not a device of this company")
        if member.revoked_at is not None:
            raise ChainError(f"{member.name} was revoked; admit it anew with new keys")
        return member

    def _person(self, device: bytes) -> Member:
        member = self._member(device)
        if member.role != MEMBER:
            raise ChainError(f"{member.name} is a {member.role}; choose a device that people work at")
        return member

    def _put(self, member: Member) -> None:
        self.members[member.author] = member

    def _keep(self, seq: int, device: bytes, key: bytes) -> None:
        self.keeper_key = key
        self.keepers = (*self.keepers, (seq, device))


def _check_name(name: str) -> None:
    # Names are printed in terminals of other people: no control characters, nothing that turns text around.
    if not name.isprintable() or name != name.strip():
        raise ChainError(f"{name!r} cannot be a name; use letters, digits and spaces")


def _by_scope(cut: Iterable[tuple[str, bytes]]) -> dict[str, tuple[bytes, ...]]:
    tips: dict[str, tuple[bytes, ...]] = {}
    for scope, commit in cut:
        tips[check_scope(scope)] = (*tips.get(scope, ()), commit)
    return tips


_TAKERS: Final[dict[type[Body], Callable[..., None]]] = {
    Founded: ChainState._founded,
    BranchAdded: ChainState._branch_added,
    Admitted: ChainState._admitted,
    Granted: ChainState._granted,
    Revoked: ChainState._revoked,
    Renamed: ChainState._renamed,
    Epoch: ChainState._epoch,
    AdminAdded: ChainState._admin_added,
    AdminRemoved: ChainState._admin_removed,
    KeeperMoved: ChainState._keeper_moved,
    Recovered: ChainState._recovered,
    Locked: ChainState._locked,
    Unlocked: ChainState._unlocked,
    LockAdmitted: ChainState._lock_admitted,
    Readmitted: ChainState._readmitted,
    InvitationUsed: ChainState._invitation_used,
    Setting: ChainState._setting,
}
