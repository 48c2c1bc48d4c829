"""The digests that a copy shares with each peer, kept up to date scope by scope instead of being computed anew."""

from collections.abc import Callable, Sequence

from p2p.agreements import Agreement
from p2p.chain import Chain
from p2p.messages import CONTROL
from p2p.scope import RULES_SCOPE
from p2p.share import CONTROL_SHARE, Share, View, branch_path, by_branch, share_between
from p2p.store import Store
from p2p.tree import EMPTY, Digest, digest_of, digits_of, scope_of

_NEWS_MAX = 1000
"""From so many new commits on it is cheaper to read the digests of all scopes."""


class Views:
    """One view for each tree and peer.

    Args:
        me: device id of this copy.
        agreements: reads the rules that are active.
    """

    def __init__(self, store: Store, me: bytes, agreements: Callable[[], tuple[Agreement, ...]]) -> None:
        self._store = store
        self._me = me
        self._read_agreements = agreements
        self._agreements: tuple[Agreement, ...] | None = None
        self._branches: dict[str, dict[str, Digest]] = {}
        self._row = 0
        self._removals = b""
        self._views: dict[bytes | None, View] = {}
        self._shares: dict[bytes, Share] = {}
        self._earlier: dict[bytes, Share] = {}
        self.reload_all()

    def reload(self) -> None:
        """Take up what was written to the store since; the views that exist follow. Cost: 1 µs a new commit."""
        written = self._store.next_row() - 1 - self._row
        if not 0 <= written <= _NEWS_MAX or self._store.removals != self._removals:
            self.reload_all()
        elif written:
            self._take_up(self._store.since(self._row))

    def _take_up(self, news: Sequence[tuple[int, int, bytes, int | None]]) -> None:
        by_scope: dict[int, list[bytes]] = {}
        for _, number, commit_id, _ in news:
            by_scope.setdefault(number, []).append(commit_id)
        grown = {self._store.scope_path(number): digest_of(ids) for number, ids in by_scope.items()}
        for scope, delta in grown.items():
            self._branches.setdefault(branch_path(scope), {})[scope] = self.digest(scope).plus(delta)
        self._grow(grown, news[-1][0])

    def reload_all(self) -> None:
        """Take up the store as it is, also when what was taken up before came to nothing. Cost: one row a scope."""
        conn = self._store.conn
        began = not conn.in_transaction
        if began:
            conn.execute("BEGIN")
        try:
            now, row = self._store.scopes(), self._store.next_row() - 1
            self._removals = self._store.removals
        finally:
            if began:
                conn.execute("COMMIT")
        grown = {scope: digest.minus(self.digest(scope)) for scope, digest in now.items()}
        before = [(scope, digest) for inside in self._branches.values() for scope, digest in inside.items()]
        gone = {scope: EMPTY.minus(digest) for scope, digest in before if scope not in now}
        self._branches = by_branch(now)
        self._grow({scope: delta for scope, delta in {**grown, **gone}.items() if delta != EMPTY}, row)

    def _grow(self, grown: dict[str, Digest], row: int) -> None:
        self._row = row
        if RULES_SCOPE in grown:
            self.forget_shares()
        branches = by_branch(grown)
        for view in self._views.values():
            view.grow(branches, row)

    def digest(self, scope: str) -> Digest:
        """The digest of one scope."""
        inside = self._branches.get(branch_path(scope))
        return EMPTY if inside is None else inside.get(scope, EMPTY)

    def forget_shares(self) -> None:
        """Let every share be computed anew: the control chain has grown, or a rule has changed."""
        self._earlier.update(self._shares)
        self._shares.clear()
        self._agreements = None

    @property
    def agreements(self) -> tuple[Agreement, ...]:
        """The rules that are active now. Cost: reads all rules once after something of them has changed."""
        if self._agreements is None:
            self._agreements = self._read_agreements()
        return self._agreements

    def view(self, chain: Chain, tree: int, peer: bytes) -> View:
        """The view of one tree for a peer. Cost: a dictionary lookup, once it has been made for this share."""
        # `control` is the same for everybody, so one view of it does.
        share, whose = (CONTROL_SHARE, None) if tree == CONTROL else (self.share(chain, peer), peer)
        held = self._views.get(whose)
        if held is None or held.share != share:
            held = self._views[whose] = View(share, self._branches, self._row, self._ids)
        return held

    def share(self, chain: Chain, peer: bytes) -> Share:
        """What is shared with a peer. Cost: a dictionary lookup, once it has been found out."""
        share = self._shares.get(peer)
        if share is None:
            share, earlier = share_between(chain, self.agreements, self._me, peer), self._earlier.pop(peer, None)
            # What an equal one has found out about scopes is not found out again.
            share = self._shares[peer] = earlier if earlier is not None and earlier == share else share
        return share

    def _ids(self, node: str) -> Sequence[bytes]:
        scope = self._store.find_scope(scope_of(node))
        return [] if scope is None else self._store.ids(scope, digits_of(node))
