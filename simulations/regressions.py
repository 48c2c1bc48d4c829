"""Seeds that failed once, kept with a sentence: each is run again by the tests."""

import tomllib
from pathlib import Path
from typing import Final

import msgspec

REGRESSIONS: Final = Path(__file__).parent / "regressions.toml"
SCHEDULES: Final = Path(__file__).parent / "regressions"
"""Scenarios that were shrunk to what a failure needs: they fail alike whatever the swarm draws later."""


class Regression(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A seed that failed.

    Attributes:
        scenario: a shipped name, `swarm`, or the path of a file in `regressions/`.
        seed: what failed with it.
        was: what was wrong, in a sentence.
    """

    scenario: str
    seed: int
    was: str


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    regressions: tuple[Regression, ...]


def regressions() -> tuple[Regression, ...]:
    """Return all that are kept."""
    kept = msgspec.convert(tomllib.loads(REGRESSIONS.read_text(encoding="utf-8")), _Kept).regressions
    return tuple(msgspec.structs.replace(one, scenario=_placed(one.scenario)) for one in kept)


def _placed(scenario: str) -> str:
    return str(SCHEDULES / scenario) if scenario.endswith(".toml") else scenario
