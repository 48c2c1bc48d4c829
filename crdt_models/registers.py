"""Between frozen values and registers: one way for every master and for vouchers.

A value's fields are its registers, under the same names. What stands at its default is left out, so that two branches
that create the same ledger while apart only disagree where both of them said something.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec

from crdt_models.errors import BadValue
from crdt_models.packing import Value

Id = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
"""A document id: how documents name each other."""

Kind = TypeVar("Kind", bound=msgspec.Struct)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


def plain(value: msgspec.Struct) -> dict[str, Value]:
    """A struct as dicts and lists, without the fields that stand at their default."""
    found: dict[str, Value] = _decode(_encode(value))
    return found


def converted(value: object, kind: type[Kind]) -> Kind:
    """A struct from register values of any origin; unknown fields are ignored.

    Raises:
        BadValue: a field that is missing or holds something it may not.
    """
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, UnicodeDecodeError) as error:
        raise BadValue(f"not a {kind.__name__.lower()}: {error}") from error


def difference(before: Mapping[str, Value], after: Mapping[str, Value], blank: Mapping[str, Any]) -> dict[str, Value]:
    """The registers to set so that `before` becomes `after`.

    Args:
        before, after: registers as `registers()` gives them.
        blank: what a register holds when nothing was said about it; taken for one that only `before` has.
    """
    changes = {name: value for name, value in after.items() if name not in before or before[name] != value}
    for name in before:
        if name not in after and name in blank and before[name] != blank[name]:
            changes[name] = blank[name]
    return changes
