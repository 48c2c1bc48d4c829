"""Stock below nothing: what two branches sold while apart, of which there was only enough for one.

Nothing of it is refused or taken back. It is found from the stock lines of every copy that holds both sales, and ends
when goods come in, or are counted.
"""

from collections.abc import Collection
from typing import NamedTuple

from crdt_models.money import Quantity
from crdt_models.voucher_types import BASE_TYPES
from khata.books import Books
from khata.listing import same_masters
from khata.reports.stock_lines import COUNT, Line, main_location, opening_lines, stock_lines
from khata.sums import joined, sum_sql
from p2p.store import prefix_of

_Held = tuple[int, int]
"""An item and a godown by local id."""


class NegativeStock(NamedTuple):
    """An item of which less than nothing lies in a godown.

    Attributes:
        item, godown, unit: names as people read them.
        item_id, godown_id: document ids; that of the godown is empty where none has arrived.
        since: the date at whose end it was below nothing first, and has been since.
        quantity: what is there at the end of all movements, in millionths; negative.
        vouchers: the ids of the vouchers that took out of the godown on that date, in order.
        branches: the codes of the branches in whose books they stand.
    """

    item: str
    item_id: bytes
    godown: str
    godown_id: bytes
    unit: str
    since: str
    quantity: int
    vouchers: tuple[bytes, ...]
    branches: tuple[str, ...]

    @property
    def text(self) -> str:
        """What a person reads about it."""
        left = f"{Quantity(self.quantity)}{' ' + self.unit if self.unit else ''}"
        where = f" in {self.godown}" if self.godown else ""
        return f"{self.item}{where} is below nothing since {self.since}: {left}"


def negative_stock(books: Books) -> list[NegativeStock]:
    """Everything that is below nothing now, by item and godown.

    Cost: about 2 µs a stock line, and 6 µs for each of an item that is below nothing or was counted or transferred.
    """
    return _found(books, _suspects(books))


def _found(books: Books, items: Collection[int]) -> list[NegativeStock]:
    """What of some items is below nothing; items that were merged into one of them are named as well."""
    if not items:
        return []
    lines = stock_lines(books, items=items)
    below = _below(lines)
    codes = dict(books.db.execute("SELECT id, code FROM branches").fetchall())
    units = dict(books.db.execute("SELECT id, unit FROM stock_items").fetchall())
    names, godowns = books.names, books.names.masters("godown")
    takers: dict[_Held, list[Line]] = {key: [] for key in below}
    for line in lines:
        key = line.item, line.godown
        if key in below and line.date == below[key][0] and _takes(line):
            takers[key].append(line)
    return sorted(
        NegativeStock(
            names.label("stock-item", item), names.masters("stock-item")[item].document,
            names.label("godown", godown) if godown else "", godowns[godown].document if godown else b"",
            names.label("unit", units[item]), since, quantity,
            tuple(dict.fromkeys(line.document for line in takers[item, godown])),
            tuple(sorted({codes[line.branch] for line in takers[item, godown] if line.branch})),
        )
        for (item, godown), (since, quantity) in below.items()
    )  # fmt: skip


def taken_below(books: Books, voucher: bytes) -> list[NegativeStock]:
    """What of the items of one voucher is below nothing, as a warning for whoever entered it.

    Args:
        voucher: its document id.

    Cost: about 4 µs a stock line of these items.
    """
    # By the document and not by name: one id may lie in two scopes, and then names nothing.
    moved = books.db.execute(
        "SELECT DISTINCT s.item FROM documents d JOIN stock_lines s ON s.voucher IN (d.row, -d.row) "
        "WHERE d.prefix=? AND d.id=? AND s.posted=1",
        (prefix_of(voucher), voucher),
    ).fetchall()
    items = {books.names.effective("stock-item", item) for (item,) in moved}
    return _found(books, _all_merged(books, items))


def _all_merged(books: Books, items: Collection[int]) -> set[int]:
    return {same for item in items for same in same_masters(books, "stock-item", item)}


def _suspects(books: Books) -> set[int]:
    """The items that may be below nothing somewhere: by the sum of their lines, or because not all lines add up so."""
    effective = books.names.effective
    main = main_location(books)
    sums: dict[_Held, int] = {}
    suspects: set[int] = set()

    def add(item: int, godown: int | None, quantity: int) -> None:
        place = main if godown is None else godown
        key = effective("stock-item", item), effective("godown", place) if place else 0
        sums[key] = sums.get(key, 0) + quantity

    for item, godown, sent, *parts in books.db.execute(
        f"SELECT item, godown, max(destination IS NOT NULL), {sum_sql('quantity_e6')} FROM stock_lines "
        "WHERE +posted=1 GROUP BY item, godown"
    ).fetchall():
        add(item, godown, joined(*parts))
        if sent:
            suspects.add(effective("stock-item", item))
    for line in opening_lines(books):
        add(line.item, line.godown, line.quantity)
    counting = ", ".join(f"'{slug}'" for slug, base in BASE_TYPES.items() if base.counts)
    for (item,) in books.db.execute(
        "SELECT DISTINCT s.item FROM vouchers v JOIN stock_lines s ON s.voucher=v.id "
        f"WHERE v.base IN ({counting}) AND s.posted=1"
    ).fetchall():
        suspects.add(effective("stock-item", item))
    suspects.update(item for (item, _), quantity in sums.items() if quantity < 0)
    return _all_merged(books, suspects)


def _below(lines: list[Line]) -> dict[_Held, tuple[str, int]]:
    """What is below nothing at the end, since which date, and by how much."""
    held: dict[_Held, int] = {}
    batches: dict[tuple[int, int, str], int] = {}
    since: dict[_Held, str] = {}
    touched: set[_Held] = set()
    date = ""

    def evening() -> None:
        for key in touched:
            if held[key] < 0:
                since.setdefault(key, date)
            else:
                since.pop(key, None)
        touched.clear()

    def move(item: int, godown: int, batch: str, quantity: int) -> None:
        held[item, godown] = held.get((item, godown), 0) + quantity
        batches[item, godown, batch] = batches.get((item, godown, batch), 0) + quantity
        touched.add((item, godown))

    counting: tuple[int, set[tuple[int, int, str]]] = (0, set())
    for line in lines:
        if line.date != date:
            evening()
            date = line.date
        if line.phase == COUNT:
            if counting[0] != line.voucher:
                counting = line.voucher, set()
            key = line.item, line.godown, line.batch
            # The lines of one count that name the same place are added up; the first of them sets it.
            before = 0 if key in counting[1] else batches.get(key, 0)
            counting[1].add(key)
            move(*key, abs(line.quantity) - before)
        elif line.destination is not None:
            move(line.item, line.godown, line.batch, -abs(line.quantity))
            move(line.item, line.destination, line.batch, abs(line.quantity))
        elif line.posted:
            move(line.item, line.godown, line.batch, line.quantity)
    evening()
    return {key: (date, held[key]) for key, date in since.items()}


def _takes(line: Line) -> bool:
    """Whether a line takes out of its godown; a count may, which says that less is there than was thought."""
    return bool(line.posted) and (line.quantity < 0 or line.destination is not None or line.phase == COUNT)
