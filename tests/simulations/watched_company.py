"""Small companies in files, made by the real code, with an oracle that watches them."""

import sqlite3
from pathlib import Path

from khata.beginning import start_books
from khata.books import Books, with_tables
from khata.projection import BooksProjection
from p2p.chain import READ_RELAY, RELAY, Admitted, BranchAdded, Grant
from p2p.founding import admit_device, append
from p2p.grants import EVERYTHING, PRESETS
from p2p.identity import DeviceKeys
from p2p.replica import Replica
from p2p.sealing import seal_granted
from p2p.store import Store
from simulations.oracle import Oracle
from simulations.oracle.watched import Fault
from tests.khata.company import NOW, Clock, seeded
from tests.p2p.copies import Line, agree, keys_of
from tests.p2p.copies import sync as converse

OFFICE = "Head Office"
RELAY_NAME = "Cloud"


class Company:
    """A head office, branches and relays, each with its store in a file, and the oracle that watches them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.oracle = Oracle()
        self.books: dict[str, Books] = {}
        self.relays: dict[str, Replica] = {}
        random = seeded("HO")
        keys, recovery = DeviceKeys.generate(random), DeviceKeys.generate(random)
        self.recovery = recovery
        office = start_books(
            self._store(OFFICE), keys, recovery, "Sharma Traders", OFFICE, "HO", "asha", None, Clock(), random
        )
        self.books[OFFICE] = office
        self.oracle.add_device(OFFICE, self.path(OFFICE), keys.id, keys.seal_private.private_bytes_raw())

    def path(self, name: str) -> Path:
        return self.folder / f"{name.lower().replace(' ', '-')}.db"

    def _store(self, name: str) -> Store:
        return with_tables(Store.open(self.path(name)))

    @property
    def office(self) -> Books:
        return self.books[OFFICE]

    def branch(self, name: str, grant: str = EVERYTHING, rule: str = EVERYTHING, code: str = "") -> Books:
        """A device that is admitted, agrees on a rule with every branch before it, and is in sync with the office."""
        series = (code or name[:3]).upper()
        chain, keys = self.office.replica.chain, keys_of(name)
        others = {member.branch: member for member in chain.members.values() if member.branch}
        if series.lower() not in chain.branches:
            append(self.office.replica, BranchAdded(time=NOW, code=series.lower(), name=name))
        rights: Grant = PRESETS[grant](series.lower())
        seals = (keys.public, keys.seal_public)
        admit_device(self.office.replica, seals, name, series.lower(), series, rights, NOW)
        for member in others.values() if rule else ():
            known = self.office.replica.keys if member.series == "HO" else keys_of(member.name)
            agree(self.office.replica, known, keys, rule)
        replica = Replica(self._store(name), keys, self.office.company, BooksProjection(), seeded(name))
        replica.extend_chain(self.office.replica.chain_entries(-1))
        books = self.books[name] = Books(replica, name.lower(), None, Clock(), seeded(name))
        self.oracle.add_device(name, self.path(name), keys.id)
        self.sync(name, OFFICE)
        return books

    def relay(self) -> Replica:
        """A relay that is admitted and knows it."""
        keys = keys_of(RELAY_NAME)
        relayed = Admitted(
            time=NOW, key=keys.public, seal_key=keys.seal_public, name=RELAY_NAME, role=RELAY, read=READ_RELAY, write=()
        )
        office = self.office.replica
        append(office, relayed)
        member = office.chain.member(keys.id)
        assert member is not None
        seal_granted(office, member, NOW)
        relay = Replica(Store.open(self.path(RELAY_NAME)), keys, office.company, random=seeded(RELAY_NAME))
        relay.extend_chain(office.chain_entries(-1))
        self.relays[RELAY_NAME] = relay
        self.oracle.add_relay(RELAY_NAME, self.path(RELAY_NAME), keys.id)
        self.sync(OFFICE, RELAY_NAME)
        return relay

    def replica(self, name: str) -> Replica:
        return self.relays[name] if name in self.relays else self.books[name].replica

    def sync(self, one: str, other: str) -> Line:
        """One conversation to its end, after which both say that they are in sync."""
        line = converse(self.replica(one), self.replica(other))
        assert line.in_sync
        for name in (one, other):
            if name in self.books:
                self.books[name].names.forget()
        return line

    def meet(self) -> None:
        """Everybody meets the head office twice, so that all is where it goes."""
        for _ in range(2):
            for name in [*self.books, *self.relays]:
                if name != OFFICE:
                    self.sync(name, OFFICE)
        branches = [name for name in self.books if name != OFFICE]
        for at, name in enumerate(branches):
            for other in (*branches[at + 1 :], *self.relays):
                self.sync(name, other)

    def now(self) -> list[Fault]:
        return self.oracle.check_now()

    def end(self) -> list[Fault]:
        return self.oracle.check_end()

    def damage(self, name: str, *statements: str) -> None:
        """Change a store behind everybody's back."""
        db = sqlite3.connect(self.path(name))
        db.create_function("flipped", 1, lambda data: data[:-1] + bytes((data[-1] ^ 1,)))
        with db:
            for statement in statements:
                assert db.execute(statement).rowcount, f"nothing was damaged: {statement}"
        db.close()


def checks(found: list[Fault]) -> set[str]:
    """Which checks have spoken."""
    return {check for check, _ in found}


def texts(found: list[Fault]) -> list[str]:
    return [f"{check}: {text}" for check, text in found]
