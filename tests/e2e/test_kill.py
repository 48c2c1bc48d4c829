"""kill -9 at any instant: whatever had been acknowledged is there, and starting again does the rest."""

from random import Random

import pytest

from tests.e2e.conftest import MANY
from tests.e2e.shop import Copy, holds_more_than, until
from tests.khata.tally import generate

IMPORTED = 300


@pytest.fixture
def office(many, tmp_path):
    """A head office with many vouchers."""
    return Copy(many).clone(tmp_path / "ho")


def invite(office: Copy, address: str) -> str:
    ticket: str = office.run("branch", "add", "Pune", "--code", "PUN", "--address", address)["ticket"]
    return ticket


def assert_equal(office: Copy, pune: Copy) -> None:
    assert pune.digest == office.digest
    assert len(pune.run("voucher", "list")) == MANY
    pune.verify()
    office.verify()


def test_the_receiving_side_dies_during_a_cold_sync_again_and_again(office, tmp_path):
    pune = Copy(tmp_path / "pune")
    reached = []
    with office.serve() as serving:
        ticket = invite(office, serving.address)
        for share in (0.0, 0.3, 0.6):
            joining = pune.start("join", ticket)
            until(holds_more_than(pune, share * MANY))
            joining.kill()
            reached.append(pune.commits)
        assert 0 < reached[0] < MANY, "no kill came in the middle of it"
        assert reached == sorted(reached), "what was acknowledged was lost"
        pune.run("join", ticket)
    assert_equal(office, pune)


def test_the_sending_side_dies_during_a_cold_sync_again_and_again(office, tmp_path):
    pune = Copy(tmp_path / "pune")
    with office.serve() as serving:
        ticket = invite(office, serving.address)
        joining = pune.start("join", ticket)
        until(holds_more_than(pune, 0))
        serving.running.kill()
        result = joining.wait()
    assert result.code in (1, 3)
    assert 0 < pune.commits < MANY, "the kill did not come in the middle of it"
    with office.serve() as serving:
        before = pune.commits
        syncing = pune.start("sync", "--peer", serving.address)
        until(holds_more_than(pune, before))
        serving.running.kill()
        assert syncing.wait().code in (0, 3)
    with office.serve() as serving:
        pune.sync(serving.address)
    assert_equal(office, pune)


def test_an_import_dies_again_and_again_and_the_next_one_does_the_rest(tmp_path):
    made = generate.company(Random(7), IMPORTED)
    export = tmp_path / "export.xml"
    export.write_bytes(made.xml())
    office = Copy(tmp_path / "ho")
    office.run("init", "Sharma Traders", "--code", "HO")
    reached = []
    for more in (0, 1, 2):
        start = office.commits
        importing = office.start("import", str(export))
        until(holds_more_than(office, start + more))
        importing.kill()
        reached.append(len(office.run("voucher", "list")))
    assert reached == sorted(reached)
    assert reached[0] < IMPORTED, "no kill came in the middle of it"
    office.run("import", str(export))
    assert sorted(voucher["number"] for voucher in office.run("voucher", "list")) == sorted(
        voucher.number for voucher in made.vouchers
    )
    assert office.run("import", str(export))["saves"] == 0
    office.verify()
    pune = Copy(tmp_path / "pune")
    with office.serve() as serving:
        pune.run("join", invite(office, serving.address))
    assert pune.digest == office.digest
    pune.verify()


def test_a_command_that_dies_has_saved_all_of_a_voucher_or_nothing(office):
    """Killed at many points of a save: each voucher is there with its number and both entries, or not at all."""
    random = Random(11)
    acknowledged = 0
    for _ in range(12):
        running = office.start(
            "voucher", "add", "--type", "Payment", "--debit", "Profit & Loss A/c:5", "--credit", "Cash:5"
        )
        acknowledged += running.kill_after(random.random() * 0.12).code == 0
    payments = office.run("voucher", "list", "--type", "Payment")
    assert acknowledged <= len(payments) <= 12
    assert len({voucher["number"] for voucher in payments}) == len(payments)
    assert all(len(voucher["entries"]) == 2 and voucher["posted"] for voucher in payments)
    office.verify()


def test_ctrl_c_in_the_middle_ends_with_a_sentence(office, tmp_path):
    pune = Copy(tmp_path / "pune")
    with office.serve() as serving:
        ticket = invite(office, serving.address)
        joining = pune.start("join", ticket)
        until(holds_more_than(pune, 0))
        stopped = joining.stop()
        assert stopped.code == 130
        assert "stopped" in stopped.err
        assert 0 < pune.commits < MANY
        pune.run("join", ticket)
    assert_equal(office, pune)
