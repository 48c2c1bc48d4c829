"""What is left for people in the end, counted by what it is and put in order."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from simulations.plain import counted
from simulations.story import Open, Story

_STOCK: Final = "negative stock"
_NAMED: Final = {
    "late voucher": ("late voucher", "late vouchers"),
    "entered into locked period": ("entry into a locked period", "entries into a locked period"),
    "duplicate number": ("number given twice", "numbers given twice"),
    "transfer in transit": ("transfer on its way", "transfers on their way"),
}
"""Problems that people know by name: what one is called, and many."""


def left_to_settle(story: Story) -> list[str]:
    """Return what needs a person in the end, each kind counted, such as "2 conflicts" and "24 late vouchers"."""
    kinds = Counter(one.name for one in story.problems)
    found = [counted(len(story.conflicts), "conflict")] if story.conflicts else []
    found += [counted(kinds[name], *words) for name, words in _NAMED.items() if kinds[name]]
    stock = kinds[_STOCK]
    named = sum(kinds[name] for name in _NAMED)
    others = len(story.problems) - named - stock
    if others:
        found.append(counted(others, "other problem" if named else "problem"))
    if stock:
        found.append(f"the stock of {counted(stock, 'item')} below nothing")
    return found


def in_order(problems: Sequence[Open]) -> list[Open]:
    """Return problems with stock below nothing as one line after all others."""
    below = [one for one in problems if one.name == _STOCK]
    others = [one for one in problems if one.name != _STOCK]
    return [*others, Open(name="stock below nothing", text=counted(len(below), "item"))] if below else others
