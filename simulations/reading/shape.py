"""Whether the tables of a TOML file have the shape of a scenario: known keys, of the right kind, and none missing."""

import datetime
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec.inspect import (
    BoolType,
    FloatType,
    IntType,
    LiteralType,
    StrType,
    StructType,
    TupleType,
    Type,
    UnionType,
    VarTupleType,
)

from simulations.reading.mistakes import Mistake, instead
from simulations.reading.toml_lines import KeyPath
from simulations.scenario import Scenario

_SHAPE: Final = msgspec.inspect.type_info(Scenario)
_SAID_CHARS_MAX: Final = 40
_NUMBER_MAX: Final = 2**63 - 1
"""Whole numbers of TOML are no larger; `tomllib` reads any."""
_EXAMPLES: Final = {
    "start": "2026-06-01T09:00",
    "until": "2026-03-31",
    "open": "09:00-21:00",
    "by": "10y",
    "latency": "40ms",
    "jitter": "20ms",
    "every": "5m",
    "lasting": "10m",
    "in_sync_within": "15m",
    "delivered_within": "10s",
    "joins": "2h",
    "at": "2h",
    "lasts": "3d",
}
"""What a text looks like, by the key it stands under."""


def shape_mistakes(tables: dict[str, Any]) -> Iterator[Mistake]:
    """Tell what of the tables of a file no scenario has; what has no mistakes can be converted to one.

    Args:
        tables: as `tomllib` has read them, from anybody.
    """
    return _mistakes(tables, _SHAPE, ())


def _mistakes(value: object, kind: Type, path: KeyPath) -> Iterator[Mistake]:
    match kind:
        case UnionType():
            yield from _mistakes(value, kind.types[0], path)
        case StructType() if isinstance(value, dict):
            yield from _of_table(value, kind, path)
        case VarTupleType() if isinstance(value, list):
            for place, item in enumerate(value):
                yield from _mistakes(item, kind.item_type, (*path, place))
        case TupleType() if isinstance(value, list) and len(value) == len(kind.item_types):
            for place, (item, item_kind) in enumerate(zip(value, kind.item_types, strict=True)):
                yield from _mistakes(item, item_kind, (*path, place))
        case LiteralType() if isinstance(value, str):
            if value not in kind.values:
                words = [str(word) for word in kind.values]
                yield Mistake(path, f'`{_key_of(path)}` cannot be "{value}"; {instead(value, words)}')
        case IntType() | FloatType() if isinstance(value, int) and not -_NUMBER_MAX <= value <= _NUMBER_MAX:
            yield Mistake(path, f"`{_key_of(path)}` is a number far larger than any that could be meant here")
        case _ if not _is_plain(value, kind):
            yield Mistake(path, f"{_said(path, value)}; {_wanted(value, kind, path)}")


def _of_table(table: dict[str, Any], kind: StructType, path: KeyPath) -> Iterator[Mistake]:
    fields = {field.encode_name: field for field in kind.fields}
    for key, value in table.items():
        if key in fields:
            yield from _mistakes(value, fields[key].type, (*path, key))
        else:
            yield Mistake((*path, key), f"{_table_name(path)} has no `{key[:_SAID_CHARS_MAX]}`; {instead(key, fields)}")
    for key, field in fields.items():
        if field.required and key not in table:
            yield Mistake(path, f"{_table_name(path)} needs `{key}`")


def _is_plain(value: object, kind: Type) -> bool:
    """Whether a value that is neither table nor list is of a kind; a whole number is a number, true is none."""
    match kind:
        case StrType():
            return isinstance(value, str)
        case BoolType():
            return isinstance(value, bool)
        case IntType():
            return isinstance(value, int) and not isinstance(value, bool)
        case FloatType():
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _:
            return False


def _wanted(value: object, kind: Type, path: KeyPath) -> str:
    """What would be right where a value of another kind stands."""
    key = _key_of(path)
    match kind:
        case VarTupleType(item_type=StructType()):
            return f"each of the {key} is a table of its own: [[{key}]], in double brackets"
        case VarTupleType() | TupleType() if isinstance(value, str):
            return f'write a list: {key} = ["{value[:_SAID_CHARS_MAX]}"{", …" * isinstance(kind, TupleType)}]'
        case VarTupleType():
            return f'write a list of names: {key} = ["Pune"]'
        case TupleType():
            return f'write two names: {key} = ["Pune", "Nagpur"]'
        case StructType():
            return f"it is a table: [{key}], in single brackets"
        case BoolType():
            return "write true or false, without quotes"
        case IntType():
            return "write a whole number, without quotes"
        case FloatType():
            return "write a number, without quotes"
        case _:
            return f'write it in quotes, such as "{_EXAMPLES[key]}"' if key in _EXAMPLES else "write a text in quotes"


def _said(path: KeyPath, value: object) -> str:
    match value:
        case bool():
            said = "true" if value else "false"
        case str():
            said = f'the text "{value[:_SAID_CHARS_MAX]}"'
        case int() | float():
            said = f"the number {value:g}" if isinstance(value, float) else "a number"
        case dict():
            said = "a table"
        case list():
            said = f"a list of {len(value)}"
        case datetime.date() | datetime.time():
            said = "a date without quotes"
        case _:
            said = "something else"
    return f"`{_key_of(path)}` is {said}"


def _key_of(path: KeyPath) -> str:
    """The last key on the way to a value: of an item, that of its list."""
    return next((part for part in reversed(path) if isinstance(part, str)), "the scenario")


def _table_name(path: KeyPath) -> str:
    keys = [part for part in path if isinstance(part, str)]
    if not keys:
        return "a scenario"
    return f"[[{keys[0]}]]" if len(keys) == 1 and isinstance(path[-1], int) else f"[{'.'.join(keys)}]"
