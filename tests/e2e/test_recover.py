"""Head office is lost; the phrase on paper brings it back on an empty machine."""

from pathlib import Path
from typing import NamedTuple

import pytest

from p2p.recovery import new_phrase
from tests.e2e.shop import Copy, meet


class Shop(NamedTuple):
    """A head office that is about to be lost, Pune which holds all, an empty machine, and the paper."""

    office: Copy
    pune: Copy
    new: Copy
    phrase: str


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    office, pune = Copy(tmp_path / "ho"), Copy(tmp_path / "pune")
    phrase = office.run("init", "Sharma", "--branch", "Head Office", "--code", "HO")["recovery_phrase"]
    with office.serve() as serving:
        ticket = office.run("branch", "add", "Pune", "--code", "PUN", "--address", serving.address)["ticket"]
        pune.run("join", ticket)
    office.run("ledger", "add", "Café Naïve Traders", "--group", "Sundry Debtors")
    office.receipt("500.00")
    meet(office, pune)
    return Shop(office, pune, Copy(tmp_path / "new"), phrase)


def test_the_phrase_brings_the_books_back_and_the_lost_device_is_not_let_in_any_more(shop):
    office, pune, new, phrase = shop
    with pune.serve() as serving:
        found = new.run("recover", "--peer", serving.address, given=phrase)
        assert (found["lost"], found["code"], found["branch"], found["in_sync"]) == ("Head Office", "HO2", "ho", True)
        assert found["next"].endswith("device revoke 'Head Office'")
        assert new.digest == pune.digest
        assert new.run("keeper", "show")["here"]
        new.run("lock", "set", "2025-03-31")
        again = new.run("recover", "--peer", serving.address, given=phrase)
        assert (again["code"], again["in_sync"]) == ("HO2", True)
        new.receipt("70.00")
        new.sync(serving.address)
        said = office.start("sync", "--peer", serving.address).wait()
        assert said.code == 0
    assert new.digest == pune.digest
    assert "only Head Office HO2 keeps the list" in office.fails("lock", "set", "2025-04-30")
    for copy in (new, pune):
        copy.verify()


def test_what_the_lost_head_office_decided_meanwhile_is_shown_when_it_comes_back(shop):
    office, pune, new, phrase = shop
    with pune.serve() as serving:
        new.run("recover", "--peer", serving.address, given=phrase)
        office.run("lock", "set", "2025-03-31")
        office.run("lock", "set", "2025-06-30")
        assert office.run("sync", "--peer", serving.address)
        assert new.run("sync", "--peer", serving.address)
    for copy in (office, pune, new):
        shown = copy.run("keeper", "show")
        assert shown["keeper"] == "Head Office HO2"
        assert [one["kind"] for one in shown["to_repeat"]] == ["Locked", "Locked"]
        assert copy.run("lock", "list") == []
    assert new.run("keeper", "repeat", "--yes")["repeated"] == ["Locked", "Locked"]
    assert len(new.run("lock", "list")) == 2


def test_words_that_open_nothing_change_nothing(shop):
    _office, pune, new, phrase = shop
    with pune.serve() as serving:
        other = new_phrase(bytes)
        said = new.fails("recover", "--peer", serving.address, code=3, given=other)
        assert "no company was found with this phrase" in said
        said = new.fails("recover", "--peer", serving.address, given=phrase.replace(phrase.split()[3], "zebra", 1))
        assert "do not belong together" in said
        assert "--peer HOST:PORT" in new.fails("recover", given=phrase)
        assert "there is no branch 'Surat'" in new.fails(
            "recover", "--peer", serving.address, "--branch", "Surat", given=phrase
        )
        assert "taken" in new.fails("recover", "--peer", serving.address, "--code", "PUN", given=phrase)
        assert new.run("recover", "--peer", serving.address, given=phrase)["in_sync"]


def test_a_branch_with_as_long_a_name_as_can_be_is_brought_back_too(tmp_path):
    office, pune, new = (Copy(tmp_path / name) for name in ("ho", "pune", "new"))
    name = "Head Office of the Sharma Traders Laxmi Road, Old Pune, by Tilak"
    phrase = office.run("init", "Sharma", "--branch", name, "--code", "HO")["recovery_phrase"]
    with office.serve() as serving:
        pune.run("join", office.run("branch", "add", "Pune", "--code", "PUN", "--address", serving.address)["ticket"])
    with pune.serve() as serving:
        found = new.run("recover", "--peer", serving.address, given=phrase)
    assert found["device"] == "Head Office of the Sharma Traders Laxmi Road, Old Pune, by T HO2"
