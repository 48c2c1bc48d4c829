"""What a control chain says, read entry by entry from protocol.md §3, with the lines of one that has forked.

A `Line` stands for all entries up to its own, so every state the chain ever had can be asked. Lines are kept by the
hash of their last entry: copies that hold the same entries share them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from simulations.oracle.scopes import any_matches, is_control

EVERYTHING = ("control/**", "masters/**", "vouchers/**", "transfers/**", "files/**")
_encoder = msgspec.msgpack.Encoder()


class Broken(ValueError):
    """A stored entry is none, or was not signed by whoever had to sign it."""


@dataclass(frozen=True)
class Grants:
    """What a device may read and write from an entry on."""

    since: int
    read: tuple[str, ...]
    write: tuple[str, ...]


@dataclass(frozen=True)
class Member:
    """A device that was admitted."""

    device: bytes
    public: bytes
    seal_public: bytes
    name: str
    branch: str
    role: str
    admitted: int
    grants: tuple[Grants, ...]
    revoked: int | None = None

    @property
    def is_relay(self) -> bool:
        """Whether it is a relay."""
        return self.role == "relay"

    @property
    def ever_read(self) -> tuple[str, ...]:
        """All that it may read or might once."""
        return tuple(pattern for grant in self.grants for pattern in grant.read)

    def at(self, seq: int) -> Grants | None:
        """What it was granted as of an entry; None when it did not belong to the company then."""
        if seq < self.admitted or (self.revoked is not None and seq >= self.revoked):
            return None
        return next((grant for grant in reversed(self.grants) if grant.since <= seq), None)


@dataclass(frozen=True)
class Cut:
    """What a device lost the right to write, and its last commits there that count, by scope."""

    at: int
    device: bytes
    taken: tuple[str, ...]
    left: tuple[str, ...]
    tips: dict[str, frozenset[bytes]]

    def covers(self, scope: str) -> bool:
        """Whether a scope was taken away."""
        return any_matches(self.taken, scope) and not any_matches(self.left, scope)


@dataclass(frozen=True)
class Lock:
    """A closed period, with the last commits that are in, by scope and author."""

    at: int
    until: str
    scopes: tuple[str, ...]
    tips: dict[tuple[str, bytes], frozenset[bytes]]


@dataclass(frozen=True, eq=False)
class Line:
    """The entries up to one, and what they say together."""

    seq: int
    hash: bytes
    kind: str
    before: "Line | None"
    members: dict[bytes, Member] = field(default_factory=dict)
    branches: tuple[str, ...] = ()
    keepers: tuple[tuple[int, bytes], ...] = ()
    keeper_key: bytes = b""
    recovery_key: bytes = b""
    epochs: tuple[bytes, ...] = ()
    cuts: tuple[Cut, ...] = ()
    locks: tuple[Lock, ...] = ()
    let_in: frozenset[bytes] = frozenset()
    readmitted: frozenset[bytes] = frozenset()
    said: dict[str, Any] = field(default_factory=dict)

    def entries(self) -> list["Line"]:
        """Each entry from the first on, as the line that ends in it."""
        found = [self]
        while found[-1].before is not None:
            found.append(found[-1].before)
        return found[::-1]

    def keeper_at(self, seq: int) -> bytes:
        """The device that kept the chain as of an entry."""
        return next((device for since, device in reversed(self.keepers) if since <= seq), b"")

    def may_write(self, author: bytes, scope: str, seq: int) -> bool:
        """Whether an author might write in a scope as of an entry."""
        member = self.members.get(author)
        grant = member.at(seq) if member is not None else None
        if member is None or grant is None or scope == "control/chain":
            return False
        if not is_control(scope):
            return any_matches(grant.write, scope)
        return scope in ("control/rules", "control/devices") or member.device == self.keeper_at(seq)


@dataclass(frozen=True, eq=False)
class Chain:
    """The line that has won, with the revocations of those that lost in force, and those."""

    best: Line
    losing: tuple[Line, ...]
    members: dict[bytes, Member]
    cuts: tuple[Cut, ...]
    hashes: tuple[tuple[bytes, ...], ...]

    @property
    def key(self) -> tuple[bytes, ...]:
        """Tells chains apart."""
        return (self.best.hash, *(line.hash for line in self.losing))

    def line_of(self, seq: int, prefix: bytes) -> Line | None:
        """The line that has an entry of this number whose hash begins so."""
        for line, hashes in zip((self.best, *self.losing), self.hashes, strict=True):
            if 0 <= seq < len(hashes) and hashes[seq].startswith(prefix):
                return line
        return None

    def had_seen(self, seen: tuple[int, bytes], seq: int) -> bool:
        """Whether somebody whose last entry was `seen` had seen entry `seq` of the chain."""
        best = self.hashes[0]
        for hashes in self.hashes:
            if 0 <= seen[0] < len(hashes) and hashes[seen[0]].startswith(seen[1]):
                return seen[0] >= seq and seq < len(best) and hashes[seq] == best[seq]
        return False

    def author(self, author: bytes) -> Member | None:
        """The member with these first 8 bytes of its id, one of a losing line too."""
        lines = (self.members, *(line.members for line in self.losing))
        return next((members[author] for members in lines if author in members), None)

    def member(self, device: bytes) -> Member | None:
        """The member with this device id."""
        found = self.members.get(device[:8])
        return found if found is not None and found.device == device else None


class Lines:
    """Every line met so far, by the hash of its last entry; each entry is read and verified once."""

    def __init__(self) -> None:
        self._lines: dict[bytes, Line] = {}
        self._by_entry: dict[bytes, bytes] = {}
        self._chains: dict[tuple[bytes, ...], Chain] = {}
        self.company = b""

    def chain(self, entries: Sequence[bytes], lost: Sequence[bytes]) -> Chain:
        """The chain that a copy holds.

        Raises:
            Broken: an entry does not fit, was not signed by the keeper, or another line should have won.
        """
        best = self._walk(entries)[-1]
        ends = {line.hash: line for line in self._walk(lost)}
        for line in list(ends.values()):
            if line.before is not None:
                ends.pop(line.before.hash, None)
        losing = tuple(sorted(ends.values(), key=_rank))
        key = (best.hash, *(line.hash for line in losing))
        if key not in self._chains:
            self._chains[key] = _chain(best, losing)
        return self._chains[key]

    def _walk(self, entries: Sequence[bytes]) -> list[Line]:
        return [self._line(entry) for entry in entries]

    def _line(self, entry: bytes) -> Line:
        known = self._by_entry.get(entry)
        if known is None:
            known = self._by_entry[entry] = self._read(entry)
        return self._lines[known]

    def _read(self, entry: bytes) -> bytes:
        try:
            seq, prev, kind, packed, signature = msgspec.msgpack.decode(entry)
            said = msgspec.msgpack.decode(packed)
        except (msgspec.DecodeError, ValueError, TypeError) as error:
            raise Broken(f"an entry of the control chain cannot be read: {error}") from error
        digest = sha256(_encoder.encode([seq, prev, kind, packed])).digest()
        before = self._lines.get(prev)
        if (before.seq + 1 if before is not None else 0) != seq:
            raise Broken(f"entry {seq} of the control chain does not follow the one before it")
        self.company = self.company or digest
        if seq == 0 and digest != self.company:
            raise Broken("the control chain is that of another company")
        signer = said["key"] if seq == 0 else _signer(before, kind)
        if not verifies(signer, signature, b"khata chain 1" + digest):
            raise Broken(f"entry {seq} of the control chain ({kind}) is not signed by its keeper")
        self._lines[digest] = extended(before, seq, digest, kind, said)
        return digest


def verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the holder of a key has signed a message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _signer(before: Line | None, kind: str) -> bytes:
    assert before is not None
    return before.recovery_key if kind == "Recovered" else before.keeper_key


def _chain(best: Line, losing: tuple[Line, ...]) -> Chain:
    if losing and _rank(losing[0]) < _rank(best):
        raise Broken(f"of a control chain that has forked, the wrong line stands first (entry {best.seq})")
    state = best
    for line in losing:
        for said in _revocations(line, best):
            member = state.members.get(said["device"][:8])
            if member is not None and member.revoked is None:
                state = extended(state, best.seq + 1, best.hash, "Revoked", said)
    hashes = tuple(tuple(entry.hash for entry in line.entries()) for line in (best, *losing))
    return Chain(best, losing, state.members, state.cuts, hashes)


def _revocations(line: Line, best: Line) -> Iterator[dict[str, Any]]:
    """What a losing line revokes and the chain does not: in force, unless the chain has revoked who signed it."""
    for entry in line.entries():
        if entry.kind == "Revoked":
            member = best.members.get(entry.said["device"][:8])
            signer = best.members.get(line.keeper_at(entry.seq - 1)[:8])
            is_keeper = entry.said["device"] == best.keeper_at(best.seq)
            trusted = signer is None or signer.revoked is None
            if member is not None and member.revoked is None and not is_keeper and trusted:
                yield entry.said


def _rank(line: Line) -> tuple[int, int, tuple[bytes, ...]]:
    entries = line.entries()
    kinds = [entry.kind for entry in entries]
    # A line stands before its own beginnings.
    hashes = (*(entry.hash for entry in entries), b"\xff" * 33)
    return -kinds.count("Recovered"), -kinds.count("KeeperMoved"), hashes


def extended(before: Line | None, seq: int, digest: bytes, kind: str, said: dict[str, Any]) -> Line:
    """A line with one more entry."""
    if before is None:
        device = sha256(said["key"]).digest()
        keepers = ((0, device),)
        return Line(
            0, digest, kind, None, keepers=keepers, keeper_key=said["key"], recovery_key=said["recovery_key"], said=said
        )
    line = replace(before, seq=seq, hash=digest, kind=kind, before=before, said=said)
    take = _TAKERS.get(kind)
    return replace(line, **take(line, said)) if take is not None else line


def _by_scope(cut: Iterable[tuple[str, bytes]]) -> dict[str, frozenset[bytes]]:
    found: dict[str, frozenset[bytes]] = {}
    for scope, commit in cut:
        found[scope] = found.get(scope, frozenset()) | {commit}
    return found


Change = dict[str, Any]


def _branch_added(line: Line, said: Change) -> Change:
    return {"branches": (*line.branches, said["code"])}


def _admitted(line: Line, said: Change) -> Change:
    device = sha256(said["key"]).digest()
    read, write = tuple(said.get("read", EVERYTHING)), tuple(said.get("write", EVERYTHING[1:]))
    member = Member(
        device, said["key"], said["seal_key"], said["name"], said.get("branch", ""), said.get("role", "member"),
        line.seq, (Grants(line.seq, read, write),),
    )  # fmt: skip
    return {"members": {**line.members, device[:8]: member}}


def _granted(line: Line, said: Change) -> Change:
    member = line.members[said["device"][:8]]
    before, after = member.grants[-1].write, tuple(said["write"])
    grants = (*member.grants, Grants(line.seq, tuple(said["read"]), after))
    cut = Cut(line.seq, member.device, before, after, _by_scope(said.get("cut", ())))
    return {"members": {**line.members, member.device[:8]: replace(member, grants=grants)}, "cuts": (*line.cuts, cut)}


def _revoked(line: Line, said: Change) -> Change:
    member = line.members[said["device"][:8]]
    taken = (*member.grants[-1].write, "control/**")
    cut = Cut(line.seq, member.device, taken, (), _by_scope(said.get("cut", ())))
    return {"members": {**line.members, member.device[:8]: replace(member, revoked=line.seq)},
            "cuts": (*line.cuts, cut)}  # fmt: skip


def _renamed(line: Line, said: Change) -> Change:
    member = line.members[said["device"][:8]]
    return {"members": {**line.members, member.device[:8]: replace(member, name=said["name"])}}


def _epoch(line: Line, said: Change) -> Change:
    return {"epochs": (*line.epochs, said["epoch"])}


def _keeper_moved(line: Line, said: Change) -> Change:
    member = line.members[said["device"][:8]]
    return {"keepers": (*line.keepers, (line.seq, member.device)), "keeper_key": member.public}


def _recovered(line: Line, said: Change) -> Change:
    device = sha256(said["key"]).digest()
    known = {} if device[:8] in line.members else _admitted(line, said)
    return {**known, "keepers": (*line.keepers, (line.seq, device)), "keeper_key": said["key"]}


def _locked(line: Line, said: Change) -> Change:
    tips: dict[tuple[str, bytes], frozenset[bytes]] = {}
    for scope, author, commit in said.get("tips", ()):
        tips[scope, author] = tips.get((scope, author), frozenset()) | {commit}
    return {"locks": (*line.locks, Lock(line.seq, said["until"], tuple(said["scopes"]), tips))}


def _unlocked(line: Line, said: Change) -> Change:
    return {"locks": tuple(lock for lock in line.locks if lock.at != said["lock"])}


def _lock_admitted(line: Line, said: Change) -> Change:
    return {"let_in": line.let_in | set(said["commits"])}


def _readmitted(line: Line, said: Change) -> Change:
    return {"readmitted": line.readmitted | set(said["commits"])}


_TAKERS: dict[str, Callable[[Line, Change], Change]] = {
    "BranchAdded": _branch_added,
    "Admitted": _admitted,
    "Granted": _granted,
    "Revoked": _revoked,
    "Renamed": _renamed,
    "Epoch": _epoch,
    "KeeperMoved": _keeper_moved,
    "Recovered": _recovered,
    "Locked": _locked,
    "Unlocked": _unlocked,
    "LockAdmitted": _lock_admitted,
    "Readmitted": _readmitted,
}
"""What each kind of entry changes; every other kind changes nothing that is asked here."""
