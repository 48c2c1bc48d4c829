"""Simulated disks, clocks and seals: real stores that die or fill up at a stated moment, seals the library opens."""

import random

import pytest
import trio
from trio.testing import MockClock

from p2p.errors import BadKey, StoreError
from p2p.identity import DeviceKeys
from p2p.keyring import HPKE
from p2p.store import StoreBusy
from simulations.clocks import DeviceClock
from simulations.scenario import DAY, HOUR, MINUTE
from simulations.sealing import SeededSealer
from simulations.seeds import Seeds
from simulations.store import Crashed, Fate, NoRoom, SimulatedStore


def at_once(act):
    """Run something where simulated time goes."""

    async def main() -> None:
        act()

    trio.run(main, clock=MockClock(autojump_threshold=0))


def written(path, name: str, fate: Fate) -> bool:
    """Whether a fact is in a store, after it was written there and the process died at its moment."""

    def write() -> None:
        store = SimulatedStore.open(path)
        store.fate = fate
        try:
            with store.transaction():
                store.set_meta(name, b"there")
        except Crashed:
            with pytest.raises(Crashed), store.transaction():
                store.set_meta("other", b"never")
        finally:
            store.close()

    at_once(write)
    store = SimulatedStore.open(path)
    found = store.meta(name), store.meta("other")
    store.close()
    assert found[1] is None
    return found[0] is not None


def test_what_a_crash_leaves_is_what_was_committed(tmp_path):
    before, after = Fate(), Fate()
    before.dies_before_commit, after.dies_after_commit = 1, 1
    assert not written(tmp_path / "a.db", "before", before)
    assert written(tmp_path / "a.db", "after", after)


def test_a_full_disk_refuses_as_sqlite_does_and_takes_again_what_there_is_room_for(tmp_path):
    def fill() -> None:
        store = SimulatedStore.open(tmp_path / "a.db")
        store.fill_up()
        with pytest.raises(StoreError, match="the disk is full"), store.transaction():
            store.set_meta("large", bytes(100_000))
        assert store.meta("large") is None
        store.make_room()
        with store.transaction():
            store.set_meta("large", bytes(100_000))
        assert store.meta("large") == bytes(100_000)
        store.close()

    at_once(fill)


def test_a_real_disk_without_room_ends_the_run_and_is_nobodys_fault(tmp_path, monkeypatch):
    monkeypatch.setattr("simulations.store._ROOM_BYTES_MIN", 1 << 62)

    def fill() -> None:
        store = SimulatedStore.open(tmp_path / "a.db")
        store.fill_up()
        with pytest.raises(NoRoom, match="set TMPDIR"), store.transaction():
            store.set_meta("large", bytes(100_000))
        store.close()

    at_once(fill)


def test_a_slow_disk_is_busy_for_a_while(tmp_path):
    async def main() -> None:
        store = SimulatedStore.open(tmp_path / "a.db")
        store.fate.delay_ms = 100
        with store.transaction():
            store.set_meta("one", b"1")
        with pytest.raises(StoreBusy), store.transaction():
            store.set_meta("two", b"2")
        await trio.sleep(0.1)
        with store.transaction():
            store.set_meta("two", b"2")
        store.close()

    trio.run(main, clock=MockClock(autojump_threshold=0))


def test_clocks_jump_and_drift_and_the_steady_one_does_not():
    async def main() -> None:
        clock = DeviceClock(1_000_000_000_000)
        clock.jump(10 * DAY)
        assert clock.now_ms() == 1_000_000_000_000 + 10 * DAY
        clock.jump(-10 * DAY)
        clock.drift(2 * MINUTE)
        await trio.sleep(12 * HOUR / 1000)
        assert clock.now_ms() == pytest.approx(1_000_000_000_000 + 12 * HOUR + MINUTE, abs=2)
        assert clock.steady_ms() == 12 * HOUR
        clock.jump(-(10**13))
        assert clock.now_ms() == 0

    trio.run(main, clock=MockClock(autojump_threshold=0))


def test_what_is_sealed_from_a_seed_the_library_opens_and_for_nothing_else():
    keys = DeviceKeys.generate(random.Random(1).randbytes)
    sealed = SeededSealer(random.Random(2).randbytes).seal(keys.seal_public, b"info", b"a secret")
    assert sealed == SeededSealer(random.Random(2).randbytes).seal(keys.seal_public, b"info", b"a secret")
    assert HPKE.open_untrusted(keys.seal_private, b"info", sealed) == b"a secret"
    with pytest.raises(BadKey):
        HPKE.open_untrusted(keys.seal_private, b"other", sealed)
    with pytest.raises(BadKey):
        SeededSealer(random.Random(2).randbytes).seal(bytes(32), b"info", b"a secret")


def test_streams_of_a_seed_are_apart_and_the_same_again():
    def draws(*names: object) -> list[float]:
        stream = Seeds(7).stream(*names)
        return [stream.random() for _ in range(3)]

    assert draws("network") == draws("network")
    assert len({tuple(draws(name)) for name in ("network", "people", "disk")}) == 3
    assert Seeds(8).stream("network").random() != draws("network")[0]
