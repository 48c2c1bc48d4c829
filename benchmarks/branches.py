"""`python -m benchmarks.branches`: many branches through one relay, and what that costs."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import psutil

from benchmarks.many import CROWD, OFFICE, RELAY, TICKET, series_of
from benchmarks.measures import Failed, Process, quantile

Json = dict[str, Any]
PROCESSES = 2
VISITS = 20
LIVE = 10
FRESH = 5
_SERVE = "from khata.cli import main; main()"


class Many(NamedTuple):
    """How much to measure.

    Attributes:
        branches: how many, each with one device.
        vouchers: of each.
        visits: how many devices reconnect with nothing new.
        live: how many masters the head office enters while all are connected.
        fresh: how many of the branches come for the first time, and bring nothing.
    """

    branches: int
    vouchers: int
    visits: int = VISITS
    live: int = LIVE
    fresh: int = FRESH


class Relay:
    """`khata relay serve` in a process of its own, and what it takes of the machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        command = [sys.executable, "-c", _SERVE, "--books", str(folder), "relay", "serve", "--listen", "127.0.0.1:0"]
        self._process = subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"the relay ended with exit code {self._process.wait()}")
        self.address: str = json.loads(line)["peer"]
        self._log = subprocess.Popen(["cat"], stdin=self._process.stdout, stdout=subprocess.DEVNULL)
        self._watched = psutil.Process(self._process.pid)

    def cpu_seconds(self) -> float:
        """What it has computed so far."""
        times = self._watched.cpu_times()
        return times.user + times.system

    def memory_mb(self) -> float:
        """What it holds now."""
        return self._watched.memory_info().rss / 1e6

    def memory_mb_max(self) -> float:
        """The most it ever held."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
        return self.memory_mb()

    def disk_bytes(self) -> int:
        """What lies in its folder."""
        return sum(one.stat().st_size for one in self._folder.rglob("*") if one.is_file())

    def close(self) -> None:
        """Let it end, or end it."""
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.wait()


class Phase:
    """A stop-watch on the relay."""

    def __init__(self, relay: Relay) -> None:
        self._relay, self._cpu = relay, relay.cpu_seconds()

    def cpu_seconds(self) -> float:
        """What the relay has computed since."""
        return self._relay.cpu_seconds() - self._cpu


@contextmanager
def at_work(folder: Path, many: Many) -> Iterator[tuple[Relay, Process, list[Process]]]:
    """The relay, the head office and the branches, in a few processes; the fresh ones are in the last."""
    folders = [folder / CROWD / series_of(number) for number in range(many.branches)]
    folders, fresh = folders[: many.branches - many.fresh], folders[many.branches - many.fresh :]
    relay = Relay(folder / RELAY)
    office = Process(folder / OFFICE, "--tables", module="benchmarks.crowd")
    parts = [folders[at::PROCESSES] for at in range(PROCESSES)]
    crowds = [Process(*part, module="benchmarks.crowd") for part in (*parts, fresh)]
    try:
        yield relay, office, crowds
    finally:
        for process in (*crowds, office):
            process.close()
        relay.close()


def measure(folder: Path, many: Many, say: Callable[[Json], None]) -> Json:
    """Make the company, bring everything to the relay and from it, and measure what follows when nothing is left."""
    command = [sys.executable, "-m", "benchmarks.many", str(folder), "--branches", str(many.branches)]
    subprocess.run([*command, "--vouchers", str(many.vouchers), "--fresh", str(many.fresh)], check=True)
    result: Json = {"branches": many.branches, "vouchers_each": many.vouchers}
    with at_work(folder, many) as (relay, office, crowds):
        office.ask("show", address=relay.address, ticket=(folder / TICKET).read_text(encoding="ascii"))
        for step in (deliver, receive, join, live, reconnect):
            done = step(relay, office, crowds, many)
            say({"step": step.__name__, **done})
            result |= done
        result |= {"memory_mb_max": relay.memory_mb_max(), "relay_disk_bytes": relay.disk_bytes()}
    return result


def deliver(relay: Relay, _office: Process, crowds: list[Process], many: Many) -> Json:
    """All branches but the fresh ones come at one moment, and leave their vouchers at the relay."""
    phase, count = Phase(relay), many.branches - many.fresh
    began = min(
        answer()["began"] for answer in [one.answer_to("connect", address=relay.address) for one in crowds[:-1]]
    )
    settled = [one.answer_to("settle", rules=2 * many.branches, vouchers=many.vouchers) for one in crowds[:-1]]
    done = [answer() for answer in settled]
    return {
        "deliver_seconds": (max(one["at"] for one in done) - began) / 1e9,
        "deliver_relay_cpu_seconds": phase.cpu_seconds(),
        "deliver_sent_each": sum(one["sent"] for one in done) / count / many.vouchers,
        "deliver_memory_mb": relay.memory_mb(),
    }


def join(relay: Relay, _office: Process, crowds: list[Process], many: Many) -> Json:
    """The fresh ones come: they hold the control chain alone, and take all else of `control`, and the masters."""
    phase = Phase(relay)
    began = crowds[-1].ask("connect", address=relay.address)["began"]
    done = crowds[-1].ask("settle", rules=2 * many.branches, vouchers=0)
    return {
        "join_seconds": (done["at"] - began) / 1e9,
        "join_relay_cpu_seconds": phase.cpu_seconds(),
        "join_received_each": done["received"] / many.fresh,
    }


def receive(relay: Relay, office: Process, _crowds: list[Process], many: Many) -> Json:
    """The head office comes, and takes all vouchers from the relay into its books."""
    phase = Phase(relay)
    began = office.ask("connect", address=relay.address)["began"]
    vouchers = (many.branches - many.fresh) * many.vouchers
    done = office.ask("settle", rules=2 * many.branches, vouchers=vouchers)
    return {
        "receive_seconds": (done["at"] - began) / 1e9,
        "receive_relay_cpu_seconds": phase.cpu_seconds(),
        "receive_bytes_each": done["received"] / vouchers,
        "receive_memory_mb": relay.memory_mb(),
    }


def live(relay: Relay, office: Process, crowds: list[Process], many: Many) -> Json:
    """The head office enters masters while all are connected: from durable there to durable at each branch."""
    phase = Phase(relay)
    delays: list[float] = []
    last: list[float] = []
    for number in range(many.live):
        entered = office.ask("enter", name=f"New party {number}")
        came = [at for one in crowds for at in one.ask("came", commit=entered["commit"])["at"]]
        delays += [(at - entered["at"]) / 1e6 for at in came]
        last.append((max(came) - entered["at"]) / 1e6)
    return {
        "live_p50_ms": quantile(sorted(delays), 0.5),
        "live_p99_ms": quantile(sorted(delays), 0.99),
        "live_last_ms": median(last),
        "live_relay_cpu_ms": phase.cpu_seconds() * 1e3 / many.live,
        "live_memory_mb": relay.memory_mb(),
    }


def reconnect(relay: Relay, _office: Process, crowds: list[Process], many: Many) -> Json:
    """Devices that are in sync leave and come again, one after another, while the others stay connected."""
    count = min(many.visits, (many.branches - many.fresh) // PROCESSES)
    crowds[0].ask("leave", numbers=list(range(count)))
    first = [crowds[0].ask("visit", number=number, address=relay.address) for number in range(count)]
    phase = Phase(relay)
    visits = [crowds[0].ask("visit", number=number, address=relay.address) for number in range(count)]
    return {
        "no_op_ms": median(one["seconds_after_proof"] for one in visits) * 1e3,
        "no_op_bytes": max(one["bytes_after_proof"] for one in (*first, *visits)),
        "no_op_round_trips": max(one["round_trips"] for one in (*first, *visits)),
        "no_op_relay_cpu_ms": phase.cpu_seconds() * 1e3 / count,
    }


def table(result: Json) -> str:
    """The figures as they stand in the docs."""
    rows = (
        ("all leave their vouchers at the relay", "deliver_seconds", "s"),
        ("the relay computes for that", "deliver_relay_cpu_seconds", "s"),
        ("a branch sends for each voucher, its first greeting included", "deliver_sent_each", "B"),
        ("the head office takes all of them into its books", "receive_seconds", "s"),
        ("the relay computes for that", "receive_relay_cpu_seconds", "s"),
        ("the head office receives for each voucher", "receive_bytes_each", "B"),
        ("devices that hold the control chain alone take the rest of `control` and the masters", "join_seconds", "s"),
        ("each of these receives", "join_received_each", "B"),
        ("a master entered at the head office is durable at a branch, p50", "live_p50_ms", "ms"),
        ("p99", "live_p99_ms", "ms"),
        ("the relay computes for each such master", "live_relay_cpu_ms", "ms"),
        ("a device that is in sync reconnects: round trips after TLS and proof", "no_op_round_trips", ""),
        ("bytes", "no_op_bytes", "B"),
        ("time", "no_op_ms", "ms"),
        ("the relay computes for that, TLS and proof included", "no_op_relay_cpu_ms", "ms"),
        ("peak memory of the relay", "memory_mb_max", "MB"),
        ("its disk", "relay_disk_bytes", "B"),
    )
    lines = [f"| {what} | {result[name]:,.{_digits(result[name])}f} {unit} |" for what, name, unit in rows]
    head = f"{result['branches']} branches, {result['vouchers_each']} vouchers each"
    return "\n".join([head, "", "| what | measured |", "|---|---|", *lines])


def _digits(value: float) -> int:
    return 0 if value >= 100 or value == int(value) else 1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--branches", type=int, default=200, help="how many, each with one device")
    parser.add_argument("--vouchers", type=int, default=20, help="how many each of them has entered")
    options = parser.parse_args()
    many = Many(options.branches, options.vouchers)
    with tempfile.TemporaryDirectory(prefix="khata-branches-") as folder:
        result = measure(Path(folder), many, lambda line: print(json.dumps(_rounded(line)), flush=True))
    print(json.dumps(_rounded(result)))
    print()
    print(table(result))


def _rounded(line: Json) -> Json:
    return {name: round(value, 2) if isinstance(value, float) else value for name, value in line.items()}


if __name__ == "__main__":
    main()
