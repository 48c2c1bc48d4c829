"""Nodes over real connections when a device is revoked: its conversations end at once, and its work is handed over."""

from pathlib import Path

import trio

from p2p.members import revoke
from p2p.store import QUARANTINED
from tests.p2p.copies import NOW, save
from tests.p2p.nodes import offices, serving
from tests.p2p.test_cuts import SALES
from tests.p2p.test_locks import doc

WITHIN_SECONDS = 1
"""How long a revoked device may stay connected; measured from when the revocation is durable."""


async def test_an_open_conversation_ends_within_a_second_of_the_command(tmp_path: Path) -> None:
    office, pune = offices(tmp_path, "Pune")
    async with serving(office) as address, serving(pune, [address], None):
        await office.log.heard("in-sync", "Pune")
        command_line = office.another_process()
        revoke(command_line, pune.keys.id, NOW)
        began = trio.current_time()
        await office.log.heard("disconnected", "Pune")
        assert trio.current_time() - began < WITHIN_SECONDS
        said = await pune.log.heard("disconnected", "Head Office")
        assert "revoked" in said.text
        command_line.store.close()
    assert pune.replica.revoked_at(pune.keys.id) == pune.replica.chain_head()[0]
    assert pune.replica.chain_head()[0] < office.replica.chain_head()[0]


async def test_it_ends_too_where_the_revocation_comes_from_another_peer(tmp_path: Path) -> None:
    office, pune, nagpur = offices(tmp_path, "Pune", "Nagpur")
    async with serving(office) as head, serving(nagpur, [head]) as address, serving(pune, [address], None):
        await nagpur.log.heard("in-sync", "Pune")
        await nagpur.log.heard("in-sync", "Head Office")
        revoke(office.replica, pune.keys.id, NOW)
        office.node.poke()
        began = trio.current_time()
        said = await nagpur.log.heard("disconnected", "Pune")
        assert trio.current_time() - began < WITHIN_SECONDS
        assert "revoked" in said.text


async def test_a_week_of_work_is_handed_over_once_and_set_aside(tmp_path: Path) -> None:
    office, pune = offices(tmp_path, "Pune")
    async with serving(office) as address:
        assert (await pune.sync(address)).in_sync
        revoke(office.replica, pune.keys.id, NOW)
        for at in range(40):
            save(pune.replica, SALES, doc(at), number=str(at))
        outcome = await pune.sync(address)
        assert not outcome.in_sync
        assert outcome.error is not None
        assert "this device was revoked" in outcome.error
        assert "(40 now)" in outcome.error
        assert outcome.sent == 40
        assert "(0 now)" in str((await pune.sync(address)).error)
    states = [one.state for one in office.replica.store.everything(QUARANTINED)]
    assert len(states) == 40
