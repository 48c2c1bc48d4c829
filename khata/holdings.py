"""How much lies in some scopes of this copy, and up to where another device is proved to hold it."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from khata.books import Books
from p2p.replica import Replica


class Weight(NamedTuple):
    """How much lies in some scopes of this copy."""

    documents: int
    commits: int
    bytes: int


def weight_of(books: Books, scopes: Iterable[str]) -> Weight:
    """How much lies in some scopes here. Cost: one pass over their commits."""
    numbers = json.dumps([number for scope in scopes if (number := books.replica.store.find_scope(scope)) is not None])
    inside = "WHERE scope IN (SELECT value FROM json_each(?))"
    commits, size = books.db.execute(
        "SELECT count(*), coalesce(sum(length(header) + length(signature) + coalesce(length(body), 0)), 0) "
        f"FROM commits {inside}",
        (numbers,),
    ).fetchone()
    (documents,) = books.db.execute(f"SELECT count(*) FROM documents {inside}", (numbers,)).fetchone()
    return Weight(documents, commits, size)


def proved_up_to(replica: Replica, device: bytes, scope: str) -> int:
    """The last local row up to which a device is proved to hold what lies in a scope here; 0 where nothing is proved.

    What counts is what was compared under what both share now: a device that was revoked shares nothing.
    """
    share = replica.share_with(device)
    return replica.link(device).settled_under(share.id) if share.may_give(scope) else 0
