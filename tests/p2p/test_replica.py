"""One copy: what becomes of each kind of commit, in whatever order things arrive."""

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from crdt_models.saves import pack_save
from p2p.chain import BranchAdded, Chain, Epoch, Grant
from p2p.commit import Commit, Item, make_commit, parse_commit_untrusted
from p2p.documents import ChangedDocument
from p2p.errors import StoreError
from p2p.founding import append
from p2p.identity import DeviceKeys
from p2p.keyring import ROOT, HeldKey, Keyring
from p2p.limits import HELD_BACK_PER_PEER_MAX
from p2p.locks import Locks
from p2p.messages import CommitParts
from p2p.replica import Ingested, NotAllowed, Replica
from p2p.scope import keys_scope
from p2p.sealing import seal_granted
from p2p.seals import seal_keys
from p2p.store import ACCEPTED, CARRIED, QUARANTINED, WAITING_FOR_KEY, Store, StoreBusy, StoredCommit
from tests.p2p.copies import NOW, branch_of, digest, head_office, save, seeded
from tests.p2p.stores import a_store

SALES = "vouchers/ho/sales/2026-04"
LEDGERS = "masters/ledger"
DOC = b"a document's id!"


def parts_of(replica: Replica, scope: str) -> list[CommitParts]:
    number = replica.store.find_scope(scope)
    assert number is not None
    return [(one.header, one.signature, one.body) for one in replica.store.in_scope(number, 0, 10_000)]


def give(replica: Replica, commits: Sequence[CommitParts], peer: bytes = b"p" * 32) -> Ingested:
    return replica.ingest_from(replica.check_untrusted(commits), peer, None, NOW)


def states(replica: Replica, scope: str) -> list[int]:
    return [one.state for one in replica.store.everything() if replica.store.scope_path(one.scope) == scope]


def test_a_commit_is_applied_once_however_often_it_comes() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    give(pune, parts_of(office, keys_scope(pune.keys.author)))
    save(office, SALES, DOC, number="1")
    commits = parts_of(office, SALES)
    assert give(pune, commits + commits).gained == 1
    assert give(pune, commits).gained == 0
    assert pune.store.count() == 2
    (voucher,) = pune.documents_of("voucher", DOC)
    assert voucher.fold().values == {"number": "1"}


def test_commits_wait_for_their_key_and_open_when_it_comes() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    save(office, SALES, DOC, number="1")
    give(pune, parts_of(office, SALES))
    assert states(pune, SALES) == [WAITING_FOR_KEY]
    assert pune.document(SALES, "voucher", DOC) is None
    give(pune, parts_of(office, keys_scope(pune.keys.author)))
    assert states(pune, SALES) == [ACCEPTED]
    assert pune.document(SALES, "voucher", DOC) is not None


def test_what_is_not_granted_is_carried_unread_even_with_the_bytes_in_hand() -> None:
    office = head_office()
    tablet = branch_of(office, "Tablet", grant=Grant(("control/**", "masters/**"), ("masters/**",)))
    give(tablet, parts_of(office, keys_scope(tablet.keys.author)))
    save(office, SALES, DOC, narration="canary")
    save(office, LEDGERS, DOC, name="Cash")
    give(tablet, parts_of(office, SALES) + parts_of(office, LEDGERS))
    assert states(tablet, SALES) == [CARRIED]
    assert states(tablet, LEDGERS) == [ACCEPTED]
    assert tablet.keyring.key(tablet.chain.epochs[0], SALES) is None


def test_commits_ahead_of_the_control_chain_wait_and_are_judged_when_it_grows() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    keys = parts_of(office, keys_scope(pune.keys.author))
    append(office, BranchAdded(time=NOW, code="lat", name="Latur"))
    save(office, SALES, DOC, number="1")
    result = give(pune, keys + parts_of(office, SALES))
    assert (result.gained, len(result.held_back), result.refused) == (1, 1, [])
    assert states(pune, SALES) == []
    pune.extend_chain(office.chain_entries(-1))
    assert states(pune, SALES) == [ACCEPTED]


def test_a_writer_is_judged_by_its_grant_and_strangers_are_refused() -> None:
    office = head_office()
    tablet = branch_of(office, "Tablet", grant=Grant(("control/**", "masters/**"), ("masters/**",)))
    with pytest.raises(NotAllowed, match="may not write in vouchers/ho"):
        save(tablet, SALES, DOC, number="1")
    epoch, key = tablet.chain.epochs[0], b"k" * 32
    item = Item(DOC, "voucher", pack_save({"number": "1"}, (), "eve"))
    mine = make_commit(tablet.keys, SALES, [item], NOW, b"", tablet.chain.seen, epoch, key, os.urandom)
    stranger = DeviceKeys.generate(seeded("stranger"))
    other = make_commit(stranger, SALES, [item], NOW, b"", tablet.chain.seen, epoch, key, os.urandom)
    refused = give(office, [(one.header_bytes, one.signature, one.ciphertext) for one in (mine, other)]).refused
    assert [reason for _, reason in refused] == [
        f"its author may not write in {SALES}",
        "its author is not a device of this company",
    ]
    assert office.store.find_scope(SALES) is None


def test_a_commit_that_names_control_entries_nobody_has_is_held_back_for_a_line_that_may_come() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    item = Item(DOC, "voucher", pack_save({"number": "1"}, (), "eve"))
    key = office.keyring.key(office.chain.epochs[0], SALES)
    made_up = make_commit(pune.keys, SALES, [item], NOW, b"", (1, b"x" * 8), office.chain.epochs[0], key, os.urandom)
    given = give(office, [(made_up.header_bytes, made_up.signature, made_up.ciphertext)])
    assert (given.gained, given.refused, given.held_back) == (0, [], [made_up.id])
    assert office.store.find_scope(SALES) is None


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        ("voucher", b"\x91" * 5000, "a voucher in it is malformed"),
        ("voucher", b"\xcb\x40\x00\x00\x00\x00\x00\x00\x00", "a voucher in it is malformed"),
        ("ledger", pack_save({"name": "x"}, (), "eve"), "a ledger does not belong in"),
    ],
)
def test_what_opens_to_something_malformed_is_quarantined_with_its_reason(kind: str, data: bytes, reason: str) -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    key = office.keyring.key(office.chain.epochs[0], SALES)
    items = [Item(DOC, kind, data)]
    bad = make_commit(pune.keys, SALES, items, NOW, b"", pune.chain.seen, office.chain.epochs[0], key, os.urandom)
    assert give(office, [(bad.header_bytes, bad.signature, bad.ciphertext)]).gained == 1
    assert states(office, SALES) == [QUARANTINED]
    ((text,),) = office.db.execute("SELECT reason FROM set_aside").fetchall()
    assert reason in text
    assert office.store.scopes()[SALES].size == 1


def test_a_run_is_proved_by_its_last_signature_and_by_nothing_less() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    for number in range(5):
        save(office, SALES, bytes([number]) * 16, number=str(number))
    run = parts_of(office, SALES)
    unsigned = [(header, bytes(64), body) for header, _, body in run[:-1]]
    assert [one.signed for one in pune.check_untrusted([*unsigned, run[-1]])] == [True] * 5
    assert [one.signed for one in pune.check_untrusted(unsigned)] == [False] * 4
    assert [one.signed for one in pune.check_untrusted([*unsigned, (run[-1][0], bytes(64), run[-1][2])])] == [False] * 5
    assert [one.signed for one in pune.check_untrusted([run[0], run[1], unsigned[3], unsigned[2]])] == [
        True,
        True,
        False,
        False,
    ]


def test_a_commit_with_a_wrong_signature_is_proved_by_a_later_one_whatever_comes_first() -> None:
    """Copies that got a run in different batches must not disagree for ever about one of its commits."""
    office = head_office()
    pune, nagpur = branch_of(office, "Pune"), branch_of(office, "Nagpur")
    for number in range(2):
        save(office, SALES, bytes([number]) * 16, number=str(number))
    (header, _, body), last = parts_of(office, SALES)
    for copy in (pune, nagpur):
        copy.extend_chain(office.chain_entries(-1))
        give(copy, parts_of(office, keys_scope(copy.keys.author)))
    assert give(pune, [(header, bytes(64), body), last]).gained == 2
    assert len(give(nagpur, [(header, bytes(64), body)]).held_back) == 1
    assert nagpur.store.find_scope(SALES) is None
    give(nagpur, [last])
    assert digest(pune)[SALES] == digest(nagpur)[SALES]


def test_a_new_epoch_is_used_once_its_key_is_here_and_the_old_one_until_then() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    give(pune, parts_of(office, keys_scope(pune.keys.author)))
    epoch, root = Keyring.new_epoch(seeded("second"))
    append(office, Epoch(time=NOW, epoch=epoch))
    held = [HeldKey(epoch, ROOT, root)]
    office.commit(
        keys_scope(office.keys.author), [seal_keys(office.company, office.keys.id, office.keys.seal_public, held)], NOW
    )
    pune.extend_chain(office.chain_entries(-1))
    assert save(office, SALES, DOC, number="1").header.epoch == epoch
    assert save(pune, "vouchers/pun/sales/2026-04", DOC, number="2").header.epoch == office.chain.epochs[0]
    member = pune.chain.member(pune.keys.id)
    assert member is not None
    with office.transaction():
        seal_granted(office, member, NOW)
    give(pune, parts_of(office, keys_scope(pune.keys.author)))
    give(pune, parts_of(office, SALES))
    assert save(pune, "vouchers/pun/sales/2026-04", DOC, number="3").header.epoch == epoch
    assert states(pune, SALES) == [ACCEPTED]


class Failing:
    """Tables that fail when told to."""

    def __init__(self) -> None:
        self.fails = False
        self.forgotten = 0

    def project(self, db: sqlite3.Connection, changed: Sequence[ChangedDocument], chain: Chain, locks: Locks) -> None:
        if self.fails:
            raise StoreError("the disk is full")

    def clear(self, db: sqlite3.Connection) -> None:
        """Nothing is kept."""

    def forget(self) -> None:
        self.forgotten += 1


def test_a_batch_that_fails_leaves_nothing_behind_in_store_or_memory() -> None:
    office = head_office()
    base = branch_of(office, "Pune")
    tables = Failing()
    pune = Replica(a_store(), base.keys, office.company, tables)
    pune.extend_chain(office.chain_entries(-1))
    give(pune, parts_of(office, keys_scope(pune.keys.author)))
    before = digest(pune), pune.chain.head, pune.view(1, office.keys.id).digest("")
    save(office, SALES, DOC, number="1")
    tables.fails = True
    with pytest.raises(StoreError):
        give(pune, parts_of(office, SALES))
    assert (digest(pune), pune.chain.head, pune.view(1, office.keys.id).digest("")) == before
    assert tables.forgotten
    tables.fails = False
    assert give(pune, parts_of(office, SALES)).gained == 1
    assert pune.view(1, office.keys.id).digest("") == office.view(1, pune.keys.id).digest("")


def test_two_processes_write_the_same_books(tmp_path: Path) -> None:
    office = head_office(tmp_path)
    twin = Replica(Store.open(tmp_path / "ho.db", wait_ms=0), office.keys, office.company)
    save(office, SALES, DOC, number="1")
    assert twin.refresh()
    assert twin.view(1, b"x" * 32).digest("").size == 0
    save(twin, SALES, b"another document", number="2")
    save(office, SALES, b"third document..", number="3")
    twin.refresh()
    assert digest(twin) == digest(office)
    assert [one.header.prev for one in map(_parsed, twin.store.everything()) if one.header.scope == SALES][1:] == [
        one.id for one in map(_parsed, twin.store.everything()) if one.header.scope == SALES
    ][:2]
    with office.transaction():
        with pytest.raises(StoreBusy):
            save(twin, SALES, DOC, number="4")
        save(office, SALES, DOC, number="5")
    assert save(twin, SALES, DOC, number="6").id


def _parsed(stored: StoredCommit) -> Commit:
    return parse_commit_untrusted(stored.header, stored.signature, stored.body)


def test_what_is_held_back_is_bounded_for_each_peer() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    for number in range(HELD_BACK_PER_PEER_MAX + 5):
        save(office, LEDGERS, number.to_bytes(8, "big") * 2, name=str(number))
    forged = [(header, bytes(64), body) for header, _, body in parts_of(office, LEDGERS)]
    result = give(pune, forged)
    assert len(result.held_back) == HELD_BACK_PER_PEER_MAX
    assert len(result.refused) == 5
    assert len(give(pune, forged[-1:], b"q" * 32).held_back) == 1


def test_whether_something_waits_for_its_key_is_told_without_reading_what_is_quarantined() -> None:
    office = head_office()
    asked: list[str] = []
    office.db.set_trace_callback(asked.append)
    assert not office.waits_for_key()
    office.db.set_trace_callback(None)
    (statement,) = asked
    ((*_, plan),) = office.db.execute(f"EXPLAIN QUERY PLAN {statement}")
    assert "INDEX set_aside_state" in plan
