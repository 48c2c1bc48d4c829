"""Books that are served: listening, calling, pushing what is saved, and answering the other commands."""

import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import trio

from crdt_models.packing import Value
from khata.books import Books
from khata.branching import check_address
from khata.chores import chores_of
from khata.daemon import POKE, RESTART, STATUS, listen
from khata.folder import BooksFolder
from khata.rules.steps import RuleSteps, Step, steps_taken
from khata.syncing import without_waiting
from p2p.contact import EVENTS_KEPT_MAX, Contact, Event
from p2p.conversation import patiently
from p2p.device_notes import ADDRESSES, save_note
from p2p.discovery import Lan, look_around
from p2p.errors import P2PError, StoreError
from p2p.node import Node, Said
from p2p.transport import TlsNetwork, parse_address
from p2p.whereabouts import can_be_called, is_loopback

_EVENTS_SECONDS: Final = 1.0


class Wishes(NamedTuple):
    """How a node is to serve.

    Attributes:
        listen: where; None to only call others.
        peers: addresses to keep calling, besides those known.
        announce: where others can reach this device; empty: where it listens, if that is an address others can use.
        lan: whether to look for others on the local network, and be seen there; None: unless it listens on loopback.
    """

    listen: str | None
    peers: Sequence[str] = ()
    announce: Sequence[str] = ()
    lan: bool | None = None


def serve(books: Books, wishes: Wishes, tell: Callable[[Said], None]) -> None:
    """Keep in touch until Ctrl-C or SIGTERM: listen, dial peers, push what is saved, answer other commands.

    Args:
        tell: takes each event for the log.

    Raises:
        BooksError: another process serves these books.
        Unreachable: the address cannot be listened on, or one of the addresses is none.
    """
    folder = books.folder
    assert folder is not None
    for named in (*([wishes.listen] if wishes.listen else ()), *wishes.peers):
        parse_address(named)
    for named in wishes.announce:
        check_address(named)
    events: deque[Event] = deque(maxlen=EVENTS_KEPT_MAX)

    def told(said: Said) -> None:
        events.append(Event(books.now(), said.event, said.peer, said.text))
        tell(said)

    with folder.serving(), without_waiting(books):
        try:
            trio.run(_serve, books, folder, wishes, told, events)
        finally:
            _keep(books, events)


def _tell_rules(steps: RuleSteps, tell: Callable[[Said], None], known: dict[bytes, Step]) -> bool:
    """Tell which rules stand otherwise than when this was last asked; nothing is written."""
    now = steps.now()
    for line in steps_taken(known, now):
        tell(Said("rule", "", line))
    known.update(now)
    return False


async def _serve(
    books: Books, folder: BooksFolder, wishes: Wishes, tell: Callable[[Said], None], events: deque[Event]
) -> None:
    steps = RuleSteps(books)
    node = Node(
        books.replica,
        TlsNetwork(),
        tell=tell,
        chores=[*chores_of(books), partial(_tell_rules, steps, tell, steps.now())],
    )
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            await nursery.start(listen, folder, partial(_answer, node))
            nursery.start_soon(_stop_on_signal, node, signals)
            nursery.start_soon(_keep_events, books, events)
            async with trio.open_nursery() as serving:
                listening = await serving.start(node.serve, wishes.listen, wishes.peers)
                tell(Said("listening", listening or "", f"listening on {listening}" if listening else "not listening"))
                await _announce(books, wishes.announce or _listened_at(listening), tell)
                node.poke()
                if listening is not None and (not is_loopback(listening) if wishes.lan is None else wishes.lan):
                    nursery.start_soon(_look_around, node, listening, tell)
            nursery.cancel_scope.cancel()
    tell(Said("stopped", "", "stopped; everything acknowledged is stored"))


async def _keep_events(books: Books, events: deque[Event]) -> None:
    while True:
        await trio.sleep(_EVENTS_SECONDS)
        _keep(books, events)


def _keep(books: Books, events: deque[Event]) -> None:
    """Write down what happened; when another process is writing, a moment later."""
    noted = list(events)
    try:
        if noted:
            Contact(books.replica.store).note(noted)
            events.clear()
    except StoreError:
        # Events are for people to read, and nothing depends on them.
        return


async def _stop_on_signal(node: Node, signals: AsyncIterator[int]) -> None:
    async for _ in signals:
        node.stop()


async def _look_around(node: Node, listening: str, tell: Callable[[Said], None]) -> None:
    assert node.dialling is not None
    lan = Lan(node.replica.company, node.keys.id, listening)
    await look_around(lan, node.dialling.sees, lambda text: tell(Said("failed", "", text)))


async def _announce(books: Books, addresses: Sequence[str], tell: Callable[[Said], None]) -> None:
    """Tell the other devices where this one can be reached, when it is somewhere else than it says."""
    named: list[Value] = [address for address in addresses if can_be_called(address)]
    if named:
        try:
            await patiently(lambda: save_note(books.replica, {ADDRESSES: named}, books.user, books.now()))
        except P2PError as error:
            tell(Said("failed", "", f"where this device can be reached could not be said to the others: {error}"))


def _listened_at(address: str | None) -> list[str]:
    """Where others reach a device that listens there; nowhere when that is this machine alone, or all its addresses."""
    return [address] if address is not None and can_be_called(address) and not is_loopback(address) else []


def _answer(node: Node, command: str, arguments: list[str]) -> dict[str, Any]:
    if command == POKE:
        node.poke()
        return {"connected": _connected(node)}
    if command == STATUS:
        return {"listening": node.listening_at, "peers": _connected(node)}
    if command == RESTART:
        return {"dropped": node.restart({bytes.fromhex(device) for device in arguments if _is_id(device)})}
    return {}


def _is_id(text: str) -> bool:
    return len(text) == 64 and all(digit in "0123456789abcdef" for digit in text)


def _connected(node: Node) -> list[dict[str, Any]]:
    """The peers that are connected and have proved who they are, with what passed so far."""
    return [
        {
            "device": conversation.peer.hex(),
            "in_sync": conversation.session.in_sync,
            "seconds": round(conversation.seconds, 3),
            "bytes_received": conversation.traffic.received,
            "bytes_sent": conversation.traffic.sent,
            "received": conversation.received,
            "sent": conversation.sent,
        }
        for conversation in node.conversations
        if conversation.is_open and conversation.peer is not None
    ]
