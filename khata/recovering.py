"""`khata recover`: the books of a lost head office, brought back on an empty machine with the recovery phrase.

It may break off anywhere and be run again with the same phrase: what was received is kept, and the place of the keeper
is taken once.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import trio

from khata.beginning import checked_branch, joining_books
from khata.books import Books, fill_tables
from khata.errors import BooksError, NotInSync
from khata.folder import BooksFolder
from khata.projection import BooksProjection
from khata.syncing import Watch, sync_once, without_waiting
from p2p.chain import Chain
from p2p.errors import ProtocolError
from p2p.identity import AUTHOR_BYTES, DeviceKeys, Random
from p2p.introduction import ANY_COMPANY
from p2p.limits import NAME_CHARS_MAX, SERIES_CHARS_MAX
from p2p.node import Node, Outcome
from p2p.recovering import company_told, recover
from p2p.recovery import recovery_keys
from p2p.replica import Replica
from p2p.store import Store
from p2p.transport import TlsNetwork, Unreachable, parse_address


class Wanted(NamedTuple):
    """What the new device is to be: branch and code may be empty, for the lost keeper's and for a free one."""

    name: str = ""
    branch: str = ""
    code: str = ""


class Recovered(NamedTuple):
    """How it ended: the books, the device whose place was taken, and how far synchronizing came."""

    books: Books
    lost: str
    outcomes: list[Outcome]

    @property
    def in_sync(self) -> bool:
        """Whether these books are proved to agree with another copy."""
        return any(outcome.in_sync for outcome in self.outcomes)


def recover_books(
    folder: BooksFolder,
    phrase: str,
    addresses: Sequence[str],
    user: str,
    wanted: Wanted,
    timeout_seconds: float,
    watch: Watch | None = None,
    random: Random = os.urandom,
) -> Recovered:
    """Become the keeper in an empty folder, and receive all that this device may hold.

    Args:
        phrase: the 24 words.
        addresses: of members or relays; each is tried until one has answered.
        user: who works here.

    Raises:
        BadPhrase: the words are no phrase.
        NotInSync: nobody answered, nobody knows the phrase, or it broke off; it may be repeated.
        BooksError: the folder holds something else, or there is no such branch or code.
        NotRecovered, ChainError: the place of the keeper could not be taken; nothing was changed.
    """
    recovery = recovery_keys(phrase)
    for address in addresses:
        parse_address(address)
    company = _find_company(recovery, addresses, timeout_seconds)
    books = joining_books(folder, company, user, random)
    try:
        if books.replica.chain.member(books.replica.keys.id) is None:
            _receive_control(books, recovery, addresses, timeout_seconds)
            books = take_place(books, recovery, wanted)
        lost = _keeper_before(books)
        return Recovered(books, lost, sync_once(books, addresses, timeout_seconds, watch))
    except BaseException:
        books.close()
        raise


def _find_company(recovery: DeviceKeys, addresses: Sequence[str], timeout_seconds: float) -> bytes:
    """Ask whose phrase it is."""
    store = Store.open(Path(":memory:"))
    errors = []
    try:
        for address in addresses:
            outcome = _converse(Replica(store, recovery, ANY_COMPANY), address, timeout_seconds)
            company = company_told(outcome)
            if company is not None:
                return company
            errors.append(f"{address}: {_why(outcome)}")
    finally:
        store.close()
    raise NotInSync(f"no company was found with this phrase ({'; '.join(errors)}); try --peer with another device")


def _why(outcome: Outcome) -> str:
    unknown = outcome.goodbye == "unknown-device"
    return "it knows no company with this phrase" if unknown else outcome.error or "the conversation broke off"


def _receive_control(books: Books, recovery: DeviceKeys, addresses: Sequence[str], timeout_seconds: float) -> None:
    """Receive the control chain and what lies in `control`, from the first that answers to the end."""
    errors = []
    with without_waiting(books):
        for address in addresses:
            replica = Replica(books.replica.store, recovery, books.company)
            outcome = _converse(replica, address, timeout_seconds)
            if outcome.in_sync:
                return
            errors.append(f"{address}: {outcome.error or 'the conversation broke off'}")
    raise NotInSync(f"the list of who may do what did not come ({'; '.join(errors)}); run it again to go on")


def _converse(replica: Replica, address: str, timeout_seconds: float) -> Outcome:
    async def conversing() -> Outcome:
        return await Node(replica, TlsNetwork()).sync(address, timeout_seconds)

    try:
        return trio.run(conversing)
    except (Unreachable, ProtocolError) as error:
        return Outcome(address, address, False, 0, 0, str(error), None, reached=False)


def take_place(books: Books, recovery: DeviceKeys, wanted: Wanted) -> Books:
    """The same books, opened anew as the keeper's, once `control` has come. Does nothing where it was done before.

    Raises:
        NotRecovered: the phrase is not this company's, or keys are missing; nothing was written.
    """
    sealer = books.replica.sealer
    replica = Replica(books.replica.store, books.replica.keys, books.company)
    branch = _branch(replica.chain, wanted.branch)
    named = replica.chain.branches[branch].name
    series = wanted.code.upper() or _free_series(replica.chain, branch)
    name, series = checked_branch(wanted.name or _device_name(named, series), series)
    store, keys = books.replica.store, books.replica.keys
    held = recover(store, keys, recovery, name, branch, series, books.now(), BooksProjection(), books.random, sealer)
    fill_tables(held)
    return Books(held, books.user, books.folder, books.now, books.random)


def _branch(chain: Chain, text: str) -> str:
    """The code of the branch that is meant; of the lost keeper's, where none is named."""
    if not text:
        keeper = chain.member(chain.keeper)
        return keeper.branch if keeper is not None else next(iter(chain.branches))
    wanted = text.strip().casefold()
    found = [one.code for one in chain.branches.values() if wanted in (one.code, one.name.casefold())]
    if not found:
        names = ", ".join(f"{one.name} ({one.code.upper()})" for one in chain.branches.values())
        raise BooksError(f"there is no branch {text!r}; there are {names}")
    return found[0]


def _free_series(chain: Chain, branch: str) -> str:
    """A code that no device ever had: that of the branch with a digit behind it."""
    taken = {member.series for member in chain.members.values()}
    letters = "".join(character for character in branch.upper() if character.isalnum())
    for number in range(2, 100):
        series = letters[: SERIES_CHARS_MAX - len(str(number))] + str(number)
        if series not in taken:
            return series
    raise BooksError("no code for voucher numbers is free that begins like the branch's; name one with --code")


def _device_name(branch: str, series: str) -> str:
    """What the new device is called where nobody says: its branch, as far as there is room, and its code."""
    return f"{branch[: NAME_CHARS_MAX - len(series) - 1].rstrip()} {series}"


def _keeper_before(books: Books) -> str:
    """The name of the device whose place this one took; empty where it has lost it again since."""
    chain = books.replica.chain
    member = chain.member(books.replica.keys.id)
    if member is None or chain.keeper != member.device:
        return ""
    return books.device_name(chain.keeper_at(member.admitted_at - 1)[:AUTHOR_BYTES])
