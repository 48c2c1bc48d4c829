"""What the keeper does about members: revoking, granting, re-admitting, renaming, and who may ask it to.

Each deed is one transaction: the entries of the control chain first, then new keys where somebody has to lose them, and
the keys sealed to those who stay. Every argument is a plain value, so that a deed can be asked for from elsewhere.
"""

import os
from collections.abc import Sequence
from typing import Final

from p2p.chain import (
    AdminAdded,
    AdminRemoved,
    Cut,
    Entry,
    Epoch,
    Granted,
    Readmitted,
    Renamed,
    Revoked,
)
from p2p.chain_members import CONTROL, Grant, Member
from p2p.cuts import tips_of_device
from p2p.errors import ChainError
from p2p.founding import append
from p2p.grants import check_grant, taken_away
from p2p.identity import Random, spell
from p2p.keyring import ROOT, HeldKey, Keyring
from p2p.limits import ENTRY_BODY_BYTES_MAX
from p2p.replica import Replica
from p2p.scope import keys_scope
from p2p.sealing import seal_everywhere, seal_granted
from p2p.seals import seal_keys

_TIP_BYTES: Final = 40
_REST_BYTES: Final = 32 * 1024
"""Of an entry, what is left for everything but its tips: the patterns of a grant, at most."""

_READMITTED_MAX: Final = 4_000
"""Commits in one entry, so that it stays below the largest that may be."""


def revoke(replica: Replica, device: bytes, now: int, random: Random = os.urandom) -> Entry:
    """Revoke a device: what it made and is not here by now counts nowhere, and what comes is sealed under new keys.

    Args:
        device: device id, 32 bytes.
        now: ms since 1970.
        random: makes the new epoch's root.

    Raises:
        NotAllowed: this device is not the keeper.
        ChainError: it is no member, was revoked before, or is the keeper itself; nothing is written.

    Cost: 3 µs a commit of the device, and 1 ms a member.
    """
    with replica.transaction():
        replica.refresh()
        wanted = Cut(0, device, (*_member(replica, device).grant.write, CONTROL), (), {})
        entry = append(replica, Revoked(time=now, device=device, cut=_tips(replica, wanted)))
        begin_epoch(replica, now, random)
    return entry


def grant(
    replica: Replica,
    device: bytes,
    read: Sequence[str],
    write: Sequence[str],
    now: int,
    random: Random = os.urandom,
) -> Entry:
    """Grant a device these subtrees instead of what it was granted before.

    What is added is sealed to it, of all epochs. Where reading is taken away, what comes is sealed under new keys;
    where writing is, what it made there and is not here by now counts nowhere.

    Args:
        device: device id, 32 bytes.
        read: patterns.
        write: patterns.

    Raises:
        NotAllowed: this device is not the keeper.
        ChainError: it is no member, or a pattern cannot be granted; nothing is written.
        BadScope: one is no pattern.
    """
    with replica.transaction():
        replica.refresh()
        before = _member(replica, device).grant
        after = Grant(tuple(read), tuple(write))
        check_grant(after)
        removed = taken_away(before.write, after.write)
        wanted = Cut(0, device, removed, after.write, {})
        cut = _tips(replica, wanted) if removed else ()
        entry = append(replica, Granted(time=now, device=device, read=after.read, write=after.write, cut=cut))
        if taken_away(before.read, after.read):
            begin_epoch(replica, now, random)
        seal_granted(replica, _member(replica, device), now)
    return entry


def begin_epoch(replica: Replica, now: int, random: Random = os.urandom) -> Entry:
    """Begin to seal under new keys, and hand them to the recovery phrase and to every member, as granted.

    Raises:
        NotAllowed: this device is not the keeper.
    """
    with replica.transaction():
        epoch, root = Keyring.new_epoch(random)
        entry = append(replica, Epoch(time=now, epoch=epoch))
        held = [HeldKey(epoch, ROOT, root)]
        item = seal_keys(replica.company, replica.keys.id, replica.keys.seal_public, held, replica.sealer)
        replica.commit(keys_scope(replica.keys.author), [item], now)
        seal_everywhere(replica, now)
    return entry


def readmit(replica: Replica, commits: Sequence[bytes], now: int) -> Entry:
    """Let commits count that lie beyond a cut.

    Args:
        commits: their ids; they need not be here.

    Returns:
        the last of the entries that say so; they are as many as it takes.

    Raises:
        NotAllowed: this device is not the keeper.
        ChainError: none is named.
    """
    if not commits:
        raise ChainError("name the commits to re-admit; `khata device quarantined` lists them")
    with replica.transaction():
        ordered = sorted(set(commits))
        parts = (ordered[start : start + _READMITTED_MAX] for start in range(0, len(ordered), _READMITTED_MAX))
        return [append(replica, Readmitted(time=now, commits=tuple(part))) for part in parts][-1]


def rename(replica: Replica, device: bytes, name: str, now: int) -> Entry:
    """Call a device otherwise.

    Raises:
        NotAllowed: this device is not the keeper.
        ChainError: it is no member, the name cannot be used, or another device is called so.
    """
    with replica.transaction():
        replica.refresh()
        for member in replica.chain.members.values():
            if member.name == name and member.revoked_at is None and member.device != device:
                raise ChainError(f"another device is called {name}; choose another name")
        return append(replica, Renamed(time=now, device=device, name=name))


def make_admin(replica: Replica, device: bytes, now: int) -> Entry:
    """Let the keeper carry out what a device asks for.

    Raises:
        NotAllowed: this device is not the keeper.
        ChainError: it is no member, or a relay.
    """
    return append(replica, AdminAdded(time=now, device=device))


def remove_admin(replica: Replica, device: bytes, now: int) -> Entry:
    """Let the keeper carry out no more of what a device asks for.

    Raises:
        NotAllowed: this device is not the keeper.
        ChainError: it is no member, or a relay.
    """
    return append(replica, AdminRemoved(time=now, device=device))


def _tips(replica: Replica, wanted: Cut) -> tuple[tuple[str, bytes], ...]:
    """The tips that a cut has to name.

    Raises:
        ChainError: one entry does not hold them all.
    """
    tips = tuple(tips_of_device(replica.store, wanted.device, wanted))
    if sum(len(scope) + _TIP_BYTES for scope, _ in tips) > ENTRY_BODY_BYTES_MAX - _REST_BYTES:
        raise ChainError(
            f"this device has written in {len(tips):,} scopes, more than one entry can name; take away its grant in "
            "parts first, with `khata device grant` and fewer --write each time, and then do this"
        )
    return tips


def _member(replica: Replica, device: bytes) -> Member:
    member = replica.chain.member(device)
    if member is None:
        raise ChainError(f"{spell(device)} is not a device of this company")
    return member
