"""Whether a scenario makes sense: names that exist, lengths of time, numbers within bounds, things in their order."""

import datetime
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from p2p.limits import NAME_CHARS_MAX, SERIES_CHARS_MAX
from simulations.reading.deed_sense import deed_mistakes
from simulations.reading.mistakes import Mistake
from simulations.reading.names import Names
from simulations.reading.spans import length_mistakes, number_mistakes
from simulations.reading.toml_lines import KeyPath
from simulations.reading.ways import way_mistakes
from simulations.scenario import (
    DAY,
    DEVICES_MAX,
    EVERYBODY,
    HOUR,
    YEAR,
    Branch,
    Faults,
    Line,
    RuleBetween,
    Scenario,
    Work,
    device_names,
    host_of,
    ms_of,
)  # fmt: skip

BRANCHES_MAX: Final = 60
RELAYS_MAX: Final = 9
ENTRIES_MAX: Final = 500
"""How many rules, lines or happenings a scenario may have."""
LASTS_MAX: Final = YEAR
RATE_MAX: Final = 1_000.0
"""How often at most anything is done an hour, or goes wrong a day."""
DELIVERIES_MAX: Final = 5_000_000
"""How many saves, each at every device, one run can keep in mind: about a GB of them."""
SPEED_MAX: Final = 10_000_000.0
TITLE_CHARS_MAX: Final = 120
ABOUT_CHARS_MAX: Final = 2_000

_NAME_CHARS_MAX: Final = NAME_CHARS_MAX - len(" copy 999")
"""What happens to a device may add to its name."""

_open = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_start = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d", re.ASCII)
_code = re.compile(rf"[A-Za-z0-9]{{1,{SERIES_CHARS_MAX}}}", re.ASCII)


def sense_mistakes(scenario: Scenario) -> Iterator[Mistake]:
    """Tell what in a scenario cannot be meant; what has no mistakes can be run."""
    names = Names(scenario)
    wrong_end = list(length_mistakes(("lasts",), scenario.lasts, 1, LASTS_MAX))
    end = LASTS_MAX if wrong_end else ms_of(scenario.lasts)
    yield from wrong_end
    yield from _of_texts(scenario)
    yield from _of_counts(scenario)
    yield from _of_places(scenario, end)
    for place, rule in enumerate(scenario.rules):
        yield from _of_rule(rule, ("rules", place), names, end)
    yield from _of_rules_twice(scenario.rules)
    for place, line in enumerate(scenario.lines):
        yield from _of_line(line, ("lines", place), names)
    yield from _of_lines_twice(scenario.lines)
    yield from way_mistakes(scenario, names)
    yield from _of_work(scenario.work, ("work",))
    yield from _of_faults(scenario.faults)
    yield from length_mistakes(("expect", "in_sync_within"), scenario.expect.in_sync_within, 1, 30 * DAY)
    if scenario.expect.delivered_within:
        yield from length_mistakes(("expect", "delivered_within"), scenario.expect.delivered_within, 1, LASTS_MAX)
    yield from deed_mistakes(scenario, names, end)
    if not wrong_end and all(1 <= branch.devices <= DEVICES_MAX for branch in scenario.branches):
        yield from _of_size(scenario, end)


def _of_texts(scenario: Scenario) -> Iterator[Mistake]:
    for key, text, chars_max in (
        ("title", scenario.title, TITLE_CHARS_MAX),
        ("about", scenario.about, ABOUT_CHARS_MAX),
    ):
        if not 1 <= len(text.strip()) <= chars_max:
            yield Mistake((key,), f"`{key}` is {len(text)} characters long; write 1 to {chars_max:,}")
    if not _start.fullmatch(scenario.start) or not _is_moment(scenario.start):
        yield Mistake(("start",), f'"{scenario.start}" is no date with a time; write it as "2026-06-01T09:00"')


def _is_moment(text: str) -> bool:
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _of_counts(scenario: Scenario) -> Iterator[Mistake]:
    if not scenario.branches:
        yield Mistake(("branches",), "a scenario needs at least one branch; the first is the head office")
    for key, entries, most in (
        ("branches", scenario.branches, BRANCHES_MAX),
        ("relays", scenario.relays, RELAYS_MAX),
        ("rules", scenario.rules, ENTRIES_MAX),
        ("lines", scenario.lines, ENTRIES_MAX),
        ("happenings", scenario.happenings, ENTRIES_MAX),
    ):
        if len(entries) > most:
            yield Mistake((key, most), f"there are {len(entries)} {key}; at most {most} can be simulated")


def _of_places(scenario: Scenario, end: int) -> Iterator[Mistake]:
    """Tell what is wrong with branches and relays: their names, their codes, when they are there."""
    taken: dict[str, str] = {}
    for place, branch in enumerate(scenario.branches):
        yield from _of_name(device_names(branch), ("branches", place, "name"), taken)
        yield from _of_branch(branch, ("branches", place), end)
    for place, relay in enumerate(scenario.relays):
        yield from _of_name((relay.name,), ("relays", place, "name"), taken)
    yield from _of_codes(scenario.branches)
    if scenario.branches:
        yield from _of_head_office(scenario.branches[0])


def _of_name(names: tuple[str, ...], path: KeyPath, taken: dict[str, str]) -> Iterator[Mistake]:
    name = names[0]
    is_fit = name.isprintable() and name == name.strip() != EVERYBODY
    if not is_fit or not 1 <= len(name) <= _NAME_CHARS_MAX:
        yield Mistake(
            path,
            f'"{name[:40]}" cannot be a name; use 1 to {_NAME_CHARS_MAX} characters that can be seen, without spaces '
            "around them, and not * alone",
        )
    for one in names:
        if host_of(one) in taken:
            yield Mistake(path, f'two are called "{taken[host_of(one)]}"; give each device and relay a name of its own')
        taken.setdefault(host_of(one), one)


def _of_branch(branch: Branch, path: KeyPath, end: int) -> Iterator[Mistake]:
    if not 1 <= branch.devices <= DEVICES_MAX:
        yield Mistake((*path, "devices"), f"{branch.name} has {branch.devices} devices; write 1 to {DEVICES_MAX}")
    if branch.open and (not _open.fullmatch(branch.open) or branch.open[:5] == branch.open[6:]):
        yield Mistake((*path, "open"), f'"{branch.open}" are no hours; write them as "09:00-21:00" or "22:00-04:00"')
    yield from length_mistakes((*path, "joins"), branch.joins, 0, end - 1)
    if branch.work is not None:
        yield from _of_work(branch.work, (*path, "work"))


def _of_head_office(branch: Branch) -> Iterator[Mistake]:
    if branch.joins != "0s":
        yield Mistake(
            ("branches", 0, "joins"), "the first branch is the head office, which begins; let another one join later"
        )
    if branch.rule != "everything":
        yield Mistake(
            ("branches", 0, "rule"), "the first branch is the head office, which holds everything; leave `rule` out"
        )


def _of_codes(branches: tuple[Branch, ...]) -> Iterator[Mistake]:
    taken: dict[str, str] = {}
    for place, branch in enumerate(branches):
        code, path = branch.code.upper(), ("branches", place, "code")
        if not _code.fullmatch(code):
            yield Mistake(path, f'"{branch.code}" is no code; use 1 to {SERIES_CHARS_MAX} letters and digits, as "PUN"')
        elif code in taken:
            yield Mistake(path, f'the code "{code}" is {taken[code]}\'s already; give each branch one of its own')
        taken.setdefault(code, branch.name)
    for branch in branches:
        for number in range(2, min(branch.devices, DEVICES_MAX) + 1):
            further = f"{branch.code.upper()[: SERIES_CHARS_MAX - 1]}{number}"
            if further in taken and taken[further] != branch.name:
                place = next(place for place, other in enumerate(branches) if other.name == taken[further])
                yield Mistake(
                    ("branches", place, "code"),
                    f'the code "{further}" is that of a further device of {branch.name}; choose another one',
                )


def _of_rule(rule: RuleBetween, path: KeyPath, names: Names, end: int) -> Iterator[Mistake]:
    yield from length_mistakes((*path, "at"), rule.at, 0, end - 1)
    for place, name in enumerate(rule.between):
        yield from names.branch_mistakes(name, (*path, "between", place))
    if rule.between[0] == rule.between[1]:
        yield Mistake((*path, "between"), f"a rule is between two branches, and both are {rule.between[0]}")
    elif names.head_office in rule.between:
        yield Mistake(
            (*path, "between"),
            f"every branch has a rule with {names.head_office}, the head office: write it as `rule` of the branch",
        )


def _of_lines_twice(lines: tuple[Line, ...]) -> Iterator[Mistake]:
    for place in _again([line.between for line in lines]):
        both = " and ".join(lines[place].between)
        text = f"{both} have a line already, which this one would undo; write all keys in one"
        yield Mistake(("lines", place), text)


def _of_rules_twice(rules: tuple[RuleBetween, ...]) -> Iterator[Mistake]:
    for place in _again([rule.between for rule in rules]):
        both = " and ".join(rules[place].between)
        text = f"{both} have a rule already; a happening that does `rule` changes it later"
        yield Mistake(("rules", place, "between"), text)


def _again(pairs: Sequence[tuple[str, str]]) -> Iterator[int]:
    """Where a pair stands that stands before, either way round."""
    seen: set[frozenset[str]] = set()
    for place, pair in enumerate(pairs):
        if frozenset(pair) in seen:
            yield place
        seen.add(frozenset(pair))


def _of_line(line: Line, path: KeyPath, names: Names) -> Iterator[Mistake]:
    for place, name in enumerate(line.between):
        if name != EVERYBODY:
            yield from names.mistakes(name, (*path, "between", place))
    one, other = line.between
    if one == other != EVERYBODY and len(names.meant((one,))) < 2:
        yield Mistake((*path, "between"), f"a line is between two devices, and both are {one}")
    yield from length_mistakes((*path, "latency"), line.latency, 0, HOUR)
    yield from length_mistakes((*path, "jitter"), line.jitter, 0, HOUR)
    yield from number_mistakes((*path, "speed"), line.speed, 0.1, SPEED_MAX)


def _of_work(work: Work, path: KeyPath) -> Iterator[Mistake]:
    yield from _of_rates(work, path, ("hot",))
    yield from number_mistakes((*path, "hot"), work.hot, 0.0, 1.0)


def _of_size(scenario: Scenario, end: int) -> Iterator[Mistake]:
    devices = sum(branch.devices for branch in scenario.branches)
    hourly = sum(branch.devices * _an_hour(branch.work or scenario.work) for branch in scenario.branches)
    saves = hourly * end / HOUR
    if saves * devices > DELIVERIES_MAX:
        yield Mistake(
            ("lasts",),
            f"{saves:,.0f} saves, each at {devices} devices, are more than can be simulated; let it last shorter, or "
            "less be entered",
        )


def _an_hour(work: Work) -> float:
    rates: dict[str, float] = msgspec.structs.asdict(work)
    return sum(rate for key, rate in rates.items() if key != "hot")


def _of_faults(faults: Faults) -> Iterator[Mistake]:
    yield from _of_rates(faults, ("faults",), ("lasting",))
    yield from length_mistakes(("faults", "lasting"), faults.lasting, 1, LASTS_MAX)


def _of_rates(table: Work | Faults, path: KeyPath, others: Iterable[str]) -> Iterator[Mistake]:
    for key, rate in msgspec.structs.asdict(table).items():
        if key not in others:
            yield from number_mistakes((*path, key), rate, 0.0, RATE_MAX)
