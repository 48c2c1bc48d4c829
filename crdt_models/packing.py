"""Register values as canonical msgpack: equal values are equal bytes, and no float ever gets in or out."""

from collections.abc import Collection

import msgspec

from crdt_models.errors import BadValue

Value = None | bool | int | str | bytes | list["Value"] | dict[str, "Value"]

DEPTH_MAX = 16
"""How deeply lists and dicts may nest; deeper input is hostile or a mistake."""

_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoder = msgspec.msgpack.Decoder()
_text = frozenset({str})
_fine = frozenset({str, bytes, bool, type(None)})


def pack(value: Value) -> bytes:
    """Encode a value as msgpack with sorted keys.

    Raises:
        BadValue: it holds a float, an int beyond 64 bits, a key that is not text, or nests over `DEPTH_MAX`.
    """
    check_value(value)
    try:
        return _encoder.encode(value)
    except (OverflowError, UnicodeEncodeError) as error:
        raise BadValue(f"a value cannot be stored: {error}") from error


def unpack_untrusted(data: bytes, depth_max: int = DEPTH_MAX) -> Value:
    """Decode msgpack of any origin into a value.

    Raises:
        BadValue: the bytes are not msgpack, or hold something `pack` would have refused.
    """
    try:
        value: Value = _decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, TypeError, ValueError, OverflowError) as error:
        raise BadValue(f"not a packed value: {error}") from error
    check_value(value, depth_max)
    return value


def check_value(value: object, depth_max: int = DEPTH_MAX) -> None:
    """Raise `BadValue` unless `value` is made of text, bytes, booleans, None, 64-bit ints, lists and dicts alone.

    Cost: about 3 µs for a voucher; each container is looked over at once, and item by item only where it holds others.
    """
    if isinstance(value, dict):
        if not set(map(type, value)) <= _text:
            raise BadValue("a key is not text")
        _check_items(value.values(), depth_max)
    elif isinstance(value, list | tuple):
        _check_items(value, depth_max)
    else:
        _check_scalar(value)


def _check_items(items: Collection[object], depth_max: int) -> None:
    if depth_max <= 0:
        raise BadValue(f"a value nests deeper than {DEPTH_MAX} levels")
    if set(map(type, items)) <= _fine:
        return
    for item in items:
        if type(item) not in _fine:
            check_value(item, depth_max - 1)


def _check_scalar(value: object) -> None:
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise BadValue("a number does not fit into 64 bits; write it as text")
    elif isinstance(value, float):
        raise BadValue(f"{value!r} is a floating point number; amounts and quantities are exact text")
    elif not isinstance(value, str | bytes | None):
        raise BadValue(f"a {type(value).__name__} cannot be kept in a document")
