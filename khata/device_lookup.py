"""Devices by what people call them: their name, their code in voucher numbers, or their spelled-out id."""

from khata.books import Books
from khata.errors import Ambiguous, NotFound
from p2p.chain_members import Member
from p2p.errors import BadSpelling
from p2p.identity import read_spelled


def find_device(books: Books, text: str) -> Member:
    """The device that a person means.

    Args:
        text: its name, its code, or its id; of several with one name the one that was not revoked.

    Raises:
        NotFound, Ambiguous: no device, or several, are called so.
    """
    wanted = text.strip().casefold()
    members = books.replica.chain.members.values()
    found = [one for one in members if wanted and wanted in (one.name.casefold(), one.series.casefold())]
    standing = [one for one in found if one.revoked_at is None] or found
    if len(standing) > 1:
        raise Ambiguous(f"{len(standing)} devices are called {text!r}; name one by its id: `khata branch list`")
    if standing:
        return standing[0]
    try:
        member = books.replica.chain.member(read_spelled(text))
    except BadSpelling:
        member = None
    if member is None:
        raise NotFound(f"there is no device {text!r}; `khata branch list` shows those there are")
    return member
