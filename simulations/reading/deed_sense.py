"""Whether the happenings of a scenario make sense: when, to whom, and with the keys that each deed goes by."""

import datetime
import re
from collections.abc import Iterator
from typing import Final

from simulations.reading.deed_words import DEEDS
from simulations.reading.mistakes import Mistake
from simulations.reading.names import Names
from simulations.reading.spans import length_mistakes, number_mistakes
from simulations.reading.toml_lines import KeyPath
from simulations.scenario import HOUR, SECOND, YEAR, Happening, Scenario, given, ms_of

CLOCK_MAX: Final = 100 * YEAR
"""How far a clock may jump, or drift in a day."""

_ALWAYS: Final = frozenset({"at", "do", "who"})
_OF_DEVICES: Final = frozenset({"clone", "recover", "revoke", "rule", "pause", "resume", "alter-same", "disk-full"})
"""Deeds that no relay can do or suffer."""
_BY_HEAD_OFFICE: Final = frozenset({"lock", "unlock"})
"""Deeds that only head office can do; whom they concern are all."""
_date = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def deed_mistakes(scenario: Scenario, names: Names, end: int) -> Iterator[Mistake]:
    """Tell what in the happenings of a scenario cannot be meant.

    Args:
        scenario: all of it.
        names: those of the scenario.
        end: when it ends, ms.
    """
    joins = {branch.name: _ms(branch.joins) for branch in scenario.branches}
    for place, happening in enumerate(scenario.happenings):
        path = ("happenings", place)
        yield from _of_keys(happening, path)
        yield from _of_times(happening, path, end)
        yield from _of_people(happening, path, names, joins)
        yield from _of_values(happening, path)
    yield from _of_order(scenario.happenings, names)
    yield from _of_last_copies(scenario.happenings, names, joins)


def _of_keys(happening: Happening, path: KeyPath) -> Iterator[Mistake]:
    """Tell which keys the deed lacks, and which it does not go by."""
    uses = DEEDS[happening.do]
    keys = set(given(happening))
    for key in uses.needs:
        if key not in keys:
            yield Mistake(path, f"`{happening.do}` needs `{key}`")
    for key in sorted(keys - _ALWAYS - {*uses.needs, *uses.takes}):
        others = [deed for deed, other in DEEDS.items() if key in {*other.needs, *other.takes}]
        yield Mistake((*path, key), f"`{happening.do}` has no `{key}`; it is for {', '.join(others)}")
    if happening.do in _BY_HEAD_OFFICE and happening.who:
        yield Mistake((*path, "who"), f"`{happening.do}` is done by head office; leave `who` out")


def _of_times(happening: Happening, path: KeyPath, end: int) -> Iterator[Mistake]:
    yield from length_mistakes((*path, "at"), happening.at, 0, end - 1)
    yield from length_mistakes((*path, "latency"), happening.latency, 0, HOUR)
    for key, text, least in (("lasts", happening.lasts, 1), ("every", happening.every, SECOND)):
        if text:
            yield from length_mistakes((*path, key), text, least, YEAR)


def _of_people(happening: Happening, path: KeyPath, names: Names, joins: dict[str, int]) -> Iterator[Mistake]:
    """Tell who is not there, not yet, or cannot do it."""
    known = True
    for key, people in (("who", happening.who), ("other", happening.other)):
        for place, name in enumerate(people):
            wrong = list(names.mistakes(name, (*path, key, place)))
            known = known and not wrong
            yield from wrong
            joined = joins.get(names.branch_of(name), 0)
            if _ms(happening.at) < joined:
                yield Mistake((*path, key, place), f"{name} is not there yet: it joins later, when `joins` says")
            if name in names.relays and happening.do in _OF_DEVICES:
                yield Mistake(
                    (*path, key, place), f"{name} is a relay, and `{happening.do}` is for devices of branches"
                )
    if known:
        yield from _of_parties(happening, path, names)


def _of_parties(happening: Happening, path: KeyPath, names: Names) -> Iterator[Mistake]:
    if happening.do == "rule":
        for key, people in (("who", happening.who), ("other", happening.other)):
            if people and (len(people) != 1 or people[0] not in names.branches):
                yield Mistake((*path, key), f"`rule` is between two branches: write one of them as `{key}`")
        if happening.who and happening.who == happening.other:
            yield Mistake((*path, "other"), f"a rule is between two branches, and both are {happening.who[0]}")
    if happening.do == "revoke" and names.head_office in names.meant(happening.who):
        yield Mistake((*path, "who"), f"{names.head_office} is who revokes; it cannot revoke itself")
    if happening.do == "recover" and happening.who and happening.who != (names.head_office,):
        yield Mistake((*path, "who"), f'only head office can be recovered: who = ["{names.head_office}"]')
    if happening.other and names.meant(happening.who) == names.meant(happening.other) and len(happening.other) == 1:
        yield Mistake((*path, "other"), f"`who` and `other` are both {happening.other[0]}")


def _of_values(happening: Happening, path: KeyPath) -> Iterator[Mistake]:
    yield from number_mistakes((*path, "speed"), happening.speed, 0.1, 10_000_000.0)
    if happening.by:
        yield from length_mistakes((*path, "by"), happening.by, -CLOCK_MAX, CLOCK_MAX)
    if happening.until and not _is_date(happening.until):
        yield Mistake((*path, "until"), f'"{happening.until}" is no date; write it as "2026-03-31"')


def _of_order(happenings: tuple[Happening, ...], names: Names) -> Iterator[Mistake]:
    """Tell what undoes something that is not done before."""
    for place, happening in enumerate(happenings):
        before = {"restore": "back-up", "recover": "burn"}.get(happening.do)
        if before is None:
            continue
        done = [
            earlier
            for earlier in happenings
            if earlier.do == before
            and _ms(earlier.at) <= _ms(happening.at)
            and names.meant(happening.who) <= names.meant(earlier.who)
        ]
        if not done:
            who = " and ".join(happening.who)
            yield Mistake(
                ("happenings", place), f"`{happening.do}` of {who} needs a `{before}` of it at an earlier `at`"
            )


def _of_last_copies(happenings: tuple[Happening, ...], names: Names, joins: dict[str, int]) -> Iterator[Mistake]:
    """Tell what burns the last books there are: nothing in the world could bring them back."""
    burnt: frozenset[str] = frozenset()
    for place, happening in sorted(enumerate(happenings), key=lambda one: _ms(one[1].at)):
        if happening.do != "burn":
            continue
        burnt |= names.meant(happening.who)
        if all(joins[names.branch_of(device)] >= _ms(happening.at) for device in names.devices - burnt):
            yield Mistake(
                ("happenings", place, "who"), "nobody else has the books by then: they would be lost for good"
            )


def _is_date(text: str) -> bool:
    try:
        return bool(_date.fullmatch(text) and datetime.date.fromisoformat(text))
    except ValueError:
        return False


def _ms(text: str) -> int:
    """The ms of a length of time; one that is none is told elsewhere, and is zero here."""
    try:
        return ms_of(text)
    except ValueError:
        return 0
