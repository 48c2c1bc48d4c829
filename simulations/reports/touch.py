"""Who was out of touch when, and when that was over."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from simulations.intervals import Interval, common, covered, together
from simulations.story import NOT_RUNNING, Delivery, Lane, Span, Story

_CUT: Final = {"cut", "one-way"}
_HARMLESS: Final = {"slow", "stall", "paused"}
_AT_WORK_PARTS: Final = 100
"""A branch was alone if its lines were cut for one part of so many while it was switched on."""
_NOT_YET: Final = {"not joined"}


@dataclass(frozen=True)
class Alone:
    """A branch that no other could reach, because its lines were cut: when, and what waited there when it was over.

    Or one of several devices of a branch, while others of it were reached.

    Attributes:
        waited: the saves that were not everywhere when a time alone ended, of the time at whose end most were.
        most: how many waited there at once, of those times and until the last of `waited` was everywhere.
        arrived: how long after it was reached again the last of `waited` was everywhere; None if one never was.
        was_off: whether it was switched off still when the line came back.
    """

    branch: str
    times: tuple[Interval, ...]
    waited: tuple[Delivery, ...]
    most: int
    arrived: int | None
    was_off: bool

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
    """When a device was out of touch for longest, why, until when, and when it was in sync again and with whom."""

    device: str
    why: str
    begin: int
    end: int
    in_sync: int | None
    other: str


def _times(lane: Lane, why: set[str]) -> list[Interval]:
    return together((span.begin, span.end) for span in lane.spans if span.why in why)


def _off(lane: Lane) -> list[Interval]:
    return together((span.begin, span.end) for span in lane.spans if span.why in NOT_RUNNING)


def awake(spans: Iterable[Span], until: int) -> list[Interval]:
    """Return the times up to a moment at which a device of these spans runs."""
    off = together((span.begin, span.end) for span in spans if span.why in NOT_RUNNING)
    edges = [0, *(edge for interval in off for edge in interval), until]
    return [(begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True) if begin < end]


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
    at_work = [common(_times(lane, _CUT), awake(lane.spans, max(times, default=(0, 0))[1])) for lane in lanes]
    return [
        (begin, end)
        for begin, end in times
        if any(_AT_WORK_PARTS * covered(begin, end, its) >= end - begin for its in at_work)
    ]


def alone(story: Story) -> list[Alone]:
    """Return the branches that were alone: first those where most waited, then those that were alone longest."""
    saves = _saves(story)
    found = []
    for branch, lanes in _branches(story).items():
        if times := _times_alone(lanes):
            found.append(_with_waiting(branch, times, lanes, saves))
    return sorted(found, key=lambda one: (-len(one.waited), -one.total))


def cut_devices(story: Story) -> list[Alone]:
    """Return the devices that were cut off while others of their branch were not: first those where most waited."""
    saves = _saves(story)
    found = []
    for lanes in _branches(story).values():
        of_branch = _times_alone(lanes)
        for lane in lanes if len(lanes) > 1 else ():
            times = [one for one in _times_alone([lane]) if not common([one], of_branch)]
            if times:
                found.append(_with_waiting(lane.name, times, [lane], saves))
    return sorted(found, key=lambda one: (-len(one.waited), -one.total))


def _saves(story: Story) -> dict[str, list[Delivery]]:
    saves: dict[str, list[Delivery]] = {}
    for one in story.deliveries:
        saves.setdefault(one.who, []).append(one)
    return saves


def _with_waiting(name: str, times: list[Interval], lanes: list[Lane], saves: dict[str, list[Delivery]]) -> Alone:
    its = [one for lane in lanes for one in saves.get(lane.name, ())]
    waiting = [(end, _waiting_at(end, its)) for _, end in times]
    end, waited = max(waiting, key=lambda one: len(one[1]))
    everywhere = [one.everywhere for one in waited]
    arrived = [at for at in everywhere if at is not None]
    off = [next((until for since, until in _off(lane) if since <= end < until), end) for lane in lanes]
    back = min([at for at in off if at < max(arrived, default=end)], default=end)
    last = max(arrived) - back if arrived and len(arrived) == len(everywhere) else None
    until = max([*arrived, *(end for _, end in times)])
    most = most_at_once([one for one in its if one.saved <= until], times[0][0], until)
    return Alone(name, tuple(times), tuple(waited), max(most, len(waited)), last, back > end)


def most_at_once(saves: Sequence[Delivery], since: int, until: int) -> int:
    """Return how many saves waited at once at most within a time."""
    changes = [(one.saved, 1) for one in saves]
    changes += [(one.everywhere, -1) for one in saves if one.everywhere is not None]
    by_time: defaultdict[int, int] = defaultdict(int)
    for at, change in changes:
        by_time[at] += change
    count = most = 0
    for at in sorted(by_time):
        count += by_time[at]
        if since <= at <= until:
            most = max(most, count)
    return most


def _waiting_at(moment: int, saves: list[Delivery]) -> list[Delivery]:
    return [one for one in saves if one.saved < moment and (one.everywhere is None or one.everywhere >= moment)]


def returns(story: Story) -> list[Return]:
    """Return for each device that was ever out of touch the longest time it was, in the order of the lanes.

    What a person has switched off counts only where nothing else put a device out of touch.
    """
    synced: dict[str, list[tuple[int, str]]] = {}
    for mark in story.marks:
        if mark.kind == "in-sync":
            synced.setdefault(mark.who, []).append((mark.at, mark.other))
    found = []
    for lane in story.lanes:
        spans = [span for span in lane.spans if span.why not in _HARMLESS | _NOT_YET]
        if spans and not lane.is_relay:
            longest = max(spans, key=lambda span: (span.why != "off", span.end - span.begin, span.begin))
            times = together((span.begin, span.end) for span in spans)
            end = next((until for since, until in times if since <= longest.begin <= until), longest.end)
            after = min((one for one in synced.get(lane.name, ()) if one[0] >= end), default=(None, ""))
            found.append(Return(lane.name, longest.why, longest.begin, end, *after))
    return found
