"""Writes the table of planted bugs in docs/simulations.md from tests/simulations/planted.toml.

`python -m tools.planted_table` rewrites the page; the tests say when that is due.
"""

from typing import Final

from tests.simulations.planting import ROOT, Bug, planted_bugs

PAGE: Final = ROOT / "docs" / "simulations.md"
START: Final = "<!-- planted: written by tools/planted_table.py -->"
END: Final = "<!-- end of planted -->"


def with_table(document: str) -> str:
    """Return the page with the part between its two marks replaced by a fresh table."""
    before, _, rest = document.partition(START)
    _, _, after = rest.partition(END)
    head = "| planted in | what goes wrong then | caught by | within |\n|---|---|---|---|"
    rows = "\n".join(_row(bug) for bug in planted_bugs())
    return f"{before}{START}\n\n{head}\n{rows}\n\n{END}{after}"


def _row(bug: Bug) -> str:
    seeds = "1 seed" if bug.seeds == 1 else f"{bug.seeds} seeds"
    return f"| `{bug.file}` | {bug.says} | {bug.check} | {seeds} of `{bug.scenario}` |"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
