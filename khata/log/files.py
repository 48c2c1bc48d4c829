"""The log in files: JSON lines for programs, CSV for auditors, written entry by entry."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePath
from typing import Any, BinaryIO, Final

from khata.errors import BooksError
from khata.export.csv_rows import guarded

Json = dict[str, Any]
Write = Callable[[Iterable[Json], BinaryIO], int]
"""Writes entries to a stream; returns how many these were."""

_ALIKE: Final = (
    ("Time (UTC)", "at"),
    ("User", "user"),
    ("Device", "device"),
    ("Branch", "branch"),
    ("Action", "action"),
    ("Origin", "origin"),
    ("Kind", "kind"),
    ("Document", "name"),
    ("Document id", "document"),
    ("Save", "save"),
)
"""The columns that say the same for all that one save changed."""

_COLUMNS: Final = (*(title for title, _ in _ALIKE), "Register", "Before", "After", "What happened")


def write_json_lines(entries: Iterable[Json], out: BinaryIO) -> int:
    """Write each entry as one line of JSON in UTF-8."""
    count = 0
    for entry in entries:
        count += 1
        out.write(line_of(entry).encode() + b"\n")
    return count


def write_csv(entries: Iterable[Json], out: BinaryIO) -> int:
    """Write a row for each register that a save changed, so that a spreadsheet can sort and filter them."""
    text = io.TextIOWrapper(out, "utf-8-sig", newline="", write_through=True)
    count = 0
    try:
        writer = csv.writer(text)
        writer.writerow(_COLUMNS)
        for entry in entries:
            count += 1
            writer.writerows([guarded(cell) for cell in row] for row in _rows(entry))
    finally:
        # The stream is its owner's to close.
        text.detach()
    return count


def line_of(entry: Json) -> str:
    """An entry as one line of JSON: the same for the same entry, and nothing that a terminal would act on."""
    return json.dumps(entry, separators=(",", ":"))


def writer_for(name: str) -> Write:
    """What writes a file of this name.

    Raises:
        BooksError: the name does not end as one of the forms does.
    """
    write = _FORMS.get(PurePath(name).suffix.lower())
    if write is None:
        raise BooksError(f"{name} says no form the log can be written in; end the name in {' or '.join(_FORMS)}")
    return write


_FORMS: Final[dict[str, Write]] = {".csv": write_csv, ".jsonl": write_json_lines}


def _rows(entry: Json) -> Iterator[list[str]]:
    alike = [str(entry[field]) for _, field in _ALIKE]
    for change in entry["changes"] or ({"register": "", "before": None, "after": None},):
        register, before, after = change["register"], change["before"], change["after"]
        yield [*alike, str(register), _cell(before), _cell(after), str(entry["story"])]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
