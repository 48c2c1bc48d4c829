"""Writes the report of a simulation: one page that stands on its own, and a picture of it."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crdt_models.errors import KhataError
from khata.relays import show_size
from simulations.plain import clock, counted, hours, length, listed, replay, shown, year
from simulations.reports.figures import NEVER, Link, Spread, links, spread, spread_by_device
from simulations.reports.happened import happened
from simulations.reports.settling import in_order
from simulations.reports.touch import Return, returns
from simulations.reports.words import failure, paragraph
from simulations.story import Story

if TYPE_CHECKING:
    from simulations.reports.drawing import Picture

_LIBRARIES = ("jinja2", "matplotlib")
_LINKS_MAX = 40
_OPEN_MAX = 200
_LANES_NAMED_MAX = 12


def report_files(path: Path) -> tuple[Path, Path]:
    """Return the HTML and the PNG file of a report that is called so, with or without an ending.

    Raises:
        KhataError: the libraries that reports need are not installed.
    """
    if not all(map(find_spec, _LIBRARIES)):
        raise KhataError("a report needs jinja2 and matplotlib, which come with: pip install 'khata[report]'")
    named = path.parent / path.name.removesuffix(".html").removesuffix(".png")
    return named.with_name(f"{named.name}.html"), named.with_name(f"{named.name}.png")


def write_report(story: Story, path: Path) -> list[Path]:
    """Write the report of a story as HTML, and beside it as PNG.

    Returns: both files. The same story gives the same bytes.

    Raises:
        KhataError: the libraries that reports need are not installed.
        OSError: a file cannot be written.
    """
    page, image = report_files(path)
    # They take a second to load, which only those who want a report should wait for.
    from simulations.reports.pictures import pictures
    from simulations.reports.poster import poster

    drawn = pictures(story)
    page.write_text(_page(story, drawn), encoding="utf-8", newline="\n")
    image.write_bytes(poster(story, [picture for part in drawn.values() for picture in part]))
    return [page, image]


def _page(story: Story, drawn: "dict[str, list[Picture]]") -> str:
    """Return the report as one HTML page that needs nothing else."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from simulations.reports.drawing import as_svg
    from simulations.reports.lanes import caption
    from simulations.reports.palette import DARK, LIGHT, as_css
    from simulations.reports.pictures import unsent_caption

    surroundings = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    surroundings.filters.update(
        lasting=length,
        year=year,
        size=show_size,
        shown=shown,
        hours=hours,
        clock=lambda at: clock(story.clock_start + at),
    )
    embedded = {
        name: [{"title": one.title, "svg": Markup(as_svg(one))} for one in part] for name, part in drawn.items()
    }
    return surroundings.get_template("page.html.j2").render(
        story=story,
        light=Markup(as_css(LIGHT)),
        dark=Markup(as_css(DARK)),
        pictures=embedded,
        lanes_caption=caption(story),
        unsent_caption=unsent_caption(story),
        lane_names=_from_above(story),
        counted=counted,
        **_told(story),
    )


def _from_above(story: Story) -> str:
    """The lanes in words, for who sees the picture of them only in parts."""
    names = [shown(lane.name) for lane in story.lanes]
    more = len(names) - _LANES_NAMED_MAX
    return listed([*names[:_LANES_NAMED_MAX], f"{more:,} more"] if more > 0 else names)


def _told(story: Story) -> dict[str, Any]:
    """Everything of a page that is told in words and figures."""
    rows, left_out = happened(story)
    all_links = links(story)
    return {
        "leads": [sentences for sentences in (failure(story), paragraph(story)) if sentences],
        "replay": shown(replay(story.scenario, story.seed)),
        "key_figures": _key_figures(story),
        "spreads": _spreads(story),
        "returns": [_return_row(story, one) for one in returns(story)],
        "links": all_links[:_LINKS_MAX],
        "links_left_out": _rest(all_links[_LINKS_MAX:]),
        "happened": rows,
        "happened_left_out": left_out,
        "conflicts": story.conflicts[:_OPEN_MAX],
        "problems": in_order(story.problems)[:_OPEN_MAX],
        "violations": story.violations[:_OPEN_MAX],
        "failed_checks": len({one.check for one in story.violations}),
        "open_max": _OPEN_MAX,
        "never": NEVER,
    }


def _rest(rest: list[Link]) -> str:
    return f"{counted(len(rest), 'further line')}, {show_size(sum(one.total for one in rest))}" if rest else ""


def _key_figures(story: Story) -> list[tuple[str, str]]:
    every = spread(story.deliveries)
    devices = sum(not lane.is_relay for lane in story.lanes)
    relays = len(story.lanes) - devices
    return [
        (
            f"{devices:,}",
            ("device" if devices == 1 else "devices") + (f", {counted(relays, 'relay')}" if relays else ""),
        ),
        (length(story.ended), "from beginning to end"),
        (f"{every.saves:,}", "entry saved" if every.saves == 1 else "entries saved"),
        (_or_dash(every.half), "until half of the saves were everywhere"),
        (_or_dash(every.most), "until 99 of 100 were" + _awake(every)),
        (_or_dash(every.longest), "the longest that one took"),
        (
            f"{len(story.conflicts):,}",
            "conflict for a person" if len(story.conflicts) == 1 else "conflicts for a person",
        ),
        (show_size(sum(sum(one.bytes) for one in story.traffic)), "over all lines"),
    ]


def _awake(every: Spread) -> str:
    return "" if every.awake is None else f"; {length(every.awake)} while both ends were switched on"


def _or_dash(ms: int | None) -> str:
    return "–" if ms is None else length(ms)


def _spreads(story: Story) -> list[tuple[str, Spread]]:
    """The spread of all saves first, then of each device's, if there are several."""
    by_device = spread_by_device(story)
    every = [("All devices", spread(story.deliveries))] if len(by_device) > 1 else []
    return [*every, *((shown(name), its) for name, its in by_device.items())]


_WHY = {
    "cut": "its lines were cut",
    "one-way": "it was heard one way only",
    "off": "it was switched off",
    "crashed": "it crashed or lost power",
    "gone": "it was lost for good",
}


def _return_row(story: Story, one: Return) -> dict[str, Any]:
    gone = one.why == "gone"
    until_the_end = one.end >= story.ended
    return {
        "device": shown(one.device),
        "why": _WHY.get(one.why, one.why),
        "begin": one.begin,
        "end": None if gone or until_the_end else one.end,
        "lasted": length(one.end - one.begin),
        "in_sync": one.in_sync,
        "took": "" if one.in_sync is None else length(one.in_sync - one.end),
        "other": shown(one.other),
        "gone": gone,
    }
