"""Stock summary: for every item what was there, what came in, what went out and what is left, with values.

Values are as `stock_valuation` works them out, for the whole company at once; a branch or a godown has its quantity at
the company's cost. Goods that only change their godown are in and out of the godowns, not of the item.
"""

from crdt_models.masters import normalised
from khata.books import Books
from khata.reports.balances import heading
from khata.reports.span import EVERYTHING, Span
from khata.reports.stock_figures import Figures, Json
from khata.reports.stock_valuation import Place, Valuation
from khata.reports.stock_value import branch_number, checked_method, place_order, place_values
from khata.reports.tree import Tree

_Key = tuple[int, Place]


def stock_summary(books: Books, span: Span = EVERYTHING, method: str = "average") -> Json:
    """Every item that has stock or moved, with its godowns and their batches, and the totals of the stock groups.

    Args:
        method: "average" or "fifo".

    Returns:
        `items` by group and name, each with `godowns` and those with `batches`; `groups` as a tree from the top down,
        whose quantities are null where items of several units are added up; `total`, values only. Quantities are in
        the unit of the item.

    Raises:
        BadValue, NotFound: see `Span.condition`; or the method is not known.

    Cost: about 12 µs a stock line.
    """
    return _Summary(books, span, method).json()


class _Summary:
    """The figures of one summary, gathered in one pass."""

    def __init__(self, books: Books, span: Span, method: str) -> None:
        self._books = books
        self._head = {**heading(books, span), "method": checked_method(method)}
        self._branch = branch_number(books, span.branch) if span.branch else None
        self._valuation = Valuation(books, checked_method(method), span.until)
        self._places: dict[_Key, Figures] = {}
        self._inside: dict[int, Figures] = {}
        self._gather(span.since)

    def _gather(self, since: str) -> None:
        # What has no date was there when the books began.
        self._valuation.finish(since or "0")
        for key, value in place_values(self._books, self._valuation).items():
            figures = self._figures(key)
            figures.opening, figures.opening_value = self._valuation.held[key], value
        for movement in self._valuation.movements():
            self._figures((movement.line.item, movement.place)).move(movement)
            if movement.inside and self._counts(movement.place):
                self._inside.setdefault(movement.line.item, Figures()).move(movement)
        for key, value in place_values(self._books, self._valuation).items():
            figures = self._figures(key)
            figures.closing, figures.closing_value = self._valuation.held[key], value

    def _figures(self, key: _Key) -> Figures:
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = Figures()
        return found

    def _counts(self, place: Place) -> bool:
        return self._branch is None or place.branch == self._branch

    def json(self) -> Json:
        """The report."""
        items: dict[int, list[_Key]] = {}
        for key in sorted(filter(lambda key: self._counts(key[1]), self._places), key=place_order(self._books)):
            items.setdefault(key[0], []).append(key)
        figures = {item: self._of_item(item, keys) for item, keys in items.items()}
        figures = {item: found for item, found in figures.items() if found or any(map(self._places.get, items[item]))}
        stock = _StockItems(self._books)
        total = Figures()
        for found in figures.values():
            total.add(found)
        return {
            **self._head,
            "groups": stock.groups(figures),
            "items": [
                {**stock.item(item), **figures[item].json(), "godowns": self._godowns(items[item])}
                for item in sorted(figures, key=stock.order)
            ],
            "total": {name: part["value"] for name, part in total.json().items() if isinstance(part, dict)},
        }

    def _of_item(self, item: int, keys: list[_Key]) -> Figures:
        """An item's figures: those of its places, without what only changed its place."""
        found = Figures()
        for key in keys:
            found.add(self._places[key])
        inside = self._inside.get(item)
        if inside is not None:
            found.incoming -= inside.incoming
            found.incoming_value -= inside.incoming_value
            found.outgoing -= inside.outgoing
            found.outgoing_value -= inside.outgoing_value
        return found

    def _godowns(self, keys: list[_Key]) -> list[Json]:
        names = self._books.names
        godowns: dict[int, dict[str, Figures]] = {}
        for key in keys:
            place = key[1]
            godowns.setdefault(place.godown, {}).setdefault(place.batch, Figures()).add(self._places[key])
        rows = []
        for godown, batches in godowns.items():
            whole = Figures()
            for figures in batches.values():
                whole.add(figures)
            master = names.masters("godown").get(godown)
            rows.append({
                "godown": names.label("godown", godown) if master else "",
                "id": master.document.hex() if master else "",
                **whole.json(),
                "batches": [{"batch": batch, **batches[batch].json()} for batch in sorted(batches) if batches[batch]],
            })  # fmt: skip
        return sorted(rows, key=lambda row: (row["godown"], row["id"]))


class _StockItems:
    """What is known of items by local id: name, unit, group."""

    def __init__(self, books: Books) -> None:
        self._names = books.names
        self._tree = Tree(books, "stock-group")
        self._rows: dict[int, tuple[int | None, int | None]] = {
            local: (parent, unit)
            for local, parent, unit in books.db.execute("SELECT id, parent, unit FROM stock_items").fetchall()
        }

    def item(self, local: int) -> Json:
        """How an item is named in a report."""
        parent, unit = self._rows[local]
        return {
            "item": self._names.label("stock-item", local),
            "id": self._names.masters("stock-item")[local].document.hex(),
            "group": [self._tree.name(group) for group in self._tree.path(parent)],
            "unit": self._names.label("unit", unit),
        }

    def order(self, local: int) -> tuple[list[tuple[str, bytes]], str, bytes]:
        """Its place among all items: by group, name and id."""
        master = self._names.masters("stock-item")[local]
        path = [self._tree.order(group) for group in self._tree.path(self._rows[local][0])]
        return path, normalised(master.name), master.document

    def groups(self, figures: dict[int, Figures]) -> list[Json]:
        """The groups these items stand in, each with the sum of all items below it."""
        sums: dict[tuple[int, ...], Figures] = {}
        units: dict[tuple[int, ...], set[str]] = {}
        for item, found in figures.items():
            parent, unit = self._rows[item]
            path = self._tree.path(parent)
            for depth in range(1, len(path) + 1):
                sums.setdefault(path[:depth], Figures()).add(found)
                units.setdefault(path[:depth], set()).add(self._names.label("unit", unit))
        return [
            {
                "group": [self._tree.name(group) for group in path],
                "id": self._tree.document(path[-1]).hex(),
                "unit": min(units[path]) if len(units[path]) == 1 else "",
                **sums[path].json(quantities=len(units[path]) == 1),
            }
            for path in self._tree.downwards(path[-1] for path in sums)
        ]
