"""The table of what happened: joins, cuts, crashes, locks and the like, each with its time."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from simulations.plain import counted, length, listed, shown
from simulations.scenario import HOUR, MINUTE
from simulations.story import Kind, Mark, Span, Story

ROWS_MAX: Final = 120
_NAMED_MAX: Final = 4

# Kinds of marks, what is said of one without a text, and how much they matter when there are too many rows.
_KINDS: Final[dict[Kind, tuple[str, int]]] = {
    "revoked": ("shut out", 0),
    "recovered": ("recovered", 0),
    "restored": ("put back to an old backup", 0),
    "cloned": ("disk copied", 0),
    "lock": ("lock", 1),
    "rule": ("rule", 1),
    "joined": ("joined", 1),
    "clock": ("clock changed", 2),
    "crash": ("crashed", 2),
    "power-cut": ("lost power", 2),
    "disk": ("trouble with the disk", 2),
    "other": ("other", 3),
}  # fmt: skip

# What is said when a time begins and when it ends, and how much that matters. Of crashes and of what people paused
# there are marks that tell that it began.
_SPANS: Final = {
    "gone": ("lost for good", "", 0),
    "cut": ("cut off", "its line came back", 2),
    "one-way": ("heard one way only", "it was heard again", 2),
    "crashed": ("", "running again", 3),
    "slow": ("on a slow line", "its line was fast again", 3),
    "stall": ("line stalled", "its line moved again", 3),
    "off": ("switched off", "switched on", 4),
}
_EVENTS_MAX: Final = 6
_LATER: Final = HOUR
"""Whoever joins before was there from the beginning."""


@dataclass(frozen=True)
class Row:
    """Something that happened to some devices at one time."""

    at: int
    who: str
    what: str


def happened(story: Story) -> tuple[list[Row], int]:
    """Return what happened, by time, and how many rows of lesser importance were left out."""
    groups: defaultdict[tuple[int, int, str], list[str]] = defaultdict(list)
    for mark in story.marks:
        if mark.kind in _KINDS:
            groups[mark.at, _KINDS[mark.kind][1], _what(mark)].append(mark.who)
    for lane in story.lanes:
        for span in lane.spans:
            for at, matters, what in _edges(span, story.ended):
                # Shops close one device after the other: within a minute that is one event.
                slot = at - at % MINUTE if span.why == "off" else at
                groups[slot, matters, what].append(lane.name)
    everyone = len(story.lanes)
    by_importance = sorted(groups.items(), key=lambda group: (group[0][1], group[0][0], group[0][2]))
    rows = [Row(at, _named(who, everyone), what) for (at, _, what), who in by_importance[:ROWS_MAX]]
    return sorted(rows, key=lambda row: row.at), max(0, len(groups) - ROWS_MAX)


def _what(mark: Mark) -> str:
    return shown(mark.text) or _KINDS[mark.kind][0]


def _edges(span: Span, ended: int) -> Iterator[tuple[int, int, str]]:
    """When a time began and ended, how much that matters, and what is said of it."""
    begins, ends, matters = _SPANS.get(span.why, ("", "", 0))
    if begins:
        yield span.begin, matters, _while(span, begins, ended)
    if ends and span.end < ended:
        yield span.end, matters + 1, ends


def _while(span: Span, said: str, ended: int) -> str:
    if span.why == "gone":
        return said
    return f"{said} until the end" if span.end >= ended else f"{said} for {length(span.end - span.begin)}"


def _named(who: list[str], everyone: int) -> str:
    names = [shown(name) for name in dict.fromkeys(who)]
    if len(names) == everyone > 1:
        return f"all {everyone}"
    if len(names) > _NAMED_MAX:
        names = [*names[: _NAMED_MAX - 1], f"{len(names) - _NAMED_MAX + 1} more"]
    return listed(names)


def events(story: Story) -> list[str]:
    """Return what a person would tell of a run besides what was cut off, in sentences without their stops, by time."""
    found: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for mark in story.marks:
        if mark.kind == "joined" and mark.at >= _LATER:
            found[mark.at, "joined"].append(mark.who)
        elif mark.kind == "revoked":
            found[mark.at, "{was} shut out"].append(mark.who)
        elif mark.kind == "lock":
            found[mark.at, _what(mark)].append(mark.who)
        elif mark.kind == "recovered":
            found[mark.at, f"came {_what(mark)}"].append(mark.who)
    for lane in story.lanes:
        for span in lane.spans:
            if span.why == "gone":
                found[span.begin, "{was} lost for good"].append(lane.name)
    told = [
        f"After {length(at)} {_named(who, len(story.lanes))} " + what.replace("{was}", "were" if who[1:] else "was")
        for (at, what), who in sorted(found.items())
    ]
    more = len(told) - _EVENTS_MAX
    return [*told[:_EVENTS_MAX], f"{counted(more, 'more such event')} followed"] if more > 0 else told
