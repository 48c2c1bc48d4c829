"""Lengths of time and numbers of a scenario, within their bounds."""

from collections.abc import Iterator
from typing import Final

from simulations.reading.mistakes import Mistake
from simulations.reading.toml_lines import KeyPath
from simulations.scenario import DAY, HOUR, MINUTE, SECOND, YEAR, ms_of

_UNITS: Final = ((YEAR, "y"), (DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (1, "ms"))


def length_of(ms: int) -> str:
    """Return a length of time as scenarios write it, in the largest unit that it is whole in: `"90s"`, `"3d"`."""
    if ms == 0:
        return "0s"
    size, unit = next((size, unit) for size, unit in _UNITS if ms % size == 0)
    return f"{ms // size}{unit}"


def length_mistakes(path: KeyPath, text: str, least: int, most: int) -> Iterator[Mistake]:
    """Tell whether a text is no length of time, or too short or too long a one; bounds are ms."""
    try:
        ms = ms_of(text)
    except ValueError as error:
        yield Mistake(path, f"`{path[-1]}`: {error}")
        return
    if not least <= ms <= most:
        bounds = f"at most {_bound(most)}" if ms > most else f"at least {length_of(least)}"
        yield Mistake(path, f'`{path[-1]}` is "{text}"; it may be {bounds}')


def ms_or_zero(text: str) -> int:
    """The ms of a length of time; one that is none is told elsewhere, and is zero here."""
    try:
        return ms_of(text)
    except ValueError:
        return 0


def number_mistakes(path: KeyPath, number: float, least: float, most: float) -> Iterator[Mistake]:
    """Tell whether a number is out of bounds, or none at all."""
    if not least <= number <= most:
        yield Mistake(path, f"`{path[-1]}` is {number:,.10g}; it may be {least:,.10g} to {most:,.10g}")


def _bound(ms: int) -> str:
    """A bound in words: one that is a millisecond before the end is the end."""
    return length_of(ms) if ms % SECOND == 0 else f"just under {length_of(ms + 1)}, when the scenario ends"
