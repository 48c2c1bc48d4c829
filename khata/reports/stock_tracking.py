"""Goods received on a note and the purchase that accounts for them, joined by their tracking number."""

from khata.reports.stock_lines import Line
from khata.reports.stock_pools import share

_Open = dict[tuple[int, str], tuple[int, int]]
"""Quantity and value by item and tracking number."""


class Tracking:
    """What was received and not invoiced yet, and what was invoiced and not received yet."""

    def __init__(self) -> None:
        self._received: _Open = {}
        self._invoiced: _Open = {}

    def received(self, note: Line) -> int:
        """What goods on a note cost: what was invoiced for them already, and for the rest what the note says.

        Args:
            note: a line that brings goods in.
        """
        invoiced, noted = _matched(note, self._invoiced, self._received)
        return note.amount - noted + invoiced

    def invoiced(self, bill: Line) -> int:
        """By how much a purchase changes the value of goods that were received before.

        Args:
            bill: a line of a purchase, for goods that a note brings in.
        """
        noted, invoiced = _matched(bill, self._received, self._invoiced)
        return invoiced - noted


def _matched(line: Line, others: _Open, own: _Open) -> tuple[int, int]:
    """Match a line with what is open on the other side: what that says the matched goods cost, and what the line says.

    What is left of either stays open.
    """
    key = line.item, line.tracking
    quantity, value = others.get(key, (0, 0))
    both = min(quantity, line.quantity)
    theirs = share(value, both, quantity) if both else 0
    ours = share(line.amount, both, line.quantity) if both else 0
    others[key] = quantity - both, value - theirs
    quantity, value = own.get(key, (0, 0))
    own[key] = quantity + line.quantity - both, value + line.amount - ours
    return theirs, ours
