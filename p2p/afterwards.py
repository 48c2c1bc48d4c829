"""What is remembered of a conversation when it is over."""

from p2p.conversation import Conversation, patiently
from p2p.status import missing_here, missing_there


async def note_end(conversation: Conversation) -> None:
    """Note how far the peer is behind or ahead, and what went wrong.

    Raises:
        StoreError: the disk refuses; nothing was noted.
    """
    peer, exchanges = conversation.session.peer, conversation.session.exchanges
    replica = conversation.replica
    if replica is None or peer is None:
        return
    if conversation.goodbye == "unknown-device":
        await patiently(lambda: replica.links.forget_meeting(peer))
    if exchanges is None or not conversation.was_established:
        return
    mine, theirs = exchanges[1].counts
    there = missing_there(replica, peer)
    here = missing_here(mine, theirs, there)
    await patiently(lambda: replica.links.note(peer, here, there, conversation.error))
