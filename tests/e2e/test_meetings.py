"""Copies that meet: what each has flows to the other, whoever made it, and both know that they agree."""

from tests.e2e.shop import meet


def test_pairs_meet_and_all_come_to_hold_the_same(company):
    ho, pune, nagpur = company
    pune.receipt("1.00", "at Pune")
    nagpur.receipt("2.00", "at Nagpur")
    ho.receipt("3.00", "at the head office")
    assert len({copy.digest["tree"] for copy in company}) == 3
    meet(pune, nagpur)
    assert pune.digest == nagpur.digest != ho.digest
    meet(nagpur, ho)
    meet(ho, pune)
    assert ho.digest == pune.digest == nagpur.digest
    reports = [copy.run("report", "trial-balance") for copy in company]
    assert reports[0] == reports[1] == reports[2]
    assert reports[0]["debit"] == reports[0]["credit"]
    for copy in company:
        copy.verify()


def test_syncing_again_brings_nothing(company):
    ho, pune, _ = company
    with ho.serve() as serving:
        pune.sync(serving.address)
        before = pune.run("status")["peers"][0]["in_sync_at"]
        (again,) = pune.run("sync", "--peer", serving.address)
    assert (again["in_sync"], again["received"], again["sent"]) == (True, 0, 0)
    (peer,) = [peer for peer in pune.run("status")["peers"] if peer["name"] == "Head Office"]
    assert peer["in_sync_at"] > before
    assert (peer["missing_here"], peer["missing_there"], peer["error"]) == (0, 0, None)


def test_not_in_sync_is_exit_code_3_with_the_reason(company):
    sentence = company.pune.fails("sync", "--peer", "127.0.0.1:1", code=3)
    assert "127.0.0.1:1" in sentence
    assert "not in sync" in sentence


def test_status_counts_what_the_other_side_lacks(company):
    ho, pune, _ = company
    meet(ho, pune)
    pune.receipt("1.00")
    pune.receipt("2.00")
    (peer,) = [peer for peer in pune.run("status")["peers"] if peer["name"] == "Head Office"]
    assert peer["missing_there"] == 2
    assert not peer["connected"]
    meet(ho, pune)
    (peer,) = [peer for peer in pune.run("status")["peers"] if peer["name"] == "Head Office"]
    assert peer["missing_there"] == 0


def test_two_devices_with_one_key_lose_nothing(company, tmp_path):
    """A cloned disk: both go on giving out numbers. Both vouchers are kept, and the clash is listed everywhere."""
    ho, pune, _ = company
    clone = pune.clone(tmp_path / "clone")
    entered = [pune.receipt("1.00", "at Pune"), clone.receipt("2.00", "at its clone")]
    assert entered[0]["number"] == entered[1]["number"]
    meet(ho, pune)
    meet(ho, clone)
    meet(ho, pune)
    assert ho.digest == pune.digest == clone.digest
    for copy in (ho, pune, clone):
        (problem,) = copy.run("problems", "--code", "duplicate-number")
        assert problem["code"] == "duplicate-number"
        assert set(problem["documents"]) == {voucher["id"] for voucher in entered}
        copy.verify()


def test_a_copy_restored_from_a_backup_gets_its_own_work_back(company, tmp_path):
    """What it made since is at head office; the numbers it gave out are not given out again."""
    ho, pune, _ = company
    backup = pune.clone(tmp_path / "backup")
    numbers = [pune.receipt(f"{amount}.00")["number"] for amount in (1, 2, 3)]
    meet(ho, pune)
    meet(ho, backup)
    assert backup.digest == ho.digest
    assert backup.receipt("4.00")["number"] not in numbers
    meet(ho, backup)
    assert not [problem for problem in ho.run("problems") if problem["code"] == "duplicate-number"]
    backup.verify()
