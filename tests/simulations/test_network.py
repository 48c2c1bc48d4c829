"""The simulated network: what is sent arrives whole and in order, takes its time, and fails as lines do."""

import random

import pytest
import trio
from trio.testing import MockClock

from p2p.identity import DeviceKeys
from p2p.transport import CONNECT_SECONDS_MAX, Connection, Unreachable
from simulations.network import Fabric, HostNetwork, Quality
from simulations.pipes import WINDOW_BYTES
from simulations.trace import Trace

KEYS = DeviceKeys(bytes(32), bytes(32))
WAYS = [("pune", "office"), ("office", "pune")]


class Talk:
    """Pune, connected to a head office that does as it is told."""

    def __init__(self, latency: float = 0.05, speed: float = 8000.0) -> None:
        quality = Quality(latency, 0.0, speed)
        self.fabric = Fabric(lambda _one, _other: quality, random.Random(1), Trace())
        self.office: Connection | None = None
        self._there = trio.Event()

    async def _serve(self, connection: Connection, _address: str) -> None:
        self.office = connection
        self._there.set()
        await trio.sleep_forever()

    async def begin(self, nursery: trio.Nursery) -> Connection:
        await nursery.start(HostNetwork(self.fabric, "office").listen, "office:1", KEYS, self._serve)
        pune = await HostNetwork(self.fabric, "pune").dial("office:1")
        await self._there.wait()
        return pune


def in_a_talk(test, **quality):
    """Run a test over a connection, on a clock that jumps."""

    async def main() -> None:
        talk = Talk(**quality)
        async with trio.open_nursery() as nursery:
            await test(talk, await talk.begin(nursery))
            nursery.cancel_scope.cancel()

    trio.run(main, clock=MockClock(autojump_threshold=0))


async def received(connection: Connection, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += await connection.stream.receive_some(70_000)
    return data


async def until_it_breaks(connection: Connection) -> int:
    """How many bytes arrive before the connection does."""
    count = 0
    try:
        while True:
            count += len(await connection.stream.receive_some(70_000))
    except trio.BrokenResourceError:
        return count


def test_bytes_arrive_whole_and_in_order_and_take_their_time():
    async def test(talk, pune):
        assert pune.listener == KEYS.id
        sent, began = random.Random(2).randbytes(100_000), trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pune.stream.send_all, sent)
            assert await received(talk.office, len(sent)) == sent
        # 100 kB over 8,000 kbit/s are a tenth of a second, and a twentieth to get there.
        assert trio.current_time() - began == pytest.approx(0.15, abs=0.01)
        assert (pune.traffic.sent, talk.office.traffic.received) == (len(sent), len(sent))

    in_a_talk(test)


def test_who_is_not_read_from_has_to_wait():
    async def test(talk, pune):
        with trio.move_on_after(60) as waiting:
            await pune.stream.send_all(bytes(10 * WINDOW_BYTES))
        assert waiting.cancelled_caught
        arrived = 0
        with trio.move_on_after(60):
            while True:
                arrived += len(await talk.office.stream.receive_some())
        assert WINDOW_BYTES <= arrived <= 2 * WINDOW_BYTES

    in_a_talk(test)


def test_nothing_passes_a_cut_line_and_what_was_sent_comes_after_it_is_mended():
    async def test(talk, pune):
        talk.fabric.cut(WAYS)
        await pune.stream.send_all(b"hello")
        with trio.move_on_after(30) as waiting:
            await received(talk.office, 5)
        assert waiting.cancelled_caught
        began = trio.current_time()
        with pytest.raises(Unreachable, match="does not answer"):
            await HostNetwork(talk.fabric, "pune").dial("office:1")
        assert trio.current_time() - began == pytest.approx(CONNECT_SECONDS_MAX)
        talk.fabric.mend(WAYS)
        assert await received(talk.office, 5) == b"hello"

    in_a_talk(test)


def test_a_line_that_is_cut_one_way_carries_the_other():
    async def test(talk, pune):
        talk.fabric.cut([("pune", "office")])
        await talk.office.stream.send_all(b"hello")
        assert await received(pune, 5) == b"hello"
        await pune.stream.send_all(b"lost?")
        with trio.move_on_after(30) as waiting:
            await received(talk.office, 5)
        assert waiting.cancelled_caught

    in_a_talk(test)


def test_a_line_that_was_cut_twice_has_to_be_mended_twice():
    async def test(talk, pune):
        talk.fabric.cut(WAYS)
        talk.fabric.cut(WAYS[:1])
        talk.fabric.mend(WAYS)
        assert talk.fabric.is_cut(*WAYS[0])
        assert not talk.fabric.is_cut(*WAYS[1])
        talk.fabric.mend(WAYS[:1])
        assert not talk.fabric.is_cut(*WAYS[0])

    in_a_talk(test)


def test_a_reset_fails_at_both_ends_and_may_come_in_the_middle_of_what_is_sent():
    async def test(talk, pune):
        await pune.stream.send_all(bytes(50_000))
        await trio.sleep(0.07)
        assert talk.fabric.reset("pune", "office") == 1
        assert 0 < await until_it_breaks(talk.office) < 50_000
        with pytest.raises(trio.BrokenResourceError):
            await pune.stream.send_all(b"more")

    in_a_talk(test)


def test_who_hangs_up_is_read_to_the_end():
    async def test(talk, pune):
        await pune.stream.send_all(b"goodbye")
        await pune.stream.aclose()
        assert await received(talk.office, 7) == b"goodbye"
        assert await talk.office.stream.receive_some(10) == b""
        with pytest.raises(trio.BrokenResourceError):
            await talk.office.stream.send_all(b"are you there?")

    in_a_talk(test)


def test_nobody_hears_of_a_power_cut_until_the_power_is_back():
    async def test(talk, pune):
        talk.fabric.go_dark("pune")
        await pune.stream.aclose()
        with trio.move_on_after(1000) as waiting:
            await talk.office.stream.receive_some(10)
        assert waiting.cancelled_caught
        talk.fabric.light_up("pune")
        with pytest.raises(trio.BrokenResourceError):
            await talk.office.stream.receive_some(10)

    in_a_talk(test)


def test_where_nobody_listens_a_call_is_refused_at_once():
    async def test(talk, pune):
        began = trio.current_time()
        with pytest.raises(Unreachable, match="nobody listens"):
            await HostNetwork(talk.fabric, "pune").dial("office:2")
        assert trio.current_time() - began < 1

    in_a_talk(test)
