"""Writing a scenario as the TOML that reads back as the same; what goes without saying is left out."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from simulations.scenario import Branch, Record, Scenario, given


def toml_of(scenario: Scenario, heading: str = "") -> str:
    """Return a scenario as TOML: what it says first, then a table for each branch, relay, rule, line and happening.

    Args:
        scenario: what is written.
        heading: a comment above it, of one or more lines.
    """
    parts = [(key, value) for key, value in given(scenario).items() if isinstance(value, Record | tuple)]
    plain = {key: value for key, value in given(scenario).items() if not isinstance(value, Record | tuple)}
    texts = ["\n".join(f"# {line}".rstrip() for line in heading.splitlines())] if heading else []
    texts.append(_pairs(plain))
    for key, value in parts:
        if isinstance(value, Record):
            texts.append(f"[{key}]\n{_pairs(given(value))}")
        else:
            texts += [f"[[{key}]]\n{_pairs(_table(item, scenario))}" for item in value]
    return "\n\n".join(texts) + "\n"


def _table(record: Record, scenario: Scenario) -> dict[str, Any]:
    """What an item of a list says; of a branch's work, how it differs from that of everywhere."""
    said = given(record)
    if isinstance(record, Branch) and record.work is not None:
        everywhere = msgspec.structs.asdict(scenario.work)
        here = msgspec.structs.asdict(record.work)
        said["work"] = {key: rate for key, rate in here.items() if rate != everywhere[key]}
    return said


def _pairs(table: Mapping[str, Any]) -> str:
    return "\n".join(f"{key} = {_value(value)}" for key, value in table.items())


def _value(value: Any) -> str:
    """A value on one line: a string of JSON is one of TOML, too, but for the one character that TOML wants escaped."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_value(item)}' for key, item in value.items())} }}"
    if isinstance(value, tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
