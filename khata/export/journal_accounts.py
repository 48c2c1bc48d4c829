"""Account names for programs with narrower ideas of a name: each account gets one of its own, whatever it is called.

The name is the account's place: its nature, the groups above it, its own name, each spelled as the program wants it.
Where two come out alike, or one like a group, the ledger's id decides them, so that names are the same on every copy
and two accounts never become one.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from khata.reports.chart import Account

Spell = Callable[[str], str]
"""Spells one part of an account's name as a program accepts it; never empty."""

SEPARATOR: Final = ":"
NAME_CHARS_MAX: Final = 800
"""Programs read lines into buffers: ledger's holds 4,096 bytes."""

EQUITY: Final = "Equity"
_ROOTS: Final = {"assets": "Assets", "liabilities": "Liabilities", "income": "Income", "expenses": "Expenses"}
_ID_DIGITS: Final = 8
_CUT_CHARS: Final = NAME_CHARS_MAX // 3


class Place(NamedTuple):
    """What is to be named.

    Attributes:
        key: what the caller finds the name by.
        parts: the names from the nature down to its own, as people wrote them.
        document: its id; empty for what is no document, which keeps its name where a ledger would have the same.
    """

    key: int
    parts: tuple[str, ...]
    document: bytes


def place_of(account: Account) -> Place:
    """The place of a ledger; what earlier years earned belongs to the owners."""
    root = EQUITY if account.profit_and_loss else _ROOTS[account.nature]
    return Place(account.local, (root, *account.path, account.name), account.document)


def account_names(places: Iterable[Place], spell: Spell) -> dict[int, str]:
    """A name for each place by its key, no two alike and none the beginning of another.

    Args:
        spell: spells each part but the first.
    """
    wanted = {place: _wanted(place.parts, spell) for place in places}
    counts = Counter(wanted.values())
    taken = {above for name in counts for above in _above(name)}
    names: dict[int, str] = {}
    # Those whose name nobody else wants keep it; among the others the order of ids decides.
    for place, name in sorted(wanted.items(), key=lambda pair: (counts[pair[1]] > 1, pair[0].document)):
        alone = counts[name] == 1 or not place.document
        while name in taken or not alone:
            name, alone = _told_apart(name, place.document), True
        taken.add(name)
        names[place.key] = name
    return names


def _wanted(parts: tuple[str, ...], spell: Spell) -> str:
    name = SEPARATOR.join((parts[0], *map(spell, parts[1:])))
    if len(name) <= NAME_CHARS_MAX:
        return name
    # Groups nested without end: the primary group and the ledger say the most.
    return SEPARATOR.join((parts[0], *(spell(part)[:_CUT_CHARS].rstrip() for part in (parts[1], parts[-1]))))


def _above(name: str) -> Iterable[str]:
    """The names of the groups above an account."""
    at = name.find(SEPARATOR)
    while at >= 0:
        yield name[:at]
        at = name.find(SEPARATOR, at + 1)


def _told_apart(name: str, document: bytes) -> str:
    digits = document.hex() or "0"
    short = f"-{digits[:_ID_DIGITS]}"
    return f"{name}{short}" if not name.endswith(short) else f"{name}-{digits}"
