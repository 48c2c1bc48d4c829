"""What the stock of one item cost: whole ten-thousandths in and out, nothing lost to rounding.

A pool holds layers of goods with what each cost. First in, first out keeps every incoming lot as a layer and takes from
the oldest; weighted average merges them all into one. What goes out of a layer in part is worth its share, rounded half
away from zero, and the rest stays: so everything that came in is always either in the pool or went out.
"""

from collections import deque
from typing import Final, Literal

Method = Literal["average", "fifo"]

METHODS: Final[tuple[Method, ...]] = ("average", "fifo")


def share(value: int, part: int, whole: int) -> int:
    """The value of `part` out of a `whole` worth `value`, rounded half away from zero; `whole` is not nothing."""
    product = value * part
    quotient, rest = divmod(abs(product), abs(whole))
    if 2 * rest >= abs(whole):
        quotient += 1
    return -quotient if (product < 0) != (whole < 0) else quotient


class Pool:
    """The stock of one item in all places, and its value.

    More may go out than there is. The quantity is negative then, and what was missing is valued at the last known unit
    cost: that of the layer last put in or taken from. When goods come in, they first fill what was missing, and the
    difference between what they cost and what was assumed is a correction of the cost of what went out before.

    Attributes:
        quantity: in millionths of a unit; negative when more went out than came in.
        value: in ten-thousandths; nothing when the quantity is nothing.
    """

    __slots__ = ("_layers", "_merged", "_unit", "quantity", "value")

    def __init__(self, method: Method) -> None:
        self.quantity = 0
        self.value = 0
        self._merged = method == "average"
        self._layers: deque[tuple[int, int]] = deque()
        self._unit = (0, 0)

    def put(self, quantity: int, value: int) -> int:
        """Bring goods in; returns the correction of what went out before, nothing unless more had gone out than was in.

        Args:
            quantity: not negative; nothing to change the value of what is there.
            value: what they cost.
        """
        if not quantity:
            return self._revalue(value)
        self._know(quantity, value)
        correction = 0
        if self.quantity < 0:
            filled = min(quantity, -self.quantity)
            paid, assumed = share(value, filled, quantity), share(-self.value, filled, -self.quantity)
            self.quantity += filled
            self.value += assumed
            correction = paid - assumed
            quantity, value = quantity - filled, value - paid
        if quantity:
            self.quantity += quantity
            self.value += value
            if self._merged and self._layers:
                held, worth = self._layers.pop()
                quantity, value = quantity + held, value + worth
                self._know(quantity, value)
            self._layers.append((quantity, value))
        return correction

    def take(self, quantity: int) -> int:
        """Take goods out; returns what they cost.

        Args:
            quantity: positive; may be more than there is.
        """
        missing, cost = quantity, 0
        while missing and self._layers:
            held, worth = self._layers.popleft()
            self._know(held, worth)
            if held > missing:
                part = share(worth, missing, held)
                self._layers.appendleft((held - missing, worth - part))
                cost += part
                missing = 0
            else:
                cost += worth
                missing -= held
        if missing:
            cost += self.cost_of(missing)
        self.quantity -= quantity
        self.value -= cost
        return cost

    def cost_of(self, quantity: int) -> int:
        """What so much costs at the last known unit cost, which with weighted average is the average; 0 if unknown."""
        known, value = self._unit
        return share(value, quantity, known) if known else 0

    def worth_of(self, quantity: int) -> int:
        """The share that so much of the stock has in its value."""
        return share(self.value, quantity, self.quantity) if self.quantity else self.cost_of(quantity)

    def _know(self, quantity: int, value: int) -> None:
        """Remember a unit cost; goods that came for nothing say nothing about it."""
        if value > 0:
            self._unit = (quantity, value)

    def _revalue(self, value: int) -> int:
        """Add to the value of the goods that came in last; where there are none, it is a cost of what went out."""
        if not self._layers:
            return value
        held, worth = self._layers.pop()
        self._layers.append((held, worth + value))
        self._know(held, worth + value)
        self.value += value
        return 0
