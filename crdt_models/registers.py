"""Between frozen values and registers: one way for every master and for vouchers.

A value's fields are its registers, under the same names. What stands at its default is left out, so that two branches
that create the same ledger while apart only disagree where both of them said something.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, TypeVar

import msgspec

from crdt_models.errors import BadValue
from crdt_models.packing import Value

Id = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
"""A document id: how documents name each other."""

Kind = TypeVar("Kind", bound=msgspec.Struct)


def plain(value: msgspec.Struct) -> dict[str, Value]:
    """A struct as dicts and lists, without the fields that equal their default.

    msgspec's own `omit_defaults` compares by identity, so that an opening balance of "0.00" would be written or left
    out depending on where the text came from, and equal ledgers would have different registers.
    """
    found: dict[str, Value] = {}
    for name, default in defaults_of(type(value)):
        held = getattr(value, name)
        if held != default:
            found[name] = as_value(held)
    return found


@cache
def defaults_of(kind: type[msgspec.Struct]) -> tuple[tuple[str, object], ...]:
    """The fields of a struct and what each holds when nothing was said; `msgspec.NODEFAULT` where it has to be said."""
    fields = msgspec.structs.fields(kind)
    made = (
        field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory() for field in fields
    )
    return tuple((field.encode_name, default) for field, default in zip(fields, made, strict=True))


def as_value(value: Any) -> Value:
    """What a field of a struct holds, as a register value: structs as dicts, tuples as lists."""
    if isinstance(value, msgspec.Struct):
        return plain(value)
    if isinstance(value, tuple | list):
        return [as_value(part) for part in value]
    if isinstance(value, dict):
        return {name: as_value(part) for name, part in value.items()}
    found: Value = value
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
