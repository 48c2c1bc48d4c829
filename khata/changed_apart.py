"""Cancelled by one, changed by another who did not know: a document that stays cancelled, and what it would say.

The two set different registers, so nothing clashes, and nobody would ever see that a change came to nothing.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from crdt_models.document import Document
from crdt_models.folding import ancestor_sets, causal_order
from crdt_models.masters import SOURCE
from crdt_models.saves import Save

CANCELLED_BESIDE_CHANGE: Final = "cancelled-beside-change"
"""The code of the problem, which `khata.cancelled_problems` tells."""

CHANGED_APART: Final = "it was cancelled while somebody, apart from that, changed it"
"""How it stands in the table of what is wrong with documents."""

_CANCELLED: Final = "cancelled"
_SAVES_MIN: Final = 3
"""It is made, cancelled and changed."""

Counts = Callable[[str, bytes], bool]
"""Whether a register may be set by an author (8 bytes), and is one that people change."""


class Apart(NamedTuple):
    """The saves that cancelled a document, those that changed it apart from them, and the registers that differ."""

    cancels: tuple[Save, ...]
    changes: tuple[Save, ...]
    registers: tuple[str, ...]


def any_register(register: str, author: bytes) -> bool:
    """What counts of a voucher: all but the cancelling itself, and how sources of imports know it."""
    return register != _CANCELLED and not register.startswith(SOURCE)


def changed_apart(document: Document, counts: Counts = any_register) -> Apart | None:
    """What was changed of a cancelled document by those who did not know that, and whom its cancelling did not know.

    Args:
        counts: which registers, set by whom, are changes.

    Returns:
        None where nothing was, or where it says the same as when it was cancelled.

    Cost: nothing for fewer than three saves, else a few folds.
    """
    if len(document.saves()) < _SAVES_MIN:
        return None
    causal = causal_order(document.saves())
    ancestors = ancestor_sets(causal)
    cancels = [at for at, save in enumerate(causal) if save.values.get(_CANCELLED) is True]
    cancelling = sum(1 << at for at in cancels)
    known = cancelling
    for at in cancels:
        known |= ancestors[at]
    apart = [save for at, save in enumerate(causal) if not known >> at & 1 and not ancestors[at] & cancelling]
    if not cancels or not apart:
        return None
    seen, now = document.fold_at([causal[at].id for at in cancels]).values, document.fold().values
    registers = {
        register
        for save in apart
        for register in save.values
        if counts(register, save.author) and now.get(register) != seen.get(register)
    }
    changes = tuple(save for save in apart if registers & save.values.keys())
    return Apart(tuple(causal[at] for at in cancels), changes, tuple(sorted(registers))) if changes else None
