"""The table of what happened: joins, cuts, crashes, locks and the like, each with its time."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from simulations.reports.plain import length, listed, shown
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
    "disk": ("trouble with the disk", 2),
    "other": ("other", 3),
}  # fmt: skip

_SPANS: Final = {
    "gone": ("lost for good", 0),
    "cut": ("cut off", 2),
    "one-way": ("heard one way only", 2),
    "crashed": ("not running after a crash", 3),
    "slow": ("on a slow line", 3),
    "stall": ("line stalled", 3),
    "off": ("switched off", 4),
}


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
            if span.why in _SPANS:
                groups[span.begin, _SPANS[span.why][1], _while(span, story.ended)].append(lane.name)
    everyone = len(story.lanes)
    by_importance = sorted(groups.items(), key=lambda group: (group[0][1], group[0][0], group[0][2]))
    rows = [Row(at, _named(who, everyone), what) for (at, _, what), who in by_importance[:ROWS_MAX]]
    return sorted(rows, key=lambda row: row.at), max(0, len(groups) - ROWS_MAX)


def _what(mark: Mark) -> str:
    return shown(mark.text) or _KINDS[mark.kind][0]


def _while(span: Span, ended: int) -> str:
    said = _SPANS[span.why][0]
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
