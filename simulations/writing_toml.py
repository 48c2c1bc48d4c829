"""Writing a scenario as the TOML that reads back as the same; what is usual is left out."""

import json
from collections.abc import Iterator
from typing import Any

from simulations.scenario import Record, Scenario, given


def toml_of(scenario: Scenario, heading: str = "") -> str:
    """Return a scenario as TOML: what it says first, then a table for each branch, relay, rule, line and happening.

    Args:
        scenario: what is written.
        heading: a comment above it, of one or more lines.
    """
    tables = given(scenario)
    comment = [f"# {line}".rstrip() for line in heading.splitlines()]
    plain = [f"{key} = {_value(value)}" for key, value in tables.items() if not _is_table(value)]
    parts = ["\n".join(comment)] if comment else []
    parts.append("\n".join(plain))
    for key, value in tables.items():
        if _is_table(value):
            parts += ["\n".join(lines) for lines in _tables(key, value)]
    return "\n\n".join(parts) + "\n"


def _is_table(value: object) -> bool:
    return isinstance(value, Record | tuple)


def _tables(key: str, value: Any) -> Iterator[list[str]]:
    header, records = (f"[{key}]", (value,)) if isinstance(value, Record) else (f"[[{key}]]", value)
    for record in records:
        yield [header, *(f"{name} = {_value(item)}" for name, item in given(record).items())]


def _value(value: Any) -> str:
    """A value on one line: a string of JSON is one of TOML, too, but for the one character that TOML wants escaped."""
    if isinstance(value, Record):
        inside = ", ".join(f"{key} = {_value(item)}" for key, item in given(value).items())
        return f"{{ {inside} }}"
    if isinstance(value, tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
