"""Swarm testing: a scenario drawn from a seed, each with other fault rates, so that no two runs are harsh in one way.

Most rates are nought in most runs: what is rare beside everything else happens often where it is alone.
"""

from datetime import date, timedelta
from random import Random
from typing import Final

from simulations.scenario import (
    Branch,
    Expect,
    Faults,
    Happening,
    Line,
    Preset,
    RelayAt,
    RuleBetween,
    Scenario,
    Work,
    ms_of,
)
from simulations.seeds import Seeds

_PLACES: Final = ("Pune", "Nagpur", "Surat", "Kochi", "Salem")
_PRESETS: Final[tuple[Preset, ...]] = (
    "everything",
    "everything",
    "everything",
    "masters-only",
    "vouchers-up",
    "own-branch",
)
_FAULTS: Final = {
    "cuts": 90.0,
    "one_way": 45.0,
    "resets": 180.0,
    "stalls": 90.0,
    "crashes": 90.0,
    "power_cuts": 45.0,
    "switched_off": 45.0,
    "clock_jumps": 30.0,
    "disk_full": 30.0,
    "slow_disk": 30.0,
    "restores": 22.5,
    "clogging": 15.0,
}
"""The highest rate of each fault, a day and device."""


def draw(seed: int) -> Scenario:
    """Return the scenario of a seed."""
    draws = Seeds(seed).stream("swarm")
    hours = draws.choice((0.2, 0.2, 0.4))
    branches = _branches(draws, hours)
    relays = draws.choice((0, 0, 0, 1, 1, 2))
    day = date(draws.randint(2024, 2029), draws.randint(1, 12), draws.randint(1, 28))
    faults, happenings = _faults(draws), tuple(_happenings(draws, branches, relays, hours, day))
    is_doubled = faults.restores > 0 or any(one.do in ("restore", "clone") for one in happenings)
    return Scenario(
        title=f"swarm {seed}",
        about="Everything is drawn from the seed: who there is, how they work, and what goes wrong.",
        start=f"{day}T09:00",
        lasts=f"{hours}h",
        branches=branches,
        relays=tuple(RelayAt(name=name) for name in ("Cloud", "Mist")[:relays]),
        rules=_rules(draws, branches),
        lines=_lines(draws, bool(relays) and len(branches) > 2),
        work=_work(draws),
        faults=faults,
        happenings=happenings,
        expect=Expect(numbers_twice="any" if is_doubled else "none"),
    )


def _branches(draws: Random, hours: float) -> tuple[Branch, ...]:
    names = _PLACES[: draws.choice((1, 1, 2, 2, 3, 4))]
    later = [f"{draws.uniform(0, hours / 2):.2f}h" if draws.random() < 0.2 else "0s" for _ in names]
    found = [Branch(name="Head Office", code="HO", devices=draws.choice((1, 1, 1, 2)))]
    for name, joins in zip(names, later, strict=True):
        devices = draws.choice((1, 1, 1, 1, 1, 2))
        found.append(
            Branch(name=name, code=name[:3].upper(), devices=devices, rule=draws.choice(_PRESETS), joins=joins)
        )
    return tuple(found)


def _rules(draws: Random, branches: tuple[Branch, ...]) -> tuple[RuleBetween, ...]:
    others = branches[1:]
    if len(others) < 2 or draws.random() < 0.5:
        return ()
    one, other = draws.sample([branch.name for branch in others], 2)
    return (RuleBetween(between=(one, other), preset=draws.choice(_PRESETS), at="2m"),)


def _lines(draws: Random, may_be_apart: bool) -> tuple[Line, ...]:
    kinds = (("20ms", "10ms", 8000.0), ("80ms", "200ms", 1000.0), ("600ms", "600ms", 64.0))
    latency, jitter, speed = draws.choice(kinds)
    lines = [Line(latency=latency, jitter=jitter, speed=speed)]
    if may_be_apart and draws.random() < 0.3:
        # Branches that are never online together: all goes through the relay, once everybody is admitted.
        lines.append(Line(between=("Pune", "Nagpur"), up=False))
    return tuple(lines)


def _work(draws: Random) -> Work:
    busy = draws.choice((1.0, 2.0, 4.0))

    def rate(highest: float) -> float:
        return round(busy * draws.choice((0.0, 0.5, 1.0)) * highest, 2)

    return Work(
        vouchers=6 * busy,
        alterations=rate(6),
        hot=draws.choice((0.0, 0.5, 1.0)),
        cancellations=rate(1),
        masters=rate(2),
        renames=rate(2),
        transfers=rate(3),
        settlements=rate(2),
    )


def _faults(draws: Random) -> Faults:
    chosen = {name: round(draws.uniform(0, highest), 1) for name, highest in _FAULTS.items() if draws.random() < 0.3}
    return Faults(**chosen, lasting=draws.choice(("20s", "2m", "10m")))


def _happenings(draws: Random, branches: tuple[Branch, ...], relays: int, hours: float, day: date) -> list[Happening]:
    found: list[Happening] = []
    others = [branch.name for branch in branches[1:]]

    def when(first: float = 0.1, last: float = 0.9) -> str:
        return f"{draws.uniform(first, last) * hours:.2f}h"

    if draws.random() < 0.25:
        found.append(Happening(at=when(), do="lock", until=str(day - timedelta(days=draws.choice((0, 1, 2))))))
        if draws.random() < 0.3:
            found.append(Happening(at=when(0.7), do="unlock"))
    if draws.random() < 0.1:
        # Not at once: those who have not heard of each other could never find each other, and a relay takes minutes.
        first = max(draws.uniform(0.1, 0.5) * hours, 0.1 + 0.1 * relays)
        burns, recovers = f"{first:.2f}h", f"{max(first, draws.uniform(0.5, 0.9) * hours):.2f}h"
        if first < hours and any(ms_of(branch.joins) < ms_of(burns) for branch in branches[1:]):
            found.append(Happening(at=burns, do="burn", who=("Head Office",)))
            found.append(Happening(at=recovers, do="recover", who=("Head Office",)))
    early = [branch.name for branch in branches[1:] if not ms_of(branch.joins)]
    if early and draws.random() < 0.1:
        found.append(Happening(at=when(0.1, 0.4), do="back-up", who=(chosen := draws.choice(early),)))
        found.append(Happening(at=when(0.5), do="restore", who=(chosen,)))
    if draws.random() < 0.05:
        found.append(Happening(at=when(), do="clone", who=(draws.choice(others),)))
    if draws.random() < 0.15 and len(others) > 1:
        found.append(Happening(at=when(0.5), do="revoke", who=(draws.choice(others),)))
    if draws.random() < 0.2:
        found.append(Happening(at=when(), do="pause", who=(draws.choice(others),), lasts="5m"))
    if draws.random() < 0.2:
        found.append(
            Happening(
                at=when(), do="rule", who=(draws.choice(others),), other=("Head Office",), preset=draws.choice(_PRESETS)
            )
        )
    if draws.random() < 0.3:
        found.append(Happening(at=when(), do="alter-same", who=("Head Office", draws.choice(others))))
    joined = {branch.name: ms_of(branch.joins) for branch in branches}
    there = [one for one in found if all(joined[name] <= ms_of(one.at) for name in one.who)]
    return sorted(there, key=lambda one: ms_of(one.at))
