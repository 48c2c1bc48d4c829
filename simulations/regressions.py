"""Seeds that failed once, kept with a sentence: each is run again by the tests."""

import tomllib
from pathlib import Path
from typing import Final

import msgspec

REGRESSIONS: Final = Path(__file__).parent / "regressions.toml"


class Regression(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A seed that failed.

    Attributes:
        scenario: a shipped name, or `swarm`.
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
    return msgspec.convert(tomllib.loads(REGRESSIONS.read_text(encoding="utf-8")), _Kept).regressions
