"""Keys of the transfers between two branches: what either of the two branches can work out, and no third one.

Each branch has a secret, which its devices are handed as the key of `transfers/<branch>~`, and what is public of it
lies in `control/keys/transfers`. The key of a pair follows from the secret of one and what is public of the other
(X25519), so a company of n branches seals n secrets, and not the n² keys of their pairs.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crdt_models.document import Document
from crdt_models.saves import pack_save
from p2p.commit import EPOCH_BYTES, Item
from p2p.errors import BadKey
from p2p.identity import KEY_BYTES
from p2p.scope import KEYS_KIND

TRANSFERS: Final = "transfers"
PAIRED: Final = "~"
BRANCHES_PER_DOCUMENT_MAX: Final = 128
_REGISTER: Final = "pairs"


def pairs_path(branch: str) -> str:
    """The path whose key is the secret of a branch: that of its transfers with any other branch."""
    return f"{TRANSFERS}/{branch}{PAIRED}"


def is_pair(component: str) -> bool:
    """Whether a component of a path names two branches, and not the secret of one."""
    return PAIRED in component and not component.endswith(PAIRED)


def public_of(secret: bytes) -> bytes:
    """What is public of the secret of a branch, 32 bytes."""
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def pair_key(secret: bytes, public: bytes, pair: str) -> bytes:
    """The key of the transfers of two branches.

    Args:
        secret: of one of them.
        public: what is public of the other's.
        pair: both codes, as in the scope.

    Raises:
        BadKey: `public` is no key.

    Cost: 60 µs.
    """
    try:
        shared = X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:
        raise BadKey(f"what is public of a branch of {pair} is no key; ask the keeper for it again") from error
    return HKDF(hashes.SHA256(), KEY_BYTES, None, b"khata pair 1" + pair.encode("ascii")).derive(shared)


def publications(epoch: bytes, publics: Iterable[tuple[str, bytes]]) -> Iterator[Item]:
    """The saves that tell everybody what is public of some branches in an epoch.

    Args:
        publics: by branch code, none of which was told before.
    """
    listed = sorted(publics)
    for at in range(0, len(listed), BRANCHES_PER_DOCUMENT_MAX):
        told = dict(listed[at : at + BRANCHES_PER_DOCUMENT_MAX])
        id = sha256(b"khata pairs 1" + epoch + "\n".join(told).encode("ascii")).digest()[:16]
        yield Item(id, KEYS_KIND, pack_save({"epoch": epoch, _REGISTER: {**told}}, (), "keeper"))


def published_in(documents: Sequence[Document]) -> Iterator[tuple[bytes, str, bytes]]:
    """What such documents tell: epoch, branch code, and what is public of it; whatever is none is passed over."""
    for document in documents:
        values = document.fold().values
        epoch, publics = values.get("epoch"), values.get(_REGISTER)
        if isinstance(epoch, bytes) and len(epoch) == EPOCH_BYTES and isinstance(publics, dict):
            for code, public in sorted(publics.items()):
                if isinstance(public, bytes) and len(public) == KEY_BYTES:
                    yield epoch, code, public
