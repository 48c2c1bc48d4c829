"""Beyond a cut: what counts follows from the commits held and the control chain, in whatever order they came."""

import random as randomness
from collections.abc import Iterable, Iterator

import pytest

from crdt_models.saves import ORIGIN_SET_ASIDE, pack_save
from p2p.chain import READ_DEFAULT, WRITE_DEFAULT, Grant
from p2p.commit import Commit, Item, make_commit, parse_commit_untrusted
from p2p.errors import ChainError
from p2p.members import grant, make_admin, readmit, remove_admin, rename, revoke
from p2p.messages import CommitParts
from p2p.replica import NotAllowed, Replica
from p2p.scope import keys_scope
from p2p.store import ACCEPTED, CARRIED, QUARANTINED, STATE_NAMES, WAITING_FOR_KEY, StoredCommit
from tests.p2p.copies import NOW, branch_of, head_office, save, seeded, sync
from tests.p2p.test_locks import a_branch, doc

SALES = "vouchers/pun/sales/2026-04"
LEDGERS = "masters/ledger"


def parts(commit: Commit) -> CommitParts:
    return commit.header_bytes, commit.signature, commit.ciphertext


def give(replica: Replica, commits: Iterable[Commit], peer: Replica) -> int:
    found = replica.check_untrusted([parts(commit) for commit in commits])
    result = replica.ingest_from(found, peer.keys.id, None, NOW)
    assert not result.refused
    return result.gained


def state_of(replica: Replica, commit: Commit) -> str:
    scope = replica.store.find_scope(commit.header.scope)
    assert scope is not None
    (stored,) = replica.store.by_prefixes(scope, [commit.id])
    return STATE_NAMES[stored.state]


def shown(replica: Replica, number: int, scope: str = SALES) -> dict[str, object]:
    document = replica.document(scope, scope.split("/")[1] if scope == LEDGERS else "voucher", doc(number))
    return {} if document is None else dict(document.fold().values)


def whole(replica: Replica) -> tuple[object, ...]:
    """All that a copy says of its commits and documents."""
    commits = replica.db.execute(
        "SELECT c.id, c.state, coalesce(s.reason, '') FROM commits c LEFT JOIN set_aside s USING (row) ORDER BY c.id"
    ).fetchall()
    documents = [
        (one.scope, one.kind, one.id, sorted((id, str(one.saves()[id])) for id in one.saves()), one.fold())
        for one in replica.everything()
    ]
    return commits, documents


def revoked_while_away() -> tuple[Replica, Replica, list[Commit]]:
    """Two commits that head office holds, the revocation, and two that it does not."""
    office = head_office()
    pune = a_branch(office, "Pune")
    commits = [save(pune, SALES, doc(at % 3), number=str(at)) for at in range(2)]
    sync(pune, office)
    revoke(office, pune.keys.id, NOW, seeded("epoch"))
    commits += [save(pune, SALES, doc(2), number="2"), save(pune, SALES, doc(0), number="3")]
    return office, pune, commits


def test_what_the_keeper_held_counts_and_what_comes_later_is_set_aside() -> None:
    office, pune, commits = revoked_while_away()
    give(office, commits[2:], pune)
    assert [state_of(office, commit) for commit in commits] == ["accepted", "accepted", "quarantined", "quarantined"]
    assert shown(office, 0) == {"number": "0"}
    assert shown(office, 2) == {}
    document = office.document(SALES, "voucher", doc(2))
    assert document is not None
    assert document.is_set_aside
    assert [one.origin for one in document.saves().values()] == [ORIGIN_SET_ASIDE]
    ((reason,),) = set(office.db.execute("SELECT reason FROM set_aside"))
    assert reason == "its author was revoked, and it had not arrived by then"


def test_what_is_admitted_again_counts_and_what_builds_on_the_rest_knows_it() -> None:
    office, pune, commits = revoked_while_away()
    give(office, commits[2:], pune)
    later = save(office, SALES, doc(0), narration="x")
    assert shown(office, 0) == {"number": "0", "narration": "x"}
    readmit(office, [commits[3].id], NOW)
    assert state_of(office, commits[3]) == "accepted"
    assert state_of(office, commits[2]) == "quarantined"
    assert shown(office, 0) == {"number": "3", "narration": "x"}
    document = office.document(SALES, "voucher", doc(0))
    assert document is not None
    assert commits[3].save_id in document.saves()[later.save_id].parents


def test_a_copy_that_hears_of_the_revocation_late_undoes_what_it_had_taken_in() -> None:
    office = head_office()
    pune, nagpur = a_branch(office, "Pune"), a_branch(office, "Nagpur")
    sync(nagpur, office)
    first = save(pune, SALES, doc(0), number="1")
    sync(pune, office)
    revoke(office, pune.keys.id, NOW, seeded("epoch"))
    second = save(pune, SALES, doc(0), number="2")
    give(nagpur, [first, second], pune)
    assert shown(nagpur, 0) == {"number": "2"}
    nagpur.extend_chain(office.chain_entries(-1))
    assert [state_of(nagpur, one) for one in (first, second)] == ["accepted", "quarantined"]
    assert shown(nagpur, 0) == {"number": "1"}
    give(office, [second], pune)
    sync(nagpur, office)
    readmit(office, [second.id], NOW)
    sync(nagpur, office)
    assert shown(nagpur, 0) == shown(office, 0) == {"number": "2"}


def test_while_the_tip_is_on_its_way_all_before_it_stays_set_aside() -> None:
    office, pune, commits = revoked_while_away()
    fresh = a_branch(office, "Nagpur")
    give(fresh, [commits[0], commits[2]], pune)
    assert [state_of(fresh, one) for one in (commits[0], commits[2])] == ["quarantined"] * 2
    give(fresh, [commits[1]], pune)
    assert [state_of(fresh, one) for one in commits[:3]] == ["accepted", "accepted", "quarantined"]
    assert shown(fresh, 0) == {"number": "0"}


def test_a_chain_of_its_own_behind_the_cut_gains_nothing() -> None:
    """A revoked device that names an old entry, an old time, an old key, and the last commit that counts."""
    office, pune, commits = revoked_while_away()
    (epoch, *_) = office.chain.epochs
    items = [Item(doc(9), "voucher", save_bytes(number="9"))]
    seen = (office.chain.cuts[0].at - 1, office.chain_hash(office.chain.cuts[0].at - 1) or b"")
    forged = [
        make_commit(
            pune.keys, SALES, items, NOW - 10_000_000 + at, prev, (seen[0], seen[1][:8]), epoch,
            pune.keyring.key(epoch, SALES), seeded(at),
        )
        for at, prev in enumerate((b"", commits[0].id, commits[1].id))
    ]  # fmt: skip
    give(office, forged, pune)
    assert [state_of(office, one) for one in forged] == ["quarantined"] * 3
    assert shown(office, 9) == {}


def test_whoever_has_seen_its_revocation_is_refused() -> None:
    office, pune, commits = revoked_while_away()
    pune.extend_chain(office.chain_entries(-1))
    with pytest.raises(NotAllowed, match="revoked"):
        save(pune, SALES, doc(5), number="5")
    (epoch, *_) = office.chain.epochs
    items = [Item(doc(9), "voucher", save_bytes(number="9"))]
    made = make_commit(
        pune.keys, SALES, items, NOW, commits[-1].id, office.chain.seen, epoch, pune.keyring.key(epoch, SALES),
        seeded(1),
    )  # fmt: skip
    result = office.ingest_from(office.check_untrusted([parts(made)]), pune.keys.id, None, NOW)
    assert [reason for _, reason in result.refused] == [f"its author may not write in {SALES}"]


def save_bytes(**values: object) -> bytes:
    return pack_save({name: str(value) for name, value in values.items()}, (), "eve")


def test_a_narrowed_grant_cuts_only_what_was_taken_away() -> None:
    office = head_office()
    pune = a_branch(office, "Pune")
    first = [save(pune, LEDGERS, doc(1), name="a"), save(pune, SALES, doc(1), number="1")]
    sync(pune, office)
    grant(office, pune.keys.id, READ_DEFAULT, ("vouchers/pun/**",), NOW)
    assert len(office.chain.epochs) == 1
    late = [save(pune, LEDGERS, doc(2), name="b"), save(pune, SALES, doc(2), number="2")]
    give(office, late, pune)
    assert [state_of(office, one) for one in (*first, *late)] == ["accepted"] * 2 + ["quarantined", "accepted"]
    grant(office, pune.keys.id, READ_DEFAULT, WRITE_DEFAULT, NOW)
    sync(pune, office)
    assert state_of(office, late[0]) == state_of(pune, late[0]) == "quarantined"
    assert state_of(office, save(office, LEDGERS, doc(3), name="c")) == "accepted"
    again = save(pune, LEDGERS, doc(2), name="d")
    sync(pune, office)
    assert state_of(office, again) == "accepted"
    assert shown(office, 2, LEDGERS) == {"name": "d"}


# -- keys -----------------------------------------------------------------------------------------------------------


def test_after_a_revocation_everybody_else_seals_under_keys_that_the_revoked_device_lacks() -> None:
    office, pune, _ = revoked_while_away()
    nagpur = a_branch(office, "Nagpur")
    before, after = office.chain.epochs
    made = save(nagpur, LEDGERS, doc(7), name="secret")
    assert made.header.epoch == after
    assert pune.keyring.key(after, LEDGERS) is None
    give(pune, commits_in(office, keys_scope(nagpur.keys.author)), office)
    assert pune.keyring.key(after, LEDGERS) is None
    assert office.keyring.key(after, LEDGERS) == nagpur.keyring.key(after, LEDGERS) != office.keyring.key(before, "")


def commits_in(replica: Replica, scope: str) -> Iterator[Commit]:
    number = replica.store.find_scope(scope)
    for stored in replica.store.in_scope(number or 0, 0, 10_000):
        yield parse_commit_untrusted(stored.header, stored.signature, stored.body)


def test_narrowed_reading_begins_an_epoch_and_widening_hands_over_all_of_them() -> None:
    office = head_office()
    tablet = branch_of(office, "Tablet", grant=Grant(("control/**", "masters/**"), ("masters/**",)))
    sync(tablet, office)
    made = [save(office, SALES, doc(1), number="1")]
    give(tablet, made, office)
    assert state_of(tablet, made[0]) == STATE_NAMES[CARRIED]
    grant(office, tablet.keys.id, ("control/**",), (), NOW, seeded(1))
    made.append(save(office, LEDGERS, doc(1), name="a"))
    sync(tablet, office)
    give(tablet, made[1:], office)
    assert [state_of(tablet, one) for one in made] == ["carried", "carried"]
    assert len(office.chain.epochs) == 2
    grant(office, tablet.keys.id, READ_DEFAULT, WRITE_DEFAULT, NOW, seeded(2))
    assert len(office.chain.epochs) == 2
    tablet.extend_chain(office.chain_entries(-1))
    assert [state_of(tablet, one) for one in made] == [STATE_NAMES[WAITING_FOR_KEY]] * 2
    sync(tablet, office)
    assert [state_of(tablet, one) for one in made] == [STATE_NAMES[ACCEPTED]] * 2
    assert shown(tablet, 1) == {"number": "1"}
    keys = office.store.scopes()[keys_scope(tablet.keys.author)]
    grant(office, tablet.keys.id, READ_DEFAULT, WRITE_DEFAULT, NOW, seeded(3))
    assert office.store.scopes()[keys_scope(tablet.keys.author)] == keys


def test_the_pairs_of_a_branch_are_handed_over_with_branches_still_to_come() -> None:
    office = head_office()
    mine = Grant(("control/**", "transfers/pun~*/**"), ("transfers/pun~*/**",))
    pune = branch_of(office, "Pune", grant=mine)
    sync(pune, office)
    (epoch,) = office.chain.epochs
    assert pune.keyring.key(epoch, "transfers/ho~pun/2026-04") is not None
    assert pune.keyring.key(epoch, "transfers/nag~pun/2026-04") is None
    sealed = office.store.scopes()[keys_scope(pune.keys.author)]
    branch_of(office, "Nagpur")
    assert office.store.scopes()[keys_scope(pune.keys.author)] == sealed
    sync(pune, office)
    assert pune.keyring.key(epoch, "transfers/nag~pun/2026-04") is not None
    assert pune.keyring.key(epoch, "transfers/ho~nag/2026-04") is None
    assert pune.chain.may_write(pune.keys.author, "transfers/nag~pun/2026-04", pune.chain.head[0])
    assert not pune.chain.may_write(pune.keys.author, "transfers/ho~nag/2026-04", pune.chain.head[0])


# -- in whatever order ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_the_order_of_arrival_decides_nothing(seed: int) -> None:
    """Chain entries and commits come early and late; copies that hold the same say the same."""
    random = randomness.Random(seed)
    office = head_office()
    pune, nagpur = a_branch(office, "Pune"), a_branch(office, "Nagpur")
    commits = history(office, pune, nagpur, random)
    copies = []
    for name in ("Latur", "Satara", "Solapur"):
        copies.append((branch_of(office, name, informed=False), seeded((seed, name))))
    entries = office.chain_entries(-1)
    for copy, _ in copies:
        arrive(copy, entries, [*commits, *commits_in(office, keys_scope(copy.keys.author))], office, random)
    first = whole_without_keys(copies[0][0])
    for copy, _ in copies[1:]:
        assert whole_without_keys(copy) == first
    assert {state for _, state, _ in first[0]} >= {ACCEPTED, QUARANTINED}


def whole_without_keys(replica: Replica) -> tuple[list[tuple[bytes, int, str]], list[object]]:
    commits, documents = whole(replica)
    own = {one.id for one in commits_in(replica, keys_scope(replica.keys.author))}
    assert isinstance(commits, list)
    assert isinstance(documents, list)
    return [one for one in commits if one[0] not in own], [one for one in documents if one[1] != "keys"]


def history(office: Replica, pune: Replica, nagpur: Replica, random: randomness.Random) -> list[Commit]:
    """Saves here and there, meetings, a narrowing, a revocation, re-admissions; every commit that was made."""
    commits: list[Commit] = []
    narrowed = random.randrange(4, 12)
    for at in range(24):
        writer = random.choice([pune, pune, nagpur, office] if at < 20 else [office, nagpur])
        scope = random.choice([SALES, SALES, LEDGERS])
        try:
            commits.append(save(writer, scope, doc(random.randrange(4)), **{random.choice("ab"): str(at)}))
        except NotAllowed:
            assert writer is pune
        if random.random() < 0.3:
            sync(nagpur, office)
        if random.random() < 0.3 and at < 14:
            sync(pune, office)
        if at == narrowed:
            grant(office, pune.keys.id, READ_DEFAULT, ("vouchers/**",), NOW, seeded(at))
        if at == 16:
            revoke(office, pune.keys.id, NOW, seeded(at))
    give(office, [one for one in commits if one.header.author == pune.keys.author], pune)
    aside = [one for one in commits if state_of_any(office, one) == QUARANTINED]
    readmit(office, [one.id for one in random.sample(aside, len(aside) // 2)] or [bytes(32)], NOW)
    return commits


def state_of_any(replica: Replica, commit: Commit) -> int | None:
    row = replica.db.execute("SELECT state FROM commits WHERE id=?", (commit.id,)).fetchone()
    return row[0] if row else None


def arrive(
    copy: Replica, entries: list[bytes], commits: list[Commit], office: Replica, random: randomness.Random
) -> None:
    coming = list(commits)
    random.shuffle(coming)
    known = 0
    while coming or known < len(entries):
        if known < len(entries) and random.random() < 0.5:
            until = min(len(entries), known + random.randrange(1, 6))
            copy.extend_chain(entries[known:until])
            known = until
        size = random.randrange(1, 6)
        batch, coming = coming[:size], coming[size:]
        checked = copy.check_untrusted([parts(one) for one in batch])
        result = copy.ingest_from(checked, office.keys.id, None, NOW)
        # What names entries that are not here is held back and judged when they come; nothing else is refused.
        assert not [reason for _, reason in result.refused if "not a device" not in reason]
        coming += [one for one in batch if one.id in {refused for refused, _ in result.refused}]
        if coming and not batch and known == len(entries):
            raise AssertionError("commits are left that nobody takes")


# -- deeds ----------------------------------------------------------------------------------------------------------


def test_devices_are_renamed_and_made_admins_by_the_keeper_alone() -> None:
    office = head_office()
    pune = a_branch(office, "Pune")
    rename(office, pune.keys.id, "Pune till", NOW)
    make_admin(office, pune.keys.id, NOW)
    member = office.chain.member(pune.keys.id)
    assert member is not None
    assert member.name == "Pune till"
    assert office.chain.admins == {pune.keys.id}
    remove_admin(office, pune.keys.id, NOW)
    assert office.chain.admins == frozenset()
    with pytest.raises(ChainError, match="another device"):
        rename(office, pune.keys.id, "Head Office", NOW)
    with pytest.raises(ChainError, match="name the commits"):
        readmit(office, [], NOW)
    with pytest.raises(NotAllowed, match="only Head Office keeps the list"):
        revoke(pune, office.keys.id, NOW)
    with pytest.raises(ChainError, match="keeps the chain"):
        revoke(office, office.keys.id, NOW)


def test_more_commits_than_one_entry_holds_are_let_in_by_several():
    office = head_office()
    before = office.chain_head()[0]
    last = readmit(office, [number.to_bytes(32) for number in range(9000)], NOW)
    assert last.seq == office.chain_head()[0] == before + 3


def test_a_device_that_wrote_in_very_many_places_is_revoked_in_parts() -> None:
    office = head_office()
    pune = a_branch(office, "Pune")
    many = [f"vouchers/b{at % 2}/{'s' * 30}/{at:04}" for at in range(3600)]
    hold(office, pune, many)
    before = office.chain_head()
    with pytest.raises(ChainError, match="take away its grant in parts first"):
        revoke(office, pune.keys.id, NOW, seeded("epoch"))
    assert office.chain_head() == before
    grant(office, pune.keys.id, READ_DEFAULT, ("vouchers/b1/**",), NOW)
    revoke(office, pune.keys.id, NOW, seeded("epoch"))
    vouchers = [[scope for scope in cut.tips if scope.startswith("vouchers/")] for cut in office.chain.cuts]
    assert [len(scopes) for scopes in vouchers] == [1800, 1800]
    assert {state for (state,) in office.db.execute("SELECT state FROM commits")} == {ACCEPTED}
    late = [save(pune, many[at], doc(9), a="1") for at in range(2)]
    give(office, late, pune)
    assert [state_of(office, one) for one in late] == ["quarantined"] * 2


def hold(office: Replica, pune: Replica, scopes: list[str]) -> None:
    """Let the head office hold one commit of Pune in each of these scopes, without going to the length of each save."""
    with office.transaction():
        row = office.store.next_row()
        for at, scope in enumerate(scopes):
            key = pune.keyring.key(pune.chain.epochs[0], scope)
            item = Item(doc(1), "voucher", save_bytes(a=at))
            made = make_commit(
                pune.keys, scope, [item], NOW, b"", pune.chain.seen, pune.chain.epochs[0], key, seeded(at)
            )
            number = office.store.scope_id(scope)
            office.store.append([StoredCommit(row + at, number, made.id, *parts(made), ACCEPTED, None)])
            office.db.execute("INSERT INTO tips VALUES (?, ?, ?, ?)", (number, pune.keys.author, made.id, row + at))
