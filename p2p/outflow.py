"""What one side sends: wanted and fresh commits, in frames of bounded size, never more unacknowledged than agreed."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from p2p.commit import size_of
from p2p.errors import RemoteProtocolError
from p2p.limits import COMMIT_SEALED_BYTES_MAX, HEADER_BYTES_MAX, UNACKNOWLEDGED_BYTES_MAX
from p2p.local import Local
from p2p.messages import PREFIX_BYTES, CommitParts, Commits, Fresh, Message
from p2p.reconcile import sending_order
from p2p.tree import scope_of

BATCH_COMMITS_MAX = 256
BATCH_BYTES = 96 * 1024
"""A batch ends with the commit that reaches this size: about 1,300 vouchers in bulk, so that the transaction that takes
it in stays under 100 ms. With one of the largest commits it still fits a frame."""
_BATCH_BYTES_MAX = BATCH_BYTES + COMMIT_SEALED_BYTES_MAX + HEADER_BYTES_MAX + 64
JOBS_MAX = 4096
WANTED_BYTES_MAX = 16 * 1024 * 1024
_LOOKUPS = 64
"""So many commits are read at once: up to 16 MiB, should all of them be of the largest."""

Wants = Sequence[tuple[str, bytes | None]]


class Outflow:
    """The queue of commits on their way to one peer.

    Args:
        peer: its device id; what it may have is asked anew for each batch.
        send: takes each message.
    """

    def __init__(self, local: Local, peer: bytes, send: Callable[[Message], None]) -> None:
        self._local = local
        self._peer = peer
        self._send = send
        self._jobs: deque[Iterator[Message]] = deque()
        self._unacknowledged: deque[int] = deque()
        self._wanted_bytes = 0
        self.sent = 0

    @property
    def idle(self) -> bool:
        """Whether everything queued has been sent and acknowledged."""
        return not self._jobs and not self._unacknowledged

    def wanted(self, number: int, tree: int, items: Wants) -> None:
        """Queue what the peer wants; ends with a `Commits` that is `last`, even when there is nothing to send.

        Raises:
            RemoteProtocolError: it wants more at once than anybody needs to.
        """
        self._wanted_bytes += sum(len(prefixes or b"") for _, prefixes in items)
        if len(self._jobs) >= JOBS_MAX or self._wanted_bytes > WANTED_BYTES_MAX:
            raise RemoteProtocolError("too-many", "the peer wants more at once than is kept in mind for it")
        self._jobs.append(self._commits(number, tree, items))

    def fresh(self, tree: int, ids: Sequence[tuple[str, bytes]]) -> None:
        """Queue commits just made, named by scope and id."""
        self._jobs.append(self._fresh(tree, ids))

    def acknowledged(self) -> bool:
        """Count the oldest batch as stored at the peer; False when there was none, which breaks the protocol."""
        if not self._unacknowledged:
            return False
        self._unacknowledged.popleft()
        return True

    def pump(self) -> None:
        """Send as much as may be unacknowledged. Cost: reads only what it sends."""
        while self._jobs and sum(self._unacknowledged) + _BATCH_BYTES_MAX <= UNACKNOWLEDGED_BYTES_MAX:
            message = next(self._jobs[0], None)
            if message is None:
                self._jobs.popleft()
                self._wanted_bytes = self._wanted_bytes if self._jobs else 0
                continue
            commits = message.commits if isinstance(message, Commits | Fresh) else []
            self._unacknowledged.append(sum(map(_size, commits)))
            self.sent += len(commits)
            self._send(message)

    def _commits(self, number: int, tree: int, items: Wants) -> Iterator[Message]:
        last: list[CommitParts] = []
        for batch in _batches(self._read(tree, items)):
            if last:
                yield Commits(number, False, last, self._share(tree))
            last = batch
        yield Commits(number, True, last, self._share(tree))

    def _fresh(self, tree: int, ids: Sequence[tuple[str, bytes]]) -> Iterator[Message]:
        by_scope: dict[str, list[bytes]] = {}
        for scope, commit_id in ids:
            by_scope.setdefault(scope, []).append(commit_id[:PREFIX_BYTES])
        items = [(scope, b"".join(prefixes)) for scope, prefixes in by_scope.items()]
        for batch in _batches(self._read(tree, items)):
            yield Fresh(batch, self._share(tree))

    def _read(self, tree: int, items: Wants) -> Iterator[CommitParts]:
        for node, prefixes in items:
            if prefixes is None:
                yield from self._below(tree, scope_of(node))
            elif self._may_give(tree, scope_of(node)):
                listed = [prefixes[at : at + 8] for at in range(0, len(prefixes), 8)]
                for at in range(0, len(listed), _LOOKUPS):
                    yield from self._local.commits(scope_of(node), listed[at : at + _LOOKUPS])

    def _below(self, tree: int, path: str) -> Iterator[CommitParts]:
        for scope in sending_order(self._local.view(tree, self._peer).scopes(path)):
            after: int | None = 0
            while after is not None and self._may_give(tree, scope):
                page = self._local.page(scope, after, _LOOKUPS)
                yield from page.commits
                after = page.last

    def _share(self, tree: int) -> bytes:
        return self._local.view(tree, self._peer).share.id

    def _may_give(self, tree: int, scope: str) -> bool:
        return self._local.view(tree, self._peer).share.may_give(scope)


def _size(commit: CommitParts) -> int:
    header, _, body = commit
    return size_of(header, body)


def _batches(commits: Iterator[CommitParts]) -> Iterator[list[CommitParts]]:
    batch: list[CommitParts] = []
    size = 0
    for commit in commits:
        batch.append(commit)
        size += _size(commit)
        if len(batch) >= BATCH_COMMITS_MAX or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
