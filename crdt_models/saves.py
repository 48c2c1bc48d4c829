"""A save: one change of one document by one device, all or nothing.

On the wire and in the store a save is msgpack `{p: [parent save ids], s: {register: value}, u: user, o: origin}`.
Its author, time and id come from the commit that brings it, so nobody can write them for somebody else.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import zstandard

from crdt_models.errors import BadSave, BadValue, DocumentTooLarge
from crdt_models.packing import DEPTH_MAX, Value, check_value, pack

SAVE_ID_BYTES = 16
SAVE_BYTES_MAX = 256 * 1024
"""A save as stored, about 1,000 voucher lines."""
SAVE_COMPRESSED_BYTES_MAX = 16 * 1024
PARENTS_MAX = 1024
REGISTERS_MAX = 256
USER_CHARS_MAX = 128
ORIGIN_CHARS_MAX = 128

ORIGIN_ENTRY = "entry"
ORIGIN_INIT = "init"
ORIGIN_SETTLE = "settle"
ORIGIN_RESTORE = "restore"
"""Brings back what was deleted."""
ORIGIN_SET_ASIDE = "set-aside"
"""Stands for a save whose commit is quarantined: its parents count, its values do not."""


class Save(msgspec.Struct, frozen=True, gc=False):
    """One save as a document holds it: what it changed (`values`), knowing which saves (`parents`)."""

    id: bytes
    author: bytes
    time: int
    parents: tuple[bytes, ...]
    values: dict[str, Value]
    user: str
    origin: str


class _Wire(msgspec.Struct, gc=False):
    p: list[bytes]
    s: dict[str, Any]
    u: str
    o: str


_wire_decoder = msgspec.msgpack.Decoder(_Wire)


def pack_save(values: Mapping[str, Value], parents: Sequence[bytes], user: str, origin: str = ORIGIN_ENTRY) -> bytes:
    """Encode one save.

    Args:
        values: the registers it sets; a register that is not named keeps what it had.
        parents: save ids of the version its author was looking at; sorted here.
        user: the name of the person, as they gave it at this installation.
        origin: `entry`, `init`, `settle`, `restore`, `import:<source>` …

    Raises:
        BadValue: a value is not of a kind that can be kept.
        DocumentTooLarge: over 256 KiB, or over 16 KiB compressed; save it in parts.
    """
    sorted_parents: list[Value] = list(sorted(parents))
    if any(len(parent) != SAVE_ID_BYTES for parent in parents):
        raise BadValue(f"a parent is not a save id of {SAVE_ID_BYTES} bytes")
    data = pack({"p": sorted_parents, "s": dict(values), "u": user, "o": origin})
    if len(data) > SAVE_BYTES_MAX:
        raise DocumentTooLarge(
            f"this save has {len(data):,} bytes, and a document may grow by {SAVE_BYTES_MAX:,} at once; "
            "split the voucher, or save the large register on its own"
        )
    if len(data) > SAVE_COMPRESSED_BYTES_MAX:
        compressed = len(zstandard.compress(data))
        if compressed > SAVE_COMPRESSED_BYTES_MAX:
            raise DocumentTooLarge(
                f"this save has {compressed:,} bytes when compressed, and a document may grow by "
                f"{SAVE_COMPRESSED_BYTES_MAX:,} at once; split the voucher into several"
            )
    _check_limits(len(parents), len(values), user, origin)
    return data


def unpack_save_untrusted(save_id: bytes, author: bytes, time: int, data: bytes) -> Save:
    """Decode a save from bytes of any origin.

    Raises:
        BadSave: the bytes are not a save within the limits. Nothing else is ever raised.
    """
    if len(data) > SAVE_BYTES_MAX:
        raise BadSave(f"a save of {len(data):,} bytes, over the limit of {SAVE_BYTES_MAX:,}")
    try:
        wire = _wire_decoder.decode(data)
        check_value(wire.s, DEPTH_MAX - 1)
        _check_limits(len(wire.p), len(wire.s), wire.u, wire.o)
    except (msgspec.DecodeError, RecursionError, TypeError, ValueError, OverflowError, BadValue) as error:
        raise BadSave(f"not a save: {error}") from error
    for parent in wire.p:
        if len(parent) != SAVE_ID_BYTES or parent == save_id:
            raise BadSave("a save names a parent that cannot be one")
    return Save(save_id, author, time, tuple(wire.p), wire.s, wire.u, wire.o)


def set_aside(save: Save) -> bytes:
    """The bytes that stand in a document for `save` while its commit is quarantined."""
    parents: list[Value] = list(sorted(save.parents))
    return pack({"p": parents, "s": {}, "u": save.user, "o": ORIGIN_SET_ASIDE})


def _check_limits(parents: int, registers: int, user: str, origin: str) -> None:
    if parents > PARENTS_MAX:
        raise BadValue(f"a save with {parents} parents; the limit is {PARENTS_MAX}")
    if registers > REGISTERS_MAX:
        raise BadValue(f"a save of {registers} registers; the limit is {REGISTERS_MAX}")
    if len(user) > USER_CHARS_MAX or len(origin) > ORIGIN_CHARS_MAX:
        raise BadValue(f"a user name over {USER_CHARS_MAX} or an origin over {ORIGIN_CHARS_MAX} characters")
