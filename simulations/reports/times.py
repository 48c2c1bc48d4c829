"""The axis of time that the pictures of a report share."""

from collections.abc import Callable
from datetime import UTC
from typing import Final

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from simulations.reports.palette import LIGHT
from simulations.scenario import DAY, HOUR, MINUTE, SECOND
from simulations.story import Story

_TICKS: Final = (4, 9)
# What ticks say, from those a year apart to those a second apart; what the first of a larger unit says; and beside.
_FORMATS: Final = ["%Y", "%b", "%a %d %b", "%H:%M", "%H:%M", "%H:%M:%S"]
_AT_ZERO: Final = ["%Y", "%b %Y", "%a %d %b", "%a %d %b", "%H:%M", "%H:%M:%S"]
_BESIDE: Final = ["", "%Y", "%Y", "%a %d %b %Y", "%a %d %b %Y", "%a %d %b %Y"]
_APART: Final = 0.01  # of the width; what is nearer to the frame is not told from it
_COLUMNS_MAX: Final = 320  # finer cannot be seen
_WIDTHS: Final = (
    *(count * SECOND for count in (1, 2, 5, 10, 15, 30)),
    *(count * MINUTE for count in (1, 2, 5, 10, 15, 30)),
    *(count * HOUR for count in (1, 2, 3, 6, 12)),
    DAY,
)


def column_ms(ended: int) -> int:
    """Return a round length of time that is as short as can be seen in a picture of so long a run."""
    fine = next((width for width in _WIDTHS if width * _COLUMNS_MAX >= ended), DAY)
    return fine * max(1, -(-ended // (fine * _COLUMNS_MAX)))


def healing_shows(story: Story) -> bool:
    """Whether there is room between the moment when all was healed and the end of the axis."""
    return 0 < story.lasts < story.ended * (1 - _APART)


def time_axis(axes: Axes, story: Story) -> Callable[[float], float]:
    """Set up the axis from the beginning to the end of a run; return where on it a time since the beginning lies."""
    zero = story.clock_start / DAY

    def at(ms: float) -> float:
        return zero + ms / DAY

    locator = AutoDateLocator(tz=UTC, minticks=_TICKS[0], maxticks=_TICKS[1])
    axes.set_xlim(at(0), at(max(story.ended, 1)))
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(locator, tz=UTC, formats=_FORMATS, zero_formats=_AT_ZERO, offset_formats=_BESIDE)
    )
    axes.xaxis.get_offset_text().set_color(LIGHT["soft"])
    axes.grid(axis="x", color=LIGHT["rule"], linewidth=0.5, zorder=0)
    axes.set_axisbelow(True)
    if healing_shows(story):
        axes.axvline(at(story.lasts), color=LIGHT["soft"], linewidth=0.8, linestyle=(0, (2, 2)), zorder=2)
    return at
