"""Signatures are checked in a worker thread, so that those of one batch are while the batch before is being stored."""

from collections.abc import Awaitable, Callable, Sequence

import trio

from p2p.judging import Checked
from p2p.messages import CommitParts
from p2p.replica import Replica

CHECKED_INLINE_MAX = 4
"""So few signatures are checked at once: going to a thread and back takes as long as one of them."""

Check = Callable[[Replica, Sequence[CommitParts]], Awaitable[list[Checked]]]
"""How a conversation checks form and signatures; a simulation brings one without threads."""


async def in_a_thread(replica: Replica, batch: Sequence[CommitParts]) -> list[Checked]:
    """Check form and signatures, of many commits in a worker thread.

    If cancelled, the thread finishes and its result is dropped.
    """
    if len(batch) <= CHECKED_INLINE_MAX:
        return replica.check_untrusted(batch)
    return await trio.to_thread.run_sync(replica.check_untrusted, batch, abandon_on_cancel=True)
