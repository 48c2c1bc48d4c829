"""The oracle is content with healthy companies, whatever their people do."""

from pathlib import Path

from khata.conflicts import list_conflicts, settle_taking
from tests.khata.company import alter, ledger, voucher
from tests.simulations.watched_company import OFFICE, Company, texts


def test_a_new_company(tmp_path: Path):
    company = Company(tmp_path)
    assert texts(company.now()) == []
    assert texts(company.end()) == []


def test_vouchers_of_several_types_altered_and_cancelled(tmp_path: Path):
    company = Company(tmp_path)
    pune = company.branch("Pune")
    ledger(company.office, "Asha Stores")
    company.meet()
    voucher(company.office, "Receipt", "Cash 500 / Asha Stores -500", narration="on account")
    voucher(pune, "Payment", "Asha Stores 70.25 / Cash -70.25")
    voucher(pune, "Journal", "Asha Stores 7 / Cash -7", optional=True)
    assert texts(company.now()) == []
    company.meet()
    alter(pune, "PUN/26-27/00001", "Asha Stores 80 / Cash -80")
    alter(company.office, "HO/26-27/00001", narration="in full")
    company.meet()
    assert texts(company.now()) == []
    assert texts(company.end()) == []


def test_edits_that_clash_and_are_settled(tmp_path: Path):
    company = Company(tmp_path)
    pune = company.branch("Pune")
    ledger(company.office, "Asha Stores")
    voucher(company.office, "Receipt", "Cash 500 / Asha Stores -500")
    company.meet()
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
