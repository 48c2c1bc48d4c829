"""One copy of the books: makes commits, takes them in, and answers what a session and a node ask."""

import os
from collections.abc import Iterator, Sequence

from crdt_models.document import Document
from p2p.agreements import Agreement
from p2p.chain import RELAY
from p2p.chain_store import lacking
from p2p.commit import Commit, Item, make_commit
from p2p.cuts import own_ids, own_scopes
from p2p.documents import Projection
from p2p.errors import P2PError
from p2p.identity import DeviceKeys, Random, device_id
from p2p.ingested import Ingested
from p2p.intake import Intake
from p2p.judging import Checked, check_untrusted, of_a_revoked_device
from p2p.keyring import HPKE, Sealer
from p2p.local import Link, Membership, News, Page
from p2p.messages import CommitParts
from p2p.scope import is_keys_scope
from p2p.share import Share, View, may_come
from p2p.store import WAITING_FOR_KEY, Store, StoredCommit

__all__ = ["Ingested", "NotAllowed", "Replica"]


class NotAllowed(P2PError):
    """This device was not granted to write there; ask the head office for the grant."""


class Replica(Intake):
    """One copy.

    Args:
        store: the open store; a joiner's is still empty.
        keys: this device.
        company: company id, 32 bytes.
        projection: tables made of documents.
        random: gives nonces.
        sealer: how keys are sealed to devices, and opened.
    """

    def __init__(
        self,
        store: Store,
        keys: DeviceKeys,
        company: bytes,
        projection: Projection | None = None,
        random: Random = os.urandom,
        sealer: Sealer = HPKE,
    ) -> None:
        super().__init__(store, keys, company, projection, sealer)
        self._random = random

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
            if self.standing_of(self.keys.id) is Membership.REVOKED:
                raise NotAllowed(
                    "this device was revoked and writes nothing any more; what it holds may be read. To go on working, "
                    "join anew in an empty folder with a ticket of the head office"
                )
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

    # -- taking commits from a peer ---------------------------------------------------------------------------------

    def check_untrusted(self, batch: Sequence[CommitParts]) -> list[Checked]:
        """Check form and signatures; meant for a worker thread, before `ingest_from`."""
        return check_untrusted(self.chain, batch)

    def ingest_from(
        self, batch: Sequence[Checked], peer: bytes, share: Share | None, now: int, sent_under: bytes | None = None
    ) -> Ingested:
        """Judge and keep commits that came from a peer; durable when this returns.

        Args:
            peer: its device id.
            share: what may be taken from that peer; commits outside it are refused. None lets all through.
            now: local milliseconds, for the list of refusals.
            sent_under: the share id that the peer went by. Nobody is blamed for what lies outside our share while that
                is another one: a rule has just changed.

        Raises:
            StoreError: nothing of the batch was kept.
        """
        with self.transaction():
            self.refresh()
            source = self.links.made(peer).id
            if self._is_revoked(peer):
                own, foreign = of_a_revoked_device(batch, peer, self.store.bytes_set_aside(source))
                self.links.refused(source, foreign, now)
                result = self._ingest(own, source, None, now)
                return result._replace(refused=[*result.refused, *foreign])
            if share is None or sent_under in (None, share.id):
                return self._ingest(batch, source, share, now)
            inside = [one for one in batch if one.commit is None or may_come(share, one.commit.header.scope)]
            result = self._ingest(inside, source, share, now)
            passed_over = {one.id for one in batch} - {one.id for one in inside}
            return result._replace(held_back=[*result.held_back, *sorted(passed_over)])

    def take_back(self, batch: Sequence[CommitParts], now: int) -> Ingested:
        """Take in commits that were stored by this device before, judged as any; durable when this returns."""
        with self.transaction():
            return self._ingest(self.check_untrusted(batch), None, None, now)

    def _is_revoked(self, device: bytes) -> bool:
        member = self.chain.member(device)
        return member is not None and member.revoked_at is not None

    # -- what a session asks ----------------------------------------------------------------------------------------

    def standing_of(self, device: bytes) -> Membership:
        """What the control chain held here says of a device."""
        member = self.chain.members.get(device[:8])
        if member is None or member.device != device:
            recovery = self.chain.recovery_keys[0]
            return Membership.RECOVERY if recovery and device == device_id(recovery) else Membership.UNKNOWN
        return Membership.MEMBER if member.revoked_at is None else Membership.REVOKED

    def revoked_at(self, device: bytes) -> int:
        """The sequence number of the entry that revoked a device; -1 when there is none here."""
        member = self.chain.member(device)
        return -1 if member is None or member.revoked_at is None else member.revoked_at

    def made_by(self, device: bytes) -> Iterator[tuple[str, list[bytes]]]:
        """The commits held here that a device made, by scope, in the order they came."""
        for scope, number in own_scopes(self.store, device):
            yield scope, own_ids(self.store, device, number)

    def admitted_at(self, device: bytes) -> int:
        """The sequence number of the entry that admitted a device; -1 when there is none here."""
        member = self.chain.members.get(device[:8])
        return member.admitted_at if member is not None and member.device == device else -1

    def is_relay(self) -> bool:
        """Whether this copy is a relay's."""
        return self._me is not None and self._me.role == RELAY

    def chain_head(self) -> tuple[int, bytes]:
        """Sequence number and hash of the last control entry; (-1, b"") before the first."""
        return self.chain.head

    def chain_hash(self, seq: int) -> bytes | None:
        """The hash of a control entry, or None when there is none with this number."""
        return self.chain.hash_at(seq)

    def chain_holds(self, seq: int, digest: bytes) -> bool:
        """Whether an entry with this number and hash is held here, on whatever line of the control chain."""
        return self.chain.knows(seq, digest)

    def chain_losing(self) -> list[tuple[int, bytes]]:
        """Number and hash of the last entry of each line of the control chain that lost."""
        return [line.head for line in self.chain.losing]

    def chain_lacking(self, held: Sequence[tuple[int, bytes]]) -> list[bytes]:
        """The entries, of whatever line, that somebody lacks who holds these (number, hash) and all they follow."""
        return lacking(self.chain, held)

    def chain_entries(self, after: int) -> list[bytes]:
        """The control entries with a higher number."""
        return self.store.chain(after)

    @property
    def agreements(self) -> tuple[Agreement, ...]:
        """The rules that are active."""
        return self._views.agreements

    def share_with(self, peer: bytes) -> Share:
        """What may flow between this copy and a peer; a view, which costs more, compares it."""
        return self._views.share(self.chain, peer)

    def view(self, tree: int, peer: bytes) -> View:
        """One of the two trees as it stands now, seen from a peer."""
        return self._views.view(self.chain, tree, peer)

    def waits_for_key(self) -> bool:
        """Whether a commit that may be read here waits for its key: then this copy is in sync with nobody."""
        return (
            self.db.execute("SELECT 1 FROM set_aside WHERE state=? LIMIT 1", (WAITING_FOR_KEY,)).fetchone() is not None
        )

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
        held = set() if number is None else self.store.prefixes_held(number, prefixes)
        return [prefix for prefix in prefixes if prefix not in held]

    def commits(self, scope: str, prefixes: Sequence[bytes]) -> list[CommitParts]:
        """The commits of a scope with these id prefixes, in the order they came; those not held are left out."""
        number = self.store.find_scope(scope)
        if number is None:
            return []
        return [_stored_parts(stored) for stored in self.store.by_prefixes(number, prefixes)]

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


def _stored_parts(stored: StoredCommit) -> CommitParts:
    return stored.header, stored.signature, stored.body
