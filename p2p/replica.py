"""One copy of the books: what a session and a node ask of it, and the one way commits get into it.

Whether made here or received, a commit is stored in one transaction with its documents, the tables made of them and
the digests. Nothing is told to a peer before that transaction is durable.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from crdt_models.document import Document
from p2p.chain import Chain, Entry
from p2p.commit import Commit, Item, make_commit, parse_commit_untrusted
from p2p.documents import ChangedDocument, Documents, Incoming, Projection
from p2p.errors import P2PError
from p2p.identity import DeviceKeys, Random
from p2p.judging import Checked, Verdict, check_untrusted, judge
from p2p.keyring import Keyring
from p2p.limits import WAITING_FOR_CONTROL_PER_PEER_MAX
from p2p.links import Links
from p2p.local import Link, Membership, News, Page
from p2p.messages import CommitParts
from p2p.scope import is_keys_scope, keys_scope
from p2p.seals import open_seals
from p2p.share import CONTROL_SHARE, Share, View
from p2p.store import ACCEPTED, WAITING_FOR_KEY, Store, StoredCommit
from p2p.views import Views


class NotAllowed(P2PError):
    """This device was not granted to write there; ask the head office for the grant."""


class Ingested(NamedTuple):
    """What became of a batch: how many commits were new and kept, which were refused and why, how many wait."""

    gained: int
    refused: list[tuple[bytes, str]]
    waiting: int


class NoTables:
    """The projection of a copy that shows nothing to people, such as a relay."""

    def project(self, db: sqlite3.Connection, changed: Sequence[ChangedDocument]) -> None:
        """Keep no tables."""

    def clear(self, db: sqlite3.Connection) -> None:
        """Have nothing to empty."""

    def forget(self) -> None:
        """Have nothing to forget."""


class Replica:
    """One copy.

    Args:
        store: the open store; a joiner's is still empty.
        keys: this device.
        company: company id, 32 bytes.
        projection: tables made of documents.
        random: gives nonces.
    """

    def __init__(
        self,
        store: Store,
        keys: DeviceKeys,
        company: bytes,
        projection: Projection | None = None,
        random: Random = os.urandom,
    ) -> None:
        self.store = store
        self.keys = keys
        self._company = company
        self._projection = projection or NoTables()
        self._random = random
        self.links = Links(store)
        self.documents = Documents(store)
        self.chain = Chain(company)
        self.keyring = Keyring()
        self._views = Views(store, keys.id)
        store.changed_elsewhere()
        self._load_chain()
        self._load_keys()

    @property
    def db(self) -> sqlite3.Connection:
        """The connection, for the tables that are kept beside the commits."""
        return self.store.conn

    @property
    def company(self) -> bytes:
        """The company id, 32 bytes."""
        return self._company

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction around several commits; see `Store.transaction`. Blocks may nest."""
        outermost = not self.store.in_transaction
        try:
            with self.store.transaction():
                yield
        except BaseException:
            if outermost:
                self._recall()
            raise

    def refresh(self) -> bool:
        """Take up what another process has written; whether there was anything."""
        if not self.store.changed_elsewhere():
            return False
        self._reload()
        return True

    # -- making commits ---------------------------------------------------------------------------------------------

    def commit(self, scope: str, items: Sequence[Item], now: int) -> Commit:
        """Sign and seal saves of documents in one scope, and apply them here; durable when this returns.

        Inside a `transaction()` it is durable when that ends.

        Args:
            items: 1 to 256 saves, of different documents.
            now: this device's clock, ms since 1970.

        Raises:
            NotAllowed: this device may not write there, or holds no key for it yet.
            CommitTooLarge, StoreError: nothing was written.
        """
        with self.transaction():
            self.refresh()
            seq, head = self.chain.head
            if not self.chain.may_write(self.keys.author, scope, seq):
                raise NotAllowed(f"this device may not write in {scope}; ask the head office to grant it")
            epoch, key = self._sealing_key(scope)
            prev = self._tip(scope)
            commit = make_commit(
                self.keys, scope, items, now, prev, (seq, head[:8]), epoch, key, self._random
            )  # fmt: skip
            self._ingest([Checked(commit.id, commit, True, "")], None, None, now)
        return commit

    def _sealing_key(self, scope: str) -> tuple[bytes, bytes | None]:
        if is_keys_scope(scope):
            return b"", None
        found = self.keyring.current(self.chain.epochs, scope)
        if found is not None:
            return found
        raise NotAllowed(f"this device has no key for {scope} yet; run `khata sync` with the head office first")

    def _tip(self, scope: str) -> bytes:
        number = self.store.find_scope(scope)
        row = self.db.execute("SELECT id FROM tips WHERE scope=? AND author=?", (number, self.keys.author)).fetchone()
        return bytes(row[0]) if row else b""

    # -- taking commits in ------------------------------------------------------------------------------------------

    def check_untrusted(self, batch: Sequence[CommitParts]) -> list[Checked]:
        """Check form and signatures; meant for a worker thread, before `ingest_from`."""
        return check_untrusted(self.chain, batch)

    def ingest_from(self, batch: Sequence[Checked], peer: bytes, share: Share | None, now: int) -> Ingested:
        """Judge and keep commits that came from a peer; durable when this returns.

        Args:
            peer: its device id.
            share: what may be taken from that peer; commits outside it are refused. None lets all through.
            now: local milliseconds, for the list of refusals.

        Raises:
            StoreError: nothing of the batch was kept.
        """
        with self.transaction():
            self.refresh()
            return self._ingest(batch, self.links.made(peer), share, now)

    def _ingest(self, batch: Sequence[Checked], link: Link | None, share: Share | None, now: int) -> Ingested:
        refused: list[tuple[bytes, str]] = []
        kept: list[tuple[Commit, Verdict]] = []
        waiting = 0
        seen: set[bytes] = set()
        for checked in batch:
            if checked.id in seen or self._holds(checked.commit):
                continue
            seen.add(checked.id)
            verdict = self._judge(checked, share)
            if checked.commit is not None and verdict.state is not None:
                kept.append((checked.commit, verdict))
            elif checked.commit is not None and verdict.waits and self._wait(checked.commit, link):
                waiting += 1
            else:
                refused.append((checked.id, verdict.reason))
        if refused and link is not None:
            self.links.refused(link.id, refused, now)
        self._keep(kept, link.id if link else None)
        return Ingested(len(kept), refused, waiting)

    def _judge(self, checked: Checked, share: Share | None) -> Verdict:
        scope = checked.commit.header.scope if checked.commit is not None else ""
        if share is not None and not share.may_take(scope) and not CONTROL_SHARE.may_take(scope) and scope:
            return Verdict(None, f"{scope} is outside what is shared with this peer")
        if checked.signed is None and checked.commit is not None:
            # The control chain may have grown since the signature was looked at.
            checked = check_untrusted(self.chain, [_parts(checked.commit)])[0]
        if checked.signed is False and checked.commit is not None and self._named_by_later(checked.commit):
            checked = checked._replace(signed=True)
        return judge(checked, self.chain, self.keyring, self.keys.id)

    def _named_by_later(self, commit: Commit) -> bool:
        """Whether its author has signed a later commit that names this one, which proves it as well as a signature."""
        scope = self.store.find_scope(commit.header.scope)
        later = [] if scope is None else self.store.names_as_prev(scope, commit.id)
        headers = (parse_commit_untrusted(stored.header, stored.signature, None).header for stored in later)
        return any((header.prev, header.author) == (commit.id, commit.header.author) for header in headers)

    def _keep(self, kept: Sequence[tuple[Commit, Verdict]], source: int | None) -> None:
        if not kept:
            return
        row = self.store.next_row()
        stored, tips, keys_came = [], [], False
        incoming: list[Incoming] = []
        for commit, verdict in kept:
            assert verdict.state is not None
            scope = self.store.scope_id(commit.header.scope)
            header, signature, body = _parts(commit)
            stored.append(StoredCommit(row, scope, commit.id, header, signature, body, verdict.state, source))
            tips.append((scope, commit.header.author, commit.id, row))
            incoming.extend(verdict.incoming)
            keys_came = keys_came or commit.header.scope == keys_scope(self.keys.author)
            row += 1
        self.store.append(stored)
        self.db.executemany("INSERT OR REPLACE INTO tips VALUES (?, ?, ?, ?)", tips)
        for commit_row, (_, verdict) in zip(stored, kept, strict=True):
            if verdict.reason and commit_row.state != ACCEPTED:
                self.store.set_state(commit_row.row, commit_row.state, verdict.reason)
        self._apply(incoming)
        self._views.reload()
        if keys_came:
            self._load_keys()
            self._open_waiting()

    def _apply(self, incoming: Iterable[Incoming]) -> None:
        changed = self.documents.apply(incoming)
        if changed:
            self._projection.project(self.db, changed)

    def _open_waiting(self) -> None:
        """Try again what was waiting for a key that has just arrived."""
        for stored in list(self.store.everything(WAITING_FOR_KEY)):
            commit = parse_commit_untrusted(stored.header, stored.signature, stored.body)
            verdict = judge(Checked(commit.id, commit, True, ""), self.chain, self.keyring, self.keys.id)
            if verdict.state is not None and verdict.state != WAITING_FOR_KEY:
                self.store.set_state(stored.row, verdict.state, verdict.reason or None)
                self._apply(verdict.incoming)

    def _wait(self, commit: Commit, link: Link | None) -> bool:
        """Keep a commit until the control chain has grown; False when too many wait already."""
        source = link.id if link else None
        (count,) = self.db.execute("SELECT count(*) FROM waiting_for_control WHERE source IS ?", (source,)).fetchone()
        if count >= WAITING_FOR_CONTROL_PER_PEER_MAX:
            return False
        self.db.execute(
            "INSERT OR IGNORE INTO waiting_for_control VALUES (?, ?, ?, ?, ?)", (commit.id, source, *_parts(commit))
        )
        return True

    def _holds(self, commit: Commit | None) -> bool:
        if commit is None:
            return False
        scope = self.store.find_scope(commit.header.scope)
        return scope is not None and self.store.holds(scope, commit.id)

    # -- the control chain ------------------------------------------------------------------------------------------

    def extend_chain(self, entries: Sequence[bytes]) -> None:
        """Verify and keep further control entries, then judge again what waited for them.

        Raises:
            ChainError: one does not fit; none of them is kept.
        """
        with self.transaction():
            self.refresh()
            for entry in self.chain.extend_untrusted(entries):
                self.store.append_chain([(entry.seq, entry.encoded)])
            self._chain_grew()

    def append_chain(self, entry: Entry) -> None:
        """Keep an entry that this device, as the keeper, has just appended to `chain`. Inside a transaction."""
        self.store.append_chain([(entry.seq, entry.encoded)])
        self._chain_grew()

    def _chain_grew(self) -> None:
        self._views.forget_shares()
        rows = self.db.execute("SELECT source, header, signature, body FROM waiting_for_control").fetchall()
        if not rows:
            return
        self.db.execute("DELETE FROM waiting_for_control")
        for source, header, signature, body in rows:
            checked = check_untrusted(self.chain, [(header, signature, body)])
            link = Link(source, b"", 0, met=True) if source is not None else None
            self._ingest(checked, link, None, 0)

    def _load_chain(self) -> None:
        self.chain.extend_untrusted(self.store.chain(self.chain.head[0]))
        self._views.forget_shares()

    def _load_keys(self) -> None:
        for document in self.documents.in_scope(keys_scope(self.keys.author)):
            for epoch, path, key in open_seals(self.keys, self._company, document):
                self.keyring.add(epoch, path, key)

    def _reload(self) -> None:
        self._projection.forget()
        self._load_chain()
        self._load_keys()
        self._views.reload()

    def _recall(self) -> None:
        """Go back to what the store holds, after a transaction that came to nothing."""
        self.chain = Chain(self._company)
        self.keyring = Keyring()
        self._reload()

    # -- what a session asks ----------------------------------------------------------------------------------------

    def standing_of(self, device: bytes) -> Membership:
        """What the control chain held here says of a device."""
        member = self.chain.members.get(device[:8])
        if member is None or member.device != device:
            return Membership.UNKNOWN
        return Membership.MEMBER if member.revoked_at is None else Membership.REVOKED

    def admitted_at(self, device: bytes) -> int:
        """The sequence number of the entry that admitted a device; -1 when there is none here."""
        member = self.chain.members.get(device[:8])
        return member.admitted_at if member is not None and member.device == device else -1

    def chain_head(self) -> tuple[int, bytes]:
        """Sequence number and hash of the last control entry; (-1, b"") before the first."""
        return self.chain.head

    def chain_hash(self, seq: int) -> bytes | None:
        """The hash of a control entry, or None when there is none with this number."""
        return self.chain.hash_at(seq)

    def chain_entries(self, after: int) -> list[bytes]:
        """The control entries with a higher number."""
        return self.store.chain(after)

    def view(self, tree: int, peer: bytes) -> View:
        """One of the two trees as it stands now, seen from a peer."""
        return self._views.view(self.chain, tree, peer)

    def link(self, peer: bytes) -> Link:
        """What is remembered of a peer."""
        return self.links.link(peer)

    def is_settled(self, link: int, share: bytes, node: str, mine: bytes, theirs: bytes) -> bool:
        """Whether a pair of digests was compared to the end before."""
        return self.links.is_settled(link, share, node, mine, theirs)

    def news(self, after: int, limit: int) -> list[News]:
        """What came here after a row, oldest first."""
        return [
            News(row, self.store.scope_path(scope), commit_id, source)
            for row, scope, commit_id, source in self.store.since(after, limit)
        ]

    def lacking(self, scope: str, prefixes: Sequence[bytes]) -> list[bytes]:
        """Which of these id prefixes of a scope are not held here."""
        number = self.store.find_scope(scope)
        return [prefix for prefix in prefixes if number is None or not self.store.by_prefix(number, prefix)]

    def commits(self, scope: str, prefixes: Sequence[bytes]) -> list[CommitParts]:
        """The commits of a scope with these id prefixes; those not held are left out."""
        number = self.store.find_scope(scope)
        if number is None:
            return []
        return [_stored_parts(stored) for prefix in prefixes for stored in self.store.by_prefix(number, prefix)]

    def page(self, scope: str, after: int, limit: int) -> Page:
        """The next commits of a scope after a row, in the order they came here."""
        number = self.store.find_scope(scope)
        stored = [] if number is None else self.store.in_scope(number, after, limit)
        return Page([_stored_parts(commit) for commit in stored], stored[-1].row if len(stored) == limit else None)

    def document(self, scope: str, kind: str, id: bytes) -> Document | None:
        """One document, or None when no save of it is here."""
        return self.documents.load(scope, kind, id)

    def documents_of(self, kind: str, id: bytes) -> list[Document]:
        """The documents of this kind and id in whatever scopes."""
        return self.documents.in_any_scope(kind, id)

    def everything(self) -> Iterator[Document]:
        """All documents, by scope, kind and id."""
        yield from self.documents.everything()


def _parts(commit: Commit) -> CommitParts:
    return commit.header_bytes, commit.signature, commit.ciphertext


def _stored_parts(stored: StoredCommit) -> CommitParts:
    return stored.header, stored.signature, stored.body
