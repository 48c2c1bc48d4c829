"""Whom a node sends away as soon as it is known who is there: whoever is paused."""

from p2p.contact import PAUSED, Contact
from tests.p2p.copies import digest
from tests.p2p.nodes import offices, serving
from tests.p2p.test_node_faults import with_vouchers


async def test_nothing_is_taken_from_a_device_that_is_paused_and_nothing_is_given_to_it(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    async with serving(office) as address:
        assert (await pune.sync(address)).in_sync
        with_vouchers(office, 20)
        with_vouchers(pune, 20, "vouchers/pun/sales/2026-04", first=100)
        before = digest(office.replica), digest(pune.replica)
        Contact(office.another_process().store).pause([pune.keys.id])
        outcome = await pune.sync(address)
        assert (outcome.goodbye, outcome.received, outcome.sent) == (PAUSED, 0, 0)
        assert len(office.log.of("connected")) == 1
        assert (digest(office.replica), digest(pune.replica)) == before
        Contact(office.another_process().store).resume([pune.keys.id])
        assert (await pune.sync(address)).in_sync
