"""Names and ids of masters: people say names, documents hold ids.

A merged master reads as the one it was merged into. A name may stand for several masters only when two branches made
them so while apart; then nothing is guessed, and the person is shown the ids.
"""

import difflib
import shlex
import sqlite3
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, TypeVar

from crdt_models.masters import normalised
from khata.errors import Ambiguous, BooksError, NotFound
from khata.tables import MASTER_COLUMNS

ID_PREFIX: Final = "id:"
"""How a name is written that is an id in hex, where a name is expected."""

_CREATE: Final = {
    "ledger": "khata ledger add {name} --group GROUP",
    "group": "khata group add {name} --parent GROUP",
}
_ID_BYTES: Final = 16
_CLOSE_MAX: Final = 3

Node = TypeVar("Node", int, bytes)


class MasterName(NamedTuple):
    """What is known of a master by its local id; one that is not `present` is only referred to."""

    local: int
    document: bytes
    name: str
    present: bool
    deleted: bool
    merged_into: int | None

    @property
    def live(self) -> bool:
        """Whether it is here, neither deleted nor merged into another."""
        return self.present and not self.deleted and self.merged_into is None


class _Remembered(dict[int, MasterName]):
    """Masters by local id; one that another process has added since they were read is read when it is asked for."""

    def __init__(self, read: Callable[[], dict[int, MasterName]]) -> None:
        super().__init__(read())
        self._again = read

    def __missing__(self, local: int) -> MasterName:
        self.update(self._again())
        if local not in self:
            raise KeyError(local)
        return self[local]


class Names:
    """Looks masters up in the tables of one copy."""

    def __init__(self, db: sqlite3.Connection, company: bytes) -> None:
        self._db = db
        self.company = company
        self._masters: dict[str, dict[int, MasterName]] = {}

    def forget(self) -> None:
        """Drop what is remembered, because the tables may have changed."""
        self._masters.clear()

    # -- from names to ids ------------------------------------------------------------------------------------------

    def find(self, kind: str, text: str) -> MasterName:
        """The master that a person means.

        Args:
            kind: such as "ledger".
            text: its name or an alias, in any case and spacing, or its id in hex.

        Raises:
            NotFound: there is none; the message names close matches and how to create it.
            Ambiguous: several are called so; the message lists their ids.
        """
        by_id = self._by_id(kind, text)
        if by_id is not None:
            return self._resolved(kind, by_id)
        called = self._called(kind, normalised(text))
        live = [master for master in called if not master.deleted]
        if len(live) == 1:
            return live[0]
        if len(live) > 1:
            ids = ", ".join(sorted(f"{ID_PREFIX}{master.document.hex()}" for master in live))
            raise Ambiguous(f"{len(live)} {_plural(kind)} are called {text!r}; name one by its id: {ids}")
        if len(called) == 1:
            return called[0]
        raise NotFound(self._not_found(kind, text))

    def find_live(self, kind: str, text: str) -> MasterName:
        """Like `find`, for new entries: refuses a master that was deleted.

        Raises:
            NotFound, Ambiguous: see `find`.
            BooksError: it was deleted.
        """
        found = self.find(kind, text)
        if found.deleted:
            raise BooksError(
                f"the {_spoken(kind)} {found.name!r} was deleted; bring it back with "
                f"`khata master restore {kind} {shlex.quote(found.name)}`, or use another"
            )
        return found

    def find_even_merged(self, kind: str, text: str) -> MasterName:
        """Like `find`, but an id means the master itself and not the one it was merged into: so a merge can be undone.

        Raises:
            NotFound, Ambiguous: see `find`.
        """
        itself = self._by_id(kind, text) if text.startswith(ID_PREFIX) else None
        return itself if itself is not None else self.find(kind, text)

    def taken(self, kind: str, name: str) -> MasterName | None:
        """The live master that is called so by name or alias, if there is one."""
        return next((master for master in self._called(kind, normalised(name)) if not master.deleted), None)

    def voucher_base(self, voucher_type: bytes) -> str | None:
        """The base type (slug) that a voucher type posts as, its own or that of the type it was derived from."""
        seen: set[bytes] = set()
        at: bytes | None = voucher_type
        while at is not None and at not in seen:
            seen.add(at)
            row = self._db.execute(
                "SELECT t.base, p.document FROM voucher_types t LEFT JOIN voucher_types p ON p.id=t.parent "
                "WHERE t.document=?",
                (at,),
            ).fetchone()
            if row is None:
                return None
            if row[0]:
                return str(row[0])
            at = row[1]
        return None

    def _by_id(self, kind: str, text: str) -> MasterName | None:
        digits = text.removeprefix(ID_PREFIX)
        try:
            document = bytes.fromhex(digits)
        except ValueError:
            return None
        if len(document) != _ID_BYTES or len(digits) != 2 * _ID_BYTES:
            return None
        return self.by_document(kind, document)

    def by_document(self, kind: str, document: bytes) -> MasterName | None:
        """The master with this document id, if it is here; not resolved to what it was merged into."""
        row = self._db.execute(f"{_select(kind)} WHERE document=? AND present", (document,)).fetchone()
        return _named(row) if row else None

    def _called(self, kind: str, name: str) -> list[MasterName]:
        """The masters of this name, or else of this alias, each as what it was merged into, by id.

        One that was deleted is only meant where no other has the name.
        """
        by_name = self._matching(kind, "normalised=?", name)
        if any(not master.deleted for master in by_name):
            return by_name
        by_alias = self._matching(
            kind, f"id IN (SELECT master FROM aliases WHERE kind='{kind}' AND normalised=?)", name
        )
        return by_alias if any(not master.deleted for master in by_alias) else by_name or by_alias

    def _matching(self, kind: str, condition: str, name: str) -> list[MasterName]:
        rows = self._db.execute(f"{_select(kind)} WHERE {condition} AND present", (name,)).fetchall() if name else []
        found = {self._resolved(kind, _named(row)) for row in rows}
        return sorted(found, key=lambda master: master.document)

    def _resolved(self, kind: str, master: MasterName) -> MasterName:
        if master.merged_into is None:
            return master
        return self.masters(kind)[self.effective(kind, master.local)]

    def _not_found(self, kind: str, text: str) -> str:
        names = {normalised(master.name): master.name for master in self.masters(kind).values() if master.live}
        wanted = normalised(text)
        begins = [name for name in sorted(names) if wanted and name.startswith(wanted)]
        alike = difflib.get_close_matches(wanted, sorted(names), _CLOSE_MAX, 0.6)
        close = [names[match] for match in dict.fromkeys([*begins, *alike])][:_CLOSE_MAX]
        meant = f"; did you mean {', '.join(repr(name) for name in close)}?" if close else "."
        create = _CREATE.get(kind, f"khata master add {kind} {{name}}").format(name=shlex.quote(text))
        return f"no {_spoken(kind)} is called {text!r}{meant} To create it: {create}"

    # -- from ids to names ------------------------------------------------------------------------------------------

    def masters(self, kind: str) -> dict[int, MasterName]:
        """All masters of a kind by local id, those that are only referred to included. Cost: one scan, remembered."""
        known = self._masters.get(kind)
        if known is None:
            known = self._masters[kind] = _Remembered(lambda: self._read(kind))
        return known

    def _read(self, kind: str) -> dict[int, MasterName]:
        return {row[0]: _named(row) for row in self._db.execute(_select(kind)).fetchall()}

    def effective(self, kind: str, local: int) -> int:
        """The local id that a master reads as: the end of its merges, as far as that is here."""
        masters = self.masters(kind)

        def target(of: int) -> int | None:
            into = masters[of].merged_into
            return into if into is not None and masters[into].present else None

        return end_of_merges(local, target, lambda of: masters[of].document)

    def label(self, kind: str, local: int | None) -> str:
        """What a person reads for a reference: a name, or which id is not here; empty for no reference."""
        if local is None:
            return ""
        master = self.masters(kind)[self.effective(kind, local)]
        if not master.present:
            return missing_label(kind, master.document)
        return master.name or f"unnamed {_spoken(kind)} {master.document.hex()[:8]}"

    def spelled(self, kind: str, document: bytes) -> str:
        """How a reference is written where it can be read back: by name, or by id where the name is not enough."""
        master = self.by_document(kind, document)
        if master is None or not master.name or master.merged_into is not None or master.deleted:
            return f"{ID_PREFIX}{document.hex()}"
        try:
            unique = self.find(kind, master.name).document == document
        except Ambiguous:
            unique = False
        return master.name if unique else f"{ID_PREFIX}{document.hex()}"


def missing_label(kind: str, document: bytes) -> str:
    """What stands in reports for a master that is not here."""
    return f"{_spoken(kind)} {document.hex()[:8]} (not here yet)"


def end_of_merges(start: Node, target: Callable[[Node], Node | None], rank: Callable[[Node], bytes]) -> Node:
    """Follow merges to their end; a cycle ends at the member that ranks lowest, whichever member one starts from."""
    path = [start]
    seen = {start}
    while True:
        following = target(path[-1])
        if following is None:
            return path[-1]
        if following in seen:
            return min(path[path.index(following) :], key=rank)
        path.append(following)
        seen.add(following)


def cycles(nodes: Iterable[Node], target: Callable[[Node], Node | None]) -> list[list[Node]]:
    """Every cycle that following `target` leads into, each once, beginning with its lowest member."""
    found: dict[Node, list[Node]] = {}
    settled: set[Node] = set()
    for node in nodes:
        path: list[Node] = []
        at: Node | None = node
        while at is not None and at not in settled:
            settled.add(at)
            path.append(at)
            at = target(at)
        if at is not None and at in path:
            ring = path[path.index(at) :]
            lowest = ring.index(min(ring))
            found[min(ring)] = ring[lowest:] + ring[:lowest]
    return [found[lowest] for lowest in sorted(found)]


def _select(kind: str) -> str:
    return f"SELECT id, document, name, present, deleted, merged_into FROM {MASTER_COLUMNS[kind][0]}"


def _named(row: tuple[int, bytes, str, int, int, int | None]) -> MasterName:
    local, document, name, present, deleted, merged_into = row
    return MasterName(local, bytes(document), name, bool(present), bool(deleted), merged_into)


def _spoken(kind: str) -> str:
    return kind.replace("-", " ")


def _plural(kind: str) -> str:
    return MASTER_COLUMNS[kind][0].replace("_", " ")
