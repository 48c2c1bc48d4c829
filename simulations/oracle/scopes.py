"""Which scopes a pattern names, by protocol.md §1."""

from collections.abc import Iterable
from functools import lru_cache

CONTROL = "control"
DATED = ("vouchers", "transfers", "files")


@lru_cache(maxsize=100_000)
def matches(pattern: str, scope: str) -> bool:
    """Whether a scope lies in what a pattern names."""
    wanted, given = pattern.split("/"), scope.split("/")
    if wanted[-1] == "**":
        wanted = wanted[:-1]
        if len(given) <= len(wanted):
            return False
        given = given[: len(wanted)]
    return len(wanted) == len(given) and all(_fits(*pair) for pair in zip(wanted, given, strict=True))


def _fits(wanted: str, given: str) -> bool:
    if wanted.endswith("~*"):
        return "~" in given and wanted[:-2] in given.split("~")
    return wanted in ("*", given)


def any_matches(patterns: Iterable[str], scope: str) -> bool:
    """Whether a scope lies in what one of some patterns names."""
    return any(matches(pattern, scope) for pattern in patterns)


def is_control(scope: str) -> bool:
    """Whether a scope is one that all members share."""
    return scope == CONTROL or scope.startswith(f"{CONTROL}/")


def is_keys(scope: str) -> bool:
    """Whether commits of a scope carry sealed keys, and no seal of an epoch around them."""
    return scope.startswith("control/keys/")


def month_of(scope: str) -> str:
    """The month of a scope of vouchers, transfers or files; empty for any other."""
    parts = scope.split("/")
    return parts[-1] if parts[0] in DATED else ""


def own_books(branch: str) -> tuple[str, ...]:
    """The patterns of a branch's own books, which flow back to it under any rule or none."""
    return (f"vouchers/{branch}/**", f"files/{branch}/**", f"transfers/{branch}~*/**") if branch else ()
