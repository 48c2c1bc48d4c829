"""What is remembered of each peer between conversations."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.links import REFUSALS_KEPT_MAX, Links, Refusal
from p2p.local import Link
from p2p.reconcile import Compared
from p2p.store import Store
from tests.p2p.stores import a_store

PUNE, NAGPUR = b"p" * 32, b"n" * 32
SHARE, LATER_SHARE, CONTROL = b"s" * 16, b"t" * 16, b""
NOW = 1_790_000_000_000
ONE, TWO, THREE = (bytes([number]) * 16 for number in (1, 2, 3))


def settled(links: Links, device: bytes, share: bytes, node: str, mine: bytes, theirs: bytes) -> bool:
    return links.is_settled(links.link(device).id, share, node, mine, theirs)


def test_nothing_is_remembered_of_a_peer_never_met():
    links = Links(a_store())
    assert links.link(PUNE) == Link(0, PUNE, 0, met=False)
    assert links.statuses() == []
    assert not settled(links, PUNE, SHARE, "", ONE, TWO)


def test_a_link_is_made_once_and_keeps_its_number():
    store = a_store()
    links = Links(store)
    with store.transaction():
        numbers = [links.made(device).id for device in (PUNE, NAGPUR, PUNE)]
    assert numbers[0] == numbers[2] != numbers[1]
    assert links.link(PUNE).id == numbers[0] != 0
    assert [status.device for status in links.statuses()] == [NAGPUR, PUNE]


def test_a_meeting_is_noted_with_address_and_clock_and_clears_the_last_error():
    links = Links(a_store())
    links.note(PUNE, None, None, "nobody answered")
    links.met(PUNE, NOW, "10.0.0.1:7420", -700_000)
    (status,) = links.statuses()
    assert (status.seen_at, status.address, status.error, status.clock_off_ms) == (NOW, "10.0.0.1:7420", None, -700_000)
    assert links.link(PUNE).met
    links.met(PUNE, NOW + 1, None, 0)
    (status,) = links.statuses()
    assert (status.seen_at, status.address) == (NOW + 1, "10.0.0.1:7420"), "who calls us does not say where it listens"


def test_a_peer_that_forgot_us_is_introduced_to_again():
    links = Links(a_store())
    links.met(PUNE, NOW, None, 0)
    links.forget_meeting(PUNE)
    assert not links.link(PUNE).met
    links.forget_meeting(NAGPUR)
    assert [status.device for status in links.statuses()] == [PUNE]


def test_how_far_a_peer_is_behind_is_noted_and_cleared_when_in_sync():
    links = Links(a_store())
    links.note(PUNE, 3, 5, "the connection broke off")
    (status,) = links.statuses()
    assert (status.missing_here, status.missing_there, status.error) == (3, 5, "the connection broke off")
    links.in_sync(PUNE, SHARE, ONE, TWO, 17, NOW)
    (status,) = links.statuses()
    assert (status.missing_here, status.missing_there, status.error) == (0, 0, None)
    assert (status.in_sync_at, status.seen_at, status.settled_row) == (NOW, NOW, 17)
    assert links.link(PUNE).settled_row == 17
    links.note(PUNE, None, 1, None)
    (status,) = links.statuses()
    assert (status.missing_here, status.missing_there, status.in_sync_at) == (None, 1, NOW)


def test_notes_outlive_the_process(tmp_path: Path):
    links = Links(Store.open(tmp_path / "khata.db"))
    links.in_sync(PUNE, SHARE, ONE, TWO, 17, NOW)
    links.compared(PUNE, SHARE, [Compared("masters", ONE, TWO)])
    again = Links(Store.open(tmp_path / "khata.db"))
    assert again.statuses() == links.statuses()
    assert settled(again, PUNE, SHARE, "masters", ONE, TWO)


# -- settled pairs --------------------------------------------------------------------------------------------------

nodes = st.sampled_from(["", "masters", "masters/ledger", "masters/ledger#3"])
digests = st.sampled_from([ONE, TWO, THREE])
notes = st.lists(
    st.tuples(st.sampled_from([PUNE, NAGPUR]), st.lists(st.builds(Compared, nodes, digests, digests), max_size=3)),
    max_size=6,
)


@given(notes)
def test_the_last_unequal_pair_of_each_node_and_peer_is_remembered(notes):
    links, expected = Links(a_store()), dict[tuple[bytes, str], tuple[bytes, bytes]]()
    for device, pairs in notes:
        links.compared(device, SHARE, pairs)
        expected.update({(device, pair.node): pair[1:] for pair in pairs if pair.mine != pair.theirs})
    for device in (PUNE, NAGPUR):
        for node in ("", "masters", "masters/ledger", "masters/ledger#3"):
            for mine in (ONE, TWO, THREE):
                for theirs in (ONE, TWO, THREE):
                    remembered = expected.get((device, node)) == (mine, theirs)
                    assert settled(links, device, SHARE, node, mine, theirs) == remembered


def test_pairs_of_an_earlier_share_are_forgotten_and_those_of_control_and_of_other_peers_are_not():
    links = Links(a_store())
    links.compared(PUNE, CONTROL, [Compared("control", ONE, TWO)])
    links.compared(NAGPUR, SHARE, [Compared("masters", ONE, TWO)])
    links.compared(PUNE, SHARE, [Compared("masters", ONE, TWO)])
    links.compared(PUNE, LATER_SHARE, [Compared("masters", TWO, THREE)])
    assert settled(links, PUNE, CONTROL, "control", ONE, TWO)
    assert settled(links, NAGPUR, SHARE, "masters", ONE, TWO)
    assert settled(links, PUNE, LATER_SHARE, "masters", TWO, THREE)
    assert not settled(links, PUNE, SHARE, "masters", ONE, TWO)


def test_a_comparison_that_found_nothing_unequal_writes_nothing():
    store = a_store()
    Links(store).compared(PUNE, SHARE, [Compared("masters", ONE, ONE)])
    assert store.conn.execute("SELECT count(*) FROM settled").fetchone() == (0,)
    assert store.conn.execute("SELECT count(*) FROM links").fetchone() == (0,)


# -- refusals -------------------------------------------------------------------------------------------------------


def refuse(store: Store, device: bytes, refused: list[tuple[bytes, str]], now: int) -> None:
    links = Links(store)
    with store.transaction():
        links.refused(links.made(device).id, refused, now)


def test_refused_commits_are_listed_with_peer_reason_and_time():
    store = a_store()
    refuse(store, PUNE, [(ONE + ONE, "its signature is wrong"), (TWO + TWO, "it is outside the share")], NOW)
    refuse(store, NAGPUR, [(THREE + THREE, "its author is unknown")], NOW + 1)
    assert Links(store).refusals() == [
        Refusal(PUNE, ONE + ONE, "its signature is wrong", NOW),
        Refusal(PUNE, TWO + TWO, "it is outside the share", NOW),
        Refusal(NAGPUR, THREE + THREE, "its author is unknown", NOW + 1),
    ]


def test_only_the_latest_refusals_are_kept():
    store = a_store()
    for batch in range(5):
        refuse(store, PUNE, [(ONE + ONE, f"{batch} {number}") for number in range(300)], NOW)
    kept = Links(store).refusals()
    assert len(kept) == REFUSALS_KEPT_MAX
    assert (kept[0].reason, kept[-1].reason) == ("1 200", "4 299")


@pytest.mark.parametrize("refused", [[], [(ONE + ONE, "a reason")]])
def test_what_is_noted_in_a_transaction_that_fails_is_gone(refused):
    store = a_store()
    with pytest.raises(KeyError):
        note_and_raise(store, refused)
    assert Links(store).statuses() == []
    assert Links(store).refusals() == []


def note_and_raise(store: Store, refused: list[tuple[bytes, str]]) -> None:
    links = Links(store)
    with store.transaction():
        links.refused(links.made(PUNE).id, refused, NOW)
        links.met(PUNE, NOW, None, 0)
        raise KeyError
