"""Which commits a lock keeps out: what its tips reach is in, and nothing about it depends on the order of arrival."""

from crdt_models.saves import pack_save
from p2p.chain import LockAdmitted, Locked, Unlocked
from p2p.commit import Commit, Item, make_commit, read_header
from p2p.founding import append
from p2p.locks import Late, tips_of
from p2p.replica import Replica
from p2p.scope import keys_scope
from tests.p2p.copies import NOW, branch_of, head_office, save, seeded, sync

SCOPE = "vouchers/pun/sales/2026-03"
OTHER = "vouchers/pun/sales/2026-04"
PATTERNS = ("vouchers/**",)


def a_branch(office: Replica, name: str) -> Replica:
    """A device that holds the control chain and its keys, and nothing else."""
    replica = branch_of(office, name)
    for stored in list(office.store.everything()):
        parts = (stored.header, stored.signature, stored.body)
        if read_header(stored.header).scope == keys_scope(replica.keys.author):
            replica.ingest_from(replica.check_untrusted([parts]), office.keys.id, None, NOW)
    return replica


def doc(number: int) -> bytes:
    return bytes([number]) * 16


def lock(office: Replica, scopes: tuple[str, ...] = PATTERNS, until: str = "2026-03-31") -> int:
    tips = tuple(tips_of(office.store, scopes))
    return append(office, Locked(time=NOW, until=until, scopes=scopes, tips=tips)).seq


def late(replica: Replica, number: int, scope: str = SCOPE) -> list[list[Late]]:
    document = replica.document(scope, "voucher", doc(number))
    assert document is not None
    return [replica.locks.late(replica.chain, scope, one) for one in document.saves().values()]


def test_the_last_commit_of_each_author_in_each_scope_is_a_tip() -> None:
    office = head_office()
    pune = a_branch(office, "Pune")
    first, second = save(pune, SCOPE, doc(1), posting=1), save(pune, SCOPE, doc(2), posting=1)
    third = save(office, SCOPE, doc(3), posting=1)
    sync(office, pune)
    found = tips_of(office.store, PATTERNS)
    assert found == sorted([(SCOPE, pune.keys.author, second.id), (SCOPE, office.keys.author, third.id)])
    assert first.id not in {tip for _, _, tip in found}
    assert tips_of(office.store, ("masters/**",)) == []


def test_a_tip_is_the_last_by_what_follows_what_and_not_by_arrival() -> None:
    office = head_office()
    pune = a_branch(office, "Pune")
    commits = [save(pune, SCOPE, doc(at), posting=1) for at in range(3)]
    for commit in reversed(commits):
        parts = (commit.header_bytes, commit.signature, commit.ciphertext)
        office.ingest_from(office.check_untrusted([parts]), pune.keys.id, None, NOW)
    assert tips_of(office.store, PATTERNS) == [(SCOPE, pune.keys.author, commits[-1].id)]


def test_naming_the_last_commit_of_somebody_else_as_prev_keeps_nothing_of_theirs_out() -> None:
    office = head_office()
    pune, nagpur = a_branch(office, "Pune"), a_branch(office, "Nagpur")
    commit = save(pune, SCOPE, doc(1), posting=1)
    item = Item(doc(2), "voucher", pack_save({"posting": 1}, (), "asha"))
    (epoch, *_) = nagpur.chain.epochs
    key = nagpur.keyring.key(epoch, SCOPE)
    false = make_commit(nagpur.keys, SCOPE, [item], NOW, commit.id, nagpur.chain.seen, epoch, key, seeded("nonce"))
    parts = (false.header_bytes, false.signature, false.ciphertext)
    give(office, pune, commit)
    assert office.ingest_from(office.check_untrusted([parts]), nagpur.keys.id, None, NOW).gained == 1
    expected = [(SCOPE, pune.keys.author, commit.id), (SCOPE, nagpur.keys.author, false.id)]
    assert tips_of(office.store, PATTERNS) == sorted(expected)
    lock(office)
    assert late(office, 1) == late(office, 2) == [[]]


def test_what_a_tip_reaches_is_in_and_the_rest_is_late() -> None:
    office = head_office()
    pune = a_branch(office, "Pune")
    save(pune, SCOPE, doc(1), posting=1)
    save(pune, SCOPE, doc(2), posting=1)
    sync(office, pune)
    seq = lock(office)
    save(pune, SCOPE, doc(3), posting=1)
    save(pune, OTHER, doc(4), posting=1)
    sync(office, pune)
    for replica in (office, pune):
        assert late(replica, 1) == late(replica, 2) == [[]]
        assert late(replica, 3) == [[Late(seq, offence=False)]]
        # Nothing of Pune lay in that scope when it was locked; whether its date is in the period, the books decide.
        assert late(replica, 4, OTHER) == [[Late(seq, offence=False)]]


def test_whoever_had_seen_the_lock_commits_an_offence() -> None:
    office = head_office()
    pune = a_branch(office, "Pune")
    seq = lock(office)
    save(office, SCOPE, doc(1), posting=1)
    sync(office, pune)
    save(pune, SCOPE, doc(2), posting=1)
    sync(office, pune)
    assert late(office, 1) == late(office, 2) == late(pune, 2) == [[Late(seq, offence=True)]]


def test_while_a_tip_is_on_its_way_nothing_before_the_lock_is_late() -> None:
    office = head_office()
    pune = a_branch(office, "Pune")
    commits = [save(pune, SCOPE, doc(at), posting=1) for at in range(3)]
    sync(office, pune)
    seq = lock(office)
    commits.append(save(pune, SCOPE, doc(3), posting=1))
    fresh = a_branch(office, "Nagpur")
    for at in (0, 3, 1):
        give(fresh, pune, commits[at])
    assert late(fresh, 0) == late(fresh, 3) == [[]]
    give(fresh, pune, commits[2])
    assert late(fresh, 0) == late(fresh, 2) == [[]]
    assert late(fresh, 3) == [[Late(seq, offence=False)]]


def test_a_gap_below_a_tip_is_late_until_it_is_filled() -> None:
    office = head_office()
    pune = a_branch(office, "Pune")
    commits = [save(pune, SCOPE, doc(at), posting=1) for at in range(3)]
    sync(office, pune)
    lock(office)
    fresh = a_branch(office, "Nagpur")
    give(fresh, pune, commits[2])
    give(fresh, pune, commits[0])
    assert late(fresh, 2) == [[]]
    give(fresh, pune, commits[1])
    assert late(fresh, 0) == late(fresh, 1) == late(fresh, 2) == [[]]


def test_admitted_commits_and_locks_taken_back_keep_nothing_out() -> None:
    office = head_office()
    pune = a_branch(office, "Pune")
    first, second = lock(office), lock(office, ("vouchers/pun/**",), "2026-02-28")
    commit = save(pune, SCOPE, doc(1), posting=1)
    save(pune, SCOPE, doc(2), posting=1)
    sync(office, pune)
    assert late(office, 1) == [[Late(first, offence=False), Late(second, offence=False)]]
    append(office, Unlocked(time=NOW, lock=first))
    assert late(office, 1) == [[Late(second, offence=False)]]
    append(office, LockAdmitted(time=NOW, commits=(commit.id,)))
    assert late(office, 1) == [[]]
    assert late(office, 2) == [[Late(second, offence=False)]]
    sync(office, pune)
    assert late(pune, 1) == [[]]


def give(replica: Replica, peer: Replica, commit: Commit) -> None:
    stored = next(one for one in peer.store.everything() if one.id == commit.id)
    parts = (stored.header, stored.signature, stored.body)
    assert replica.ingest_from(replica.check_untrusted([parts]), peer.keys.id, None, NOW).gained == 1
