"""The other devices as people name them: by device, branch, code or device id."""

from collections.abc import Sequence

from crdt_models.masters import normalised
from khata.books import Books
from khata.errors import NotFound
from p2p.chain_members import Member
from p2p.identity import spell
from p2p.whereabouts import others


def named_peers(books: Books, names: Sequence[str]) -> list[Member]:
    """The devices that are meant; all devices of a branch when the branch is named. Without names: every one.

    Raises:
        NotFound: no other device is called so; the message lists those there are.
    """
    members = others(books.replica)
    found: dict[bytes, Member] = {}
    for name in names:
        meant = [member for member in members if _is_called(books, member, normalised(name))]
        if not meant:
            known = ", ".join(sorted({member.name for member in members})) or "none yet"
            raise NotFound(f"no other device or branch is called {name!r}; there are: {known}")
        found |= {member.device: member for member in meant}
    return list(found.values()) if names else members


def _is_called(books: Books, member: Member, name: str) -> bool:
    branch = books.replica.chain.branches.get(member.branch)
    names = [member.name, member.branch, member.series, spell(member.device), branch.name if branch is not None else ""]
    return name in {normalised(one) for one in names if one}
