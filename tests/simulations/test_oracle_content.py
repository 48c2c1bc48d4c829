"""The oracle is content with healthy companies, whatever their people do."""

from itertools import count
from pathlib import Path

from crdt_models.rules import PAUSED
from khata.conflicts import list_conflicts, settle_taking
from khata.entering import cancel
from khata.entering_masters import add_master, alter_master
from khata.periods import admit, late_vouchers, lock_period
from p2p.chain import Grant
from p2p.grants import EVERYTHING, MASTERS_ONLY, OWN_BRANCH, PRESETS, VOUCHERS_UP
from p2p.members import grant, readmit, revoke
from p2p.rule_deeds import save_rule
from p2p.rules import rules_in
from tests.khata.company import NOW, alter, found, ledger, seeded, voucher
from tests.khata.transfers.shops import call_off, send, take
from tests.p2p.copies import Line
from tests.simulations.watched_company import OFFICE, RELAY_NAME, Company, texts

MARCH, APRIL, LOCKED = "2026-03-30", "2026-04-02", "2026-03-31"


def two(folder: Path) -> Company:
    """A head office and Pune, with a ledger and a voucher that both have."""
    company = Company(folder)
    company.branch("Pune")
    ledger(company.office, "Asha Stores")
    voucher(company.office, "Receipt", "Cash 500 / Asha Stores -500", narration="on account")
    company.meet()
    return company


def pause(company: Company, branch: str, paused: bool) -> None:
    replica = company.books[branch].replica
    (rule,) = rules_in(replica.documents, replica.chain)
    save_rule(replica, rule.id, {f"{PAUSED}{branch[:3].lower()}": paused}, "asha", NOW)


def test_a_new_company(tmp_path: Path):
    company = Company(tmp_path)
    assert texts(company.now()) == []
    assert texts(company.end()) == []


def test_vouchers_of_several_types_altered_and_cancelled(tmp_path: Path):
    company = two(tmp_path)
    pune = company.books["Pune"]
    voucher(pune, "Payment", "Asha Stores 70.25 / Cash -70.25")
    voucher(pune, "Journal", "Asha Stores 7 / Cash -7", optional=True)
    voucher(pune, "Memorandum", "Asha Stores 7 / Cash -7")
    assert texts(company.now()) == []
    company.meet()
    alter(pune, "HO/26-27/00001", "Cash 80 / Asha Stores -80")
    alter(company.office, "HO/26-27/00001", narration="in full")
    cancel(company.office, found(company.office, "HO/26-27/00001"))
    company.meet()
    assert texts(company.now()) == []
    assert texts(company.end()) == []


def test_edits_that_clash_and_are_settled(tmp_path: Path):
    company = two(tmp_path)
    pune = company.books["Pune"]
    alter(pune, "HO/26-27/00001", "Cash 600 / Asha Stores -600")
    alter(company.office, "HO/26-27/00001", "Cash 700 / Asha Stores -700")
    assert texts(company.now()) == []
    company.meet()
    assert texts(company.now()) == []
    assert company.oracle.clashes(OFFICE) == company.oracle.clashes("Pune") == 1
    settle_taking(pune, list_conflicts(pune)[0]["id"], 2)
    company.meet()
    assert texts(company.end()) == []
    assert company.oracle.clashes(OFFICE) == company.oracle.clashes("Pune") == 0


def test_ledgers_made_and_renamed_apart(tmp_path: Path):
    company = two(tmp_path)
    pune = company.books["Pune"]
    ledger(pune, "Ravi & Sons", gst={"state": "27"})
    ledger(company.office, "Ravi & Sons", gst={"state": "29"})
    alter_master(pune, "ledger", "Asha Stores", {"name": "Asha Stores, Pune"})
    alter_master(company.office, "ledger", "Asha Stores", {"name": "Asha & Sisters"})
    above = company.office.names.find("group", "Sundry Debtors").document
    add_master(company.office, "group", "Old Debtors", {"parent": above})
    company.meet()
    assert texts(company.end()) == []
    assert company.oracle.clashes(OFFICE) == 2


def test_transfers_sent_received_and_called_off(tmp_path: Path):
    company = Company(tmp_path)
    company.branch("Pune")
    add_master(company.office, "unit", "Nos", {})
    add_master(company.office, "stock-item", "Soap", {"unit": company.office.names.find("unit", "Nos").document})
    company.meet()
    goods = send(company.office, "Pune", "Soap:10@50")
    cash = send(company.office, "Pune", "500")
    company.meet()
    assert texts(company.now()) == []
    take(company.books["Pune"], goods, short="Soap:9")
    call_off(company.office, cash)
    company.meet()
    assert texts(company.now()) == []
    assert texts(company.end()) == []


def test_a_period_is_locked_and_what_comes_late_is_let_in(tmp_path: Path):
    company = two(tmp_path)
    pune = company.books["Pune"]
    voucher(pune, "Receipt", "Cash 100 / Asha Stores -100", MARCH)
    company.meet()
    lock_period(company.office, LOCKED)
    voucher(pune, "Receipt", "Cash 70 / Asha Stores -70", MARCH)
    alter(pune, "PUN/25-26/00001", "Cash 90 / Asha Stores -90")
    voucher(pune, "Receipt", "Cash 5 / Asha Stores -5", APRIL)
    company.meet()
    assert len(late_vouchers(company.office)) == 2
    assert texts(company.now()) == []
    assert texts(company.end()) == []
    admit(company.office, late_vouchers(company.office))
    company.meet()
    assert texts(company.end()) == []


def test_a_device_is_revoked_and_some_of_its_work_is_let_in(tmp_path: Path):
    company = two(tmp_path)
    company.branch("Goa")
    company.meet()
    pune = company.books["Pune"]
    voucher(pune, "Receipt", "Cash 70 / Asha Stores -70")
    company.meet()
    revoke(company.office.replica, pune.replica.keys.id, NOW, seeded("epoch"))
    late = alter(pune, "HO/26-27/00001", "Cash 90 / Asha Stores -90")
    company.books.pop("Pune")
    company.meet()
    assert texts(company.end()) == []
    company.books["Pune"] = pune
    hand_over(company, "Pune")
    assert texts(company.now()) == []
    assert late.commit is not None
    readmit(company.office.replica, [late.commit], NOW)
    company.books.pop("Pune")
    company.meet()
    assert texts(company.end()) == []


def hand_over(company: Company, name: str) -> None:
    """A revoked device meets the head office, and leaves what it made there."""
    Line(company.books[name].replica, company.office.replica).run()


def test_branches_that_may_have_less(tmp_path: Path):
    company = Company(tmp_path)
    for name, preset in zip(("Pune", "Goa", "Agra"), (MASTERS_ONLY, OWN_BRANCH, VOUCHERS_UP), strict=True):
        company.branch(name, grant=EVERYTHING, rule=preset)
    ledger(company.office, "Asha Stores")
    company.meet()
    numbers = count(1)
    for name in company.books:
        voucher(company.books[name], "Receipt", f"Cash {next(numbers)} / Asha Stores -{next(numbers) - 1}")
    company.meet()
    assert texts(company.now()) == []
    assert texts(company.end()) == []


def test_a_tablet_with_masters_alone(tmp_path: Path):
    company = two(tmp_path)
    company.branch("Tablet", grant=MASTERS_ONLY)
    voucher(company.books["Pune"], "Receipt", "Cash 70 / Asha Stores -70")
    company.meet()
    assert texts(company.now()) == []
    assert texts(company.end()) == []


def test_a_relay_carries_and_reads_nothing(tmp_path: Path):
    company = two(tmp_path)
    company.relay()
    voucher(company.books["Pune"], "Receipt", "Cash 70 / Asha Stores -70", narration="a secret of Pune")
    company.oracle.secrets |= {"a secret of Pune", "Asha Stores", "on account"}
    company.sync("Pune", RELAY_NAME)
    company.sync(OFFICE, RELAY_NAME)
    assert texts(company.now()) == []
    company.meet()
    assert texts(company.end()) == []


def test_a_rule_that_is_paused_and_a_grant_that_is_narrowed(tmp_path: Path):
    company = two(tmp_path)
    pune = company.books["Pune"]
    pause(company, "Pune", True)
    company.meet()
    voucher(company.office, "Receipt", "Cash 70 / Asha Stores -70")
    company.meet()
    assert texts(company.now()) == []
    pause(company, "Pune", False)
    company.meet()
    assert texts(company.end()) == []
    less: Grant = PRESETS[MASTERS_ONLY]("pun")
    grant(company.office.replica, pune.replica.keys.id, less.read, less.write, NOW, seeded("less"))
    company.meet()
    voucher(company.office, "Receipt", "Cash 7 / Asha Stores -7")
    company.meet()
    assert texts(company.now()) == []
    assert texts(company.end()) == []
