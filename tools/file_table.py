"""Writes the table of files in docs/architecture.md from the first sentence of each file's docstring.

`python -m tools.file_table` rewrites the document; the tests say when that is due.
"""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "architecture.md"
ROOMS = ("crdt_models", "p2p", "khata", "simulations")
START = "<!-- files: written by tools/file_table.py -->"
END = "<!-- end of files -->"


def one_idea(path: Path) -> str:
    """Return the first line of a file's docstring, without its full stop."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first_paragraph = " ".join(docstring.split("\n\n")[0].split())
    sentence = re.split(r"(?<=[.!?]) (?=[A-Z`])", first_paragraph)[0]
    return sentence.rstrip(".").replace("|", "\\|")


def folder_table(folder: Path) -> list[str]:
    """Return the Markdown lines for the Python files that lie directly in a folder."""
    files = [path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]
    title = f"**`{folder.relative_to(ROOT)}/`** — {one_idea(folder / '__init__.py')}."
    rows = [f"| `{path.name}` | {one_idea(path)} |" for path in files]
    return [title, "", *(["| file | its one idea |", "|---|---|", *rows, ""] if rows else [])]


def file_table() -> str:
    """Return the whole table, room by room, as Markdown."""
    folders = [path.parent for room in ROOMS for path in sorted((ROOT / room).rglob("__init__.py"))]
    return "\n".join(line for folder in folders for line in folder_table(folder)).strip()


def with_table(document: str) -> str:
    """Return the document with the table between its two marks replaced by a fresh one."""
    before, _, rest = document.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{file_table()}\n\n{END}{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(with_table(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
