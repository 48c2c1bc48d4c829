"""Where entries waited long although no branch was cut off, how long, and for what."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from simulations.intervals import common, covered, together
from simulations.reports.touch import awake, most_at_once
from simulations.scenario import MINUTE
from simulations.story import Delivery, Lane, Story

NOTICEABLE: Final = 10 * MINUTE
"""What takes no longer to be everywhere nobody complains of."""
_PARTS: Final = 2
"""A reason has to explain one part of so many of the time that something waited."""

_USUAL: Final = {"off", "not joined"}

Reason = tuple[str, str]
"""The device or relay, and why it was out of touch as in `Span`."""


@dataclass(frozen=True)
class Wait:
    """What waited at a branch: how many entries at once, how long one did at most, and what for mostly.

    Attributes:
        awake: how long one took at most, counting only while it and whoever got it were switched on; None: not known.
        reason: None where nothing that was written down explains most of it.
    """

    branch: str
    most: int
    longest: int
    awake: int | None
    reason: Reason | None


def waits(story: Story) -> list[Wait]:
    """Return the branches at which entries waited noticeably until they were everywhere, where most did first."""
    branch_of = {lane.name: lane.branch for lane in story.lanes}
    slow: dict[str, list[Delivery]] = {}
    for one in story.deliveries:
        if one.everywhere is not None and one.everywhere - one.saved >= NOTICEABLE:
            slow.setdefault(branch_of.get(one.who, one.who), []).append(one)
    found = [_wait(story, branch, its) for branch, its in slow.items()]
    return sorted(found, key=lambda one: (-one.most, -one.longest))


def _wait(story: Story, branch: str, slow: list[Delivery]) -> Wait:
    took = [(one.everywhere or 0) - one.saved for one in slow]
    return Wait(
        branch=branch,
        most=most_at_once(slow, 0, story.ended),
        longest=max(took),
        awake=max((one.awake for one in slow if one.awake is not None), default=None),
        reason=_reason(story, slow),
    )


def _reason(story: Story, slow: Sequence[Delivery]) -> Reason | None:
    """What explains most of the waiting: the two ends and the relays are asked first, then everybody."""
    lanes = {lane.name: lane for lane in story.lanes}
    relays = [lane for lane in story.lanes if lane.is_relay]
    near: Counter[Reason] = Counter()
    far: Counter[Reason] = Counter()
    near_sum = far_sum = both_on = 0
    for one in slow:
        until = one.everywhere or one.saved
        ends = [lanes[name] for name in dict.fromkeys((one.who, one.last)) if name in lanes]
        near_sum += _explained(near, [*ends, *relays], one.saved, until)
        on = [(one.saved, until)]
        for lane in ends:
            on = common(on, awake(lane.spans, story.ended))
        both_on += sum(end - begin for begin, end in on)
        for begin, end in on:
            far_sum += _explained(far, (lane for lane in story.lanes if lane not in ends), begin, end)
    waited = sum((one.everywhere or 0) - one.saved for one in slow)
    if near_sum * _PARTS >= waited:
        return _first(near, waited)
    return _first(far, both_on) if far_sum * _PARTS >= both_on > 0 else None


def _first(reasons: Counter[Reason], waited: int) -> Reason:
    """What went wrong comes before what people have switched off, where it explains enough."""
    trouble = Counter({one: ms for one, ms in reasons.items() if one[1] not in _USUAL and ms * _PARTS >= waited})
    return (trouble or reasons).most_common(1)[0][0]


def _explained(reasons: Counter[Reason], lanes: Iterable[Lane], begin: int, end: int) -> int:
    """Count for each reason how much of a time it covers; return how much all of them do."""
    meeting = []
    for lane in lanes:
        for span in lane.spans:
            if span.begin < end and begin < span.end:
                reasons[lane.name, span.why] += covered(begin, end, [(span.begin, span.end)])
                meeting.append((span.begin, span.end))
    return covered(begin, end, together(meeting))
