"""Inviting a device and admitting it: the keeper's side, and what the joiner says.

What is admitted is decided when the invitation is made; a joiner brings its keys and a proof that it holds the ticket.
Accepting is all the other side does.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from p2p.chain import BranchAdded, Grant, InvitationUsed
from p2p.errors import BadKey, ChainError, TicketError
from p2p.events import JoinRequested
from p2p.founding import admit_device, append, check_keeper
from p2p.identity import DeviceKeys, Random, device_id
from p2p.introduction import Join
from p2p.invite import (
    MAC_BYTES,
    SECRET_BYTES,
    Invitation,
    Relay,
    Standing,
    Ticket,
    check_code,
    joining_mac,
    joining_mac_ok,
)
from p2p.letters import Letter, write_refusal
from p2p.limits import INVITATION_MS
from p2p.messages import Challenge, Joining, Proof
from p2p.replica import NotAllowed, Replica
from p2p.rule_deeds import offer_preset
from p2p.rules import branch_of
from p2p.scope import slug

KEEPER_USER = "keeper"
"""Stands as the user in what the keeper's device does by itself."""


class Admitted(NamedTuple):
    """A device that has just joined: its name, and the code that both ends show."""

    name: str
    check_code: str


def invite(
    replica: Replica,
    branch: str,
    series: str,
    grant: Grant,
    addresses: Sequence[str],
    now: int,
    random: Random,
    relays: Sequence[Relay] = (),
    preset: str = "",
) -> Ticket:
    """Add a branch and make a ticket for its first device.

    A branch that was added before is invited once more while it has no device, and no invitation of it is open.

    Args:
        branch: its name.
        series: the device's code in voucher numbers, 1 to 4 of A-Z and 0-9; in lower case the branch's code.
        grant: what the device will be granted.
        addresses: where this device listens, each `host:port`.
        relays: relays of the company, through which the device may join instead.
        now: ms since 1970.
        preset: of the rule that this branch offers the new one when it joins, which using the ticket accepts; none if
            empty.

    Raises:
        NotAllowed: this device is not the keeper.
        ChainError: the name or the code cannot be used, or is taken; nothing is written.
    """
    with replica.transaction():
        waiting = slug(series) in _awaited(replica)
        _check_series(replica, series, now)
        if not waiting or replica.chain.branches[slug(series)].name != branch:
            append(replica, BranchAdded(time=now, code=slug(series), name=branch))
        expires = now + INVITATION_MS
        invitation = Invitation(random(SECRET_BYTES), expires, slug(series), series, grant.read, grant.write, preset)
        return _ticket(replica, invitation, branch, addresses, relays)


def invite_further(
    replica: Replica,
    branch: str,
    series: str,
    grant: Grant,
    addresses: Sequence[str],
    now: int,
    random: Random,
    relays: Sequence[Relay] = (),
) -> Ticket:
    """Make a ticket for a further device of a branch that there is.

    Args:
        branch: its code.
        series: the device's own code in voucher numbers, 1 to 4 of A-Z and 0-9.
        grant: what the device will be granted.
        addresses: where this device listens, each `host:port`.
        relays: relays of the company, through which the device may join instead.
        now: ms since 1970.

    Raises:
        NotAllowed: this device is not the keeper.
        ChainError: there is no such branch, or the code is taken; nothing is written.
    """
    with replica.transaction():
        replica.refresh()
        check_keeper(replica)
        found = replica.chain.branches.get(branch)
        if found is None:
            raise ChainError(f"there is no branch {branch!r}; add it with `khata branch add`")
        _check_series(replica, series, now)
        secret, expires = random(SECRET_BYTES), now + INVITATION_MS
        invitation = Invitation(secret, expires, branch, series, grant.read, grant.write)
        return _ticket(replica, invitation, found.name, addresses, relays)


def _ticket(
    replica: Replica, invitation: Invitation, branch: str, addresses: Sequence[str], relays: Sequence[Relay]
) -> Ticket:
    """The ticket of an invitation, which is kept; it says the branch by its name."""
    ticket = Ticket(
        company=replica.company,
        inviter=replica.keys.id,
        seal_public=replica.keys.seal_public,
        addresses=tuple(addresses),
        relays=tuple(relays),
        secret=invitation.secret,
        expires=invitation.expires,
        branch=branch,
        series=invitation.series,
        preset=invitation.preset,
    )
    ticket.text()
    _keep(replica, invitation)
    return ticket


def withdraw(replica: Replica, series: str, now: int) -> Invitation:
    """Close the open invitation of a code, so that nobody joins with its ticket any more.

    Raises:
        NotAllowed: this device is not the keeper.
        TicketError: no invitation of that code is open.
    """
    with replica.transaction():
        open_ = [one for one in invitations(replica) if one.series == series and one.standing(now) is Standing.OPEN]
        if not open_:
            raise TicketError(f"no invitation for {series} is open; `khata branch list` shows those that are")
        for one in open_:
            append(replica, InvitationUsed(time=now, slot=one.slot))
            _keep(replica, msgspec.structs.replace(one, withdrawn=True))
    return open_[-1]


def invitations(replica: Replica) -> list[Invitation]:
    """Every invitation made here, by the code of its device and by when it expires. Show nobody their secrets."""
    rows = replica.db.execute("SELECT body FROM invitations").fetchall()
    kept = [msgspec.msgpack.decode(body, type=Invitation) for (body,) in rows]
    return sorted(kept, key=lambda one: (one.series, one.expires))


def _awaited(replica: Replica) -> set[str]:
    """The codes of branches that no device was ever admitted to."""
    return replica.chain.branches.keys() - {member.branch for member in replica.chain.members.values()}


def join_with(ticket: Ticket, keys: DeviceKeys, name: str, head: tuple[int, bytes]) -> Join:
    """What a joiner adds to its proof.

    Args:
        name: what people will call the device.
        head: sequence number and hash of its last control entry; (-1, b"") for a new device.
    """

    def joining(challenge: Challenge) -> Joining:
        blank = Joining(ticket.slot, keys.seal_public, name, bytes(MAC_BYTES))
        proof = Proof(keys.public, ticket.company, head[0], head[1], bytes(64), blank)
        fields = proven_fields(proof, blank, challenge.nonce, ticket.inviter)
        return msgspec.structs.replace(blank, mac=joining_mac(ticket.secret, *fields))

    return joining


def admit(replica: Replica, request: JoinRequested, now: int) -> Admitted:
    """Admit a joiner whose proof names an open invitation and proves that it holds the ticket.

    Raises:
        TicketError: there is no such invitation, it was used, is expired or closed, or the proof is wrong; the message
            is told to the joiner.
    """
    proof, joining = request.proof, request.proof.joining
    if joining is None:
        raise TicketError("no ticket was shown")
    with replica.transaction():
        replica.refresh()
        found = _usable(replica, joining.slot, now)
        if isinstance(found, Invitation):
            fields = proven_fields(proof, joining, request.nonce, replica.keys.id)
            if joining_mac_ok(joining.mac, found.secret, *fields):
                return _admit(replica, proof.key, joining, found, now)
            _keep(replica, found.tried_wrongly())
            found = "this ticket was not made here, or was altered; ask for a new one"
    raise TicketError(found)


def _usable(replica: Replica, slot: bytes, now: int) -> Invitation | str:
    """The open invitation of a slot, or why there is none: a value, since refusing a ticket undoes no transaction."""
    row = replica.db.execute("SELECT body FROM invitations WHERE slot=?", (slot,)).fetchone()
    if row is None:
        return "this ticket was not made here; use it with the head office that gave it to you"
    invitation = msgspec.msgpack.decode(row[0], type=Invitation)
    try:
        invitation.check_open(now)
    except TicketError as error:
        return str(error)
    return invitation


def admit_by_letter(replica: Replica, slot: bytes, letter: Letter, now: int) -> Admitted | bytes:
    """Admit the device that wrote a letter, or write why not; both are durable when the transaction ends.

    Returns:
        the device that was admitted, or a refusal sealed to it.

    Raises:
        TicketError: nobody can be answered: no invitation of this slot was made here, or no answer can be sealed.
    """
    row = replica.db.execute("SELECT body FROM invitations WHERE slot=?", (slot,)).fetchone()
    if row is None:
        raise TicketError("a letter came for an invitation that was not made here")
    secret = msgspec.msgpack.decode(row[0], type=Invitation).secret
    try:
        with replica.transaction():
            replica.refresh()
            found = _usable(replica, slot, now)
            if isinstance(found, Invitation):
                if letter.is_of(secret, replica.company, replica.keys.id):
                    joining = Joining(slot, letter.seal_public, letter.name, letter.mac)
                    return _admit(replica, letter.key, joining, found, now)
                _keep(replica, found.tried_wrongly())
                found = "this ticket was altered; ask for a new one"
    except TicketError as error:
        found = str(error)
    try:
        return write_refusal(letter.seal_public, secret, found)
    except BadKey as error:
        raise TicketError(f"nobody can be answered who wrote a letter with such a key: {found}") from error


def _admit(replica: Replica, key: bytes, joining: Joining, invitation: Invitation, now: int) -> Admitted:
    device = device_id(key)
    grant = Grant(invitation.read, invitation.write)
    name = _free_name(replica, joining.device_name or invitation.series, invitation.series)
    try:
        member = admit_device(
            replica, (key, joining.seal_public), name, invitation.branch, invitation.series, grant, now
        )
        append(replica, InvitationUsed(time=now, slot=invitation.slot))
        _offer_first_rule(replica, invitation, now)
    except (ChainError, BadKey, NotAllowed) as error:
        raise TicketError(f"this device cannot be admitted: {error}") from error
    _keep(replica, invitation.joined(device))
    code = check_code(key, replica.keys.public, replica.company, invitation.secret)
    return Admitted(member.name, code)


def _offer_first_rule(replica: Replica, invitation: Invitation, now: int) -> None:
    """Offer what the ticket promised, once for each branch: its further devices are in the same rules."""
    chain = replica.chain
    mine = branch_of(chain, replica.keys.author)
    first = sum(member.branch == invitation.branch for member in chain.members.values()) == 1
    if invitation.preset and first and invitation.branch != mine:
        offer_preset(replica, invitation.branch, invitation.preset, KEEPER_USER, now)


def proven_fields(proof: Proof, joining: Joining, nonce: bytes, listener: bytes) -> tuple[bytes, ...]:
    """All that a joiner's MAC covers.

    Args:
        nonce: the listener's challenge.
        listener: its device id.
    """
    head = proof.head_seq.to_bytes(8, "big", signed=True)
    name = joining.device_name.encode("utf-8", "replace")
    return proof.key, proof.company, head, proof.head_hash, joining.slot, joining.seal_public, name, nonce, listener


def _free_name(replica: Replica, wanted: str, series: str) -> str:
    taken = {member.name for member in replica.chain.members.values()}
    return wanted if wanted not in taken else f"{wanted} {series}"


def _check_series(replica: Replica, series: str, now: int) -> None:
    waiting = {one.series for one in invitations(replica) if one.standing(now) is Standing.OPEN}
    taken = {member.series for member in replica.chain.members.values()} | waiting
    if series in taken:
        raise ChainError(f"the code {series} is taken; choose another code, of 1 to 4 letters and digits")


def _keep(replica: Replica, invitation: Invitation) -> None:
    replica.db.execute(
        "INSERT OR REPLACE INTO invitations VALUES (?, ?)", (invitation.slot, msgspec.msgpack.encode(invitation))
    )
