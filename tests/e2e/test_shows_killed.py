"""Any of four processes killed at any moment and started again; a relay that runs from yesterday's copy."""

import re
import shutil
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random

from tests.e2e.shop import Copy, Running, until
from tests.e2e.test_relay import RelayCopy, a_relay
from tests.e2e.test_shows import company_apart, numbers, relay_says

KILLS = 8


class Process:
    """One of the four: a copy, and how it is served; started again at the same address after every kill."""

    def __init__(self, copy: Copy, *arguments: str) -> None:
        self.copy = copy
        self.arguments = arguments
        self.running: Running | None = None

    def start(self) -> None:
        self.running = self.copy.start(*self.arguments)

    def kill(self) -> None:
        assert self.running is not None
        self.running.kill()
        self.running = None

    def end(self) -> None:
        if self.running is not None:
            self.running.process.kill()


def has_all(copy: Copy, entered: set[str]) -> bool:
    """Whether a copy holds all vouchers of these numbers."""
    return entered <= numbers(copy)


def test_any_of_four_may_be_killed_at_any_moment(tmp_path: Path):
    random = Random(4)
    relay = a_relay(tmp_path)
    with relay.serve() as serving:
        at = serving.address
        office, pune, nagpur = company_apart(tmp_path, at, relay, "everything")
    copies = {"ho": office, "pune": pune, "nagpur": nagpur}
    four = [Process(relay, "relay", "serve", "--listen", at)]
    four += [Process(copy, "serve", "--peer", at, "--no-lan") for copy in copies.values()]
    entered: list[str] = []
    with ExitStack() as ends:
        for process in four:
            ends.callback(process.end)
            process.start()
        for number in range(KILLS):
            copy = random.choice(list(copies.values()))
            entered.append(copy.receipt(f"{number + 1}.00", ledger="Asha Stores")["number"])
            process = random.choice(four)
            process.kill()
            process.start()
        assert len(set(entered)) == KILLS
        for copy in copies.values():
            until(partial(has_all, copy, set(entered)))
    for copy in copies.values():
        copy.verify()


def test_a_relay_that_runs_from_yesterdays_copy_is_named_and_gets_everything_again(tmp_path: Path):
    relay, yesterday = a_relay(tmp_path), tmp_path / "yesterday"
    with relay.serve() as serving:
        at = serving.address
        office, pune, nagpur = company_apart(tmp_path, at, relay)
    shutil.copytree(relay.folder, yesterday)
    with relay.serve(listen=at):
        sold = pune.receipt("11.00", ledger="Asha Stores")["number"]
        for copy in (pune, office, nagpur):
            copy.sync(at)
        assert sold in numbers(office)
    restored = RelayCopy(yesterday)
    with restored.serve(listen=at):
        ended = pune.start("sync", "--peer", at).wait()
        assert ended.code == 0
        assert re.search(r"Cloud: it holds \d+ commits? less than it had proved to hold", ended.err)
        assert pune.start("sync", "--peer", at).wait().err == ""
        late = office.receipt("12.00", ledger="Asha Stores")["number"]
        for copy in (office, pune, nagpur, office):
            copy.sync(at)
        assert {sold, late} <= numbers(office)
        assert relay_says(office, "Pune")["last_seen"]
    assert RelayCopy(yesterday).run("relay", "status")["companies"][0]["commits"] >= office.commits
    for copy in (office, pune, nagpur):
        copy.verify()
