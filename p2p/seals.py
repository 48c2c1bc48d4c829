"""Content keys on their way to a device: documents in `control/keys/<device>`, each with keys of one epoch.

There is one for each epoch, and a further one whenever more of it was granted later. The register `seals` maps the
path of each granted subtree to its key, sealed to the device. Only the keeper may write there; a device opens what is
sealed to it and passes over what does not open.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

from crdt_models.document import Document
from crdt_models.saves import pack_save
from p2p.commit import EPOCH_BYTES, Item
from p2p.errors import BadKey
from p2p.identity import DeviceKeys
from p2p.keyring import HPKE, HeldKey, KeyPlace, Sealer, open_key_untrusted, seal_key
from p2p.scope import KEYS_KIND

_REGISTER: Final = "seals"


def seal_keys(
    company: bytes,
    device: bytes,
    seal_public: bytes,
    keys: Sequence[HeldKey],
    sealer: Sealer = HPKE,
    further: bool = False,
) -> Item:
    """The save that hands a device keys of one epoch.

    Args:
        company: company id, 32 bytes.
        device: device id, 32 bytes.
        seal_public: the X25519 key of its admission, 32 bytes.
        keys: keys of subtrees, all of one epoch.
        further: whether keys of that epoch were handed over before; these come in a document of their own.
    """
    epoch = keys[0].epoch
    assert all(held.epoch == epoch for held in keys)
    seals = {
        held.path: seal_key(seal_public, KeyPlace(company, device, epoch, held.path), held.key, sealer) for held in keys
    }
    save = pack_save({_REGISTER: {**seals}, "epoch": epoch}, (), "keeper")
    # The root, whose path is empty, has to be told apart from no further keys.
    paths = "\n".join(["", *sorted(seals)]) if further else ""
    return Item(sha256(device + epoch + paths.encode("ascii")).digest()[:16], KEYS_KIND, save)


def sealed_in(document: Document) -> tuple[bytes, frozenset[str]] | None:
    """The epoch and the subtrees whose keys are in one of a device's key documents; None when it holds none."""
    values = document.fold().values
    epoch, seals = values.get("epoch"), values.get(_REGISTER)
    if not isinstance(epoch, bytes) or not isinstance(seals, dict):
        return None
    return epoch, frozenset(seals)


def open_seals(keys: DeviceKeys, company: bytes, document: Document, sealer: Sealer = HPKE) -> Iterator[HeldKey]:
    """The keys in one of this device's key documents; what does not open is passed over.

    Cost: 100 µs a key.
    """
    values = document.fold().values
    epoch, seals = values.get("epoch"), values.get(_REGISTER)
    if not isinstance(epoch, bytes) or len(epoch) != EPOCH_BYTES or not isinstance(seals, dict):
        return
    for path, sealed in sorted(seals.items()):
        if not isinstance(sealed, bytes) or not path.isascii():
            continue
        try:
            key = open_key_untrusted(keys.seal_private, KeyPlace(company, keys.id, epoch, path), sealed, sealer)
        except BadKey:
            continue
        yield HeldKey(epoch, path, key)
