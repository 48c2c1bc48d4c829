"""Content keys: one random root per epoch, and a key for every path below it.

The key of a path is derived from its parent's by HKDF, component by component, so a device that is handed the key of
`vouchers/pun` can make the keys of all scopes below it and of none beside it. A grant hands over one such key, sealed
to the device. What was handed over cannot be taken back: revoking starts a new epoch for what comes after. The keys of
transfers between two branches are the one exception to the tree: see `pairs`.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from p2p.commit import EPOCH_BYTES
from p2p.errors import BadKey
from p2p.identity import KEY_BYTES, Random
from p2p.pairs import PAIRED, TRANSFERS, is_pair, pair_key, pairs_path, public_of

ROOT: Final = ""
"""The path of an epoch's root key, from which every other follows."""

_CACHED_KEYS_MAX: Final = 20_000


def epoch_id(root: bytes) -> bytes:
    """Return the 8 bytes that name the epoch with this root key."""
    return sha256(b"khata epoch 1" + root).digest()[:EPOCH_BYTES]


def derive_key(key: bytes, path: str) -> bytes:
    """Return the key of a path, given the key of the node it starts from.

    Args:
        key: 32 bytes.
        path: relative to that node, such as `sales/2026-04`; empty is the node itself.
    """
    for component in path.split("/") if path else ():
        key = HKDFExpand(hashes.SHA256(), KEY_BYTES, b"khata path 1" + component.encode("ascii")).derive(key)
    return key


class HeldKey(NamedTuple):
    """A key a device was handed: the epoch, the path of the subtree it opens, and its 32 bytes."""

    epoch: bytes
    path: str
    key: bytes

    def __repr__(self) -> str:
        return f"HeldKey({self.epoch.hex()}, {self.path!r})"


class Keyring:
    """The content keys this device holds, and those that follow from them."""

    __slots__ = ("_derived", "_held", "_publics")

    def __init__(self, held: Iterable[HeldKey] = ()) -> None:
        self._held: dict[tuple[bytes, str], bytes] = {}
        self._derived: dict[tuple[bytes, str], bytes | None] = {}
        self._publics: dict[tuple[bytes, str], bytes] = {}
        for epoch, path, key in held:
            self.add(epoch, path, key)

    @staticmethod
    def new_epoch(random: Random) -> tuple[bytes, bytes]:
        """Return the id (8 bytes) and the root key (32 bytes) of a new epoch; nothing is added."""
        root = random(KEY_BYTES)
        return epoch_id(root), root

    def dump(self) -> list[HeldKey]:
        """Return what has to be kept to make the same keyring again, in a fixed order; every byte of it is secret."""
        return [HeldKey(epoch, path, key) for (epoch, path), key in sorted(self._held.items())]

    def add(self, epoch: bytes, path: str, key: bytes) -> None:
        """Hold the key of a subtree.

        Args:
            epoch: 8 bytes.
            path: the subtree's path; empty is the root.
            key: 32 bytes.

        Raises:
            BadKey: it is no key, or a root key that is not the root of that epoch; nothing is held then.
        """
        if len(key) != KEY_BYTES or len(epoch) != EPOCH_BYTES:
            raise BadKey(f"the key of {path or 'the root'} is malformed; ask the keeper for it again")
        if path == ROOT and epoch_id(key) != epoch:
            raise BadKey(f"that is not the root key of epoch {epoch.hex()}; ask the keeper for it again")
        self._held[epoch, path] = key
        self._derived.clear()

    def add_public(self, epoch: bytes, branch: str, public: bytes) -> bool:
        """Know what is public of the secret of a branch, for the keys of pairs; whether that was not known."""
        if self._publics.get((epoch, branch)) == public:
            return False
        self._publics[epoch, branch] = public
        self._derived.clear()
        return True

    @property
    def needs_publics(self) -> bool:
        """Whether the secret of a branch is held, which makes keys only together with what is public of others."""
        return any(path.startswith(TRANSFERS) and path.endswith(PAIRED) for _, path in self._held)

    def key(self, epoch: bytes, scope: str) -> bytes | None:
        """Return the key of a scope or subtree in an epoch, or None when nothing held leads to it.

        Cost: 5 µs for each component below the nearest held subtree the first time, then a lookup.
        """
        place = epoch, scope
        if place not in self._derived:
            if len(self._derived) >= _CACHED_KEYS_MAX:
                self._derived.clear()
            self._derived[place] = self._derive(epoch, scope)
        return self._derived[place]

    def _derive(self, epoch: bytes, scope: str) -> bytes | None:
        ancestor = scope
        while True:
            held = self._held.get((epoch, ancestor))
            if held is not None:
                return _descend(held, ancestor, scope)
            if not ancestor:
                return self._derive_of_pair(epoch, scope)
            ancestor = ancestor.rpartition("/")[0]

    def _derive_of_pair(self, epoch: bytes, scope: str) -> bytes | None:
        """The key of a transfer between two branches, of one of which the secret is held."""
        root, _, below = scope.partition("/")
        pair, _, rest = below.partition("/")
        if root != TRANSFERS or not is_pair(pair):
            return None
        one, _, other = pair.partition(PAIRED)
        for mine, theirs in ((one, other), (other, one)):
            secret, public = self._held.get((epoch, pairs_path(mine))), self._publics.get((epoch, theirs))
            if secret is not None and public is not None:
                try:
                    return derive_key(pair_key(secret, public, pair), rest)
                except BadKey:
                    continue
        return None

    def current(self, epochs: Sequence[bytes], scope: str) -> tuple[bytes, bytes] | None:
        """Return the epoch and key to seal a new commit with, or None when nothing held leads to the scope.

        A device seals under the newest epoch it holds, which after a revocation is the one before the newest until the
        new key has reached it.

        Args:
            epochs: the ids of the company's epochs in the order of the control chain.
            scope: where the commit will lie.
        """
        for epoch in reversed(epochs):
            key = self.key(epoch, scope)
            if key is not None:
                return epoch, key
        return None

    def __repr__(self) -> str:
        return f"Keyring({', '.join(f'{epoch.hex()}:{path or ROOT!r}' for epoch, path in sorted(self._held))})"


def _descend(key: bytes, at: str, path: str) -> bytes:
    """The key of a path at or below another path of which the key is given."""
    components = path[len(at) :].strip("/").split("/") if path != at else []
    for component in components:
        if at == TRANSFERS and is_pair(component):
            one, _, other = component.partition(PAIRED)
            key = pair_key(derive_key(key, one + PAIRED), public_of(derive_key(key, other + PAIRED)), component)
        else:
            key = derive_key(key, component)
        at = f"{at}/{component}" if at else component
    return key


class KeyPlace(NamedTuple):
    """What a sealed key is for; it opens for exactly this and nothing else.

    Attributes:
        company: company id, 32 bytes.
        device: id of the device it is sealed to, 32 bytes.
        epoch: 8 bytes.
        path: the subtree it opens; empty is the root.
    """

    company: bytes
    device: bytes
    epoch: bytes
    path: str

    @property
    def info(self) -> bytes:
        """What HPKE binds the sealed key to; all but the path, which is last, have a fixed length."""
        return b"khata key 1" + self.company + self.device + self.epoch + self.path.encode("ascii")


class Sealer(Protocol):
    """How secrets are sealed to a device; a simulation brings one that draws from its own seeded randomness."""

    def seal(self, public: bytes, info: bytes, secret: bytes) -> bytes:
        """Return `secret` sealed to the X25519 key `public`, bound to `info`."""
        ...

    def open_untrusted(self, private: X25519PrivateKey, info: bytes, sealed: bytes) -> bytes:
        """Return what `sealed` holds; raise `BadKey` for anything that was not sealed to this key and `info`."""
        ...


class HpkeSealer:
    """HPKE (RFC 9180) with X25519, HKDF-SHA256 and ChaCha20-Poly1305: 48 bytes over; the sealer stays anonymous."""

    _suite: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)

    def seal(self, public: bytes, info: bytes, secret: bytes) -> bytes:
        """Return `secret` sealed to the X25519 key `public`, bound to `info`.

        Raises:
            BadKey: `public` is no key to seal to.
        """
        try:
            return self._suite.encrypt(secret, X25519PublicKey.from_public_bytes(public), info)
        except ValueError as error:
            raise BadKey("the device's key is not one to seal to; admit it again") from error

    def open_untrusted(self, private: X25519PrivateKey, info: bytes, sealed: bytes) -> bytes:
        """Return what `sealed` holds.

        Raises:
            BadKey: it was not sealed to this key and `info`, or was damaged.
        """
        try:
            return self._suite.decrypt(sealed, private, info)
        except (InvalidTag, ValueError) as error:
            raise BadKey("a sealed secret does not open here; ask whoever sent it to send it again") from error


HPKE: Final[Sealer] = HpkeSealer()


def seal_key(seal_public: bytes, place: KeyPlace, key: bytes, sealer: Sealer = HPKE) -> bytes:
    """Return the key of a subtree, sealed to the device it is granted to.

    Args:
        seal_public: the device's X25519 key from its admission, 32 bytes.
        place: what the key is for.
        key: 32 bytes.
        sealer: how; HPKE unless in a simulation.
    """
    return sealer.seal(seal_public, place.info, key)


def open_key_untrusted(seal_private: X25519PrivateKey, place: KeyPlace, sealed: bytes, sealer: Sealer = HPKE) -> bytes:
    """Return the key of a subtree that the keeper sealed to this device.

    Raises:
        BadKey: it was sealed for another device, company, epoch or path, or was damaged.
    """
    key = sealer.open_untrusted(seal_private, place.info, sealed)
    if len(key) != KEY_BYTES:
        raise BadKey(f"the key of {place.path or 'the root'} is malformed; ask the keeper for it again")
    return key
