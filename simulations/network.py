"""The simulated network: hosts, the lines between them, and everything that goes wrong with lines.

What a node sees of it is `p2p.transport.Network`. There is no TLS: the listener's device id is handed over as TLS would
have proved it; what it would add, a handshake's round trips, is waited for.
"""

from collections.abc import Callable, Iterable
from random import Random
from typing import NamedTuple

import trio

from p2p.identity import DeviceKeys
from p2p.transport import CONNECT_SECONDS_MAX, Connection, Handler, Traffic, Unreachable
from simulations.clocks import elapsed_ms
from simulations.pipes import Pipe, Stream
from simulations.trace import Trace

_HANDSHAKE_TRIPS = 3
_RETRY_SECONDS_MAX = 60.0
_BYTES_A_KBIT = 125


class Quality(NamedTuple):
    """How a line is: latency and jitter in seconds, speed in kbit/s."""

    latency: float
    jitter: float
    speed: float


class _Listener(NamedTuple):
    keys: DeviceKeys
    handler: Handler
    nursery: trio.Nursery


class _Connected(NamedTuple):
    """The two directions of one connection."""

    pipes: tuple[Pipe, Pipe]

    def is_between(self, one: str, other: str) -> bool:
        """Whether it joins these two hosts."""
        return {self.pipes[0].source, self.pipes[0].target} == {one, other}


class Fabric:
    """All hosts and lines of one run.

    Args:
        quality: of the line from one host to another.
        random: gives jitter and the sizes of pieces.
        moved: told of all bytes that arrive.
    """

    def __init__(self, quality: Callable[[str, str], Quality], random: Random, trace: Trace) -> None:
        self._quality = quality
        self._random = random
        self._trace = trace
        self._listeners: dict[str, _Listener] = {}
        self._cuts: dict[tuple[str, str], int] = {}
        self._cut_since: dict[tuple[str, str], float] = {}
        self._slow: dict[tuple[str, str], list[Quality]] = {}
        self._free_at: dict[tuple[str, str], float] = {}
        self._open: list[_Connected] = []
        self._dark: set[str] = set()
        self.carried: dict[tuple[str, str], list[tuple[int, int]]] = {}

    # -- what goes wrong with lines ---------------------------------------------------------------------------------

    def cut(self, ways: Iterable[tuple[str, str]]) -> None:
        """Let nothing pass from one host to another, of each way named, until it is mended as often as it was cut."""
        for way in ways:
            self._cuts[way] = self._cuts.get(way, 0) + 1
            self._cut_since.setdefault(way, trio.current_time())

    def mend(self, ways: Iterable[tuple[str, str]]) -> None:
        """Undo one cut of each way. What was lost meanwhile is sent again, some time later, as TCP does."""
        for way in ways:
            self._cuts[way] -= 1
            if self._cuts[way]:
                continue
            del self._cuts[way]
            away = trio.current_time() - self._cut_since.pop(way)
            again = trio.current_time() + self._random.uniform(0, min(away, _RETRY_SECONDS_MAX))
            for pipe in self._pipes(*way):
                pipe.delay(again)

    def slow_down(self, ways: Iterable[tuple[str, str]], quality: Quality) -> None:
        """Let ways be of another quality for a while."""
        for way in ways:
            self._slow.setdefault(way, []).append(quality)

    def speed_up(self, ways: Iterable[tuple[str, str]], quality: Quality) -> None:
        """Undo one `slow_down`."""
        for way in ways:
            self._slow[way].remove(quality)

    def reset(self, one: str, other: str) -> int:
        """Break off every connection between two hosts in the middle of what is on its way; how many there were."""
        found = [connected for connected in self._open if connected.is_between(one, other)]
        for connected in found:
            self._break_off(connected)
        return len(found)

    def go_dark(self, host: str) -> None:
        """Cut the power of a host: nothing leaves it any more, and the other ends do not hear of it."""
        self._dark.add(host)
        for connected in self._open:
            for pipe in connected.pipes:
                if host in (pipe.source, pipe.target):
                    pipe.is_dark = True

    def light_up(self, host: str) -> None:
        """Give a host power again: connections it does not know of any more are reset."""
        self._dark.discard(host)
        for connected in [one for one in self._open if any(pipe.is_dark for pipe in one.pipes)]:
            if host in (connected.pipes[0].source, connected.pipes[0].target):
                self._break_off(connected)

    def is_cut(self, source: str, target: str) -> bool:
        """Whether nothing passes from one host to another."""
        return (source, target) in self._cuts

    # -- what pipes ask ---------------------------------------------------------------------------------------------

    def piece_size(self, bytes_max: int) -> int:
        """How much arrives together: mostly all there is, sometimes some of it."""
        if bytes_max > 1 and self._random.random() < 0.1:
            return self._random.randint(1, bytes_max)
        return bytes_max

    def arrival(self, pipe: Pipe, size: int) -> float:
        """When bytes arrive that are sent now: after those before them, at the line's speed."""
        way = (pipe.source, pipe.target)
        quality = self._quality_of(*way)
        begins = max(self._free_at.get(way, 0.0), trio.current_time())
        self._free_at[way] = begins + size / (quality.speed * _BYTES_A_KBIT)
        return self._free_at[way] + quality.latency + self._random.uniform(0, quality.jitter)

    def moved(self, pipe: Pipe, data: bytes) -> None:
        """Count bytes that have arrived."""
        at = elapsed_ms()
        self._trace.bytes_moved(at, pipe.source, pipe.target, data)
        self.carried.setdefault((pipe.source, pipe.target), []).append((at, len(data)))

    # -- connections ------------------------------------------------------------------------------------------------

    async def listen(
        self, host: str, address: str, keys: DeviceKeys, handler: Handler, status: trio.TaskStatus[str]
    ) -> None:
        """Serve callers until cancelled."""
        async with trio.open_nursery() as nursery:
            self._listeners[address] = _Listener(keys, handler, nursery)
            try:
                status.started(address)
                await trio.sleep_forever()
            finally:
                del self._listeners[address]

    async def dial(self, host: str, address: str) -> Connection:
        """Connect one host to an address.

        Raises:
            Unreachable: nobody answers there in time, or nobody listens.
        """
        target = address.partition(":")[0]
        if self.is_cut(host, target) or self.is_cut(target, host) or target in self._dark or target == host:
            await trio.sleep(CONNECT_SECONDS_MAX)
            raise Unreachable(f"{address} does not answer; is it switched on and its port open?")
        there, back = self._quality_of(host, target), self._quality_of(target, host)
        await trio.sleep(_HANDSHAKE_TRIPS * (there.latency + back.latency))
        listener = self._listeners.get(address)
        if listener is None or host in self._dark:
            raise Unreachable(f"nobody listens at {address} (Connection refused); is `khata serve` running there?")
        pipes = Pipe(self, host, target), Pipe(self, target, host)
        connected = _Connected(pipes)
        self._open.append(connected)
        traffic = Traffic()
        called = Connection(Stream(pipes[1], pipes[0], traffic), listener.keys.id, traffic)
        listener.nursery.start_soon(self._serve, connected, called, listener.handler, host)
        traffic = Traffic()
        return Connection(Stream(*pipes, traffic), listener.keys.id, traffic)

    async def _serve(self, connected: _Connected, called: Connection, handler: Handler, host: str) -> None:
        try:
            await handler(called, host)
        except (trio.TooSlowError, trio.BrokenResourceError, trio.ClosedResourceError):
            return
        finally:
            if connected in self._open and not any(pipe.is_dark for pipe in connected.pipes):
                self._open.remove(connected)
            await trio.aclose_forcefully(called.stream)

    def _break_off(self, connected: _Connected) -> None:
        for pipe in connected.pipes:
            pipe.break_off()
        if connected in self._open:
            self._open.remove(connected)

    def _pipes(self, source: str, target: str) -> list[Pipe]:
        pipes = (pipe for connected in self._open for pipe in connected.pipes)
        return [pipe for pipe in pipes if (pipe.source, pipe.target) == (source, target)]

    def _quality_of(self, source: str, target: str) -> Quality:
        slow = self._slow.get((source, target))
        return slow[-1] if slow else self._quality(source, target)


class HostNetwork:
    """The network as one host sees it."""

    def __init__(self, fabric: Fabric, host: str) -> None:
        self._fabric = fabric
        self._host = host

    async def listen(
        self,
        address: str,
        keys: DeviceKeys,
        handler: Handler,
        task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve connections until cancelled; reports the address that it listens on."""
        await self._fabric.listen(self._host, address, keys, handler, task_status)

    async def dial(self, address: str) -> Connection:
        """Connect to an address. Raises `Unreachable`."""
        return await self._fabric.dial(self._host, address)
