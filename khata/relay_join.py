"""Joining through a relay: a letter is left there for the head office, which may be online at another time."""

from collections.abc import Awaitable, Callable
from typing import Final

import trio

from khata.books import Books
from khata.errors import BooksError
from p2p.errors import ProtocolError, TicketError
from p2p.invite import Relay, Ticket
from p2p.letter_box import SlotClosed, leave_letter
from p2p.letters import open_refusal_untrusted, write_letter
from p2p.node import Outcome
from p2p.transport import TlsNetwork, Unreachable

Say = Callable[[str], None]
"""Takes a sentence for whoever waits."""
Meet = Callable[[Relay], Awaitable[Outcome]]
"""Converses with a relay as a member does; it knows us once the head office has admitted us."""

POLL_SECONDS_MIN: Final = 1.0
POLL_SECONDS_MAX: Final = 30.0


async def join_through_relays(
    books: Books, ticket: Ticket, name: str, timeout_seconds: float, meet: Meet, say: Say
) -> Outcome:
    """Leave a letter at the relays in a ticket, and come back until the head office has admitted this device.

    Args:
        name: what others will call this device.
        meet: how to converse with a relay.

    Raises:
        BooksError: the head office has refused the ticket.
    """
    letter = write_letter(ticket, books.replica.keys, name)
    outcome = Outcome(ticket.relays[0].address, "", False, 0, 0, None, None, reached=False)
    told, pause = False, POLL_SECONDS_MIN
    with trio.move_on_after(timeout_seconds):
        while True:
            for relay in ticket.relays:
                outcome = await meet(relay)
                if books.replica.chain.member(books.replica.keys.id) is not None:
                    return outcome
                error = await _leave(books, ticket, relay, letter)
                if error is None and not told:
                    say(f"left a letter for the head office at the relay {relay.address}; waiting until it has come")
                    told = True
                outcome = outcome._replace(error=error or _WAITING, goodbye=None)
            await trio.sleep(pause)
            pause = min(pause * 1.5, POLL_SECONDS_MAX)
    return outcome


_WAITING: Final = (
    "the head office has not been in touch with the relay since; it admits this device when it is, so run `khata join` "
    "in this folder again later"
)


async def _leave(books: Books, ticket: Ticket, relay: Relay, letter: bytes) -> str | None:
    """Leave the letter at one relay; why that was not possible, or None.

    Raises:
        BooksError: the head office has answered that it refuses the ticket.
    """
    try:
        answer = await leave_letter(TlsNetwork(), relay, ticket.slot, letter)
    except (Unreachable, SlotClosed, ProtocolError) as error:
        return str(error)
    if not answer:
        return None
    try:
        reason = open_refusal_untrusted(books.replica.keys, ticket, answer)
    except TicketError:
        # A letter to an earlier attempt with other keys, or a relay that makes things up: nothing the head office said.
        return None
    raise BooksError(f"joining was refused: {reason}; run `khata join` in this folder again with the new one")
