"""The figures of a report: sums, counts and percentiles of what a story tells."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from simulations.scenario import DAY, HOUR, MINUTE, SECOND
from simulations.story import Delivery, Story

Steps = list[tuple[int, int]]

_BOUNDS: Final = (SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 3 * DAY)
_BUCKETS: Final = (
    "under 1 s", "1 to 10 s", "10 s to 1 min", "1 to 10 min", "10 min to 1 h",
    "1 to 6 h", "6 to 24 h", "1 to 3 days", "over 3 days",
)  # fmt: skip
NEVER: Final = "not within the run"


@dataclass(frozen=True)
class Spread:
    """How long saves took to be everywhere: of those that were, in ms, and how many were not within the run.

    `awake` is as `most`, counting only while both ends were switched on; None where that is the same, or not known.
    """

    saves: int
    half: int | None
    most: int | None
    longest: int | None
    never: int
    awake: int | None = None


@dataclass(frozen=True)
class Link:
    """Bytes between two devices, either way; `one` is the one that sent more."""

    one: str
    other: str
    there: int
    back: int

    @property
    def total(self) -> int:
        """Both ways together."""
        return self.there + self.back


def percentile(ordered: Sequence[int], percent: int) -> int | None:
    """Return the smallest of ascending values that so many percent are not above (nearest rank); None of nothing."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else None


def delays(deliveries: Iterable[Delivery]) -> list[int]:
    """Return how long the saves took that were everywhere within the run, ascending."""
    return sorted(one.everywhere - one.saved for one in deliveries if one.everywhere is not None)


def spread(deliveries: Sequence[Delivery]) -> Spread:
    """Return the spread of some saves."""
    took = delays(deliveries)
    most = percentile(took, 99)
    awake = percentile(sorted(one.awake for one in deliveries if one.awake is not None), 99)
    return Spread(
        saves=len(deliveries),
        half=percentile(took, 50),
        most=most,
        longest=took[-1] if took else None,
        never=len(deliveries) - len(took),
        awake=None if awake == most else awake,
    )


def spread_by_device(story: Story) -> dict[str, Spread]:
    """Return the spread of the saves of each device that saved something, in the order of the lanes."""
    by_device: dict[str, list[Delivery]] = {lane.name: [] for lane in story.lanes}
    for one in story.deliveries:
        by_device.setdefault(one.who, []).append(one)
    return {name: spread(its) for name, its in by_device.items() if its}


def buckets(deliveries: Sequence[Delivery]) -> list[tuple[str, int]]:
    """Return how many saves took how long, from the first to the last length that has any; then those never there."""
    counts = [0] * len(_BUCKETS)
    took = delays(deliveries)
    for one in took:
        counts[sum(one >= bound for bound in _BOUNDS)] += 1
    used = [place for place, count in enumerate(counts) if count]
    found = [(_BUCKETS[place], counts[place]) for place in range(used[0], used[-1] + 1)] if used else []
    never = len(deliveries) - len(took)
    return [*found, (NEVER, never)] if never else found


def unsent_by_branch(story: Story) -> dict[str, Steps]:
    """Return for each branch how many entries made there were not everywhere yet: (time, count) at each change."""
    changes: dict[str, defaultdict[int, int]] = {}
    for lane in story.lanes:
        if lane.is_relay:
            continue
        of_branch = changes.setdefault(lane.branch, defaultdict(int))
        for (_, before), (at, count) in pairwise(((0, 0), *lane.unsent)):
            of_branch[at] += count - before
    return {branch: _summed(of_branch) for branch, of_branch in changes.items()}


def _summed(changes: dict[int, int]) -> Steps:
    steps: Steps = [(0, 0)]
    for at in sorted(changes):
        step = (at, steps[-1][1] + changes[at])
        steps[-1:] = [step] if at == steps[-1][0] else [steps[-1], step]
    return steps


def peak(steps: Steps) -> tuple[int, int]:
    """Return when most were unsent, and how many."""
    return max(steps, key=lambda step: (step[1], -step[0]))


def links(story: Story) -> list[Link]:
    """Return the bytes between every two devices, the most first."""
    sums: defaultdict[tuple[str, str], int] = defaultdict(int)
    for one in story.traffic:
        sums[one.source, one.target] += sum(one.bytes)
    found = []
    for pair in sorted({(min(ends), max(ends)) for ends in sums}):
        there, back = sums[pair], sums[pair[1], pair[0]]
        first, second = pair if there >= back else pair[::-1]
        found.append(Link(first, second, max(there, back), min(there, back)))
    return sorted((link for link in found if link.total), key=lambda link: -link.total)


def bytes_over_time(story: Story) -> list[int]:
    """Return the bytes of all links together in each step of time."""
    sums = [0] * max((len(one.bytes) for one in story.traffic), default=0)
    for one in story.traffic:
        for step, amount in enumerate(one.bytes):
            sums[step] += amount
    return sums
