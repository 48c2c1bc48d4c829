"""Masters of one kind that stand under each other: stock groups, godowns, cost centres."""

from collections.abc import Iterable, Iterator

from crdt_models.masters import normalised
from khata.books import Books
from khata.naming import cycles
from khata.tables import MASTER_COLUMNS


class Tree:
    """Who stands under whom, merged masters as one; those that stand under each other all stand at the top.

    Args:
        kind: a kind of masters that have a parent of their own kind, such as "stock-group".
    """

    def __init__(self, books: Books, kind: str) -> None:
        self.kind = kind
        self._names = books.names
        self._above: dict[int, int | None] = {}
        for local, parent in books.db.execute(f"SELECT id, parent FROM {MASTER_COLUMNS[kind][0]}").fetchall():
            if self._effective(local) == local:
                self._above[local] = None if parent is None else self._effective(parent)
        for ring in cycles(self._above, self._above.__getitem__):
            for local in ring:
                self._above[local] = None

    def path(self, local: int | None) -> tuple[int, ...]:
        """A master and all above it by local id, the topmost first; empty for none."""
        found: list[int] = []
        at = None if local is None else self._effective(local)
        while at is not None:
            found.append(at)
            at = self._above[at]
        return tuple(reversed(found))

    def name(self, local: int) -> str:
        """What a person reads for it."""
        return self._names.label(self.kind, local)

    def document(self, local: int) -> bytes:
        """Its document id."""
        return self._names.masters(self.kind)[local].document

    def order(self, local: int) -> tuple[str, bytes]:
        """Its place among those beside it: by name, then by id."""
        return normalised(self.name(local)), self.document(local)

    def downwards(self, wanted: Iterable[int]) -> Iterator[tuple[int, ...]]:
        """The paths of these masters and of all above them, each after the one it stands under, by name."""
        paths = {path[: depth + 1] for path in map(self.path, wanted) for depth in range(len(path))}
        return iter(sorted(paths, key=lambda path: [self.order(local) for local in path]))

    def _effective(self, local: int) -> int:
        return self._names.effective(self.kind, local)
