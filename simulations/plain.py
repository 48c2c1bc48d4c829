"""Times, lengths of time, counts and commands as people read them."""

import shlex
from datetime import UTC, datetime
from typing import Final

_SECONDS_PER_MINUTE: Final = 60
_MINUTES_PER_HOUR: Final = 60
_HOURS_KEPT: Final = 96  # up to four days are told in hours: "alone for 72 h"
_JOINERS: Final = "\u200c\u200d"  # parts of words in Indian scripts


def length(ms: int) -> str:
    """Return a length of time in its two largest units, such as "41 s", "3 min 20 s", "72 h" or "5 days 4 h"."""
    if ms < 1000:
        return f"{ms} ms"
    if ms < 9_950:
        return f"{ms / 1000:.1f} s".replace(".0 ", " ")
    seconds = round(ms / 1000)
    if seconds < _SECONDS_PER_MINUTE:
        return f"{seconds} s"
    if seconds < _SECONDS_PER_MINUTE * _MINUTES_PER_HOUR:
        return _two(seconds, _SECONDS_PER_MINUTE, "min", "s")
    minutes = round(ms / 60_000)
    if minutes <= _HOURS_KEPT * _MINUTES_PER_HOUR:
        return _two(minutes, _MINUTES_PER_HOUR, "h", "min")
    days, hours = divmod(round(ms / 3_600_000), 24)
    return counted(days, "day") + (f" {hours} h" if hours else "")


def _two(amount: int, per: int, large: str, small: str) -> str:
    whole, rest = divmod(amount, per)
    return f"{whole} {large}" + (f" {rest} {small}" if rest else "")


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun, such as "1 conflict", "214 conflicts" or "2 entries"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: list[str]) -> str:
    """Return names as a sentence has them: "Pune, Nagpur and Delhi"."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def sentence(text: str) -> str:
    """Return a text as a sentence begins."""
    return text[:1].upper() + text[1:]


def clock(ms: int) -> str:
    """Return what clocks show, ms since 1970, such as "Wed 3 Jun, 09:00:00"."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return f"{moment:%a} {moment.day} {moment:%b, %H:%M:%S}"


def year(ms: int) -> str:
    """Return the year that clocks show, ms since 1970."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y}"


def hours(ms: int) -> str:
    """Return a time since the beginning in hours, such as "72.25"."""
    return f"{ms / 3_600_000:,.2f}"


def shown(text: str) -> str:
    """Return a text that others wrote with what cannot be seen, or turns the line around, made visible."""
    return "".join(sign if sign.isprintable() or sign in _JOINERS else "\ufffd" for sign in text)


def shortened(text: str, longest: int) -> str:
    """Return a text cut to so many characters, with an ellipsis if it was."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def replay(scenario: str, seed: int) -> str:
    """Return the command that runs a scenario again with a seed, and looks for nothing shorter."""
    return f"khata simulate {shlex.quote(scenario)} --seed {seed} --no-shrink"
