"""Books in touch with others: synchronizing once, joining. The machinery is `p2p`; here it meets the books."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

import trio

from khata.books import Books
from khata.chores import chores_of
from khata.errors import BooksError, NotInSync
from khata.peers import named_peers
from khata.relay_join import Say, join_through_relays
from p2p.admission import join_with
from p2p.attending import is_hub, shares_with
from p2p.chain_members import Member
from p2p.contact import Contact, Event
from p2p.errors import ProtocolError
from p2p.introduction import Join
from p2p.invite import Relay, Ticket, check_code
from p2p.node import Node, Outcome
from p2p.transport import TlsNetwork, Unreachable
from p2p.whereabouts import lines, others

Watch = Callable[["Counts"], None]
"""Told now and then how far a synchronization has come."""

_WATCH_SECONDS: Final = 0.1
REFUSED_TICKET: Final = "ticket"
"""The word with which an inviter says goodbye to a ticket it refuses."""


class Counts(NamedTuple):
    """How many commits were received and sent so far, and how many the peer holds (None: not known yet)."""

    received: int
    sent: int
    here: int
    there: int | None


def reachable(books: Books) -> list[Member]:
    """The devices that `khata sync` goes to by itself: those whose address is known and that are not paused.

    Those with which nothing is shared are left to those they share something with, unless they were met before.
    """
    replica = books.replica
    where, paused = lines(replica), Contact(replica.store).paused()
    met = {link.device for link in replica.links.statuses() if link.address}
    return [
        one
        for one in others(replica)
        if one.device in where
        and one.device not in paused
        and (one.device in met or is_hub(replica, one.device) or shares_with(replica, one.device))
    ]


def members_to_sync(books: Books, names: Sequence[str]) -> list[Member]:
    """The devices that `khata sync` is to go to.

    Raises:
        NotFound: no other device is called so.
        BooksError: one that was named is paused; nobody was, and there is none to go to.
    """
    paused = Contact(books.replica.store).paused()
    if not names:
        return reachable(books) or _nobody(books, paused)
    members = named_peers(books, names)
    for member in members:
        if member.device in paused:
            raise BooksError(
                f"synchronizing with {member.name} is paused; `khata resume` goes on, or name an address with --peer "
                "to synchronize this once"
            )
    return members


def _nobody(books: Books, paused: Collection[bytes]) -> list[Member]:
    """Say why there is nobody to go to."""
    held = [one.name for one in others(books.replica) if one.device in paused and one.device in lines(books.replica)]
    if held:
        raise BooksError(f"synchronizing with {' and '.join(held)} is paused; `khata resume` goes on")
    raise BooksError("no address of another device is known here; name one with --peer HOST:PORT")


# -- once -------------------------------------------------------------------------------------------------------------


def sync_once(
    books: Books, addresses: Sequence[str], timeout_seconds: float, watch: Watch | None = None
) -> list[Outcome]:
    """Synchronize with each address in turn; return how each ended.

    Raises:
        StoreError: the disk refuses; what was acknowledged is kept.
    """

    async def all_of_them() -> list[Outcome]:
        return [await sync_with(books, address, timeout_seconds, watch) for address in addresses]

    with without_waiting(books):
        outcomes = trio.run(all_of_them)
    for outcome in outcomes:
        if not outcome.in_sync:
            met = (link.device for link in books.replica.links.statuses() if link.address == outcome.address)
            _note_failure(books, set(met), outcome)
    return outcomes


def sync_devices(
    books: Books, members: Sequence[Member], timeout_seconds: float, watch: Watch | None = None
) -> list[Outcome]:
    """Synchronize with each device, at the first of its addresses where it answers; return how each ended.

    Raises:
        StoreError: the disk refuses; what was acknowledged is kept.
    """
    where = lines(books.replica)

    async def one_device(member: Member) -> Outcome:
        line = where.get(member.device)
        outcome = _out_of_reach(member, "", f"no address of {member.name} is known; name one with --peer HOST:PORT")
        for address in line.addresses if line is not None else ():
            found = await sync_with(books, address, timeout_seconds, watch, expected=member.device)
            outcome = found if found.reached else _out_of_reach(member, address, found.error or "")
            if found.reached:
                break
        return outcome

    async def all_of_them() -> list[Outcome]:
        return [await one_device(member) for member in members]

    with without_waiting(books):
        outcomes = trio.run(all_of_them)
    for member, outcome in zip(members, outcomes, strict=True):
        if not outcome.in_sync:
            _note_failure(books, {member.device}, outcome)
    return outcomes


def _out_of_reach(member: Member, address: str, error: str) -> Outcome:
    return Outcome(address, member.name, False, 0, 0, error, None, reached=False)


def _note_failure(books: Books, devices: Collection[bytes], outcome: Outcome) -> None:
    """Keep why a peer was not in sync, for `khata events`, and of devices that were met before for `khata status`."""
    links = books.replica.links
    for link in links.statuses():
        if link.device in devices:
            links.note(link.device, link.missing_here, link.missing_there, outcome.error)
    Contact(books.replica.store).note([Event(books.now(), "not-in-sync", outcome.peer, outcome.error or "")])


async def sync_with(
    books: Books,
    address: str,
    timeout_seconds: float,
    watch: Watch | None,
    join: Join | None = None,
    expected: bytes | None = None,
) -> Outcome:
    """Synchronize with whoever answers at an address, in the loop that runs; nobody answering is an outcome too."""
    node = Node(books.replica, TlsNetwork(), chores=chores_of(books))
    async with trio.open_nursery() as nursery:
        if watch is not None:
            nursery.start_soon(_keep_watching, node, watch)
        try:
            outcome = await node.sync(address, timeout_seconds, join, expected)
        except (Unreachable, ProtocolError) as error:
            outcome = Outcome(address, address, False, 0, 0, str(error), None, reached=False)
        nursery.cancel_scope.cancel()
    return outcome


async def _keep_watching(node: Node, watch: Watch) -> None:
    while True:
        for conversation in node.conversations:
            exchanges = conversation.session.exchanges
            here, there = exchanges[1].counts if exchanges is not None else (0, None)
            watch(Counts(conversation.received, conversation.sent, here, there))
        await trio.sleep(_WATCH_SECONDS)


@contextmanager
def without_waiting(books: Books) -> Iterator[None]:
    """Let a busy store raise at once, since waiting for the lock would hold up every conversation; they try again."""
    (before,) = books.db.execute("PRAGMA busy_timeout").fetchone()
    books.db.execute("PRAGMA busy_timeout=0")
    try:
        yield
    finally:
        books.db.execute(f"PRAGMA busy_timeout={int(before)}")


# -- joining ----------------------------------------------------------------------------------------------------------


class Joined(NamedTuple):
    """How joining ended. `code` is what both ends show, once this device was admitted."""

    outcome: Outcome
    code: str


def join_company(
    books: Books,
    ticket: Ticket,
    name: str,
    timeout_seconds: float,
    watch: Watch | None = None,
    say: Say = lambda _text: None,
) -> Joined:
    """Show the ticket at the addresses in it, be admitted, and receive everything. May be repeated with one ticket.

    Where none of them answers, a letter is left at a relay in the ticket, and its answer waited for.

    Args:
        books: from `beginning.joining_books`.
        name: what others will call this device.
        say: told that a letter was left.

    Raises:
        NotInSync: nobody could be reached, or it broke off; the message says what to do.
        BooksError: the ticket was refused.
    """

    async def try_each() -> Outcome:
        last: Outcome | None = None
        for address in ticket.addresses:
            join = join_with(ticket, books.replica.keys, name, books.replica.chain_head())
            last = await sync_with(books, address, timeout_seconds, watch, join, ticket.inviter)
            if last.in_sync or last.goodbye is not None:
                return last
        if ticket.relays:
            return await join_through_relays(books, ticket, name, timeout_seconds, meet, say)
        if last is None:
            raise NotInSync("the ticket names no address; ask for one made with --address HOST:PORT")
        return last

    async def meet(relay: Relay) -> Outcome:
        return await sync_with(books, relay.address, timeout_seconds, watch, None, relay.device)

    with without_waiting(books):
        outcome = trio.run(try_each)
    if books.replica.chain.member(books.replica.keys.id) is None:
        reason = outcome.error or "the head office did not answer"
        if outcome.goodbye == REFUSED_TICKET:
            raise BooksError(f"joining was refused: {reason}; run `khata join` in this folder again with the new one")
        raise NotInSync(f"joining did not succeed: {reason}. The same ticket may be tried again until it is used")
    return Joined(outcome, joining_code(books, ticket))


def joining_code(books: Books, ticket: Ticket) -> str:
    """The code that this device and the inviter both show; people may compare it."""
    inviter = books.replica.chain.member(ticket.inviter)
    public = inviter.public if inviter is not None else b""
    return check_code(books.replica.keys.public, public, books.company, ticket.secret)
