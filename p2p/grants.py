"""What can be granted to a device: subtrees of the one tree, and the grants that have a name.

A grant to read hands over the key of each subtree, so it names whole subtrees. The one exception are the transfers of a
branch, `transfers/pun~*/**`: it stands for one subtree with every other branch, those still to come included.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from p2p.chain_entries import READ_DEFAULT, WRITE_DEFAULT
from p2p.chain_members import Grant
from p2p.errors import ChainError
from p2p.keyring import ROOT
from p2p.pairs import pairs_path
from p2p.scope import Pattern, branch_of_pairs, is_within

EVERYTHING: Final = "everything"
MASTERS_ONLY: Final = "masters-only"
OWN_BRANCH: Final = "own-branch"
VOUCHERS_UP: Final = "vouchers-up"

_TRANSFERS: Final = "transfers"


def _of_branch(branch: str) -> tuple[str, ...]:
    return f"vouchers/{branch}/**", f"transfers/{branch}~*/**", f"files/{branch}/**"


PRESETS: Final[Mapping[str, Callable[[str], Grant]]] = {
    EVERYTHING: lambda _branch: Grant(READ_DEFAULT, WRITE_DEFAULT),
    MASTERS_ONLY: lambda _branch: Grant(("control/**", "masters/**"), ("masters/**",)),
    OWN_BRANCH: lambda branch: Grant(
        ("control/**", "masters/**", *_of_branch(branch)), ("masters/**", *_of_branch(branch))
    ),
    VOUCHERS_UP: lambda branch: Grant(("control/**", "masters/**", *_of_branch(branch)), _of_branch(branch)),
}
"""Grants by name; each is made for a branch, by its code."""


def check_grant(grant: Grant) -> None:
    """Let through what can be granted.

    Raises:
        ChainError: a pattern is no whole subtree, or would grant writing in `control`.
        BadScope: one is no pattern.
    """
    for text in (*grant.read, *grant.write):
        if Pattern.parse(text).path is None and branch_of_pairs(text) is None:
            raise ChainError(f"{text} cannot be granted: a grant is one whole subtree, without * inside")
    for text in grant.write:
        if is_within(Pattern.parse(text).path or _TRANSFERS, "control"):
            raise ChainError(f"{text} cannot be granted: who may write in control is fixed")


def taken_away(before: Iterable[str], after: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns of a grant that are not wholly within those of another; of some a part may still be granted."""
    return tuple(text for text in before if not any(_covers(other, text) for other in after))


def _covers(pattern: str, other: str) -> bool:
    """Tell whether all that `other` names is named by `pattern`; both have been checked."""
    if pattern == other or pattern == "**":
        return True
    outer, inner = Pattern.parse(pattern), Pattern.parse(other)
    if outer.path is None:
        # The pairs of a branch hold each single pair that it is in.
        return inner.path is not None and other.count("/") >= 2 and outer.matches(f"{inner.path}/any")
    path = _TRANSFERS if inner.path is None else inner.path
    if not pattern.endswith("**"):
        return False
    return is_within(path, outer.path) and (path != outer.path or inner.path is None)


def key_paths(patterns: Iterable[str]) -> list[str]:
    """The subtrees whose keys a grant to read hands over; for the pairs of a branch, the secret of the branch."""
    branches = ((text, branch_of_pairs(text)) for text in patterns)
    return sorted({
        Pattern.parse(text).path or ROOT if branch is None else pairs_path(branch) for text, branch in branches
    })  # fmt: skip
