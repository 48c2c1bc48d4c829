"""`khata device`: who belongs to the company, and what becomes of a device that was lost."""

from pathlib import Path

import pytest

from khata.books import Books
from khata.problems import find_problems
from p2p.admission import admit, join_with
from p2p.commit import parse_commit_untrusted
from p2p.events import JoinRequested
from p2p.grants import PRESETS
from p2p.handshake import prove
from p2p.identity import DeviceKeys
from p2p.invite import read_ticket_untrusted
from p2p.messages import Challenge
from tests.khata.command_line import Run, command_line
from tests.khata.company import NOW, a_branch, ledger, seeded, sync, voucher
from tests.khata.two_folders import TwoFolders, opened, two_folders


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return command_line(tmp_path, capsys, monkeypatch, "asha")


@pytest.fixture
def two(tmp_path: Path) -> TwoFolders:
    return two_folders(tmp_path, lambda office: ledger(office, "Asha"))


def work_offline(two: TwoFolders) -> None:
    """Two receipts at Pune that head office does not get."""
    with opened(two.pune) as pune:
        voucher(pune, "Receipt", "Cash 500 / Asha -500")
        voucher(pune, "Receipt", "Cash 70 / Asha -70")


def deliver(two: TwoFolders) -> None:
    """What Pune made reaches head office, however it comes."""
    with opened(two.pune) as pune, opened(two.office) as office:
        stored = [(one.header, one.signature, one.body) for one in pune.replica.store.everything()]
        own = [one for one in stored if parse_commit_untrusted(*one).header.author == pune.replica.keys.author]
        office.replica.ingest_from(office.replica.check_untrusted(own), pune.replica.keys.id, None, NOW)


def test_devices_are_listed_and_shown(two: TwoFolders, run: Run) -> None:
    office, pune = run("device", "list", "--json", books="office").json
    assert (office["device"], office["standing"], office["granted"], office["here"]) == (
        "Head Office", "member, keeper", "everything", True,
    )  # fmt: skip
    assert (pune["code"], pune["branch"], pune["standing"], pune["revoked_at"]) == ("PUN", "Pune", "member", None)
    assert "this device" in run("device", "list", books="office").out
    shown = run("device", "show", "pun", books="office").out
    assert "Standing:  member" in shown
    assert run("device", "show", pune["device_id"][:9], "--json", books="office").json["device"] == "Pune"
    unknown = run("device", "show", "Nagpur", books="office")
    assert unknown.code == 1
    assert "khata device list" in unknown.err


def test_a_revocation_is_shown_first_and_done_with_yes(two: TwoFolders, run: Run) -> None:
    before = run("device", "revoke", "Pune", books="office")
    assert "nothing was done; run it again with --yes" in before.out
    assert "What was delivered to it stays with it" in before.out
    assert run("device", "revoke", "Pune", "--json", books="office").json["done"] is False
    assert run("device", "show", "Pune", "--json", books="office").json["standing"] == "member"
    done = run("device", "revoke", "Pune", "--yes", books="office")
    assert "saved that Pune is revoked" in done.out
    assert run("device", "show", "Pune", "--json", books="office").json["standing"] == "revoked"
    again = run("device", "revoke", "Pune", "--yes", books="office")
    assert again.code == 1
    assert "was revoked" in again.err


def test_elsewhere_the_keeper_is_named(two: TwoFolders, run: Run) -> None:
    refused = run("device", "revoke", "Head Office", "--yes", books="pune")
    assert refused.code == 1
    assert "Head Office" in refused.err


def test_what_was_set_aside_is_listed_with_its_vouchers_and_let_in(two: TwoFolders, run: Run) -> None:
    work_offline(two)
    run("device", "revoke", "PUN", "--yes", books="office")
    assert run("device", "quarantined", books="office").out == "0 commits are set aside\n"
    nothing = run("device", "readmit", "PUN", "--all", books="office")
    assert (nothing.code, "nothing of Pune is set aside" in nothing.err) == (1, True)
    deliver(two)
    first, second = run("device", "quarantined", "PUN", "--json", books="office").json
    assert first["documents"][0] | {"document": ""} == {
        "kind": "voucher", "document": "", "number": "PUN/26-27/00001", "type": "Receipt", "date": "2026-04-02",
        "amount": "500.00", "changes": first["documents"][0]["changes"],
    }  # fmt: skip
    assert first["can_be_readmitted"]
    table = run("device", "quarantined", books="office").out
    assert "Receipt PUN/26-27/00002 2026-04-02 70.00" in table
    assert "was revoked" in table
    problems = run("problems", books="office").out
    assert "2 commits of Pune are set aside" in problems
    assert "khata device readmit PUN --all" in problems
    run("device", "readmit", "PUN", second["commit"][:12], books="office")
    assert [one["commit"] for one in run("device", "quarantined", "--json", books="office").json] == [first["commit"]]
    assert run("status", books="office").err.startswith("1 commit is set aside; `khata problems` says why")
    wrong = run("device", "readmit", "PUN", second["commit"][:12], books="office")
    assert (wrong.code, "is set aside; `khata device quarantined" in wrong.err) == (1, True)
    run("device", "readmit", "PUN", "--all", books="office")
    listed = run("voucher", "list", "--json", books="office").json
    assert {one["number"] for one in listed} == {"PUN/26-27/00001", "PUN/26-27/00002"}
    log = run("log", books="office").out
    assert "revoked the device Pune" in log
    assert "admitted 1 commit of a device that was cut off" in log
    assert run("verify", books="office").code == 0


def test_a_revoked_device_writes_nothing_and_goes_on_reading(two: TwoFolders, run: Run) -> None:
    work_offline(two)
    run("device", "revoke", "PUN", "--yes", books="office")
    with opened(two.office) as office, opened(two.pune) as pune:
        pune.replica.extend_chain(
            office.replica.chain_entries(-1)[: office.replica.revoked_at(pune.replica.keys.id) + 1]
        )
    refused = run("ledger", "add", "Meera", "--group", "Sundry Debtors", books="pune")
    assert refused.code == 1
    assert "this device was revoked" in refused.err
    assert "Asha" in run("ledger", "list", books="pune").out
    assert "PUN/26-27/00002" in run("device", "quarantined", books="pune").out
    assert "This device was revoked by Head Office on 20" in run("status", books="pune").out
    assert run("status", "--json", books="pune").json["revoked"]["by"] == "Head Office"


def test_a_grant_is_shown_first_and_narrows_and_widens(two: TwoFolders, run: Run) -> None:
    before = run("device", "grant", "PUN", "--preset", "own-branch", books="office")
    assert "it keeps what was delivered to it" in before.out
    assert "nothing was done" in before.out
    run("device", "grant", "PUN", "--preset", "own-branch", "--yes", books="office")
    row = run("device", "show", "PUN", "--json", books="office").json
    assert row["granted"] == "own-branch"
    assert "transfers/pun~*/**" in row["read"]
    with opened(two.office) as office:
        assert len(office.replica.chain.epochs) == 2
    wider = run(
        "device", "grant", "PUN", "--read", "masters/**", "--read", "vouchers/**", "--write", "vouchers/**", "--yes",
        "--json", books="office",
    ).json  # fmt: skip
    assert wider["read"] == ["control/**", "masters/**", "vouchers/**"]
    assert "changed what Pune may read" in run("log", books="office").out


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ((), "say what to grant"),
        (("--preset", "all"), "there is no preset 'all'"),
        (("--preset", "everything", "--read", "masters/**"), "say what to grant"),
        (("--read", "vouchers/*/sales/**"), "cannot be granted"),
        (("--read", "masters/**", "--write", "vouchers/**"), "cannot be written without being read"),
        (("--read", "control/**", "--write", "control/**"), "who may write in control is fixed"),
    ],
)
def test_a_grant_that_cannot_be_is_refused_with_a_reason(
    two: TwoFolders, run: Run, options: tuple[str, ...], reason: str
) -> None:
    refused = run("device", "grant", "PUN", *options, "--yes", books="office")
    assert refused.code == 1
    assert reason in refused.err


def test_devices_are_renamed_and_made_admins(two: TwoFolders, run: Run) -> None:
    run("device", "rename", "PUN", "Pune counter", books="office")
    run("device", "admin", "Pune counter", books="office")
    row = run("device", "show", "PUN", "--json", books="office").json
    assert (row["device"], row["admin"], row["standing"]) == ("Pune counter", True, "member, admin")
    run("device", "admin", "PUN", "--remove", books="office")
    assert run("device", "show", "PUN", "--json", books="office").json["admin"] is False
    log = run("log", books="office").out
    assert "gave the device PUN the name Pune counter" in log
    assert "carries out no more requests" in log


def test_all_copies_list_the_same_problem(two: TwoFolders, run: Run) -> None:
    with opened(two.office) as office:
        third = a_branch(office, "Nagpur")
    work_offline(two)
    run("device", "revoke", "PUN", "--yes", books="office")
    deliver(two)
    with opened(two.office) as office:
        sync(third, office)
        assert [one.json() for one in find_problems(third)] == [one.json() for one in find_problems(office)]


def test_a_branch_has_a_further_device_under_a_code_of_its_own(two: TwoFolders, run: Run) -> None:
    made = run("device", "new", "Pune", "--address", "127.0.0.1:7420", "--json", books="office").json
    assert (made["branch"], made["code"]) == ("Pune", "PUN2")
    assert run("device", "new", "Pune", "--address", "127.0.0.1:7420", "--json", books="office").json["code"] == "PUN3"
    with opened(two.office) as office:
        admitted = join(office, made["ticket"])
        member = office.replica.chain.member(admitted)
        assert member is not None
        assert (member.branch, member.series) == ("pun", "PUN2")
        assert member.grant == PRESETS["everything"]("pun")
    taken = run("device", "new", "Pune", "--code", "PUN2", "--address", "127.0.0.1:7420", books="office")
    assert (taken.code, "is taken" in taken.err) == (1, True)
    nowhere = run("device", "new", "Nagpur", "--address", "127.0.0.1:7420", books="office")
    assert nowhere.code == 1
    elsewhere = run("device", "new", "Pune", "--address", "127.0.0.1:7420", books="pune")
    assert (elsewhere.code, "Head Office" in elsewhere.err) == (1, True)
    assert "good once" in run("device", "new", "Pune", "--preset", "own-branch", "--address", "127.0.0.1:7420",
                              books="office").out  # fmt: skip


def join(office: Books, text: str) -> bytes:
    """A device joins with a ticket over a line in memory; its id."""
    ticket, keys = read_ticket_untrusted(text), DeviceKeys.generate(seeded("further"))
    challenge = Challenge(bytes(32))
    joining = join_with(ticket, keys, "Pune counter", (-1, b""))(challenge)
    proof = prove(keys, office.company, (-1, b""), office.replica.keys.id, challenge, joining)
    admit(office.replica, JoinRequested(proof, challenge.nonce), office.now())
    return keys.id
