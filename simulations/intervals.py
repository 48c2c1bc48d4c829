"""Times with a beginning and an end: those that any covers, those that two cover, and how much of one others cover."""

from collections.abc import Iterable, Sequence

Interval = tuple[int, int]


def together(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the times that at least one of the intervals covers."""
    found: list[Interval] = []
    for begin, end in sorted(intervals):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > begin:
            found.append((begin, end))
    return found


def common(some: Iterable[Interval], others: Sequence[Interval]) -> list[Interval]:
    """Return the times that both cover."""
    meeting = ((max(a, c), min(b, d)) for a, b in some for c, d in others)
    return together((begin, end) for begin, end in meeting if begin < end)


def covered(begin: int, end: int, times: Iterable[Interval]) -> int:
    """Return how much of a time is covered by others, of which no two meet."""
    return sum(max(0, min(end, until) - max(begin, since)) for since, until in times)
