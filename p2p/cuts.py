"""Which commits lie beyond a cut: of a device that has less rights now, or none, what the keeper did not hold then.

A cut names, for each scope, the device's last commits that count: the tips. What a tip reaches by `prev` counts. All
else of that device there counts only once it was re-admitted; but what was made with knowledge of the cut is judged by
the rights that it left. While a tip has not arrived, nothing shows that a commit is before it: it stays set aside, and
counts as soon as the tip has come. So what counts follows from the commits held and the control chain alone, in
whatever order they came.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from p2p.chain import Chain, Cut
from p2p.commit import Header, read_header
from p2p.identity import AUTHOR_BYTES
from p2p.locks import headers_in
from p2p.store import QUARANTINED, Store


class _Reach(NamedTuple):
    """What the tips of a cut reach in a scope: commit ids, and those they go on to that are not here."""

    reached: set[bytes]
    gaps: set[bytes]


class Cuts:
    """Judges commits by the cuts of a control chain; remembers what tips reach."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[int, bytes, str], _Reach] = {}
        self._cuts: tuple[Cut, ...] = ()
        self._by_author: dict[bytes, list[Cut]] = {}

    def forget(self) -> None:
        """Drop what is remembered: a transaction came to nothing, another process wrote, or the chain has changed."""
        self._known.clear()

    def beyond(self, chain: Chain, commit_id: bytes, header: Header) -> Cut | None:
        """The first cut that a commit lies beyond, or None where it counts.

        Cost: a lookup where its author was never cut off; one pass over the scope the first time where it was.
        """
        for cut in self._of(chain, header.author):
            if not cut.covers(header.scope) or commit_id in chain.readmitted or chain.had_seen(header.seen, cut.at):
                continue
            if commit_id not in self._reach(cut, header.scope).reached:
                return cut
        return None

    def came(self, chain: Chain, commits: Sequence[tuple[bytes, Header]]) -> list[tuple[str, bytes]]:
        """Take in that commits come, before they are stored; returns stored ones that tips reach now: (scope, id)."""
        if not chain.cuts:
            return []
        moved: set[tuple[str, bytes]] = set()
        coming: dict[tuple[str, bytes], dict[bytes, bytes]] = {}
        for commit_id, header in commits:
            if self._of(chain, header.author):
                coming.setdefault((header.scope, header.author), {})[commit_id] = header.prev
        for (scope, author), prevs in coming.items():
            for cut in self._of(chain, author):
                if cut.covers(scope):
                    moved.update((scope, found) for found in self._go_on(cut, scope, author, prevs))
        return sorted(moved)

    def to_judge_again(
        self, chain: Chain, changed: Sequence[Cut], admitted: Collection[bytes]
    ) -> list[tuple[str, bytes]]:
        """The stored commits whose state is another now that there are other cuts and admissions: (scope, commit id).

        Args:
            changed: cuts that were not there before, or are not any more.
            admitted: ids of commits that were admitted, or are not any more.

        Cost: 6 µs a commit in the scopes concerned.
        """
        authors: dict[bytes, list[Cut]] = {}
        for cut in (*changed, *(chain.cuts if admitted else ())):
            authors.setdefault(cut.device[:AUTHOR_BYTES], []).append(cut)
        found: list[tuple[str, bytes]] = []
        for author, cuts in authors.items():
            for scope, number in own_scopes(self._store, author):
                if any(cut.covers(scope) for cut in cuts):
                    found += self._to_judge_again(chain, scope, number, author)
        return found

    def _to_judge_again(self, chain: Chain, scope: str, number: int, author: bytes) -> Iterator[tuple[str, bytes]]:
        rows = self._store.conn.execute("SELECT id, header, state FROM commits WHERE scope=?", (number,)).fetchall()
        for commit_id, header_bytes, state in rows:
            header = read_header(header_bytes)
            if header.author == author:
                beyond = self.beyond(chain, bytes(commit_id), header)
                if beyond is not None or state == QUARANTINED:
                    yield scope, bytes(commit_id)

    def _of(self, chain: Chain, author: bytes) -> Sequence[Cut]:
        if self._cuts is not chain.cuts:
            self._cuts = chain.cuts
            self._by_author = {}
            for cut in chain.cuts:
                self._by_author.setdefault(cut.device[:AUTHOR_BYTES], []).append(cut)
        return self._by_author.get(author, ())

    def _reach(self, cut: Cut, scope: str) -> _Reach:
        known = self._known.get((cut.at, cut.device, scope))
        if known is None:
            number = self._store.find_scope(scope)
            author = cut.device[:AUTHOR_BYTES]
            headers = () if number is None else headers_in(self._store, number)
            prevs = {commit_id: header.prev for commit_id, header in headers if header.author == author}
            known = self._known[cut.at, cut.device, scope] = _Reach(set(), set())
            _walk(known, cut.tips.get(scope, ()), prevs)
        return known

    def _go_on(self, cut: Cut, scope: str, author: bytes, prevs: Mapping[bytes, bytes]) -> set[bytes]:
        """Go on from where tips ended, now that commits come; returns what is reached now of those held before."""
        known = self._reach(cut, scope)
        ahead = known.gaps.intersection(prevs)
        if not ahead:
            return set()
        before = set(known.reached)
        number = self._store.find_scope(scope)
        headers = () if number is None else headers_in(self._store, number)
        held = {commit_id: header.prev for commit_id, header in headers if header.author == author}
        _walk(known, ahead, {**held, **prevs})
        return known.reached - before - prevs.keys()


def _walk(known: _Reach, starts: Iterable[bytes], prevs: Mapping[bytes, bytes]) -> None:
    """Follow `prev` from some commits on, through those that are here."""
    ahead = list(starts)
    while ahead:
        at = ahead.pop()
        if at in known.reached:
            continue
        if at not in prevs:
            known.gaps.add(at)
            continue
        known.gaps.discard(at)
        known.reached.add(at)
        if prevs[at]:
            ahead.append(prevs[at])


def tips_of_device(store: Store, device: bytes, covered: Cut | None = None) -> list[tuple[str, bytes]]:
    """What a cut made here and now has to name: (scope, commit id) of a device's last commits, as they are held here.

    Args:
        covered: a cut without tips: only scopes that it covers; None for all.

    Cost: 3 µs a commit of the scopes that the device ever wrote in.
    """
    author = device[:AUTHOR_BYTES]
    found: list[tuple[str, bytes]] = []
    for scope, number in own_scopes(store, device):
        if covered is None or covered.covers(scope):
            prevs = {commit_id: h.prev for commit_id, h in headers_in(store, number) if h.author == author}
            found += [(scope, commit_id) for commit_id in prevs.keys() - set(prevs.values())]
    return sorted(found)


def own_scopes(store: Store, device: bytes) -> list[tuple[str, int]]:
    """The scopes that hold commits of a device, with their local numbers."""
    rows = store.conn.execute("SELECT scope FROM tips WHERE author=?", (device[:AUTHOR_BYTES],)).fetchall()
    return sorted((store.scope_path(number), number) for (number,) in rows)


def own_ids(store: Store, device: bytes, number: int) -> list[bytes]:
    """The commits of a device in a scope, by its local number, in the order they came here. Cost: 3 µs a commit."""
    rows = store.conn.execute("SELECT id, header FROM commits WHERE scope=? ORDER BY row", (number,)).fetchall()
    author = device[:AUTHOR_BYTES]
    return [bytes(commit_id) for commit_id, header in rows if read_header(header).author == author]
