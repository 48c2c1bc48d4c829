"""Which saves of a document were made apart from one that ended it: a voucher cancelled here, altered there.

They touch different registers, so no register is in conflict, and the end stands. Whoever reads the log is told all the
same that one did not know of the other.
"""

from collections.abc import Mapping
from typing import Final

from crdt_models.folding import ancestor_sets, causal_order
from crdt_models.saves import Save

ENDS: Final = {"cancelled": "cancelled", "deleted": "deleted"}
"""The registers that end a document, and what they say was done to it."""

ALTERED: Final = "altered"
_TOLD_MAX: Final = 5
"""How many of those that a save did not know of are told; where there were more, the latest."""

Apart = list[tuple[Save, str]]


def made_apart(saves: Mapping[bytes, Save]) -> dict[bytes, Apart]:
    """For each save of a document, by id, the earlier ones of the log that it did not know of, and what these did.

    Only pairs count of which one ended the document and the other changed something else in it.

    Cost: nothing where nothing ended the document; else, with n saves, n sets of n bits.
    """
    if len(saves) < 2 or not any(_end(save) for save in saves.values()):
        return {}
    causal = causal_order(saves)
    ancestors = ancestor_sets(causal)
    found: dict[bytes, Apart] = {}
    for at, save in enumerate(causal):
        unknown = [causal[before] for before in range(at) if not ancestors[at] >> before & 1]
        apart = [(other, _end(other) or ALTERED) for other in unknown if _crosses(save, other)]
        if apart:
            found[save.id] = apart[-_TOLD_MAX:]
    return found


def _end(save: Save) -> str:
    return next((did for register, did in ENDS.items() if save.values.get(register) is True), "")


def _crosses(first: Save, second: Save) -> bool:
    return any(_end(one) and set(other.values) - ENDS.keys() for one, other in ((first, second), (second, first)))
