"""HPKE with the sender's randomness drawn from a seed: what it seals, the production code opens.

The library draws it from the system, and no two runs would be alike. This is RFC 9180, base mode, X25519 with
HKDF-SHA256 and ChaCha20-Poly1305, sealing only.
"""

from typing import Final

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from p2p.errors import BadKey
from p2p.identity import Random
from p2p.keyring import HPKE

_KEM: Final = b"KEM" + (0x0020).to_bytes(2, "big")
_SUITE: Final = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (0x0020, 0x0001, 0x0003))


class SeededSealer:
    """Seals as HPKE does, from a stream of randomness; opens with the library.

    Args:
        random: gives the ephemeral keys.
    """

    def __init__(self, random: Random) -> None:
        self._random = random

    def seal(self, public: bytes, info: bytes, secret: bytes) -> bytes:
        """Return `secret` sealed to the X25519 key `public`, bound to `info`.

        Raises:
            BadKey: `public` is no key to seal to.
        """
        ephemeral = X25519PrivateKey.from_private_bytes(self._random(32))
        shown = ephemeral.public_key().public_bytes_raw()
        try:
            shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public))
        except ValueError as error:
            raise BadKey("the device's key is not one to seal to; admit it again") from error
        extracted = _extract(_KEM, b"", b"eae_prk", shared)
        secret_shared = _expand(_KEM, extracted, b"shared_secret", shown + public, 32)
        context = b"\x00" + _extract(_SUITE, b"", b"psk_id_hash", b"") + _extract(_SUITE, b"", b"info_hash", info)
        schedule = _extract(_SUITE, secret_shared, b"secret", b"")
        key, nonce = (
            _expand(_SUITE, schedule, b"key", context, 32),
            _expand(_SUITE, schedule, b"base_nonce", context, 12),
        )
        return shown + ChaCha20Poly1305(key).encrypt(nonce, secret, b"")

    def open_untrusted(self, private: X25519PrivateKey, info: bytes, sealed: bytes) -> bytes:
        """Return what `sealed` holds. Raises `BadKey` as `HPKE` does."""
        return HPKE.open_untrusted(private, info, sealed)


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    mac = hmac.HMAC(salt or bytes(32), hashes.SHA256())
    mac.update(b"HPKE-v1" + suite + label + material)
    return mac.finalize()


def _expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return HKDFExpand(hashes.SHA256(), length, labelled).derive(key)
