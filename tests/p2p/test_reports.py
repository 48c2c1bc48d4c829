"""What relays tell members of each other: who was seen, what waits for whom, and since when."""

from p2p.chain import RELAY
from p2p.limits import REPORT_ROWS_MAX
from p2p.messages import ReportRow
from p2p.reports import Reports, control_delivered, keep_report, reported
from p2p.status import missing_there
from p2p.waiting import WaitingCounts
from tests.p2p.copies import NOW, agree, branch_of, head_office, save
from tests.p2p.nodes import At, offices, serving
from tests.p2p.relays import RelayAt, add_relay

SALES = "vouchers/ho/sales/2026-04"


async def test_head_office_learns_from_the_relay_what_waits_for_whom(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        assert (await pune.sync(address)).in_sync
        for number in range(3):
            save(office.replica, SALES, bytes([number]) * 16, amount=f"{number}.00")
        assert (await office.sync(address)).in_sync
        assert (await office.sync(address)).in_sync
        (said,) = reported(office.replica)
        assert (said.relay, said.device) == (relay.keys.id, pune.keys.id)
        assert (said.waiting, said.since, said.seen_at) == (3, NOW, NOW)
        assert (await pune.sync(address)).in_sync
        # And the same in the other direction.
        (said,) = reported(pune.replica)
        assert said.device == office.keys.id
        assert (await office.sync(address)).in_sync
        (said,) = reported(office.replica)
        assert said.waiting <= 1
    assert relay.node.connected() == []


async def test_what_a_relay_has_delivered_does_not_wait_any_more_and_never_too_early(
    tmp_path,
):
    office, pune = offices(tmp_path, "Pune")
    relay = RelayAt(tmp_path / "relay")
    everybody = (office, pune, relay)

    async def sync(at: At) -> None:
        assert (await at.sync(address)).in_sync
        for one in everybody:
            one.clock.now += 1000

    def waits() -> int:
        return missing_there(office.replica, pune.keys.id)

    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        await sync(pune)
        for number in range(3):
            save(office.replica, SALES, bytes([number]) * 16, amount=f"{number}.00")
        await sync(office)
        await sync(office)
        assert waits() == 3, "they are at the relay, and nobody has fetched them"
        await sync(pune)
        await sync(office)
        assert waits() == 0
        last = control_delivered(office.replica, pune.keys.id)
        save(office.replica, SALES, b"n" * 16, amount="9.00")
        assert waits() == 1
        await sync(office)
        assert waits() == 1
        await sync(pune)
        await sync(office)
        assert waits() == 0
        assert control_delivered(office.replica, pune.keys.id) > last > 0
        agree(office.another_process(), office.keys, pune.keys, "masters-only")
        office.replica.refresh()
        assert waits() > 0, "under other rules nothing is known"
        assert control_delivered(office.replica, pune.keys.id) > last


def test_a_branch_hears_of_those_it_has_rules_with_and_the_keeper_of_all():
    office = head_office()
    pune = branch_of(office, "Pune", with_all=False)
    nagpur = branch_of(office, "Nagpur", with_all=False)
    heard = {row.device for row in Reports(WaitingCounts(office)).to(pune.keys.id).rows}
    assert heard == {office.keys.id}
    assert nagpur.keys.id not in heard
    assert {row.device for row in Reports(WaitingCounts(office)).to(office.keys.id).rows} == {
        pune.keys.id,
        nagpur.keys.id,
    }
    assert Reports(WaitingCounts(office)).to(bytes(32)).rows == []
    assert REPORT_ROWS_MAX == 1_024


def test_what_a_device_that_is_no_relay_reports_is_passed_over():
    office = head_office()
    pune = branch_of(office, "Pune")
    assert all(member.role != RELAY for member in office.chain.members.values())
    keep_report(office, pune.keys.id, [ReportRow(office.keys.id, None, None, 7, None)], NOW)
    assert reported(office) == []
