"""Pictures from matplotlib, the same bytes for the same story: SVG that takes its colours from the page, or PNG."""

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import matplotlib as mpl
from lxml import etree
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulations.reports.palette import LIGHT

SVG: Final = "http://www.w3.org/2000/svg"
XLINK: Final = "http://www.w3.org/1999/xlink"
_number = re.compile(r"-?\d+\.\d+")
_MEASURES: Final = {"d", "x", "y", "transform"}
_family = re.compile(r"font-family:[^;]*;? ?")

WIDTH: Final = 10.0
RIGHT: Final = 0.32
BELOW: Final = 0.5

_STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "khata",  # ids do not change from run to run
    "svg.fonttype": "none",  # text stays text, in the font of the page
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "font.family": ["DejaVu Sans"],  # comes with matplotlib, so that a picture is the same on every machine
    "font.size": 9.0,
    "figure.facecolor": LIGHT["paper"],
    "axes.facecolor": "none",
    "axes.edgecolor": LIGHT["rule"],
    "axes.labelcolor": LIGHT["soft"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlecolor": LIGHT["ink"],
    "text.color": LIGHT["ink"],
    "xtick.color": LIGHT["rule"],
    "ytick.color": LIGHT["rule"],
    "xtick.labelcolor": LIGHT["soft"],
    "ytick.labelcolor": LIGHT["soft"],
    "hatch.linewidth": 0.6,
    "savefig.facecolor": LIGHT["paper"],
}  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """Something to draw on axes.

    Attributes:
        name: of the file or element, an identifier.
        title: in a few words.
        says: what is to be seen, in words, for those who do not see it.
        height, left, top: in inches: of the axes, and the room that names at the left and a legend above them need.
    """

    name: str
    title: str
    says: str
    height: float
    draw: Callable[[Axes], None]
    left: float = 1.6
    top: float = 0.12

    @property
    def tall(self) -> float:
        """The height of the whole picture."""
        return self.top + self.height + BELOW


@contextmanager
def our_style() -> Iterator[None]:
    """Draw in the style of the report, whatever the settings of this machine are."""
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        # Names in scripts that the font lacks: a browser draws them with its own, the PNG shows boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def axes_of(picture: Picture, figure: Figure, begin: float) -> Axes:
    """Return axes for a picture on a figure, its upper edge so many inches from that of the figure."""
    width, height = figure.get_size_inches()
    low = height - begin - picture.top - picture.height
    across = (width - picture.left - RIGHT) / width
    return figure.add_axes((picture.left / width, low / height, across, picture.height / height))


def as_svg(picture: Picture) -> str:
    """Return a picture as an SVG element to be put into the page."""
    with our_style():
        figure = Figure(figsize=(WIDTH, picture.tall))
        picture.draw(axes_of(picture, figure, 0))
        written = BytesIO()
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(written, format="svg", metadata=nothing, transparent=True)
    return _embedded(written.getvalue(), picture)


def _embedded(svg: bytes, picture: Picture) -> str:
    """Make what matplotlib wrote fit for a page: named, with ids of its own, colours of the page, no idle digits."""
    root = etree.fromstring(svg)
    for idle in [*root.iter(f"{{{SVG}}}metadata"), *root.iter(f"{{{SVG}}}style")]:
        parent = idle.getparent()
        if parent is not None:
            parent.remove(idle)
    for size in ("width", "height"):
        root.attrib.pop(size)
    root.set("role", "img")
    root.set("aria-labelledby", f"{picture.name}-title {picture.name}-says")
    for tag, name, text in (("desc", "says", picture.says), ("title", "title", picture.title)):
        said = etree.Element(f"{{{SVG}}}{tag}", id=f"{picture.name}-{name}")
        said.text = text
        root.insert(0, said)
    for element in root.iter():
        _fit(element, picture.name)
    etree.cleanup_namespaces(root)
    return etree.tostring(root, encoding="unicode")


def _fit(element: etree._Element, name: str) -> None:
    written = {str(key): str(value) for key, value in element.attrib.items()}
    element.attrib.clear()
    for key, value in written.items():
        if key == "id":
            element.set(key, value if value.startswith(f"{name}-") else f"{name}-{value}")
        elif key == f"{{{XLINK}}}href":
            element.set("href", value.replace("#", f"#{name}-"))
        elif key == "fill":
            element.set("style", _coloured(f"fill: {value}"))
        elif key in {"style", "clip-path"}:
            element.set(key, _coloured(_family.sub("", value.replace("url(#", f"url(#{name}-"))))
        elif not value.startswith("rotate(-0 "):
            element.set(key, _number.sub(_short, value.replace("\n", "")) if key in _MEASURES else value)


def _short(found: re.Match[str]) -> str:
    return f"{float(found[0]):.2f}".rstrip("0").rstrip(".")


def _coloured(style: str) -> str:
    for role, colour in LIGHT.items():
        style = style.replace(colour, f"var(--{role})")
    return style
