"""Copies on different lines of a forked control chain meet: they end on one line, keep every voucher, and go on."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt_models.saves import pack_save
from p2p.chain import BranchAdded, KeeperMoved, Locked, Revoked, Setting
from p2p.chain_entries import Body
from p2p.commit import Item, make_commit
from p2p.cuts import tips_of_device
from p2p.events import Ended
from p2p.forks import lost
from p2p.founding import append
from p2p.judging import Verdict
from p2p.limits import CHAIN_GATHERED_BYTES_MAX
from p2p.local import Membership
from p2p.messages import Chain, encode
from p2p.replica import NotAllowed, Replica
from p2p.store import ACCEPTED, QUARANTINED
from tests.p2p.copies import NOW, Line, RemoteProtocolError, branch_of, digest, head_office, save, seeded, sync
from tests.p2p.stores import a_store
from tests.p2p.test_forks import told

SALES = "vouchers/pun/sales/2026-04"
DOC = b"document 1      "


def clone(replica: Replica, name: str = "clone") -> Replica:
    """The same device once more, as a copy of its disk makes it."""
    store = a_store()
    replica.db.backup(store.conn)
    return Replica(store, replica.keys, replica.company, random=seeded(name))


def setting(replica: Replica, value: int) -> None:
    append(replica, Setting(time=NOW, name="value", value=value))


def agree(*copies: Replica) -> None:
    assert all(told(copy.chain) == told(copies[0].chain) for copy in copies)
    assert all(digest(copy) == digest(copies[0]) for copy in copies)
    for copy in copies:
        again = Replica(copy.store, copy.keys, copy.company)
        assert told(again.chain) == told(copy.chain), "what is stored is what is held"


def two_lines(*others: str) -> tuple[Replica, ...]:
    """A head office and its clone, each of which went on by itself, with a branch that knows its line alone."""
    office = head_office()
    pune, nagpur, *rest = [branch_of(office, name) for name in ("Pune", "Nagpur", *others)]
    for branch in (pune, nagpur, *rest):
        sync(branch, office)
    restored = clone(office)
    for value in range(3):
        setting(office, value)
    setting(restored, 99)
    sync(pune, office)
    sync(nagpur, restored)
    return office, restored, pune, nagpur, *rest


def test_two_copies_that_have_parted_meet_and_go_on():
    for turned in (False, True):
        _office, _restored, pune, nagpur = two_lines()
        line = Line(pune, nagpur) if turned else Line(nagpur, pune)
        line.run()
        assert line.in_sync
        agree(pune, nagpur)
        assert len(pune.chain.losing) == 1
        save(pune, "masters/ledger", DOC, name="Asha")
        line.nudge()
        line.run()
        assert line.in_sync
        agree(pune, nagpur)


def test_a_copy_that_meets_both_tells_those_who_never_saw_the_fork():
    office, restored, pune, nagpur, third = two_lines("Thane")
    for one, other in [(pune, nagpur), (third, pune), (office, third), (restored, nagpur)]:
        assert sync(one, other).in_sync
    agree(office, restored, third)


def test_a_device_that_belongs_to_the_losing_line_alone_is_not_let_in_until_it_is_admitted_again():
    office = head_office()
    pune = branch_of(office, "Pune")
    sync(pune, office)
    restored = clone(office)
    stall = branch_of(restored, "Stall")
    sync(stall, restored)
    made = save(stall, "vouchers/sta/sales/2026-04", DOC, number="1")
    append(office, KeeperMoved(time=NOW, device=pune.keys.id))
    sync(pune, office)
    with pytest.raises(RemoteProtocolError) as caught:
        sync(stall, pune)
    assert caught.value.code == "unknown-device"
    assert [one.entry.kind for one in lost(pune.chain, pune.chain.losing)] == ["BranchAdded", "Admitted"]
    for one in lost(pune.chain, pune.chain.losing):
        assert one.entry.body is not None
        append(pune, one.entry.body)
    assert sync(stall, pune).in_sync
    agree(stall, pune)
    scope = pune.store.find_scope("vouchers/sta/sales/2026-04")
    assert scope is not None
    assert [(one.id, one.state) for one in pune.store.in_scope(scope, 0, 9)] == [(made.id, ACCEPTED)]


def test_equally_long_lines_are_settled_too():
    office = head_office()
    pune = branch_of(office, "Pune")
    sync(pune, office)
    restored = clone(office)
    setting(office, 1)
    setting(restored, 2)
    sync(pune, office)
    line = sync(pune, restored)
    assert line.in_sync
    agree(pune, restored)
    again = sync(restored, pune)
    assert again.in_sync
    assert sum(again.bytes) < 1_000


def test_a_fork_of_long_chains_needs_no_more_turns():
    office = head_office()
    pune = branch_of(office, "Pune")
    for value in range(1_200):
        setting(office, value)
    sync(pune, office)
    restored = clone(office)
    setting(office, 1)
    setting(restored, 2)
    sync(pune, office)
    line = sync(pune, restored)
    assert line.in_sync
    assert line.turns < 12
    agree(pune, restored)


def test_what_a_device_committed_that_was_admitted_on_the_losing_line_stays():
    office = head_office()
    pune = branch_of(office, "Pune")
    sync(pune, office)
    restored = clone(office)
    stall = branch_of(restored, "Stall")
    sync(stall, restored)
    made = save(stall, "vouchers/sta/sales/2026-04", DOC, number="1")
    sync(stall, restored)
    append(office, KeeperMoved(time=NOW, device=pune.keys.id))
    for one, other in [(pune, office), (pune, restored), (pune, office)]:
        assert sync(one, other).in_sync
    agree(office, restored, pune)
    assert pune.chain.keeper == pune.keys.id
    assert pune.standing_of(stall.keys.id) is Membership.UNKNOWN
    scope = pune.store.find_scope("vouchers/sta/sales/2026-04")
    assert scope is not None
    assert [(one.id, one.state) for one in pune.store.in_scope(scope, 0, 9)] == [(made.id, ACCEPTED)]


def test_a_revocation_on_the_losing_line_is_in_force_at_once():
    office = head_office()
    pune, till = branch_of(office, "Pune"), branch_of(office, "Till")
    sync(pune, office)
    sync(till, office)
    restored = clone(office)
    append(restored, Revoked(time=NOW, device=till.keys.id))
    append(office, KeeperMoved(time=NOW, device=pune.keys.id))
    sync(pune, office)
    assert pune.standing_of(till.keys.id) is Membership.MEMBER
    assert sync(pune, restored).in_sync
    for copy in (pune, restored):
        assert copy.standing_of(till.keys.id) is Membership.REVOKED
        assert Replica(copy.store, copy.keys, copy.company).standing_of(till.keys.id) is Membership.REVOKED


def test_a_revoked_device_does_not_get_round_its_cut_by_a_line_that_lost():
    office = head_office()
    pune, till = branch_of(office, "Pune"), branch_of(office, "Till")
    for one in (pune, till):
        sync(one, office)
    restored = clone(office)
    for value in range(4):
        setting(restored, value)
    sync(till, restored)
    late = save(till, "masters/ledger", DOC, name="late")
    append(office, KeeperMoved(time=NOW, device=pune.keys.id))
    sync(pune, office)
    append(pune, Revoked(time=NOW, device=till.keys.id))
    sync(till, restored)
    assert sync(pune, restored).in_sync
    for copy in (pune, restored):
        scope = copy.store.find_scope("masters/ledger")
        assert scope is not None
        assert [(one.id, one.state) for one in copy.store.in_scope(scope, 0, 9)] == [(late.id, QUARANTINED)]


def test_two_devices_that_a_losing_line_revokes_are_each_cut_off_at_their_own_tips():
    office = head_office()
    pune, till, stall = [branch_of(office, name) for name in ("Pune", "Till", "Stall")]
    for one in (pune, till, stall):
        sync(one, office)
    kept = [save(one, "masters/ledger", bytes([at]) * 16, name="kept") for at, one in enumerate((till, stall))]
    for one in (till, stall):
        sync(one, office)
    restored = clone(office)
    for one in (till, stall):
        cut = tuple(tips_of_device(restored.store, one.keys.id))
        append(restored, Revoked(time=NOW, device=one.keys.id, cut=cut))
    append(office, KeeperMoved(time=NOW, device=pune.keys.id))
    late = [save(one, "masters/ledger", bytes([at]) * 16, name="late") for at, one in enumerate((till, stall))]
    for one in (till, stall):
        sync(one, office)
    sync(pune, office)
    assert sync(pune, restored).in_sync
    for copy in (pune, restored):
        scope = copy.store.find_scope("masters/ledger")
        assert scope is not None
        states = {one.id: one.state for one in copy.store.in_scope(scope, 0, 9)}
        assert states == {one.id: ACCEPTED for one in kept} | {one.id: QUARANTINED for one in late}


def test_a_lock_on_the_losing_line_binds_nobody_any_more():
    office = head_office()
    pune = branch_of(office, "Pune")
    sync(pune, office)
    restored = clone(office)
    append(restored, Locked(time=NOW, until="2026-04-30", scopes=("vouchers/**",)))
    append(office, KeeperMoved(time=NOW, device=pune.keys.id))
    sync(pune, office)
    made = save(pune, SALES, DOC, number="1")
    assert sync(pune, restored).in_sync
    for copy in (pune, restored):
        document = copy.document(SALES, "voucher", DOC)
        assert document is not None
        assert copy.chain.locks == ()
        assert copy.locks.late(copy.chain, SALES, document.saves()[made.save_id]) == []


def test_whoever_had_seen_a_lock_on_another_line_had_not_seen_this_one():
    office = head_office()
    pune, nagpur = branch_of(office, "Pune"), branch_of(office, "Nagpur")
    for one in (pune, nagpur):
        sync(one, office)
    restored = clone(office)
    for value in range(3):
        setting(restored, value)
    sync(nagpur, restored)
    late = save(nagpur, "vouchers/nag/sales/2026-04", DOC, number="1")
    append(office, KeeperMoved(time=NOW, device=pune.keys.id))
    sync(pune, office)
    append(pune, Locked(time=NOW, until="2026-04-30", scopes=("vouchers/**",)))
    assert sync(pune, nagpur).in_sync
    for copy in (pune, nagpur):
        document = copy.document("vouchers/nag/sales/2026-04", "voucher", DOC)
        assert document is not None
        (verdict,) = copy.locks.late(copy.chain, document.scope, document.saves()[late.save_id])
        assert not verdict.offence


def test_the_keeper_that_lost_its_place_on_the_winning_line_is_told_who_keeps_it():
    office = head_office()
    pune = branch_of(office, "Pune")
    sync(pune, office)
    restored = clone(office)
    append(office, KeeperMoved(time=NOW, device=pune.keys.id))
    sync(pune, office)
    setting(restored, 1)
    sync(restored, pune)
    with pytest.raises(NotAllowed, match="Pune"):
        setting(restored, 2)


def test_more_entries_at_once_than_any_company_has_end_the_conversation():
    office = head_office()
    pune = branch_of(office, "Pune")
    line = Line(pune, office)
    line.run()
    piece = encode(Chain([bytes(250_000)] * 4, more=True))
    said = ""
    for _ in range(CHAIN_GATHERED_BYTES_MAX // 1_000_000 + 1):
        try:
            line.sessions[1].receive(piece, 0)
        except RemoteProtocolError as error:
            said = error.code
            break
    assert said == "too-long"


def test_a_message_of_a_line_that_nobody_signed_ends_the_conversation_and_nothing_is_kept():
    office = head_office()
    pune = branch_of(office, "Pune")
    sync(pune, office)
    false = clone(office)
    false.keys = pune.keys
    entry = false.chain.entries()[-1]
    line = Line(pune, office)
    line.run()
    forged = bytearray(entry.encoded)
    forged[-1] ^= 1
    forged[1] += 1
    with pytest.raises(RemoteProtocolError) as caught:
        line.deliver(1, encode(Chain([bytes(forged)])))
    assert caught.value.code == "bad-chain"
    assert office.chain.losing == ()
    assert not any(isinstance(event, Ended) for event in line.events[1])


def test_a_commit_that_can_never_be_judged_does_not_keep_two_copies_busy_for_ever():
    office = head_office()
    pune = branch_of(office, "Pune")
    sync(pune, office)
    item = Item(DOC, "voucher", pack_save({"number": "1"}, (), "eve"))
    epoch, key = pune._sealing_key(SALES)
    made = make_commit(pune.keys, SALES, [item], NOW, b"", (1, b"made up."), epoch, key, seeded("x"))
    with pune.transaction():
        # As a copy would hold it that has been tampered with.
        pune._keep([(made, Verdict(ACCEPTED, ""))], None, NOW)
    line = sync(office, pune)
    assert line.turns < 12
    assert [row for (row,) in office.db.execute("SELECT id FROM held_back")] == [made.id]


class Company:
    """A head office that is cloned again and again, branches that meet anybody, and saves in between."""

    def __init__(self, random: Random) -> None:
        self.random = random
        office = head_office()
        self.branches = [branch_of(office, name) for name in ("Pune", "Nagpur", "Thane")]
        for branch in self.branches:
            sync(branch, office)
        self.offices = [office]
        self.made = 0

    def step(self) -> None:
        act = self.random.choice([self.clone, self.grow, self.grow, self.save, self.meet, self.meet, self.meet])
        act()

    def clone(self) -> None:
        if len(self.offices) < 3:
            self.offices.append(clone(self.random.choice(self.offices), str(self.made)))

    def grow(self) -> None:
        office = self.random.choice([*self.offices, *self.branches])
        self.made += 1
        bodies: list[Body] = [Setting(time=NOW, name="value", value=self.made)]
        bodies += [BranchAdded(time=NOW, code=f"b{self.made}", name=f"Branch {self.made}")]
        bodies += [KeeperMoved(time=NOW, device=self.random.choice(self.branches).keys.id)]
        if office.chain.keeper == office.keys.id:
            body = self.random.choice(bodies)
            if not isinstance(body, KeeperMoved) or body.device != office.keys.id:
                append(office, body)

    def save(self) -> None:
        self.made += 1
        save(self.random.choice(self.branches), "masters/ledger", DOC, name=str(self.made))

    def meet(self) -> None:
        one, other = self.random.sample([*self.branches, *self.offices], 2)
        if one.keys.id != other.keys.id:
            line = sync(one, other)
            assert line.in_sync


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_however_forks_grow_and_meet_all_copies_end_alike(seed):
    company = Company(Random(seed))
    for _ in range(14):
        company.step()
    for _ in range(2):
        for office in company.offices:
            for branch in company.branches:
                assert sync(branch, office).in_sync, seed
    agree(*company.branches, *company.offices)
