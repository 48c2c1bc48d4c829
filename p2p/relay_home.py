"""What a relay keeps on its disk: who it is, whom it invited, and one store for each company it serves.

device.key                      its keys, the same for every company
relay.db                        its name, its addresses, the invitations it gave out
companies/<16 hex digits>/khata.db   one company's chain and sealed commits
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from sqlite_utils import Database

from p2p.copies import Copies
from p2p.errors import P2PError, StoreError, TicketError
from p2p.events import CompanyOffered
from p2p.founding import COMPANY
from p2p.identity import DeviceKeys, Random
from p2p.invite import SECRET_BYTES
from p2p.limits import COMPANIES_PER_RELAY_MAX, DAY_MS
from p2p.quota import quota_for
from p2p.relay_invite import RelayInvitation, RelayTicket
from p2p.relay_letters import LETTERS_TABLE, Letters
from p2p.replica import Replica
from p2p.store import Store

KEY_FILE: Final = "device.key"
DESK_FILE: Final = "relay.db"
COMPANIES: Final = "companies"
STORE_FILE: Final = "khata.db"
QUOTA: Final = "quota"
"""The fact in a company's store that says how many bytes the relay keeps for it."""
_FOLDER_DIGITS: Final = 16

_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS relay (one INTEGER PRIMARY KEY CHECK (one=1), body BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS invitations (slot BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID",
    LETTERS_TABLE,
)


class RelayError(P2PError):
    """A relay's folder is missing, or not what it should be; nothing was changed."""


class RelayCard(msgspec.Struct, frozen=True):
    """What a relay says of itself: its name, and where others reach it."""

    name: str
    addresses: tuple[str, ...] = ()


class RelayHome:
    """The folder of a relay, open.

    Args:
        path: the folder, which `make` has made.
        wait_ms: how long a write waits for another process; 0 raises `StoreBusy` at once.
        companies_max: how many companies it serves.
        random: gives nonces.
        opened: opens the store of a company.
    """

    def __init__(
        self,
        path: Path,
        wait_ms: int = 30_000,
        companies_max: int = COMPANIES_PER_RELAY_MAX,
        random: Random = os.urandom,
        opened: Callable[[Path, int], Store] = Store.open,
    ) -> None:
        if not is_relay(path):
            raise RelayError(f"there is no relay in {path}; make one with `khata relay init`")
        self.path = path
        self.keys = DeviceKeys.load(path / KEY_FILE)
        self._wait_ms = wait_ms
        self._companies_max = companies_max
        self._random = random
        self._opened = opened
        self._desk = _desk(path)
        self.copies = Copies(self.keys)
        self.letters = Letters(self._desk, self.copies)
        for folder in sorted((path / COMPANIES).glob("*/")):
            self._open(folder)

    @classmethod
    def make(cls, path: Path, card: RelayCard, random: Random) -> "RelayHome":
        """Make the folder of a new relay, or go on with one whose making broke off.

        Raises:
            RelayError: there is a relay or something else already.
            KeyFileError, StoreError: the disk refuses; making may be repeated.
        """
        if is_relay(path):
            raise RelayError(f"there is a relay in {path} already; `khata relay serve` runs it")
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            (path / COMPANIES).mkdir(mode=0o700, exist_ok=True)
            others = sorted(one.name for one in path.iterdir() if one.name not in {KEY_FILE, COMPANIES})
        except OSError as error:
            raise RelayError(f"the folder {path} cannot be made: {error.strerror}; choose another") from error
        if [one for one in others if not one.startswith(DESK_FILE)]:
            raise RelayError(f"the folder {path} is not empty (it holds {others[0]}); choose an empty one with --books")
        if not (path / KEY_FILE).exists():
            DeviceKeys.generate(random).save(path / KEY_FILE)
        with _desk(path) as desk:
            desk.execute("INSERT INTO relay VALUES (1, ?)", (msgspec.msgpack.encode(card),))
        return cls(path)

    def close(self) -> None:
        """Close the files."""
        for replica in self.copies:
            replica.store.close()
        self._desk.close()

    @property
    def card(self) -> RelayCard:
        """What the relay says of itself."""
        (body,) = self._desk.execute("SELECT body FROM relay").fetchone()
        return msgspec.msgpack.decode(body, type=RelayCard)

    def rename(self, card: RelayCard) -> None:
        """Say something else of itself from now on."""
        with self._desk:
            self._desk.execute("UPDATE relay SET body=?", (msgspec.msgpack.encode(card),))

    # -- companies --------------------------------------------------------------------------------------------------

    def invite(self, addresses: Sequence[str], quota_bytes: int, days: int, now: int, random: Random) -> RelayTicket:
        """Make an invitation that lets one company use this relay.

        Args:
            addresses: where others reach it; those of its card when empty.
            quota_bytes: how much to keep for the company.
            days: how long it can be used.
            now: ms since 1970.

        Raises:
            RelayError: no address is known.
        """
        card = self.card
        where = tuple(addresses) or card.addresses
        if not where:
            raise RelayError("say where this relay can be reached: --address HOST:PORT, such as relay.example.in:7420")
        kept = RelayInvitation(random(SECRET_BYTES), now + days * DAY_MS, quota_bytes)
        self._keep(kept)
        keys = self.keys
        return RelayTicket(keys.public, keys.seal_public, card.name, where, kept.secret, kept.expires, quota_bytes)

    def invitations(self) -> list[RelayInvitation]:
        """Every invitation given out, by when it expires. Show nobody their secrets."""
        rows = self._desk.execute("SELECT body FROM invitations").fetchall()
        return sorted((_invitation(body) for (body,) in rows), key=lambda one: (one.expires, one.slot))

    def take_in(self, offered: CompanyOffered, now: int) -> Replica:
        """The copy, empty as yet, of a company whose head office holds an invitation of this relay.

        Raises:
            TicketError: the invitation cannot be used; the message is for both ends.
            StoreError: the disk refuses.
        """
        proof, joining = offered.proof, offered.proof.joining
        slot = joining.slot if joining is not None else b""
        row = self._desk.execute("SELECT body FROM invitations WHERE slot=?", (slot,)).fetchone()
        if row is None:
            raise TicketError("this relay gave out no such invitation; ask whoever runs it for one")
        kept = _invitation(row[0])
        closed = kept.why_closed(proof.company, now)
        if closed is not None:
            raise TicketError(closed)
        if not kept.is_held_by(offered, self.keys.id):
            self._keep(kept.tried_wrongly())
            raise TicketError("this invitation was altered; ask whoever runs the relay for a new one")
        if self.copies.of(proof.company) is None and len(self.copies) >= self._companies_max:
            raise TicketError(f"this relay serves {len(self.copies)} companies and takes in no more; use another one")
        self._keep(kept.used_for(proof.company))
        return self._made(proof.company, kept.quota_bytes)

    def forget(self, company: bytes) -> None:
        """Delete a company's store. What its devices hold is theirs still; what only this relay held is gone."""
        replica = self.copies.of(company)
        if replica is not None:
            replica.store.close()
            self.copies.drop(company)
            shutil.rmtree(self.folder_of(company))

    def folder_of(self, company: bytes) -> Path:
        """Where the store of a company lies."""
        return self.path / COMPANIES / company.hex()[:_FOLDER_DIGITS]

    def look_again(self) -> None:
        """Take notice of stores that another process has deleted."""
        for replica in self.copies:
            if not (self.folder_of(replica.company) / STORE_FILE).exists():
                replica.store.close()
                self.copies.drop(replica.company)

    # -- the parts --------------------------------------------------------------------------------------------------

    def _made(self, company: bytes, quota_bytes: int) -> Replica:
        known = self.copies.of(company)
        if known is not None:
            return known
        folder = self.folder_of(company)
        folder.mkdir(mode=0o700, exist_ok=True)
        store = self._opened(folder / STORE_FILE, self._wait_ms)
        with store.transaction():
            if store.meta(COMPANY) not in (None, company):
                raise StoreError(f"{folder} holds another company whose id begins alike; this one cannot be served")
            store.set_meta(COMPANY, company)
            store.set_meta(QUOTA, quota_bytes.to_bytes(8, "big"))
        return self._speak_for(store, company)

    def _open(self, folder: Path) -> None:
        if not (folder / STORE_FILE).exists():
            return
        store = self._opened(folder / STORE_FILE, self._wait_ms)
        company = store.meta(COMPANY)
        if company is not None:
            self._speak_for(store, company)

    def _speak_for(self, store: Store, company: bytes) -> Replica:
        replica = Replica(store, self.keys, company, random=self._random)
        kept = quota_of(replica)
        replica.quota = quota_for(kept) if kept is not None else None
        self.copies.add(replica)
        return replica

    def _keep(self, invitation: RelayInvitation) -> None:
        kept = (invitation.slot, msgspec.msgpack.encode(invitation))
        with self._desk:
            self._desk.execute("INSERT OR REPLACE INTO invitations VALUES (?, ?)", kept)


def is_relay(path: Path) -> bool:
    """Whether a folder is that of a relay."""
    return (path / DESK_FILE).exists() and (path / KEY_FILE).exists()


def quota_of(replica: Replica) -> int | None:
    """How many bytes a relay keeps for the company of a copy; None for a copy that is no relay's."""
    kept = replica.store.meta(QUOTA)
    return int.from_bytes(kept, "big") if kept is not None else None


def _invitation(body: bytes) -> RelayInvitation:
    return msgspec.msgpack.decode(body, type=RelayInvitation)


def _desk(path: Path) -> sqlite3.Connection:
    try:
        desk: sqlite3.Connection = Database(sqlite3.connect(path / DESK_FILE, timeout=30)).conn
        desk.execute("PRAGMA synchronous=FULL")
        for table in _TABLES:
            desk.execute(table)
    except sqlite3.Error as error:
        raise StoreError(f"{path / DESK_FILE} cannot be opened: {error}; check the disk and its permissions") from error
    return desk
