"""Stored commits that are something else now: a key has come, a grant or a cut was made, a tip or a re-admission came.

The half of `Intake` that changes what is here already. Whatever order things came in, the state of a commit is that
which it would have if it came now, and its documents and tables say so in the same transaction.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from p2p.chain import Chain, Cut, Member
from p2p.commit import Commit, parse_commit_untrusted
from p2p.cuts import Cuts
from p2p.documents import ChangedDocument, DocumentName, Documents, Incoming, Projection
from p2p.identity import DeviceKeys
from p2p.judging import Checked, Verdict, judge, set_aside_by
from p2p.keyring import ROOT, Keyring
from p2p.locks import Locks
from p2p.scope import RULES_SCOPE, is_within
from p2p.store import QUARANTINED, Store, StoredCommit
from p2p.views import Views


class Rejudging:
    """What a copy does with what it holds already; `Intake` is what is made of it.

    Attributes:
        store: the commits.
        keys: this device.
        documents: what the accepted ones say.
        locks: which saves came after a lock.
        cuts: which commits lie beyond a cut.
        chain: the control chain.
        keyring: the content keys held here.
    """

    store: Store
    keys: DeviceKeys
    documents: Documents
    locks: Locks
    cuts: Cuts
    chain: Chain
    keyring: Keyring
    _projection: Projection
    _views: Views
    _cut_off: tuple[tuple[Cut, ...], frozenset[bytes]]
    _me: Member | None

    @property
    def db(self) -> sqlite3.Connection:
        """The connection, for the tables that are kept beside the commits."""
        return self.store.conn

    def _under_cuts(self, commit: Commit, verdict: Verdict) -> Verdict:
        """What becomes of a commit whose author may have been cut off since it was made."""
        cut = self.cuts.beyond(self.chain, commit.id, commit.header)
        return verdict if cut is None or verdict.state is None else set_aside_by(cut, verdict)

    def _apply(self, incoming: Iterable[Incoming]) -> None:
        self._project(self.documents.apply(incoming))

    def _project(self, changed: Sequence[ChangedDocument]) -> None:
        """Bring up to date what is made of documents: the tables, and what rules let flow."""
        if any(document.scope == RULES_SCOPE for document in changed):
            self._views.forget_shares()
        if changed:
            self._projection.project(self.db, changed, self.chain, self.locks)

    def _look_again(self, commits: Iterable[tuple[str, bytes]]) -> None:
        """Project anew the documents that these commits (scope, id) have saved."""
        names: set[DocumentName] = set()
        for stored in self._stored(commits):
            names.update((one.scope, one.kind, one.id) for one in self._judged(stored).incoming)
        changed = self.documents.as_changed(sorted(names))
        if changed:
            self._projection.project(self.db, changed, self.chain, self.locks)

    def _judge_again(self, commits: Iterable[StoredCommit]) -> None:
        """Give stored commits the state they have now; what they say is put into their documents, or out of them."""
        incoming: list[Incoming] = []
        for stored in commits:
            verdict = self._judged(stored)
            if verdict.state is not None:
                if verdict.state != stored.state or verdict.state == QUARANTINED:
                    self.store.set_state(stored.row, verdict.state, verdict.reason or None)
                incoming.extend(verdict.incoming)
        self._project(self.documents.exchange(incoming))

    def _judged(self, stored: StoredCommit) -> Verdict:
        commit = parse_commit_untrusted(stored.header, stored.signature, stored.body)
        verdict = judge(Checked(commit.id, commit, True, ""), self.chain, self.keyring, self.keys.id)
        return self._under_cuts(commit, verdict)

    def _stored(self, commits: Iterable[tuple[str, bytes]]) -> Iterator[StoredCommit]:
        by_scope: dict[str, list[bytes]] = {}
        for scope, commit_id in commits:
            by_scope.setdefault(scope, []).append(commit_id)
        for scope, ids in by_scope.items():
            yield from self.store.by_prefixes(self.store.scope_id(scope), ids)

    def _open_with(self, paths: Iterable[str]) -> None:
        """Try again what did not open, now that the keys of these subtrees have come."""
        opened = list(paths)
        for path in sorted(self.store.scopes()) if opened else ():
            number = self.store.find_scope(path)
            if number is not None and any(is_within(path, subtree) for subtree in opened):
                self._judge_again(self.store.not_accepted(number))

    def _cuts_changed(self) -> None:
        """Judge again what lies, or lay, beyond a cut, where there are other cuts or admissions than before."""
        before, now = self._cut_off, (self.chain.cuts, self.chain.readmitted)
        if before != now:
            self._cut_off = now
            self.cuts.forget()
            changed = [cut for cut in (*before[0], *now[0]) if (cut in before[0]) != (cut in now[0])]
            self._judge_again(self._stored(self.cuts.to_judge_again(self.chain, changed, before[1] ^ now[1])))

    def _rights_changed(self) -> None:
        """Tell anew what waits for a key and what is only carried, where this device was granted something else."""
        before, self._me = self._me, self.chain.member(self.keys.id)
        if before is not None and self._me != before:
            self._open_with([ROOT])
