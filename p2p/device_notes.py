"""What devices say of themselves: one document each in `control/devices`, of which only the device's own saves count.

It travels with `control/**`, so every member and every relay reads it: where a device can be reached, which khata it
runs, which invitations are open, what an admin asks of the keeper and what became of it.
"""

from collections.abc import Mapping
from typing import Final

from crdt_models import folding
from crdt_models.document import Document
from crdt_models.packing import Value
from crdt_models.saves import Save, pack_save
from p2p.commit import Commit
from p2p.identity import AUTHOR_BYTES
from p2p.packed import DOCUMENT_ID_BYTES, Item
from p2p.replica import Replica
from p2p.scope import DEVICES_SCOPE

DEVICE_KIND: Final = "device"

ADDRESSES: Final = "addresses"
"""Where the device listens: a list of `HOST:PORT`."""


def note_of(replica: Replica, device: bytes) -> dict[str, Value]:
    """What a device says of itself, register by register; whatever it holds, nobody has checked it.

    Args:
        device: its id, 32 bytes.
    """
    return folding.fold(_own_saves(_document_of(replica, device), device)).values


def _document_of(replica: Replica, device: bytes) -> Document | None:
    return replica.document(DEVICES_SCOPE, DEVICE_KIND, device[:DOCUMENT_ID_BYTES])


def _own_saves(document: Document | None, device: bytes) -> dict[bytes, Save]:
    """What a device saved of itself, by save id: nothing that others wrote there counts, and none of it is built on.

    Every member may write there, so whoever built on all would build on as much as any of them likes.
    """
    saves = {} if document is None else document.saves()
    author = device[:AUTHOR_BYTES]
    return {id: save for id, save in saves.items() if save.author == author}


def stored_notes(replica: Replica) -> list[tuple[bytes, bytes]]:
    """Every member with its note as it is stored, by device id: another note has other bytes; none has none."""
    stored = dict(replica.documents.updates(DEVICES_SCOPE, DEVICE_KIND))
    members = sorted(one.device for one in replica.chain.members.values() if one.revoked_at is None)
    return [(device, stored.get(device[:DOCUMENT_ID_BYTES], b"")) for device in members]


def read_note(device: bytes, stored: bytes) -> dict[str, Value]:
    """What a stored note says, as `note_of` does. Cost: 40 µs."""
    id = device[:DOCUMENT_ID_BYTES]
    document = Document.from_update(DEVICES_SCOPE, DEVICE_KIND, id, stored) if stored else None
    return folding.fold(_own_saves(document, device)).values


def save_note(replica: Replica, values: Mapping[str, Value], user: str, now: int) -> Commit | None:
    """Say something of this device; nothing is written where it says so already.

    Args:
        values: the registers to set.
        user: who works here.
        now: ms since 1970.

    Raises:
        NotAllowed: this device was revoked, or has no key of `control` yet; nothing was written.
    """
    with replica.transaction():
        replica.refresh()
        own = _own_saves(_document_of(replica, replica.keys.id), replica.keys.id)
        said = folding.fold(own).values
        changed = {register: value for register, value in values.items() if said.get(register) != value}
        if not changed:
            return None
        id = replica.keys.id[:DOCUMENT_ID_BYTES]
        save = pack_save(changed, folding.heads(own.values()), user)
        return replica.commit(DEVICES_SCOPE, [Item(id, DEVICE_KIND, save)], now)
