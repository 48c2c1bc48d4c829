"""Branches of the company: inviting a new one, and who belongs to it."""

import os
from collections.abc import Sequence
from typing import Any, Final

from crdt_models.masters import normalised
from khata.beginning import checked_branch
from khata.books import Books
from khata.daemon import STATUS, ask
from khata.errors import BooksError
from p2p.admission import invitations, invite, withdraw
from p2p.grants import EVERYTHING, PRESETS
from p2p.identity import Random, spell
from p2p.invite import Invitation, Relay, Standing, Ticket
from p2p.limits import SERIES_CHARS_MAX, TICKET_RELAYS_MAX
from p2p.relay_admission import relays_of
from p2p.scope import slug
from p2p.slots import list_slots
from p2p.transport import DEFAULT_PORT, parse_address
from p2p.whereabouts import address_of, can_be_called

_INVITED: Final = {
    Standing.OPEN: "invited",
    Standing.USED: "no device yet",
    Standing.EXPIRED: "invitation expired",
    Standing.CLOSED: "invitation closed after too many wrong tries",
    Standing.WITHDRAWN: "invitation withdrawn",
}


def invite_branch(
    books: Books,
    name: str,
    code: str,
    addresses: Sequence[str],
    random: Random = os.urandom,
    preset: str = EVERYTHING,
    full_grant: bool = False,
) -> Ticket:
    """Add a branch and make a ticket for its first device; make a new one for a branch whose ticket came to nothing.

    Args:
        code: the device's code in voucher numbers; made from the name when empty.
        addresses: where this device can be reached; where it serves just now when none is given.
        preset: of the first rule between this branch and the new one; what its device is granted follows from it.
        full_grant: grant everything, whatever the rule lets flow, so that later rules can let more flow.

    Raises:
        BooksError: there is no such preset, no address is known, the code is malformed, or another branch has the name.
        Unreachable: an address is none.
        BadScope: no code can be made of the name.
        NotAllowed, ChainError: this device is not the keeper, or the code is taken; nothing is written.
    """
    if preset not in PRESETS:
        raise BooksError(f"there is no rule preset {preset!r}; it is one of {', '.join(PRESETS)}")
    for address in addresses:
        check_address(address)
    relays = relays_for_tickets(books)
    found = list(addresses) or served_at(books, needed=not relays)
    name, series = checked_branch(name, code or slug(name).replace("-", "")[: SERIES_CHARS_MAX - 1])
    with books.writing():
        name = _checked_name(books, name, series)
        grant = PRESETS[EVERYTHING if full_grant else preset](slug(series))
        ticket = invite(books.replica, name, series, grant, found, books.now(), random, relays, preset)
        list_slots(books.replica, books.now())
        return ticket


def relays_for_tickets(books: Books) -> list[Relay]:
    """The company's relays through which a device may join: where they say they are, or where they were met here."""
    placed = [(address_of(books.replica, member.device), member.device) for member in relays_of(books.replica)]
    return [Relay(address, device) for address, device in placed if address][:TICKET_RELAYS_MAX]


def check_address(address: str) -> None:
    """Refuse an address at which others would not reach this device.

    Raises:
        BooksError, Unreachable: it names no port, is no address, or is one to listen on alone.
    """
    _, port = parse_address(address)
    bare_ipv6 = address.count(":") > 1 and not address.startswith("[")
    if port == 0 or bare_ipv6 or not address.endswith(f":{port}"):
        raise BooksError(
            f"{address!r} names no port at which others reach this device; write HOST:PORT, such as "
            f"{address.removesuffix(':0')}:{DEFAULT_PORT}"
        )
    if not can_be_called(address):
        raise BooksError(
            f"nobody can be reached at {address!r}; name an address others know, such as 192.168.1.20:{port}"
        )


def _checked_name(books: Books, name: str, series: str) -> str:
    """A branch's name as it will stand in the chain; that of a branch which waits for its first device, as it is there.

    Raises:
        BooksError: another branch is called so.
    """
    same = [branch for branch in books.replica.chain.branches.values() if normalised(branch.name) == normalised(name)]
    if not same:
        return name
    (branch, *_) = same
    code = branch.code.upper()
    now = books.now()
    if any(one.series == code and one.standing(now) is Standing.OPEN for one in invitations(books.replica)):
        raise BooksError(
            f"{branch.name} ({code}) is invited already; its ticket still works, or take it back with "
            f"`khata branch withdraw {code}` and add the branch again"
        )
    if any(member.branch == branch.code for member in books.replica.chain.members.values()):
        raise BooksError(
            f"there is a branch {branch.name} ({code}) already, and lists would not tell the two apart; "
            f'choose another name, such as "{name} 2"'
        )
    if branch.code != slug(series):
        raise BooksError(f"{branch.name} was added under the code {code}; invite it again with --code {code}")
    return branch.name


def withdraw_invitation(books: Books, code: str) -> Invitation:
    """Take back an invitation that nobody has joined with yet.

    Args:
        code: of the device it is for, or the name of its branch.

    Raises:
        NotAllowed: this device is not the keeper.
        TicketError: no such invitation is open.
    """
    with books.writing():
        branches = books.replica.chain.branches.values()
        named = [branch.code.upper() for branch in branches if normalised(branch.name) == normalised(code)]
        withdrawn = withdraw(books.replica, named[0] if named else code.upper(), books.now())
        list_slots(books.replica, books.now())
        return withdrawn


def served_at(books: Books, needed: bool) -> list[str]:
    """Where this device serves just now, as a ticket may say it.

    Raises:
        BooksError: it serves nowhere that others could reach, and an address is `needed`.
    """
    answer = ask(books.folder, STATUS) if books.folder is not None else None
    listening = (answer or {}).get("listening")
    if not isinstance(listening, str) or not can_be_called(listening):
        if not needed:
            return []
        raise BooksError("say where this device can be reached: --address HOST:PORT, such as 192.168.1.20:7420")
    return [listening]


def branch_list(books: Books) -> list[dict[str, Any]]:
    """Every device ever admitted, and every branch that waits for its first, by branch.

    What became of an invitation is known only where it was made.
    """
    chain = books.replica.chain
    rows = []
    for member in chain.members.values():
        branch = chain.branches.get(member.branch)
        keeper = ", keeps the list" if member.device == chain.keeper else ""
        rows.append({
            "branch": branch.name if branch is not None else member.branch,
            "code": member.series,
            "device": member.name,
            "device_id": spell(member.device),
            "standing": "revoked" if member.revoked_at is not None else f"{member.role}{keeper}",
        })  # fmt: skip
    now = books.now()
    made = {invited.branch: invited for invited in invitations(books.replica)}
    settled = {member.branch for member in chain.members.values()}
    for branch in chain.branches.values():
        if branch.code not in settled:
            invited = made.get(branch.code)
            standing = "no device yet" if invited is None else _INVITED[invited.standing(now)]
            series = branch.code.upper() if invited is None else invited.series
            rows.append({"branch": branch.name, "code": series, "device": "", "device_id": "", "standing": standing})
    return sorted(rows, key=lambda row: (row["branch"], row["code"], row["device"]))
