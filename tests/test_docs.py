"""The documentation under test: what exists is named there, and what is named there exists."""

import ast
import importlib
import re
from pathlib import Path
from typing import get_args

import pytest
import typer.main

from simulations.reading.deed_words import DEEDS
from simulations.reading.reading_toml import parse_scenario
from simulations.scenario import Deed
from tools.command_page import PAGE, command_page
from tools.file_table import DOCUMENT, with_table
from tools.scenario_tables import PAGE as SIMULATIONS
from tools.scenario_tables import with_tables

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
ROOMS = ("crdt_models", "p2p", "khata", "simulations")


def text_of(*names: str) -> str:
    return "\n".join((ROOT / name).read_text(encoding="utf-8") for name in names)


def whole_manual() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def limits() -> list[str]:
    tree = ast.parse(text_of("p2p/limits.py"))
    targets = [node.target for node in tree.body if isinstance(node, ast.AnnAssign)]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    units = {"KIB", "MIB", "GIB", "DAY_MS"}
    return [name for name in names if name not in units]


def test_every_limit_is_explained():
    names = limits()
    assert len(names) > 20
    pages = text_of("docs/threats.md", "docs/protocol.md")
    missing = [name for name in names if f"`{name}`" not in pages]
    assert not missing, f"say in docs/threats.md what these are for: {missing}"


def test_every_limit_is_enforced():
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if path.name != "limits.py"
    )
    unused = [name for name in limits() if not re.search(rf"\b{name}\b", code)]
    assert not unused, f"nothing in the code asks about these: {unused}"


def error_classes() -> dict[str, str]:
    """Every class below KhataError in the four rooms, and the file it stands in; found by name, without importing."""
    classes: dict[str, tuple[list[str], str]] = {}
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                above = [getattr(item, "id", getattr(item, "attr", "")) for item in node.bases]
                classes[node.name] = (above, str(path.relative_to(ROOT)))
    found = {"KhataError"}
    grown = True
    while grown:
        below = {name for name, (above, _) in classes.items() if found & set(above)}
        grown = not below <= found
        found |= below
    return {name: classes[name][1] for name in sorted(found) if not name.startswith("_")}


def test_every_error_is_explained():
    classes = error_classes()
    assert {"KhataError", "BadValue", "RemoteProtocolError"} <= set(classes)
    page = text_of("docs/errors.md")
    missing = [f"{name} ({path})" for name, path in classes.items() if f"`{name}`" not in page]
    assert not missing, f"say in docs/errors.md when these happen and what to do: {missing}"


def test_the_page_of_errors_names_none_that_is_gone():
    rows = re.findall(r"^\|\s*`(\w+)`\s*\|", text_of("docs/errors.md"), re.MULTILINE)
    assert set(rows) == set(error_classes())


def commands() -> list[str]:
    """Every command of the command line by its full name: `khata voucher add`."""
    found: list[str] = []

    def walk(name: str, command: object) -> None:
        below: dict[str, object] = getattr(command, "commands", {})
        alone = not below or getattr(command, "invoke_without_command", False)
        if alone and name != "khata" and not getattr(command, "hidden", False):
            found.append(name)
        for part, inner in below.items():
            walk(f"{name} {part}", inner)

    if (ROOT / "khata" / "cli" / "__init__.py").exists():
        walk("khata", typer.main.get_command(importlib.import_module("khata.cli").app))
    return found


def test_every_command_is_explained():
    manual = re.sub(r"khata --books \S+", "khata", whole_manual())
    missing = [name for name in commands() if not re.search(rf"{re.escape(name)}\b", manual)]
    assert not missing, f"show these in README.md or docs/commands.md: {missing}"


def shown_commands() -> list[tuple[str, str]]:
    """Every line of a code block that starts with `khata`, and the page it is on."""
    lines: list[tuple[str, str]] = []
    for page in PAGES:
        for block in re.findall(r"```\w*\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            lines += [(page.name, line.strip()) for line in block.splitlines() if re.match(r"\s*khata ", line)]
    return lines


def test_every_command_shown_exists():
    known = set(commands())
    unknown: list[str] = []
    for page, line in shown_commands():
        words = re.sub(r"^khata (--books \S+ +)?", "khata ", line).split()
        if not any(" ".join(words[:length]) in known for length in (2, 3)):
            unknown.append(f"{page}: {line}")
    assert not unknown, f"no such command: {unknown}"


def heading_anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    broken: list[str] = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        if not linked.exists() or (anchor and anchor not in heading_anchors(linked)):
            broken.append(target)
    assert not broken, f"these lead nowhere: {broken}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_named_in_the_text_exist(page):
    pattern = rf"`((?:{'|'.join(ROOMS)}|docs|tests|tools|benchmarks)/[\w./-]+)`"
    named = re.findall(pattern, page.read_text(encoding="utf-8"))
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing, f"no such file: {missing}"


def test_decisions_are_numbered_without_gaps_and_have_their_three_parts():
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(page.name.split("-")[0]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1))
    for page in pages:
        for part in ("## Context", "## Decision", "## Consequences"):
            assert part in page.read_text(encoding="utf-8"), f"{page.name} has no {part}"


def test_the_table_of_files_is_up_to_date():
    document = DOCUMENT.read_text(encoding="utf-8")
    assert document == with_table(document), "run `make docs`"


def test_the_page_of_commands_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == command_page(), "run `make docs`"


def test_the_tables_of_scenarios_are_up_to_date():
    page = SIMULATIONS.read_text(encoding="utf-8")
    assert page == with_tables(page), "run `make docs`"


def test_the_scenario_shown_to_strangers_can_be_run():
    (shown,) = re.findall(r"```toml\n(.*?)```", SIMULATIONS.read_text(encoding="utf-8"), re.DOTALL)
    assert parse_scenario(shown, "the page").title


def test_every_deed_is_explained():
    assert set(DEEDS) == set(get_args(Deed))
