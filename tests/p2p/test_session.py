"""Conversations without a network: every way two copies can meet, in whatever pieces their bytes arrive."""

import hashlib
import os
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from p2p.chain import Grant, Setting
from p2p.chain_flow import MESSAGE_ENTRIES_MAX
from p2p.errors import RemoteProtocolError
from p2p.events import ChainCame, Ended, Established, Refused, SyncChanged
from p2p.founding import append
from p2p.limits import FRAME_BYTES_MAX, REFUSED_COMMITS_PER_PEER_MAX
from p2p.messages import Ack, Challenge, Commits, Fresh, Goodbye, Hello, Message, Ping, encode
from p2p.patience import PING_AFTER_MS, SILENCE_MS_MAX
from p2p.replica import Replica
from p2p.session import Session
from p2p.states import State
from tests.p2p.copies import NOW, Line, branch_of, digest, head_office, save, sync
from tests.p2p.stores import a_store

SALES = "vouchers/ho/sales/2026-04"
PUNE_SALES = "vouchers/pun/sales/2026-04"
LEDGERS = "masters/ledger"


def doc(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()[:16]


def with_vouchers(replica: Replica, numbers: Iterable[int], scope: str = SALES) -> Replica:
    for number in numbers:
        save(replica, scope, doc(number), amount=f"{number}.00")
    return replica


def test_a_new_branch_receives_everything_and_is_in_sync() -> None:
    office = with_vouchers(head_office(), range(300))
    with_vouchers(office, range(20), LEDGERS)
    pune = branch_of(office, "Pune")
    line = sync(pune, office)
    assert line.in_sync
    assert digest(pune) == digest(office)
    held = [document.fold().values for document in pune.everything() if document.kind == "voucher"]
    assert sorted(str(values["amount"]) for values in held) == sorted(f"{number}.00" for number in range(300))


def test_meeting_again_costs_one_round_trip_and_under_400_bytes() -> None:
    office = with_vouchers(head_office(), range(50))
    pune = branch_of(office, "Pune")
    sync(pune, office)
    line = sync(pune, office)
    assert line.in_sync
    assert line.turns <= 2
    assert max(line.bytes) < 400


def test_both_work_alone_and_meet() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    sync(pune, office)
    with_vouchers(office, range(100))
    with_vouchers(pune, range(100, 200), PUNE_SALES)
    save(office, LEDGERS, doc(1), name="Sharma", group="debtors")
    save(pune, LEDGERS, doc(1), name="Sharma", group="creditors")
    line = sync(pune, office)
    assert line.in_sync
    assert digest(pune) == digest(office)
    assert sum(line.bytes) < 200 * 450
    for copy in (office, pune):
        (ledger,) = copy.documents_of("ledger", doc(1))
        (conflict,) = ledger.fold().conflicts
        assert conflict.register == "group"
        assert {claim.value for claim in conflict.claims} == {"debtors", "creditors"}


def test_catching_up_offers_what_is_new_instead_of_comparing() -> None:
    office = with_vouchers(head_office(), range(2000))
    pune = branch_of(office, "Pune")
    sync(pune, office)
    with_vouchers(office, range(2000, 2100))
    line = sync(pune, office)
    assert line.in_sync
    assert line.bytes[1] < 45_000
    assert line.bytes[0] < 3_000


def test_two_branches_that_do_not_know_each_other_are_introduced_by_the_chain() -> None:
    office = head_office()
    pune, nagpur = branch_of(office, "Pune"), branch_of(office, "Nagpur")
    sync(pune, office)
    with_vouchers(pune, range(5), PUNE_SALES)
    older = branch_of(office, "Satara")
    sync(older, office)
    for dialer, listener in ((nagpur, pune), (pune, older), (older, nagpur)):
        assert sync(dialer, listener).in_sync
    assert digest(nagpur) == digest(pune) == digest(older)
    assert len(pune.chain.members) == len(nagpur.chain.members) == 4


def test_a_newcomer_shows_more_entries_than_fit_one_message_and_the_first_of_them_are_known() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    for value in range(MESSAGE_ENTRIES_MAX + 1):
        append(office, Setting(time=NOW, name="value", value=value))
    pune.extend_chain(office.chain_entries(-1))
    nagpur = branch_of(office, "Nagpur")
    sync(nagpur, office)
    assert sync(nagpur, pune).in_sync
    assert pune.chain.head == nagpur.chain.head


def test_what_is_made_while_connected_is_pushed_at_once_and_travels_on() -> None:
    office = head_office()
    pune, nagpur = branch_of(office, "Pune"), branch_of(office, "Nagpur")
    first, second = sync(pune, office), sync(nagpur, office)
    with_vouchers(pune, [7], PUNE_SALES)
    for line in (first, second):
        line.nudge()
        line.run()
    assert first.in_sync
    assert second.in_sync
    assert digest(nagpur) == digest(pune) == digest(office)


def test_a_copy_that_was_lost_gets_its_own_work_back() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    sync(pune, office)
    with_vouchers(pune, range(10), PUNE_SALES)
    sync(pune, office)
    restored = Replica(a_store(), pune.keys, office.company)
    restored.extend_chain(pune.chain_entries(-1))
    assert sync(restored, office).in_sync
    assert digest(restored) == digest(pune)


def test_masters_only_flows_both_ways_and_no_voucher_scope_is_named() -> None:
    office = with_vouchers(head_office(), range(30))
    with_vouchers(office, range(30), LEDGERS)
    masters = Grant(("control/**", "masters/**"), ("masters/**",))
    tablet = branch_of(office, "Tablet", grant=masters)
    line = sync(tablet, office)
    assert line.in_sync
    assert not any(scope.startswith("vouchers") for scope in digest(tablet))
    assert b"vouchers/ho" not in line.carried
    with_vouchers(tablet, [99], LEDGERS)
    assert sync(tablet, office).in_sync
    assert sync(tablet, office).turns <= 2
    assert office.documents_of("ledger", doc(99))


def test_one_byte_at_a_time_is_the_same_conversation() -> None:
    office = with_vouchers(head_office(), range(12))
    pune = branch_of(office, "Pune")
    line = Line(pune, office)
    line.pieces = 1
    line.run(5000)
    assert line.in_sync
    assert digest(pune) == digest(office)


def a_listener() -> Session:
    office = head_office()
    return Session(office, office.keys, office.keys.id, 0, NOW, nonce=bytes(32))


def established() -> Line:
    office = head_office()
    return sync(branch_of(office, "Pune"), office)


@given(st.lists(st.binary(max_size=300), max_size=8))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_before_proof_are_a_protocol_error_or_nothing(pieces: list[bytes]) -> None:
    session = a_listener()
    try:
        for piece in pieces:
            session.receive(piece, 0)
    except RemoteProtocolError:
        assert session.state is State.CLOSED
        assert session.outgoing()


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_bytes_in_an_open_conversation_raise_nothing_but_protocol_errors(data: st.DataObject) -> None:
    office = with_vouchers(head_office(), range(8))
    pune = branch_of(office, "Pune")
    line = Line(pune, office)
    turn = data.draw(st.integers(0, 6))
    for _ in range(turn):
        line.step()
    side = data.draw(st.integers(0, 1))
    stream = bytearray(line.sessions[side].outgoing())
    for _ in range(data.draw(st.integers(1, 4))):
        if stream:
            stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    stream += data.draw(st.binary(max_size=40))
    try:
        line.deliver(1 - side, bytes(stream))
        line.run()
    except RemoteProtocolError:
        assert State.CLOSED in {session.state for session in line.sessions}
    assert sync(pune, office).in_sync


def test_a_frame_of_a_gigabyte_is_refused_by_its_length_alone() -> None:
    session = a_listener()
    with pytest.raises(RemoteProtocolError, match="1,073,741,824"):
        session.receive((1 << 30).to_bytes(4, "big"), 0)
    line = established()
    with pytest.raises(RemoteProtocolError, match="announced a frame"):
        line.sessions[1].receive((FRAME_BYTES_MAX + 1).to_bytes(4, "big"), 0)


def test_a_stranger_learns_nothing_of_the_company() -> None:
    office = with_vouchers(head_office(), range(3))
    stranger = branch_of(head_office(), "Pune")
    stranger.keys = branch_of(head_office(), "Eve").keys
    line = Line(stranger, office)
    line.sessions[1].outgoing()
    line.deliver(0, encode(Challenge(bytes(32))))
    proof = line.sessions[0].outgoing()
    with pytest.raises(RemoteProtocolError, match="not known here"):
        line.deliver(1, proof)
    answer = line.sessions[1].outgoing()
    assert len(answer) < 100
    assert b"unknown-device" in answer


def test_a_proof_is_worth_nothing_on_another_connection() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    dialer = Session(pune, pune.keys, office.keys.id, 0, NOW)
    dialer.receive(encode(Challenge(b"a" * 32)), 0)
    proof = dialer.outgoing()
    for nonce, listener in ((b"b" * 32, office.keys.id), (b"a" * 32, pune.keys.id)):
        session = Session(office, office.keys, listener, 0, NOW, nonce=nonce)
        with pytest.raises(RemoteProtocolError, match="not known here"):
            session.receive(proof, 0)
    genuine = Session(office, office.keys, office.keys.id, 0, NOW, nonce=b"a" * 32)
    assert [type(event) for event in genuine.receive(proof, 0)] == [ChainCame]
    assert [type(event) for event in genuine.chain_kept(None)][:1] == [Established]


@pytest.mark.parametrize(
    "message", [Hello(1, 0, 0, 0, b"", bytes(16), 0, b"", bytes(16), 0), Ping(), Ack(1), Commits(1, True, [])]
)
def test_a_message_out_of_turn_ends_the_conversation(message: Message) -> None:
    session = a_listener()
    with pytest.raises(RemoteProtocolError, match="while we were in AWAIT_PROOF"):
        session.receive(encode(message), 0)
    assert session.receive(encode(message), 0) == []


def test_unknown_messages_are_answered_with_goodbye_unsupported() -> None:
    line = established()
    frame = b"\x92\xa7sing-me\x01"
    with pytest.raises(RemoteProtocolError) as raised:
        line.sessions[0].receive(len(frame).to_bytes(4, "big") + frame, 0)
    assert raised.value.code == "unsupported"


def test_fields_a_newer_version_adds_are_ignored() -> None:
    line = established()
    frame = b"\x93\xa4ping\xc3\xa3new"
    assert line.sessions[0].receive(len(frame).to_bytes(4, "big") + frame, 0) == []
    assert b"pong" in line.sessions[0].outgoing()


def test_an_acknowledgement_of_nothing_is_refused() -> None:
    line = established()
    with pytest.raises(RemoteProtocolError, match="never sent"):
        line.sessions[0].receive(encode(Ack(1)), 0)


def test_silence_is_broken_by_a_ping_and_ends_after_90_seconds() -> None:
    line = established()
    session = line.sessions[0]
    assert session.next_deadline() == PING_AFTER_MS
    session.tick(PING_AFTER_MS)
    assert b"ping" in session.outgoing()
    with pytest.raises(RemoteProtocolError, match="said nothing"):
        session.tick(SILENCE_MS_MAX)


def test_a_caller_that_proves_nothing_is_sent_away_after_ten_seconds() -> None:
    session = a_listener()
    assert session.next_deadline() == 10_000
    with pytest.raises(RemoteProtocolError, match="within 10 seconds"):
        session.tick(10_000)


def test_goodbye_is_understood_in_every_state() -> None:
    for session in (a_listener(), established().sessions[0]):
        assert session.receive(encode(Goodbye("done", "bye")), 0)[0] == Ended("done", "bye")
        assert session.state is State.CLOSED


def expecting_an_answer(session: Session) -> None:
    """Let a session expect the acknowledgement of something that was slipped in beside it."""
    assert session.outflow is not None
    session.outflow._unacknowledged.append(1)


def test_forged_commits_are_refused_counted_and_in_the_end_the_peer_is_sent_away() -> None:
    office = with_vouchers(head_office(), range(3))
    pune = branch_of(office, "Pune")
    line = sync(pune, office)
    scope = office.store.find_scope(SALES)
    assert scope is not None
    (genuine, *_) = office.store.in_scope(scope, 0, 1)
    forged = [
        (genuine.header[:-1] + bytes([n]), genuine.signature, genuine.body)
        for n in range(REFUSED_COMMITS_PER_PEER_MAX - 1)
    ]
    expecting_an_answer(line.sessions[1])
    line.deliver(0, encode(Fresh(forged)))
    line.run()
    assert len(pune.links.refusals()) == REFUSED_COMMITS_PER_PEER_MAX - 1
    assert not line.in_sync or digest(pune) == digest(office)
    with pytest.raises(RemoteProtocolError, match="refused"):
        line.deliver(0, encode(Fresh([(genuine.header, bytes(64), os.urandom(40))])))


def test_a_refusal_is_told_to_the_sender_with_its_reason() -> None:
    office = head_office()
    outsider = branch_of(office, "Pune", grant=Grant(("control/**", "masters/**"), ("masters/**",)))
    sync(outsider, office)
    with_vouchers(office, [1])
    scope = office.store.find_scope(SALES)
    assert scope is not None
    (voucher,) = office.store.in_scope(scope, 0, 9)
    line = sync(outsider, office)
    expecting_an_answer(line.sessions[1])
    line.deliver(0, encode(Fresh([(voucher.header, voucher.signature, voucher.body)])))
    line.run()
    assert [event for event in line.events[1] if isinstance(event, Refused)]
    assert "outside what is shared" in outsider.links.refusals()[0].reason


def test_in_sync_is_taken_back_while_something_is_missing() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    line = sync(pune, office)
    assert line.in_sync
    with_vouchers(office, [1])
    line.sessions[1].changed()
    assert not line.sessions[1].in_sync
    line.run()
    assert line.in_sync
    changes = [event.in_sync for event in line.events[1] if isinstance(event, SyncChanged)]
    assert changes[-1]
