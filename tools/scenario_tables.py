"""Writes the tables of docs/simulations.md from the sources: what scenarios may say, what can happen, what is shipped.

`python -m tools.scenario_tables` rewrites the page; the tests say when that is due.
"""

import inspect
import re
from pathlib import Path
from typing import Final

import msgspec
from msgspec.inspect import (
    BoolType,
    FloatType,
    IntType,
    LiteralType,
    StructType,
    TupleType,
    Type,
    UnionType,
    VarTupleType,
)

from simulations.reading.deed_words import DEEDS
from simulations.reading.reading_toml import read_scenario, shipped
from simulations.scenario import Branch, Expect, Faults, Happening, Line, Record, RelayAt, RuleBetween, Scenario, Work

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "simulations.md"
START: Final = "<!-- tables: written by tools/scenario_tables.py -->"
END: Final = "<!-- end of tables -->"

TABLES: Final[tuple[tuple[str, type[Record]], ...]] = (
    ("The file itself", Scenario),
    ("[[branches]]", Branch),
    ("[[relays]]", RelayAt),
    ("[[rules]]", RuleBetween),
    ("[[lines]]", Line),
    ("[work]", Work),
    ("[faults]", Faults),
    ("[[happenings]]", Happening),
    ("[expect]", Expect),
)
_DEED_WORDS_MAX: Final = 8
_entry = re.compile(r"^    (\w[\w, ]*): (.*(?:\n {5,}.*)*)", re.MULTILINE)
_TIMES: Final = frozenset(
    {"joins", "latency", "jitter", "at", "lasts", "every", "by", "lasting", "in_sync_within", "delivered_within"},
)


def with_tables(document: str) -> str:
    """Return the page with the part between its two marks replaced by fresh tables."""
    before, _, rest = document.partition(START)
    _, _, after = rest.partition(END)
    parts = [*(_table(title, record) for title, record in TABLES), _deeds(), _shipped()]
    return f"{before}{START}\n\n" + "\n\n".join(parts) + f"\n\n{END}{after}"


def _table(title: str, record: type[Record]) -> str:
    words = _words(record)
    shape = msgspec.inspect.type_info(record)
    assert isinstance(shape, StructType)
    rows = [
        f"| `{field.encode_name}` | {_kind(field.encode_name, field.type)} | {_usual(field)} "
        f"| {words[field.encode_name]} |"
        for field in shape.fields
    ]
    heading = title if title.startswith("The") else f"`{title}`"
    about = _cell(inspect.cleandoc(record.__doc__ or "").split("\n\n")[0])
    return "\n".join([f"### {heading}", "", about, "", "| key | is | if left out | |", "|---|---|---|---|", *rows])


def _deeds() -> str:
    rows = []
    for deed, uses in DEEDS.items():
        keys = [f"**`{key}`**" for key in uses.needs] + [f"`{key}`" for key in uses.takes]
        rows.append(f"| `{deed}` | {uses.text} | {', '.join(keys)} |")
    head = ["### What can happen", "", "The keys in bold are needed, besides `at` and `do`.", ""]
    return "\n".join([*head, "| `do` | what it does | keys |", "|---|---|---|", *rows])


def _shipped() -> str:
    rows = [f"| `{name}` | {_cell(read_scenario(name).title)} |" for name in shipped()]
    return "\n".join(["### Scenarios that come with khata", "", "| name | |", "|---|---|", *rows])


def _words(record: type[Record]) -> dict[str, str]:
    """What the docstring of a table says of each of its keys."""
    _, _, listed = inspect.cleandoc(record.__doc__ or "").partition("Attributes:\n")
    return {key.strip(): _cell(text) for names, text in _entry.findall(listed) for key in names.split(",")}


def _kind(key: str, kind: Type) -> str:
    match kind:
        case UnionType():
            return _kind(key, kind.types[0])
        case LiteralType():
            return "one of those below" if len(kind.values) > _DEED_WORDS_MAX else _alternatives(kind)
        case StructType():
            return "a table"
        case VarTupleType(item_type=StructType()):
            return "tables"
        case VarTupleType():
            return "a list of names"
        case TupleType():
            return "two names"
        case BoolType():
            return "true or false"
        case IntType():
            return "a whole number"
        case FloatType():
            return "a number"
        case _:
            return "a length of time" if key in _TIMES else "a text"


def _alternatives(kind: LiteralType) -> str:
    return " or ".join(f"`{value}`" for value in kind.values)


def _usual(field: msgspec.inspect.Field) -> str:
    if field.required:
        return "**needed**"
    usual = field.default
    if usual is None or isinstance(usual, Record) or usual in ("", ()):
        return "as its table says" if isinstance(usual, Record) else "–"
    if isinstance(usual, bool):
        return f"`{str(usual).lower()}`"
    if isinstance(usual, tuple):
        return "`[" + ", ".join(f'"{one}"' for one in usual) + "]`"
    return f'`"{usual}"`' if isinstance(usual, str) else f"`{usual}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
