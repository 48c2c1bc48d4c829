"""The picture of the lanes: every device over time, when it was out of touch, what was saved, came in and clashed."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, log1p
from typing import Any, Final

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from simulations.intervals import together
from simulations.plain import counted, length, shortened, shown
from simulations.reports.drawing import Picture
from simulations.reports.palette import LIGHT, MARKS, SPANS
from simulations.reports.times import column_ms, time_axis
from simulations.reports.touch import returns
from simulations.story import Lane, Story

_MARK_COLUMNS: Final = 120
_LANES_PER_PICTURE: Final = 56
_HALF: Final = 0.40  # of the height of a lane
_LEGEND_ROW: Final = 0.21
_LEGEND_COLUMNS: Final = 5

Segment = tuple[float, float, float, float]


@dataclass(frozen=True)
class Drawn:
    """What is drawn on lanes: saves and arrivals by lane and column, marks once for each column."""

    width: int
    saved: Counter[tuple[str, int]]
    delivered: Counter[tuple[str, int]]
    marks: dict[str, list[tuple[str, int]]]


def gathered(story: Story) -> Drawn:
    """Gather the marks of a story into columns of equal time."""
    ended, width = max(story.ended, 1), column_ms(story.ended)
    family_of = {kind: says for kinds, says, *_ in MARKS for kind in kinds}
    tallies: dict[str, Counter[tuple[str, int]]] = {"saved": Counter(), "delivered": Counter()}
    marks: dict[str, dict[tuple[str, int], int]] = {}
    for mark in story.marks:
        if mark.kind in tallies:
            tallies[mark.kind][mark.who, mark.at // width] += mark.count
        elif mark.kind in family_of:
            column = mark.at * _MARK_COLUMNS // ended
            marks.setdefault(family_of[mark.kind], {}).setdefault((mark.who, column), mark.at)
    placed = {says: [(who, at) for (who, _), at in found.items()] for says, found in marks.items()}
    return Drawn(width, tallies["saved"], tallies["delivered"], placed)


def lane_pictures(story: Story) -> list[Picture]:
    """Return the picture of the lanes, or several if there are more lanes than one page can show."""
    drawn = gathered(story)
    parts = ceil(len(story.lanes) / _LANES_PER_PICTURE)
    per_part = ceil(len(story.lanes) / parts) if parts else 0
    found = []
    for part in range(parts):
        lanes = story.lanes[part * per_part : (part + 1) * per_part]
        handles = _legend(lanes, drawn, story)
        found.append(
            Picture(
                name=f"lanes-{part + 1}",
                title="Every device over time" + (f", part {part + 1} of {parts}" if parts > 1 else ""),
                says=_says(lanes, story),
                height=len(lanes) * _lane_height(len(lanes)),
                top=0.12 + _LEGEND_ROW * ceil(len(handles) / _LEGEND_COLUMNS),
                draw=partial(_draw, lanes=lanes, story=story, drawn=drawn, handles=handles),
            )
        )
    return found


def _lane_height(lanes: int) -> float:
    return min(0.44, max(0.19, 6 / lanes))


def _says(lanes: Sequence[Lane], story: Story) -> str:
    out = Counter(span.why for lane in lanes for span in lane.spans if span.why in SPANS)
    spans = ", ".join(f"{SPANS[why][0]} {counted(count, 'time')}" for why, count in sorted(out.items()))
    return (
        f"{counted(len(lanes), 'lane')}, from {shown(lanes[0].name)} to {shown(lanes[-1].name)}, over "
        f"{length(story.ended)}. Shaded: {spans or 'nothing'}. The tables below say the same in figures."
    )


def caption(story: Story) -> str:
    """Return what is to be said below the picture: how bars and marks were gathered."""
    drawn = gathered(story)
    step = length(drawn.width)
    most = max(drawn.saved.values(), default=0), max(drawn.delivered.values(), default=0)
    return (
        f"Bars upward are saves, at most {most[0]:,} in {step}; bars downward are what came in from others, at most "
        f"{most[1]:,} in {step}; the taller, the more. Where marks of one kind would cover each other, one is drawn; "
        f"what lasted too short to be seen is drawn wider than it was."
    )


def _draw(axes: Axes, lanes: Sequence[Lane], story: Story, drawn: Drawn, handles: list[Artist]) -> None:
    rows = {lane.name: row for row, lane in enumerate(lanes)}
    at = time_axis(axes, story)
    _spans(axes, lanes, story, at)
    _lifelines(axes, lanes, story, at)
    _bars(axes, drawn.saved, rows, drawn.width, at, up=1)
    _bars(axes, drawn.delivered, rows, drawn.width, at, up=-1)
    _marks(axes, drawn, rows, at)
    back = [one for one in returns(story) if one.device in rows and one.in_sync is not None]
    _dots(axes, [(at(one.in_sync or 0), rows[one.device]) for one in back], "o", "good", filled=True, zorder=4)
    _names(axes, lanes)
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=_LEGEND_COLUMNS, frameon=False,
        borderaxespad=0.1, borderpad=0.3, handlelength=1.6, columnspacing=1.6, labelspacing=0.35, fontsize=8.5,
    )  # fmt: skip


def _names(axes: Axes, lanes: Sequence[Lane]) -> None:
    axes.set_ylim(len(lanes) - 0.5, -0.5)
    axes.set_yticks(range(len(lanes)), [shortened(shown(lane.name), 22) for lane in lanes])
    axes.tick_params(axis="y", length=0, labelcolor=LIGHT["ink"])
    axes.spines["left"].set_visible(False)
    for row, (lane, before) in enumerate(zip(lanes[1:], lanes, strict=False), 1):
        if lane.branch != before.branch or lane.is_relay != before.is_relay:
            axes.axhline(row - 0.5, color=LIGHT["rule"], linewidth=0.6, zorder=0)
    for label, lane in zip(axes.get_yticklabels(), lanes, strict=True):
        if lane.is_relay:
            label.set_fontstyle("italic")
            label.set_color(LIGHT["soft"])


def _spans(axes: Axes, lanes: Sequence[Lane], story: Story, at: Callable[[float], float]) -> None:
    least = column_ms(story.ended) // 2
    for order, why in enumerate(SPANS):
        boxes = [
            (at(begin), row - 0.44, at(max(end, begin + least)), row + 0.44)
            for row, lane in enumerate(lanes)
            for begin, end in together((span.begin, span.end + least) for span in lane.spans if span.why == why)
        ]
        if boxes:
            # Hatching lies over all filling, so that a cut is one also where the device was switched off meanwhile.
            axes.add_artist(PathPatch(_rectangles(boxes), **_shading(why) | {"hatch": ""}, zorder=1 + order / 100))
            hatching = _shading(why) | {"facecolor": "none"}
            axes.add_artist(PathPatch(_rectangles(boxes), **hatching, zorder=1.5 + order / 100))


def _shading(why: str) -> dict[str, Any]:
    _, colour, hatch = SPANS[why]
    return {"facecolor": LIGHT[colour], "edgecolor": LIGHT[f"{colour}-line"], "hatch": hatch, "linewidth": 0}


def _rectangles(boxes: Iterable[Segment]) -> Path:
    corners = [corner for a, b, c, d in boxes for corner in ((a, b), (c, b), (c, d), (a, d), (a, b))]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * (len(corners) // 5)
    return Path(corners, codes)


def _lifelines(axes: Axes, lanes: Sequence[Lane], story: Story, at: Callable[[float], float]) -> None:
    lines = []
    for row, lane in enumerate(lanes):
        begin = max((span.end for span in lane.spans if span.why == "not joined"), default=0)
        end = min((span.begin for span in lane.spans if span.why == "gone"), default=story.ended)
        lines.append((at(begin), row, at(end), row))
    axes.add_artist(_strokes(lines, "grey", 0.6, 2))


def _strokes(lines: Sequence[Segment], colour: str, width: float, zorder: float) -> PathPatch:
    ends = [end for a, b, c, d in lines for end in ((a, b), (c, d))]
    path = Path(ends, [Path.MOVETO, Path.LINETO] * len(lines))
    return PathPatch(path, fill=False, edgecolor=LIGHT[colour], linewidth=width, capstyle="butt", zorder=zorder)


def _bars(
    axes: Axes, tally: Counter[tuple[str, int]], rows: dict[str, int], width: int, at: Callable[[float], float],
    up: int,
) -> None:  # fmt: skip
    most = max(tally.values(), default=0)
    lines = []
    for (who, column), count in tally.items():
        if who in rows:
            middle, row = at((column + 0.5) * width), rows[who]
            lines.append((middle, row, middle, row - up * _HALF * max(0.3, log1p(count) / log1p(most))))
    if lines:
        axes.add_artist(_strokes(lines, "saved" if up > 0 else "delivered", 1.5, 3))


def _marks(axes: Axes, drawn: Drawn, rows: dict[str, int], at: Callable[[float], float]) -> None:
    for order, (_, says, shape, colour, filled) in enumerate(MARKS):
        spots = [(at(when), rows[who]) for who, when in drawn.marks.get(says, ()) if who in rows]
        _dots(axes, spots, shape, colour, filled=filled, zorder=5 + order / 10)


def _dots(
    axes: Axes, spots: Sequence[tuple[float, float]], shape: str, colour: str, *, filled: bool, zorder: float
) -> None:
    if spots:
        axes.plot(
            *zip(*spots, strict=True),
            linestyle="none",
            clip_on=False,
            zorder=zorder,
            **_dot(shape, colour, filled=filled),
        )


def _dot(shape: str, colour: str, *, filled: bool) -> dict[str, Any]:
    return {
        "marker": shape, "markersize": 6.2, "markeredgewidth": 0.8,
        "markerfacecolor": LIGHT[colour] if filled else LIGHT["paper"],
        "markeredgecolor": LIGHT["paper"] if filled else LIGHT[colour],
    }  # fmt: skip


def _legend(lanes: Sequence[Lane], drawn: Drawn, story: Story) -> list[Artist]:
    """Return what the legend shows: only what is on these lanes."""
    names = {lane.name for lane in lanes}
    handles: list[Artist] = [
        Line2D([], [], color=LIGHT[colour], marker="|", linestyle="none", markersize=8, markeredgewidth=1.8, label=says)
        for tally, colour, says in (
            (drawn.saved, "saved", "saved (up)"),
            (drawn.delivered, "delivered", "came in (down)"),
        )
        if any(who in names for who, _ in tally)
    ]
    for why, (says, _, _) in SPANS.items():
        if any(span.why == why for lane in lanes for span in lane.spans):
            handles.append(Patch(label=says, **_shading(why)))
    for _, says, shape, colour, filled in MARKS:
        if any(who in names for who, _ in drawn.marks.get(says, ())):
            handles.append(Line2D([], [], linestyle="none", label=says, **_dot(shape, colour, filled=filled)))
    if any(one.in_sync is not None and one.device in names for one in returns(story)):
        handles.append(Line2D([], [], linestyle="none", label="in sync again", **_dot("o", "good", filled=True)))
    return handles
