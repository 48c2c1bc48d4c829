"""What a person means by a grant: a preset by its name, or subtrees one by one."""

from collections.abc import Sequence
from typing import Final

from khata.errors import BooksError
from p2p.chain_members import Grant, Member
from p2p.grants import PRESETS, check_grant, taken_away

_CONTROL: Final = "control/**"


def grant_of(member: Member, preset: str, read: Sequence[str], write: Sequence[str]) -> Grant:
    """The grant that is meant; reading `control` belongs to every one.

    Args:
        member: the device it is for: presets are made for its branch.
        preset: the name of one, or empty where subtrees are named.

    Raises:
        BooksError: neither or both are named, or there is no such preset.
        ChainError, BadScope: a pattern cannot be granted.
    """
    if bool(preset) == bool(read or write):
        raise BooksError("say what to grant: --preset NAME, or --read and --write with a subtree each")
    if preset:
        if preset not in PRESETS:
            raise BooksError(f"there is no preset {preset!r}; it is one of {', '.join(PRESETS)}")
        if not member.branch:
            raise BooksError(f"{member.name} is a {member.role}: it belongs to no branch, so no preset fits it")
        return PRESETS[preset](member.branch)
    grant = Grant((_CONTROL, *(text for text in dict.fromkeys(read) if text != _CONTROL)), tuple(dict.fromkeys(write)))
    check_grant(grant)
    unread = taken_away(grant.write, grant.read)
    if unread:
        raise BooksError(f"{', '.join(unread)} cannot be written without being read; add --read for it")
    return grant
