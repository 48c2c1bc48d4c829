"""Stores in memory, with commits in them of which nothing matters but the id, and what their digests have to be."""

import hashlib
import sqlite3
from functools import cache
from pathlib import Path

from sqlite_utils import Database

from p2p.store import ACCEPTED, Store, StoredCommit
from p2p.tree import digest_of

SCOPES = ("masters/ledger", "vouchers/pun/sales/2026-04", "vouchers/ho/sales/2026-04")


def a_store() -> Store:
    """An empty store, as opening it for the first time makes it."""
    return store_of(_empty())


def store_of(content: sqlite3.Connection) -> Store:
    """A store with the content of a database."""
    return Store(Database(copy_of(content)))


def copy_of(content: sqlite3.Connection) -> sqlite3.Connection:
    """Another database in memory that holds the same."""
    conn = sqlite3.connect(":memory:", isolation_level=None)
    content.backup(conn)
    return conn


@cache
def _empty() -> sqlite3.Connection:
    return Store.open(Path(":memory:")).conn


def commit_id(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(4, "big")).digest()


def put(store: Store, scope: str, *ids: bytes, source: int | None = None, state: int = ACCEPTED) -> None:
    """Store commits of which nothing matters but the id."""
    with store.transaction():
        number, row = store.scope_id(scope), store.next_row()
        store.append(
            [
                StoredCommit(row + at, number, one, b"header of " + one, bytes(64), one[:4], state, source)
                for at, one in enumerate(ids)
            ]
        )


def held(store: Store) -> dict[str, list[bytes]]:
    """Scope by scope the ids that are stored, read row by row."""
    found: dict[str, list[bytes]] = {}
    for commit in store.everything():
        found.setdefault(store.scope_path(commit.scope), []).append(commit.id)
    return found


def check_digests(store: Store) -> None:
    recomputed = {scope: digest_of(ids) for scope, ids in held(store).items()}
    assert {scope: digest for scope, digest in store.scopes().items() if digest.size} == recomputed
    assert store.count() == sum(digest.size for digest in recomputed.values())
