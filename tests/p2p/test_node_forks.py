"""Nodes over TLS whose control chain has forked: they go on, agree, and say so once."""

from pathlib import Path

from p2p.chain import KeeperMoved, Setting
from p2p.founding import append
from p2p.store import Store
from tests.p2p.copies import NOW, digest
from tests.p2p.nodes import At, check_consistent, offices, serving
from tests.p2p.test_forks import told


def cloned(at: At, path: Path) -> At:
    """The same device once more, from a copy of its disk."""
    store = Store.open(path)
    at.replica.db.backup(store.conn)
    store.close()
    return At(path, at.keys, at.replica.company)


async def test_nodes_on_two_lines_agree_on_one_and_say_so(tmp_path):
    office, pune, nagpur = offices(tmp_path, "Pune", "Nagpur")
    async with serving(office) as address:
        assert (await pune.sync(address)).in_sync
        assert (await nagpur.sync(address)).in_sync
    restored = cloned(office, tmp_path / "restored.db")
    append(office.replica, KeeperMoved(time=NOW, device=pune.keys.id))
    append(restored.replica, Setting(time=NOW, name="value", value=1))
    async with serving(office) as address, serving(restored) as other, serving(pune) as there:
        assert (await pune.sync(address)).in_sync
        assert (await nagpur.sync(other)).in_sync
        async with serving(nagpur, [there]):
            said = await nagpur.log.heard("forked")
            await nagpur.log.heard("in-sync")
            # Pune has them once it says so too: what Nagpur has sent last may still be on its way until then.
            await pune.log.heard("in-sync", "Nagpur")
    assert said.text == (
        "the list of who may do what had been signed twice (a keeper was restored, cloned, or went on after it was "
        "replaced); Pune keeps it, another line gave way; what it said besides (1) waits to be repeated: "
        "`khata keeper show`"
    )
    assert len(nagpur.log.of("forked")) == 1
    assert told(pune.replica.chain) == told(nagpur.replica.chain)
    assert digest(pune.replica) == digest(nagpur.replica)
    for at in (pune, nagpur):
        check_consistent(at)


async def test_another_process_sees_that_the_chain_has_forked(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    async with serving(office) as address:
        assert (await pune.sync(address)).in_sync
    restored = cloned(office, tmp_path / "restored.db")
    for value in range(3):
        append(office.replica, Setting(time=NOW, name="value", value=value))
    beside = pune.another_process()
    async with serving(office) as address:
        assert (await pune.sync(address)).in_sync
    append(restored.replica, KeeperMoved(time=NOW, device=pune.keys.id))
    beside.refresh()
    assert beside.chain.keeper == office.keys.id
    async with serving(restored) as address:
        assert (await pune.sync(address)).in_sync
    assert beside.refresh()
    assert told(beside.chain) == told(pune.replica.chain)
    assert beside.chain.keeper == pune.keys.id
    append(beside, Setting(time=NOW, name="value", value=9))
    assert pune.replica.refresh()
    assert told(beside.chain) == told(pune.replica.chain)
