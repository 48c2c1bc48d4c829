"""Bugs that are planted on purpose, one at a time, in a copy of the packages: do the checks of the simulation see them?

What is planted stands in `planted.toml`, with the scenario in which it shows; the scenarios are in `planted/`.
`python -m tests.simulations.planting` looks for all of them, and tells what each took; with names, for those alone.
"""

import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from tests.simulations.seen import Seen

ROOT: Final = Path(__file__).resolve().parent.parent.parent
PACKAGES: Final = ("crdt_models", "p2p", "khata")
PLANTED: Final = Path(__file__).parent / "planted.toml"
SCENARIOS: Final = Path(__file__).parent / "planted"
_LOOKER: Final = Path(__file__).parent / "look_for_violations.py"
_SECONDS_MAX: Final = 100


class Bug(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bug to plant.

    Attributes:
        name: in a few words.
        says: what goes wrong with it, in a sentence.
        file: where it is planted.
        old: the text that has to stand there exactly once.
        new: what is put in its place.
        scenario: a file in `planted/`, a shipped name, or `swarm`.
        seeds: one of the first so many finds it.
        check: the check that has to say so.
        by_hand: whether it takes so long that `make bugs` alone plants it, and not every `make test`.
    """

    name: str
    says: str
    file: str
    old: str
    new: str
    scenario: str
    check: str
    seeds: int = 1
    by_hand: bool = False

    @property
    def place(self) -> Path:
        """The file it is planted in."""
        return ROOT / self.file


class _Planted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    bugs: tuple[Bug, ...]


def planted_bugs() -> tuple[Bug, ...]:
    """Return all that can be planted."""
    return msgspec.convert(tomllib.loads(PLANTED.read_text(encoding="utf-8")), _Planted).bugs


def occurrences(bug: Bug) -> int:
    """Return how often the text that a bug replaces stands in its file."""
    return bug.place.read_text(encoding="utf-8").count(bug.old)


def seen_with(bug: Bug, seeds: int | None = None) -> Seen:
    """Return what the simulation sees while a bug is planted.

    Args:
        seeds: look at the first so many; None for as many as the bug states.
    """
    with tempfile.TemporaryDirectory(prefix="khata-planted-") as folder:
        copy = Path(folder)
        for package in PACKAGES:
            shutil.copytree(ROOT / package, copy / package)
        planted = copy / bug.file
        text = planted.read_text(encoding="utf-8")
        planted.unlink()
        planted.write_text(text.replace(bug.old, bug.new), encoding="utf-8")
        return _look(bug.scenario, seeds or bug.seeds, copy)


def scenario_named(name: str) -> str:
    """Return the path of a scenario that is here, or the name of a shipped one."""
    path = SCENARIOS / f"{name}.toml"
    return str(path) if path.exists() else name


def _look(scenario: str, seeds: int, packages: Path) -> Seen:
    """Return what the simulation sees with the packages of a folder, up to the first seed that fails."""
    done = subprocess.run(
        [sys.executable, "-P", _LOOKER, scenario_named(scenario), str(seeds)],
        cwd=packages,
        env={"PYTHONPATH": f"{packages}:{ROOT}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=_SECONDS_MAX,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the simulation itself broke:\n{done.stdout}\n{done.stderr}")
    return msgspec.json.decode(done.stdout, type=Seen)


def main(names: Sequence[str]) -> None:
    """Plant the bugs of these names, or all, and tell what was seen of each."""
    missed = 0
    for bug in planted_bugs():
        if names and bug.name not in names:
            continue
        found = seen_with(bug)
        checks = ", ".join(sorted(set(found.checks))) or "NOTHING"
        missed += bug.check not in found.checks
        print(f"{bug.name}: seed {found.seed} of {bug.seeds}, {found.seconds:.1f} s: {checks}", flush=True)
        if names:
            print("\n".join(f"    {text}" for text in found.texts[:8]), flush=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
