"""The report as one picture: the words at the top, and all pictures below each other."""

import textwrap
from collections.abc import Sequence
from io import BytesIO
from typing import Final

from matplotlib.figure import Figure

from simulations.plain import replay, shown
from simulations.reports.drawing import WIDTH, Picture, axes_of, our_style
from simulations.reports.palette import LIGHT
from simulations.reports.words import failure, paragraph
from simulations.story import Story

_DPI: Final = 150
_DPI_TALL: Final = 80
_TALL: Final = 60.0  # inches, beyond which it is drawn coarser
_MARGIN: Final = 0.35
_TITLE: Final = 0.55
_LINE: Final = 0.21
_CHARS: Final = 112


def poster(story: Story, pictures: Sequence[Picture]) -> bytes:
    """Return the report as PNG."""
    words = [line for part in (failure(story), paragraph(story)) for line in textwrap.wrap(" ".join(part), _CHARS)]
    head = _MARGIN + 0.75 + _LINE * len(words) + 0.1
    tall = head + sum(_TITLE + picture.tall for picture in pictures) + 0.6
    written = BytesIO()
    with our_style():
        figure = Figure(figsize=(WIDTH, tall))
        _write_head(figure, story, words, tall)
        _hang(figure, pictures, head, tall)
        said = f"seed {story.seed} · trace {shown(story.trace)} · {shown(replay(story.scenario, story.seed))}"
        figure.text(_MARGIN / WIDTH, 0.22 / tall, said, size=7, color=LIGHT["soft"])
        dpi = _DPI if tall < _TALL else _DPI_TALL
        figure.savefig(written, format="png", dpi=dpi, metadata={"Software": None})
    return written.getvalue()


def _hang(figure: Figure, pictures: Sequence[Picture], begin: float, tall: float) -> None:
    for picture in pictures:
        figure.text(_MARGIN / WIDTH, 1 - (begin + 0.42) / tall, picture.title, size=11.5, weight="bold")
        picture.draw(axes_of(picture, figure, begin + _TITLE))
        begin += _TITLE + picture.tall


def _write_head(figure: Figure, story: Story, words: Sequence[str], tall: float) -> None:
    left = _MARGIN / WIDTH
    figure.text(left, 1 - (_MARGIN + 0.2) / tall, shown(story.title), size=17, weight="bold", va="baseline")
    verdict, colour = ("Failed", "conflict") if story.violations else ("Everything held", "good")
    figure.text(1 - left, 1 - (_MARGIN + 0.2) / tall, verdict, size=11, ha="right", color=LIGHT[colour], weight="bold")
    figure.text(left, 1 - (_MARGIN + 0.55) / tall, "\n".join(words), size=10, va="top", linespacing=1.45)
