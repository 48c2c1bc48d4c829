"""The edit log of one document: every save with what it changed, what it settled, what it did not know of, and where it
stands among the saves of all documents.

**Order.** Within a document every save comes after the saves it builds on, otherwise by (time, id), as
`folding.causal_order` says. Its place in the log of all documents is (rank, step, save id): the rank is the latest time
in its document up to there, the step counts the saves since the rank last rose. So the log of everything is a merge of
the logs of its documents and keeps the order of each, and what a filter lets through stands in the order it has in the
whole. It depends on the saves alone. A clock that is ten years off moves the saves that build on what it signed, and no
others: ranks follow parents, which are within a document, and not the chain of all that a device ever signed, or one
wrong evening would push everything that device does afterwards to the end of the log for ten years.
"""

from collections.abc import Mapping
from typing import NamedTuple

from crdt_models.folding import Claim, ancestor_sets, causal_order, claims_of, undominated
from crdt_models.packing import Value, pack
from crdt_models.saves import Save


class Place(NamedTuple):
    """Where a save stands among the saves of all documents; of equal places the save's id decides."""

    rank_ms: int
    step: int


class LoggedChange(NamedTuple):
    """What one save did to one register.

    Attributes:
        before: what showed to its author; None when nothing did.
        settled: the values its author saw in conflict, which this ended; empty where there was none.
        beside: other values that stood already, which its author did not know of: here a conflict began.
    """

    register: str
    before: Value
    after: Value
    settled: tuple[Claim, ...]
    beside: tuple[Claim, ...]


class LoggedSave(NamedTuple):
    """One line of the log. `first` says that it knew of no save before it."""

    save: Save
    place: Place
    first: bool
    changes: tuple[LoggedChange, ...]

    @property
    def behind_ms(self) -> int:
        """By how much its author's clock was behind that of a save which certainly came before; 0 where it was not."""
        return self.place.rank_ms - self.save.time


def places(saves: Mapping[bytes, Save]) -> list[tuple[Place, Save]]:
    """The saves of one document in causal order, each with its place in the log of all documents.

    Cost: linear for one save.
    """
    if len(saves) == 1:
        return [(Place(save.time, 0), save) for save in saves.values()]
    found, place = [], Place(-1, 0)
    for save in causal_order(saves):
        place = Place(save.time, 0) if save.time > place.rank_ms else Place(place.rank_ms, place.step + 1)
        found.append((place, save))
    return found


def edit_log(saves: Mapping[bytes, Save]) -> list[LoggedSave]:
    """The log of one document in causal order.

    Cost: with n saves, n sets of n bits, and for each change the saves of that register.
    """
    placed = places(saves)
    causal = [save for _, save in placed]
    ancestors = ancestor_sets(causal)
    setters: dict[str, list[int]] = {}
    entries = []
    for at, (place, save) in enumerate(placed):
        changes = tuple(
            _change(register, after, setters.get(register, []), causal, ancestors, ancestors[at])
            for register, after in sorted(save.values.items())
        )
        entries.append(LoggedSave(save, place, not ancestors[at] and not save.parents, changes))
        for register in save.values:
            setters.setdefault(register, []).append(at)
    return entries


def _change(
    register: str, after: Value, earlier: list[int], causal: list[Save], ancestors: list[int], known: int
) -> LoggedChange:
    """What a save did to a register that these earlier saves had set, knowing those in the bits of `known`."""
    seen = undominated([at for at in earlier if known >> at & 1], ancestors)
    unseen = undominated([at for at in earlier if not known >> at & 1], ancestors)
    claims = claims_of(register, [causal[at] for at in seen])
    packed = pack(after) if unseen else b""
    beside = claims_of(register, [causal[at] for at in unseen if pack(causal[at].values[register]) != packed])
    return LoggedChange(register, claims[0].value if claims else None, after, claims if len(claims) > 1 else (), beside)
