"""Building this copy anew from what others hold: nothing is emptied before all of it has come again and is proved.

Everything is first received into a folder of its own. Only then, in one transaction, it takes the place of what is
here, together with whatever was entered meanwhile. Broken off at any instant, the copy is as it was before.
"""

import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from khata.books import USER_META, Books, open_store
from khata.chores import BESIDE
from khata.errors import NotInSync
from khata.folder import REBUILDING, BooksFolder
from khata.holdings import proved_up_to, weight_of
from khata.projection import BooksProjection
from p2p.founding import COMPANY
from p2p.messages import CommitParts
from p2p.removing import remove_scopes
from p2p.replica import Replica
from p2p.scope import is_within
from p2p.store import Store, StoredCommit

_CONTROL: Final = "control"
_BATCH: Final = 256

Synchronize = Callable[[Books], bool]
"""Synchronizes a copy with the peers that hold everything; whether it was in sync with one of them."""


class Proof(NamedTuple):
    """Who was proved to hold what is here, and would give it back.

    Attributes:
        holders: names of devices that hold everything between them.
        commits, documents: how much is here that would be received anew.
        unproved: scopes of which nobody is proved to hold all.
    """

    holders: tuple[str, ...]
    commits: int
    documents: int
    unproved: tuple[str, ...]

    def json(self) -> dict[str, Any]:
        """As programs read it."""
        return {
            "holders": list(self.holders),
            "commits": self.commits,
            "documents": self.documents,
            "unproved": list(self.unproved),
        }


def prove(books: Books, since_ms: int) -> Proof:
    """Look who was proved, since a time, to hold every commit here and may give it back.

    Args:
        since_ms: when comparing began, ms since 1970.
    """
    replica = books.replica
    met = sorted(link.device for link in replica.links.statuses() if (link.in_sync_at or 0) >= since_ms)
    members = [replica.chain.member(device) for device in met]
    holders: set[str] = set()
    unproved = []
    for scope in _content(replica.store):
        (last,) = books.db.execute(
            "SELECT max(row) FROM commits WHERE scope=?", (replica.store.find_scope(scope),)
        ).fetchone()
        found = [
            member.name for member in members if member is not None and _holds(replica, member.device, scope, last)
        ]
        holders.update(found)
        if not found:
            unproved.append(scope)
    weight = weight_of(books, _content(replica.store))
    return Proof(tuple(sorted(holders)), weight.commits, weight.documents, tuple(unproved))


def _holds(replica: Replica, device: bytes, scope: str, row: int) -> bool:
    """Whether a device holds a scope up to a row, and may give it back."""
    return proved_up_to(replica, device, scope) >= row and replica.share_with(device).may_take(scope)


def _content(store: Store) -> list[str]:
    """The scopes that are filled and not in `control`, which is never removed."""
    return sorted(path for path, digest in store.scopes().items() if digest.size and not is_within(path, _CONTROL))


def rebuild(books: Books, synchronize: Synchronize) -> int:
    """Receive everything anew and put it in the place of what is here. The caller has looked at `prove`.

    Returns:
        how many commits were received anew.

    Raises:
        NotInSync: not everything came; nothing here has changed.
        StoreError: the disk refuses; nothing here has changed.

    Cost: a first synchronization, and once more the time to store everything, during which others wait to write.
    """
    folder = books.folder
    assert folder is not None
    beside = BooksFolder(folder.path / REBUILDING)
    shutil.rmtree(beside.path, ignore_errors=True)
    beside.make()
    try:
        fresh = _empty_copy(books, beside)
        try:
            if not synchronize(fresh):
                raise NotInSync(
                    "not everything came anew, so nothing here was changed; run it again when they are in reach"
                )
            return _take_place(books, fresh)
        finally:
            fresh.close()
    finally:
        shutil.rmtree(beside.path, ignore_errors=True)


def _empty_copy(books: Books, folder: BooksFolder) -> Books:
    """A copy of the same device that holds `control` and nothing else, and does nothing by itself."""
    store, held = open_store(folder), books.replica
    with store.transaction():
        store.set_meta(COMPANY, books.company)
        store.set_meta(USER_META, books.user.encode())
        store.set_meta(BESIDE, b"1")
    replica = Replica(store, held.keys, books.company, BooksProjection(), books.random)
    # Lines of it that have lost come from peers again.
    replica.extend_chain([entry.encoded for entry in held.chain.entries()])
    for batch in _batches(one for one in held.store.everything() if _is_control(held.store, one)):
        replica.take_back(batch, books.now())
    for link in held.links.statuses():
        if link.address:
            replica.links.met(link.device, books.now(), link.address, link.clock_off_ms or 0)
    return Books(replica, books.user, folder, books.now, books.random)


def _is_control(store: Store, stored: StoredCommit) -> bool:
    return is_within(store.scope_path(stored.scope), _CONTROL)


def _batches(stored: Iterator[StoredCommit]) -> Iterator[list[CommitParts]]:
    while batch := [(one.header, one.signature, one.body) for one in islice(stored, _BATCH)]:
        yield batch


def _take_place(books: Books, fresh: Books) -> int:
    held, received = books.replica, fresh.replica
    with books.writing():
        before = {path: _ids(held.store, path) for path in _content(held.store)}
        beside = list(_not_in(held.store, received.store))
        remove_scopes(held, _content(held.store))
        count = 0
        for batch in _batches(one for one in received.store.everything() if not _is_control(received.store, one)):
            held.take_back(batch, books.now())
            count += len(batch)
        if beside:
            held.take_back(beside, books.now())
        held.links.unsettle()
        if any(ids - _ids(held.store, path) for path, ids in before.items()):
            # Raised inside the transaction: what is here stays as it was.
            raise NotInSync(
                "some of what is here would not be taken in again, so nothing was changed; run `khata verify`"
            )
    return count


def _ids(store: Store, path: str) -> set[bytes]:
    number = store.find_scope(path)
    return set() if number is None else set(store.ids(number))


def _not_in(store: Store, other: Store) -> Iterator[CommitParts]:
    """Commits of one store that another does not hold: made while the other was being filled."""
    for path in _content(store):
        here = store.find_scope(path)
        assert here is not None
        missing = _ids(store, path) - _ids(other, path)
        for one in store.by_prefixes(here, sorted(missing)) if missing else ():
            if one.id in missing:
                yield one.header, one.signature, one.body
