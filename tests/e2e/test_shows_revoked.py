"""Revoked while it is online, and while it is offline and goes on writing: a week of work that is let in again."""

from time import monotonic

from tests.e2e.conftest import Company
from tests.e2e.shop import until

WITHIN_SECONDS = 1
"""How long a revoked device may stay connected, from when the command has told that it is done."""


def test_a_device_that_is_online_is_cut_off_within_a_second(company: Company):
    ho, pune, nagpur = company
    with ho.serve() as office, pune.serve("--peer", office.address) as branch:
        branch.running.wait_for("in sync with Head Office")
        ho.run("device", "revoke", "PUN", "--yes")
        began = monotonic()
        office.running.wait_for("(?i)Pune.*(revoked|ended|gone|disconnected)")
        assert monotonic() - began < WITHIN_SECONDS
        branch.running.wait_for("revoked")
        written = pune.start("ledger", "add", "Late", "--group", "Sundry Debtors").wait()
        assert written.code == 1
        assert "revoked" in written.said
        nagpur.sync(office.address)
    (found,) = [one for one in ho.run("device", "list") if one["code"] == "PUN"]
    assert found["revoked_at"] is not None
    for copy in company:
        copy.verify()


def test_a_week_of_work_of_a_device_that_was_offline_is_handed_over_listed_and_let_in(company: Company):
    ho, pune, nagpur = company
    before = ho.run("report", "trial-balance")
    amounts = ["101.00", "102.00", "103.00", "104.00", "105.00"]
    ho.run("device", "revoke", "PUN", "--yes")
    made = [pune.receipt(amount, f"day {day}")["number"] for day, amount in enumerate(amounts)]
    at_pune = pune.run("report", "trial-balance")
    with ho.serve() as office:
        said = pune.start("sync", "--peer", office.address).wait()
        assert said.code != 0
        assert "revoked" in said.said
        nagpur.sync(office.address)
        assert ho.run("report", "trial-balance") == nagpur.run("report", "trial-balance") == before
        listed = ho.run("device", "quarantined", "PUN")
        assert len(listed) == len(made)
        shown = ho.run("device", "quarantined", json=False).out
        for number, amount in zip(made, amounts, strict=True):
            assert number in shown
            assert amount in shown
        ho.run("device", "readmit", "PUN", "--all", json=False, given="y\n")
        until(lambda: ho.run("device", "quarantined") == [])
        for _ in range(2):
            nagpur.sync(office.address)
    assert ho.run("report", "trial-balance") == nagpur.run("report", "trial-balance") == at_pune
    assert set(made) <= {voucher["number"] for voucher in nagpur.run("voucher", "list")}
    for copy in company:
        copy.verify()
