"""What may flow one way between two devices: what rules name, as far as the receiver may read it, from a month on."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from p2p.scope import Pattern, is_within

_CONTROL: Final = "control"
_DATED: Final = ("vouchers", "transfers", "files")
_PARTS: Final = {"masters": 2, "vouchers": 4, "transfers": 3, "files": 3}
"""How many components a scope below each root has."""


class Flow(NamedTuple):
    """Some subtrees of the tree of scopes.

    Attributes:
        named: what is named; a scope has to match one of these.
        within: lists of patterns, of each of which it has to match one too: grants, and what a branch narrows an offer
            to.
        since: no scope of an earlier month; `YYYY-MM` or empty.
    """

    named: tuple[Pattern, ...]
    within: tuple[tuple[Pattern, ...], ...] = ()
    since: str = ""

    def matches(self, scope: str) -> bool:
        """Tell whether commits of a scope may flow. `control` never does: it is shared without any rule."""
        return (
            not is_within(scope, _CONTROL)
            and all(any(pattern.matches(scope) for pattern in patterns) for patterns in (self.named, *self.within))
            and (not self.since or month_of(scope) >= self.since)
        )

    def touches(self, path: str) -> bool:
        """Tell whether anything at or below a path might flow: whether it is worth descending there."""
        if _is_scope(path):
            return self.matches(path)
        return not is_within(path or "-", _CONTROL) and all(
            any(pattern.touches(path) for pattern in patterns) for patterns in (self.named, *self.within)
        )

    def includes(self, path: str) -> bool:
        """Tell whether all that lies at or below a path may flow, so that nothing below needs a look."""
        if _is_scope(path):
            return self.matches(path)
        return (
            bool(path)
            and not self.since
            and not is_within(path, _CONTROL)
            and all(any(pattern.includes(path) for pattern in patterns) for patterns in (self.named, *self.within))
        )

    def spelled(self) -> list[object]:
        """Return it as lists of text: the same for the same flow, whatever order it was put together in."""
        within = sorted(sorted(pattern.text for pattern in patterns) for patterns in self.within)
        return [sorted(pattern.text for pattern in self.named), within, self.since]


def _is_scope(path: str) -> bool:
    components = path.split("/")
    return len(components) == _PARTS.get(components[0])


def month_of(scope: str) -> str:
    """Return the month of a scope of vouchers, transfers or files; of any other a text later than all months."""
    return scope.rpartition("/")[2] if scope.partition("/")[0] in _DATED else "~"


def patterns_of(texts: Sequence[str]) -> tuple[Pattern, ...]:
    """Return the patterns in texts that were checked before."""
    return tuple(Pattern.parse(text) for text in texts)
