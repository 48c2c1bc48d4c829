"""The line on which each key and each item of a TOML text stands: `tomllib` reads the values and forgets the lines."""

import re
import tomllib
from bisect import bisect_left
from typing import Final

KeyPath = tuple[str | int, ...]
"""Where a value stands: keys of tables and places in arrays, such as `("branches", 1, "name")`."""

_blank = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_space = re.compile(r"[ \t]*")
_key = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_string = re.compile(
    r""""{3}(?:[^\\]|\\.)*?"{3}"{0,2}|'{3}.*?'{3}'{0,2}|"(?:[^"\\]|\\.)*"|'[^']*\'""",
    re.DOTALL,
)
_bare = re.compile(r"[^,\]}#\r\n]+")
_END: Final = "]"
_QUOTES: Final = "\"'"


class Lines:
    """The lines of a text that `tomllib` has read: what follows trusts that it is TOML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._lines: dict[KeyPath, int] = {(): 1}
        self._counts: dict[KeyPath, int] = {}
        self._statements()

    def of(self, path: KeyPath) -> int:
        """Return the line, from 1 on, of a value, or of the nearest table or array around it that is written."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _statements(self) -> None:
        table: KeyPath = ()
        while self._after(_blank) < len(self._text):
            if self._took("[["):
                table = self._header_of_item()
            elif self._took("["):
                table = self._resolved(self._keys())
                self._took(_END)
            else:
                self._pair(table)

    def _header_of_item(self) -> KeyPath:
        """Read `[[array]]` after its brackets: a further item of an array of tables begins."""
        *above, name = self._keys()
        self._took("]]")
        array = (*self._resolved(above), name)
        place = self._counts.get(array, 0)
        self._counts[array] = place + 1
        self._note(array)
        return self._note((*array, place))

    def _resolved(self, keys: list[str]) -> KeyPath:
        """The path that keys of a header mean: of an array of tables, its last item."""
        path: KeyPath = ()
        for key in keys:
            path = self._note((*path, key))
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path

    def _pair(self, table: KeyPath) -> None:
        path = table
        for key in self._keys():
            path = self._note((*path, key))
        self._took("=")
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        self._after(_space)
        if self._took("["):
            self._items(path)
        elif self._took("{"):
            while self._goes_on("}"):
                self._pair(path)
        else:
            found = _string.match(self._text, self._at) or _bare.match(self._text, self._at)
            assert found is not None, "tomllib has read this text"
            self._at = found.end()

    def _items(self, path: KeyPath) -> None:
        place = 0
        while self._goes_on(_END):
            self._value(self._note((*path, place)))
            place += 1

    def _goes_on(self, end: str) -> bool:
        """Whether another item comes before the end of an array or an inline table, which is read over."""
        self._after(_blank)
        if self._took(","):
            self._after(_blank)
        return not self._took(end)

    def _keys(self) -> list[str]:
        """Read a key, `a."b c".d`."""
        keys: list[str] = []
        while True:
            self._after(_space)
            found = _key.match(self._text, self._at)
            assert found is not None, "tomllib has read this text"
            self._at = found.end()
            keys += tomllib.loads(f"{found[0]} = 0") if found[0][0] in _QUOTES else [found[0]]
            self._after(_space)
            if not self._took("."):
                return keys

    def _note(self, path: KeyPath) -> KeyPath:
        """Remember where this path was first written: here."""
        self._lines.setdefault(path, bisect_left(self._ends, self._at) + 1)
        return path

    def _took(self, mark: str) -> bool:
        found = self._text.startswith(mark, self._at)
        if found:
            self._at += len(mark)
        return found

    def _after(self, pattern: re.Pattern[str]) -> int:
        """Read over what a pattern matches, which may be nothing, and return where that ends."""
        found = pattern.match(self._text, self._at)
        self._at = self._at if found is None else found.end()
        return self._at
