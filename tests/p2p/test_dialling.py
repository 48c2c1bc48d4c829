"""Calling by what is known of others, over real TLS: where they say they are, when they move, and both at once."""

import pytest
import trio

from p2p.attending import attend
from p2p.device_notes import ADDRESSES, save_note
from p2p.dialling import BACK_OFF_SECONDS_MAX, Dialling
from p2p.identity import DeviceKeys
from p2p.limits import ADDRESS_CHARS_MAX, ADDRESSES_PER_DEVICE_MAX, CONNECTIONS_PER_DEVICE_MAX
from p2p.node import Node
from p2p.replica import Replica
from p2p.schedules import ALWAYS, NEVER, Attention
from p2p.transport import Connection, TlsNetwork, parse_address
from p2p.whereabouts import Announced, announced_untrusted, lines
from tests.p2p.copies import NOW, save, seeded, sync
from tests.p2p.nodes import ANYWHERE, SECONDS, At, listening, offices, serving

SALES = "vouchers/ho/sales/2026-04"


def announce(at: At, *addresses: str) -> None:
    save_note(at.another_process(), {ADDRESSES: list(addresses)}, "asha", NOW)


def met(*pairs: tuple[At, At]) -> None:
    """Let copies hold the same, without any address being remembered."""
    for one, other in pairs:
        one.replica.refresh()
        other.replica.refresh()
        sync(one.replica, other.replica)


def attending(at: At, what: Attention) -> None:
    at.node = Node(at.replica, TlsNetwork(), at.clock, at.log, attends=lambda _replica, _device, _named: what)


def dialling_of(at: At) -> Dialling:
    assert at.node.dialling is not None
    return at.node.dialling


async def settled(*ats: At) -> None:
    """Wait until there is one conversation, everywhere, and it stays."""
    with trio.fail_after(SECONDS):
        while any(len(at.node.conversations) != 1 or not at.node.conversations[0].session.in_sync for at in ats):
            await trio.testing.wait_all_tasks_blocked(0.01)


# -- addresses ------------------------------------------------------------------------------------------------------


async def test_a_device_is_called_where_it_says_that_it_is(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    async with serving(office) as address:
        announce(office, address)
        met((office, pune))
        async with serving(pune, listen=None):
            await pune.log.heard("in-sync", "Head Office")
            await settled(office, pune)


async def test_a_device_that_moves_is_found_while_serving(tmp_path):
    """Nagpur tells Pune through head office where Pune can call it; it moves, and Pune is told again."""
    office, pune, nagpur = offices(tmp_path, "Pune", "Nagpur")
    async with serving(office) as ho, serving(pune, [ho], listen=None):
        await pune.log.heard("in-sync", "Head Office")
        for times in (1, 2):
            async with serving(nagpur, [ho]) as address:
                await nagpur.log.heard("in-sync", "Head Office", times=times)
                announce(nagpur, address)
                await pune.log.heard("in-sync", "Nagpur", times=times)


async def test_addresses_are_tried_in_turn_until_the_device_answers(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    stranger = DeviceKeys.generate(seeded("stranger"))
    heard: list[bytes] = []

    async def listen_on(connection: Connection, _address: str) -> None:
        heard.append(bytes(await connection.stream.receive_some()))

    async with listening(stranger, listen_on) as elsewhere, serving(office) as address:
        announce(office, "127.0.0.1:1", elsewhere, address)
        met((office, pune))
        async with serving(pune, listen=None):
            await pune.log.heard("in-sync", "Head Office")
            said = [one.text for one in pune.log.of("unreachable")]
    assert len(said) == 2
    assert "127.0.0.1:1" in said[0]
    assert "another device answers" in said[1]
    assert heard == [b""], "it is hung up on before anything is said"


def test_whatever_a_note_names_only_addresses_are_taken():
    many = [f"192.0.2.{number}:7420" for number in range(20)]
    assert announced_untrusted({ADDRESSES: many}) == many[:ADDRESSES_PER_DEVICE_MAX]
    named = [
        "ho.example.in:7420",
        "x:y:z",
        "0.0.0.0:7420",
        "[::]:7420",
        "ho:0",
        7,
        None,
        "h" * ADDRESS_CHARS_MAX + ":1",
    ]
    assert announced_untrusted({ADDRESSES: named[:8]}) == ["ho.example.in:7420"]
    for other in (None, "ho:7420", 7, {"a": 1}, b"ho:7420"):
        assert announced_untrusted({ADDRESSES: other}) == []


def test_lines_lead_to_members_only_and_name_each_address_once(tmp_path):
    office, pune, nagpur = offices(tmp_path, "Pune", "Nagpur")
    announce(office, "ho:1", "ho:2")
    met((office, pune), (office, nagpur))
    replica = pune.replica
    replica.links.met(office.keys.id, NOW, "ho:2", 0)
    assert {key: line.addresses for key, line in lines(replica).items()} == {office.keys.id: ("ho:2", "ho:1")}
    named = lines(replica, ["ho:2", "new:1"], {}, {nagpur.keys.id[:8]: ["lan:1"], b"strange.": ["lan:2"]})
    assert {key: line.addresses for key, line in named.items()} == {
        "new:1": ("new:1",),
        office.keys.id: ("ho:2", "ho:1"),
        nagpur.keys.id: ("lan:1",),
    }
    assert named[office.keys.id].by_hand == {"ho:2"}
    answered = lines(replica, ["new:1"], {"new:1": nagpur.keys.id})
    assert answered[nagpur.keys.id].addresses == ("new:1",)


def test_what_a_device_announces_is_read_again_when_it_says_something_else(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    announced = Announced()
    for address in ("ho:1", "ho:2"):
        announce(office, address)
        met((office, pune))
        assert announced.read(pune.replica) == {office.keys.id: [address], pune.keys.id: []}
        assert announced.read(pune.replica) == Announced().read(pune.replica)


async def test_an_address_named_by_hand_takes_whoever_is_there_now(tmp_path):
    """The machine at this address was head office; today it is Nagpur."""
    office, pune, nagpur = offices(tmp_path, "Pune", "Nagpur")
    met((office, pune), (office, nagpur))
    async with serving(nagpur) as address:
        pune.replica.links.met(office.keys.id, NOW, address, 0)
        async with serving(pune, [address], listen=None):
            await pune.log.heard("in-sync", "Nagpur")


# -- both at once ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attempt", range(3))
async def test_two_that_call_each_other_keep_one_conversation(tmp_path, attempt):
    office, pune = offices(tmp_path, "Pune")
    met((office, pune))
    async with trio.open_nursery() as nursery:
        addresses = [await nursery.start(at.node.serve, ANYWHERE) for at in (office, pune)]
        for at, other in ((office, addresses[1]), (pune, addresses[0])):
            dialling_of(at).sees({(pune if at is office else office).keys.id[:8]: [other]})
        await office.log.heard("in-sync")
        await pune.log.heard("in-sync")
        await settled(office, pune)
        save(office.another_process(), SALES, bytes(16), amount="1.00")
        office.node.poke()
        assert await pune.seen.shown(bytes(16)) == {"amount": "1.00"}
        for at in (office, pune):
            assert at.log.of("disconnected") == []
            assert [link.error for link in at.replica.links.statuses()] == [None]
        nursery.cancel_scope.cancel()


class DyingLine:
    """A TCP line in between that dies without a word when it is told to: nothing passes, and nobody is hung up on."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.is_dead = False

    async def carry(self, stream: trio.SocketStream) -> None:
        onward = await trio.open_tcp_stream(*parse_address(self.target))
        async with onward, trio.open_nursery() as nursery:
            nursery.start_soon(self.pump, stream, onward)
            nursery.start_soon(self.pump, onward, stream)

    async def pump(self, source: trio.SocketStream, sink: trio.SocketStream) -> None:
        async for data in source:
            if not self.is_dead:
                await sink.send_all(data)
        await trio.sleep_forever()


async def test_who_calls_again_is_taken_in_although_it_seems_to_be_connected(tmp_path):
    """Pune's machine lost its power: head office still believes the old connection, which says nothing any more."""
    office, pune = offices(tmp_path, "Pune")
    met((office, pune))
    async with serving(office) as address, trio.open_nursery() as nursery:
        line = DyingLine(address)
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, line.carry, [listener])
        async with serving(pune, [f"127.0.0.1:{listener.socket.getsockname()[1]}"], listen=None):
            await office.log.heard("in-sync")
            line.is_dead = True
        after = At(pune.path, pune.keys, pune.replica.company)
        async with serving(after, [address], listen=None):
            await office.log.heard("in-sync", times=2)
            save(office.another_process(), SALES, bytes(16), amount="1.00")
            office.node.poke()
            assert await after.seen.shown(bytes(16)) == {"amount": "1.00"}
            lower = office.keys.id < pune.keys.id
            with trio.fail_after(SECONDS):
                while lower and len(office.node.conversations) > 1:
                    await trio.testing.wait_all_tasks_blocked(0.01)
        nursery.cancel_scope.cancel()


async def test_whom_to_call_is_not_found_out_anew_for_each_that_calls(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    asked: list[bytes | None] = []

    def attends(_replica: Replica, device: bytes | None, _named: bool) -> Attention:
        asked.append(device)
        return NEVER

    office.node = Node(office.replica, TlsNetwork(), office.clock, office.log, attends=attends)
    async with serving(office, ["127.0.0.1:1"]) as address:
        for times in range(1, 7):
            assert (await pune.sync(address)).in_sync
            await office.log.heard("disconnected", times=times)
    # At the start, when the books are first looked at, and when something of the company has come.
    assert len(asked) <= 3


async def test_a_visit_stands_beside_a_lasting_conversation(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    beside = At(pune.path, pune.keys, pune.replica.company)
    async with serving(office) as address, serving(pune, [address], listen=None):
        await pune.log.heard("in-sync")
        for _ in range(2 * CONNECTIONS_PER_DEVICE_MAX):
            assert (await beside.sync(address)).in_sync
        assert len(pune.node.conversations) == 1
        assert pune.log.of("disconnected") == []


# -- schedules ------------------------------------------------------------------------------------------------------


async def test_a_device_on_a_schedule_is_visited_again_and_again(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    attending(pune, Attention(True, 0.05))
    async with serving(office) as address:
        announce(office, address)
        met((office, pune))
        async with serving(pune, listen=None):
            await pune.log.heard("disconnected", "Head Office", times=3)
            assert all(said.text == "Head Office: goodbye" for said in pune.log.of("disconnected"))


async def test_a_device_with_manual_rules_is_not_called_but_may_call(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    attending(pune, NEVER)
    async with serving(office) as address:
        announce(office, address)
        met((office, pune))
        async with serving(pune) as there:
            dialling_of(office).sees({pune.keys.id[:8]: [there]})
            await office.log.heard("in-sync", "Pune")
            assert pune.log.of("unreachable") == []
            assert all(one.address is None for one in pune.node.conversations)


async def test_a_schedule_that_changes_takes_effect_while_serving(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    now = [NEVER]

    def what(_replica: Replica, _device: bytes | None, _named: bool) -> Attention:
        return now[0]

    pune.node = Node(pune.replica, TlsNetwork(), pune.clock, pune.log, attends=what)
    async with serving(office) as address:
        announce(office, address)
        met((office, pune))
        async with serving(pune, listen=None):
            await trio.testing.wait_all_tasks_blocked(0.05)
            assert pune.log.said == []
            now[0] = ALWAYS
            save(pune.another_process(), "control/rules", bytes(16), anything="new")
            await pune.log.heard("in-sync", "Head Office")


async def test_hurrying_calls_at_once_instead_of_waiting(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    async with serving(office) as address:
        announce(office, address)
        met((office, pune))
    async with serving(pune, listen=None):
        await pune.log.heard("unreachable", times=2)
        async with serving(office, listen=address):
            dialling_of(pune).hurry(office.keys.id)
            with trio.fail_after(BACK_OFF_SECONDS_MAX):
                await pune.log.heard("in-sync")


def test_the_keeper_is_called_without_a_rule(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    assert attend(pune.replica, office.keys.id, False) == ALWAYS
    assert attend(pune.replica, bytes(32), False) == NEVER
