"""Who was out of touch when, and when that was over."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from simulations.story import Delivery, Lane, Story

Interval = tuple[int, int]

_CUT: Final = {"cut", "one-way"}
_HARMLESS: Final = {"slow", "stall"}
_NOT_YET: Final = {"not joined"}


@dataclass(frozen=True)
class Alone:
    """A branch that no other could reach, because its lines were cut: when, and what waited there when it was over.

    `waited` are the saves that were not everywhere when a time alone ended, of the time at whose end most were;
    `arrived` is how long after it the last of those was everywhere, None if one never was.
    """

    branch: str
    times: tuple[Interval, ...]
    waited: tuple[Delivery, ...]
    arrived: int | None

    @property
    def total(self) -> int:
        """How long in all."""
        return sum(end - begin for begin, end in self.times)

    @property
    def never(self) -> int:
        """How many of those that waited never were everywhere."""
        return sum(one.everywhere is None for one in self.waited)


@dataclass(frozen=True)
class Return:
    """When a device last fell out of touch, why, until when, and when it was in sync again and with whom."""

    device: str
    why: str
    begin: int
    end: int
    in_sync: int | None
    other: str


def together(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the times that at least one of the intervals covers."""
    found: list[Interval] = []
    for begin, end in sorted(intervals):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > begin:
            found.append((begin, end))
    return found


def common(some: list[Interval], others: list[Interval]) -> list[Interval]:
    """Return the times that both cover."""
    meeting = ((max(a, c), min(b, d)) for a, b in some for c, d in others)
    return together((begin, end) for begin, end in meeting if begin < end)


def _times(lane: Lane, why: set[str]) -> list[Interval]:
    return together((span.begin, span.end) for span in lane.spans if span.why in why)


def _out(lane: Lane) -> list[Interval]:
    return together((span.begin, span.end) for span in lane.spans if span.why not in _HARMLESS)


def _branches(story: Story) -> dict[str, list[Lane]]:
    branches: dict[str, list[Lane]] = {}
    for lane in story.lanes:
        if not lane.is_relay:
            branches.setdefault(lane.branch, []).append(lane)
    return branches


def _times_alone(lanes: list[Lane]) -> list[Interval]:
    """A branch is alone while the lines of some device are cut, and no other device of it is reached either."""
    times = together(interval for lane in lanes for interval in _times(lane, _CUT))
    for lane in lanes:
        times = common(times, _out(lane))
    return times


def alone(story: Story) -> list[Alone]:
    """Return the branches that were alone: first those where most waited, then those that were alone longest."""
    saves: dict[str, list[Delivery]] = {}
    for one in story.deliveries:
        saves.setdefault(one.who, []).append(one)
    found = []
    for branch, lanes in _branches(story).items():
        if times := _times_alone(lanes):
            its = [one for lane in lanes for one in saves.get(lane.name, ())]
            found.append(_with_waiting(branch, times, its))
    return sorted(found, key=lambda one: (-len(one.waited), -one.total))


def _with_waiting(branch: str, times: list[Interval], saves: list[Delivery]) -> Alone:
    waiting = [(end, _waiting_at(end, saves)) for _, end in times]
    end, waited = max(waiting, key=lambda one: len(one[1]))
    everywhere = [one.everywhere for one in waited]
    arrived = [at for at in everywhere if at is not None]
    last = max(arrived) - end if arrived and len(arrived) == len(everywhere) else None
    return Alone(branch, tuple(times), tuple(waited), last)


def _waiting_at(moment: int, saves: list[Delivery]) -> list[Delivery]:
    return [one for one in saves if one.saved < moment and (one.everywhere is None or one.everywhere >= moment)]


def returns(story: Story) -> list[Return]:
    """Return for each device that was ever out of touch the last time it was, in the order of the lanes."""
    synced: dict[str, list[tuple[int, str]]] = {}
    for mark in story.marks:
        if mark.kind == "in-sync":
            synced.setdefault(mark.who, []).append((mark.at, mark.other))
    found = []
    for lane in story.lanes:
        spans = [span for span in lane.spans if span.why not in _HARMLESS | _NOT_YET]
        if spans and not lane.is_relay:
            last = max(spans, key=lambda span: (span.end, span.begin))
            after = min((one for one in synced.get(lane.name, ()) if one[0] >= last.end), default=(None, ""))
            found.append(Return(lane.name, last.why, last.begin, last.end, *after))
    return found
