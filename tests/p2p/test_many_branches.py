"""What a copy is spared when many others are connected: it looks at what concerns a conversation, and once."""

from hypothesis import given
from hypothesis import strategies as st

from p2p.chain import RELAY, Admitted, Grant
from p2p.founding import append
from p2p.messages import CONTROL, SHARE, FrameReader, Fresh, Offer
from p2p.replica import Replica
from p2p.rules import Agreements
from p2p.sealing import seal_granted
from p2p.share import Share
from tests.p2p.copies import NOW, Line, agree, branch_of, head_office, keys_of, save, seeded, sync
from tests.p2p.stores import a_store
from tests.p2p.test_rules import changed

LEDGERS, SALES, PUNE_SALES = "masters/ledger", "vouchers/ho/sales/2026-04", "vouchers/pun/sales/2026-05"
MASTERS_ONLY = Grant(("control/**", "masters/**"), ("masters/**",))
DOC = b"a document's id!"


def relay_of(office: Replica) -> Replica:
    """A relay that was admitted and shown the company, in memory."""
    keys = keys_of("Relay")
    body = Admitted(
        time=NOW, key=keys.public, seal_key=keys.seal_public, name="Relay", role=RELAY, read=("control/**",), write=()
    )
    append(office, body)
    with office.transaction():
        member = office.chain.member(keys.id)
        assert member is not None
        seal_granted(office, member, NOW)
    relay = Replica(a_store(), keys, office.company, random=seeded("Relay"))
    relay.extend_chain(office.chain_entries(-1))
    sync(office, relay)
    return relay


def said(data: bytes) -> list[type]:
    reader = FrameReader()
    reader.feed(data)
    return [type(message) for message in iter(reader.next_message_untrusted, None)]


def test_a_conversation_is_concerned_by_what_it_is_about_and_by_nothing_else() -> None:
    office = head_office()
    tablet = branch_of(office, "Tablet", grant=MASTERS_ONLY)
    line = sync(tablet, office)
    session = line.sessions[1]
    assert line.in_sync
    assert not session.is_concerned()
    save(office, SALES, DOC, number="1")
    assert not session.is_concerned()
    save(office, LEDGERS, DOC, name="Cash")
    assert session.is_concerned()
    line.nudge()
    line.run()
    assert not session.is_concerned()
    assert tablet.document(LEDGERS, "ledger", DOC) is not None
    branch_of(office, "Pune", rule="")
    assert session.is_concerned()


def test_what_a_conversation_was_not_told_of_is_passed_over_when_it_is_told_again() -> None:
    office = head_office()
    tablet = branch_of(office, "Tablet", grant=MASTERS_ONLY)
    line = sync(tablet, office)
    before = office.view(SHARE, tablet.keys.id).row
    for number in range(5):
        save(office, SALES, bytes([number]) * 16, number=str(number))
    view = office.view(SHARE, tablet.keys.id)
    assert view.first_of_interest(before) == view.row == before + 5
    assert view.first_of_interest(before - 1) == before - 1
    save(office, LEDGERS, DOC, name="Cash")
    view = office.view(SHARE, tablet.keys.id)
    assert (view.row, view.first_of_interest(before)) == (before + 6, before + 5)
    line.nudge()
    line.run()
    assert line.in_sync
    assert tablet.document(LEDGERS, "ledger", DOC) is not None


def test_a_relay_pushes_what_came_to_it_and_another_device_offers_it() -> None:
    for through in ("relay", "office"):
        office = head_office()
        pune, nagpur = branch_of(office, "Pune"), branch_of(office, "Nagpur")
        relay = relay_of(office)
        middle = relay if through == "relay" else office
        lines = [Line(copy, middle) for copy in (pune, nagpur)]
        for _ in range(2):
            for line in lines:
                line.nudge()
                line.run()
        assert all(line.in_sync for line in lines)
        carried = len(lines[1].carried)
        save(pune, LEDGERS, DOC, name="Cash")
        for line in lines:
            line.nudge()
            line.run()
        assert nagpur.document(LEDGERS, "ledger", DOC) is not None
        told = said(lines[1].carried[carried:])
        assert (Fresh in told, Offer in told) == ((True, False) if through == "relay" else (False, True))


def test_control_entries_that_are_here_already_are_nothing_new() -> None:
    office = head_office()
    pune = branch_of(office, "Pune", informed=False)
    entries = office.chain_entries(-1)
    assert pune.extend_chain(entries)
    share = pune.view(SHARE, office.keys.id).share
    assert not pune.extend_chain(entries)
    assert not pune.extend_chain(entries[2:4])
    assert pune.view(SHARE, office.keys.id).share is share


def test_a_listener_that_was_not_met_is_shown_the_entries_up_to_the_caller_alone() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    nagpur = branch_of(office, "Nagpur")
    branch_of(office, "Satara")
    for copy in (pune, nagpur):
        copy.extend_chain(office.chain_entries(copy.chain.head[0]))
    line = Line(nagpur, pune)
    shown: list[bytes] = []
    line.step()
    line.step()
    for event in line.events[1]:
        shown += getattr(event, "entries", [])
    mine, theirs = nagpur.admitted_at(nagpur.keys.id), nagpur.admitted_at(pune.keys.id)
    assert shown == office.chain_entries(theirs)[: mine - theirs]
    line.run()
    assert line.in_sync


def test_of_rules_that_have_not_changed_the_same_agreement_is_given_again() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    agreements = Agreements(office.documents)
    (first,) = agreements.read(office.chain)
    changed(office, pune, since="2026-05")
    (other,) = agreements.read(office.chain)
    assert other.sends.since == "2026-05"
    assert first.sends.since == ""
    agree(office, office.keys, pune.keys, "masters-only")
    both = agreements.read(office.chain)
    assert len(both) == 2
    assert any(one is other for one in both)
    branch_of(office, "Satara")
    assert agreements.read(office.chain) == Agreements(office.documents).read(office.chain)


scopes = st.sampled_from(
    [
        f"{root}/{rest}"
        for root in ("masters", "vouchers", "transfers", "files")
        for rest in {
            "masters": ("ledger", "group"),
            "vouchers": ("ho/sales/2026-04", "ho/receipt/2026-05", "pun/sales/2026-06", "pun/journal/2026-04"),
            "transfers": ("ho~pun/2026-04", "nag~pun/2026-06", "ho~nag/2026-05"),
            "files": ("ho/2026-04", "pun/2026-06"),
        }[root]
    ]
)


@given(st.lists(st.tuples(st.booleans(), scopes), max_size=20), st.sampled_from(["", "2026-05"]))
def test_what_is_known_of_a_branch_says_the_same_as_each_of_its_scopes(asked, since):
    share = share_of_pune(since)
    for gives, scope in asked:
        told = share.may_give(scope) if gives else share.may_take(scope)
        assert told == any(flow.matches(scope) for flow in (share.gives if gives else share.takes))


def share_of_pune(since: str) -> Share:
    found = _SHARES.get(since)
    if found is None:
        office = head_office()
        pune = branch_of(office, "Pune", rule="own-branch")
        changed(office, pune, since=since)
        found = _SHARES[since] = office.view(SHARE, pune.keys.id).share
        assert office.view(CONTROL, pune.keys.id).share is not found
    return Share(found.id, found.gives, found.takes)


_SHARES: dict[str, Share] = {}
