"""Removing commits from this copy alone: what a narrowed rule has left behind, or all of it before it comes anew.

The numbers of rows and scopes are never given out again, and the last commit of each author in a scope stays known, so
that whatever is made or received later fits to what others hold.
"""

from collections.abc import Iterable
from typing import NamedTuple

from p2p.commit import read_header
from p2p.identity import SIGNATURE_BYTES
from p2p.replica import Replica
from p2p.tree import ID_BYTES


class Removed(NamedTuple):
    """How much was removed."""

    commits: int
    documents: int


def remove_scopes(replica: Replica, scopes: Iterable[str]) -> Removed:
    """Remove every commit and document of some scopes here; nobody else's copy changes. Inside a transaction.

    What is compared with peers is compared anew. The tables are made anew from what is left.

    Cost: 60 µs for each document that is left.
    """
    db, store = replica.db, replica.store
    numbers = [number for number in map(store.find_scope, scopes) if number is not None]
    commits = documents = 0
    for number in numbers:
        db.execute("DELETE FROM set_aside WHERE row IN (SELECT row FROM commits WHERE scope=?)", (number,))
        _uncount(replica, number)
        commits += db.execute("DELETE FROM commits WHERE scope=?", (number,)).rowcount
        documents += db.execute("DELETE FROM documents WHERE scope=?", (number,)).rowcount
        db.execute("UPDATE scopes SET sum=?, count=0 WHERE id=?", (bytes(ID_BYTES), number))
    store.note_removal()
    replica.links.unsettle()
    replica.recall()
    replica.project_again()
    return Removed(commits, documents)


def _uncount(replica: Replica, number: int) -> None:
    """Take what is removed out of what is counted for each author."""
    gone: dict[bytes, int] = {}
    rows = replica.db.execute("SELECT header, coalesce(length(body), 0) FROM commits WHERE scope=?", (number,))
    for header, body in rows:
        author = read_header(header).author
        gone[author] = gone.get(author, 0) + len(header) + SIGNATURE_BYTES + body
    replica.db.executemany(
        "UPDATE stored SET bytes=max(0, bytes-?) WHERE author=?", [(size, author) for author, size in gone.items()]
    )
