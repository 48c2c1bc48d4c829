"""A revoked device: it is shown its revocation, hands over what it made, and learns nothing else."""

import pytest

from p2p.commit import Commit, Item, make_commit, seal_commit
from p2p.errors import RemoteProtocolError
from p2p.events import HandedOver
from p2p.judging import of_a_revoked_device
from p2p.limits import HANDED_OVER_BYTES_MAX, HANDOVER_OFFERS_MAX, REFUSED_COMMITS_PER_PEER_MAX
from p2p.members import revoke
from p2p.messages import SHARE, Commits, Fresh, Offer, Want, encode
from p2p.replica import Replica
from p2p.session import Session
from p2p.states import State
from tests.p2p.copies import NOW, Line, branch_of, digest, head_office, save, seeded, sync
from tests.p2p.test_cuts import LEDGERS, SALES, parts, save_bytes, state_of
from tests.p2p.test_locks import a_branch, doc


def revoked_while_away() -> tuple[Replica, Replica, Replica, list[Commit]]:
    """Head office, which has revoked Pune and gone on; Pune, which does not know and has made two more; and Nagpur."""
    office = head_office()
    pune, nagpur = a_branch(office, "Pune"), a_branch(office, "Nagpur")
    save(pune, SALES, doc(0), number="0")
    sync(pune, office)
    sync(nagpur, office)
    revoke(office, pune.keys.id, NOW, seeded("epoch"))
    late = [save(pune, SALES, doc(1), number="1"), save(pune, LEDGERS, doc(2), name="x")]
    save(office, LEDGERS, doc(3), name="after-canary")
    return office, pune, nagpur, late


def check_nothing_learned(pune: Replica, office: Replica, before: dict[str, object]) -> None:
    """Pune's commits are those it had, and its control chain ends with its revocation."""
    assert digest(pune) == before
    assert pune.chain_head()[0] == office.revoked_at(pune.keys.id)
    assert pune.chain_head()[0] < office.chain_head()[0]


@pytest.mark.parametrize("caller", ["revoked", "member"])
def test_whoever_calls_the_late_work_is_handed_over_and_set_aside(caller: str) -> None:
    office, pune, _, late = revoked_while_away()
    before = digest(pune)
    line = sync(pune, office) if caller == "revoked" else sync(office, pune)
    assert not line.in_sync
    assert [state_of(office, one) for one in late] == ["quarantined"] * 2
    check_nothing_learned(pune, office, {**before})
    events = line.events[0 if caller == "revoked" else 1]
    assert [event for event in events if isinstance(event, HandedOver)] == [HandedOver(2)]
    assert b"canary" not in line.carried
    assert [session.state for session in line.sessions] == [State.CLOSED] * 2


@pytest.mark.parametrize("caller", ["revoked", "member"])
def test_it_hands_over_once_and_says_that_there_is_nothing_more(caller: str) -> None:
    office, pune, _, _ = revoked_while_away()
    sync(pune, office)
    line = sync(pune, office) if caller == "revoked" else sync(office, pune)
    events = line.events[0 if caller == "revoked" else 1]
    assert [event for event in events if isinstance(event, HandedOver)] == [HandedOver(0)]


@pytest.mark.parametrize("caller", ["revoked", "member"])
def test_a_branch_that_has_not_heard_yet_hears_it_from_the_revoked_device_itself(caller: str) -> None:
    office, pune, nagpur, late = revoked_while_away()
    sync(pune, office)
    line = sync(pune, nagpur) if caller == "revoked" else sync(nagpur, pune)
    assert nagpur.revoked_at(pune.keys.id) == office.revoked_at(pune.keys.id)
    assert [state_of(nagpur, one) for one in late] == ["quarantined"] * 2
    assert [session.state for session in line.sessions] == [State.CLOSED] * 2
    assert sync(nagpur, office).in_sync


def test_through_a_branch_that_has_not_heard_it_comes_to_nothing_once_that_one_hears() -> None:
    office, pune, nagpur, late = revoked_while_away()
    assert sync(pune, nagpur).in_sync
    assert state_of(nagpur, late[0]) == "accepted"
    assert sync(nagpur, office).in_sync
    assert [state_of(copy, one) for copy in (office, nagpur) for one in late] == ["quarantined"] * 4
    assert digest(office) == digest(nagpur)


@pytest.mark.parametrize("side", [0, 1])
def test_an_open_conversation_ends_when_either_side_hears_of_it(side: int) -> None:
    office, pune, nagpur, _ = revoked_while_away()
    line = sync(pune, nagpur)
    (nagpur if side else pune).extend_chain(office.chain_entries(-1))
    with pytest.raises(RemoteProtocolError, match="was revoked"):
        line.nudge()
    with pytest.raises(RemoteProtocolError, match="was revoked"):
        line.run()
    assert [session.state for session in line.sessions] == [State.CLOSED] * 2
    assert pune.revoked_at(pune.keys.id) == nagpur.revoked_at(pune.keys.id) >= 0
    if side:
        assert pune.chain_head()[0] == pune.revoked_at(pune.keys.id)


def test_what_came_in_one_piece_with_the_revocation_is_not_answered() -> None:
    office, pune, nagpur, _ = revoked_while_away()
    line = sync(pune, nagpur)
    nagpur.extend_chain(office.chain_entries(-1))
    with pytest.raises(RemoteProtocolError, match="was revoked"):
        line.sessions[1].receive(encode(Want(2, SHARE, nagpur.view(SHARE, pune.keys.id).share.id, [])), 0)
    assert line.sessions[1].state is State.CLOSED


# -- a revoked device that does not keep to it ----------------------------------------------------------------------


class Hostile:
    """A revoked device that says what it likes once it has proved itself."""

    def __init__(self, pune: Replica, member: Replica) -> None:
        self.line = Line(pune, member)
        self.session: Session = self.line.sessions[1]
        for _ in range(3):
            self.line.deliver(0, self.session.outgoing())
            self.proof = self.line.sessions[0].outgoing()
            if self.session.state is State.AWAIT_PROOF:
                self.line.deliver(1, self.proof)
        assert self.session.state is State.HANDOVER
        self.session.outgoing()

    def says(self, *messages: Offer | Want | Commits | Fresh) -> None:
        for message in messages:
            self.line.deliver(1, encode(message))

    def refused(self) -> str:
        replica = self.line.ends[1]
        return replica.links.refusals()[-1].reason


def hostile() -> tuple[Replica, Replica, Hostile]:
    office, pune, _, _ = revoked_while_away()
    sync(pune, office)
    return office, pune, Hostile(pune, office)


def forged(pune: Replica, number: int, scope: str = SALES) -> Commit:
    (epoch, *_) = pune.chain.epochs
    hash_before = pune.chain_hash(pune.revoked_at(pune.keys.id) - 1) or b""
    seen = (pune.revoked_at(pune.keys.id) - 1, hash_before[:8])
    item = Item(doc(number), "voucher", save_bytes(number=number))
    key = pune.keyring.key(epoch, scope)
    return make_commit(pune.keys, scope, [item], NOW, b"", seen, epoch, key, seeded(number))


def test_commits_of_others_are_refused_and_counted() -> None:
    office, _pune, bad = hostile()
    other = branch_of(office, "Latur")
    sync(other, office)
    commits = [save(other, SALES, doc(at), number=str(at)) for at in range(REFUSED_COMMITS_PER_PEER_MAX)]
    offer = Offer(SHARE, b"", [(SALES, b"".join(one.id[:8] for one in commits))])
    bad.says(offer)
    with pytest.raises(RemoteProtocolError, match="were refused"):
        bad.says(Commits(1, True, [parts(one) for one in commits]))
    assert bad.refused() == "a revoked device hands over what it made itself, and nothing else"
    assert bad.session.state is State.CLOSED
    number = office.store.find_scope(SALES)
    assert number is not None
    assert not office.store.held(number, [one.id for one in commits])


@pytest.mark.parametrize(
    "message",
    [
        Want(1, SHARE, b"", [("vouchers", None)]),
        Want(1, 0, b"", [("control", None)], answers_offer=True),
        Offer(0, b"", []),
        Commits(7, True, []),
        Fresh([]),
    ],
    ids=["want", "want-control", "offer-control", "unwanted", "fresh"],
)
def test_it_may_say_nothing_else(message: Offer | Want | Commits | Fresh) -> None:
    _, _, bad = hostile()
    with pytest.raises(RemoteProtocolError):
        bad.says(message)
    assert bad.session.state is State.CLOSED
    assert b"\xa7commits" not in bad.session.outgoing()


def test_offers_without_end_are_cut_short() -> None:
    _, _, bad = hostile()
    for _ in range(HANDOVER_OFFERS_MAX):
        bad.says(Offer(SHARE, b"", []))
        bad.session.outgoing()
    with pytest.raises(RemoteProtocolError, match="more is offered"):
        bad.says(Offer(SHARE, b"", []))


def test_no_more_is_set_aside_of_a_revoked_device_than_a_limit() -> None:
    office, pune, _, _ = revoked_while_away()
    sync(pune, office)
    seen = forged(pune, 1).header.seen
    (epoch, *_) = pune.chain.epochs
    content, random = seeded("fill")(250 * 1024), seeded("nonces")
    key = pune.keyring.key(epoch, SALES)
    many = [
        seal_commit(pune.keys, SALES, content, NOW + at, b"", seen, epoch, key, random)
        for at in range(HANDED_OVER_BYTES_MAX // len(content) + 20)
    ]
    kept, reasons = 0, list[str]()
    for at in range(0, len(many), 16):
        checked = office.check_untrusted([parts(one) for one in many[at : at + 16]])
        result = office.ingest_from(checked, pune.keys.id, None, NOW)
        kept += result.gained
        reasons += [reason for _, reason in result.refused]
    assert 0 < kept < len(many)
    assert kept * len(content) <= HANDED_OVER_BYTES_MAX
    assert "as is kept" in reasons[-1]


def test_what_is_set_aside_is_counted_with_its_headers_and_signatures() -> None:
    office, pune, _, late = revoked_while_away()
    sync(pune, office)
    size = sum(len(part or b"") for one in late for part in parts(one))
    assert office.store.bytes_set_aside(office.links.made(pune.keys.id).id) == size
    checked = office.check_untrusted([parts(one) for one in late])
    for held, taken in ((HANDED_OVER_BYTES_MAX - size, checked), (HANDED_OVER_BYTES_MAX - size + 1, [])):
        assert of_a_revoked_device(checked, pune.keys.id, held)[0] == taken


def test_forged_work_with_an_old_seen_and_an_old_key_is_set_aside_all_the_same() -> None:
    office, pune, bad = hostile()
    commit = forged(pune, 9)
    bad.says(Offer(SHARE, b"", [(SALES, commit.id[:8])]), Commits(1, True, [parts(commit)]))
    assert state_of(office, commit) == "quarantined"
