"""The chart of accounts: every ledger with its group, the groups above it, and what its balance is.

Merged ledgers and groups read as one. A ledger that has not arrived stands under suspense, and so does a group that
has not arrived. Groups that stand under each other all hang under Primary. So every ledger has exactly one place, the
same on every copy, and no report ever leaves one out.
"""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from crdt_models.masters import master_id, normalised
from crdt_models.predefined import PROFIT_AND_LOSS, SUSPENSE
from khata.books import Books
from khata.naming import ID_PREFIX, cycles

Nature = Literal["assets", "liabilities", "income", "expenses"]

PRIMARY: Final = "Primary"
TOP: Final = 0
"""The local id of Primary, which is no document; SQLite counts from 1."""

_ABSENT_SUSPENSE: Final = -1
"""The local id of suspense in books that its group has not reached yet."""

_NATURES: Final[dict[str, Nature]] = {
    "assets": "assets",
    "liabilities": "liabilities",
    "income": "income",
    "expenses": "expenses",
}


class GroupNode(NamedTuple):
    """A group in its place.

    Attributes:
        local: its local id; `TOP` for Primary itself.
        document: its document id; empty for Primary.
        parent: the local id of the group above it.
        path: the names from its primary group down to itself; empty for Primary.
        nature: that of its primary group.
        affects_gross_profit: that of its primary group.
        deleted: it was deleted, and is shown only because something stands in it.
    """

    local: int
    document: bytes
    name: str
    parent: int
    path: tuple[str, ...]
    nature: Nature
    affects_gross_profit: bool
    deleted: bool


class Account(NamedTuple):
    """A ledger in its place.

    Attributes:
        local: the local id of the ledger it reads as.
        document: that ledger's id.
        path: the names of the groups above it, its primary group first; empty under Primary.
        nature: that of its primary group.
        affects_gross_profit: whether it counts in gross profit, if it is income or an expense.
        group: the local id of its group.
        branch: the code of the branch whose account it is; mostly empty.
        profit_and_loss: it is the account that holds the profit of earlier years.
        deleted: it was deleted, and is shown only because something was booked on it.
    """

    local: int
    document: bytes
    name: str
    path: tuple[str, ...]
    nature: Nature
    affects_gross_profit: bool
    group: int
    branch: str
    profit_and_loss: bool
    deleted: bool

    @property
    def order(self) -> tuple[str, bytes]:
        """Its place among the ledgers of a group: by name, then by id."""
        return normalised(self.name), self.document


class Chart:
    """The chart of accounts of one copy, as it is when this is made.

    Cost: one scan of the groups; accounts are worked out when asked for, some µs each.
    """

    def __init__(self, books: Books) -> None:
        self._names = books.names
        rows = books.db.execute("SELECT id, parent, nature, affects_gross_profit, deleted FROM groups").fetchall()
        self._rows = {row[0]: row for row in rows}
        self._ledgers: dict[int, tuple[int | None, str, str]] = {
            local: (group, branch or "", reserved)
            for local, group, branch, reserved in books.db.execute(
                "SELECT id, group_id, branch, reserved FROM ledgers"
            ).fetchall()
        }
        self._accounts: dict[int, Account] = {}
        self.suspense = self._suspense(books)
        self._above = self._parents()
        top = GroupNode(TOP, b"", PRIMARY, TOP, (), "liabilities", False, False)
        self.groups: dict[int, GroupNode] = {TOP: top}
        if self.suspense == _ABSENT_SUSPENSE:
            document = master_id(books.company, "group", SUSPENSE)
            self.groups[_ABSENT_SUSPENSE] = GroupNode(
                _ABSENT_SUSPENSE, document, SUSPENSE, TOP, (SUSPENSE,), "liabilities", False, False
            )
        for local in self._above:
            self._place(local)
        self._below: dict[int, list[int]] = {}
        for node in sorted(self.groups.values(), key=lambda node: (normalised(node.name), node.document)):
            if node.local != TOP:
                self._below.setdefault(node.parent, []).append(node.local)

    # -- groups -----------------------------------------------------------------------------------------------------

    def children(self, group: int = TOP) -> list[GroupNode]:
        """The groups directly below one, by name and id; those that were deleted or merged included if they stand."""
        return [self.groups[local] for local in self._below.get(group, ())]

    def within(self, group: int) -> list[int]:
        """The local ids of a group and of all below it, each after the one it stands under."""
        found = [group]
        for local in found:
            found.extend(self._below.get(local, ()))
        return found

    def predefined(self, *names: str) -> set[int]:
        """The local ids of these predefined groups, whatever they are called now, and of all below them."""
        found: set[int] = set()
        for name in names:
            group = self._names.by_document("group", master_id(self._names.company, "group", name))
            if group is not None:
                found.update(self.within(self._names.effective("group", group.local)))
        return found

    def find(self, text: str) -> GroupNode:
        """The group that a person means, also one by its id that has not arrived; nothing means Primary.

        Raises:
            NotFound, Ambiguous: the text means no group, or several.
        """
        if normalised(text) in ("", normalised(PRIMARY)):
            return self.groups[TOP]
        wanted = text.removeprefix(ID_PREFIX).lower()
        for node in self.groups.values():
            if node.document.hex() == wanted:
                return node
        return self.groups[self._names.find("group", text).local]

    def _suspense(self, books: Books) -> int:
        found = books.names.by_document("group", master_id(books.company, "group", SUSPENSE))
        return _ABSENT_SUSPENSE if found is None else books.names.effective("group", found.local)

    def _parents(self) -> dict[int, int]:
        """The group above each group that stands; rings are opened, merged groups are left out."""
        masters, effective = self._names.masters("group"), self._names.effective
        above: dict[int, int] = {}
        for local, parent, _, _, _ in self._rows.values():
            if effective("group", local) != local:
                continue
            if not masters[local].present:
                above[local] = self.suspense
            else:
                above[local] = TOP if parent is None else effective("group", parent)

        def target(of: int) -> int | None:
            parent = above.get(of, TOP)
            return None if parent == TOP else parent

        for ring in cycles(above, target):
            for local in ring:
                above[local] = TOP
        return above

    def _place(self, local: int) -> GroupNode:
        """Put a group and those above it into `groups`."""
        chain: list[int] = []
        at = local
        while at not in self.groups:
            chain.append(at)
            at = self._above[at]
        node = self.groups[at]
        for at in reversed(chain):
            node = self.groups[at] = self._node(at, node)
        return node

    def _node(self, local: int, above: GroupNode) -> GroupNode:
        _, _, own, gross, deleted = self._rows[local]
        name = self._names.label("group", local)
        if above.local == TOP:
            # A group that nobody gave a nature counts as suspense does, so that the balance sheet has a place for it.
            nature, affects = _NATURES.get(own or "", "liabilities"), bool(gross)
        else:
            nature, affects = above.nature, above.affects_gross_profit
        document = self._names.masters("group")[local].document
        return GroupNode(local, document, name, above.local, (*above.path, name), nature, affects, bool(deleted))

    # -- ledgers ----------------------------------------------------------------------------------------------------

    def account(self, ledger: int) -> Account:
        """The place of a ledger.

        Args:
            ledger: a local id; of a merged one, the account it reads as is returned.
        """
        known = self._accounts.get(ledger)
        if known is None:
            known = self._accounts[ledger] = self._account(self._names.effective("ledger", ledger))
        return known

    def find_account(self, text: str) -> Account:
        """The ledger that a person means, also one by its id that has not arrived.

        Raises:
            NotFound, Ambiguous: the text means no ledger, or several.
        """
        wanted = text.removeprefix(ID_PREFIX).lower()
        for local, master in self._names.masters("ledger").items():
            if master.document.hex() == wanted:
                return self.account(local)
        return self.account(self._names.find("ledger", text).local)

    def accounts(self) -> Iterator[Account]:
        """Every ledger that reads as itself, by name and id."""
        found = {self.account(ledger).local: self.account(ledger) for ledger in self._ledgers}
        return iter(sorted(found.values(), key=lambda account: account.order))

    def _account(self, ledger: int) -> Account:
        master = self._names.masters("ledger")[ledger]
        own, branch, reserved = self._ledgers[ledger]
        group = TOP if own is None else self._names.effective("group", own)
        if not master.present:
            group = self.suspense
        elif reserved == PROFIT_AND_LOSS:
            # Wherever somebody moves it: it is neither income nor an expense, but what became of them.
            group = TOP
        node = self.groups[group]
        return Account(
            ledger, master.document, self._names.label("ledger", ledger), node.path, node.nature,
            node.affects_gross_profit, node.local, branch, reserved == PROFIT_AND_LOSS, master.deleted,
        )  # fmt: skip
