"""Pausing, restarting, working offline, and what every write says about who has it, with real processes."""

import re
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Company
from tests.e2e.shop import Copy, holds_more_than, until
from tests.e2e.test_together import peer_of


def said_on_saving(copy: Copy) -> str:
    """The line that ends a write."""
    entry = ("--date", "2026-08-05", "--debit", "Cash:1.00", "--credit", "Café Naïve Traders:1.00")
    out: str = copy.run("voucher", "add", "--type", "Receipt", *entry, json=False).out
    return out.strip().splitlines()[-1].partition("; ")[2]


def peers(copy: Copy) -> dict[str, dict[str, Any]]:
    return {peer["name"]: peer for peer in copy.run("status")["peers"]}


def test_a_write_says_what_waits_for_whom_and_when_it_is_on_its_way(company: Company):
    ho, pune = company.ho, company.pune
    with ho.serve() as serving:
        pune.sync(serving.address)
        for number in (1, 2):
            said = said_on_saving(pune)
            assert said.startswith("Pune is offline, ")
            assert re.search(rf"\b{number} (vouchers? waits? )?for Head Office", said)
        assert peers(pune)["Head Office"]["waiting"] == "2"
        with pune.serve() as branch:
            branch.running.wait_for("in sync with Head Office")
            assert said_on_saving(pune).startswith("on its way to Head Office")
            until(lambda: peers(pune)["Head Office"]["in_sync"])
            found = peers(pune)["Head Office"]
            assert found["waiting"] == "0"
            assert found["line"]["bytes_sent"] > 0
    assert ho.digest == pune.digest


def test_pausing_ends_the_connection_and_outlives_the_process(company: Company):
    ho, pune = company.ho, company.pune
    with ho.serve() as serving:
        pune.sync(serving.address)
        with pune.serve() as branch:
            branch.running.wait_for("in sync with Head Office")
            assert [one["name"] for one in pune.run("pause", "HO")] == ["Head Office"]
            branch.running.wait_for("Head Office: goodbye|paused")
            until(lambda: not peer_of(pune)["connected"])
            assert "synchronizing is paused" in said_on_saving(pune) or "(paused)" in said_on_saving(pune)
        assert peers(pune)["Head Office"]["paused"]
        assert "paused" in pune.fails("sync", "Head Office")
        pune.sync(serving.address)
        with pune.serve() as branch:
            assert pune.run("resume")
            branch.running.wait_for("in sync with Head Office")
            assert pune.run("restart", "Head Office")["dropped"] == 1
            branch.running.wait_for(r"(?s)in sync with Head Office.*in sync with Head Office")
    happened = [event["event"] for event in pune.run("events")]
    assert {"connected", "in-sync", "disconnected"} <= set(happened)
    assert "no other device or branch" in pune.fails("pause", "Surat")
    assert "nothing serves" in pune.fails("restart")


def test_working_offline_drains_first_and_lets_nobody_in(company: Company):
    ho, pune = company.ho, company.pune
    with ho.serve() as serving:
        pune.sync(serving.address)
        pune.receipt("5.00")
        assert pune.run("work", "offline")["in_sync_with"] == ["Head Office"]
        assert pune.digest == ho.digest
        said = said_on_saving(pune)
        assert said.startswith("working offline, ")
        assert re.search(r"\b1 (voucher waits )?for Head Office", said)
        with pune.serve() as branch:
            told = ho.start("sync", "--peer", branch.address).wait()
            assert (told.code, "works offline" in told.err) == (3, True)
            assert branch.running.out.count("connected to") == 0
            assert pune.run("status")["working_offline"]
            assert [one["in_sync"] for one in pune.run("sync")] == [True]
            assert pune.run("status")["working_offline"]
            pune.receipt("6.00")
            assert not pune.run("work", "online")["working_offline"]
            branch.running.wait_for("in sync with Head Office")
    assert pune.digest == ho.digest
    sentence = pune.fails("work", "offline", code=3)
    assert "nobody listens" in sentence
    assert "--anyway" in sentence
    assert pune.run("work", "offline", "--anyway")["working_offline"]


def test_a_device_is_found_where_it_announces_itself(company: Company):
    """Pune has never called Nagpur: head office passes on where Nagpur says that it is."""
    ho, pune, nagpur = company.ho, company.pune, company.nagpur
    with nagpur.serve() as probe:
        address = probe.address
    with (
        ho.serve() as office,
        nagpur.serve("--announce", address, "--peer", office.address, listen=address) as branch,
    ):
        branch.running.wait_for("in sync with Head Office")
        until(lambda: any(peer["in_sync"] for peer in nagpur.run("status")["peers"]))
        pune.sync(office.address)
        assert [one["in_sync"] for one in pune.run("sync", "Nagpur")] == [True]


def test_a_schedule_that_is_changed_takes_effect_while_serving(company: Company):
    """On a manual rule Pune calls nobody by itself; once it says continuous, it does."""
    ho, pune = company.ho, company.pune
    with ho.serve() as serving:
        pune.sync(serving.address)
        mine = [rule["id"] for rule in pune.run("rule", "list") if "pun" in rule["every"]]
        assert mine
        for rule in mine:
            pune.run("rule", "alter", rule, "--every", "manual")
        pune.sync(serving.address)
        with pune.serve() as branch:
            pune.receipt("7.00")
            assert not any(peer["connected"] for peer in pune.run("status")["peers"])
            assert [one["in_sync"] for one in pune.run("sync", "Head Office")] == [True]
            assert branch.running.out.count("in sync with") == 0
            for rule in mine:
                pune.run("rule", "alter", rule, "--every", "continuous")
            branch.running.wait_for("in sync with Head Office")
    assert pune.digest == ho.digest


def test_entering_goes_on_while_a_large_synchronization_runs(many: Path, tmp_path: Path):
    ho, pune = Copy(many).clone(tmp_path / "ho"), Copy(tmp_path / "pune")
    entry = ("--date", "2026-04-03", "--debit", "Cash:1.00", "--credit", "Profit & Loss A/c:1.00")
    with ho.serve() as serving:
        invited = ho.run("branch", "add", "Pune", "--code", "PUN", "--address", serving.address)
        joining = pune.start("join", invited["ticket"], "--json")
        until(holds_more_than(pune, 50))
        entering = [copy.start("voucher", "add", "--type", "Receipt", *entry, "--json") for copy in (ho, pune)]
        assert [one.wait().code for one in entering] == [0, 0]
        assert joining.wait().code == 0
        pune.sync(serving.address)
    assert pune.digest == ho.digest
