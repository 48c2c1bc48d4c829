"""GST from the command line: from an empty folder to the return, with sentences where something is missing."""

import json

import pytest

from tests.khata.command_line import command_line
from tests.khata.gst.traders import ASHA_GSTIN, BANGALORE_GSTIN, PUNE_GSTIN


@pytest.fixture
def khata(tmp_path, capsys, monkeypatch):
    """Run one command on the books of a test, in this process."""
    return command_line(tmp_path, capsys, monkeypatch, "asha")


@pytest.fixture
def shop(khata):
    """A registered shop with an item, a service, a customer here and one in another State."""
    for command in (
        ("init", "Sharma Traders", "--branch", "Head Office", "--code", "HO"),
        ("company", "set", "--gstin", PUNE_GSTIN, "--state", "27"),
        ("ledger", "add", "Asha", "--group", "Sundry Debtors", "--gstin", ASHA_GSTIN, "--state", "Maharashtra"),
        ("ledger", "add", "Meera", "--group", "Sundry Debtors", "--state", "29"),
        ("ledger", "add", "Sales", "--group", "Sales Accounts"),
        ("ledger", "add", "Consulting", "--group", "Direct Incomes"),
        ("master", "add", "unit", "Nos", "--set", "quantity_code=NOS-Numbers"),
        ("master", "add", "stock-item", "Soap", "--set", "unit=Nos"),
        ("gst", "rate", "Soap", "18", "--hsn", "3401"),
        ("gst", "rate", "Consulting", "18", "--kind", "ledger", "--hsn", "9983"),
    ):
        ran = khata(*command)
        assert ran.code == 0, ran.err
    return khata


SALE = ("voucher", "add", "--type", "Sales", "--date", "2026-04-02", "--party")


def test_from_what_was_sold_to_the_return(shop, tmp_path):
    missing = shop(*SALE, "Asha", "--item", "Soap:10@50")
    assert missing.code == 1
    assert "khata ledger add CGST --group 'Duties & Taxes' --tax-head CGST" in missing.err
    for head in ("CGST", "SGST", "IGST"):
        assert shop("ledger", "add", head, "--group", "Duties & Taxes", "--tax-head", head).code == 0
    assert shop("ledger", "add", "Round Off", "--group", "Indirect Expenses").code == 0
    first = shop(*SALE, "Asha", "--item", "Soap:10@50-5%", "--round-off", "--json").json["number"]
    # 10 x 50.00 less 5 percent is 475.00; 42.75 and 42.75 make 560.50, rounded to 561.00.
    assert "561.00" in shop("voucher", "show", first).out
    assert shop(*SALE, "Meera", "--charge", "Consulting:1000", "--item", "Soap:1@100").code == 0
    assert (
        shop(*SALE, "Meera", "--item", "Soap:1@100", "--place-of-supply", "27", "--tax-ledger", "cgst:CGST").code == 0
    )
    report = shop("report", "gst", "--from", "2026-04-01", "--to", "2026-04-30")
    assert "51.75" in report.out
    assert "198.00" in report.out
    assert report.out.endswith("0 exceptions\n")
    (registration,) = shop("report", "gst", "--json").json["registrations"]
    assert registration["payable"] == {"cgst": "51.75", "sgst": "51.75", "igst": "198.00", "cess": "0.00"}
    assert "HO/26-27/00003" in shop("report", "documents-issued", "--type", "Sales").out
    file = tmp_path / "gstr1.json"
    written = shop("export", "gstr1", "--month", "2026-04", "--output", str(file))
    assert "1 b2b, 2 b2cs" in written.out
    assert "IGST 198.00" in written.out
    assert json.loads(file.read_text())["fp"] == "042026"


def test_a_wrong_split_is_refused_unless_somebody_insists(shop):
    wrong = (*SALE, "Asha", "--debit", "Asha:590", "--credit", "Sales:500", "--credit", "IGST:90")
    shop("ledger", "add", "IGST", "--group", "Duties & Taxes", "--tax-head", "IGST")
    refused = shop(*wrong)
    assert refused.code == 1
    assert "within Maharashtra it is CGST 45.00 and SGST 45.00" in refused.err
    assert shop(*wrong, "--as-entered").code == 0
    listed = shop("report", "gst").out
    assert "gst-wrong-split: Sales HO/26-27/00001 of 2026-04-02, Asha" in listed
    assert "3 exceptions" in listed


def test_an_invoice_from_a_file(shop, tmp_path):
    file = tmp_path / "invoice.json"
    form = {
        "type": "Sales", "date": "2026-04-02", "party": "Asha", "round_off": True, "create_ledgers": True,
        "items": [{"item": "Soap", "quantity": 3, "rate": "33.35"}],
    }  # fmt: skip
    file.write_text(json.dumps(form))
    entered = shop("voucher", "add", "--file", str(file), "--json").json
    # 3 x 33.35 is 100.05; 9.00 and 9.00; 118.05 is 118.00 to the rupee.
    assert shop("voucher", "show", entered["number"], "--json").json["entries"][0]["amount"] == "118.00"
    altered = shop("voucher", "alter", entered["number"], "--item", "Soap:2@50")
    assert altered.code == 0
    assert shop("voucher", "show", entered["number"], "--json").json["entries"][0]["amount"] == "118.00"


def test_company_details_and_branch_registrations(shop):
    assert shop("branch", "add", "Bangalore", "--code", "BLR", "--address", "127.0.0.1:7420").code == 0
    assert shop("company", "set", "--branch", "blr", "--gstin", BANGALORE_GSTIN).code == 0
    rows = {row["code"]: row for row in shop("company", "show", "--json").json["branches"]}
    assert (rows["blr"]["gstin"], rows["blr"]["state"], rows["blr"]["own"]) == (BANGALORE_GSTIN, "Karnataka", True)
    assert (rows["ho"]["gstin"], rows["ho"]["own"]) == (PUNE_GSTIN, False)
    assert "its own" in shop("company", "show").out
    assert shop("company", "set", "--branch", "BLR", "--gstin", "", "--state", "").code == 0
    assert "its own" not in shop("company", "show").out


MISTAKES = [
    (("company", "set"), "say what to set"),
    (("company", "set", "--gstin", PUNE_GSTIN[:-1] + "X"), "is not a GSTIN"),
    (("company", "set", "--gstin", PUNE_GSTIN, "--state", "Goa"), "is a GSTIN of Maharashtra, not of Goa"),
    (("company", "set", "--branch", "HO", "--pan", "X"), "pan is the company's and not a branch's"),
    (("company", "set", "--branch", "Nowhere", "--state", "Goa"), "there is no branch 'Nowhere'"),
    (("company", "set", "--year-starts", "02-29"), "is not a day of every year"),
    (("gst", "rate", "Soap", "x"), "is not a rate"),
    (("gst", "rate", "Soap", "101"), "101 is not a GST rate: it is a percentage from 0 to 100"),
    (("gst", "rate", "Soap", "18", "--hsn", "34"), "is not an HSN or SAC code"),
    (("gst", "rate", "Soap", "18", "--since", "April"), "'April' is not a date; write it as"),
    (("gst", "rate", "Soap", "18", "--taxability", "free"), "'free' is no taxability"),
    (("gst", "rate", "Soap", "18", "--kind", "unit"), "'unit' has no GST rates"),
    (("gst", "rates", "--kind", "unit"), "'unit' has no GST rates"),
    (("ledger", "add", "X", "--group", "Sundry Debtors", "--gst-type", "odd"), "'odd' is no GST registration"),
    (("ledger", "add", "X", "--group", "Duties & Taxes", "--tax-head", "VAT"), "'VAT' is no head of GST"),
    (("ledger", "add", "X", "--group", "Duties & Taxes", "--tax-rate", "nine"), "is not a percentage"),
    (("report", "documents-issued", "--type", "Bills"), "'Bills' is no base type"),
    (("export", "gstr1", "--month", "April", "--output", "-"), "is not a month"),
]


def test_a_mistake_ends_in_a_sentence(shop):
    for command, text in MISTAKES:
        ran = shop(*command)
        assert (ran.code, text in ran.err) == (1, True), (command, ran.err)


def test_rates_by_date_keep_their_code(shop):
    assert shop("gst", "rate", "Soap", "12", "--since", "2026-10-01").code == 0
    assert shop("gst", "rate", "Soap", "17").code == 0
    rows = shop("gst", "rates", "--json").json
    found = [(row["since"], row["rate"], row["hsn"]) for row in rows]
    assert found == [("", "17", "3401"), ("2026-10-01", "12", "3401")]
    assert "nothing to change" in shop("gst", "rate", "Soap", "17").out
    assert "Consulting" in shop("gst", "rates", "--kind", "ledger").out
    for malformed in ("--item", "--charge", "--tax-ledger"):
        assert shop(*SALE, "Asha", malformed, "Soap").code == 2
