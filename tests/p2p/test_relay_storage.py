"""What a relay keeps: quotas by company and device, and bodies that are dropped once all have them."""

import pytest

from p2p.arrivals import came_at, last_row_before, stored_by
from p2p.chain import Revoked, Setting
from p2p.errors import ChainError, RemoteProtocolError
from p2p.founding import append
from p2p.limits import DEVICE_QUOTA_PERCENT, PRUNED_AT_ONCE_MAX, QUOTA_CHAIN_PERCENT, QUOTA_CONTROL_PERCENT
from p2p.pruning import prune
from p2p.quota import Quota, kept_bytes, quota_for
from p2p.replica import Replica
from p2p.status import missing_there
from p2p.waiting import waiting_for
from tests.p2p.copies import NOW, branch_of, digest, head_office, revoked_in, save, sync

SALES, LEDGERS = "vouchers/ho/sales/2026-04", "masters/ledger"
DAY = 24 * 60 * 60 * 1000


def doc(number: int) -> bytes:
    return number.to_bytes(16, "big")


def with_vouchers(replica: Replica, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        save(replica, SALES, doc(number), amount=f"{number}.00", narration="x" * 200)


def filled(replica: Replica, quota: Quota) -> Replica:
    """A copy that keeps no more than this, as a relay does."""
    replica.quota = quota
    return replica


def error_about(replica: Replica, other: Replica) -> str:
    (found,) = [one.error or "" for one in replica.links.statuses() if one.device == other.keys.id]
    return found


# -- quotas -----------------------------------------------------------------------------------------------------------


def test_the_bytes_of_each_author_are_counted_as_they_are_stored():
    office = head_office()
    pune = branch_of(office, "Pune")
    with_vouchers(office, 10)
    sync(pune, office)
    counted = stored_by(pune.store)
    everything = [len(one.header) + 64 + len(one.body or b"") for one in pune.store.everything()]
    assert sum(counted.values()) == sum(everything)
    assert set(counted) == {office.keys.author, pune.keys.author}
    assert counted[office.keys.author] > counted[pune.keys.author]


def test_no_device_uses_up_more_than_its_part():
    assert quota_for(1000) == (1000, 1000 * DEVICE_QUOTA_PERCENT // 100)
    office = head_office()
    pune = filled(branch_of(office, "Pune"), Quota(10**9, 5_000))
    sync(pune, office)
    with_vouchers(office, 60)
    line = sync(pune, office)
    assert not line.in_sync
    kept = stored_by(pune.store)[office.keys.author]
    assert kept <= 5_000 * (100 + QUOTA_CONTROL_PERCENT) // 100
    assert pune.store.count() < office.store.count()
    assert not pune.links.refusals()


def test_what_is_over_the_quota_is_no_attack_and_the_rest_goes_on():
    office = head_office()
    nagpur = branch_of(office, "Nagpur")
    sync(nagpur, office)
    pune = filled(branch_of(office, "Pune"), Quota(10**9, 9_000))
    with_vouchers(office, 60)
    sync(pune, office)
    save(nagpur, LEDGERS, doc(7), name="Asha")
    line = sync(pune, nagpur)
    assert pune.document(LEDGERS, "ledger", doc(7)) is not None
    assert line.turns < 100
    for _ in range(3):
        again = sync(pune, office)
        assert not again.in_sync
        assert again.turns < 100
    pune.quota = None
    assert sync(pune, office).in_sync
    assert sync(pune, nagpur).in_sync
    assert digest(pune) == digest(office)


def test_control_still_comes_when_the_company_has_used_up_its_room():
    office = head_office()
    pune = branch_of(office, "Pune")
    with_vouchers(office, 50)
    sync(pune, office)
    used = kept_bytes(pune.store)
    filled(pune, Quota(used, used))
    save(office, LEDGERS, doc(1), name="Asha")
    save(office, "control/rules", doc(2), offer="everything")
    sync(pune, office)
    assert pune.document(LEDGERS, "ledger", doc(1)) is None
    assert pune.document("control/rules", "rule", doc(2)) is not None


def test_the_control_chain_counts_and_a_relay_full_of_commits_still_hears_who_was_revoked():
    office = head_office()
    pune, stall = branch_of(office, "Pune"), branch_of(office, "Stall", rule="")
    sync(pune, office)
    filled(pune, Quota(kept_bytes(pune.store), 10**9))
    append(office, Revoked(time=NOW, device=stall.keys.id))
    save(office, LEDGERS, doc(1), name="Asha")
    assert not sync(pune, office).in_sync
    assert set(revoked_in(pune.chain)) == {stall.keys.id}
    assert pune.document(LEDGERS, "ledger", doc(1)) is None


def test_no_keeper_fills_a_relay_with_control_entries():
    office = head_office()
    pune = branch_of(office, "Pune")
    sync(pune, office)
    used = kept_bytes(pune.store)
    filled(pune, Quota(used, used))
    with pytest.raises(ChainError, match="used up"):
        grow(office, pune)
    room = used * (100 + QUOTA_CHAIN_PERCENT) // 100
    assert room - 1_000 < kept_bytes(pune.store) <= room
    with pytest.raises(RemoteProtocolError, match="used up"):
        sync(pune, office)
    # What it held it holds, and more room is all that it needs.
    pune.quota = None
    assert sync(pune, office).in_sync


def grow(office: Replica, copy: Replica) -> None:
    for _ in range(200):
        append(office, Setting(time=NOW, name="value", value="x" * 500))
        copy.extend_chain(office.chain_entries(-1))


# -- when commits came ------------------------------------------------------------------------------------------------


def test_it_is_known_since_when_something_waits():
    office = head_office()
    pune = branch_of(office, "Pune")
    sync(pune, office)
    assert waiting_for(office, pune.keys.id) == (0, None)
    with_vouchers(office, 3)
    assert waiting_for(office, pune.keys.id) == (3, NOW)
    sync(pune, office)
    assert waiting_for(office, pune.keys.id).commits == 0


def test_what_a_device_made_itself_does_not_wait_for_it_whatever_way_it_came():
    office = head_office()
    pune, nagpur = branch_of(office, "Pune"), branch_of(office, "Nagpur")
    sync(pune, office)
    save(pune, "vouchers/pun/sales/2026-04", doc(1), number="1")
    sync(pune, office)
    sync(nagpur, office)
    assert nagpur.document("vouchers/pun/sales/2026-04", "voucher", doc(1)) is not None
    assert waiting_for(nagpur, pune.keys.id) == (0, None)
    assert missing_there(nagpur, pune.keys.id) == 0


def test_rows_are_told_apart_by_when_they_came():
    office = head_office()
    with_vouchers(office, 2)
    last = office.store.next_row() - 1
    assert came_at(office.store, last) == NOW
    assert last_row_before(office.store, NOW) == 0
    assert last_row_before(office.store, NOW + 1) == last


# -- pruning ----------------------------------------------------------------------------------------------------------


def bodies(replica: Replica) -> int:
    (found,) = replica.db.execute("SELECT count(*) FROM commits WHERE body IS NOT NULL").fetchone()
    return int(found)


def test_a_body_is_dropped_only_when_everybody_has_it_and_it_is_old():
    office = head_office()
    pune, nagpur = branch_of(office, "Pune"), branch_of(office, "Nagpur")
    with_vouchers(office, 5)
    sync(pune, office)
    assert prune(office, NOW + DAY) == 0, "Nagpur has never been here"
    sync(nagpur, office)
    sync(pune, office)
    assert prune(office, NOW) == 0, "nothing came before that"
    before = digest(office), office.store.count(), sum(stored_by(office.store).values())
    assert prune(office, NOW + DAY) == 5
    assert prune(office, NOW + DAY) == 0
    assert (digest(office), office.store.count()) == before[:2]
    assert sum(stored_by(office.store).values()) < before[2]
    assert bodies(office) == office.store.count() - 5, "what stands in control is kept"
    with_vouchers(office, 2, first=50)
    assert sync(pune, office).in_sync
    assert prune(office, NOW + DAY) == 0, "the new ones have not reached Nagpur"
    assert sync(nagpur, office).in_sync
    assert prune(office, NOW + DAY) == 2


def pruned_office() -> tuple[Replica, Replica]:
    """A copy that has dropped the bodies of its vouchers, and one that holds them."""
    office = head_office()
    pune = branch_of(office, "Pune")
    with_vouchers(office, 5)
    sync(pune, office)
    assert prune(office, NOW + DAY) == 5
    return office, pune


def test_who_comes_later_is_not_in_sync_blames_nobody_and_gets_it_from_another():
    office, pune = pruned_office()
    nagpur = branch_of(office, "Nagpur")
    pune.extend_chain(office.chain_entries(pune.chain_head()[0]))
    line = sync(nagpur, office)
    assert not line.in_sync
    assert line.turns < 60
    assert not nagpur.links.refusals()
    assert nagpur.document(SALES, "voucher", doc(1)) is None
    assert all(one.body is not None for one in nagpur.store.everything())
    # Nor does it come to that by asking again and again.
    assert not sync(nagpur, office).in_sync
    sync(nagpur, pune)
    assert nagpur.document(SALES, "voucher", doc(1)) is not None
    assert sync(nagpur, office).in_sync
    assert digest(nagpur) == digest(office)


def test_a_forged_commit_without_a_body_is_refused_like_any_other():
    office, pune = pruned_office()
    stored = next(one for one in office.store.everything() if one.body is None)
    nagpur = branch_of(office, "Nagpur")
    checked = nagpur.check_untrusted([(stored.header, bytes(64), None)])
    result = nagpur.ingest_from(checked, office.keys.id, None, NOW)
    assert (result.gained, result.pruned, len(result.held_back)) == (0, [], 1)
    assert result.lacking == []
    checked = nagpur.check_untrusted([(stored.header, stored.signature, None)])
    assert nagpur.ingest_from(checked, pune.keys.id, None, NOW).pruned == [stored.id]


def test_pruning_goes_on_where_a_transaction_had_to_end():
    assert PRUNED_AT_ONCE_MAX == 2_000
    office = head_office()
    pune = branch_of(office, "Pune")
    with_vouchers(office, 5)
    sync(pune, office)
    assert [prune(office, NOW + DAY, at_once=2) for _ in range(4)] == [2, 2, 1, 0]


def test_what_somebody_has_not_fetched_yet_is_not_read_again_at_each_pass():
    office = head_office()
    pune = branch_of(office, "Pune")
    branch_of(office, "Nagpur")
    with_vouchers(office, 20)
    sync(pune, office)
    statements: list[str] = []
    office.db.set_trace_callback(statements.append)
    assert prune(office, NOW + DAY) == 0
    office.db.set_trace_callback(None)
    assert [text for text in statements if "header" in text or text.startswith("BEGIN")] == []


def test_of_what_one_device_alone_may_have_that_of_others_is_dropped_and_its_own_stays():
    office = head_office()
    pune = branch_of(office, "Pune")
    sync(pune, office)
    with_vouchers(office, 2)
    for number in range(10, 13):
        save(pune, SALES, doc(number), amount="1.00")
    assert sync(pune, office).in_sync
    assert prune(office, NOW + DAY) == 2
    assert prune(office, NOW + DAY) == 0


@pytest.mark.parametrize("number", [1, 5])
def test_a_revoked_device_holds_up_no_pruning(number):
    office = head_office()
    pune, gone = branch_of(office, "Pune"), branch_of(office, "Nagpur")
    with_vouchers(office, number)
    sync(pune, office)
    append(office, Revoked(time=NOW, device=gone.keys.id))
    sync(pune, office)
    assert prune(office, NOW + DAY) == number
