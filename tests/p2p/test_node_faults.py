"""When something fails in the middle: a busy store, a full disk, a cut at any step; nothing is left by halves."""

import hashlib
from collections.abc import Sequence

import pytest
import trio
import trio.testing

from p2p.checking import in_a_thread
from p2p.identity import DeviceKeys
from p2p.judging import Checked
from p2p.messages import CommitParts
from p2p.node import Node
from p2p.replica import Replica
from p2p.transport import Connection, Handler, TlsNetwork
from tests.p2p.copies import NOW, branch_of, digest, head_office, save
from tests.p2p.nodes import SECONDS, At, check_consistent, offices, proxy, serving
from tests.p2p.test_node import a_ticket, join_of, newcomer

SALES, PUNE_SALES, LEDGERS = "vouchers/ho/sales/2026-04", "vouchers/pun/sales/2026-04", "masters/ledger"


def doc(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()[:16]


def with_vouchers(at: At, count: int, scope: str = SALES, first: int = 0) -> None:
    with at.replica.transaction():
        for number in range(first, first + count):
            save(at.replica, scope, doc(number), amount=f"{number}.00", note=hashlib.sha512(doc(number)).hexdigest())


# -- the store is busy ----------------------------------------------------------------------------------------------


class Gate:
    """Lets batches through to the store one by one, and says when they are there."""

    def __init__(self) -> None:
        self.arrived = trio.Event()
        self.batches = 0

    async def check(self, replica: Replica, batch: Sequence[CommitParts]) -> list[Checked]:
        found = await in_a_thread(replica, batch)
        self.batches += 1
        self.arrived.set()
        return found


async def test_a_sync_waits_while_another_process_writes(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    with_vouchers(office, 300)
    gate = Gate()
    pune.node = Node(pune.replica, TlsNetwork(), pune.clock, pune.log, gate.check)
    command_line = pune.another_process()
    async with serving(office) as address, trio.open_nursery() as nursery:
        ended = trio.Event()

        async def synchronize() -> None:
            assert (await pune.sync(address)).in_sync
            ended.set()

        with command_line.transaction():
            nursery.start_soon(synchronize)
            with trio.move_on_after(0.3):
                await gate.arrived.wait()
            await trio.testing.wait_all_tasks_blocked()
            assert not ended.is_set()
            assert pune.replica.store.count() == 0
        with trio.fail_after(SECONDS):
            await ended.wait()
    assert digest(pune.replica) == digest(office.replica)
    check_consistent(pune)


SAVED_BETWEEN = 4


async def test_two_processes_write_while_a_sync_runs(tmp_path):
    """Pune's command line saves a voucher between any two batches; head office's does as well."""
    office, pune = offices(tmp_path, "Pune")
    with_vouchers(office, 1200)
    async with serving(office) as address:
        assert (await pune.sync(address)).in_sync
        before = pune.replica.store.count()
        with_vouchers(office, 1200, first=2000)
        at_pune, at_office = pune.another_process(), office.another_process()
        saved = 0

        async def check(replica: Replica, batch: Sequence[CommitParts]) -> list[Checked]:
            nonlocal saved
            if saved == SAVED_BETWEEN:
                return await in_a_thread(replica, batch)
            save(at_pune, PUNE_SALES, doc(10_000 + saved), amount="1.00")
            save(at_office, SALES, doc(20_000 + saved), amount="1.00")
            saved += 1
            return await in_a_thread(replica, batch)

        pune.node = Node(pune.replica, TlsNetwork(), pune.clock, pune.log, check)
        assert (await pune.sync(address)).in_sync
        assert saved == SAVED_BETWEEN
        assert (await pune.sync(address)).in_sync
    assert digest(pune.replica) == digest(office.replica)
    assert pune.replica.store.count() == before + 1200 + 2 * saved
    check_consistent(pune)
    check_consistent(office)


# -- the disk is full -----------------------------------------------------------------------------------------------


def fill_up(at: At, pages: int) -> None:
    (used,) = at.replica.db.execute("PRAGMA page_count").fetchone()
    at.replica.db.execute(f"PRAGMA max_page_count={used + pages}")


async def test_a_full_disk_ends_the_conversation_with_a_sentence_and_a_larger_one_goes_on(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    with_vouchers(office, 900)
    async with serving(office) as address:
        fill_up(pune, 60)
        outcome = await pune.sync(address)
        assert not outcome.in_sync
        assert "the disk is full" in str(outcome.error)
        check_consistent(pune)
        assert pune.replica.store.count() < 900
        assert not office.log.of("in-sync", "Pune")
        pune.replica.db.execute("PRAGMA max_page_count=1000000")
        assert (await pune.sync(address)).in_sync
    assert digest(pune.replica) == digest(office.replica)
    check_consistent(pune)


async def test_a_full_disk_at_the_listener_does_not_stop_it(tmp_path):
    office, pune, nagpur = offices(tmp_path, "Pune", "Nagpur")
    async with serving(office) as address:
        assert (await pune.sync(address)).in_sync
        assert (await nagpur.sync(address)).in_sync
        with_vouchers(pune, 900, PUNE_SALES)
        fill_up(office, 60)
        outcome = await pune.sync(address)
        assert not outcome.in_sync
        assert "could not go on" in str(outcome.error)
        assert "the disk is full" in (await office.log.heard("disconnected", "Pune", times=2)).text
        office.replica.db.execute("PRAGMA max_page_count=1000000")
        assert (await pune.sync(address)).in_sync
        assert (await nagpur.sync(address)).in_sync
    assert digest(nagpur.replica) == digest(office.replica) == digest(pune.replica)
    check_consistent(office)


# -- a cut at any step ----------------------------------------------------------------------------------------------


class Cut:
    """A network on which the task is cancelled at the nth thing that happens on its stream."""

    def __init__(self, after: int, scope: trio.CancelScope) -> None:
        self.left = after
        self._scope = scope
        self._network = TlsNetwork()

    async def listen(self, address: str, keys: DeviceKeys, handler: Handler, task_status: trio.TaskStatus[str]) -> None:
        raise AssertionError("only dials")

    async def dial(self, address: str) -> Connection:
        self.step()
        connection = await self._network.dial(address)
        return connection._replace(stream=_CutStream(connection.stream, self))

    def step(self) -> None:
        self.left -= 1
        if self.left < 0:
            self._scope.cancel()


class _CutStream(trio.abc.Stream):
    def __init__(self, stream: trio.abc.Stream, cut: Cut) -> None:
        self._stream = stream
        self._cut = cut

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self._cut.step()
        await self._stream.send_all(data)
        self._cut.step()

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data = await self._stream.receive_some(max_bytes)
        self._cut.step()
        return data

    async def aclose(self) -> None:
        await self._stream.aclose()


async def test_a_sync_that_is_cut_at_any_step_leaves_whole_batches_and_can_go_on(tmp_path):
    """Cut after 0, 1, 2 … things that happened on the stream, until one gets to the end uncut."""
    office = head_office(tmp_path)
    at_office = At(tmp_path / "ho.db", office.keys, office.company)
    with_vouchers(at_office, 270)
    finished, cuts = False, 0
    async with serving(at_office) as address:
        while not finished:
            (folder := tmp_path / str(cuts)).mkdir()
            pune = branch_of(at_office.replica, f"P{cuts:02}", folder, with_all=False)
            pune.store.close()
            with trio.CancelScope() as scope:
                copy = At(folder / f"p{cuts:02}.db", pune.keys, pune.company, Cut(cuts, scope))
                with_vouchers(copy_with_keys(copy, at_office), 3, "vouchers/ho/receipt/2026-05")
                finished = (await copy.sync(address)).in_sync and not scope.cancel_called
            assert copy.node.conversations == []
            check_consistent(copy)
            again = At(copy.path, pune.keys, pune.company)
            assert (await again.sync(address)).in_sync
            check_consistent(again)
            for one in (copy, again):
                one.replica.store.close()
            cuts += 1 if cuts < 12 else 5
            assert cuts < 100
    assert cuts > 12
    check_consistent(at_office)


def copy_with_keys(copy: At, office: At) -> At:
    """Hand a branch its content keys without a conversation, so that it can save something of its own first."""
    scope = f"control/keys/{copy.keys.author.hex()}"
    number = office.replica.store.find_scope(scope)
    assert number is not None
    parts = [(one.header, one.signature, one.body) for one in office.replica.store.in_scope(number, 0, 10)]
    copy.replica.ingest_from(copy.replica.check_untrusted(parts), office.keys.id, None, NOW)
    return copy


@pytest.mark.parametrize("stage", ["checking", "storing", "joining"])
async def test_cancelled_while_it_is(tmp_path, stage):
    office, pune = offices(tmp_path, "Pune")
    with_vouchers(office, 600)
    async with serving(office) as address:
        ticket = a_ticket(office, address, name="Latur", series="LAT")
        copy, join = (newcomer(tmp_path, ticket, "latur"), True) if stage == "joining" else (pune, False)
        with trio.CancelScope() as scope:

            async def check(replica: Replica, batch: Sequence[CommitParts]) -> list[Checked]:
                if stage == "checking":
                    scope.cancel()
                found = await in_a_thread(replica, batch)
                scope.cancel()
                return found

            copy.node = Node(copy.replica, TlsNetwork(), copy.clock, copy.log, check)
            await copy.sync(address, join_of(copy, ticket, "Latur till") if join else None)
        assert scope.cancelled_caught
        check_consistent(copy)
        assert copy.replica.store.count() < 600
        again = At(copy.path, copy.keys, copy.replica.company)
        assert (await again.sync(address, join_of(copy, ticket) if join else None)).in_sync
    assert digest(again.replica) == digest(office.replica)
    check_consistent(again)


async def test_a_line_that_breaks_is_no_loss(tmp_path):
    """The network itself cuts both sides off, in the middle of a record; what was acknowledged counts."""
    office, pune = offices(tmp_path, "Pune")
    with_vouchers(office, 500)
    async with serving(office) as real:
        for limit in (2_000, 20_000, 60_000):
            async with proxy(real, bytearray(), limit) as address:
                outcome = await pune.sync(address)
            assert not outcome.in_sync
            assert outcome.error is not None
            check_consistent(pune)
        assert (await pune.sync(real)).in_sync
    assert digest(pune.replica) == digest(office.replica)


# -- on the wire ----------------------------------------------------------------------------------------------------

CANARIES = ("Canary Traders", "canary narration", "98765.43", "27CANARY1234F1Z5", "masters/ledger", "vouchers/")


async def test_nothing_readable_passes_between_two_nodes(tmp_path):
    """Neither in a join, nor in a sync, nor in a live push; and what is inside TLS is sealed once more."""
    (office,) = offices(tmp_path)
    passed = bytearray()
    save(office.replica, LEDGERS, doc(1), name=CANARIES[0], gstin=CANARIES[3])
    async with serving(office) as real, proxy(real, passed) as address:
        ticket = a_ticket(office, address, name="Canary branch")
        pune = newcomer(tmp_path, ticket)
        assert (await pune.sync(address, join_of(pune, ticket, "Canary till"), ticket.inviter)).in_sync
        async with serving(pune, [address], listen=None):
            await pune.log.heard("in-sync")
            save(pune.another_process(), PUNE_SALES, doc(2), narration=CANARIES[1], amount=CANARIES[2])
            pune.node.poke()
            assert await office.seen.shown(doc(2)) == {"narration": CANARIES[1], "amount": CANARIES[2]}
    assert len(passed) > 3_000
    for word in (*CANARIES, "Canary branch", "Canary till", "Head Office"):
        assert word.encode() not in passed, word
    assert ticket.secret not in passed
    for at in (office, pune):
        bodies = b"".join(bytes(stored.body or b"") for stored in at.replica.store.everything())
        documents = b"".join(row[0] for row in at.replica.db.execute("SELECT yjs FROM documents"))
        for word in CANARIES[:4]:
            assert word.encode() not in bodies
            assert word.encode() in documents, "the copy itself shows it"
