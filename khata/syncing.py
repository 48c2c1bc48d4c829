"""Books in touch with others: serving, synchronizing once, joining. The machinery is `p2p`; here it meets the books."""

import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import trio

from khata.books import Books
from khata.chores import chores_of
from khata.daemon import POKE, STATUS, listen
from khata.errors import BooksError, NotInSync
from khata.folder import BooksFolder
from khata.relay_join import Say, join_through_relays
from p2p.admission import join_with
from p2p.errors import ProtocolError
from p2p.introduction import Join
from p2p.invite import Relay, Ticket, check_code
from p2p.node import Node, Outcome, Said
from p2p.transport import TlsNetwork, Unreachable, parse_address

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


def known_addresses(books: Books) -> list[str]:
    """Where members of the company were reached before, by device id."""
    members = books.replica.chain
    return [
        link.address
        for link in books.replica.links.statuses()
        if link.address and (member := members.member(link.device)) is not None and member.revoked_at is None
    ]


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
            _note_error(books, outcome.address, outcome.error)
    return outcomes


def _note_error(books: Books, address: str, error: str | None) -> None:
    """Keep why a peer that was met at an address before was not in sync now, for `khata status`."""
    links = books.replica.links
    for link in links.statuses():
        if link.address == address:
            links.note(link.device, link.missing_here, link.missing_there, error)


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


# -- serving ----------------------------------------------------------------------------------------------------------


def serve(books: Books, address: str | None, peers: Sequence[str], tell: Callable[[Said], None]) -> None:
    """Keep in touch until Ctrl-C or SIGTERM: listen, dial peers, push what is saved, answer other commands.

    Args:
        address: where to listen; None to only dial.
        peers: addresses to keep dialling.
        tell: takes each event for the log.

    Raises:
        BooksError: another process serves these books.
        Unreachable: the address cannot be listened on, or one of the addresses is none.
    """
    folder = books.folder
    assert folder is not None
    for named in (*([address] if address else ()), *peers):
        parse_address(named)
    with folder.serving(), without_waiting(books):
        trio.run(_serve, books, folder, address, peers, tell)


async def _serve(
    books: Books, folder: BooksFolder, address: str | None, peers: Sequence[str], tell: Callable[[Said], None]
) -> None:
    node = Node(books.replica, TlsNetwork(), tell=tell, chores=chores_of(books))
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            await nursery.start(listen, folder, lambda command: _answer(node, command))
            nursery.start_soon(_stop_on_signal, node, signals)
            async with trio.open_nursery() as serving:
                listening = await serving.start(node.serve, address, peers)
                tell(Said("listening", listening or "", f"listening on {listening}" if listening else "not listening"))
            nursery.cancel_scope.cancel()
    tell(Said("stopped", "", "stopped; everything acknowledged is stored"))


async def _stop_on_signal(node: Node, signals: AsyncIterator[int]) -> None:
    async for _ in signals:
        node.stop()


def _answer(node: Node, command: str) -> dict[str, Any]:
    if command == POKE:
        node.poke()
        return {"connected": len(_connected(node))}
    if command == STATUS:
        return {"listening": node.listening_at, "peers": _connected(node)}
    return {}


def _connected(node: Node) -> list[dict[str, Any]]:
    """The peers that are connected and have proved who they are."""
    return [
        {"device": conversation.session.peer.hex(), "in_sync": conversation.session.in_sync}
        for conversation in node.conversations
        if conversation.was_established and conversation.session.peer is not None
    ]
