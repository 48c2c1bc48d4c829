"""Tickets for further devices of a branch that there is: a second counter, a tablet, the owner's laptop."""

import os
from collections.abc import Sequence
from typing import Final

from khata.beginning import checked_branch
from khata.books import Books
from khata.branching import check_address, relays_for_tickets, served_at
from khata.errors import BooksError
from khata.reports.span import branch_code
from p2p.admission import invitations, invite_further
from p2p.chain_members import Grant
from p2p.grants import EVERYTHING, PRESETS
from p2p.identity import Random
from p2p.invite import Ticket
from p2p.limits import SERIES_CHARS_MAX
from p2p.slots import list_slots

_DEVICES_MAX: Final = 999


def invite_device(
    books: Books,
    branch: str,
    code: str,
    addresses: Sequence[str],
    preset: str = "",
    random: Random = os.urandom,
) -> Ticket:
    """Make a ticket for a further device of a branch.

    Args:
        branch: its name or code.
        code: the device's own code in voucher numbers; the next free one of the branch when empty, such as PUN2.
        addresses: where this device can be reached; where it serves just now when none is given.
        preset: what it is granted; as the branch's other devices when empty.

    Raises:
        NotFound, BooksError: there is no such branch or preset, no address is known, or the code is malformed.
        Unreachable: an address is none.
        NotAllowed, ChainError: this device is not the keeper, or the code is taken; nothing is written.
    """
    if preset and preset not in PRESETS:
        raise BooksError(f"there is no preset {preset!r}; it is one of {', '.join(PRESETS)}")
    for address in addresses:
        check_address(address)
    relays = relays_for_tickets(books)
    found = list(addresses) or served_at(books, needed=not relays)
    with books.writing():
        of = branch_code(books, branch)
        _, series = checked_branch(books.replica.chain.branches[of].name, code or _next_code(books, of))
        grant = PRESETS[preset](of) if preset else _granted(books, of)
        ticket = invite_further(books.replica, of, series, grant, found, books.now(), random, relays)
        list_slots(books.replica, books.now())
        return ticket


def _granted(books: Books, branch: str) -> Grant:
    """What the devices of a branch are granted: the last that came, and belongs to the company still."""
    members = [one for one in books.replica.chain.members.values() if one.branch == branch and one.revoked_at is None]
    return max(members, key=lambda one: one.admitted_at).grant if members else PRESETS[EVERYTHING](branch)


def _next_code(books: Books, branch: str) -> str:
    taken = {member.series for member in books.replica.chain.members.values()}
    taken |= {one.series for one in invitations(books.replica)}
    for number in range(2, _DEVICES_MAX):
        code = f"{branch.upper()[: SERIES_CHARS_MAX - len(str(number))]}{number}"
        if code not in taken:
            return code
    raise BooksError("no code is free; give one with --code")
