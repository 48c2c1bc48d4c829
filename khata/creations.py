"""A master created at one branch while another, apart from it, renamed, deleted or merged the master of that name.

Both meant different things under one id: the one an account that should now be called otherwise or be gone, the other
a new account. Merging cannot know, so a person has to say: split it, or accept that both are one. Settling what it is
called is no answer to that. Only for a deletion there is a third: nothing used what was deleted, so whoever knows of
both and says whether it is deleted has answered.
"""

from typing import NamedTuple

from crdt_models.document import Document
from crdt_models.folding import ancestor_sets, causal_order
from crdt_models.masters import normalised
from crdt_models.saves import ORIGIN_INIT, Save
from khata.reading import Fault

CREATED_AGAINST_RENAME = "creation-against-rename"
CREATED_AGAINST_DELETION = "creation-against-deletion"

SPLIT = "split:"
"""Begins the register that says of a creation (its save id follows, in hex) which master it became."""


class Beside(NamedTuple):
    """A creation, what others did to the master of that name without knowing of it, and the problem's code."""

    creation: Save
    against: tuple[Save, ...]
    code: str


class _Line(NamedTuple):
    """Saves in causal order, and for each those it descends from, as bits."""

    saves: list[Save]
    ancestors: list[int]

    def knows(self, at: int, other: int) -> bool:
        """Whether a save descends from another, or is it."""
        return at == other or bool(self.ancestors[at] >> other & 1)


def creation_faults(document: Document) -> list[Fault]:
    """Whether creations in a master's history stand beside a renaming, deletion or merging; who did it is said later.

    Cost: nothing for a master that was created once; else quadratic in its creations and renamings.
    """
    return sorted({
        Fault(beside.code, f"{beside.creation.values['name']!r} was created while another of that name was changed")
        for beside in creations_beside(document)
    })  # fmt: skip


def creations_beside(document: Document) -> list[Beside]:
    """The creations that stand beside a renaming, deletion or merging and have not been split off since."""
    saves = document.saves()
    if sum(not save.parents for save in saves.values()) < 2:
        return []
    causal = causal_order(saves)
    line = _Line(causal, ancestor_sets(causal))
    split = {register for save in causal for register, value in save.values.items() if value is not None}
    found = []
    for at, creation in enumerate(causal):
        if is_creation(creation) and f"{SPLIT}{creation.id.hex()}" not in split:
            against = [other for other in range(len(causal)) if _clashes(line, at, other)]
            for code in (CREATED_AGAINST_RENAME, CREATED_AGAINST_DELETION):
                these = tuple(causal[other] for other in against if _code(creation, causal[other]) == code)
                if these:
                    found.append(Beside(creation, these, code))
    return found


def is_creation(save: Save) -> bool:
    """Whether a save is the first word of somebody about a master that was not there for them."""
    return not save.parents and "name" in save.values and save.origin != ORIGIN_INIT


def made_apart(document: Document, creation: Save) -> list[Save]:
    """A creation and what was built on it by those who knew of no other beginning, in causal order."""
    causal = causal_order(document.saves())
    line = _Line(causal, ancestor_sets(causal))
    at = causal.index(creation)
    roots = [other for other, save in enumerate(causal) if not save.parents and other != at]
    return [
        save
        for here, save in enumerate(causal)
        if line.knows(here, at) and not any(line.knows(here, root) for root in roots)
    ]


def _clashes(line: _Line, creation: int, other: int) -> bool:
    """Whether a save changed what the creation is about without knowing of it, and nobody has answered since."""
    save = line.saves[other]
    if not save.parents or line.knows(other, creation) or _code(line.saves[creation], save) is None:
        return False
    here = {known.id for known in line.saves}
    if any(parent not in here for at in range(len(line.saves)) if line.knows(other, at)
           for parent in line.saves[at].parents):  # fmt: skip
        # What it builds on is still on its way, and may turn out to be this creation.
        return False
    deletes = save.values.get("deleted") is True
    return not deletes or not any(
        "deleted" in answer.values and line.knows(at, creation) and line.knows(at, other)
        for at, answer in enumerate(line.saves)
    )


def _code(creation: Save, against: Save) -> str | None:
    """Which problem it is that this save stands beside that creation."""
    if against.values.get("deleted") is True or against.values.get("merged_into") is not None:
        return CREATED_AGAINST_DELETION
    created, name = creation.values["name"], against.values.get("name")
    if isinstance(name, str) and isinstance(created, str) and normalised(name) != normalised(created):
        return CREATED_AGAINST_RENAME
    return None
