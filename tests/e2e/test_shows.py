"""A company as it is meant to work: a head office, two branches and a relay, no two branches ever online together."""

from pathlib import Path
from typing import Any, NamedTuple

from tests.e2e.shop import Copy
from tests.e2e.test_relay import RelayCopy, a_relay


class Apart(NamedTuple):
    """Head office and two branches that only ever meet a relay."""

    office: Copy
    pune: Copy
    nagpur: Copy


def join_by_letter(office: Copy, folder: Path, name: str, at: str, *options: str) -> Copy:
    """A branch that is never online with head office: it leaves a letter, is admitted, and fetches what there is."""
    copy = Copy(folder / name.lower())
    ticket = office.run("branch", "add", name, "--code", name[:3].upper(), *options)["ticket"]
    office.sync(at)
    joining = copy.start("join", ticket)
    joining.wait_for("left a letter")
    assert joining.stop().code == 130
    office.sync(at)
    assert copy.run("join", ticket)["in_sync"]
    office.sync(at)
    copy.sync(at)
    return copy


def company_apart(folder: Path, at: str, relay: RelayCopy, rule: str = "own-branch") -> Apart:
    """A company of three that has only a relay in common; what head office imported has come to both branches."""
    office = Copy(folder / "ho")
    office.run("init", "Sharma Traders", "--branch", "Head Office", "--code", "HO")
    office.run("ledger", "add", "Asha Stores", "--group", "Sundry Debtors")
    assert office.run("relay", "add", relay.invite())["in_sync"]
    options = ("--rule", rule, "--grant-everything")
    return Apart(office, *(join_by_letter(office, folder, name, at, *options) for name in ("Pune", "Nagpur")))


def steps(copy: Copy) -> dict[str, str]:
    """How far each rule has come, as one copy sees it."""
    return {rule["name"]: rule["step"] for rule in copy.run("rule", "list")}


def relay_says(copy: Copy, device: str) -> dict[str, Any]:
    """What the relay says of a device, as `khata status` shows it."""
    row: dict[str, Any]
    (row,) = [row for row in copy.run("status")["relays_say"] if row["device"] == device]
    return row


def test_three_that_are_never_online_together_agree_rules_and_books_through_a_relay(tmp_path):
    relay = a_relay(tmp_path)
    with relay.serve() as serving:
        at = serving.address
        office, pune, nagpur = company_apart(tmp_path, at, relay)
        received = pune.receipt("500.00", ledger="Asha Stores")["number"]
        sold = nagpur.receipt("70.00", ledger="Asha Stores")["number"]
        # Pune hears of Nagpur, which joined after it, from the relay.
        pune.sync(at)
        offered = pune.run("rule", "offer", "Nagpur", json=False).said
        assert "it travels with the next `khata sync`; then at Nagpur: khata rule activate" in offered
        assert steps(pune)["Pune-Nagpur everything"] == "offered"
        pune.sync(at)
        assert steps(pune)["Pune-Nagpur everything"] == "at the relay"
        # One synchronization with the relay is enough to learn of it, and says what to do next.
        told = nagpur.start("sync", "--peer", at).wait().said
        assert "khata rule activate" in told
        assert steps(nagpur)["Pune-Nagpur everything"] == "delivered"
        assert received not in numbers(nagpur)
        nagpur.run("rule", "activate", "Pune")
        for copy in (nagpur, pune, nagpur, office):
            copy.sync(at)
        assert steps(pune)["Pune-Nagpur everything"] == "ready"
        assert {received, sold} == numbers(pune) == numbers(nagpur) == numbers(office)
        for copy in (pune, nagpur, office):
            copy.sync(at)
        assert office.digest == pune.digest == nagpur.digest
        balance = office.run("report", "trial-balance")
        assert pune.run("report", "trial-balance") == nagpur.run("report", "trial-balance") == balance
        # Head office sees where each branch stands, and each branch where head office does.
        for copy, others in ((office, ("Pune", "Nagpur")), (pune, ("Head Office", "Nagpur"))):
            for other in others:
                row = relay_says(copy, other)
                assert row["last_seen"]
                assert row["delivered_until"]
        late = nagpur.receipt("30.00", ledger="Asha Stores")["number"]
        nagpur.sync(at)
        office.sync(at)
        row = relay_says(office, "Pune")
        assert row["waiting"] >= 1
        assert row["waiting_since"]
        pune.sync(at)
        assert late in numbers(pune)
        direct = [link for link in office.run("status")["peers"] if link["name"] in ("Pune", "Nagpur")]
        assert [link["in_sync_at"] for link in direct] == [None, None]
    for copy in (office, pune, nagpur):
        copy.verify()


def numbers(copy: Copy) -> set[str]:
    """The numbers of all vouchers in a copy."""
    return {voucher["number"] for voucher in copy.run("voucher", "list")}


def test_a_tablet_has_every_master_and_not_a_byte_of_a_voucher_directly_and_through_a_relay(tmp_path):
    relay = a_relay(tmp_path)
    with relay.serve() as serving:
        at = serving.address
        office, pune, _ = company_apart(tmp_path, at, relay)
        pune.receipt("500.00", ledger="Asha Stores")
        office.receipt("600.00", ledger="Asha Stores")
        pune.sync(at)
        tablet = join_by_letter(office, tmp_path, "Tablet", at, "--rule", "masters-only")
        for copy in (office, tablet):
            copy.sync(at)
        assert scopes(tablet) == {scope for scope in scopes(office) if scope.startswith(("control/", "masters/"))}
        assert tablet.run("ledger", "list")
        assert tablet.run("voucher", "list") == []
        # Nor by a rule that it agrees with a branch itself, which may see everything.
        tablet.run("rule", "offer", "Pune")
        for copy in (tablet, pune):
            copy.sync(at)
        pune.run("rule", "activate", "Tablet")
        for copy in (pune, tablet):
            copy.sync(at)
        assert steps(tablet)["Tablet-Pune everything"] == "ready"
        with pune.serve() as direct:
            tablet.sync(direct.address)
        assert not [scope for scope in scopes(tablet) if scope.startswith(("vouchers/", "transfers/", "files/"))]
        stored = b"".join(path.read_bytes() for path in tablet.folder.rglob("khata.db*"))
        for code in (b"ho", b"pun"):
            assert b"vouchers/" + code + b"/receipt" not in stored
        tablet.verify()


def scopes(copy: Copy) -> set[str]:
    """Every scope of which a copy holds commits."""
    return {path for (path,) in copy.query("SELECT path FROM scopes WHERE count > 0")}
