"""Small companies for tests: books in memory, vouchers in a line of text, copies that meet without a network."""

import random as randomness
import sqlite3
from collections.abc import Callable
from functools import cache
from typing import Any

from khata.beginning import start_books
from khata.books import Books, Change, with_tables
from khata.contents import CONTENTS
from khata.entering import Entered, alter_form, enter_form
from khata.entering_masters import SavedMaster, add_master
from khata.projection import BooksProjection
from khata.voucher_lookup import VoucherName, find_voucher
from p2p.chain import READ_DEFAULT, WRITE_DEFAULT, BranchAdded, Grant
from p2p.founding import admit_device, append
from p2p.identity import DeviceKeys
from p2p.replica import Replica
from p2p.store import Store
from tests.p2p.copies import Line, agree, keys_of
from tests.p2p.copies import sync as converse
from tests.p2p.made_once import beside, generator_of, keeping, made_once, replicas_of
from tests.p2p.stores import a_store, store_of

NOW = 1_790_000_000_000
EVERYTHING = Grant(READ_DEFAULT, WRITE_DEFAULT)


class Clock:
    """A clock that moves a second on every look."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        self.now += 1000
        return self.now


def seeded(seed: object) -> Callable[[int], bytes]:
    """Random bytes that are the same in every run."""
    return randomness.Random(str(seed)).randbytes


@made_once
def a_company(name: str = "Sharma Traders", seed: object = "HO") -> Books:
    """The head office of a new company, in memory."""
    random = seeded(seed)
    keys, recovery = DeviceKeys.generate(random), DeviceKeys.generate(random)
    store = a_store_with_tables()
    return start_books(store, keys, recovery, name, "Head Office", "HO", "asha", None, Clock(), random)


def a_branch(office: Books, name: str, code: str = "", store: Store | None = None) -> Books:
    """A branch of the company, admitted and in sync with its head office."""
    if store is None:
        replica = beside(office.replica, (name, code), lambda: _admitted(office, name, code, None).replica)
        office.names.forget()
        return Books(replica, name.lower(), None, Clock(), generator_of(replica).randbytes)
    return _admitted(office, name, code, store)


def _admitted(office: Books, name: str, code: str, store: Store | None) -> Books:
    random, code = seeded(name), code or name[:3].upper()
    keys = DeviceKeys.generate(random)
    if code.lower() not in office.replica.chain.branches:
        append(office.replica, BranchAdded(time=NOW, code=code.lower(), name=name))
    admit_device(office.replica, (keys.public, keys.seal_public), name, code.lower(), code, EVERYTHING, NOW)
    members = list(office.replica.chain.members.values())
    for member in [one for one in members if one.branch != code.lower() and one.revoked_at is None]:
        agree(office.replica, office.replica.keys if member.series == "HO" else keys_of(member.name), keys)
    replica = Replica(store or a_store_with_tables(), keys, office.company, BooksProjection(), random)
    replica.extend_chain(office.replica.chain_entries(-1))
    books = Books(replica, name.lower(), None, Clock(), random)
    sync(books, office)
    return books


def second_device(office: Books) -> Books:
    """Another device of Pune, admitted and still empty."""
    random = seeded("Pune 2")
    keys = DeviceKeys.generate(random)
    admit_device(office.replica, (keys.public, keys.seal_public), "Pune 2", "pun", "PUN2", EVERYTHING, NOW)
    replica = Replica(a_store_with_tables(), keys, office.company, BooksProjection(), random)
    replica.extend_chain(office.replica.chain_entries(-1))
    return Books(replica, "pune 2", None, Clock(), random)


@keeping.register
def _(made: Books) -> Callable[[], Books]:
    assert isinstance(made.now, Clock)
    again, user, now = keeping(made.replica), made.user, made.now.now

    def books() -> Books:
        replica = again()
        return Books(replica, user, None, Clock(now), generator_of(replica).randbytes)

    return books


@replicas_of.register
def _(made: Books) -> list[Replica]:
    return [made.replica]


def a_store_with_tables() -> Store:
    """An empty store with the tables of the books in it."""
    return store_of(_empty_with_tables())


@cache
def _empty_with_tables() -> sqlite3.Connection:
    return with_tables(a_store()).conn


def sync(first: Books, second: Books) -> Line:
    """Let two copies converse until both say that they are in sync."""
    line = converse(first.replica, second.replica)
    assert line.in_sync
    first.names.forget()
    second.names.forget()
    return line


def ledger(books: Books, name: str, group: str = "Sundry Debtors", **fields: object) -> SavedMaster:
    """Add a ledger."""
    return add_master(books, "ledger", name, {"group": books.names.find("group", group).document, **fields})


def voucher(books: Books, type: str, entries: str, date: str = "2026-04-02", **fields: object) -> Entered:
    """Enter a voucher, its entries written as "Cash 500 / Asha -500"."""
    return enter_form(books, {"type": type, "date": date, "entries": entries_of(entries), **fields})


def alter(books: Books, which: str, entries: str = "", version: str = "", **fields: object) -> Entered:
    """Alter a voucher."""
    form = {**fields, **({"entries": entries_of(entries)} if entries else {})}
    return alter_form(books, found(books, which), form, version)


def found(books: Books, which: str) -> VoucherName:
    """The voucher that is meant."""
    return find_voucher(books.db, books.names, which)


def entries_of(text: str) -> list[dict[str, str]]:
    """The entries in "Cash 500 / Asha -500"."""
    pairs = [part.strip().rpartition(" ") for part in text.split(" / ")]
    return [{"ledger": name, "amount": amount} for name, _, amount in pairs]


def put(books: Books, scope: str, kind: str, id: bytes, **registers: object) -> bytes:
    """Save registers past every rule, as another version or a hostile member could; returns the commit's id."""
    values: dict[str, Any] = registers
    change = Change(kind, id, values, ())
    return books.save(scope, [change])[0].id


def contents(books: Books) -> dict[str, list[tuple[object, ...]]]:
    """What every table says, without local ids."""
    return {name: books.db.execute(query).fetchall() for name, query in CONTENTS.items()}
