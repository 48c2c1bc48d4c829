"""Stock below nothing: what two branches sold while apart, of which there was only enough for one.

Nothing of it is refused or taken back. It is found from the stock lines of every copy that holds both sales, and ends
when goods come in, or are counted.

Branches share godowns, so there may be enough where a branch has sold what it never had. What a branch has is what came
to it by its own vouchers and by transfers. Opening stock is the company's and no branch's: whoever sells it takes it
from there, so branches are below nothing only as far as together they took more than that. Where a godown is below
nothing, that is said once, and not of each branch again.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple, TypeVar

from crdt_models.money import Quantity
from crdt_models.voucher_types import BASE_TYPES
from khata.books import Books
from khata.listing import same_masters
from khata.reports.stock_lines import COUNT, Line, main_location, opening_lines, stock_lines
from khata.sums import joined, sum_sql
from p2p.store import prefix_of

_Held = tuple[int, int]
"""An item and a godown by local id."""

_OfBranch = tuple[int, int, int]
"""The same, and a branch by local number; 0 for the whole godown."""

_Key = TypeVar("_Key")


class NegativeStock(NamedTuple):
    """An item of which less than nothing lies in a godown, or of which a branch took more there than came to it.

    Attributes:
        item, godown, unit: names as people read them.
        item_id, godown_id: document ids; that of the godown is empty where none has arrived.
        since: the date at whose end it was below nothing first, and has been since.
        quantity: what is there at the end of all movements, in millionths; negative.
        vouchers: the ids of the vouchers that took out of the godown on that date, in order.
        branches: the codes of the branches in whose books they stand.
        branch: the code of the branch that has less than nothing; empty where the whole godown has.
        branch_name: what that branch is called.
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
    branch: str = ""
    branch_name: str = ""

    @property
    def text(self) -> str:
        """What a person reads about it."""
        where = f" in {self.godown}" if self.godown else ""
        unit = f" {self.unit}" if self.unit else ""
        if self.branch:
            more = f"{Quantity(-self.quantity)}{unit} of {self.item}{where} more than came to it"
            how = "enter its purchase, or the transfer that brought it"
            return f"{self.branch_name} has taken {more}, since {self.since}; {how}"
        return f"{self.item}{where} is below nothing since {self.since}: {Quantity(self.quantity)}{unit}"


def negative_stock(books: Books) -> list[NegativeStock]:
    """Everything that is below nothing now, by item, godown, and branch where only a branch is.

    Cost: about 3 µs a stock line, and 6 µs for each of an item that is below nothing or was counted or transferred.
    """
    return _found(books, _suspects(books))


def taken_below(books: Books, voucher: bytes) -> list[NegativeStock]:
    """What of the items of one voucher is below nothing, as a warning for whoever entered it.

    Args:
        voucher: its document id.

    Cost: about 4 µs a stock line of these items.
    """
    # By the document and not by name: one id may lie in two scopes, and then names nothing.
    moved = books.db.execute(
        "SELECT DISTINCT s.item, b.code FROM documents d JOIN stock_lines s ON s.voucher IN (d.row, -d.row) "
        "JOIN branches b ON b.id=s.branch WHERE d.prefix=? AND d.id=? AND s.posted=1",
        (prefix_of(voucher), voucher),
    ).fetchall()
    items = {books.names.effective("stock-item", item) for item, _ in moved}
    branches = {"", *(code for _, code in moved)}
    return [below for below in _found(books, _all_merged(books, items)) if below.branch in branches]


def _found(books: Books, items: Collection[int]) -> list[NegativeStock]:
    """What of some items is below nothing; items that were merged into one of them are named as well."""
    if not items:
        return []
    lines = stock_lines(books, items=items)
    moves = list(_moves(lines))
    places = _below((line.date, (line.item, godown), quantity) for line, godown, quantity in moves)
    below: dict[_OfBranch, tuple[str, int]] = {(*key, 0): found for key, found in places.items()}
    below.update({key: found for key, found in _below_at_branches(moves).items() if key[:2] not in places})
    takers: dict[_OfBranch, list[Line]] = {key: [] for key in below}
    for line in filter(_takes, lines):
        for key in ((line.item, line.godown, 0), (line.item, line.godown, line.branch)):
            if key in below and line.date == below[key][0]:
                takers[key].append(line)
    codes = {0: "", **dict(books.db.execute("SELECT id, code FROM branches").fetchall())}
    units = dict(books.db.execute("SELECT id, unit FROM stock_items").fetchall())
    names, godowns, known = books.names, books.names.masters("godown"), books.replica.chain.branches
    return sorted(
        NegativeStock(
            names.label("stock-item", item), names.masters("stock-item")[item].document,
            names.label("godown", godown) if godown else "", godowns[godown].document if godown else b"",
            names.label("unit", units[item]), since, quantity,
            tuple(dict.fromkeys(line.document for line in takers[item, godown, branch])),
            tuple(sorted({codes[line.branch] for line in takers[item, godown, branch] if line.branch})),
            codes[branch], known[codes[branch]].name if codes[branch] in known else codes[branch],
        )
        for (item, godown, branch), (since, quantity) in below.items()
    )  # fmt: skip


def _all_merged(books: Books, items: Collection[int]) -> set[int]:
    return {same for item in items for same in same_masters(books, "stock-item", item)}


def _suspects(books: Books) -> set[int]:
    """The items that may be below nothing somewhere: by the sum of their lines, or because not all lines add up so."""
    effective = books.names.effective
    main = main_location(books)
    opening: dict[_Held, int] = {}
    sums: dict[_OfBranch, int] = {}
    suspects: set[int] = set()

    def held(item: int, godown: int | None) -> _Held:
        place = main if godown is None else godown
        return effective("stock-item", item), effective("godown", place) if place else 0

    for item, godown, branch, sent, *parts in books.db.execute(
        f"SELECT item, godown, branch, max(destination IS NOT NULL), {sum_sql('quantity_e6')} FROM stock_lines "
        "WHERE +posted=1 GROUP BY item, godown, branch"
    ).fetchall():
        key = *held(item, godown), branch
        sums[key] = sums.get(key, 0) + joined(*parts)
        if sent:
            suspects.add(key[0])
    for line in opening_lines(books):
        place = held(line.item, line.godown)
        opening[place] = opening.get(place, 0) + line.quantity
    counting = ", ".join(f"'{slug}'" for slug, base in BASE_TYPES.items() if base.counts)
    for (item,) in books.db.execute(
        "SELECT DISTINCT s.item FROM vouchers v JOIN stock_lines s ON s.voucher=v.id "
        f"WHERE v.base IN ({counting}) AND s.posted=1"
    ).fetchall():
        suspects.add(effective("stock-item", item))
    suspects.update(item for item, _ in _beyond_opening(sums, opening))
    suspects.update(item for (item, _), quantity in opening.items() if quantity < 0)
    return _all_merged(books, suspects)


def _beyond_opening(sums: dict[_OfBranch, int], opening: dict[_Held, int]) -> set[_Held]:
    """Where branches that have less than nothing took together more than the opening stock that lies there.

    A godown that is below nothing is always among them: those that have something cannot make it less.
    """
    taken: dict[_Held, int] = {}
    for (item, godown, _), quantity in sums.items():
        if quantity < 0:
            taken[item, godown] = taken.get((item, godown), 0) - quantity
    return {place for place, quantity in taken.items() if quantity > opening.get(place, 0)}


def _moves(lines: Iterable[Line]) -> Iterator[tuple[Line, int, int]]:
    """Every line with a godown and by how much it changed what lies there; a count, by what it found beyond that."""
    batches: dict[tuple[int, int, str], int] = {}

    def move(line: Line, godown: int, quantity: int) -> tuple[Line, int, int]:
        key = line.item, godown, line.batch
        batches[key] = batches.get(key, 0) + quantity
        return line, godown, quantity

    counting: tuple[int, set[tuple[int, int, str]]] = (0, set())
    for line in lines:
        if line.phase == COUNT:
            if counting[0] != line.voucher:
                counting = line.voucher, set()
            key = line.item, line.godown, line.batch
            # The lines of one count that name the same place are added up; the first of them sets it.
            before = 0 if key in counting[1] else batches.get(key, 0)
            counting[1].add(key)
            yield move(line, line.godown, abs(line.quantity) - before)
        elif line.destination is not None:
            yield move(line, line.godown, -abs(line.quantity))
            yield move(line, line.destination, abs(line.quantity))
        elif line.posted:
            yield move(line, line.godown, line.quantity)


def _below_at_branches(moves: Iterable[tuple[Line, int, int]]) -> dict[_OfBranch, tuple[str, int]]:
    """Which branches have less than nothing of what lies in a godown, beyond what the opening stock there allows."""
    opening: dict[_Held, int] = {}
    own: list[tuple[str, _OfBranch, int]] = []
    for line, godown, quantity in moves:
        if line.branch:
            own.append((line.date, (line.item, godown, line.branch), quantity))
        else:
            opening[line.item, godown] = opening.get((line.item, godown), 0) + quantity
    below = _below(own)
    beyond = _beyond_opening({key: quantity for key, (_, quantity) in below.items()}, opening)
    return {key: found for key, found in below.items() if key[:2] in beyond}


def _below(moves: Iterable[tuple[str, _Key, int]]) -> dict[_Key, tuple[str, int]]:
    """What is below nothing at the end, since which date, and by how much.

    Args:
        moves: date, what moved, and by how much, in order of date.
    """
    held: dict[_Key, int] = {}
    since: dict[_Key, str] = {}
    touched: set[_Key] = set()
    date = ""

    def evening() -> None:
        for key in touched:
            if held[key] < 0:
                since.setdefault(key, date)
            else:
                since.pop(key, None)
        touched.clear()

    for day, key, quantity in moves:
        if day != date:
            evening()
            date = day
        held[key] = held.get(key, 0) + quantity
        touched.add(key)
    evening()
    return {key: (date, held[key]) for key, date in since.items()}


def _takes(line: Line) -> bool:
    """Whether a line takes out of its godown; a count may, which says that less is there than was thought."""
    return bool(line.posted) and (line.quantity < 0 or line.destination is not None or line.phase == COUNT)
