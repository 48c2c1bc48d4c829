"""A master created at one branch while another, apart from it, renamed or deleted the master of that name.

Both meant different things under one id: the one an account that should now be called otherwise or be gone, the other
a new account. Merging cannot know, so a person has to look, until somebody saves with knowledge of both.
"""

from crdt_models.document import Document
from crdt_models.folding import ancestor_sets, causal_order
from crdt_models.masters import normalised
from crdt_models.saves import ORIGIN_INIT, Save
from khata.reading import Fault

CREATED_AGAINST_RENAME = "creation-against-rename"
CREATED_AGAINST_DELETION = "creation-against-deletion"


def creation_faults(document: Document) -> list[Fault]:
    """What a person should know about creations in a master's history that stand beside a renaming or deletion.

    Cost: quadratic in the creations and renamings of this one master.
    """
    causal = causal_order(document.saves())
    ancestors = ancestor_sets(causal)
    creations = [at for at, save in enumerate(causal) if _creates(save)]
    faults: set[Fault] = set()
    for at, save in enumerate(causal):
        if not save.parents or not save.values.keys() & {"name", "deleted", "merged_into"}:
            continue
        for creation in creations:
            known_to_both = any(set_ >> at & 1 and set_ >> creation & 1 for set_ in ancestors)
            if known_to_both or ancestors[at] >> creation & 1:
                continue
            fault = _fault(causal[creation], save)
            if fault is not None:
                faults.add(fault)
    return sorted(faults)


def _creates(save: Save) -> bool:
    return not save.parents and "name" in save.values and save.origin != ORIGIN_INIT


def _fault(creation: Save, against: Save) -> Fault | None:
    created, name = creation.values["name"], against.values.get("name")
    if against.values.get("deleted") is True or against.values.get("merged_into") is not None:
        what = "deleted it" if against.values.get("deleted") is True else "merged it into another"
        text = f"{creation.user or 'somebody'} created {created!r} while {against.user or 'somebody'} {what}"
        return Fault(CREATED_AGAINST_DELETION, text)
    if isinstance(name, str) and isinstance(created, str) and normalised(name) != normalised(created):
        return Fault(
            CREATED_AGAINST_RENAME,
            f"{creation.user or 'somebody'} created {created!r} while {against.user or 'somebody'} renamed it {name!r}",
        )
    return None
