"""Comparing two trees: find what the other side has and this one lacks, descending only where digests differ.

Each side pulls for itself. It asks about nodes, compares the digests that come back with its own, descends where they
differ, and lists what it wants. When nothing is left it lacks nothing of what the other had when it was asked first.
Everything here is pure: a view of a tree in, questions, answers and wants out.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from p2p.limits import OFFER_IDS_MAX
from p2p.messages import PREFIX_BYTES, Answer
from p2p.tree import Digest, digest_of, digits_of, scope_of, split

LIST_IDS_MAX = 64
"""A part of a scope with up to so many commits is listed id by id; a larger one is divided by the next hex digit."""
PARTS_WANTED = 32
"""An answer about a path goes down until it names about so many parts."""
PARTS_MAX = 1024
"""A path of more parts than this is answered in several pages."""
ASK_NODES_MAX = 256
_DIGITS_MAX = 16


class TreeView(Protocol):
    """A tree as it stood at one moment, and which of its scopes may flow which way."""

    def digest(self, node: str) -> Digest:
        """The digest of all that lies at or below a path."""

    def children(self, path: str) -> list[str]:
        """The paths one component below; none for a scope."""

    def ids(self, node: str) -> list[bytes]:
        """The ids in a scope, or in a part of it, in order."""

    def may_take(self, path: str) -> bool:
        """Whether commits of this scope, or of any scope below this path, may flow here from the other side."""

    def may_take_all(self, path: str) -> bool:
        """Whether everything at or below this path may flow here from the other side."""


Settled = Callable[[str, bytes, bytes], bool]
"""Whether (node, my digest, their digest) was compared to the end before, with nothing left to take."""


class Wanted(NamedTuple):
    """What a scope, a part of one or a whole subtree lacks here: id prefixes, or None for all of it."""

    node: str
    prefixes: tuple[bytes, ...] | None


class Compared(NamedTuple):
    """A node compared to the end: remembering the pair of digests spares comparing it again."""

    node: str
    mine: bytes
    theirs: bytes


class Pull:
    """One comparison of our tree with another's, from the root down.

    Args:
        view: our tree; only digests and ids of this moment are used, so what arrives meanwhile does no harm.
        settled: pairs to pass over.
        whole: whether all of a path is wanted at once where nothing of it is here; otherwise what it holds is asked for
            first, so that what is not to be sent again can be left out.
    """

    def __init__(self, view: TreeView, settled: Settled, whole: bool = True) -> None:
        self._view = view
        self._settled = settled
        self._whole = whole
        self._asked: set[str] = set()
        self.theirs: bytes | None = None
        self.compared: list[Compared] = []

    @property
    def done(self) -> bool:
        """Whether every question has been answered."""
        return self.theirs is not None and not self._asked

    def start(self) -> list[str]:
        """The first question: the root."""
        self._asked.add("")
        return [""]

    def answered(self, answers: Iterable[Answer]) -> tuple[list[str], list[Wanted]]:
        """Take in answers; return what to ask next, and what to want.

        Answers that were not asked for, or do not fit their node, are passed over: they cannot make us take anything
        that the session would not check again.
        """
        ask: list[str] = []
        want: list[Wanted] = []
        for answer in answers:
            if answer.node not in self._asked:
                continue
            if not answer.more:
                self._asked.discard(answer.node)
            if answer.node == "":
                self.theirs = answer.digest
            if self._same(answer.node, answer.digest):
                continue
            if answer.ids is not None:
                lacking = self._lacking(answer.node, answer.ids)
                if lacking:
                    want.append(Wanted(answer.node, lacking))
                else:
                    self._remember(answer.node, answer.digest)
            for suffix, digest, count in answer.parts or ():
                node = answer.node + suffix
                if not _is_part(answer.node, node) or self._same(node, digest):
                    continue
                nothing_here = "#" not in node and self._view.digest(node).size == 0
                if self._whole and nothing_here and self._view.may_take_all(node):
                    want.append(Wanted(node, None))
                elif count:
                    ask.append(node)
        self._asked.update(ask)
        return ask, want

    def _same(self, node: str, theirs: bytes) -> bool:
        mine = _digest(self._view, node).short
        if mine == theirs or self._settled(node, mine, theirs):
            return True
        return not self._view.may_take(scope_of(node))

    def _lacking(self, node: str, ids: bytes) -> tuple[bytes, ...]:
        if not self._view.may_take(scope_of(node)):
            return ()
        held = {commit_id[:PREFIX_BYTES] for commit_id in self._view.ids(node)}
        listed = (ids[at : at + PREFIX_BYTES] for at in range(0, len(ids), PREFIX_BYTES))
        return tuple(prefix for prefix in listed if prefix not in held)

    def _remember(self, node: str, theirs: bytes) -> None:
        self.compared.append(Compared(node, _digest(self._view, node).short, theirs))


def answer(view: TreeView, node: str) -> list[Answer]:
    """What an asker is told about a node: listed when it is small, divided when it is not; mostly one answer.

    Args:
        node: untrusted; a node of which there is nothing here is answered as empty.

    Cost: a scope is read once for each level of its division that is asked about.
    """
    scope = scope_of(node)
    if "#" not in node and view.children(node):
        return _answer_path(view, node)
    ids = view.ids(node) if scope and _well_formed(node) else []
    own = digest_of(ids)
    if len(ids) <= LIST_IDS_MAX or len(digits_of(node)) >= _DIGITS_MAX:
        listed = b"".join(commit_id[:PREFIX_BYTES] for commit_id in ids[:OFFER_IDS_MAX])
        return [Answer(node, own.short, own.size, ids=listed)]
    place = len(digits_of(node))
    by_digit: dict[str, list[bytes]] = {}
    for commit_id in ids:
        by_digit.setdefault(commit_id.hex()[place], []).append(commit_id)
    parts = []
    for part in split(node):
        inside = digest_of(by_digit.get(part[-1], ()))
        parts.append((part[len(node) :], inside.short, inside.size))
    return [Answer(node, own.short, own.size, parts=parts)]


def _answer_path(view: TreeView, node: str) -> list[Answer]:
    level = view.children(node)
    while len(level) < PARTS_WANTED:
        below = [child for path in level for child in (view.children(path) or [path])]
        if below == level:
            break
        level = below
    own = view.digest(node)
    parts = []
    for path in level:
        digest = view.digest(path)
        parts.append((path[len(node) :], digest.short, digest.size))
    pages = [parts[at : at + PARTS_MAX] for at in range(0, len(parts), PARTS_MAX)]
    return [Answer(node, own.short, own.size, parts=page, more=page is not pages[-1]) for page in pages]


def _digest(view: TreeView, node: str) -> Digest:
    return digest_of(view.ids(node)) if "#" in node else view.digest(node)


def _is_part(node: str, part: str) -> bool:
    """Whether a part that was named lies below its node, and is well formed."""
    if len(part) <= len(node) or not _well_formed(part):
        return False
    if "#" in node:
        return len(part) == len(node) + 1
    return node == "" or part[len(node)] in "/#"


def _well_formed(node: str) -> bool:
    scope, mark, digits = node.partition("#")
    if not scope or scope.startswith("/") or scope.endswith("/"):
        return False
    return not mark or (0 < len(digits) <= _DIGITS_MAX and all(digit in "0123456789abcdef" for digit in digits))


_KINDS_FIRST = ("control", "masters", "transfers", "vouchers", "files")


def sending_order(scopes: Iterable[str]) -> list[str]:
    """Scopes in the order they are sent: what others refer to first, then the newest month first."""
    by_name = sorted(scopes)
    newest_first = sorted(by_name, key=lambda scope: scope.rpartition("/")[2], reverse=True)
    return sorted(newest_first, key=lambda scope: (_rank(scope), scope if scope.startswith("masters") else ""))


def _rank(scope: str) -> int:
    root = scope.partition("/")[0]
    if root in ("transfers", "vouchers"):
        return 2
    return _KINDS_FIRST.index(root) if root in _KINDS_FIRST else len(_KINDS_FIRST)
