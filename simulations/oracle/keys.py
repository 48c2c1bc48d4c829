"""The content keys that nobody but members may have, derived from epoch roots by protocol.md §4."""

from collections.abc import Iterator
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

_hpke = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def epoch_of(root: bytes) -> bytes:
    """The 8 bytes that name the epoch of a root."""
    return sha256(b"khata epoch 1" + root).digest()[:8]


class Keys:
    """Every key of a company, by epoch and path."""

    def __init__(self) -> None:
        self._keys: dict[tuple[bytes, str], bytes] = {}

    def add_root(self, root: bytes) -> None:
        """Know the root of an epoch."""
        self._keys[epoch_of(root), ""] = root

    def has(self, epoch: bytes) -> bool:
        """Whether the root of an epoch is known."""
        return (epoch, "") in self._keys

    def key(self, epoch: bytes, path: str) -> bytes | None:
        """The key of a path in an epoch; None while its root is not known."""
        found = self._keys.get((epoch, path))
        if found is not None or not path:
            return found
        above, _, last = path.rpartition("/")
        if above == "transfers" and "~" in last and not last.endswith("~"):
            found = self._of_pair(epoch, last)
        else:
            parent = self.key(epoch, above)
            found = None if parent is None else _below(parent, last)
        if found is not None:
            self._keys[epoch, path] = found
        return found

    def _of_pair(self, epoch: bytes, pair: str) -> bytes | None:
        one, other = (self.key(epoch, f"transfers/{code}~") for code in pair.split("~"))
        if one is None or other is None:
            return None
        public = X25519PrivateKey.from_private_bytes(other).public_key().public_bytes_raw()
        shared = X25519PrivateKey.from_private_bytes(one).exchange(X25519PublicKey.from_public_bytes(public))
        return HKDF(hashes.SHA256(), 32, None, b"khata pair 1" + pair.encode()).derive(shared)

    def secret(self) -> Iterator[tuple[str, bytes]]:
        """Every key worked out so far that a relay may not have, with what it opens."""
        for (epoch, path), key in self._keys.items():
            if path != "control" and not path.startswith("control/"):
                yield f"{path or 'everything'} in epoch {epoch.hex()}", key


def _below(key: bytes, component: str) -> bytes:
    return HKDFExpand(hashes.SHA256(), 32, b"khata path 1" + component.encode()).derive(key)


def opened_root(private: bytes, company: bytes, device: bytes, epoch: bytes, sealed: bytes) -> bytes | None:
    """The root of an epoch that was sealed to a device; None where it does not open with this key."""
    info = b"khata key 1" + company + device + epoch
    try:
        root: bytes = _hpke.decrypt(sealed, X25519PrivateKey.from_private_bytes(private), info)
    except (InvalidTag, ValueError):
        return None
    return root if epoch_of(root) == epoch else None
