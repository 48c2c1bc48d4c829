"""Writes docs/commands.md from the command line itself: what each command is for, its options and its examples.

`python -m tools.command_page` rewrites the page; the tests say when that is due.
"""

import re
from pathlib import Path
from typing import Any

import typer

from khata.cli import app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "commands.md"

_HEAD = """# Commands

Written by `make docs` from the commands themselves; `khata COMMAND --help` says the same.

`khata --books DIR COMMAND` names the folder with the books; without it `KHATA_BOOKS` counts, or a folder of your
account.
`--user NAME` (or `KHATA_USER`) stands in everything that is saved. `--json` prints data for programs.

Exit codes: 0 done · 1 refused or failed, with a sentence and the next step on stderr · 2 wrong usage · 3 not in sync.
"""


def command_page() -> str:
    """Return the whole page as Markdown."""
    return "\n".join([_HEAD, *_sections("khata", typer.main.get_command(app))]).rstrip() + "\n"


def _sections(name: str, command: Any) -> list[str]:
    below: dict[str, Any] = getattr(command, "commands", {})
    inside = [line for part, inner in below.items() for line in _sections(f"{name} {part}", inner)]
    if below and (name == "khata" or not command.invoke_without_command):
        return inside
    return [f"## {name}", "", *_text(command.help or ""), *_options(command), "", *inside]


def _text(text: str) -> list[str]:
    explained, _, examples = text.replace("\b", "").partition("Examples:")
    lines = [re.sub(r"[ \t]*\n[ \t]*", "\n", explained).strip(), ""]
    shown = [line.strip() for line in examples.splitlines() if line.strip()]
    return [*lines, "```", *shown, "```", ""] if shown else lines


def _options(command: Any) -> list[str]:
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
    return ["| argument or option | |", "|---|---|", *rows, ""] if rows else []


def _row(parameter: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    if parameter.param_type_name == "argument":
        names = f"`{(parameter.name or '').upper()}`"
    return f"| {names} | {(getattr(parameter, 'help', '') or '').replace('|', '/')} |"


if __name__ == "__main__":
    PAGE.write_text(command_page(), encoding="utf-8")
