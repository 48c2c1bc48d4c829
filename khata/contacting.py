"""Pausing devices and working offline: what a person decides about being in touch, and a serving process told of it."""

from collections.abc import Sequence
from typing import NamedTuple

from khata.books import Books
from khata.daemon import POKE, RESTART, ask
from khata.errors import BooksError
from khata.peers import named_peers
from khata.syncing import Watch, reachable, sync_devices
from p2p.chain_members import Member
from p2p.contact import Contact
from p2p.node import Outcome


def pause(books: Books, names: Sequence[str]) -> list[Member]:
    """Exchange nothing with these devices, or with any, until they are resumed; open conversations end.

    Raises:
        NotFound: no other device is called so.
    """
    members = named_peers(books, names)
    Contact(books.replica.store).pause(member.device for member in members)
    _tell(books)
    return members


def resume(books: Books, names: Sequence[str]) -> list[Member]:
    """Exchange with these devices again, or with every one.

    Raises:
        NotFound: no other device is called so.
    """
    members = named_peers(books, names)
    Contact(books.replica.store).resume(member.device for member in members)
    _tell(books)
    return members


def restart(books: Books, names: Sequence[str]) -> int:
    """Let the serving process drop the connections to these devices, or to all, and call them at once.

    Returns:
        How many connections there were.

    Raises:
        NotFound: no other device is called so.
        BooksError: nothing serves these books.
    """
    members = named_peers(books, names)
    devices = [member.device.hex() for member in members]
    answer = ask(books.folder, RESTART, devices) if books.folder is not None else None
    if answer is None:
        raise BooksError("nothing serves these books, so there is no connection to restart; `khata serve` begins one")
    return int(answer.get("dropped", 0))


class Switch(NamedTuple):
    """How a switch between working offline and online went; `outcomes` are of the synchronization before it."""

    outcomes: list[Outcome]
    switched: bool


def switch(books: Books, offline: bool, anyway: bool, timeout_seconds: float, watch: Watch | None = None) -> Switch:
    """Synchronize with every device in reach, then switch; where something did not get through, only if `anyway`."""
    outcomes = sync_devices(books, reachable(books), timeout_seconds, watch)
    done = anyway or all(outcome.in_sync for outcome in outcomes)
    if done:
        Contact(books.replica.store).work_offline(offline)
        _tell(books)
    return Switch(outcomes, done)


def _tell(books: Books) -> None:
    if books.folder is not None:
        ask(books.folder, POKE)
