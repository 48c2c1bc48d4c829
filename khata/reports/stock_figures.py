"""Opening, in, out and closing of stock: quantities in millionths, values in ten-thousandths."""

from dataclasses import dataclass
from typing import Any

from crdt_models.money import Amount, Quantity, Rate
from khata.reports.stock_pools import share
from khata.reports.stock_valuation import Movement

Json = dict[str, Any]

_RATE_SCALE = 10**8
"""From ten-thousandths for each millionth of a unit to millionths of a rupee for each unit."""


@dataclass(slots=True)
class Figures:
    """What was there, what came in, what went out and what is left.

    Quantities in and out are never negative. The value left is the opening value and what came in less what went out,
    and beyond that `revalued`: by how much goods in one place became worth more because the cost of the item changed
    elsewhere in the company. For the whole company it is nothing.
    """

    opening: int = 0
    opening_value: int = 0
    incoming: int = 0
    incoming_value: int = 0
    outgoing: int = 0
    outgoing_value: int = 0
    closing: int = 0
    closing_value: int = 0

    def move(self, movement: Movement) -> None:
        """Add a movement to what came in or went out."""
        if movement.quantity < 0:
            self.outgoing -= movement.quantity
            self.outgoing_value -= movement.value
        else:
            self.incoming += movement.quantity
            self.incoming_value += movement.value
        self.outgoing_value += movement.correction

    def add(self, other: "Figures") -> None:
        """Add another item's or place's figures."""
        self.opening += other.opening
        self.opening_value += other.opening_value
        self.incoming += other.incoming
        self.incoming_value += other.incoming_value
        self.outgoing += other.outgoing
        self.outgoing_value += other.outgoing_value
        self.closing += other.closing
        self.closing_value += other.closing_value

    @property
    def revalued(self) -> int:
        """The part of the closing value that neither was there, nor came in, nor went out."""
        return self.closing_value - self.opening_value - self.incoming_value + self.outgoing_value

    def __bool__(self) -> bool:
        return any((
            self.opening, self.opening_value, self.incoming, self.incoming_value, self.outgoing, self.outgoing_value,
            self.closing, self.closing_value,
        ))  # fmt: skip

    def json(self, quantities: bool = True) -> Json:
        """The figures as text.

        Args:
            quantities: False where those of different units would be added up; they are null then.
        """
        return {
            "opening": _pair(self.opening, self.opening_value, quantities),
            "in": _pair(self.incoming, self.incoming_value, quantities),
            "out": _pair(self.outgoing, self.outgoing_value, quantities),
            "closing": _pair(self.closing, self.closing_value, quantities),
            "rate": rate_text(self.closing_value, self.closing) if quantities else None,
            "revalued": Amount(self.revalued).text,
        }


def rate_text(value: int, quantity: int) -> str:
    """The value of one unit; empty where there is nothing."""
    return Rate(share(value, _RATE_SCALE, quantity)).text if quantity else ""


def _pair(quantity: int, value: int, quantities: bool) -> Json:
    return {"quantity": Quantity(quantity).text if quantities else None, "value": Amount(value).text}
