"""The keeper's place moves while both serve, as people do it."""

from pathlib import Path

import pytest

from tests.e2e.shop import Copy, until


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Copy, Copy]:
    """A head office and Pune, which has joined."""
    office, pune = Copy(tmp_path / "ho"), Copy(tmp_path / "pune")
    office.run("init", "Sharma", "--branch", "Head Office", "--code", "HO")
    ticket = office.run("branch", "add", "Pune", "--code", "PUN", "--address", "127.0.0.1:1")["ticket"]
    with office.serve() as serving:
        office.run("branch", "withdraw", "PUN")
        ticket = office.run("branch", "add", "Pune", "--code", "PUN", "--address", serving.address)["ticket"]
        pune.run("join", ticket)
    return office, pune


def test_the_place_moves_while_both_serve(shop):
    office, pune = shop
    with office.serve() as at_office, pune.serve("--peer", at_office.address) as at_pune:
        at_pune.running.wait_for("in sync with")
        refused = office.start("keeper", "move", "Pune").wait()
        assert (refused.code, "nothing was done; run it again with --yes" in refused.said) == (0, True)
        assert office.run("keeper", "move", "Pune", "--yes")["keeper"] == "Pune"
        until(lambda: pune.run("keeper", "show")["here"])
        assert "only Pune keeps the list" in office.fails("lock", "set", "2025-03-31")
        assert "only Pune keeps the list" in office.fails("keeper", "move", "Pune", "--yes")
        assert pune.run("lock", "set", "2025-03-31")["until"] == "2025-03-31"
        until(lambda: len(office.run("lock", "list")) == 1)
    shown = office.run("keeper", "show", json=False).out
    assert "Pune keeps the list of who may do what" in shown
    assert "before that" in shown
