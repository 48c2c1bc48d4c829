"""What a locked period keeps out of a voucher: which of its saves count, decided by date and by what each author knew.

A lock closes a period, not a place: it keeps a late save out only where the voucher, with that save or without it, is
dated in the period. So a voucher that came late counts as soon as it is dated in an open period, and one that is in
the locked books stays there as it was, whatever is saved about it later.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from crdt_models.document import Document
from crdt_models.folding import Folded, fold
from crdt_models.packing import Value
from crdt_models.saves import Save
from p2p.chain import Chain, Lock
from p2p.locks import Late, Locks

Dates = Callable[[Mapping[str, Value]], list[str]]
"""The dates under which registers stand in the books."""


class KeptOut(NamedTuple):
    """A save that does not count: the lock that keeps it out, until when that locks, and whether its author knew."""

    save: Save
    lock: int
    until: str
    offence: bool


class Counted(NamedTuple):
    """A document under the locks.

    Attributes:
        folded: what it says without the saves that are kept out; with them, where nothing else is left.
        kept_out: empty where no lock touches it, or where what is kept out would change nothing.
        left_out: nothing of it counts.
    """

    folded: Folded
    kept_out: tuple[KeptOut, ...]
    left_out: bool


def posting_dates(values: Mapping[str, Value]) -> list[str]:
    """The date of a voucher's posting; none where there is no posting, or no date in it."""
    posting = values.get("posting")
    date = posting.get("date") if isinstance(posting, dict) else None
    return [date] if isinstance(date, str) else []


def counted(document: Document, folded: Folded, chain: Chain, locks: Locks, dates: Dates = posting_dates) -> Counted:
    """What of a document counts under the locks of the company.

    Args:
        folded: the document as it stands with all its saves.

    Cost: 1 µs where no lock covers a date it ever had; 20 µs a save where one does.
    """
    near = [lock for lock in chain.locks if _is_near(lock, document, dates)]
    if not near:
        return Counted(folded, (), False)
    verdicts = {save.id: locks.late(chain, document.scope, save) for save in document.saves().values()}
    saves, kept_out = dict(document.saves()), dict[bytes, KeptOut]()
    for lock in near:
        late = {id: found for id, found in verdicts.items() if any(one.lock == lock.at for one in found)}
        without = {id: _emptied(save) if id in late else save for id, save in saves.items()}
        if late and (_is_locked(lock, fold(without), dates) or _is_locked(lock, fold(saves), dates)):
            saves = without
            for id, found in late.items():
                kept_out.setdefault(id, _kept_out(document.saves()[id], lock, found))
    return _result(folded, fold(saves), tuple(kept_out.values()), dates)


def _result(folded: Folded, remaining: Folded, kept_out: tuple[KeptOut, ...], dates: Dates) -> Counted:
    if not kept_out or remaining.values == folded.values:
        return Counted(folded, (), False)
    ordered = tuple(sorted(kept_out, key=lambda one: (one.save.time, one.save.id)))
    if not dates(remaining.values):
        return Counted(folded, ordered, True)
    return Counted(remaining, ordered, False)


def _is_near(lock: Lock, document: Document, dates: Dates) -> bool:
    return any(date <= lock.until for save in document.saves().values() for date in dates(save.values))


def _is_locked(lock: Lock, folded: Folded, dates: Dates) -> bool:
    return any(date <= lock.until for date in dates(folded.values))


def _emptied(save: Save) -> Save:
    """The save as a mere link to what it builds on, so that whatever builds on it is not taken for made apart."""
    return msgspec.structs.replace(save, values={})


def _kept_out(save: Save, lock: Lock, found: list[Late]) -> KeptOut:
    return KeptOut(save, lock.at, lock.until, any(one.offence for one in found if one.lock == lock.at))
