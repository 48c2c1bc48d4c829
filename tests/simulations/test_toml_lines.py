"""Lines of a TOML text: found for everything that `tomllib` reads, however it is written."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.reading.toml_lines import KeyPath, Lines

STRANGE = '''title = "x [[a]] # no" # = a comment
about = """
several lines, "quoted", ""
[[branches]] = 3
"""""
raw = \'\'\'
'it''s' raw \\
\'\'\'
a."b.c".d = 1
"e = [" = 'P]'

[[branches]] # the first
name = 'P]'
work = { vouchers = 3, "x y" = [1, {z = 2}], "q\\"}" = "}" }
[[branches]]
name = "Q"
when = 1979-05-27 07:32:00 # a blank in it
[branches.work]
vouchers = 2
[[branches.sub]]
q = [
  1,  # one ]
  # two
  [2, "]"],
]
[[branches]]
name = ""
[[branches.sub]]
[w."x".y]
z = """"two quotes at the end"""""
last=[]
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("title",), 1),
        (("about",), 2),
        (("raw",), 6),
        (("a", "b.c", "d"), 9),
        (("e = [",), 10),
        (("branches", 0), 12),
        (("branches", 0, "name"), 13),
        (("branches", 0, "work", "x y", 1, "z"), 14),
        (("branches", 0, "work", 'q"}'), 14),
        (("branches", 1, "when"), 17),
        (("branches", 1, "work"), 18),
        (("branches", 1, "work", "vouchers"), 19),
        (("branches", 1, "sub", 0, "q", 0), 22),
        (("branches", 1, "sub", 0, "q", 1), 24),
        (("branches", 1, "sub", 0, "q", 1, 1), 24),
        (("branches", 2, "name"), 27),
        (("branches", 2, "sub", 0), 28),
        (("w", "x", "y", "z"), 30),
        (("w", "x", "y", "last"), 31),
    ],
)
def test_each_key_has_its_line(path, line):
    assert Lines(STRANGE).of(path) == line
    assert Lines(STRANGE.replace("\n", "\r\n")).of(path) == line


def test_what_is_missing_has_the_line_of_the_table_that_lacks_it():
    lines = Lines(STRANGE)
    assert lines.of(("branches", 1, "code")) == 15
    assert lines.of(("branches", 1, "work", "hot")) == 18
    assert lines.of(("nothing",)) == 1


def paths_of(value: Any, path: KeyPath = ()) -> list[KeyPath]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(below for key, item in inside for below in paths_of(item, (*path, key)))]


def test_everything_that_was_read_is_found():
    lines = Lines(STRANGE)
    text = STRANGE.splitlines()
    for path in paths_of(tomllib.loads(STRANGE)):
        if path and isinstance(path[-1], str):
            assert path[-1].replace('"', '\\"') in text[lines.of(path) - 1], path


KEYS = st.text("ab-]'\"#=[.{ ", min_size=1, max_size=4)
SCALARS = st.one_of(
    st.integers(-5, 5), st.booleans(), st.floats(-2, 2), st.text("a]}\"'#=,[{\\\n ", max_size=6).map(str)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def written(value: Any) -> str:
    """A value as TOML, lists over several lines with comments in between."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{quoted(key)} = {written(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[ # ]\n" + "".join(f"  {written(item)}, # [ one\n" for item in value) + "]"
    return repr(value)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.lists(st.dictionaries(KEYS, SCALARS, max_size=3), max_size=3))
def test_whatever_is_written_the_scan_finds_the_same_paths_as_the_reader(tables, items):
    text = "".join(f"{quoted(key)} = {written(value)}\n" for key, value in tables.items() if key != "items")
    text += "".join(
        "[[items]] # [[no]]\n" + "".join(f"{quoted(key)} = {written(value)}\n" for key, value in item.items())
        for item in items
    )
    read = tomllib.loads(text)
    lines = Lines(text)
    found = [lines.of(path) for path in paths_of(read)]
    assert all(1 <= line <= max(1, text.count("\n")) for line in found)
    exact = [path for path in paths_of(read) if path and lines.of(path) == lines.of(path[:-1])]
    for path in exact:
        first = text.splitlines()[lines.of(path) - 1]
        assert isinstance(path[-1], int) or path[-1] == "items" or quoted(path[-1]) in first
