"""Several processes on one folder of books: two command lines saving at once, commands beside a serving node."""

from tests.e2e.shop import until


def test_two_command_lines_save_at_once(company):
    pune = company.pune
    running = [
        pune.start(
            "voucher", "add", "--type", "Receipt", "--date", "2026-08-04", "--debit", f"Cash:{number}",
            "--credit", f"Café Naïve Traders:{number}", "--json",
        )
        for number in range(1, 13)
    ]  # fmt: skip
    entered = [one.wait() for one in running]
    assert [result.code for result in entered] == [0] * 12
    numbers = sorted(result.json["number"] for result in entered)
    assert numbers == [f"PUN/26-27/{number:05d}" for number in range(1, 13)]
    pune.verify()


def test_two_alterations_of_one_voucher_at_once_are_both_in_its_history(company):
    pune = company.pune
    number = pune.receipt("100.00")["number"]
    running = [pune.start("voucher", "alter", number, "--narration", f"number {which}", "--json") for which in range(6)]
    saves = {one.wait().json["commit"][:32] for one in running}
    history = {save["save"] for save in pune.run("voucher", "history", number)}
    assert len(saves) == 6
    assert saves < history


def test_two_ledgers_of_one_name_at_once_are_one_ledger(company):
    running = [company.pune.start("ledger", "add", "Asha Stores", "--group", "Sundry Debtors") for _ in range(4)]
    results = [one.wait() for one in running]
    assert sorted(result.code for result in results) == [0, 1, 1, 1]
    assert all("already" in result.err for result in results if result.code)
    assert company.pune.run("problems", "--code", "same-name") == []


def test_what_a_command_saves_while_serve_runs_is_pushed_at_once(company):
    ho, pune = company.ho, company.pune
    with ho.serve() as serving, pune.serve("--peer", serving.address) as branch:
        branch.running.wait_for("in sync with Head Office")
        number = pune.receipt("12.00", "pushed")["number"]
        until(lambda: number in {voucher["number"] for voucher in ho.run("voucher", "list")}, 5)
        other = ho.receipt("13.00", "pushed back")["number"]
        until(lambda: other in {voucher["number"] for voucher in pune.run("voucher", "list")}, 5)
        until(lambda: all(peer_of(copy)["in_sync_at"] for copy in (ho, pune)))
        assert peer_of(pune)["connected"]
        assert ho.digest == pune.digest
    assert not peer_of(pune)["connected"]


def peer_of(copy):
    """What a copy says of the peer it is connected to, or was last."""
    peers = copy.run("status")["peers"]
    return max(peers, key=lambda peer: (peer["connected"], peer["in_sync_at"] or ""))


def test_only_one_process_serves_a_folder(company):
    with company.ho.serve():
        assert "serve" in company.ho.fails("serve", "--listen", "127.0.0.1:0")
        company.ho.receipt("1.00")


def test_serve_says_when_its_port_is_taken(company):
    with company.ho.serve() as serving:
        assert serving.address in company.pune.fails("serve", "--listen", serving.address)


def test_a_sync_beside_a_serving_node_of_the_same_books(company):
    """`sync` and `serve` of one copy talk to the same peer at the same time, and neither disturbs the other."""
    with company.ho.serve() as serving, company.pune.serve("--peer", serving.address) as branch:
        branch.running.wait_for("in sync with Head Office")
        company.ho.receipt("3.00")
        company.pune.receipt("4.00")
        company.pune.sync(serving.address)
        until(lambda: company.pune.digest == company.ho.digest)
    company.pune.verify()
