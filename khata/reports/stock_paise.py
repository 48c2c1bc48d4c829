"""What the stock of one item is worth in whole paise: the exact cost, rounded where it is said.

Cost is kept exactly, and what is left is worth that rounded to the paisa, half away from nothing. What went out cost
the difference: so figures have two decimals, what came in is always left or went out, and rounding never adds up.
"""

from typing import Final

from khata.reports.stock_pools import Method, Pool, share

_PAISA_E4: Final = 100


def in_paise(e4: int) -> int:
    """An amount rounded to the paisa, half away from nothing; both in ten-thousandths."""
    half = _PAISA_E4 // 2
    return (e4 + half) // _PAISA_E4 * _PAISA_E4 if e4 >= 0 else -((half - e4) // _PAISA_E4 * _PAISA_E4)


def shared_in_paise(value: int, parts: list[int]) -> list[int]:
    """Divide a value of whole paise in proportion to `parts`, which do not add up to nothing, into whole paise."""
    whole, done, given = sum(parts), 0, 0
    shares = []
    for part in parts:
        done += part
        upto = in_paise(share(value, done, whole))
        shares.append(upto - given)
        given = upto
    return shares


class PaisePool:
    """A pool whose value, and whatever goes in or out of it, is whole paise; see `Pool`.

    Attributes:
        value: of the stock that is there, in ten-thousandths.
    """

    __slots__ = ("_exact", "value")

    def __init__(self, method: Method) -> None:
        self._exact = Pool(method)
        self.value = 0

    @property
    def quantity(self) -> int:
        """How much is there, in millionths of a unit; negative when more went out than came in."""
        return self._exact.quantity

    def put(self, quantity: int, value: int) -> int:
        """Bring goods in; returns the correction of what went out before.

        Args:
            quantity: not negative; nothing to change the value of what is there.
            value: what they cost, in whole paise.
        """
        before = self.value
        self._exact.put(quantity, value)
        self.value = in_paise(self._exact.value)
        return value - (self.value - before)

    def take(self, quantity: int) -> int:
        """Take goods out, which may be more than there are; returns what they cost."""
        before = self.value
        self._exact.take(quantity)
        self.value = in_paise(self._exact.value)
        return before - self.value

    def cost_of(self, quantity: int) -> int:
        """What so much costs at the last known unit cost; 0 if unknown."""
        return in_paise(self._exact.cost_of(quantity))

    def worth_of(self, quantity: int) -> int:
        """The share that so much of the stock has in its value."""
        whole = self._exact.quantity
        return in_paise(share(self.value, quantity, whole)) if whole else self.cost_of(quantity)
