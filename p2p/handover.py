"""What a revoked device may still do: hand over its own commits, to a member that sets them aside.

The member has shown it the control chain up to its revocation, and nothing after. The revoked device offers what it
made, the member wants what it lacks of that and takes nothing else. No digest is compared and nothing flows back.
Whether any of it counts, people decide later.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from p2p.errors import RemoteProtocolError
from p2p.limits import HANDOVER_OFFERS_MAX, OFFER_IDS_MAX
from p2p.local import Local
from p2p.messages import PREFIX_BYTES, SHARE, Commits, Message, Offer, Want
from p2p.outflow import Outflow

NO_SHARE: Final = b""
"""The share id in the messages of a handover: nothing is shared."""
_SCOPES_MAX: Final = 1024


class _OwnCommits(Outflow):
    """The queue of this device's own commits: all of them may go to whoever takes them."""

    def _may_give(self, tree: int, scope: str) -> bool:
        return True


class Giving:
    """The revoked device's side.

    Args:
        me: its device id.
        peer: device id of the member.
        send: takes each message.
    """

    def __init__(self, local: Local, me: bytes, peer: bytes, send: Callable[[Message], None]) -> None:
        self._send = send
        self._offers = _offers(local.made_by(me))
        self._offered = True
        self.outflow = _OwnCommits(local, peer, send)
        self._offer_next()

    def _offer_next(self) -> None:
        ids = next(self._offers, None)
        self._offered = ids is not None
        if ids is not None:
            self._send(Offer(SHARE, NO_SHARE, ids))

    def wanted(self, message: Want) -> None:
        """Queue what the member lacks of the last offer, and offer more.

        Raises:
            RemoteProtocolError: nothing was offered, or more is wanted than ids.
        """
        items = [(scope, prefixes) for scope, prefixes in message.items if prefixes is not None]
        if not self._offered or len(items) < len(message.items):
            raise RemoteProtocolError("unexpected", "the peer wants what was not offered to it")
        self.outflow.wanted(message.number, SHARE, items)
        self._offer_next()

    @property
    def done(self) -> bool:
        """Whether all was offered, and what was wanted of it is stored there."""
        return not self._offered and self.outflow.idle


class Taking:
    """The member's side.

    Args:
        send: takes each message.
    """

    def __init__(self, local: Local, send: Callable[[Message], None]) -> None:
        self._local = local
        self._send = send
        self._offers = 0
        self._open: set[int] = set()

    def offered(self, message: Offer) -> None:
        """Want what of an offer is not here.

        Raises:
            RemoteProtocolError: more is offered than anybody has made.
        """
        self._offers += 1
        if self._offers > HANDOVER_OFFERS_MAX:
            raise RemoteProtocolError("too-many", "more is offered than a device can have made")
        items: list[tuple[str, bytes | None]] = []
        for scope, offered in message.ids:
            listed = [offered[at : at + PREFIX_BYTES] for at in range(0, len(offered), PREFIX_BYTES)]
            lacking = self._local.lacking(scope, listed)
            if lacking:
                items.append((scope, b"".join(lacking)))
        self._open.add(self._offers)
        self._send(Want(self._offers, SHARE, NO_SHARE, items, answers_offer=True))

    def came(self, message: Commits) -> None:
        """Let through only what was wanted.

        Raises:
            RemoteProtocolError: it was not.
        """
        if message.number not in self._open:
            raise RemoteProtocolError("unexpected", "the peer sent commits that nobody wanted")
        if message.last:
            self._open.discard(message.number)


def _offers(made: Iterator[tuple[str, Sequence[bytes]]]) -> Iterator[list[tuple[str, bytes]]]:
    """What was made, in as many offers as it needs."""
    offer: list[tuple[str, bytes]] = []
    size = 0
    for scope, ids in made:
        for at in range(0, len(ids), OFFER_IDS_MAX):
            part = ids[at : at + OFFER_IDS_MAX]
            if offer and (size + len(part) > OFFER_IDS_MAX or len(offer) >= _SCOPES_MAX):
                yield offer
                offer, size = [], 0
            offer.append((scope, b"".join(commit_id[:PREFIX_BYTES] for commit_id in part)))
            size += len(part)
    if offer:
        yield offer
