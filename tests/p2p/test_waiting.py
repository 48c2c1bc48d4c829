"""What waits at a relay for each device is counted on from where it was counted last, and comes to the same."""

from pathlib import Path

from khata.relay_metrics import RelayMetrics
from p2p.removing import remove_scopes
from p2p.replica import Replica
from p2p.waiting import Waiting, WaitingCounts, waiting_for
from tests.p2p.copies import NOW, agree, branch_of, head_office, relay_of, save, sync
from tests.p2p.nodes import offices, serving
from tests.p2p.relays import RelayAt, add_relay

SALES = "vouchers/ho/sales/2026-04"


def company(rule: str) -> tuple[Replica, Replica, Replica]:
    """A head office, a branch and a relay."""
    office = head_office()
    pune = branch_of(office, "Pune", rule=rule)
    relay = relay_of(office)
    for one in (office, pune, office, pune):
        sync(one, relay)
    return office, pune, relay


def begun_after(statements: list[str]) -> list[int]:
    """After which rows commits were read, one number a count."""
    words = "FROM commits WHERE row>"
    return [int(text.partition(words)[2].split()[0]) for text in statements if words in text]


def test_counting_on_comes_to_what_counting_anew_comes_to():
    office, pune, relay = company("masters-only")
    counts = WaitingCounts(relay)
    found: list[int] = []

    def look() -> None:
        for one in (office, pune):
            assert counts.of(one.keys.id) == waiting_for(relay, one.keys.id)
        found.append(counts.of(pune.keys.id).commits)

    look()
    for number in range(3):
        save(office, SALES, bytes([number]) * 16, amount="1.00")
        save(office, "masters/ledger", bytes([number]) * 16, name=str(number))
        sync(office, relay)
        look()
    agree(office, office.keys, pune.keys, "everything")
    sync(office, relay)
    look()
    sync(pune, relay)
    look()
    save(office, SALES, bytes([9]) * 16, amount="9.00")
    sync(office, relay)
    look()
    with relay.transaction():
        remove_scopes(relay, [SALES])
    look()
    # What is removed is compared anew with everybody, so the ledgers wait again.
    assert found == [0, 1, 2, 3, 6, 0, 1, 3]


def test_what_was_counted_is_not_read_again():
    office, pune, relay = company("everything")
    counts = WaitingCounts(relay)
    for number in range(3):
        save(office, SALES, bytes([number]) * 16, amount="1.00")
    sync(office, relay)
    assert counts.of(pune.keys.id) == Waiting(3, NOW)
    last = relay.store.next_row() - 1
    statements: list[str] = []
    relay.db.set_trace_callback(statements.append)
    assert counts.of(pune.keys.id) == Waiting(3, NOW)
    relay.db.set_trace_callback(None)
    assert begun_after(statements) == [last]


async def test_metrics_count_what_waits_for_a_device_once_and_then_go_on_from_there(tmp_path: Path):
    office, _pune = offices(tmp_path, "Pune")
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        save(office.replica, SALES, bytes(16), amount="1.00")
        assert (await office.sync(address)).in_sync
    copy = relay.copy_of(office)
    metrics = RelayMetrics(relay.node)
    page, last = metrics.page(), copy.store.next_row() - 1
    statements: list[str] = []
    copy.db.set_trace_callback(statements.append)
    assert metrics.page() == page
    copy.db.set_trace_callback(None)
    assert begun_after(statements) == [last] * 2
