"""`device.key`: the private keys of this device on its disk, locked with a passphrase when the user sets one.

The file is msgpack. Locked, the keys are sealed with ChaCha20-Poly1305 under a key that Argon2id makes of the
passphrase with 64 MiB of memory; PKCS8's own encryption, 2,048 rounds of PBKDF2, would not hold a thief up.
"""

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from msgspec import Meta

from p2p.errors import DECODE_ERRORS, KeyFileError
from p2p.limits import ARGON2_LANES_MAX, ARGON2_MEMORY_KIB_MAX, ARGON2_PASSES_MAX, KEY_FILE_BYTES_MAX

KEY_FILE_VERSION: Final = 1
ARGON2_MEMORY_KIB: Final = 64 * 1024
ARGON2_PASSES: Final = 3
ARGON2_LANES: Final = 1

_AAD: Final = b"khata device key 1"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_SALT_BYTES: Final = 16

_Secret = Annotated[bytes, Meta(min_length=_KEY_BYTES, max_length=_KEY_BYTES)]


class Seeds(msgspec.Struct, frozen=True):
    """The two secrets of a device, 32 bytes each: to sign, and to open what is sealed to it."""

    sign: _Secret
    seal: _Secret


class _Lock(msgspec.Struct, frozen=True):
    salt: Annotated[bytes, Meta(min_length=_SALT_BYTES, max_length=_SALT_BYTES)]
    memory_kib: Annotated[int, Meta(ge=8, le=ARGON2_MEMORY_KIB_MAX)]
    passes: Annotated[int, Meta(ge=1, le=ARGON2_PASSES_MAX)]
    lanes: Annotated[int, Meta(ge=1, le=ARGON2_LANES_MAX)]
    nonce: Annotated[bytes, Meta(min_length=_NONCE_BYTES, max_length=_NONCE_BYTES)]

    def opener(self, passphrase: str) -> ChaCha20Poly1305:
        kdf = Argon2id(
            salt=self.salt, length=_KEY_BYTES, iterations=self.passes, lanes=self.lanes, memory_cost=self.memory_kib
        )
        # The same letters typed on another keyboard must be the same passphrase.
        return ChaCha20Poly1305(kdf.derive(unicodedata.normalize("NFKC", passphrase).encode("utf-8")))


class _KeyFile(msgspec.Struct, frozen=True, omit_defaults=True):
    version: int
    keys: bytes
    lock: _Lock | None = None


def write_seeds(seeds: Seeds, path: Path, passphrase: str | None, random: Callable[[int], bytes]) -> None:
    """Write the secrets to `path`, readable by this user alone, all or nothing.

    Args:
        seeds: what to keep.
        path: the file; replaced when it exists.
        passphrase: what unlocks it, or None to rely on the file's permissions.
        random: gives salt and nonce.

    Raises:
        KeyFileError: the disk refuses; the file that was there is unchanged.

    Cost: about 150 ms with a passphrase, by design.
    """
    plain = msgspec.msgpack.encode(seeds)
    if passphrase is None:
        content = _KeyFile(KEY_FILE_VERSION, plain)
    else:
        lock = _Lock(random(_SALT_BYTES), ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES, random(_NONCE_BYTES))
        content = _KeyFile(KEY_FILE_VERSION, lock.opener(passphrase).encrypt(lock.nonce, plain, _AAD), lock)
    try:
        _write(path, msgspec.msgpack.encode(content))
    except OSError as error:
        raise KeyFileError(f"the key file {path} could not be written: {error.strerror}; check the disk") from error


def read_seeds(path: Path, passphrase: str | None) -> Seeds:
    """Return the secrets kept at `path`.

    Raises:
        KeyFileError: the file is missing, unreadable or damaged, or the passphrase is missing or wrong.
    """
    content = _read(path)
    plain = content.keys
    if content.lock is not None:
        if passphrase is None:
            raise KeyFileError(f"the key file {path} is locked; give its passphrase")
        try:
            plain = content.lock.opener(passphrase).decrypt(content.lock.nonce, content.keys, _AAD)
        except InvalidTag as error:
            raise KeyFileError(f"that is not the passphrase of {path}; try again, or restore the file") from error
    try:
        return msgspec.msgpack.decode(plain, type=Seeds)
    except DECODE_ERRORS as error:
        raise KeyFileError(f"the key file {path} is damaged; restore it from a backup") from error


def _read(path: Path) -> _KeyFile:
    try:
        with path.open("rb") as file:
            data = file.read(KEY_FILE_BYTES_MAX + 1)
    except FileNotFoundError as error:
        raise KeyFileError(f"there is no key file {path}; is this the folder of the books?") from error
    except OSError as error:
        raise KeyFileError(f"the key file {path} cannot be read: {error.strerror}; check whose it is") from error
    try:
        if len(data) > KEY_FILE_BYTES_MAX:
            raise KeyFileError(f"{path} is not a key file: it is larger than any; restore it from a backup")
        content = msgspec.msgpack.decode(data, type=_KeyFile)
    except DECODE_ERRORS as error:
        raise KeyFileError(f"the key file {path} is damaged; restore it from a backup") from error
    if content.version != KEY_FILE_VERSION:
        raise KeyFileError(f"the key file {path} is of version {content.version}; update khata to read it")
    return content


def _write(path: Path, data: bytes) -> None:
    # A crash leaves the old file or the new one: written beside, made durable, then put in its place.
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
