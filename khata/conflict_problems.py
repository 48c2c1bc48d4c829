"""Conflicts as problems: each value a choice, with what taking it would change.

In a locked period only what stands in the locked books can be taken: every other choice is what ends in that.
"""

import json
from collections.abc import Container, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from crdt_models.money import Amount
from khata.books import Books
from khata.conflicts import list_conflicts
from khata.deeds import branches_of, in_order
from khata.locked_conflicts import locked_conflict
from khata.problem import Choice, Deed, Effect, Problem

CONFLICT: Final = "conflict"
_CHOICES_MAX: Final = 9
_VALUE_CHARS: Final = 60


def conflict_problems(books: Books) -> Iterator[Problem]:
    """Registers with several values none of whose authors knew the others'."""
    for conflict in list_conflicts(books):
        values = conflict["values"]
        devices = ", ".join(value["device"] for value in values)
        waiting = "; a save one of them builds on is still on its way" if conflict["incomplete"] else ""
        text = (
            f"{conflict['kind']} {conflict['name']!r} has {len(values)} values of {conflict['register']!r}, made apart "
            f"by {devices}{waiting}"
        )
        deeds = in_order(_deed(value) for value in values)
        effect = next((effect for effect in map(_effect, values) if effect), ())
        yield Problem(
            CONFLICT, (conflict["document"],), text, tuple(_ways(books, conflict)), deeds, effect,
            "taking the other value changes" if effect else "", branches_of(deeds, [conflict["scope"]]),
            (conflict["id"],),
        )  # fmt: skip


def _ways(books: Books, conflict: dict[str, Any]) -> Iterator[Choice]:
    if conflict["incomplete"]:
        yield Choice("fetch the save that one of them builds on, which may show that there is none", "khata sync")
    shut = locked_conflict(books, conflict)
    yield from _choices(conflict, range(1, _CHOICES_MAX + 1) if shut is None else shut.standing)
    yield from shut.ways if shut is not None else ()


def _choices(conflict: dict[str, Any], among: Container[int]) -> Iterator[Choice]:
    """Taking those values of a conflict whose positions, counted from 1, are wanted."""
    anyway = " --anyway" if conflict["incomplete"] else ""
    for position, value in enumerate(conflict["values"][:_CHOICES_MAX], 1):
        if position not in among:
            continue
        words = "keep what shows" if position == 1 else "take the other"
        command = f"khata conflicts settle {conflict['id']} --take {position}{anyway}"
        yield Choice(f"{words}: {in_short(value['value'])}, by {value['device']}", command, _effect(value))


def _deed(value: dict[str, Any]) -> Deed:
    said = f"set it to {in_short(value['value'])}"
    return Deed(value["device"], value["branch"], value["user"], _ms(value["at"]), said)


def _ms(instant: str) -> int:
    return (datetime.fromisoformat(instant) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _effect(value: dict[str, Any]) -> Effect:
    return tuple((line["ledger"], Amount.parse(line["amount"]).e4) for line in value["effect"])


def in_short(value: Any) -> str:
    """A value as shown, on less than a line: a posting by its date, type and debits."""
    if isinstance(value, dict) and isinstance(value.get("entries"), list):
        entries = ", ".join(f"{entry.get('ledger')} {entry.get('amount')}" for entry in value["entries"])
        text = f"{value.get('date', '')} {entries}"
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_CHARS else text[: _VALUE_CHARS - 1] + "…"
