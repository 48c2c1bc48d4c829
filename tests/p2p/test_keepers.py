"""The keeper's place: given to another device with all it needs, and set right after a fork."""

from pathlib import Path

import pytest

from p2p.admission import invitations, invite
from p2p.chain import Admitted, BranchAdded, Epoch, Grant, InvitationUsed, KeeperMoved, Locked, Revoked, Setting
from p2p.errors import ChainError
from p2p.forks import lost
from p2p.founding import admit_device, append
from p2p.identity import DeviceKeys
from p2p.invite import Standing
from p2p.keepers import move_keeper, repeat_lost, repeat_what_stays_in_force, settle_forks
from p2p.keyring import ROOT
from p2p.members import begin_epoch, grant, revoke
from p2p.replica import NotAllowed, Replica
from p2p.store import Store
from tests.p2p.copies import EVERYTHING, NOW, branch_of, head_office, revoked_in, save, seeded, sync
from tests.p2p.test_fork_meetings import agree, clone
from tests.p2p.test_forks import told

DOC = b"document 1      "
MASTERS_ONLY = Grant(("control/**", "masters/**"), ("masters/**",))


def two(folder: Path | None = None) -> tuple[Replica, Replica]:
    office = head_office()
    pune = branch_of(office, "Pune", folder)
    sync(pune, office)
    return office, pune


def test_the_new_keeper_invites_admits_revokes_and_begins_epochs_and_the_old_one_is_refused():
    office, pune = two()
    till = branch_of(office, "Till")
    sync(till, office)
    begin_epoch(office, NOW)
    save(office, "masters/ledger", DOC, name="under the second epoch")
    move_keeper(office, pune.keys.id, NOW)
    with pytest.raises(NotAllowed, match="only Pune keeps the list"):
        begin_epoch(office, NOW)
    with pytest.raises(NotAllowed, match="only Pune"):
        move_keeper(office, pune.keys.id, NOW)
    with pytest.raises(NotAllowed):
        begin_epoch(pune, NOW)
    assert sync(pune, office).in_sync
    assert all(pune.keyring.key(epoch, ROOT) is not None for epoch in pune.chain.epochs)
    invite(pune, "Nagpur", "NAG", EVERYTHING, ["127.0.0.1:7420"], NOW, seeded("n"))
    revoke(pune, till.keys.id, NOW)
    thane = branch_of(pune, "Thane", rule="")
    assert sync(thane, pune).in_sync
    assert sync(thane, office).in_sync
    assert all(thane.keyring.key(epoch, "masters/ledger") is not None for epoch in thane.chain.epochs)
    assert told(thane.chain) == told(office.chain)


def test_the_phrase_still_opens_every_epoch_after_a_move():
    office, pune = two()
    move_keeper(office, pune.keys.id, NOW)
    sync(pune, office)
    begin_epoch(pune, NOW)
    assert len(list(pune.documents.in_scope("control/keys/recovery"))) == 2


def test_open_invitations_are_closed_by_a_move():
    office, pune = two()
    invite(office, "Nagpur", "NAG", EVERYTHING, ["127.0.0.1:7420"], NOW, seeded("n"))
    move_keeper(office, pune.keys.id, NOW)
    assert [one.standing(NOW) for one in invitations(office)] == [Standing.WITHDRAWN]
    assert len(office.chain.invitations_used) == 1


def test_a_device_that_may_not_read_everything_cannot_keep_the_chain():
    office = head_office()
    tablet = branch_of(office, "Tablet", grant=MASTERS_ONLY)
    with pytest.raises(ChainError, match="may not read everything"):
        move_keeper(office, tablet.keys.id, NOW)
    with pytest.raises(ChainError, match="not a device"):
        move_keeper(office, bytes(32), NOW)
    grant(office, tablet.keys.id, EVERYTHING.read, EVERYTHING.write, NOW)
    move_keeper(office, tablet.keys.id, NOW)
    assert office.chain.keeper == tablet.keys.id


def test_a_move_that_fails_leaves_nothing():
    office, pune = two()
    till = branch_of(office, "Till")
    revoke(office, till.keys.id, NOW)
    head, count = office.chain_head(), office.store.count()
    with pytest.raises(ChainError, match="was revoked"):
        move_keeper(office, till.keys.id, NOW)
    assert (office.chain_head(), office.store.count()) == (head, count)
    assert sync(pune, office).in_sync


def forked(folder: Path | None = None) -> tuple[Replica, Replica, Replica]:
    """A head office that revoked a till and more after its place had been given to Pune; it meets Pune again."""
    office, pune = two(folder)
    till = branch_of(office, "Till")
    for one in (till, pune):
        sync(one, office)
    restored = clone(office)
    move_keeper(office, pune.keys.id, NOW)
    sync(pune, office)
    stall = branch_of(restored, "Stall")
    append(restored, InvitationUsed(time=NOW, slot=bytes(16)))
    append(restored, Setting(time=NOW, name="value", value=1))
    append(restored, Locked(time=NOW, until="2026-03-31", scopes=("vouchers/**",)))
    revoke(restored, till.keys.id, NOW)
    assert sync(pune, restored).in_sync
    return pune, restored, stall


def test_the_keeper_repeats_by_itself_what_stays_in_force():
    pune, restored, _ = forked()
    epochs = len(pune.chain.epochs)
    assert not repeat_what_stays_in_force(restored, NOW)
    assert repeat_what_stays_in_force(pune, NOW)
    assert not repeat_what_stays_in_force(pune, NOW)
    said = [type(entry.body) for entry in pune.chain.entries() if entry.seq > pune.chain.head[0] - 3]
    assert said == [InvitationUsed, Revoked, Epoch]
    assert len(pune.chain.epochs) == epochs + 1
    never_saw = branch_of(pune, "Nagpur", rule="")
    assert len(revoked_in(never_saw.chain)) == 1
    assert sync(pune, restored).in_sync
    agree(pune, restored)


def test_who_learns_only_then_that_another_keeps_the_chain_repeats_nothing(tmp_path):
    pune, restored, _ = forked(tmp_path)
    another_process = Replica(Store.open(tmp_path / "pune.db"), pune.keys, pune.company)
    assert another_process.chain.losing
    move_keeper(pune, restored.keys.id, NOW)
    assert another_process.chain.keeper == pune.keys.id
    assert not repeat_what_stays_in_force(another_process, NOW)
    assert told(another_process.chain) == told(pune.chain)


def test_the_keeper_repeats_the_rest_when_it_is_told_to():
    pune, restored, stall = forked()
    repeat_what_stays_in_force(pune, NOW)
    with pytest.raises(NotAllowed, match="Pune"):
        repeat_lost(restored, NOW)
    repeated = repeat_lost(pune, NOW)
    assert [type(entry.body) for entry in repeated.done] == [BranchAdded, Admitted, Setting, Locked]
    assert [(one.entry.kind, reason) for one, reason in repeated.left] == [
        ("Epoch", "the keys of this epoch are not here")
    ]
    assert sync(stall, pune).in_sync
    assert len(pune.chain.locks) == 1


def test_a_keeper_that_holds_the_keys_repeats_an_epoch_too():
    office, pune = two()
    restored = clone(office)
    begin_epoch(restored, NOW)
    append(office, Setting(time=NOW, name="value", value=1))
    append(office, Setting(time=NOW, name="value", value=2))
    sync(pune, office)
    sync(pune, restored)
    loser = next(one for one in (office, restored) if one.chain.head[1] != pune.chain.head[1] or one is restored)
    assert sync(pune, loser).in_sync
    repeated = repeat_lost(restored, NOW)
    assert repeated.left == ()
    assert sync(pune, restored).in_sync
    assert lost(pune.chain, pune.chain.losing) == []
    assert all(pune.keyring.key(epoch, "masters/ledger") is not None for epoch in pune.chain.epochs)


def test_what_is_declared_settled_is_listed_no_more_until_the_line_grows():
    pune, restored, _ = forked()
    with pytest.raises(NotAllowed, match="Pune"):
        settle_forks(restored, NOW)
    assert lost(pune.chain, pune.chain.losing)
    assert settle_forks(pune, NOW) == 1
    assert settle_forks(pune, NOW) == 0
    assert lost(pune.chain, pune.chain.losing) == []
    assert sync(pune, restored).in_sync
    assert lost(restored.chain, restored.chain.losing) == []


def test_a_device_that_lost_its_place_while_it_was_away_is_refused_once_it_hears():
    office, pune = two()
    move_keeper(office, pune.keys.id, NOW)
    sync(pune, office)
    new = DeviceKeys.generate(seeded("new"))
    append(pune, KeeperMoved(time=NOW, device=office.keys.id))
    with pytest.raises(NotAllowed):
        admit_device(office, (new.public, new.seal_public), "New", "ho", "NEW", EVERYTHING, NOW)
    sync(office, pune)
    assert admit_device(office, (new.public, new.seal_public), "New", "ho", "NEW", EVERYTHING, NOW).name == "New"
