"""What every movement of stock was worth, and what is left where.

Each item has one pool of cost for the whole company. Goods come in at what the voucher says they cost, and go out at
what they cost by weighted average or first in, first out. Goods that only change their place keep their value: from
godown to godown, and from branch to branch, where what arrives is worth what was sent, whatever the transfer's price.

- Goods a customer sends back come in at the last known cost, not at what they were sold for.
- In a journal of stock, what comes in is worth the components that went out and the additional cost as entered: its
  ledger entries, or else what the amounts of the two sides differ by. Where no component has an amount, the amount of
  the product stands; where the product has none either, the components alone count. Between several products the value
  is divided by their amounts, or by their quantities where one has none.
- Goods received on a note are worth what the purchase with its tracking number says, from the date of that purchase on;
  until then what the note says.
- A physical stock voucher sets what lies in a godown and batch at the end of its day. What is missing goes out at cost;
  what is found comes in at the last known cost, or at the voucher's own amount where none is known.
- An opening or purchase without quantity changes the value of what is there.

Every value is whole paise, see `stock_paise`. Nothing is refused: more may go out than there is (see
`stock_pools.Pool`).
"""

from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple

from khata.books import Books
from khata.reports.stock_lines import COUNT, DISPATCH, IN, JOURNAL, OUT, RECEIPT, RETURN, Line, stock_lines
from khata.reports.stock_paise import PaisePool, in_paise, shared_in_paise
from khata.reports.stock_pools import Method, share
from khata.reports.stock_tracking import Tracking
from khata.sums import joined, sum_sql


class Place(NamedTuple):
    """Where goods lie: godown and branch by local number, and the batch."""

    godown: int
    batch: str
    branch: int


class Movement(NamedTuple):
    """What one line did in one place.

    Attributes:
        quantity, value: into stock positive, out of it negative.
        correction: a further cost of what went out before; see `Pool.put`.
        inside: the goods only changed their place; the stock of the company is as before.
    """

    line: Line
    place: Place
    quantity: int
    value: int
    correction: int = 0
    inside: bool = False


class Valuation:
    """A pass over all movements, in one go or from date to date.

    Args:
        until: a date; later movements are left out. Empty for all.

    Attributes:
        pools: the cost of each item, by local id, as far as `movements` has come.
        held: how much of each item lies in each place, likewise.
    """

    def __init__(self, books: Books, method: Method, until: str = "") -> None:
        self.pools: dict[int, PaisePool] = {}
        self.held: dict[tuple[int, Place], int] = {}
        self._books = books
        self._method = method
        self._lines = stock_lines(books, until)
        self._at = 0
        self._on_hand: dict[tuple[int, int, str], int] = {}
        self._counted = {line.item for line in self._lines if line.phase == COUNT}
        self._tracking = Tracking()
        self._sent: dict[tuple[bytes, str, int], tuple[int, int]] = {}
        self._handlers: dict[int, Callable[[Line], Iterator[Movement]]] = {
            IN: self._in,
            RETURN: self._back,
            DISPATCH: self._dispatch,
            RECEIPT: self._receipt,
            OUT: self._out,
        }

    def movements(self, before: str = "") -> Iterator[Movement]:
        """Every movement in order, from where the last call ended. Cost: about 5 µs a line.

        Args:
            before: a date; stop before what moved on it or later. Empty for all.
        """
        together: list[Line] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if before and line.date >= before:
                break
            self._at += 1
            if together and (line.voucher != together[0].voucher or line.phase != together[0].phase):
                yield from self._whole(together)
                together = []
            if line.phase in (JOURNAL, COUNT):
                together.append(line)
            else:
                yield from self._handlers[line.phase](line)
        if together:
            yield from self._whole(together)

    def finish(self, before: str = "") -> None:
        """Go through the movements, for who only wants to know what is left; see `movements`."""
        for _ in self.movements(before):
            pass

    def pool(self, item: int) -> PaisePool:
        """The cost of an item."""
        found = self.pools.get(item)
        if found is None:
            found = self.pools[item] = PaisePool(self._method)
        return found

    def _moved(
        self,
        line: Line,
        quantity: int,
        value: int,
        correction: int = 0,
        godown: int | None = None,
        inside: bool = False,
    ) -> Movement:
        place = Place(line.godown if godown is None else godown, line.batch, line.branch)
        key = line.item, place
        self.held[key] = self.held.get(key, 0) + quantity
        if line.item in self._counted:
            on_hand = line.item, place.godown, place.batch
            self._on_hand[on_hand] = self._on_hand.get(on_hand, 0) + quantity
        return Movement(line, place, quantity, value, correction, inside)

    def _put(self, line: Line, quantity: int, value: int) -> Movement:
        value = in_paise(value)
        return self._moved(line, quantity, value, self.pool(line.item).put(quantity, value))

    def _take(self, line: Line, quantity: int) -> Movement:
        return self._moved(line, -quantity, -self.pool(line.item).take(quantity))

    # -- line by line -----------------------------------------------------------------------------------------------

    def _in(self, line: Line) -> Iterator[Movement]:
        quantity, value = line.quantity, line.amount
        if quantity < 0:
            yield self._take(line, -quantity)
        elif not line.posted:
            changed = self._tracking.invoiced(line)
            if changed:
                yield self._put(line, 0, changed)
        else:
            if line.tracking and line.base == "receipt-note":
                value = self._tracking.received(line)
            yield self._put(line, quantity, value)

    def _back(self, line: Line) -> Iterator[Movement]:
        yield self._put(line, line.quantity, self.pool(line.item).cost_of(line.quantity))

    def _out(self, line: Line) -> Iterator[Movement]:
        yield self._take(line, -line.quantity)

    def _dispatch(self, line: Line) -> Iterator[Movement]:
        if line.quantity >= 0:
            yield from self._in(line)
            return
        moved = self._take(line, -line.quantity)
        key = line.document, line.path, line.item
        quantity, value = self._sent.get(key, (0, 0))
        self._sent[key] = quantity - moved.quantity, value - moved.value
        yield moved

    def _receipt(self, line: Line) -> Iterator[Movement]:
        if line.quantity <= 0:
            yield from self._in(line)
            return
        key = line.document, line.path, line.item
        sent, worth = self._sent.get(key, (0, 0))
        arrived = min(line.quantity, sent)
        value = in_paise(share(worth, arrived, sent)) if arrived else 0
        self._sent[key] = sent - arrived, worth - value
        beyond = line.quantity - arrived
        yield self._put(line, line.quantity, value + (self._found(line, beyond, line.quantity) if beyond else 0))

    def _found(self, line: Line, quantity: int, whole: int) -> int:
        """What goods are worth that came from nowhere: the last known cost, else their share of the line's amount."""
        cost = self.pool(line.item).cost_of(quantity)
        return cost or share(abs(line.amount), quantity, whole)

    # -- voucher by voucher -----------------------------------------------------------------------------------------

    def _whole(self, lines: list[Line]) -> Iterator[Movement]:
        return self._count(lines) if lines[0].phase == COUNT else self._journal(lines)

    def _count(self, lines: list[Line]) -> Iterator[Movement]:
        counted: dict[tuple[int, int, str], tuple[int, int, Line]] = {}
        for line in lines:
            key = line.item, line.godown, line.batch
            quantity, amount, _ = counted.get(key, (0, 0, line))
            counted[key] = quantity + abs(line.quantity), amount + abs(line.amount), line
        for key, (quantity, amount, line) in counted.items():
            difference = quantity - self._on_hand.get(key, 0)
            if difference < 0:
                yield self._take(line, -difference)
            elif difference:
                found = line._replace(amount=amount)
                yield self._put(line, difference, self._found(found, difference, quantity or difference))

    def _journal(self, lines: list[Line]) -> Iterator[Movement]:
        sources: list[tuple[Line, int]] = []
        products: list[tuple[Line, int]] = []
        for line in lines:
            quantity = abs(line.quantity)
            if line.destination is not None:
                value = self.pool(line.item).cost_of(quantity)
                yield self._moved(line, -quantity, -value, inside=True)
                yield self._moved(line, quantity, value, godown=line.destination, inside=True)
            elif line.quantity < 0:
                sources.append((line, quantity))
            elif line.quantity > 0:
                products.append((line, quantity))
            elif line.amount:
                yield self._put(line, 0, line.amount)
        for at, (product, wanted) in enumerate(products):
            products[at] = product, (yield from self._same(product, wanted, sources))
        yield from self._made(
            [(line, left) for line, left in sources if left], [(line, left) for line, left in products if left]
        )

    def _same(self, product: Line, wanted: int, sources: list[tuple[Line, int]]) -> Generator[Movement, None, int]:
        """Move what goes out and comes in again as the same item; what of the product is left comes of the others."""
        for at, (source, left) in enumerate(sources):
            quantity = min(wanted, left) if source.item == product.item else 0
            if quantity:
                value = self.pool(product.item).cost_of(quantity)
                yield self._moved(source, -quantity, -value, inside=True)
                yield self._moved(product, quantity, value, inside=True)
                sources[at] = source, left - quantity
                wanted -= quantity
        return wanted

    def _made(self, sources: list[tuple[Line, int]], products: list[tuple[Line, int]]) -> Iterator[Movement]:
        cost = 0
        for line, quantity in sources:
            moved = self._take(line, quantity)
            cost -= moved.value
            yield moved
        if not products:
            return
        spent = sum(share(abs(line.amount), quantity, abs(line.quantity)) for line, quantity in sources)
        amounts = [share(line.amount, quantity, line.quantity) for line, quantity in products]
        value = self._value_made(products, cost, spent, sum(amounts), bool(sources))
        parts = amounts if all(amount > 0 for amount in amounts) else [quantity for _, quantity in products]
        for (line, quantity), part in zip(products, shared_in_paise(in_paise(value), parts), strict=True):
            yield self._put(line, quantity, part)

    def _value_made(
        self, products: list[tuple[Line, int]], cost: int, spent: int, entered: int, of_sources: bool
    ) -> int:
        """What the products of a journal are worth together."""
        sums = sum_sql("amount_e4")
        row = self._books.db.execute(f"SELECT {sums} FROM entries WHERE voucher=?", (products[0][0].voucher,))
        additional = abs(joined(*row.fetchone()))
        if additional and of_sources:
            return cost + additional
        if not entered:
            return cost if of_sources else sum(self.pool(line.item).cost_of(quantity) for line, quantity in products)
        return cost + entered - spent if spent else entered
