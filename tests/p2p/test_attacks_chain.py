"""Attacks on the control chain, by members, former keepers, relays and strangers."""

from pathlib import Path

import pytest

from p2p.chain import Admitted, Chain, Epoch, KeeperMoved, Recovered, Revoked, Setting
from p2p.chain_entries import Body, make_entry
from p2p.errors import ChainError, RemoteProtocolError
from p2p.founding import append
from p2p.handshake import prove
from p2p.identity import DeviceKeys
from p2p.limits import CHAIN_GATHERED_BYTES_MAX, FORKS_MAX, FRAME_BYTES_MAX, MIB
from p2p.local import Membership
from p2p.messages import Chain as ChainMessage
from p2p.messages import Challenge, encode
from p2p.replica import NotAllowed, Replica
from p2p.session import Session
from p2p.states import State
from p2p.store import Store
from tests.p2p.copies import NOW, Line, branch_of, head_office, save, seeded, sync
from tests.p2p.strangers import EVE
from tests.p2p.test_fork_meetings import agree, clone

DOC = b"document 1      "


def two() -> tuple[Replica, Replica]:
    office = head_office()
    pune = branch_of(office, "Pune")
    sync(pune, office)
    return office, pune


def show(listener: Replica, peer: Replica, entries: list[bytes]) -> str:
    """Send control entries in the middle of a conversation; the word with which that ends, or nothing."""
    line = Line(peer, listener)
    line.run()
    try:
        line.deliver(1, encode(ChainMessage(entries)))
    except RemoteProtocolError as error:
        return error.code
    return ""


@pytest.mark.parametrize("at", [-1, 0, -3])
def test_a_member_that_signs_entries_of_any_place_is_sent_away(at):
    office, pune = two()
    before = office.chain.entries()[at]
    head = office.chain_head()
    bodies: list[Body] = [
        KeeperMoved(time=NOW, device=pune.keys.id),
        Revoked(time=NOW, device=office.keys.id),
        Recovered(time=NOW, key=pune.keys.public, seal_key=pune.keys.seal_public, name="x", branch="pun", series="X"),
    ]
    for body in bodies:
        false = make_entry(pune.keys, before.seq + 1, before.hash, body)
        assert show(office, pune, [false.encoded]) == "bad-chain"
    assert (office.chain_head(), office.chain.losing) == (head, ())


def test_an_old_keeper_that_goes_on_gains_nothing_and_loses_no_voucher():
    office, pune = two()
    old = clone(office)
    append(office, KeeperMoved(time=NOW, device=pune.keys.id))
    sync(pune, office)
    eve = branch_of(old, "Eve")
    for value in range(30):
        append(old, Setting(time=NOW, name="value", value=value))
    made = save(old, "masters/ledger", DOC, name="made meanwhile")
    assert sync(pune, old).in_sync
    assert pune.chain.keeper == old.chain.keeper == pune.keys.id
    assert pune.standing_of(eve.keys.id) is Membership.UNKNOWN
    with pytest.raises(NotAllowed):
        append(old, Setting(time=NOW, name="value", value=99))
    document = pune.document("masters/ledger", "ledger", DOC)
    assert document is not None
    assert made.save_id in document.saves()
    # A later move by the former keeper is signed by nobody who may.
    head = pune.chain.entries()[-1]
    false = make_entry(old.keys, head.seq + 1, head.hash, KeeperMoved(time=NOW, device=old.keys.id))
    assert show(pune, old, [false.encoded]) == "bad-chain"


def test_whoever_stole_a_former_keeper_that_was_revoked_revokes_nobody_on_a_line_of_its_own():
    office, pune = two()
    till = branch_of(office, "Till")
    for one in (till, pune):
        sync(one, office)
    stolen = clone(office)
    append(office, KeeperMoved(time=NOW, device=pune.keys.id))
    sync(pune, office)
    append(stolen, Revoked(time=NOW, device=till.keys.id))
    append(pune, Revoked(time=NOW, device=stolen.keys.id))
    pune.extend_chain(stolen.chain_entries(-1))
    assert pune.standing_of(till.keys.id) is Membership.MEMBER
    assert pune.standing_of(stolen.keys.id) is Membership.REVOKED


def test_a_peer_that_shows_an_older_or_shorter_chain_takes_nothing_back():
    office, pune = two()
    before = office.chain_entries(-1)
    till = branch_of(office, "Till")
    sync(pune, office)
    append(office, Revoked(time=NOW, device=till.keys.id))
    sync(pune, office)
    head = pune.chain_head()
    old = branch_of(office, "Nagpur", informed=False)
    old.extend_chain(before)
    for entries in (before, before[:3], before[-1:]):
        pune.extend_chain(entries)
    assert pune.chain_head() == head
    assert pune.standing_of(till.keys.id) is Membership.REVOKED
    assert pune.chain.losing == ()


def test_a_chain_that_was_cut_or_put_together_otherwise_is_refused():
    office, _pune = two()
    entries = office.chain_entries(-1)
    copy = Chain(office.company)
    for false in (entries[1:], entries[:2] + entries[3:], [*entries[:3], *entries[4:]]):
        with pytest.raises(ChainError):
            copy.extend_untrusted(false)
    assert copy.head == (-1, b"")


def test_a_bomb_of_lines_is_kept_within_limits_and_stops_nothing():
    office, pune = two()
    base = office.chain.entries()
    bomb = [
        make_entry(office.keys, base[-1].seq + 1, base[-1].hash, Setting(time=NOW, name="value", value=value)).encoded
        for value in range(500)
    ]
    assert show(pune, office, bomb) == ""
    assert len(pune.chain.losing) == FORKS_MAX
    append(office, Setting(time=NOW, name="value", value=-1))
    save(pune, "masters/ledger", DOC, name="goes on")
    assert sync(pune, office).in_sync
    agree(pune, office)


def test_a_recovery_by_the_wrong_phrase_is_no_entry():
    office, pune = two()
    random = seeded("another company")
    DeviceKeys.generate(random)
    wrong, new = DeviceKeys.generate(random), DeviceKeys.generate(random)
    body = Recovered(time=NOW, key=new.public, seal_key=new.seal_public, name="Eve", branch="ho", series="EVE")
    head = office.chain.entries()[-1]
    for keys in (wrong, new, pune.keys, office.keys):
        false = make_entry(keys, head.seq + 1, head.hash, body)
        assert show(office, pune, [false.encoded]) == "bad-chain"
    assert office.chain.keeper == office.keys.id


def test_the_phrase_signs_nothing_but_its_one_kind_of_entry():
    office, pune = two()
    random = seeded("HO")
    DeviceKeys.generate(random)
    recovery = DeviceKeys.generate(random)
    head = office.chain.entries()[-1]
    bodies: list[Body] = [KeeperMoved(time=NOW, device=pune.keys.id), Epoch(time=NOW, epoch=bytes(8))]
    new = DeviceKeys.generate(random)
    bodies.append(
        Admitted(time=NOW, key=new.public, seal_key=new.seal_public, name="Eve", role="relay", read=(), write=())
    )
    for body in bodies:
        false = make_entry(recovery, head.seq + 1, head.hash, body)
        assert show(office, pune, [false.encoded]) == "bad-chain"


def introduced(listener: Replica, peer: DeviceKeys = EVE) -> Session:
    """The listener's end of a conversation with somebody who says that it was admitted elsewhere."""
    session = Session(listener, listener.keys, listener.keys.id, 0, NOW, nonce=bytes(32))
    head = (10**6, bytes(32))
    session.receive(encode(prove(peer, listener.company, head, listener.keys.id, Challenge(bytes(32)))), 0)
    assert session.state is State.AWAIT_CHAIN
    return session


def gathered(session: Session) -> int:
    """How many bytes of announced entries are kept in mind before the conversation ends for that."""
    pieces: list[int] = []
    with pytest.raises(RemoteProtocolError, match="at once") as caught:
        announce_on_and_on(session, pieces)
    assert caught.value.code == "too-long"
    return sum(pieces)


def announce_on_and_on(session: Session, pieces: list[int]) -> None:
    entries = [bytes(100_000)] * 4
    while True:
        session.receive(encode(ChainMessage(entries, more=True)), 0)
        pieces.append(sum(map(len, entries)))


def test_an_entry_that_does_not_fit_has_nothing_read_anew():
    office, pune = two()
    append(office, Setting(time=NOW, name="value", value=1))
    chain, keyring, head = pune.chain, pune.keyring, pune.chain.head
    base = pune.chain.entries()
    setting = Setting(time=NOW, name="value", value=2)
    for seq, prev in ((10**6, bytes(32)), (1, base[0].hash), (head[0], base[-2].hash), (head[0] + 1, head[1])):
        with pytest.raises(ChainError):
            pune.extend_chain([make_entry(EVE, seq, prev, setting).encoded])
        assert pune.chain is chain
        assert pune.keyring is keyring
        assert (pune.chain.head, pune.chain.losing) == (head, ())
    # Nor does an entry that fits make the one beside it fit.
    true = office.chain.entries()[-1]
    with pytest.raises(ChainError):
        pune.extend_chain([true.encoded, make_entry(EVE, true.seq + 1, true.hash, setting).encoded])
    assert (pune.chain is chain, pune.chain.head) == (True, head)
    assert sync(pune, office).in_sync


def test_who_is_not_known_has_little_kept_in_mind_and_whoever_is_to_take_in_all_of_it_more():
    office, pune = two()
    assert gathered(introduced(office)) < FRAME_BYTES_MAX
    nothing = Replica(Store.open(Path(":memory:")), office.keys, office.company)
    assert gathered(introduced(nothing)) > CHAIN_GATHERED_BYTES_MAX - MIB
    revoked = clone(office)
    append(office, KeeperMoved(time=NOW, device=pune.keys.id))
    revoked.extend_chain(office.chain_entries(-1))
    pune.extend_chain(office.chain_entries(-1))
    append(pune, Revoked(time=NOW, device=office.keys.id))
    revoked.extend_chain(pune.chain_entries(-1))
    assert gathered(introduced(revoked, pune.keys)) > CHAIN_GATHERED_BYTES_MAX - MIB


def test_who_is_not_known_shows_each_entry_once():
    office, _pune = two()
    session = introduced(office)
    entries = office.chain_entries(-1)
    for entry in entries:
        session.receive(encode(ChainMessage([entry])), 0)
        session.chain_kept(None)
    session.receive(encode(ChainMessage(entries)), 0)
    with pytest.raises(RemoteProtocolError) as caught:
        session.chain_kept(None)
    assert caught.value.code == "unexpected"
