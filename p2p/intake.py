"""The one way commits get into a copy: judged, stored, merged into their documents and tables, all in one transaction.

What cannot be judged yet is held back, within limits, and judged again when what it waits for has come.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from p2p.arrivals import note_arrival
from p2p.chain import Chain, Cut, Entry, Lock, Member
from p2p.chain_entries import parse_entry_untrusted
from p2p.chain_store import keep_chain, load_chain
from p2p.commit import Commit, parse_commit_untrusted
from p2p.cuts import Cuts
from p2p.documents import Documents, Incoming, NoTables, Projection
from p2p.errors import ChainError
from p2p.held_back import HeldBack
from p2p.identity import DeviceKeys
from p2p.ingested import Ingested
from p2p.judging import Checked, Verdict, check_untrusted, judge
from p2p.keyring import HPKE, Keyring, Sealer
from p2p.links import Links
from p2p.locks import Locks
from p2p.messages import CommitParts
from p2p.pairs import PAIRED, TRANSFERS, published_in
from p2p.quota import Quota, Room
from p2p.rejudging import Rejudging
from p2p.rules import Agreements
from p2p.scope import PAIRS_SCOPE, keys_scope
from p2p.seals import open_seals
from p2p.share import Share, may_come
from p2p.store import ACCEPTED, Store, StoredCommit
from p2p.tree import EMPTY
from p2p.views import Views


class Intake(Rejudging):
    """What a copy holds, and how it comes to hold more.

    Args:
        store: the open store; a joiner's is still empty.
        keys: this device.
        company: company id, 32 bytes.
        projection: tables made of documents.
        sealer: how keys are sealed to devices, and opened.
    """

    def __init__(
        self, store: Store, keys: DeviceKeys, company: bytes, projection: Projection | None, sealer: Sealer = HPKE
    ) -> None:
        self.store = store
        self.keys = keys
        self.company = company
        self.sealer = sealer
        self._projection: Projection = projection or NoTables()
        self.quota: Quota | None = None
        self.links = Links(store)
        self.documents = Documents(store)
        self.locks = Locks(store)
        self.cuts = Cuts(store)
        self._held_back = HeldBack(store.conn)
        self.chain = Chain(company)
        self.keyring = Keyring()
        agreements = Agreements(self.documents)
        self._views = Views(store, keys.id, lambda: agreements.read(self.chain))
        self._keys_opened = EMPTY, EMPTY
        self._locked: tuple[tuple[Lock, ...], frozenset[bytes]] = ((), frozenset())
        self._cut_off: tuple[tuple[Cut, ...], frozenset[bytes]] = ((), frozenset())
        self._me: Member | None = None
        store.changed_elsewhere()
        self._load_chain()
        self._load_keys()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction around several commits; see `Store.transaction`. Blocks may nest."""
        outermost, began = not self.store.in_transaction, False
        try:
            with self.store.transaction():
                began = True
                yield
        except BaseException:
            if outermost and began:
                self.recall()
            raise

    def refresh(self) -> bool:
        """Take up what another process has written; whether there was anything."""
        if not self.store.changed_elsewhere():
            return False
        self._reload()
        return True

    # -- commits ----------------------------------------------------------------------------------------------------

    def _ingest(self, batch: Sequence[Checked], source: int | None, share: Share | None, now: int) -> Ingested:
        result, kept = self._take_in(batch, source, share, now)
        if kept:
            self._reconsider([commit.header.prev for commit in kept], now)
        return result

    def _take_in(
        self, batch: Sequence[Checked], source: int | None, share: Share | None, now: int
    ) -> tuple[Ingested, list[Commit]]:
        refused: list[tuple[bytes, str]] = []
        held_back: list[bytes] = []
        over: list[tuple[bytes, str]] = []
        pruned: list[bytes] = []
        room = Room(self.store, self.quota) if self.quota is not None and source is not None else None
        waiting = self._held_back.room(source)
        kept: list[tuple[Commit, Verdict]] = []
        seen = self._held(batch)
        for checked in batch:
            if checked.id in seen:
                continue
            seen.add(checked.id)
            verdict = self._judge(checked, share)
            if checked.commit is not None and verdict.state is not None:
                full = room.why_full(checked.commit) if room is not None else None
                if full is None:
                    kept.append((checked.commit, verdict))
                else:
                    over.append((checked.id, full))
            elif verdict.pruned:
                pruned.append(checked.id)
            elif (
                checked.commit is not None
                and verdict.waits
                and waiting.keep(checked.id, _parts(checked.commit), verdict.reason)
            ):
                held_back.append(checked.id)
            else:
                refused.append((checked.id, verdict.reason))
        if refused and source is not None:
            self.links.refused(source, refused, now)
        self._keep(kept, source, now)
        return Ingested(len(kept), refused, held_back, over, pruned), [commit for commit, _ in kept]

    def _judge(self, checked: Checked, share: Share | None) -> Verdict:
        scope = checked.commit.header.scope if checked.commit is not None else ""
        if share is not None and scope and not may_come(share, scope):
            return Verdict(None, f"{scope} is outside what is shared with this peer")
        if checked.signed is None and checked.commit is not None:
            # The control chain may have grown since the signature was looked at.
            checked = check_untrusted(self.chain, [_parts(checked.commit)])[0]
        if checked.signed is False and checked.commit is not None and self.is_named_by_later(checked.commit):
            checked = checked._replace(signed=True)
        return judge(checked, self.chain, self.keyring, self.keys.id)

    def is_named_by_later(self, commit: Commit) -> bool:
        """Whether its author has signed a later commit that names this one, which proves it as well as a signature."""
        scope = self.store.find_scope(commit.header.scope)
        later = [] if scope is None else self.store.names_as_prev(scope, commit.id)
        headers = (parse_commit_untrusted(stored.header, stored.signature, None).header for stored in later)
        return any((header.prev, header.author) == (commit.id, commit.header.author) for header in headers)

    def _keep(self, kept: Sequence[tuple[Commit, Verdict]], source: int | None, now: int) -> None:
        if not kept:
            return
        named = [(commit.id, commit.header) for commit, _ in kept]
        counting_now = self.cuts.came(self.chain, named)
        if self.chain.cuts:
            kept = [(commit, self._under_cuts(commit, verdict)) for commit, verdict in kept]
        row = self.store.next_row()
        stored, keys_came = [], False
        keys_scopes = keys_scope(self.keys.author), PAIRS_SCOPE
        tips: dict[tuple[int, bytes], tuple[bytes, int]] = {}
        incoming: list[Incoming] = []
        for commit, verdict in kept:
            assert verdict.state is not None
            scope = self.store.scope_id(commit.header.scope)
            header, signature, body = _parts(commit)
            stored.append(StoredCommit(row, scope, commit.id, header, signature, body, verdict.state, source))
            tips[scope, commit.header.author] = (commit.id, row)
            incoming.extend(verdict.incoming)
            keys_came = keys_came or commit.header.scope in keys_scopes
            row += 1
        self.store.append(stored)
        note_arrival(self.store, [header.author for _, header in named], stored, now)
        self.db.executemany(
            "INSERT OR REPLACE INTO tips VALUES (?, ?, ?, ?)", [(*place, *tip) for place, tip in tips.items()]
        )
        for commit_row, (_, verdict) in zip(stored, kept, strict=True):
            if verdict.reason and commit_row.state != ACCEPTED:
                self.store.set_state(commit_row.row, commit_row.state, verdict.reason)
        self._apply(incoming)
        self._judge_again(self._stored(counting_now))
        self._look_again(self.locks.moved_by(self.chain, named))
        self._views.reload()
        if keys_came:
            self._open_with(self._load_keys())

    def project_again(self) -> None:
        """Make the tables anew from the documents, as after a change of how they are made. Inside a transaction.

        Cost: about 60 µs a document.
        """
        self._projection.clear(self.db)
        for batch in self.documents.all_as_new():
            self._projection.project(self.db, batch, self.chain, self.locks)

    def _reconsider(self, ids: Iterable[bytes] | None, now: int) -> None:
        """Judge again what was held back: these ids, which commits kept just now have named, or everything.

        Cost: one lookup an id; each commit that is kept may prove the one before it, and so on.
        """
        if not self._held_back.any():
            return
        ahead = list(self._held_back.ids() if ids is None else ids)
        while ahead:
            commit_id = ahead.pop()
            found = self._held_back.find(commit_id)
            if found is not None:
                result, kept = self._take_in(check_untrusted(self.chain, [found[0]]), found[1], None, now)
                if not result.held_back:
                    self._held_back.drop(commit_id)
                ahead.extend(commit.header.prev for commit in kept)

    def _held(self, batch: Sequence[Checked]) -> set[bytes]:
        """The ids of those of a batch that are stored already."""
        by_scope: dict[str, list[bytes]] = {}
        for checked in batch:
            if checked.commit is not None:
                by_scope.setdefault(checked.commit.header.scope, []).append(checked.id)
        held: set[bytes] = set()
        for path, ids in by_scope.items():
            scope = self.store.find_scope(path)
            if scope is not None:
                held |= self.store.held(scope, ids)
        return held

    # -- the control chain ------------------------------------------------------------------------------------------

    def extend_chain(self, entries: Sequence[bytes], now: int = 0) -> bool:
        """Verify and keep further control entries, then judge again what waited for them; whether any was new.

        Raises:
            ChainError: one does not fit, or a relay has no room; none of them is kept, and nothing has changed.
        """
        with self.transaction():
            self.refresh()
            grown = self._extended(entries, now)
        if isinstance(grown, ChainError):
            # Raised out of the transaction it would have everything read anew, at the word of whoever sent them.
            raise grown
        return grown

    def _extended(self, entries: Sequence[bytes], now: int) -> bool | ChainError:
        losing, locks = self.chain.losing, self.chain.locks
        try:
            self._check_room(entries)
            new = self.chain.extend_untrusted(entries)
        except ChainError as error:
            return error
        if not new and self.chain.losing == losing:
            return False
        keep_chain(self.store, self.chain, new, bool(losing))
        self._chain_grew(now)
        if self.chain.losing != losing:
            # Who had seen which lock may be answered otherwise now, of every commit that any of them covers.
            self._look_again(self.locks.covered([*locks, *self.chain.locks]))
        return True

    def _check_room(self, entries: Sequence[bytes]) -> None:
        if self.quota is None:
            return
        parsed = [parse_entry_untrusted(encoded) for encoded in entries]
        size = sum(len(entry.encoded) for entry in parsed if not self.chain.knows(entry.seq, entry.hash))
        full = Room(self.store, self.quota).why_no_entries(size) if size else None
        if full is not None:
            raise ChainError(full)

    def append_chain(self, entry: Entry, now: int = 0) -> None:
        """Keep an entry that this device, as the keeper, has just appended to `chain`. Inside a transaction."""
        self.store.append_chain([(entry.seq, entry.encoded)])
        self._chain_grew(now)

    def _locks_changed(self) -> None:
        """Look again at what was or is outside of a lock, where there are other locks or admissions than before."""
        before, now = self._locked, (self.chain.locks, self.chain.lock_admitted)
        if before != now:
            self._locked = now
            locks = {lock.at: lock for lock in (*before[0], *now[0])}.values()
            self._look_again(sorted({commit for lock in locks for commit in self.locks.outside(self.chain, lock)}))

    def _chain_grew(self, now: int) -> None:
        self._views.forget_shares()
        self._rights_changed()
        self._cuts_changed()
        self._reconsider(None, now)
        self._locks_changed()

    def _load_chain(self) -> None:
        before = self.chain, self.chain.head, self.chain.losing
        self.chain = load_chain(self.store, self.chain)
        self._locked = self.chain.locks, self.chain.lock_admitted
        self._cut_off = self.chain.cuts, self.chain.readmitted
        self._me = self.chain.member(self.keys.id)
        if before != (self.chain, self.chain.head, self.chain.losing):
            self._views.forget_shares()

    def _load_keys(self) -> list[str]:
        """Open the keys that were sealed to this device, if more have come; returns the subtrees that they are of.

        Cost: 100 µs a key; for a device that holds the secret of a branch, 50 µs for each time branches were added.
        """
        held = self._views.digest(keys_scope(self.keys.author)), self._views.digest(PAIRS_SCOPE)
        if held == self._keys_opened:
            return []
        self._keys_opened = held
        known = {(epoch, path) for epoch, path, _ in self.keyring.dump()}
        came: list[str] = []
        for document in self.documents.in_scope(keys_scope(self.keys.author)):
            for epoch, path, key in open_seals(self.keys, self.company, document, self.sealer):
                self.keyring.add(epoch, path, key)
                if (epoch, path) not in known:
                    came.append(TRANSFERS if path.endswith(PAIRED) else path)
        if self.keyring.needs_publics:
            for told in list(published_in(self.documents.in_scope(PAIRS_SCOPE))):
                if self.keyring.add_public(*told):
                    came.append(TRANSFERS)
        return came

    def _reload(self) -> None:
        self._projection.forget()
        self.locks.forget()
        self.cuts.forget()
        self._views.reload()
        self._load_chain()
        if self._load_keys():
            # Another process may have opened rules that had waited for these keys.
            self._views.forget_shares()

    def recall(self) -> None:
        """Go back to what the store holds, after a transaction that came to nothing."""
        self.chain = Chain(self.company)
        self.keyring = Keyring()
        self._keys_opened = EMPTY, EMPTY
        self._views.reload_all()
        self._reload()


def _parts(commit: Commit) -> CommitParts:
    return commit.header_bytes, commit.signature, commit.ciphertext
