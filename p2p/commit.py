"""A commit: saves of documents in one scope, signed by the device that made them and sealed end to end.

    header     = msgpack [1, scope, author, time, prev, seen, epoch, sha256(ciphertext)]
    id         = sha256(header)
    signature  = Ed25519(device key, "khata commit 1" || id)
    ciphertext = nonce(12) || ChaCha20-Poly1305(key(epoch, scope), nonce, content, aad = header fields before the hash)

It is stored as it was received, for ever, and named by its id everywhere. The header can outlive its body: a commit
without ciphertext was pruned by a relay, and its header and signature still verify. In `control/keys` the content is
itself sealed keys, so the epoch is empty and the ciphertext is the plain content.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from msgspec import Meta

from p2p.errors import DECODE_ERRORS, BadCommit, BadScope, CommitTooLarge
from p2p.identity import AUTHOR_BYTES, SIGNATURE_BYTES, DeviceKeys, Random, verify
from p2p.limits import COMMIT_SEALED_BYTES_MAX, HEADER_BYTES_MAX, SCOPE_CHARS_MAX, SEQUENCE_MAX, TIME_MS_MAX
from p2p.packed import Item, pack_items, unpack_items_untrusted
from p2p.scope import check_scope, is_keys_scope

__all__ = [
    "Commit",
    "Header",
    "Item",
    "Seen",
    "make_commit",
    "open_commit",
    "parse_commit_untrusted",
    "seal_commit",
    "signature_ok",
    "size_of",
]

COMMIT_VERSION: Final = 1
COMMIT_CONTEXT: Final = b"khata commit 1"
COMMIT_ID_BYTES: Final = 32
SAVE_ID_BYTES: Final = 16
EPOCH_BYTES: Final = 8
PREFIX_BYTES: Final = 8

_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
# The header ends in the body's hash: a msgpack byte string of 32 bytes with its 2-byte mark.
_HASH_MARK: Final = b"\xc4\x20"
_HASH_FIELD_BYTES: Final = 34
_ARRAY_OF_7: Final = b"\x97"
_ARRAY_OF_8: Final = b"\x98"

Seen = tuple[
    Annotated[int, Meta(ge=0, le=SEQUENCE_MAX)],
    Annotated[bytes, Meta(min_length=PREFIX_BYTES, max_length=PREFIX_BYTES)],
]
"""The control chain's head as the author knew it: sequence number and the first 8 bytes of that entry's hash."""


class Header(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """What can be known of a commit without its key, all of it signed.

    Attributes:
        version: 1.
        scope: where the commit lies.
        author: first 8 bytes of the id of the device that made it.
        time: the author's clock, ms since 1970.
        prev: id of this author's previous commit in this scope, or empty.
        seen: the head of the control chain the author knew; its rights are judged there.
        epoch: which epoch's key seals the content; empty in `control/keys`.
        body: sha256 of the ciphertext.
    """

    version: int
    scope: Annotated[str, Meta(max_length=SCOPE_CHARS_MAX)]
    author: Annotated[bytes, Meta(min_length=AUTHOR_BYTES, max_length=AUTHOR_BYTES)]
    time: Annotated[int, Meta(ge=0, le=TIME_MS_MAX)]
    prev: Annotated[bytes, Meta(max_length=COMMIT_ID_BYTES)]
    seen: Seen
    epoch: Annotated[bytes, Meta(max_length=EPOCH_BYTES)]
    body: Annotated[bytes, Meta(min_length=32, max_length=32)]


class Commit(msgspec.Struct, frozen=True, gc=False):
    """A commit whose form is checked; its signature, its author's rights and its content are not.

    Attributes:
        header_bytes: the header exactly as it travels.
        signature: 64 bytes over the id.
        ciphertext: the body, or None when a relay pruned it.
        id: sha256 of `header_bytes`, 32 bytes.
        header: `header_bytes` decoded.
    """

    header_bytes: bytes
    signature: bytes
    ciphertext: bytes | None
    id: bytes
    header: Header

    @property
    def save_id(self) -> bytes:
        """The id that this commit's saves have in their documents: the first 16 bytes of its own."""
        return self.id[:SAVE_ID_BYTES]

    @property
    def size(self) -> int:
        """How many bytes it takes up."""
        return size_of(self.header_bytes, self.ciphertext)


def size_of(header: bytes, body: bytes | None) -> int:
    """How many bytes a commit takes up, wherever that is counted: header, signature, and the body if it is here."""
    return len(header) + SIGNATURE_BYTES + len(body or b"")


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Header)


def make_commit(
    keys: DeviceKeys,
    scope: str,
    items: Sequence[Item],
    now: int,
    prev: bytes,
    seen: Seen,
    epoch: bytes,
    key: bytes | None,
    random: Random,
) -> Commit:
    """Pack, seal and sign saves of documents.

    Args:
        keys: of the device that makes it.
        scope: where it lies.
        items: 1 to 256 saves, of different documents.
        now: this device's clock, ms since 1970.
        prev: id of this device's previous commit in this scope, or empty.
        seen: sequence number and 8-byte hash prefix of the control chain's head.
        epoch: 8 bytes, or empty in `control/keys`.
        key: the scope's key in that epoch, 32 bytes, or None when the epoch is empty.
        random: gives the nonce.

    Raises:
        CommitTooLarge: it does not fit into one commit.
        BadCommit: an argument could not be read back by anybody else.

    Cost: about 60 µs for a voucher, most of it the signature.
    """
    return seal_commit(keys, scope, pack_items(items), now, prev, seen, epoch, key, random)


def seal_commit(
    keys: DeviceKeys,
    scope: str,
    content: bytes,
    now: int,
    prev: bytes,
    seen: Seen,
    epoch: bytes,
    key: bytes | None,
    random: Random,
) -> Commit:
    """Seal and sign content that is packed already; arguments and errors as `make_commit`."""
    aad = _encoder.encode((COMMIT_VERSION, scope, keys.author, now, prev, seen, epoch))
    if key is None:
        ciphertext = content
    else:
        nonce = random(_NONCE_BYTES)
        ciphertext = nonce + ChaCha20Poly1305(key).encrypt(nonce, content, aad)
    if len(ciphertext) > COMMIT_SEALED_BYTES_MAX:
        raise CommitTooLarge(f"{len(ciphertext):,} bytes sealed are too large for one commit; save fewer documents")
    header_bytes = _ARRAY_OF_8 + aad[1:] + _HASH_MARK + sha256(ciphertext).digest()
    signature = keys.sign(COMMIT_CONTEXT, sha256(header_bytes).digest())
    return parse_commit_untrusted(header_bytes, signature, ciphertext)


def author_mark(device: bytes) -> bytes:
    """What the headers of a device's commits hold, and of no other's but by chance: the author as it is spelled there.

    Args:
        device: its id, 32 bytes, or the beginning that names an author.
    """
    return _encoder.encode(device[:AUTHOR_BYTES])


def read_header(header_bytes: bytes) -> Header:
    """Return the header of a commit that was checked when it was stored. Cost: 1 µs."""
    return _decoder.decode(header_bytes)


def parse_commit_untrusted(header_bytes: bytes, signature: bytes, ciphertext: bytes | None) -> Commit:
    """Return the commit that came as these three, its form checked, or refuse it.

    Args:
        header_bytes: of any origin.
        signature: of any origin; whether it is right, `signature_ok` tells.
        ciphertext: of any origin, or None when the body was pruned.

    Raises:
        BadCommit: the header is malformed or not in canonical form, a size is out of bounds, or the body is not the one
            that was signed; the message is the reason shown to people.

    Cost: 5 µs.
    """
    if len(header_bytes) > HEADER_BYTES_MAX:
        raise BadCommit(f"a header of {len(header_bytes):,} bytes is larger than any")
    try:
        header = _decoder.decode(header_bytes)
        check_scope(header.scope)
    except BadScope as error:
        raise BadCommit(str(error)) from error
    except DECODE_ERRORS as error:
        raise BadCommit(f"the header is malformed: {error}") from error
    _check_header(header)
    # One commit has one id: an encoding with longer numbers or lengths would be the same commit under another.
    if _encoder.encode(header) != header_bytes:
        raise BadCommit("the header is not in canonical form")
    if len(signature) != SIGNATURE_BYTES:
        raise BadCommit(f"a signature of {len(signature)} bytes, not {SIGNATURE_BYTES}")
    if ciphertext is not None:
        _check_body(header, ciphertext)
    return Commit(header_bytes, signature, ciphertext, sha256(header_bytes).digest(), header)


def _check_header(header: Header) -> None:
    if header.version != COMMIT_VERSION:
        raise BadCommit(f"made in format {header.version} by a newer khata; update khata to read it")
    if len(header.prev) not in (0, COMMIT_ID_BYTES):
        raise BadCommit(f"it names a previous commit by {len(header.prev)} bytes, not {COMMIT_ID_BYTES}")
    if is_keys_scope(header.scope):
        if header.epoch:
            raise BadCommit("sealed keys with another seal around them")
    elif len(header.epoch) != EPOCH_BYTES:
        raise BadCommit("it is not sealed under any epoch")


def _check_body(header: Header, ciphertext: bytes) -> None:
    least = _NONCE_BYTES + _TAG_BYTES + 1 if header.epoch else 1
    if not least <= len(ciphertext) <= COMMIT_SEALED_BYTES_MAX:
        raise BadCommit(f"a body of {len(ciphertext):,} bytes; a commit has {least} to {COMMIT_SEALED_BYTES_MAX:,}")
    if sha256(ciphertext).digest() != header.body:
        raise BadCommit("the body is not the one that was signed")


def signature_ok(commit: Commit, public: bytes) -> bool:
    """Tell whether the holder of `public` (32 bytes) signed the commit.

    Cost: 105 µs with the GIL released: check many in worker threads.
    """
    return verify(public, commit.signature, COMMIT_CONTEXT, commit.id)


def open_commit(commit: Commit, key: bytes | None) -> list[Item]:
    """Return the saves in a commit.

    Args:
        commit: as parsed; its content may be of any making.
        key: the scope's key in the commit's epoch, 32 bytes; None when the epoch is empty.

    Raises:
        BadCommit: the body is pruned, the key does not open it, or what it opens to is malformed; the message is the
            reason shown to people.

    Cost: about 8 µs for a voucher.
    """
    if commit.ciphertext is None:
        raise BadCommit("its content was pruned; another device may still hold it")
    if not commit.header.epoch:
        return unpack_items_untrusted(commit.ciphertext)
    if key is None:
        raise BadCommit("there is no key for it here")
    # The fields before the hash, as the same array with one element less.
    aad = _ARRAY_OF_7 + commit.header_bytes[1:-_HASH_FIELD_BYTES]
    nonce, sealed = commit.ciphertext[:_NONCE_BYTES], commit.ciphertext[_NONCE_BYTES:]
    try:
        content = ChaCha20Poly1305(key).decrypt(nonce, sealed, aad)
    except InvalidTag as error:
        raise BadCommit("the key of its epoch does not open it") from error
    return unpack_items_untrusted(content)
