"""The books of one copy: where they are opened, and the one way anything is written to them."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from crdt_models.document import Document
from crdt_models.packing import Value
from crdt_models.saves import ORIGIN_ENTRY, pack_save
from khata.errors import BooksError, NotFound
from khata.folder import BooksFolder
from khata.naming import Names
from khata.projection import BooksProjection
from khata.tables import definition, make_derived, migrations
from p2p.chain_members import Member
from p2p.commit import Commit, Item
from p2p.founding import COMPANY
from p2p.identity import DeviceKeys, Random
from p2p.packed import split_items
from p2p.replica import Replica
from p2p.store import Store

USER_META = "user"
TABLES_META = "tables"
"""How the tables were defined that this store holds."""
_EMPTY = b"to be filled"


def system_now() -> int:
    """This machine's clock, ms since 1970."""
    return time.time_ns() // 1_000_000


class Change(NamedTuple):
    """One save to make of one document.

    Attributes:
        values: the registers to set.
        parents: the heads of the version its author was looking at.
    """

    kind: str
    id: bytes
    values: Mapping[str, Value]
    parents: Sequence[bytes] = ()


class Books:
    """One copy of a company's books, open.

    Args:
        folder: where they lie; None for books in memory.
        user: who works here; stands in every save.
        now: the clock, ms since 1970.
        random: gives the ids of new vouchers.
    """

    def __init__(
        self,
        replica: Replica,
        user: str,
        folder: BooksFolder | None = None,
        now: Callable[[], int] = system_now,
        random: Random = os.urandom,
    ) -> None:
        self.replica = replica
        self.user = user
        self.folder = folder
        self.now = now
        self.random = random
        self.db = replica.db
        self.names = Names(replica.db, replica.company)

    @classmethod
    def open(cls, folder: BooksFolder, user: str = "", wait_ms: int = 30_000) -> "Books":
        """Open the books in a folder.

        Args:
            user: overrides the name that was given when the books were made.
            wait_ms: how long writing waits for another process; 0 raises `StoreBusy` at once.

        Raises:
            BooksError: there are no books in this folder, or the device was not admitted to the company yet.
            StoreError, KeyFileError: they cannot be read.
        """
        if not folder.database.exists():
            raise _no_books(folder)
        store = open_store(folder, wait_ms)
        company = store.meta(COMPANY)
        if company is None:
            store.close()
            raise _no_books(folder)
        keys = DeviceKeys.load(folder.key_file)
        replica = Replica(store, keys, company, BooksProjection())
        fill_tables(replica)
        books = cls(replica, user or (store.meta(USER_META) or b"").decode("utf-8", "replace"), folder)
        if replica.chain.member(keys.id) is None:
            store.close()
            raise _not_admitted()
        return books

    def close(self) -> None:
        """Close the files."""
        self.replica.store.close()

    # -- who and where ----------------------------------------------------------------------------------------------

    @property
    def company(self) -> bytes:
        """The company id, 32 bytes."""
        return self.replica.company

    @property
    def company_name(self) -> str:
        """What the company is called; empty until its details have arrived."""
        row = self.db.execute("SELECT name FROM companies WHERE present ORDER BY document LIMIT 1").fetchone()
        return row[0] if row else ""

    @property
    def member(self) -> Member:
        """This device in the control chain.

        Raises:
            BooksError: it was not admitted yet: joining did not come to its end.
        """
        member = self.replica.chain.member(self.replica.keys.id)
        if member is None:
            raise _not_admitted()
        return member

    def device_name(self, author: bytes) -> str:
        """What people call the device with this author id (8 bytes)."""
        member = self.replica.chain.author(author)
        return member.name if member is not None else f"device {author.hex()}"

    # -- documents --------------------------------------------------------------------------------------------------

    def document(self, row: int) -> Document:
        """A document by its local number.

        Raises:
            NotFound: there is none.
        """
        found = self.db.execute(
            "SELECT s.path, d.kind, d.id FROM documents d JOIN scopes s ON s.id=d.scope WHERE d.row=?", (row,)
        ).fetchone()
        document = self.replica.document(*found) if found else None
        if document is None:
            raise NotFound(f"there is no document number {row} in these books")
        return document

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction that begins with what other processes have written; checks inside it hold until it ends."""
        try:
            with self.replica.transaction():
                self.replica.refresh()
                self.names.forget()
                yield
        finally:
            self.names.forget()

    def save(self, scope: str, changes: Sequence[Change], origin: str = ORIGIN_ENTRY) -> list[Commit]:
        """Write saves of documents in one scope, in one transaction with the tables; durable when this returns.

        Inside `writing()` it is durable when that ends.

        Args:
            changes: saves of different documents, in as many commits as they need.
            origin: `entry`, `settle`, `import:<source>` …

        Raises:
            DocumentTooLarge, CommitTooLarge: one of them is too large; nothing was written.
            NotAllowed, StoreError: nothing was written.
        """
        items = [
            Item(change.id, change.kind, pack_save(change.values, change.parents, self.user, origin))
            for change in changes
        ]
        with self.writing():
            return [self.replica.commit(scope, batch, self.now()) for batch in split_items(items)]


def open_store(folder: BooksFolder, wait_ms: int = 30_000) -> Store:
    """Open or create the database of a folder, with the tables of the books in it.

    Raises:
        StoreError: it cannot be opened.
    """
    return with_tables(Store.open(folder.database, wait_ms))


def with_tables(store: Store) -> Store:
    """The store, with the tables of the books in it as this version defines them; `fill_tables` may have to follow."""
    if migrations.pending(store.db) or store.meta(TABLES_META) != definition():
        with store.transaction():
            migrations.apply(store.db)
            make_derived(store.conn)
            (documents,) = store.conn.execute("SELECT count(*) FROM documents").fetchone()
            store.set_meta(TABLES_META, _EMPTY if documents else definition())
    return store


def fill_tables(replica: Replica) -> None:
    """Fill tables that were made anew over documents of an older version.

    Cost: one lookup where there is nothing to do, else about 60 µs a document.
    """
    if replica.store.meta(TABLES_META) == _EMPTY:
        with replica.transaction():
            replica.project_again()
            replica.store.set_meta(TABLES_META, definition())


def _no_books(folder: BooksFolder) -> BooksError:
    return BooksError(
        f"there are no books in {folder.path}; make them with `khata --books {folder.path} init NAME`, "
        "join a company with `khata join TICKET`, or name another folder with --books"
    )


def _not_admitted() -> BooksError:
    """What is said on a device whose joining did not come to its end."""
    return BooksError(
        "this device has not been admitted yet; run `khata join` with the same ticket again, or, where that was used "
        "or refused, with a new one"
    )
