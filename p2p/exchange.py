"""One tree between two peers: tell what is new, take what is missing, and say when nothing is.

Both sides do the same. Each pulls what it lacks (`reconcile.Pull`), answers the other's questions, and, when nothing
is under way, says where it stands (`Standing`). The tree is in sync when the digests are equal, or when both have said
about one and the same pair of digests that they lack nothing of the other's that may flow to them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice

from p2p.events import ComparedToEnd
from p2p.limits import OFFER_IDS_MAX
from p2p.local import Link, Local, News
from p2p.messages import CONTROL, PREFIX_BYTES, Ask, Message, Offer, Standing, Tree, Want
from p2p.outflow import Outflow, Wants
from p2p.reconcile import ASK_NODES_MAX, PARTS_MAX, Compared, Pull, Wanted, answer, sending_order
from p2p.share import View
from p2p.tree import Digest, scope_of

FRESH_COMMITS_MAX = 256
"""So many new commits are pushed at once; more are offered, since the other side may have some of them."""
_ANSWERS_MAX = 64
_WANT_ITEMS_MAX = 1024


@dataclass
class _Theirs:
    """Where the other side said it stands."""

    share: bytes
    digest: bytes
    count: int
    seen: bytes
    complete: bool
    waiting: bool


class Exchange:
    """The conversation about one tree.

    Args:
        tree: `CONTROL` or `SHARE`.
        peer: the other's device id.
        send: takes each message.
        note: takes pairs of digests to remember.
        outflow: the queue of commits, shared by both trees.
    """

    def __init__(
        self,
        tree: int,
        local: Local,
        peer: bytes,
        send: Callable[[Message], None],
        note: Callable[[ComparedToEnd], None],
        outflow: Outflow,
    ) -> None:
        self.tree = tree
        self._local = local
        self._peer = peer
        self._send = send
        self._note = note
        self._outflow = outflow
        self._theirs: _Theirs | None = None
        self._said: Standing | None = None
        self._pushed_row: int | None = None
        self._pull: Pull | None = None
        self._wants: dict[int, int] = {}
        self._numbers = 0
        self._offers_open = 0
        self._refused: set[bytes] = set()
        self._lacking: set[bytes] = set()
        self._lacks_some = False
        self._share = b""
        self._pulled = False
        self._lacks_nothing_of: bytes | None = None
        self._gained = 0
        self._wanted_by_pull = False
        self._mine_at_pull = b""
        self._wanted_at: bytes | None = None
        self._withheld_at: bytes | None = None

    # -- what the session tells -------------------------------------------------------------------------------------

    def greeted(self, share: bytes, digest: bytes, count: int, waiting: bool) -> None:
        """Take in what the other's `Hello` said of this tree."""
        self._theirs = _Theirs(share, digest, count, b"", complete=False, waiting=waiting)

    def greeting_sent(self, view: View) -> None:
        """Remember what our own `Hello` said."""
        root = view.digest("")
        self._said = Standing(self.tree, view.share.id, root.short, root.size, b"", False, self._waits())

    def heard(self, message: Ask | Tree | Offer | Want | Standing) -> None:
        """Take in a message about this tree."""
        view = self._view()
        if view.share.id != self._share:
            self._begin(view)
        if isinstance(message, Ask):
            self._on_ask(message)
        elif isinstance(message, Tree):
            self._on_tree(message)
        elif isinstance(message, Offer):
            self._on_offer(message)
        elif isinstance(message, Want):
            self._on_want(message)
        else:
            self._on_standing(message)

    def _on_standing(self, said: Standing) -> None:
        """Take in where the other side stands."""
        self._theirs = _Theirs(said.share, said.digest, said.count, said.seen, said.complete, said.waiting)

    def _on_ask(self, message: Ask) -> None:
        """Answer questions about our tree; one about another share is answered with nothing, so the asker asks anew."""
        view = self._view()
        if message.share != view.share.id:
            self._said = None
            self._send(Tree(self.tree, view.share.id, []))
            return
        answers = [page for node in dict.fromkeys(message.nodes) for page in answer(view, node)]
        while answers:
            parts = accumulate(len(page.parts or ()) for page in answers)
            cut = max(1, sum(total <= PARTS_MAX for total in islice(parts, _ANSWERS_MAX)))
            self._send(Tree(self.tree, view.share.id, answers[:cut]))
            answers = answers[cut:]

    def _on_tree(self, message: Tree) -> None:
        """Take in answers; about another share there are none. The root's says where they stand until they say more."""
        if message.share != self._share and self._theirs is not None:
            self._pull, self._pulled, self._theirs.share = None, False, message.share
        if self._pull is None:
            return
        for page in message.answers:
            if page.node == "" and self._theirs is not None:
                self._theirs.digest = page.digest
        ask, wanted = self._pull.answered(message.answers)
        for at in range(0, len(ask), ASK_NODES_MAX):
            self._send(Ask(self.tree, self._share, ask[at : at + ASK_NODES_MAX]))
        self._want_of_pull(wanted)
        if self._pull.done:
            self._finish_pull(self._pull)

    def _on_offer(self, message: Offer) -> None:
        """Want what of an offer is not here; an offer is always answered."""
        view = self._view()
        items: list[tuple[str, bytes | None]] = []
        for scope, offered in message.ids:
            if message.share == view.share.id and view.share.may_take(scope):
                listed = [offered[at : at + PREFIX_BYTES] for at in range(0, len(offered), PREFIX_BYTES)]
                lacking = [
                    prefix
                    for prefix in self._local.lacking(scope, listed)
                    if prefix not in self._refused | self._lacking
                ]
                if lacking:
                    items.append((scope, b"".join(lacking)))
        self._want(items, answers_offer=True)

    def _on_want(self, message: Want) -> None:
        """Queue what the other side lacks."""
        if message.answers_offer:
            self._offers_open = max(0, self._offers_open - 1)
        items: Wants = message.items if message.share == self._view().share.id else ()
        self._outflow.wanted(message.number, self.tree, items)

    def stored(
        self, number: int, last: bool, gained: int, refused: Sequence[bytes], lacking: Sequence[bytes], under: bytes
    ) -> None:
        """Count commits that were wanted as stored, or as refused or held back, which are not wanted again.

        Args:
            lacking: ids of valid commits that are not here all the same; not wanted again, and never complete.
            under: the share id that they were sent under; empty when it was not said.
        """
        if self._view().share.id != self._share or under not in (b"", self._share):
            # What is passed over or left out because a rule has just changed is asked for again should it change back.
            self._begin(self._view())
            return
        # A refused one may be genuine and only come in a bad shape from this peer, so it counts as lacking as well.
        self._lacking.update(commit_id[:PREFIX_BYTES] for commit_id in (*lacking, *refused))
        self._gained += gained + len(refused)
        self._refused.update(commit_id[:PREFIX_BYTES] for commit_id in refused)
        if last:
            self._wants.pop(number, None)

    # -- what happens next ------------------------------------------------------------------------------------------

    def owns(self, number: int) -> bool:
        """Whether a `Want` of this number was ours and is not answered to the end yet."""
        return number in self._wants

    def step(self, storing: bool) -> None:
        """Do what can be done now: push news, start a comparison, say where we stand.

        Args:
            storing: whether commits that arrived are still on their way into the store.
        """
        view = self._view()
        if view.share.id != self._share:
            self._begin(view)
        theirs = self._theirs
        if theirs is not None and theirs.share == self._share:
            self._push_news(view)
            if storing or self.busy:
                return
            self._notice_withholding(view)
            self._consider_pull(view, theirs)
        if not storing and not self.busy:
            self._announce(view)

    @property
    def busy(self) -> bool:
        """Whether something of this tree is under way in either direction."""
        return self._pull is not None or bool(self._wants) or self._offers_open > 0 or not self._outflow.idle

    @property
    def in_sync(self) -> bool:
        """Whether nothing that may flow is left, proved by what both sides have said about the digests of now."""
        theirs, view = self._theirs, self._view()
        if theirs is None or theirs.share != view.share.id or self.busy or theirs.waiting or self._waits():
            return False
        mine = view.digest("").short
        if mine == theirs.digest:
            return True
        return self._lacks_nothing_of == theirs.digest and theirs.complete and theirs.seen == mine

    @property
    def standing_here(self) -> tuple[bytes, Digest]:
        """The share id and what is here of the share: the same as long as nothing has come that concerns this tree."""
        view = self._view()
        return view.share.id, view.digest("")

    @property
    def digests(self) -> tuple[bytes, bytes, bytes, int]:
        """(share id, my digest, their digest, last row counted) as of now."""
        view = self._view()
        return view.share.id, view.digest("").short, self._theirs.digest if self._theirs else b"", view.row

    @property
    def counts(self) -> tuple[int, int | None]:
        """How many commits of this tree are here, and how many the other side said it holds."""
        return self._view().digest("").size, self._theirs.count if self._theirs else None

    @property
    def said(self) -> tuple[bytes, int] | None:
        """Under which share the other side said last how many commits it holds; None when it has not said."""
        return (self._theirs.share, self._theirs.count) if self._theirs else None

    @property
    def withheld(self) -> bool:
        """Whether the other side announces commits that it does not send."""
        return self._withheld_at is not None and self._theirs is not None and self._withheld_at == self._theirs.digest

    # -- the parts --------------------------------------------------------------------------------------------------

    @property
    def _link(self) -> Link:
        return self._local.link(self._peer)

    def _view(self) -> View:
        return self._local.view(self.tree, self._peer)

    def _begin(self, view: View) -> None:
        """Start over under another share id: what was compared under the old one says nothing any more."""
        self._share = view.share.id
        self._refused.clear()
        self._lacking.clear()
        self._withheld_at = self._wanted_at = None
        self._pull = None
        self._pulled = False
        self._wants.clear()
        self._offers_open = 0
        self._lacks_nothing_of = self._pushed_row = None

    def _push_news(self, view: View) -> None:
        first = self._pushed_row is None
        if self._pushed_row is None:
            settled = 0 if self.tree == CONTROL else self._link.settled_under(self._share)
            self._pushed_row = settled or view.row
        theirs = self._theirs
        if self._pushed_row >= view.row or (first and theirs and theirs.digest == view.digest("").short):
            self._pushed_row = max(self._pushed_row, view.row)
            return
        link = self._link.id
        self._pushed_row = view.first_of_interest(self._pushed_row)
        while self._pushed_row < view.row:
            news = self._local.news(self._pushed_row, OFFER_IDS_MAX)
            if not news:
                break
            self._pushed_row = news[-1].row
            self._tell(view, [item for item in news if item.source != link])

    def _tell(self, view: View, news: list[News]) -> None:
        ours = [item for item in news if view.share.may_give(item.scope)]
        push, rest = list[News](), ours
        if len(ours) <= FRESH_COMMITS_MAX:
            # Nobody else has what was made here; and of a relay's peers hardly any have another one beside it.
            pushes_all = self._local.is_relay()
            push = [item for item in ours if pushes_all or item.source is None]
            rest = [item for item in ours if not pushes_all and item.source is not None]
        if push:
            self._outflow.fresh(self.tree, [(item.scope, item.id) for item in push])
        if rest:
            by_scope: dict[str, list[bytes]] = {}
            for item in rest:
                by_scope.setdefault(item.scope, []).append(item.id[:PREFIX_BYTES])
            offered = [(scope, b"".join(by_scope[scope])) for scope in sending_order(by_scope)]
            for at in range(0, len(offered), _WANT_ITEMS_MAX):
                self._offers_open += 1
                self._send(Offer(self.tree, self._share, offered[at : at + _WANT_ITEMS_MAX]))

    def _consider_pull(self, view: View, theirs: _Theirs) -> None:
        mine = view.digest("").short
        if mine == theirs.digest or self._lacks_nothing_of == theirs.digest or self.withheld:
            return
        if theirs.count == 0 or self._is_settled("", mine, theirs.digest):
            self._lacks_nothing_of = theirs.digest
            return
        they_know_mine = theirs.seen == mine
        first_meeting = not self._pulled and (self.tree == CONTROL or not self._link.settled_under(self._share))
        if they_know_mine or first_meeting:
            self._pulled = True
            self._gained = 0
            self._mine_at_pull = mine
            self._wanted_by_pull = self._lacks_some = False
            self._pull = Pull(view, self._is_settled, whole=not self._refused)
            self._send(Ask(self.tree, self._share, self._pull.start()))

    def _finish_pull(self, pull: Pull) -> None:
        self._pull = None
        compared = pull.compared
        if not self._wanted_by_pull and self._lacks_some:
            # Asking again would bring the same.
            self._withheld_at = pull.theirs
        elif not self._wanted_by_pull and pull.theirs is not None:
            self._lacks_nothing_of = pull.theirs
            compared = [*compared, Compared("", self._view().digest("").short, pull.theirs)]
        else:
            self._wanted_at = pull.theirs
        if compared:
            self._note(ComparedToEnd(self._share, compared))

    def _notice_withholding(self, view: View) -> None:
        """Do not repeat a comparison that found something missing, of which nothing came when it was asked for."""
        nothing_came = self._gained == 0 and self._mine_at_pull == view.digest("").short
        if self._wanted_at is not None and nothing_came:
            self._withheld_at = self._wanted_at
        self._wanted_at = None

    def _want_of_pull(self, wanted: Sequence[Wanted]) -> None:
        items: list[tuple[str, bytes | None]] = []
        for item in sorted(wanted, key=_place_of):
            if item.prefixes is None:
                items.append((item.node, None))
                continue
            wanted_not = self._refused | self._lacking
            lacking = b"".join(prefix for prefix in item.prefixes if prefix not in wanted_not)
            self._lacks_some = self._lacks_some or not self._lacking.isdisjoint(item.prefixes)
            if lacking:
                items.append((item.node, lacking))
        if items:
            self._wanted_by_pull = True
            self._want(items, answers_offer=False)

    def _want(self, items: list[tuple[str, bytes | None]], answers_offer: bool) -> None:
        for at in range(0, max(1, len(items)), _WANT_ITEMS_MAX):
            self._numbers += 1
            number = self._numbers * 2 + self.tree
            self._wants[number] = at
            part = items[at : at + _WANT_ITEMS_MAX]
            self._send(Want(number, self.tree, self._share, part, answers_offer and at == 0))

    def _announce(self, view: View) -> None:
        root = view.digest("")
        theirs = self._theirs if self._theirs and self._theirs.share == self._share else None
        seen = theirs.digest if theirs else b""
        complete = seen == root.short or (bool(seen) and self._lacks_nothing_of == seen)
        standing = Standing(self.tree, self._share, root.short, root.size, seen, complete, self._waits())
        if standing == self._said:
            return
        equal = seen == root.short
        said = self._said
        if equal and said and (said.digest, said.share, said.waiting) == (root.short, self._share, standing.waiting):
            return
        self._said = standing
        self._send(standing)

    def _waits(self) -> bool:
        return self.tree != CONTROL and self._local.waits_for_key()

    def _is_settled(self, node: str, mine: bytes, theirs: bytes) -> bool:
        return self._local.is_settled(self._link.id, self._share, node, mine, theirs)


def _place_of(wanted: Wanted) -> int:
    roots = ("control", "masters", "transfers", "vouchers", "files")
    root = scope_of(wanted.node).partition("/")[0]
    return roots.index(root) if root in roots else len(roots)
