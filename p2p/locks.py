"""Which commits came after a period was locked, decided by what each knew and never by a clock.

A lock names, for each scope and author, the last commit that the keeper held: the tip. What a tip reaches by `prev` is
in. Of everything else in the locked scopes, a commit whose author had seen the lock is an offence, and one whose author
had not is late. While a tip has not arrived here, commits of its author and scope that had not seen the lock count as
in, so that a copy that is still being filled does not take everything for late.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from crdt_models.saves import SAVE_ID_BYTES, Save
from p2p.chain import Chain, Lock
from p2p.commit import Header, read_header
from p2p.scope import Pattern
from p2p.store import Store


class Late(NamedTuple):
    """A save that a lock keeps out: the lock's entry in the control chain, and whether its author knew of it."""

    lock: int
    offence: bool


class _Reached(NamedTuple):
    """What a tip reaches: save ids, and the commit it goes on to that is not here (empty when it reached the first)."""

    saves: frozenset[bytes]
    gap: bytes


class Locks:
    """Judges saves by the locks of a control chain; remembers what tips reach."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reached: dict[bytes, _Reached] = {}
        self._admitted_commits: frozenset[bytes] = frozenset()
        self._admitted_saves: frozenset[bytes] = frozenset()

    def forget(self) -> None:
        """Drop what is remembered: a transaction came to nothing, or another process wrote."""
        self._reached.clear()

    def late(self, chain: Chain, scope: str, save: Save) -> list[Late]:
        """The locks that keep a save out, in the order of the chain.

        Args:
            save: an accepted one of a document in `scope`.

        Cost: one pass over the headers of the scope the first time; then 1 µs a lock, and 20 µs for one that keeps
            the save out.
        """
        if save.id in self._admitted(chain):
            return []
        verdicts = (self._verdict(chain, lock, scope, save) for lock in chain.locks if _covers(lock, scope))
        return [verdict for verdict in verdicts if verdict is not None]

    def _verdict(self, chain: Chain, lock: Lock, scope: str, save: Save) -> Late | None:
        reached = [self._reach(scope, tip) for tip in lock.tips.get((scope, save.author), ())]
        if any(one is not None and save.id in one.saves for one in reached):
            return None
        offence = self._had_seen(chain, lock, scope, save.id)
        return Late(lock.at, offence) if offence or None not in reached else None

    def _admitted(self, chain: Chain) -> frozenset[bytes]:
        """The ids of saves that a lock was told to let in."""
        admitted = chain.lock_admitted
        if admitted is not self._admitted_commits:
            self._admitted_commits = admitted
            self._admitted_saves = frozenset(commit_id[:SAVE_ID_BYTES] for commit_id in admitted)
        return self._admitted_saves

    def _had_seen(self, chain: Chain, lock: Lock, scope: str, save_id: bytes) -> bool:
        number = self._store.find_scope(scope)
        stored = [] if number is None else self._store.by_prefixes(number, [save_id])
        headers = (read_header(commit.header) for commit in stored if commit.id.startswith(save_id))
        return any(chain.had_seen(header.seen, lock.at) for header in headers)

    def _reach(self, scope: str, tip: bytes) -> _Reached | None:
        """What a tip reaches, or None while it is not here."""
        known = self._reached.get(tip)
        if known is not None:
            return known
        number = self._store.find_scope(scope)
        if number is None or not self._store.holds(number, tip):
            return None
        before = {commit_id: header.prev for commit_id, header in headers_in(self._store, number)}
        saves, at = set(), tip
        while at in before and at[:SAVE_ID_BYTES] not in saves:
            saves.add(at[:SAVE_ID_BYTES])
            at = before[at]
        known = self._reached[tip] = _Reached(frozenset(saves), at)
        return known

    # -- what has to be looked at again -----------------------------------------------------------------------------

    def moved_by(self, chain: Chain, commits: Sequence[tuple[bytes, Header]]) -> list[tuple[str, bytes]]:
        """Commits that were in or late until now and are not any more, since these commits came: (scope, commit id).

        Cost: nothing where no tip came; one pass over the headers of its scope where one did.
        """
        if not chain.locks:
            return []
        moved: set[tuple[str, bytes]] = set()
        ids = {commit_id for commit_id, _ in commits}
        for scope, author in sorted({(header.scope, header.author) for _, header in commits}):
            for lock in chain.locks:
                for tip in lock.tips.get((scope, author), ()):
                    moved |= {(scope, commit_id) for commit_id in self._moved(scope, author, tip, ids)}
        return sorted(moved)

    def _moved(self, scope: str, author: bytes, tip: bytes, ids: set[bytes]) -> set[bytes]:
        known = self._reached.get(tip)
        if tip in ids or (known is not None and known.gap in ids):
            self._reached.pop(tip, None)
        now = self._reach(scope, tip)
        number = self._store.find_scope(scope)
        if now is None or number is None:
            return set()
        came_between = any(commit_id[:SAVE_ID_BYTES] in now.saves for commit_id in ids)
        if tip not in ids and not came_between:
            return set()
        own = {commit_id for commit_id, header in headers_in(self._store, number) if header.author == author}
        if tip in ids:
            return {commit_id for commit_id in own if commit_id[:SAVE_ID_BYTES] not in now.saves}
        # What the tip reached before is only known where this was remembered, and was not looked up since they came.
        before = known.saves if known is not None and known is not now else frozenset()
        return {commit_id for commit_id in own if commit_id[:SAVE_ID_BYTES] in now.saves - before}

    def outside(self, chain: Chain, lock: Lock) -> list[tuple[str, bytes]]:
        """The commits held here that a lock keeps out unless they are admitted: (scope, commit id).

        Cost: one pass over the headers of the scopes it covers, 3 µs each.
        """
        found = []
        for path in sorted(self._store.scopes()):
            number = self._store.find_scope(path) if _covers(lock, path) else None
            if number is not None:
                found += [(path, commit_id) for commit_id in self._outside(chain, lock, path, number)]
        return found

    def covered(self, locks: Sequence[Lock]) -> list[tuple[str, bytes]]:
        """Every commit held here in the scopes of some locks: (scope, commit id). Cost: as `outside`."""
        paths = [path for path in sorted(self._store.scopes()) if any(_covers(lock, path) for lock in locks)]
        numbers = [(path, self._store.find_scope(path)) for path in paths]
        return [(path, id) for path, number in numbers if number is not None for id in self._store.ids(number)]

    def _outside(self, chain: Chain, lock: Lock, path: str, number: int) -> Iterator[bytes]:
        for commit_id, header in sorted(headers_in(self._store, number)):
            reached = [self._reach(path, tip) for tip in lock.tips.get((path, header.author), ())]
            if any(one is not None and commit_id[:SAVE_ID_BYTES] in one.saves for one in reached):
                continue
            if chain.had_seen(header.seen, lock.at) or None not in reached:
                yield commit_id


def _covers(lock: Lock, scope: str) -> bool:
    return any(Pattern.parse(text).matches(scope) for text in lock.scopes)


def tips_of(store: Store, scopes: Iterable[str]) -> list[tuple[str, bytes, bytes]]:
    """What a lock made here and now has to name: (scope, author, commit id) of the last commits in these patterns.

    Commits may have come in any order, so what is last is read from the headers: nothing of its author follows it.
    What somebody else's commit names as its `prev` stays a tip: nobody keeps out the work of another.

    Cost: 3 µs a commit in these scopes.
    """
    patterns = [Pattern.parse(text) for text in scopes]
    found: list[tuple[str, bytes, bytes]] = []
    for path in sorted(store.scopes()):
        number = store.find_scope(path) if any(pattern.matches(path) for pattern in patterns) else None
        if number is not None:
            headers = list(headers_in(store, number))
            followed = {(header.author, header.prev) for _, header in headers}
            last = ((header.author, commit_id) for commit_id, header in headers)
            found += [(path, author, commit_id) for author, commit_id in last if (author, commit_id) not in followed]
    return sorted(found)


def headers_in(store: Store, number: int) -> Iterator[tuple[bytes, Header]]:
    """Every commit of a scope, by its local number: id and header."""
    rows = store.conn.execute("SELECT id, header FROM commits WHERE scope=?", (number,)).fetchall()
    for commit_id, header in rows:
        yield bytes(commit_id), read_header(header)
