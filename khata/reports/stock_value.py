"""What the stock is worth at the end of a day: the closing stock of profit and loss and of the balance sheet."""

from collections.abc import Callable, Sequence
from typing import Final

from crdt_models.errors import BadValue
from crdt_models.vouchers import check_date
from khata.books import Books
from khata.reports.span import branch_code
from khata.reports.stock_pools import METHODS, Method
from khata.reports.stock_valuation import Place, Valuation

_LAST: Final = "~"
"""Sorts after every digit, and so after every date."""


def stock_value(books: Books, until: str = "", branch: str = "", method: str = "average") -> int:
    """The value of the closing stock, in ten-thousandths: whole paise.

    Each item has one cost for the whole company, and a branch has its quantity at that cost, so that branches and
    openings add up to the company. As with ledgers, opening stock is the company's and no branch's: a branch begins at
    nothing, and is below nothing where it sold what was there at the opening.

    Args:
        until: a date; what moved later is left out. Empty for everything.
        branch: code or name; empty for the whole company.
        method: "average" (weighted, moving with each movement) or "fifo".

    Raises:
        BadValue: `until` is not a date, or the method is not known.
        NotFound: the company has no such branch.

    Cost: about 10 µs a stock line.
    """
    return stock_values(books, [until], branch, method)[0]


def stock_values(books: Books, until: Sequence[str], branch: str = "", method: str = "average") -> list[int]:
    """The value of the closing stock at each of several dates, for the price of one; see `stock_value`."""
    for date in filter(None, until):
        check_date(date)
    valuation = Valuation(books, checked_method(method), "" if "" in until else max(until))
    number = branch_number(books, branch) if branch else None
    values = {}
    for date in sorted(until, key=lambda date: date or _LAST):
        # Whatever is dated on that day sorts before this.
        valuation.finish(f"{date}{_LAST}")
        if number is None:
            values[date] = sum(pool.value for pool in valuation.pools.values())
        else:
            places = place_values(books, valuation).items()
            values[date] = sum(value for (_, place), value in places if place.branch == number)
    return [values[date] for date in until]


def checked_method(method: str) -> Method:
    """The method of valuation that is meant.

    Raises:
        BadValue: it is not known.
    """
    for known in METHODS:
        if method == known:
            return known
    raise BadValue(f"{method[:40]!r} is not a way to value stock; known are {' and '.join(METHODS)}")


def branch_number(books: Books, branch: str) -> int:
    """The local number of a branch; -1 while it has no vouchers here.

    Args:
        branch: code or name.

    Raises:
        NotFound: the company has no such branch.
    """
    row = books.db.execute("SELECT id FROM branches WHERE code=?", (branch_code(books, branch),)).fetchone()
    return int(row[0]) if row else -1


def place_values(books: Books, valuation: Valuation) -> dict[tuple[int, Place], int]:
    """What lies in each place is worth; the places of an item add up to the item.

    Each place has its share by quantity. Where a quantity is negative in one place, so is its value.
    """
    values: dict[tuple[int, Place], int] = {}
    done: dict[int, int] = {}
    for item, place in sorted(valuation.held, key=place_order(books)):
        pool, before = valuation.pool(item), done.get(item, 0)
        upto = before + valuation.held[item, place]
        done[item] = upto
        values[item, place] = pool.worth_of(upto) - pool.worth_of(before)
    return values


def place_order(books: Books) -> Callable[[tuple[int, Place]], tuple[bytes, str, str, bytes]]:
    """A sort key for items in places that is the same on every copy: by godown, batch, branch and item."""
    codes = {0: "", **dict(books.db.execute("SELECT id, code FROM branches").fetchall())}
    godowns, items = books.names.masters("godown"), books.names.masters("stock-item")

    def key(of: tuple[int, Place]) -> tuple[bytes, str, str, bytes]:
        item, place = of
        godown = godowns.get(place.godown)
        return b"" if godown is None else godown.document, place.batch, codes[place.branch], items[item].document

    return key
