"""The pictures of a report besides the lanes: what waited, how long saves took, and what went over which line."""

from collections.abc import Sequence
from functools import partial
from math import ceil
from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from khata.relays import show_size
from simulations.plain import counted, length, listed, shortened, shown
from simulations.reports.drawing import Picture
from simulations.reports.figures import NEVER, Link, Steps, buckets, bytes_over_time, links, peak, unsent_by_branch
from simulations.reports.lanes import lane_pictures
from simulations.reports.palette import LIGHT
from simulations.reports.times import column_ms, healing_shows, time_axis
from simulations.story import Story

LINKS_MAX: Final = 12
_BRANCHES_MAX: Final = 5
_LEGEND_ROW: Final = 0.21
_LINES: Final = (
    ("saved", "solid"),
    ("delivered", (0, (5, 1.5))),
    ("third", (0, (5, 1.5, 1, 1.5))),
    ("good", (0, (1.5, 1))),
    ("fourth", (0, (8, 1.5, 1, 1, 1, 1.5))),
)  # fmt: skip


def pictures(story: Story) -> dict[str, list[Picture]]:
    """Return the pictures of a story by what they are about; none where there is nothing to show."""
    return {
        "lanes": lane_pictures(story),
        "unsent": _unsent(story),
        "delays": _delays(story),
        "traffic": [*_traffic(story), *_links(story)],
    }


def _unsent(story: Story) -> list[Picture]:
    branches = unsent_by_branch(story)
    ranked = sorted((name for name in branches if peak(branches[name])[1]), key=lambda name: -peak(branches[name])[1])
    if not ranked:
        return []
    most = [f"{shown(name)} {peak(branches[name])[1]:,}" for name in ranked[:_BRANCHES_MAX]]
    picture = Picture(
        name="unsent",
        title="Entries not everywhere yet, by branch",
        says=f"Entries not everywhere yet, by branch, over time. At most: {listed(most)}.",
        height=2.3,
        top=0.14 + _LEGEND_ROW * ceil((min(len(ranked), _BRANCHES_MAX) + (len(ranked) > _BRANCHES_MAX)) / 3),
        draw=partial(_draw_unsent, story=story, branches=branches, ranked=ranked),
    )
    return [picture]


def unsent_caption(story: Story) -> str:
    """Return what is to be said below the picture of what waited."""
    left = sum(steps[-1][1] for steps in unsent_by_branch(story).values())
    healed = (
        "The dotted line is when people stopped working and everything was healed. " if healing_shows(story) else ""
    )
    ends = f"{counted(left, 'entry', 'entries')} waited still" if left else "nothing waited any more"
    return (
        "Vouchers and other entries made at a branch that were not yet with everybody who may have them. Where many "
        f"changes come close together, the highest count is drawn. {healed}When the run ended {ends}."
    )


def _draw_unsent(axes: Axes, story: Story, branches: dict[str, Steps], ranked: list[str]) -> None:
    at = time_axis(axes, story)
    for name in reversed(ranked):
        place = ranked.index(name)
        colour, line = _LINES[place] if place < _BRANCHES_MAX else ("grey", "solid")
        times, counts = zip(*_thinned(branches[name], story.ended), strict=True)
        label = f"{shortened(shown(name), 26)}: at most {peak(branches[name])[1]:,}" if place < _BRANCHES_MAX else None
        axes.step(
            [at(time) for time in times], counts, where="post", color=LIGHT[colour], linestyle=line, label=label,
            linewidth=1.6 if label else 0.7, zorder=3 if label else 2,
        )  # fmt: skip
    handles, labels = axes.get_legend_handles_labels()
    handles.reverse()
    labels.reverse()
    if rest := ranked[_BRANCHES_MAX:]:
        handles.append(axes.plot([], [], color=LIGHT["grey"], linewidth=0.7)[0])
        labels.append(f"{counted(len(rest), 'other branch', 'other branches')}: at most {peak(branches[rest[0]])[1]:,}")
    axes.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, handlelength=3.2,
        borderaxespad=0.1, borderpad=0.3, columnspacing=1.8, labelspacing=0.35, fontsize=8.5,
    )  # fmt: skip
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=2))
    axes.grid(axis="y", color=LIGHT["rule"], linewidth=0.5)
    axes.set_ylabel("not everywhere yet")


def _thinned(steps: Steps, ended: int) -> Steps:
    """Return steps with no more than one for each column of the picture: the highest count there."""
    width = column_ms(ended) // 2 or 1
    columns: dict[int, tuple[int, int]] = {}
    count = 0
    for at, after in steps:
        highest, _ = columns.get(at // width, (count, count))
        columns[at // width] = (max(highest, after), after)
        count = after
    found: dict[int, int] = {}
    for column, (highest, last) in columns.items():
        found[column * width] = highest
        found[(column + 1) * width] = last
    return [*((at, count) for at, count in found.items() if at < ended), (max(ended, 1), count)]


def _delays(story: Story) -> list[Picture]:
    counts = buckets(story.deliveries)
    if not counts:
        return []
    picture = Picture(
        name="delays",
        title="How many saves took how long",
        says="How many saves took how long: " + "; ".join(f"{says}: {count:,}" for says, count in counts) + ".",
        height=0.26 * len(counts),
        draw=partial(_draw_delays, counts=counts),
    )
    return [picture]


def _draw_delays(axes: Axes, counts: Sequence[tuple[str, int]]) -> None:
    together = sum(count for _, count in counts)
    colours = [LIGHT["conflict" if says == NEVER else "saved"] for says, _ in counts]
    bars = axes.barh(range(len(counts)), [count for _, count in counts], height=0.62, color=colours)
    shares = [f"{count:,} ({_share(count, together)})" if count else "0" for _, count in counts]
    axes.bar_label(bars, shares, padding=4, color=LIGHT["soft"], fontsize=8.5)
    _rows(axes, [says for says, _ in counts])
    axes.set_xlim(right=max(count for _, count in counts) * 1.14)


def _share(count: int, together: int) -> str:
    percent = 100 * count / together
    return "under 1%" if 0 < percent < 1 else f"{percent:.0f}%"


def _rows(axes: Axes, names: list[str]) -> None:
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0, labelcolor=LIGHT["ink"])
    axes.set_xticks([])
    axes.spines[["left", "bottom"]].set_visible(False)


def _traffic(story: Story) -> list[Picture]:
    amounts = bytes_over_time(story)
    if not any(amounts):
        return []
    together = max(1, column_ms(story.ended) // story.step_ms)
    sums = [sum(amounts[begin : begin + together]) for begin in range(0, len(amounts), together)]
    step = story.step_ms * together
    picture = Picture(
        name="traffic",
        title=f"Bytes over all lines, in steps of {length(step)}",
        says=f"Bytes over time: {show_size(sum(sums))} in all, at most {show_size(max(sums))} in {length(step)}.",
        height=1.4,
        draw=partial(_draw_traffic, story=story, sums=sums, step=step),
    )
    return [picture]


def _draw_traffic(axes: Axes, story: Story, sums: list[int], step: int) -> None:
    at = time_axis(axes, story)
    edges = [at(min(place * step, max(story.ended, 1))) for place in range(len(sums) + 1)]
    axes.stairs(sums, edges, fill=True, color=LIGHT["saved"])
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda amount, _: show_size(round(amount))))
    axes.grid(axis="y", color=LIGHT["rule"], linewidth=0.5)


def _links(story: Story) -> list[Picture]:
    found = links(story)
    if not found:
        return []
    most = found[:LINKS_MAX]
    said = "; ".join(f"{shown(one.one)} and {shown(one.other)} {show_size(one.total)}" for one in most)
    picture = Picture(
        name="links",
        title="Bytes by line" + (f", the {LINKS_MAX} busiest of {len(found):,}" if len(found) > LINKS_MAX else ""),
        says=f"Bytes between every two devices, both ways: {said}.",
        height=0.26 * len(most),
        left=2.9,
        top=0.14 + _LEGEND_ROW,
        draw=partial(_draw_links, found=most),
    )
    return [picture]


def _draw_links(axes: Axes, found: Sequence[Link]) -> None:
    places = range(len(found))
    there, back = [one.there for one in found], [one.back for one in found]
    axes.barh(places, there, height=0.62, color=LIGHT["saved"], label="from the first to the second")
    bars = axes.barh(places, back, left=there, height=0.62, color=LIGHT["delivered"], label="the other way")
    axes.bar_label(bars, [show_size(one.total) for one in found], padding=4, color=LIGHT["soft"], fontsize=8.5)
    _rows(axes, [f"{shortened(shown(one.one), 20)} – {shortened(shown(one.other), 20)}" for one in found])
    axes.set_xlim(right=found[0].total * 1.1)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderaxespad=0.1, borderpad=0.3,
        handlelength=1.2, fontsize=8.5,
    )  # fmt: skip
