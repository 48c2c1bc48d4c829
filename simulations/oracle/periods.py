"""What cuts and locks leave out, by protocol.md §3, worked out anew from the commits that one copy holds.

Left out of this oracle: a voucher from which more than one lock would keep something, and a leg of a transfer that a
lock is near. There the rules of several locks one after the other would have to be written a second time; such
documents are not compared with the tables (`Undecided`), all other checks apply to them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from simulations.oracle.chain import Chain, Cut, Lock
from simulations.oracle.commits import Commit, Name, Save
from simulations.oracle.folding import Shown, fold
from simulations.oracle.reading import Copy
from simulations.oracle.scopes import any_matches


class Undecided(Exception):
    """What is right here, this oracle does not know."""


class Counted(NamedTuple):
    """What of a voucher counts: what shows, whether something was kept out, whether all was.

    `against` are the saves kept out whose authors knew of the lock.
    """

    shown: Shown
    late: bool
    left_out: bool
    against: frozenset[bytes] = frozenset()


def beyond_cut(copy: Copy, chain: Chain, commit: Commit) -> bool:
    """Whether a commit lies beyond a cut of its author."""
    return any(_is_beyond(copy, chain, commit, cut) for cut in chain.cuts if cut.device[:8] == commit.author)


def _is_beyond(copy: Copy, chain: Chain, commit: Commit, cut: Cut) -> bool:
    if not cut.covers(commit.scope) or commit.id in chain.best.readmitted or chain.had_seen(commit.seen, cut.at):
        return False
    return commit.id not in reached(copy, commit.scope, commit.author, cut.tips.get(commit.scope, ()))


def reached(copy: Copy, scope: str, author: bytes, tips: Iterable[bytes]) -> set[bytes]:
    """What some commits reach by `prev` through those of an author that a copy holds in a scope."""
    held = copy.held.get(scope, set())
    found: set[bytes] = set()
    ahead = list(tips)
    while ahead:
        at = ahead.pop()
        commit = copy.commit(at) if at in held and at not in found else None
        if commit is not None and commit.author == author:
            found.add(at)
            ahead.append(commit.prev)
    return found


def counted(copy: Copy, chain: Chain, name: Name, saves: Mapping[bytes, Save]) -> Counted:
    """What of a voucher counts under the locks.

    Raises:
        Undecided: more than one lock keeps something out.
    """
    whole = fold(saves)
    near = [lock for lock in chain.best.locks if any(_is_in(lock, date) for date in _all_dates(saves))]
    late = [(lock, kept) for lock in near if (kept := _late(copy, chain, lock, name, saves))]
    if not late:
        return Counted(whole, False, False)
    if len(late) > 1:
        raise Undecided
    ((lock, kept),) = late
    closed = fold({id: _emptied(save) if id in kept else save for id, save in saves.items()})
    dates = (_date(closed), _date(whole))
    nothing_left = dates[0] is None
    gone = nothing_left and whole.values.get("cancelled") is True
    if gone or not any(date is not None and _is_in(lock, date) for date in dates):
        return Counted(whole, False, False)
    if _said(closed.values) == _said(whole.values):
        return Counted(whole, False, False)
    return Counted(whole if nothing_left else closed, True, nothing_left, _against(copy, chain, lock, name, kept))


def is_near_a_lock(chain: Chain, dates: Iterable[str]) -> bool:
    """Whether one of some dates lies in a closed period."""
    return any(_is_in(lock, date) for date in dates for lock in chain.best.locks)


def _late(copy: Copy, chain: Chain, lock: Lock, name: Name, saves: Mapping[bytes, Save]) -> set[bytes]:
    scope = name[0]
    if not any_matches(lock.scopes, scope):
        return set()
    late: set[bytes] = set()
    held = copy.held.get(scope, set())
    for id in copy.documents[name]:
        commit = copy.commit(id)
        if commit is None or id[:16] not in saves or id[:16] in {one[:16] for one in chain.best.let_in}:
            continue
        tips = lock.tips.get((scope, commit.author), frozenset())
        if id in reached(copy, scope, commit.author, tips):
            continue
        if chain.had_seen(commit.seen, lock.at) or tips <= held:
            late.add(id[:16])
    return late


def _against(copy: Copy, chain: Chain, lock: Lock, name: Name, late: set[bytes]) -> frozenset[bytes]:
    """Those of the saves that came late whose authors knew of the lock."""
    known = (copy.commit(id) for id in copy.documents[name] if id[:16] in late)
    return frozenset(one.id[:16] for one in known if one is not None and chain.had_seen(one.seen, lock.at))


def _emptied(save: Save) -> Save:
    return Save(save.id, save.author, save.time, save.parents, {}, save.user, save.origin)


def _all_dates(saves: Mapping[bytes, Save]) -> list[str]:
    return [date for save in saves.values() if (date := _date(Shown(save.values, {}))) is not None]


def _date(shown: Shown) -> str | None:
    posting = shown.values.get("posting")
    date = posting.get("date") if isinstance(posting, dict) else None
    return date if isinstance(date, str) else None


def _is_in(lock: Lock, date: str) -> bool:
    return date <= lock.until


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {register: value for register, value in values.items() if value not in (None, "", False)}
