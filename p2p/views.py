"""The digests that a copy shares with each peer, kept up to date scope by scope instead of being computed anew."""

from collections.abc import Sequence

from p2p.chain import Chain
from p2p.messages import CONTROL
from p2p.share import CONTROL_SHARE, Share, View, share_between
from p2p.store import Store
from p2p.tree import EMPTY, Digest, digits_of, scope_of


class Views:
    """One view for each tree and peer.

    Args:
        me: device id of this copy.
    """

    def __init__(self, store: Store, me: bytes) -> None:
        self._store = store
        self._me = me
        self._digests: dict[str, Digest] = {}
        self._row = 0
        self._views: dict[tuple[int, bytes], View] = {}
        self._shares: dict[bytes, Share] = {}
        self.reload()

    def reload(self) -> None:
        """Take up what was written to the store since; the views that exist follow. Cost: one row a scope."""
        conn = self._store.conn
        began = not conn.in_transaction
        if began:
            conn.execute("BEGIN")
        try:
            now, row = self._store.scopes(), self._store.next_row() - 1
        finally:
            if began:
                conn.execute("COMMIT")
        grown = {scope: digest.minus(self._digests.get(scope, EMPTY)) for scope, digest in now.items()}
        grown = {scope: delta for scope, delta in grown.items() if delta != EMPTY}
        self._digests, self._row = now, row
        for view in self._views.values():
            view.grow(grown, row)

    def digest(self, scope: str) -> Digest:
        """The digest of one scope."""
        return self._digests.get(scope, EMPTY)

    def forget_shares(self) -> None:
        """Let every share be computed anew: the control chain has grown."""
        self._shares.clear()

    def view(self, chain: Chain, tree: int, peer: bytes) -> View:
        """The view of one tree for a peer. Cost: a dictionary lookup, once it has been made for this share."""
        share = CONTROL_SHARE if tree == CONTROL else self._share(chain, peer)
        held = self._views.get((tree, peer))
        if held is None or held.share != share:
            held = View(share, self._digests, self._row, self._ids)
            self._views[tree, peer] = held
        return held

    def _share(self, chain: Chain, peer: bytes) -> Share:
        share = self._shares.get(peer)
        if share is None:
            share = self._shares[peer] = share_between(chain, self._me, peer)
        return share

    def _ids(self, node: str) -> Sequence[bytes]:
        scope = self._store.find_scope(scope_of(node))
        return [] if scope is None else self._store.ids(scope, digits_of(node))
