"""Relays as people run them: real processes of `khata relay`, and companies that use them."""

import json
import re
import socket
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from tests.e2e.shop import Copy, Serving, until


class RelayCopy(Copy):
    """A relay's folder, and the processes that work on it."""

    @contextmanager
    def serve(self, *arguments: str, listen: str = "127.0.0.1:0"):
        """`khata relay serve`, at a free port; ends by Ctrl-C, unless it has ended before."""
        running = self.start("relay", "serve", "--listen", listen, *arguments)
        try:
            yield Serving(running, running.wait_for(r"127\.0\.0\.1:[1-9]\d*").group())
            if running.process.is_alive():
                result = running.stop()
                assert result.code == 0, f"Ctrl-C ended the relay with {result.code}: {result.said}"
        finally:
            running.process.kill()

    def invite(self, *arguments: str) -> str:
        invitation: str = self.run("relay", "invite", *arguments)["invitation"]
        return invitation


def a_relay(folder: Path) -> RelayCopy:
    relay = RelayCopy(folder / "relay")
    made = relay.run("relay", "init", "--name", "Cloud")
    assert made["relay"] == "Cloud"
    return relay


def test_a_company_comes_to_a_relay_and_leaves_it_again(office, tmp_path):
    relay = a_relay(tmp_path)
    assert "a relay" in relay.fails("relay", "init")
    assert "where this relay can be reached" in relay.fails("relay", "invite")
    with relay.serve() as serving:
        invitation = relay.invite("--quota", "5M")
        added = office.run("relay", "add", invitation)
        assert (added["relay"], added["in_sync"]) == ("Cloud", True)
        # Once more changes nothing.
        assert office.run("relay", "add", invitation)["in_sync"]
        (listed,) = office.run("relay", "list")
        assert (listed["name"], listed["error"]) == ("Cloud", None)
        assert listed["in_sync_at"]
        standing = relay.run("relay", "status")
        (company,) = standing["companies"]
        assert (company["quota_bytes"], standing["serving"]) == (5 * 2**20, True)
        assert {one["name"] for one in company["devices"]} == {"Head Office", "Pune", "Nagpur"}
        assert "names no one company" in relay.fails("relay", "forget", "ff" * 8, "--yes")
        gone = relay.run("relay", "forget", company["company"], "--yes")
        assert gone["commits"] == company["commits"]
        until(lambda: relay.run("relay", "status")["companies"] == [])
        assert not list((relay.folder / "companies").iterdir())
        refused = office.start("sync", "--peer", serving.address).wait()
        assert refused.code == 3
        assert "not known here" in refused.said


def test_what_is_wrong_with_an_invitation_is_said(office, tmp_path):
    relay = a_relay(tmp_path)
    invitation = relay.invite("--address", "127.0.0.1:1")
    assert "no whole invitation" in office.fails("relay", "add", invitation.rpartition("-")[0])
    assert "no size" in relay.fails("relay", "invite", "--address", "127.0.0.1:1", "--quota", "much")
    assert "run `khata relay add` with the same invitation again" in office.fails("relay", "add", invitation, code=3)
    ticket = office.run("branch", "add", "Surat", "--code", "SUR", "--address", "127.0.0.1:1")["ticket"]
    assert "no whole invitation of a relay" in office.fails("relay", "add", ticket)
    assert "not complete" in Copy(tmp_path / "surat").fails("join", invitation)


def test_forgetting_shows_first_what_would_be_deleted(office, tmp_path):
    relay = a_relay(tmp_path)
    with relay.serve():
        office.run("relay", "add", relay.invite())
    (company,) = relay.run("relay", "status")["companies"]
    asked = relay.start("relay", "forget", company["company"], given="n\n").wait()
    assert asked.code != 0
    assert "3 devices" in asked.said
    shown = relay.start("relay", "forget", company["company"], "--json").wait()
    assert (shown.code, shown.json["done"], "3 devices" in shown.json["preview"][0]) == (1, False, True)
    assert len(relay.run("relay", "status")["companies"]) == 1
    shown = relay.run("relay", "status", json=False).out
    assert "Head Office" in shown
    relay.run("relay", "forget", company["company"][:4], json=False, given="y\n")
    assert relay.run("relay", "status")["companies"] == []


def test_a_branch_joins_through_the_relay_and_is_never_online_with_head_office(office, tmp_path):
    relay, surat = a_relay(tmp_path), Copy(tmp_path / "surat")
    with relay.serve() as serving:
        assert office.run("relay", "add", relay.invite())["in_sync"]
        said = office.run("branch", "add", "Nashik", "--code", "NSK", "--address", "127.0.0.1:7420", json=False).said
        assert "Here: or by relay: khata sync, now and once" in said
        invited = office.run("branch", "add", "Surat", "--code", "SUR")
        assert (invited["addresses"], invited["relays"]) == ([], [serving.address])
        early = surat.start("join", invited["ticket"], "--timeout", "6").wait()
        assert early.code == 3
        assert "no such open ticket" in early.said
        office.sync(serving.address)
        left = surat.start("join", invited["ticket"], "--timeout", "6").wait()
        assert left.code == 3
        assert "left a letter for the head office" in left.said
        assert "again later" in left.said
        office.sync(serving.address)
        joined = surat.run("join", invited["ticket"])
        assert (joined["device"], joined["in_sync"]) == ("Surat", True)
        # A second device with the same ticket comes too late, and nothing of the company is shown to it.
        thief = Copy(tmp_path / "thief").start("join", invited["ticket"], "--timeout", "2").wait()
        assert thief.code == 3
    assert surat.run("status")["branch"] == "Surat"
    assert joined["check_code"]


def test_a_joiner_that_waits_is_admitted_when_head_office_comes_online_and_has_the_books_then(tmp_path):
    relay, surat, office = a_relay(tmp_path), Copy(tmp_path / "surat"), Copy(tmp_path / "ho")
    office.run("init", "Sharma", "--branch", "Head Office", "--code", "HO")
    with relay.serve() as serving:
        assert office.run("relay", "add", relay.invite())["in_sync"]
        ticket = office.run("branch", "add", "Surat", "--code", "SUR")["ticket"]
        office.sync(serving.address)
        joining = surat.start("join", ticket)
        joining.wait_for("left a letter")
        office.sync(serving.address)
        joined = joining.wait()
        assert joined.code == 0
        assert joined.said.startswith("Joined Sharma as Surat")
        assert surat.run("ledger", "list")


def test_books_flow_through_the_relay_between_two_that_are_never_online_together(office, tmp_path):
    relay, surat = a_relay(tmp_path), Copy(tmp_path / "surat")
    with relay.serve() as serving:
        assert office.run("relay", "add", relay.invite())["in_sync"]
        ticket = office.run("branch", "add", "Surat", "--code", "SUR")["ticket"]
        office.sync(serving.address)
        joining = surat.start("join", ticket)
        joining.wait_for("left a letter")
        assert joining.stop().code == 130
        office.sync(serving.address)
        surat.run("join", ticket)
        # The rule of the ticket is answered at Surat, heard of at head office, and then acted upon.
        surat.sync(serving.address)
        (rule,) = [rule for rule in surat.run("rule", "list") if rule["to"] == "Surat"]
        assert rule["step"] == "active", "head office was not there since"
        for copy in (office, surat):
            copy.sync(serving.address)
        entered = surat.receipt("1234.00", "through the relay")
        for copy in (surat, office, surat):
            copy.sync(serving.address)
        assert office.run("voucher", "show", entered["number"])["number"] == entered["number"]
        assert surat.digest == office.digest
        assert surat.run("report", "trial-balance") == office.run("report", "trial-balance")
        (company,) = relay.run("relay", "status")["companies"]
        # What the relay knows to be delivered may lag behind by the word of somebody who left at once, and no more.
        waiting = {one["name"]: one["waiting"] for one in company["devices"]}
        assert waiting["Head Office"] <= 1
        assert waiting["Surat"] <= 1


def get(address: str, path: str, method: str = "GET") -> tuple[int, str]:
    """Ask a relay's monitoring address for something."""
    host, _, port = address.rpartition(":")
    line = HTTPConnection(host, int(port), timeout=30)
    line.request(method, path)
    answer = line.getresponse()
    return answer.status, answer.read().decode()


def test_a_relay_says_how_it_is(office, tmp_path):
    relay = a_relay(tmp_path)
    with relay.serve("--metrics", "127.0.0.1:0", "--json") as serving:
        at = serving.running.wait_for(r"http://(127\.0\.0\.1:\d+)/").group(1)
        where = json.loads(serving.running.wait_for(r'\{.*"listening".*\}').group())["peer"]
        office.run("relay", "add", relay.invite())
        status, text = get(at, "/health")
        found = json.loads(text)
        assert (status, found["well"], found["database"], found["companies"]) == (200, True, "writable", 1)
        assert found["last_write"]
        status, text = get(at, "/metrics")
        assert status == 200
        numbers = dict(re.findall(r"^(khata_relay_\w+)(?:\{[^}]*\})? ([\d.e+]+)$", text, re.MULTILINE))
        assert float(numbers["khata_relay_companies"]) == 1
        assert float(numbers["khata_relay_commits"]) > 0
        assert float(numbers["khata_relay_quota_bytes"]) == 2**31
        assert 'khata_relay_events_total{event="company"} 1.0' in text
        assert "Head Office" not in text
        assert get(at, "/")[0] == 404
        assert get(at, "/metrics", "POST")[0] == 405
        with socket.create_connection(("127.0.0.1", int(at.rpartition(":")[2])), timeout=30) as line:
            line.sendall(b"\x00" * 5000 + b"\r\n\r\n")
            assert line.recv(100).startswith(b"HTTP/1.1 400")
        for told in serving.running.out.splitlines():
            assert {"at", "event", "peer", "text"} == set(json.loads(told))
        assert where == "127.0.0.1:0" or where.startswith("127.0.0.1:")


def test_a_relay_whose_disk_takes_nothing_says_that_it_is_not_well(tmp_path):
    relay = a_relay(tmp_path)
    with relay.serve("--metrics", "127.0.0.1:0") as serving:
        at = serving.running.wait_for(r"http://(127\.0\.0\.1:\d+)/").group(1)
        (relay.folder / "relay.db").unlink()
        (relay.folder / "relay.db").mkdir()
        status, text = get(at, "/health")
        assert status == 503
        assert "not writable" in json.loads(text)["database"]


def test_a_relay_is_removed_and_serves_the_company_no_longer(office, tmp_path):
    relay = a_relay(tmp_path)
    with relay.serve() as serving:
        office.run("relay", "add", relay.invite())
        assert "no relay of this company" in office.fails("relay", "remove", "Pune", "--yes")
        office.run("relay", "remove", "Cloud", "--yes")
        assert office.run("relay", "list") == []
        assert office.start("sync", "--peer", serving.address, "--timeout", "5").wait().code == 3
        assert office.run("relay", "status") == []
