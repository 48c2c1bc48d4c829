"""The colours of a report, on light and on dark paper, told apart by colour-blind people and never without a shape."""

from typing import Final

from simulations.story import Kind

LIGHT: Final = {
    "paper": "#fefdfb",
    "ink": "#1c1b1a",
    "soft": "#5c5853",
    "rule": "#dcd7ce",
    "saved": "#1f5fa6",
    "delivered": "#a86408",
    "conflict": "#b0203a",
    "good": "#0b7a6c",
    "cut": "#f3d2c6",
    "cut-line": "#c4694a",
    "off": "#e7e4de",
    "off-line": "#b5b0a7",
    "crashed": "#ddd3e6",
    "crashed-line": "#8468a3",
    "slow": "#f6ecc9",
    "slow-line": "#b3973a",
    "gone": "#8f8a84",
    "gone-line": "#6e6a65",
    "third": "#7a3e9d",
    "fourth": "#3f6b21",
    "grey": "#a09b93",
}  # fmt: skip
DARK: Final = {
    "paper": "#171615",
    "ink": "#eceae6",
    "soft": "#aba69e",
    "rule": "#3a3835",
    "saved": "#6fb0f2",
    "delivered": "#e0a04a",
    "conflict": "#ff7a8c",
    "good": "#4ec5b4",
    "cut": "#4b2a20",
    "cut-line": "#b8694d",
    "off": "#2b2a28",
    "off-line": "#5d5953",
    "crashed": "#36294a",
    "crashed-line": "#9b82bb",
    "slow": "#3d361c",
    "slow-line": "#a08a3e",
    "gone": "#6b6762",
    "gone-line": "#8f8a84",
    "third": "#c594e4",
    "fourth": "#9ccb78",
    "grey": "#79746c",
}  # fmt: skip

# Times a device was not there: why, what the legend says, the colour and the hatching.
SPANS: Final[dict[str, tuple[str, str, str]]] = {
    "cut": ("cut off", "cut", "////"),
    "one-way": ("heard one way only", "cut", "----"),
    "slow": ("on a slow line", "slow", "...."),
    "stall": ("line stalled", "slow", "||||"),
    "off": ("switched off", "off", ""),
    "paused": ("paused by people", "slow", "\\\\\\\\"),
    "crashed": ("not running", "crashed", "xxxx"),
    "gone": ("lost for good", "gone", ""),
}

# What is marked on a lane: the kinds, what the legend says, the shape, the colour, and whether it is filled.
MARKS: Final[tuple[tuple[tuple[Kind, ...], str, str, str, bool], ...]] = (
    (("joined", "recovered"), "joined", "^", "good", True),
    (("lock", "rule"), "lock or rule", "s", "ink", False),
    (("restored", "cloned"), "old backup or copied disk", "v", "third", True),
    (("crash", "power-cut"), "crash or power cut", "X", "third", True),
    (("revoked",), "shut out", "P", "ink", True),
    (("clock", "disk", "other"), "clock, disk and others", "o", "soft", False),
    (("settled",), "conflict settled", "D", "conflict", False),
    (("clash",), "conflict", "D", "conflict", True),
)


def as_css(colours: dict[str, str]) -> str:
    """Return the colours as properties of a style sheet."""
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())
