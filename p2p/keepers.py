"""The keeper: giving its place to another device, and setting right what a fork of the control chain has left.

Each deed is one transaction. What a new keeper needs to go on, the root of every epoch, is sealed to it before the
chain says that it is the keeper, so nobody ever keeps the chain who could not admit or revoke.
"""

import os
from typing import NamedTuple

import msgspec

from p2p.admission import invitations, withdraw
from p2p.chain import Admitted, Entry, Epoch, InvitationUsed, KeeperMoved, Recovered, Revoked, Setting, Unlocked
from p2p.chain_entries import READ_DEFAULT, Body
from p2p.errors import ChainError
from p2p.forks import Lost, lost, settled_name
from p2p.founding import append, check_keeper
from p2p.grants import taken_away
from p2p.identity import Random, spell
from p2p.invite import Invitation, Standing
from p2p.keyring import ROOT
from p2p.members import begin_epoch
from p2p.replica import Replica
from p2p.sealing import seal_everywhere, seal_granted, seal_paths

_MADE_BY_HAND = (KeeperMoved, Recovered, Unlocked)
"""What is not repeated as it was said: who keeps the chain is decided by the fork, a lock has another number now."""


def open_invitations(replica: Replica, now: int) -> list[Invitation]:
    """The invitations made here that somebody could still join with."""
    return [one for one in invitations(replica) if one.standing(now) is Standing.OPEN]


def move_keeper(replica: Replica, device: bytes, now: int) -> Entry:
    """Let another device keep the control chain, with the keys for it; invitations made here are closed.

    Args:
        device: device id of a member that may read everything, 32 bytes.
        now: ms since 1970.

    Raises:
        NotAllowed: this device is not the keeper.
        ChainError: it is no member that people work at, or may not read everything; nothing is written.
    """
    with replica.transaction():
        replica.refresh()
        check_keeper(replica)
        member = replica.chain.member(device)
        if member is None:
            raise ChainError(f"{spell(device)} is not a device of this company")
        if taken_away(READ_DEFAULT, member.grant.read):
            raise ChainError(f"{member.name} may not read everything; grant it that first, with `khata device grant`")
        for one in open_invitations(replica, now):
            withdraw(replica, one.series, now)
        seal_paths(replica, member, [ROOT], now)
        return append(replica, KeeperMoved(time=now, device=device))


def repeat_what_stays_in_force(replica: Replica, now: int, random: Random = os.urandom) -> bool:
    """Say again in the chain what a line that lost revoked, and which invitations it used up; whether there was any.

    Nothing is written where this device is not the keeper.
    """
    if replica.chain.keeper != replica.keys.id or not replica.chain.losing:
        return False
    with replica.transaction():
        replica.refresh()
        if replica.chain.keeper != replica.keys.id:
            return False
        revoked = replica.chain.to_revoke()
        used = {
            one.entry.body.slot: one.entry.body
            for one in lost(replica.chain, replica.chain.losing)
            if isinstance(one.entry.body, InvitationUsed) and one.entry.body.slot not in replica.chain.invitations_used
        }
        for body in used.values():
            append(replica, msgspec.structs.replace(body, time=now))
        for entry in revoked:
            assert isinstance(entry.body, Revoked)
            append(replica, msgspec.structs.replace(entry.body, time=now))
        if revoked:
            begin_epoch(replica, now, random)
        return bool(revoked or used)


class Repeated(NamedTuple):
    """What of a losing line was said again, and what could not be, each with the reason."""

    done: tuple[Entry, ...]
    left: tuple[tuple[Lost, str], ...]


def repeat_lost(replica: Replica, now: int) -> Repeated:
    """Say again in the chain all that only losing lines say, as far as it can follow now.

    Raises:
        NotAllowed: this device is not the keeper.
    """
    done: list[Entry] = []
    left: list[tuple[Lost, str]] = []
    with replica.transaction():
        replica.refresh()
        check_keeper(replica)
        for one in lost(replica.chain, replica.chain.losing):
            body = one.entry.body
            try:
                if body is None or isinstance(body, _MADE_BY_HAND):
                    raise ChainError("decide that anew")
                done.append(_say_again(replica, body, now))
            except ChainError as error:
                left.append((one, str(error)))
    return Repeated(tuple(done), tuple(left))


def _say_again(replica: Replica, body: Body, now: int) -> Entry:
    if isinstance(body, Epoch) and replica.keyring.key(body.epoch, ROOT) is None:
        raise ChainError("the keys of this epoch are not here")
    entry = append(replica, msgspec.structs.replace(body, time=now))
    if isinstance(body, Admitted):
        member = next(one for one in replica.chain.members.values() if one.public == body.key)
        seal_granted(replica, member, now)
    if isinstance(body, Epoch):
        seal_everywhere(replica, now)
    return entry


def settle_forks(replica: Replica, now: int) -> int:
    """Declare the losing lines there are settled: nothing of them is listed any more. Returns how many there were.

    Raises:
        NotAllowed: this device is not the keeper.
    """
    with replica.transaction():
        replica.refresh()
        check_keeper(replica)
        names = [settled_name(line) for line in replica.chain.losing]
        new = [name for name in names if replica.chain.settings.get(name) is not True]
        for name in new:
            append(replica, Setting(time=now, name=name, value=True))
    return len(new)
