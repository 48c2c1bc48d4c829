"""Reading scenarios: a shipped one by its name or a TOML file; every mistake in it is told with its line."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec

from crdt_models.errors import KhataError
from simulations.reading.mistakes import Mistake, instead
from simulations.reading.sense import sense_mistakes
from simulations.reading.shape import shape_mistakes
from simulations.reading.toml_lines import Lines
from simulations.scenario import Scenario

SHIPPED: Final = Path(__file__).parent.parent / "scenarios"
SWARM: Final = "swarm"
"""In the place of a name: a scenario that is drawn from the seed."""
FILE_BYTES_MAX: Final = 256 * 1024
MISTAKES_TOLD_MAX: Final = 20

_KEY_CHARS_SHOWN: Final = 40
_ENDLESS: Final = ("Illegal character '\\n'", "Illegal character '\\r'", "Unterminated string", 'Expected "\'"')
_place = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class BadScenario(KhataError):
    """A scenario that cannot be run; each line of the message is a mistake: the file, its line, what would be right."""


def shipped() -> dict[str, Path]:
    """Return the files of the scenarios that come with khata, by name."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}


def scenario_file(name: str) -> Path:
    """Return the file that a person means: that of a shipped scenario by its name, or the one at a path.

    Raises:
        BadScenario: no scenario has the name, and no file.
    """
    known = shipped()
    path = Path(name).expanduser()
    if name in known:
        return known[name]
    if name.endswith(".toml") or "/" in name or path.exists():
        return path
    raise BadScenario(f'there is no scenario and no file "{name}"; {instead(name, [*known, SWARM])}')


def text_of_scenario(name: str) -> str:
    """Return the TOML of a scenario by its shipped name or path.

    Raises:
        BadScenario: there is none, or it is too large or not text.
        OSError: the file cannot be read.
    """
    path = scenario_file(name)
    with path.open("rb") as file:
        data = file.read(FILE_BYTES_MAX + 1)
    if len(data) > FILE_BYTES_MAX:
        raise BadScenario(f"{path} is larger than {FILE_BYTES_MAX // 1024} KiB, which no scenario is")
    try:
        # Editors of some systems begin a file with a mark that TOML does not know.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadScenario(f"{path}, line {line}: this is not text in UTF-8; save it as UTF-8") from None


def read_scenario(name: str) -> Scenario:
    """Return the scenario of a shipped name or a path.

    Raises:
        BadScenario: it cannot be run, or there is none.
        OSError: the file cannot be read.
    """
    return parse_scenario(text_of_scenario(name), name)


def parse_scenario(text: str, where: str) -> Scenario:
    """Return the scenario that a TOML text says.

    Args:
        text: from anybody, of at most `FILE_BYTES_MAX`.
        where: the name of its file, for the message.

    Raises:
        BadScenario: it cannot be run.
    """
    try:
        tables = tomllib.loads(text)
        lines = Lines(text)
    except RecursionError:
        raise BadScenario(f"{where}: lists in lists, deeper than any scenario needs") from None
    except ValueError as error:
        raise BadScenario(f"{where}, {_syntax(error, text)}") from None
    mistakes = list(shape_mistakes(tables))
    if not mistakes:
        scenario = msgspec.convert(_with_work_inherited(tables), Scenario)
        mistakes = list(sense_mistakes(scenario))
        if not mistakes:
            return scenario
    raise BadScenario("\n".join(_told(mistakes, lines, where)))


def _with_work_inherited(tables: dict[str, Any]) -> dict[str, Any]:
    """Let the work of a branch be that of everywhere, but for what it names itself."""
    everywhere = tables.get("work", {})
    branches = [
        branch | ({"work": everywhere | branch["work"]} if "work" in branch else {}) for branch in tables["branches"]
    ]
    return tables | {"branches": branches}


def _syntax(error: ValueError, text: str) -> str:
    """What is wrong with a text that is no TOML, the line first."""
    said = str(error)
    found = _place.search(said)
    if found is None:
        return f"somewhere: {said}; this is no TOML"
    lines = text.split("\n")
    line = int(found[1] or len(lines))
    return f"line {line}: {_in_words(said[: found.start()], lines[line - 1])}; this is no TOML"


def _in_words(said: str, line: str) -> str:
    """What `tomllib` says of a line, where it says it in words of its own."""
    if said in _ENDLESS:
        return "a text that begins with a quote has no quote at its end"
    if said == "Cannot overwrite a value" or said.startswith("Cannot declare"):
        return f"`{line.partition('=')[0].strip()[:_KEY_CHARS_SHOWN]}` is there already, and can be there but once"
    return said


def _told(mistakes: list[Mistake], lines: Lines, where: str) -> list[str]:
    placed = sorted((lines.of(mistake.path), mistake.text) for mistake in mistakes)
    told = [f"{where}, line {line}: {text}" for line, text in dict.fromkeys(placed)]
    more = len(told) - MISTAKES_TOLD_MAX
    return told if more <= 0 else [*told[:MISTAKES_TOLD_MAX], f"and {more} more mistakes"]
