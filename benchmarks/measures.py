"""What is measured: the life of a branch that joins, reconnects, catches up, clashes, and keeps in touch."""

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

Json = dict[str, Any]

CATCH_UP = 100
LIVE = 200
LIVE_PAUSE_SECONDS = 0.02
EDITS = 1000
RECONNECTS = 5
CATCH_UPS = 3


class Failed(Exception):
    """A process of the benchmark did not do what it was told; the message has its own words."""


class Plan(NamedTuple):
    """How much to measure.

    Attributes:
        vouchers: how many the head office holds before a branch comes.
        runs: how often everything is done anew; medians are shown.
        edits: how many vouchers both sides alter while apart.
        live: how many vouchers are entered while connected.
    """

    vouchers: int
    runs: int
    edits: int = EDITS
    live: int = LIVE


class Process:
    """One end, or several devices, in a process of its own.

    Args:
        arguments: for the module, such as the folder of the copy.
        module: what is run.
    """

    def __init__(self, *arguments: Path | str, module: str = "benchmarks.end") -> None:
        command = [sys.executable, "-m", module, *map(str, arguments)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, do: str, **arguments: object) -> Json:
        """Tell it to do something, and wait for the answer.

        Raises:
            Failed: it could not.
        """
        answer = self.answer_to(do, **arguments)
        return answer()

    def answer_to(self, do: str, **arguments: object) -> "Answer":
        """Tell it to do something; the answer is read when it is called for."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        return Answer(self._process, do)

    def close(self) -> None:
        """Let it end, or end it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


class Answer(NamedTuple):
    """An answer that may still be on its way."""

    process: "subprocess.Popen[str]"
    do: str

    def __call__(self) -> Json:
        """Wait for it.

        Raises:
            Failed: the process ended, or said that it could not.
        """
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"the process that had to {self.do} ended with exit code {self.process.wait()}")
        answer: Json = json.loads(line)
        if "error" in answer:
            raise Failed(f"{self.do}: {answer['error']}")
        return answer


@contextmanager
def two_ends(made: Path, folder: Path) -> Iterator[tuple[Process, Process]]:
    """Copies of a head office and a branch at work: the office serves, the branch dials."""
    shutil.copytree(made, folder)
    office, branch = Process(folder / "office"), Process(folder / "branch")
    try:
        yield office, branch
    finally:
        branch.close()
        office.close()
        shutil.rmtree(folder)


def make(folder: Path, plan: Plan, bulk: bool) -> None:
    """Make the books that every run begins with."""
    command = [sys.executable, "-m", "benchmarks.company", str(folder), "--vouchers", str(plan.vouchers)]
    subprocess.run(command + ["--bulk"] * bulk, check=True, stdout=subprocess.DEVNULL)


def floor(made: Path) -> Json:
    """How long the same commits take without network and disk."""
    command = [sys.executable, "-m", "benchmarks.floor", str(made)]
    answer: Json = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return {"floor_per_second": answer["vouchers"] / answer["seconds"]}


def cold(office: Process, branch: Process, plan: Plan) -> tuple[str, Json]:
    """The branch pulls everything; what it weighs then. Returns the office's address as well."""
    address = office.ask("serve")["address"]
    sync = branch.ask("sync", address=address)
    weight = branch.ask("weigh")
    if weight["vouchers"] != plan.vouchers:
        raise Failed(f"the branch holds {weight['vouchers']} vouchers, not {plan.vouchers}")
    return address, {
        "cold_per_second": plan.vouchers / sync["seconds"],
        "receiver_cpu_us": sync["cpu_seconds"] * 1e6 / plan.vouchers,
        "wire_bytes_each": sync["bytes"] / plan.vouchers,
        "disk_bytes_each": weight["disk_bytes"] / plan.vouchers,
        "memory_mb": weight["memory_bytes"] / 1e6,
        "trial_balance_ms": weight["trial_balance_seconds"] * 1e3,
    }


def reconnect(branch: Process, address: str) -> Json:
    """The branch dials again, with nothing new on either side; from its proof on."""
    syncs = [branch.ask("sync", address=address, follow=True) for _ in range(RECONNECTS)]
    return {
        "no_op_ms": median(sync["seconds_after_proof"] for sync in syncs) * 1e3,
        "no_op_bytes": median(sync["bytes_after_proof"] for sync in syncs),
        "no_op_round_trips": max(sync["round_trips"] for sync in syncs),
        "no_op_from_dialling_ms": median(sync["seconds"] for sync in syncs) * 1e3,
    }


def catch_up(office: Process, branch: Process, address: str) -> Json:
    """The branch pulls vouchers that were saved one by one while it was away; from dialling on."""
    syncs = []
    for turn in range(CATCH_UPS):
        office.ask("save", count=CATCH_UP, seed=1_000 + turn)
        sync = branch.ask("sync", address=address)
        if sync["received"] != CATCH_UP:
            raise Failed(f"the branch caught up {sync['received']} vouchers, not {CATCH_UP}")
        syncs.append(sync)
    return {
        "catch_up_ms": median(sync["seconds"] for sync in syncs) * 1e3,
        "catch_up_after_tls_ms": median(sync["seconds_after_tls"] for sync in syncs) * 1e3,
        "catch_up_bytes": median(sync["bytes"] for sync in syncs),
    }


def clash(office: Process, branch: Process, address: str, plan: Plan) -> Json:
    """Both alter the same vouchers while apart, then meet; from dialling until both are proved to hold the same."""
    both = [
        office.answer_to("alter", count=plan.edits, supply="Goa"),
        branch.answer_to("alter", count=plan.edits, supply="Kerala"),
    ]
    altered = [answer()["altered"] for answer in both]
    sync = branch.ask("sync", address=address)
    if (sync["received"], sync["sent"]) != (altered[0], altered[1]):
        raise Failed(f"{altered} alterations, of which {sync['received']} came and {sync['sent']} went")
    return {"edits_ms": sync["seconds"] * 1e3, "edits_bytes": sync["bytes"]}


def live(office: Process, branch: Process, address: str, plan: Plan) -> Json:
    """Vouchers entered at the office while connected: from durable there to visible in the branch's tables.

    Each waits for the branch's disk once, so what the disk takes for one row is measured beside it.
    """
    branch.ask("keep-in-touch", address=address)
    entered = office.ask("enter-live", count=plan.live, seed=2_000, pause=LIVE_PAUSE_SECONDS)["durable"]
    seen = branch.ask("seen")["seen"]
    if seen.keys() != entered.keys():
        raise Failed(f"{len(entered)} vouchers were entered, {len(seen)} were seen")
    delays = sorted((seen[id] - durable) / 1e6 for id, durable in entered.items())
    probed = branch.ask("probe-disk", count=plan.live, pause=LIVE_PAUSE_SECONDS)["seconds"]
    disk = sorted(seconds * 1e3 for seconds in probed)
    return {
        "live_p50_ms": quantile(delays, 0.5),
        "live_p99_ms": quantile(delays, 0.99),
        "disk_p50_ms": quantile(disk, 0.5),
        "disk_p99_ms": quantile(disk, 0.99),
    }


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest of these that at least this share of them does not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def equal(office: Process, branch: Process) -> Json:
    """Whether both copies hold the same documents and show the same balances."""
    both = [office.answer_to("digest"), branch.answer_to("digest")]
    mine, theirs = (answer() for answer in both)
    if mine != theirs:
        raise Failed("the two copies differ at the end")
    return {"digest": theirs["books"], "commits": theirs["commits"]}


def run_lone(made: Path, folder: Path, plan: Plan) -> Json:
    """One run over vouchers that were saved one by one."""
    with two_ends(made, folder) as (office, branch):
        address, result = cold(office, branch, plan)
        result |= reconnect(branch, address)
        result |= catch_up(office, branch, address)
        result |= clash(office, branch, address, plan)
        result |= live(office, branch, address, plan)
        result |= equal(office, branch)
    return result


def run_bulk(made: Path, folder: Path, plan: Plan) -> Json:
    """One run over the same vouchers, imported."""
    with two_ends(made, folder) as (office, branch):
        address, result = cold(office, branch, plan)
        result |= reconnect(branch, address)
        result |= equal(office, branch)
    return result
