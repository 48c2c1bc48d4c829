"""One node that speaks for several companies: a caller is served from the copy that its proof names, and no other."""

from pathlib import Path

from p2p.copies import Copies
from p2p.founding import admit_device
from p2p.node import Node
from p2p.replica import Replica
from p2p.store import Store
from p2p.transport import TlsNetwork
from tests.p2p.copies import EVERYTHING, NOW, branch_of, digest, head_office, keys_of, save
from tests.p2p.nodes import At, Log, TurnedClock, serving

SALES = "vouchers/pun/sales/2026-04"
SHARED = keys_of("Shared")
HOUSES = ("Sharma", "Mehta")


def two_companies(folder: Path) -> tuple[Copies, Log, dict[str, At]]:
    """A device that belongs to two companies, and a branch of each of them that was never there before."""
    copies, branches = Copies(SHARED), {}
    for house in HOUSES:
        (folder / house).mkdir()
        office = head_office(None, house)
        admit_device(office, (SHARED.public, SHARED.seal_public), "Shared", "ho", "SHA", EVERYTHING, NOW)
        branch = branch_of(office, "Pune", folder / house)
        take_control(branch, office)
        branch.store.close()
        branches[house] = At(folder / house / "pune.db", branch.keys, branch.company)
        replica = Replica(Store.open(folder / house / "shared.db", wait_ms=0), SHARED, office.company)
        replica.extend_chain(office.chain_entries(-1))
        take_control(replica, office)
        copies.add(replica)
    return copies, Log(), branches


def take_control(replica: Replica, office: Replica) -> None:
    """Take in what the head office has written, which is the keys of its devices."""
    parts = [(one.header, one.signature, one.body) for one in office.store.everything()]
    replica.ingest_from(replica.check_untrusted(parts), office.keys.id, None, NOW)


async def test_each_caller_is_served_from_the_books_of_its_company(tmp_path):
    copies, log, branches = two_companies(tmp_path)
    node = Node(copies, TlsNetwork(), TurnedClock(), log)
    async with serving(node) as address:
        for number, house in enumerate(HOUSES):
            save(branches[house].replica, SALES, bytes([number]) * 16, amount=f"{number}.00")
            outcome = await branches[house].sync(address)
            assert (outcome.in_sync, outcome.error) == (True, None)
    for house in HOUSES:
        replica = copies.of(branches[house].replica.company)
        assert replica is not None
        assert digest(replica) == digest(branches[house].replica)
    shared = [replica.store.count() for replica in copies]
    assert len(copies) == 2
    assert all(shared)
    stored = [{one.id for one in replica.store.everything()} for replica in copies]
    assert not stored[0] & stored[1]


async def test_what_one_company_writes_wakes_no_conversation_of_another(tmp_path):
    copies, log, branches = two_companies(tmp_path)
    node = Node(copies, TlsNetwork(), TurnedClock(), log)
    sharma, mehta = (branches[house] for house in HOUSES)
    async with serving(node) as address, serving(sharma, [address], None), serving(mehta, [address], None):
        await sharma.log.heard("in-sync")
        await mehta.log.heard("in-sync")
        save(sharma.replica, SALES, bytes(16), amount="1.00")
        sharma.node.poke()
        for replica in copies:
            if replica.company == sharma.replica.company:
                await sharma.log.heard("in-sync", times=2)
                assert digest(replica) == digest(sharma.replica)
    assert len(mehta.log.of("in-sync")) == 1
    assert mehta.replica.document(SALES, "voucher", bytes(16)) is None


async def test_a_company_that_is_not_served_is_not_known(tmp_path):
    copies, log, branches = two_companies(tmp_path)
    node = Node(Copies(SHARED, list(copies)[:1]), TlsNetwork(), TurnedClock(), log)
    async with serving(node) as address:
        outcome = await branches[HOUSES[1]].sync(address)
    assert (outcome.in_sync, outcome.goodbye) == (False, "unknown-device")
    assert outcome.error == "this device is not known here"
