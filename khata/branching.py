"""Branches of the company: inviting a new one, and who belongs to it."""

import os
from collections.abc import Sequence
from typing import Any

from khata.books import Books
from khata.daemon import STATUS, ask
from khata.errors import BooksError
from p2p.admission import invitations, invite
from p2p.chain import READ_DEFAULT, WRITE_DEFAULT, Grant
from p2p.identity import Random, spell
from p2p.invite import Ticket
from p2p.limits import SERIES_CHARS_MAX
from p2p.scope import slug
from p2p.transport import parse_address

EVERYTHING_BUT_CONTROL = Grant(READ_DEFAULT, WRITE_DEFAULT)


def invite_branch(books: Books, name: str, code: str, addresses: Sequence[str], random: Random = os.urandom) -> Ticket:
    """Add a branch and make a ticket for its first device.

    Args:
        code: the device's code in voucher numbers; made from the name when empty.
        addresses: where this device can be reached; where it serves just now when none is given.

    Raises:
        BooksError: no address is known, or the code is malformed.
        NotAllowed, ChainError: this device is not the keeper, or the code is taken; nothing is written.
    """
    for address in addresses:
        parse_address(address)
    found = list(addresses) or _served_at(books)
    series = (code or slug(name).replace("-", "")[: SERIES_CHARS_MAX - 1]).upper()
    if len(series) > SERIES_CHARS_MAX or not (series.isascii() and series.isalnum()):
        raise BooksError(f"{code!r} cannot be a code; it is 1 to {SERIES_CHARS_MAX} letters and digits, such as PUN")
    return invite(books.replica, name, series, EVERYTHING_BUT_CONTROL, found, books.now(), random)


def _served_at(books: Books) -> list[str]:
    answer = ask(books.folder, STATUS) if books.folder is not None else None
    listening = (answer or {}).get("listening")
    if not isinstance(listening, str) or listening.startswith(("0.0.0.0:", ":::", "[::]:")):
        raise BooksError("say where this device can be reached: --address HOST:PORT, such as 192.168.1.20:7420")
    return [listening]


def branch_list(books: Books) -> list[dict[str, Any]]:
    """Every device ever admitted, and every invitation not used yet, by branch."""
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
    for invited in invitations(books.replica):
        if not invited.used_by:
            branch = chain.branches.get(invited.branch)
            standing = "invited" if invited.expires > books.now() else "invitation expired"
            name = branch.name if branch is not None else invited.branch
            rows.append({"branch": name, "code": invited.series, "device": "", "device_id": "", "standing": standing})
    return sorted(rows, key=lambda row: (row["branch"], row["code"], row["device"]))
