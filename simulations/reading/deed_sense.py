"""Whether the happenings of a scenario make sense: when, to whom, and with the keys that each deed goes by."""

import datetime
import re
from collections.abc import Iterator
from typing import Final

from simulations.reading.deed_words import DEEDS
from simulations.reading.mistakes import Mistake
from simulations.reading.names import Names
from simulations.reading.spans import length_mistakes, ms_or_zero, number_mistakes
from simulations.reading.toml_lines import KeyPath
from simulations.scenario import HOUR, SECOND, YEAR, Happening, Scenario, given

CLOCK_MAX: Final = 100 * YEAR
"""How far a clock may jump, or drift in a day."""

_ALWAYS: Final = frozenset({"at", "do", "who"})
_OF_DEVICES: Final = frozenset({"clone", "recover", "revoke", "rule", "pause", "resume", "alter-same", "disk-full"})
"""Deeds that no relay can do or suffer."""
_UNDOES: Final = {"restore": "back-up", "recover": "burn", "unlock": "lock", "resume": "pause"}
"""What means nothing unless something else was done before; an `unlock` at random may come too early."""
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
    joins = {branch.name: ms_or_zero(branch.joins) for branch in scenario.branches}
    for place, happening in enumerate(scenario.happenings):
        path = ("happenings", place)
        yield from _of_keys(happening, path)
        yield from _of_times(happening, path, end)
        yield from _of_people(happening, path, names, joins)
        yield from _of_values(happening, path)
    yield from _of_order(scenario.happenings, names)
    yield from _of_last_copies(scenario.happenings, names, joins)
    yield from _of_the_burnt(scenario.happenings, names)
    yield from _without_head_office(scenario, names)


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
            if 0 <= ms_or_zero(happening.at) < joined:
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
        before = _UNDOES.get(happening.do)
        if before is None:
            continue
        done = [
            earlier
            for earlier in happenings
            if earlier.do == before
            and (happening.do == "unlock" or ms_or_zero(earlier.at) <= ms_or_zero(happening.at))
            and names.meant(happening.who) <= names.meant(earlier.who)
        ]
        if not done:
            of, it = (f" of {' and '.join(happening.who)}", " of it") if happening.who else ("", "")
            yield Mistake(("happenings", place), f"`{happening.do}`{of} needs a `{before}`{it} at an earlier `at`")


def _of_last_copies(happenings: tuple[Happening, ...], names: Names, joins: dict[str, int]) -> Iterator[Mistake]:
    """Tell what burns the last books there are: nothing in the world could bring them back."""
    burnt: frozenset[str] = frozenset()
    for place, happening in _in_time(happenings):
        if happening.do != "burn":
            continue
        burnt |= names.meant(happening.who)
        if all(joins[names.branch_of(device)] >= ms_or_zero(happening.at) for device in names.devices - burnt):
            yield Mistake(
                ("happenings", place, "who"), "nobody else has the books by then: they would be lost for good"
            )


def _of_the_burnt(happenings: tuple[Happening, ...], names: Names) -> Iterator[Mistake]:
    """Tell what happens to machines that are gone for good."""
    is_back = any(one.do == "recover" for one in happenings)
    burnt: frozenset[str] = frozenset()
    for place, happening in _in_time(happenings):
        for key, people in (("who", happening.who), ("other", happening.other)):
            for at, name in enumerate(people):
                if names.meant((name,)) <= burnt:
                    yield Mistake(("happenings", place, key, at), f"{name} has burnt by then, and is gone for good")
        if happening.do == "burn":
            burnt |= names.meant(happening.who) - ({names.head_office} if is_back else set())


def _without_head_office(scenario: Scenario, names: Names) -> Iterator[Mistake]:
    """Tell what only head office can do, after it has burnt and with nobody who recovers it."""
    burns = [
        ms_or_zero(one.at)
        for one in scenario.happenings
        if one.do == "burn" and names.head_office in names.meant(one.who)
    ]
    if not burns or any(one.do == "recover" and ms_or_zero(one.at) >= max(burns) for one in scenario.happenings):
        return
    needs = f"needs {names.head_office}, which has burnt by then: let it `recover`"
    for place, branch in enumerate(scenario.branches):
        if ms_or_zero(branch.joins) >= max(burns):
            yield Mistake(("branches", place, "joins"), f"joining {needs}")
    for place, one in enumerate(scenario.happenings):
        if one.do in (*_BY_HEAD_OFFICE, "revoke") and ms_or_zero(one.at) >= max(burns):
            yield Mistake(("happenings", place), f"`{one.do}` {needs}")


def _in_time(happenings: tuple[Happening, ...]) -> list[tuple[int, Happening]]:
    """The happenings in the order in which they come, each with its place in the list."""
    return sorted(enumerate(happenings), key=lambda one: ms_or_zero(one[1].at))


def _is_date(text: str) -> bool:
    try:
        return bool(_date.fullmatch(text) and datetime.date.fromisoformat(text))
    except ValueError:
        return False
