"""The shortest schedule that still fails: everything is left out of a scenario that the failure does not need."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec

from simulations.reading.names import Names
from simulations.reading.sense import sense_mistakes
from simulations.reading.spans import length_of
from simulations.scenario import SECOND, Branch, Faults, Scenario, Work, ms_of

RUNS_MAX: Final = 200
SECONDS_MAX: Final = 300.0

_LASTS_LEAST_MS: Final = 60_000

Fails = Callable[[Scenario], bool]
"""Whether a scenario still fails in the same way, with the same seed."""


class Shrunk(NamedTuple):
    """What was found.

    Attributes:
        scenario: the smallest one that fails.
        runs: how many were tried.
        done: whether nothing more could be left out; otherwise runs or time were over.
        interrupted: whether somebody did not wait for that.
    """

    scenario: Scenario
    runs: int
    done: bool
    interrupted: bool = False


class _Bounds:
    """How much may be tried, and the smallest scenario that has failed so far."""

    def __init__(
        self, scenario: Scenario, fails: Fails, runs_max: int, seconds_max: float, steady: Callable[[], float]
    ) -> None:
        self.least = scenario
        self._fails = fails
        self._runs_max = runs_max
        self._steady = steady
        self._end = steady() + seconds_max
        self._tried: set[Scenario] = {scenario}
        self.runs = 0

    @property
    def reached(self) -> bool:
        """Whether no more may be tried."""
        return self.runs >= self._runs_max or self._steady() >= self._end

    def still_fails(self, scenario: Scenario) -> bool:
        """Try one that makes sense and was not tried before."""
        if scenario in self._tried or self.reached or next(sense_mistakes(scenario), None) is not None:
            return False
        self._tried.add(scenario)
        self.runs += 1
        failed = self._fails(scenario)
        if failed:
            self.least = scenario
        return failed


def shrink(
    scenario: Scenario,
    fails: Fails,
    steady: Callable[[], float],
    runs_max: int = RUNS_MAX,
    seconds_max: float = SECONDS_MAX,
    failed_at: int = 0,
) -> Shrunk:
    """Return the smallest scenario found that still fails: what can be left out alone or with others is.

    Cancellation: of a `KeyboardInterrupt`, the smallest one found so far is returned.

    Args:
        scenario: one that fails.
        fails: runs a candidate.
        steady: seconds that never go back, such as `time.monotonic`.
        runs_max: how many candidates may be run.
        seconds_max: after how long no further one is begun.
        failed_at: when it failed, ms; what comes later is left out first, if it failed while people worked.
    """
    bounds = _Bounds(scenario, fails, runs_max, seconds_max, steady)
    try:
        if 0 < failed_at < ms_of(scenario.lasts) - SECOND:
            bounds.still_fails(_ending(scenario, failed_at // SECOND * SECOND + SECOND))
        before = None
        while before != bounds.least:
            before = bounds.least
            for step in _STEPS:
                _as_far_as_it_goes(step, bounds)
    except KeyboardInterrupt:
        return Shrunk(bounds.least, bounds.runs, False, interrupted=True)
    return Shrunk(bounds.least, bounds.runs, not bounds.reached)


def _as_far_as_it_goes(step: "_Step", bounds: _Bounds) -> None:
    """Take the first candidate of a step that fails, and the first of that one, until none fails any more."""
    while any(bounds.still_fails(candidate) for candidate in step(bounds.least)):
        pass


_Step = Callable[[Scenario], Iterator[Scenario]]
"""Candidates that are smaller than a scenario in one respect, the smallest first."""


def _without_parts(items: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """What is left of a list without all of it, a half, a quarter, … down to each single item."""
    size = len(items)
    while size:
        for begin in range(0, len(items), size):
            yield (*items[:begin], *items[begin + size :])
        size //= 2


def _fewer_happenings(scenario: Scenario) -> Iterator[Scenario]:
    for kept in _without_parts(scenario.happenings):
        yield msgspec.structs.replace(scenario, happenings=kept)


def _fewer_faults(scenario: Scenario) -> Iterator[Scenario]:
    yield msgspec.structs.replace(scenario, faults=Faults(lasting=scenario.faults.lasting))
    rates = [key for key, rate in msgspec.structs.asdict(scenario.faults).items() if key != "lasting" and rate]
    for key in rates:
        yield msgspec.structs.replace(scenario, faults=msgspec.structs.replace(scenario.faults, **{key: 0.0}))


def _fewer_rules(scenario: Scenario) -> Iterator[Scenario]:
    for kept in _without_parts(scenario.rules):
        yield msgspec.structs.replace(scenario, rules=kept)


def _fewer_lines(scenario: Scenario) -> Iterator[Scenario]:
    for kept in _without_parts(scenario.lines):
        yield msgspec.structs.replace(scenario, lines=kept)


def _fewer_relays(scenario: Scenario) -> Iterator[Scenario]:
    for kept in _without_parts(scenario.relays):
        yield _without_people(msgspec.structs.replace(scenario, relays=kept), scenario)


def _fewer_branches(scenario: Scenario) -> Iterator[Scenario]:
    head_office, *others = scenario.branches
    for kept in _without_parts(others):
        yield _without_people(msgspec.structs.replace(scenario, branches=(head_office, *kept)), scenario)


def _fewer_devices(scenario: Scenario) -> Iterator[Scenario]:
    for place, branch in enumerate(scenario.branches):
        for devices in range(1, branch.devices):
            fewer = _with_branch(scenario, place, msgspec.structs.replace(branch, devices=devices))
            yield _without_people(fewer, scenario)


def _with_branch(scenario: Scenario, place: int, branch: Branch) -> Scenario:
    branches = (*scenario.branches[:place], branch, *scenario.branches[place + 1 :])
    return msgspec.structs.replace(scenario, branches=branches)


def _without_people(scenario: Scenario, before: Scenario) -> Scenario:
    """Take those who are gone out of what happens to several; a rule or line of theirs goes with them."""
    names = _names(scenario)
    gone = _names(before) - names
    happenings = []
    for one in scenario.happenings:
        who = tuple(name for name in one.who if name not in gone)
        other = tuple(name for name in one.other if name not in gone)
        if bool(who) == bool(one.who) and bool(other) == bool(one.other):
            happenings.append(msgspec.structs.replace(one, who=who, other=other))
    return msgspec.structs.replace(
        scenario,
        happenings=tuple(happenings),
        rules=tuple(rule for rule in scenario.rules if not gone & set(rule.between)),
        lines=tuple(line for line in scenario.lines if not gone & set(line.between)),
    )


def _names(scenario: Scenario) -> frozenset[str]:
    names = Names(scenario)
    return names.devices | names.relays


def _shorter(scenario: Scenario) -> Iterator[Scenario]:
    """Candidates that end earlier; what would happen later is left out."""
    lasts = ms_of(scenario.lasts)
    for eighths in (1, 2, 4, 6, 7):
        end = max(_LASTS_LEAST_MS, lasts * eighths // 8 // SECOND * SECOND)
        if end < lasts:
            yield _ending(scenario, end)


def _ending(scenario: Scenario, end: int) -> Scenario:
    return msgspec.structs.replace(
        scenario,
        lasts=length_of(end),
        happenings=tuple(one for one in scenario.happenings if ms_of(one.at) < end),
        rules=tuple(rule for rule in scenario.rules if ms_of(rule.at) < end),
    )


def _much_less(scenario: Scenario) -> Iterator[Scenario]:
    """Candidates that take but a part of the time of a run: much shorter, with nothing that goes wrong or with all."""
    for shorter in islice(_shorter(scenario), 2):
        yield msgspec.structs.replace(shorter, faults=Faults(lasting=shorter.faults.lasting), happenings=())
        yield shorter


def _less_work(scenario: Scenario) -> Iterator[Scenario]:
    """Candidates with less to do: none, then without the own ways of branches, each kind of work, and half of it."""
    idle = tuple(msgspec.structs.replace(branch, work=None) for branch in scenario.branches)
    none = Work(**dict.fromkeys(Work.__struct_fields__, 0.0))
    yield msgspec.structs.replace(scenario, branches=idle, work=none)
    plain = tuple(msgspec.structs.replace(branch, work=None, open="", joins="0s") for branch in scenario.branches)
    yield msgspec.structs.replace(scenario, branches=plain)
    for place, branch in enumerate(scenario.branches):
        yield _with_branch(scenario, place, plain[place])
        if branch.work is not None:
            for work in _smaller_rates(branch.work):
                yield _with_branch(scenario, place, msgspec.structs.replace(branch, work=work))
    for work in _smaller_rates(scenario.work):
        yield msgspec.structs.replace(scenario, work=work)


def _smaller_rates(work: Work) -> Iterator[Work]:
    rates = {key: rate for key, rate in msgspec.structs.asdict(work).items() if rate}
    for key in rates:
        yield msgspec.structs.replace(work, **{key: 0.0})
    for key, rate in rates.items():
        if rate > 0.5 and key != "hot":
            yield msgspec.structs.replace(work, **{key: round(rate / 2, 3)})


def _briefer_happenings(scenario: Scenario) -> Iterator[Scenario]:
    for place, one in enumerate(scenario.happenings):
        lasts = ms_of(one.lasts) if one.lasts else 0
        for part in (8, 2):
            if lasts // part >= 1000:
                briefer = msgspec.structs.replace(one, lasts=length_of(lasts // part // 1000 * 1000))
                happenings = (*scenario.happenings[:place], briefer, *scenario.happenings[place + 1 :])
                yield msgspec.structs.replace(scenario, happenings=happenings)


_STEPS: Final[tuple[_Step, ...]] = (
    _much_less,
    _fewer_relays,
    _fewer_branches,
    _fewer_faults,
    _fewer_happenings,
    _shorter,
    _fewer_devices,
    _fewer_rules,
    _fewer_lines,
    _less_work,
    _briefer_happenings,
)
"""What is left out first saves most of the time of the runs that follow."""
