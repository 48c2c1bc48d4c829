"""A full disk: a sentence that says so, nothing half done, and a restart that goes on."""

import pytest

from tests.e2e.conftest import MANY
from tests.e2e.shop import Copy

WORDS_OF_A_FULL_DISK = ("disk", "room", "full")


@pytest.fixture
def office(many, tmp_path):
    """A head office with many vouchers, in books larger than the disk of a branch."""
    return Copy(many).clone(tmp_path / "ho")


def assert_says_so(said: str) -> None:
    assert any(word in said for word in WORDS_OF_A_FULL_DISK), said


def test_a_disk_that_fills_up_during_a_sync(office, tmp_path):
    pune = Copy(tmp_path / "pune")
    with office.serve() as serving:
        ticket = office.run("branch", "add", "Pune", "--code", "PUN", "--address", serving.address)["ticket"]
        result = pune.start("join", ticket, file_bytes_max=1_000_000).wait()
        assert result.code in (1, 3)
        assert_says_so(result.err)
        assert 0 < pune.commits < MANY
        pune.verify()
        kept = pune.commits
        pune.run("join", ticket)
        assert kept < pune.commits
    assert pune.digest == office.digest
    pune.verify()


def test_a_disk_that_is_full_when_a_voucher_is_saved(office):
    before = office.digest
    database = office.folder / "khata.db"
    full = database.stat().st_size
    for arguments in (
        ("voucher", "add", "--type", "Payment", "--debit", "Profit & Loss A/c:5", "--credit", "Cash:5"),
        ("ledger", "add", "Asha Stores", "--group", "Sundry Debtors"),
    ):
        result = office.start(*arguments, file_bytes_max=1024).wait()
        assert result.code == 1
        assert_says_so(result.err)
    assert database.stat().st_size == full
    assert office.digest == before
    office.run("ledger", "add", "Asha Stores", "--group", "Sundry Debtors")
    office.verify()


def test_a_disk_that_is_full_when_a_company_is_founded(tmp_path):
    office = Copy(tmp_path / "ho")
    result = office.start("init", "Sharma Traders", file_bytes_max=50_000).wait()
    assert result.code == 1
    assert_says_so(result.err)
    office.run("init", "Sharma Traders")
    office.verify()


def test_a_folder_that_cannot_be_made(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert "cannot be" in Copy(blocked / "ho").fails("init", "Sharma Traders")
