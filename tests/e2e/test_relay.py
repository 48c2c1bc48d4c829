"""Relays as people run them: real processes of `khata relay`, and companies that use them."""

from contextlib import contextmanager
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
    assert len(relay.run("relay", "status")["companies"]) == 1
    shown = relay.run("relay", "status", json=False).out
    assert "Head Office" in shown
    relay.run("relay", "forget", company["company"][:4], json=False, given="y\n")
    assert relay.run("relay", "status")["companies"] == []


def test_a_branch_joins_through_the_relay_and_is_never_online_with_head_office(office, tmp_path):
    relay, surat = a_relay(tmp_path), Copy(tmp_path / "surat")
    with relay.serve() as serving:
        assert office.run("relay", "add", relay.invite())["in_sync"]
        invited = office.run("branch", "add", "Surat", "--code", "SUR")
        assert (invited["addresses"], invited["relays"]) == ([], [serving.address])
        early = surat.start("join", invited["ticket"], "--timeout", "2").wait()
        assert early.code == 3
        assert "no such open ticket" in early.said
        office.sync(serving.address)
        left = surat.start("join", invited["ticket"], "--timeout", "2").wait()
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


def test_a_joiner_that_waits_is_admitted_when_head_office_comes_online(office, tmp_path):
    relay, surat = a_relay(tmp_path), Copy(tmp_path / "surat")
    with relay.serve() as serving:
        assert office.run("relay", "add", relay.invite())["in_sync"]
        ticket = office.run("branch", "add", "Surat", "--code", "SUR")["ticket"]
        office.sync(serving.address)
        joining = surat.start("join", ticket)
        joining.wait_for("left a letter")
        office.sync(serving.address)
        assert joining.wait().code == 0
