"""What is inside a commit once it is opened: saves of documents, packed with zstd and a dictionary.

    content = dictionary version (1 byte) || zstd frame of msgpack [[document id, kind, save bytes], …]

The frame has to state its size, and a decoder never unpacks more than that or more than 1 MiB, whatever the frame
would grow to (15 KB can become 500 MB).
"""

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Annotated, Final

import msgspec
import zstandard
from msgspec import Meta

from p2p.dictionary import VERSION, load_dictionary
from p2p.errors import DECODE_ERRORS, BadCommit, CommitTooLarge
from p2p.limits import (
    COMMIT_DOCUMENTS_MAX,
    COMMIT_SEALED_BYTES_MAX,
    COMMIT_UNPACKED_BYTES_MAX,
    KIND_CHARS_MAX,
    SAVE_UNPACKED_BYTES_MAX,
)

DOCUMENT_ID_BYTES: Final = 16
LEVEL: Final = 6
"""How hard zstd tries: 6 % smaller than its default of 3 and 9 µs slower for a voucher; beyond it nothing is gained."""

_kind = re.compile(rf"[a-z0-9-]{{1,{KIND_CHARS_MAX}}}", re.ASCII)
_ITEM_OVERHEAD_BYTES: Final = DOCUMENT_ID_BYTES + KIND_CHARS_MAX + 16


class Item(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """One save of one document, as a commit carries it.

    Attributes:
        document: the document id, 16 bytes.
        kind: what the document is, such as `voucher` or `ledger`.
        save: the save's bytes, as `crdt_models.saves` packs them.
    """

    document: Annotated[bytes, Meta(min_length=DOCUMENT_ID_BYTES, max_length=DOCUMENT_ID_BYTES)]
    kind: Annotated[str, Meta(min_length=1, max_length=KIND_CHARS_MAX)]
    save: Annotated[bytes, Meta(max_length=SAVE_UNPACKED_BYTES_MAX)]


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final[msgspec.msgpack.Decoder[list[Item]]] = msgspec.msgpack.Decoder(
    Annotated[list[Item], Meta(min_length=1, max_length=COMMIT_DOCUMENTS_MAX)]
)


class _Engines(threading.local):
    """Compressors and decompressors cost far more to make than to use, and must not be shared between threads."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=load_dictionary(VERSION), write_dict_id=False)
        self.decompressors: dict[int, zstandard.ZstdDecompressor] = {}

    def decompressor(self, version: int) -> zstandard.ZstdDecompressor:
        engine = self.decompressors.get(version)
        if engine is None:
            engine = zstandard.ZstdDecompressor(dict_data=load_dictionary(version))
            self.decompressors[version] = engine
        return engine


_engines = _Engines()


def pack_items(items: Sequence[Item]) -> bytes:
    """Return the content of a commit of these saves.

    Raises:
        CommitTooLarge: more than 256 documents, a save over 256 KiB, or over 1 MiB together; save them in several.
        BadCommit: an item is malformed, or one document is there twice.
    """
    if len(items) > COMMIT_DOCUMENTS_MAX:
        raise CommitTooLarge(f"{len(items)} documents are too many for one commit; save at most {COMMIT_DOCUMENTS_MAX}")
    for item in items:
        if len(item.save) > SAVE_UNPACKED_BYTES_MAX:
            raise CommitTooLarge(f"a {item.kind} of {len(item.save):,} bytes is too large to save; split it in two")
    _check_items(items)
    plain = _encoder.encode(items)
    if len(plain) > COMMIT_UNPACKED_BYTES_MAX:
        raise CommitTooLarge(f"{len(items)} documents of {len(plain):,} bytes are too large for one commit; save fewer")
    return bytes((VERSION,)) + _engines.compressor.compress(plain)


def unpack_items_untrusted(content: bytes) -> list[Item]:
    """Return the saves in the content of a commit.

    Args:
        content: of any origin, at most 256 KiB.

    Raises:
        BadCommit: it is malformed, would unpack to more than 1 MiB, or brings one document twice; the message is the
            reason shown to people.
    """
    if len(content) < 2:
        raise BadCommit("the content is empty")
    try:
        plain = _unpack(content[0], content[1:])
        items = _decoder.decode(plain)
    except zstandard.ZstdError as error:
        raise BadCommit(f"the content does not unpack: {error}") from error
    except DECODE_ERRORS as error:
        raise BadCommit(f"the content is not a list of saves: {error}") from error
    _check_items(items)
    return items


def _unpack(version: int, frame: bytes) -> bytes:
    try:
        decompressor = _engines.decompressor(version)
    except LookupError as error:
        raise BadCommit(f"packed by a newer khata (dictionary {version}); update khata to read it") from error
    size = zstandard.frame_content_size(frame)
    if size < 0:
        raise BadCommit("the content does not say how large it unpacks")
    if size > COMMIT_UNPACKED_BYTES_MAX:
        raise BadCommit(f"the content unpacks to {size:,} bytes, more than any commit may hold")
    return decompressor.decompress(frame, max_output_size=COMMIT_UNPACKED_BYTES_MAX, allow_extra_data=False)


def _check_items(items: Sequence[Item]) -> None:
    if not items:
        raise BadCommit("a commit of no document")
    for item in items:
        if not _is_kind(item.kind):
            raise BadCommit(f"{item.kind!r} is not a kind of document")
        if len(item.document) != DOCUMENT_ID_BYTES:
            raise BadCommit(f"a document id of {len(item.document)} bytes, not {DOCUMENT_ID_BYTES}")
    # Two saves of one document in one commit would have one save id.
    if len(items) > 1 and len({item.document for item in items}) != len(items):
        raise BadCommit("it saves one document twice")


@lru_cache(maxsize=256)
def _is_kind(text: str) -> bool:
    return _kind.fullmatch(text) is not None


def split_items(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield lists that each fit into one commit: an import saves thousands of documents at once.

    At most 256 documents, no document twice, and so few bytes that they fit sealed even if nothing compresses. A save
    too large for that by itself gets a list of its own.
    """
    batch: list[Item] = []
    documents: set[bytes] = set()
    size = 0
    for item in items:
        item_bytes = len(item.save) + _ITEM_OVERHEAD_BYTES
        full = len(batch) == COMMIT_DOCUMENTS_MAX or size + item_bytes > COMMIT_SEALED_BYTES_MAX - 1024
        if batch and (full or item.document in documents):
            yield batch
            batch, documents, size = [], set(), 0
        batch.append(item)
        documents.add(item.document)
        size += item_bytes
    if batch:
        yield batch
