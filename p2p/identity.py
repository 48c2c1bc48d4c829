"""Who a device is: its key pairs, the id made of them, and the certificate its listener shows.

A device signs with Ed25519 and receives sealed keys with X25519. Its id is the SHA-256 of its signing key, so it
cannot be chosen, and whoever shows the key and signs with it *is* the device; no authority is asked.
"""

import datetime
import os
import warnings
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from p2p.errors import BadSpelling, ProtocolError
from p2p.key_file import Seeds, read_seeds, write_seeds
from p2p.spelling import read_groups_untrusted, spell_groups

Random = Callable[[int], bytes]
"""Gives as many random bytes as asked for; `os.urandom`, or a seeded source in tests and simulations."""

DEVICE_ID_BYTES: Final = 32
AUTHOR_BYTES: Final = 8
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

_GROUP_LETTERS: Final = 13
_SHOWN_CHARS: Final = 7
_VALID_FROM: Final = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_VALID_TO: Final = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)


class DeviceKeys:
    """The private keys of one device, or of the recovery phrase, with everything that follows from them.

    Attributes:
        public: the 32 bytes of the Ed25519 key others check signatures with.
        seal_public: the 32 bytes of the X25519 key others seal content keys to.
        seal_private: the key that opens them.
        id: the device id, 32 bytes.
        author: its first 8 bytes, which name the device in commits.
    """

    __slots__ = ("_seed", "_signing", "author", "id", "public", "seal_private", "seal_public")

    def __init__(self, seed: bytes, seal_seed: bytes) -> None:
        self._seed = seed
        self._signing = Ed25519PrivateKey.from_private_bytes(seed)
        self.seal_private = X25519PrivateKey.from_private_bytes(seal_seed)
        self.public = self._signing.public_key().public_bytes_raw()
        self.seal_public = self.seal_private.public_key().public_bytes_raw()
        self.id = device_id(self.public)
        self.author = self.id[:AUTHOR_BYTES]

    @staticmethod
    def generate(random: Random) -> "DeviceKeys":
        """Return the keys of a new device, drawn from `random`."""
        return DeviceKeys(random(KEY_BYTES), random(KEY_BYTES))

    @staticmethod
    def load(path: Path, passphrase: str | None = None) -> "DeviceKeys":
        """Return the keys kept in a key file.

        Raises:
            KeyFileError: the file is missing, unreadable or damaged, or the passphrase is missing or wrong.
        """
        seeds = read_seeds(path, passphrase)
        return DeviceKeys(seeds.sign, seeds.seal)

    def save(self, path: Path, passphrase: str | None = None, random: Random = os.urandom) -> None:
        """Write the keys to a key file that only this user can read, all or nothing; it is replaced if it exists.

        Raises:
            KeyFileError: the disk refuses; the file that was there is unchanged.

        Cost: about 150 ms with a passphrase, by design.
        """
        write_seeds(Seeds(self._seed, self.seal_private.private_bytes_raw()), path, passphrase, random)

    def sign(self, context: bytes, message: bytes) -> bytes:
        """Return the 64-byte signature of `message` in `context`.

        Args:
            context: what the signature is for, such as `b"khata commit 1"`; no context is the start of another, so
                a signature given for one purpose proves nothing in another.
            message: the bytes that are signed.
        """
        return self._signing.sign(context + message)

    def certificate(self) -> bytes:
        """Return the self-signed certificate in DER: the same bytes every time, named after the device id."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, spell(self.id))])
        builder = x509.CertificateBuilder(
            issuer_name=name,
            subject_name=name,
            public_key=self._signing.public_key(),
            # A serial number is positive and at most 20 bytes; nothing depends on it.
            serial_number=int.from_bytes(self.id[:16], "big") | 1,
            not_valid_before=_VALID_FROM,
            not_valid_after=_VALID_TO,
        )
        return builder.sign(self._signing, None).public_bytes(Encoding.DER)

    def certificate_pem(self) -> bytes:
        """Return the certificate as PEM, as `ssl` loads it."""
        return x509.load_der_x509_certificate(self.certificate()).public_bytes(Encoding.PEM)

    def private_pem(self) -> bytes:
        """Return the signing key as unencrypted PKCS8 PEM, for `ssl`; never to be written where others can read."""
        return self._signing.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def __repr__(self) -> str:
        return f"DeviceKeys({spell(self.id)})"


def device_id(public: bytes) -> bytes:
    """Return the id of the device with this 32-byte Ed25519 key."""
    return sha256(public).digest()


def verify(public: bytes, signature: bytes, context: bytes, message: bytes) -> bool:
    """Tell whether `signature` is by the holder of `public` over `message` in `context`; False for any malformed key.

    Cost: 105 µs, with the GIL released.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, context + message)
    except (InvalidSignature, ValueError):
        return False
    return True


def device_id_of_certificate_untrusted(der: bytes) -> bytes:
    """Return the id of the device whose certificate a listener showed; TLS has proved that it holds the key.

    Args:
        der: the certificate as the peer sent it.

    Raises:
        ProtocolError: it is not a certificate, or not one for an Ed25519 key.
    """
    try:
        # A stranger must not be able to make this process complain, let alone stop, over a serial number below zero.
        with warnings.catch_warnings(action="ignore"):
            public = x509.load_der_x509_certificate(der).public_key()
    except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise ProtocolError("the other side showed something that is not a certificate") from error
    if not isinstance(public, Ed25519PublicKey):
        raise ProtocolError("the other side showed a certificate that is not a khata device's: its key is not Ed25519")
    return device_id(public.public_bytes_raw())


def spell(identity: bytes) -> str:
    """Return a device id (or any 32 bytes) as people read it: 8 groups of 7 characters joined by hyphens."""
    letters = "".join(spell_groups(identity, _GROUP_LETTERS))
    return "-".join(letters[cut : cut + _SHOWN_CHARS] for cut in range(0, len(letters), _SHOWN_CHARS))


def read_spelled(text: str) -> bytes:
    """Return the 32 bytes that `spell` wrote; hyphens, spaces and case do not matter.

    Args:
        text: as a person typed it.

    Raises:
        BadSpelling: it was mistyped; the message names the group.
    """
    if len(text) > 4 * DEVICE_ID_BYTES:
        raise BadSpelling("a device id has 8 groups of 7 characters; this text is far longer")
    data = read_groups_untrusted(text, _GROUP_LETTERS)
    if len(data) != DEVICE_ID_BYTES:
        raise BadSpelling("a device id has 8 groups of 7 characters; part of this one is missing or too much")
    return data
