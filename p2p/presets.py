"""What is offered in a word: the presets of rules, and patterns of scopes put together from what people choose."""

from collections.abc import Collection, Sequence
from itertools import chain, count
from typing import Final, NamedTuple

from p2p.grants import EVERYTHING, MASTERS_ONLY, OWN_BRANCH, VOUCHERS_UP
from p2p.scope import check_scope, slug

PRESETS: Final = {
    EVERYTHING: "all masters, vouchers, transfers and attachments, both ways",
    MASTERS_ONLY: "all masters, both ways, and no voucher of anybody",
    VOUCHERS_UP: "the branch sends its vouchers, transfers and attachments, and receives masters and its transfers",
    OWN_BRANCH: "all masters and the books of the branch alone, both ways",
}
"""Each preset by its name, in words."""


class Ways(NamedTuple):
    """Patterns of scopes: what flows from who offers, and what flows back."""

    sends: tuple[str, ...]
    receives: tuple[str, ...]


class Choice(NamedTuple):
    """What is to flow, as people choose it; `None` is all of a kind, an empty tuple none.

    Attributes:
        masters: kinds, such as `ledger`.
        branches: codes of the branches whose vouchers, transfers and attachments flow.
        types: base types of vouchers, as slugs, such as `sales`.
        transfers, files: whether these flow.
    """

    masters: tuple[str, ...] | None = None
    branches: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    transfers: bool = True
    files: bool = True


def patterns(choice: Choice) -> tuple[str, ...]:
    """Return the patterns of scopes that a choice comes to.

    Raises:
        BadScope: something chosen cannot be part of a scope.
    """
    found = ["masters/**"] if choice.masters is None else [f"masters/{slug(kind)}" for kind in choice.masters]
    branches = ("*",) if choice.branches is None else tuple(slug(code) for code in choice.branches)
    if choice.types is None:
        found += [f"vouchers/{branch}/**" for branch in branches]
    else:
        found += [f"vouchers/{branch}/{slug(base)}/*" for branch in branches for base in choice.types]
    if choice.transfers:
        found += ["transfers/**" if branch == "*" else f"transfers/{branch}~*/**" for branch in branches]
    if choice.files:
        found += [f"files/{branch}/**" for branch in branches]
    return tuple(dict.fromkeys("vouchers/**" if text == "vouchers/*/**" else _files(text) for text in found))


def _files(text: str) -> str:
    return "files/**" if text == "files/*/**" else text


def preset_ways(preset: str, source: str, target: str, head_office: str) -> Ways:
    """Return what a preset lets flow between two branches.

    Args:
        preset: one of `PRESETS`.
        source: code of the branch that offers.
        target: code of the branch that it is offered to.
        head_office: code of the keeper's branch. `vouchers-up` and `own-branch` are about the other of the two; where
            neither is the head office, about the one that offers.

    Raises:
        KeyError: there is no such preset.
    """
    branch = target if source == head_office else source
    check_scope(f"vouchers/{branch}/sales/2026-04")
    own = patterns(Choice(masters=(), branches=(branch,)))
    transfers = (f"transfers/{branch}~*/**",)
    everything = patterns(Choice())
    up, down = {
        EVERYTHING: (everything, everything),
        MASTERS_ONLY: (("masters/**",), ("masters/**",)),
        VOUCHERS_UP: (own, ("masters/**", *transfers)),
        OWN_BRANCH: (("masters/**", *own), ("masters/**", *own)),
    }[preset]
    return Ways(up, down) if source == branch else Ways(down, up)


def default_name(branches: Sequence[str], preset: str, taken: Collection[str]) -> str:
    """Return what a rule is called unless somebody gives it a name.

    Args:
        branches: names of those that tell it apart: the other branch alone, seen from the head office, else both.
        preset: what it was made of.
        taken: names of rules between the same two.
    """
    called = f"{'-'.join(branches)[:44]} {preset}".strip()
    numbered = (f"{called} {number}" for number in count(2))
    return next(name for name in chain((called,), numbered) if name not in taken)
