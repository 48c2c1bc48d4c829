"""What other people's Tally really exported: every figure checked against the file, every lying answer named."""

from collections import Counter
from pathlib import Path

import pytest

from crdt_models.masters import Group, Ledger, StockItem, VoucherType
from crdt_models.vouchers import check, imbalance
from khata.tally.importer import binding_for, plan
from khata.tally.reader import read
from tests.khata.tally.books import COMPANY, Books

DATA = Path(__file__).parents[2] / "data" / "tally"
SAMPLE = Path(__file__).parents[3] / "khata" / "sample_data"
WR2 = ["group_snapshot_wr2_with_identity.utf16le", "ledgers_native_wr2_core_window", "voucher_types_native_wr2"]
WR2 += ["vouchers_native_wr2"]
TRADING = ["groups", "ledger-list", "voucher-types", "day-book", "day-book-trading"]


def bridge(*names):
    return [DATA / "bridge" / f"{name}.xml" for name in names]


def mcp(*names):
    return [DATA / "tally-mcp" / f"{name}.xml" for name in names]


def planned(books, paths, expected=""):
    return plan(read(paths, expected), books, COMPANY, binding_for("device"), "ho")


def imported(paths):
    books = Books()
    made = planned(books, paths)
    assert not made.skipped
    assert not made.refused
    books.carry_out(made)
    for voucher in books.vouchers():
        check(voucher.posting)
        assert not imbalance(voucher.posting)
    assert len(planned(books, paths)) == 0
    return books, made


def postings(books):
    return {
        voucher.number: [(books.name_of(Ledger, entry.ledger), entry.amount) for entry in voucher.posting.entries]
        for voucher in books.vouchers()
    }


def test_the_wr2_company():
    books, made = imported(bridge(*WR2))
    assert (made.count("group").new, made.count("ledger").new, made.count("voucher").new) == (1, 7, 3)
    assert not made.findings
    assert postings(books) == {
        "1": [("नमस्ते ट्रेडर्स", "101.01"), ("WR2 Sales", "-101.01")],
        "2": [("Café Naïve Traders", "102.02"), ("WR2 Sales", "-102.02")],
        "3": [("WR2 XML Café Naïve Ledger 01A01A2F", "103.03"), ("WR2 Sales", "-103.03")],
    }
    nested = books.master(Ledger, "Bridge Nested Debtor WR4")
    assert nested.opening == "50000.00"
    assert books.name_of(Group, nested.group) == "Bridge Nested Debtors WR4"
    assert books.master(Ledger, "Profit & Loss A/c").group is None
    assert books.master(Group, "Bank OD A/c").aliases == ("Bank OCC A/c",)
    guid = "61c6de69-1748-461c-ad3f-162cb949df9f"
    (voucher, *_) = books.vouchers()
    assert voucher.sources.keys() == {f"device/{guid}"}


def test_both_group_lists_of_that_company_say_the_same():
    first, _ = imported(bridge("group_snapshot_wr2"))
    second, _ = imported(bridge("group_snapshot_wr2_with_identity.utf16le"))
    for kind, document in first.documents:
        ours, theirs = (
            {name: value for name, value in books.documents[kind, document].items() if not name.startswith("source:")}
            for books in (first, second)
        )
        assert ours == theirs


def test_the_trading_company():
    books, made = imported(mcp(*TRADING))
    assert made.defaults == {
        "group": ["SALARY PAYABLE", "Unclassified"],
        "stock-item": ["Widget, 12mm"],
        "unit": ["nos"],
    }
    assert {totals.file: (totals.debit.text, totals.credit.text) for totals in made.totals if totals.vouchers} == {
        "day-book.xml": ("210101.00", "210101.00"),
        "day-book-trading.xml": ("45989.44", "45989.44"),
    }
    assert postings(books)["MT/2026/0042"] == [
        ("Bramley & Sons Accessories Private Limited", "59595.95"),
        ("Sales - Domestic", "-50505.05"),
        ("Output IGST", "-9090.90"),
    ]
    bases = Counter((books.name_of(VoucherType, found.posting.type), found.posting.base) for found in books.vouchers())
    assert bases == {
        ("Payment", "payment"): 2,
        ("Sales", "sales"): 2,
        ("Tax Invoice", "sales"): 1,
        ("Purchase", "purchase"): 1,
    }
    lines = [line for found in books.vouchers() for line in found.posting.stock]
    assert {(line.quantity, line.rate, line.amount) for line in lines} == {
        ("-100", "505.05", "-50505.05"),
        ("-100", "202.02", "-20202.02"),
    }
    bramley = books.master(Ledger, "Bramley & Sons Accessories Private Limited")
    assert bramley.gst.gstin == "29AABCE1234F1Z5"
    assert books.name_of(Group, bramley.group) == "Sundry Creditors"
    # Tally says debit negative: a bank with 505,050.51 is in credit there, and in credit here.
    assert books.master(Ledger, "HDFC Bank Current A/c").opening == "-505050.51"
    assert books.master(Ledger, "Output IGST").opening == "0.00"
    series = books.master(VoucherType, "Payment").series
    assert [(part.method, part.submethod, part.prevent_duplicates) for part in series] == [
        ("Automatic", "Auto Retain", True)
    ]


def test_bank_instruments():
    books, _ = imported(mcp("bank-vouchers"))
    found = {
        voucher.number: [bank for entry in voucher.posting.entries for bank in entry.bank]
        for voucher in books.vouchers()
    }
    assert [(bank.number, bank.bank_date, bank.amount) for bank in found["P-20"]] == [
        ("100234", "2026-07-12", "-60000.00")
    ]
    assert [(bank.transaction, bank.ifsc, bank.bank_date) for bank in found["R-9"]] == [
        ("UTR9988776655", "HDFC0000123", "")
    ]
    assert found["J-3"] == []


def test_opening_stock():
    books, _ = imported(mcp("stock-items-populated"))
    item = books.master(StockItem, "L-Carnitine Base")
    assert [(part.quantity, part.value) for part in item.opening] == [("10325", "196598.53")]
    assert (item.parent, item.category) == (None, None)


def test_an_optional_voucher():
    books, _ = imported(bridge("unit_a_optional_voucher_live"))
    assert {voucher.number: voucher.optional for voucher in books.vouchers()} == {"1": False, "2": True}
    (bill,) = [
        bill
        for voucher in books.vouchers()
        if voucher.optional
        for entry in voucher.posting.entries
        for bill in entry.bills
    ]
    assert (bill.kind, bill.name, bill.amount, bill.date) == ("against", "BRIDGE-OPT-0001", "-9999.00", "2026-04-01")


@pytest.mark.parametrize(
    ("path", "masters", "vouchers"),
    [
        *[(path, 4, 0) for path in mcp("groups", "ledger-list-allfields", "ledger-list-tds")],
        *[(path, 7, 0) for path in mcp("ledger-list-fixedassets")],
        *[(path, 3, 0) for path in mcp("stock-divergence-ledgers")],
        *[(path, 0, 3) for path in mcp("vouchers-fixedassets")],
        *[(path, 27, 0) for path in bridge("unit_a_invalid_char_ref_live")],
    ],
    ids=lambda value: value.stem if isinstance(value, Path) else None,
)
def test_lists_that_carry_real_objects_are_imported(path, masters, vouchers):
    _, made = imported([path])
    (totals,) = made.totals
    assert (totals.masters, totals.vouchers) == (masters, vouchers)


@pytest.mark.parametrize(
    "path",
    mcp("trial-balance", "stock-summary", "godown-summary", "stock-divergence-trial-balance"),
    ids=lambda path: path.stem,
)
def test_reports_are_told_from_masters(path):
    made = planned(Books(), [path])
    (finding,) = made.refused
    assert finding.code == "report"
    assert "not masters or vouchers" in finding.text
    assert "All Masters and the Day Book" in finding.text
    assert len(made) == 0


FAULTS = {
    "duplicate_export_metadata": ("metadata", False, "gives SCHEMA twice"),
    "empty_export": ("empty", False, "holds no masters and no vouchers"),
    "exact_decimals": ("empty", False, "holds no masters and no vouchers"),
    "export_status_0": ("status", True, "STATUS 0, not 1: BRIDGE_SYNTHETIC_APPLICATION_REJECTION"),
    "export_status_1": ("empty", False, "holds no masters and no vouchers"),
    "export_status_invalid": ("status", True, "STATUS -1, not 1"),
    "export_status_missing": ("status", False, "does not say whether its export succeeded"),
    "import_counters": ("answer", True, "answer to an import into Tally, not an export: all was taken (created 2"),
    "import_duplicate": ("answer", True, "not everything was taken (created 0, altered 0, ignored 1"),
    "import_partial": ("answer", True, "BRIDGE_SYNTHETIC_VALIDATION_REJECTION"),
    "inconsistent_date_filter": ("period", False, "2026-07-01 to 2026-07-31 was asked for"),
    "malformed": ("unreadable", True, "line 1: the file is damaged or cut short"),
    "malformed_export_metadata": ("record-count", True, "'-1' records, which is no number"),
    "record_count_mismatch": ("record-count", True, "says it holds 2 records, but 1 are in it"),
    "truncated": ("unreadable", True, "line 2: the file is damaged or cut short"),
    "wrong_company": ("empty", False, "holds no masters and no vouchers"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_answers_that_lie_or_break_are_named(name):
    code, refuses, text = FAULTS[name]
    made = planned(Books(), bridge(f"faults/{name}"))
    (finding,) = [finding for finding in made.findings if finding.code == code]
    assert text in finding.text
    assert finding.refuses == refuses
    assert len(made) == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("duplicate_identity", "its GUID 00000000-0000-4000-8000-000000000199 is also that of"),
        ("inconsistent_date_filter", "no ledger lines"),
        ("voucher_export", "no ledger lines"),
    ],
)
def test_records_that_cannot_be_kept_are_named(name, reason):
    (skipped,) = planned(Books(), bridge(f"faults/{name}")).skipped
    assert reason in skipped.reason


def test_the_wrong_company_is_refused_where_one_is_expected():
    book = "00000000-0000-4000-8000-000000000001"
    made = planned(Books(), bridge("faults/wrong_company", "faults/normal_export"), expected=book)
    assert [(finding.file, finding.code) for finding in made.refused] == [("wrong_company.xml", "wrong-company")]
    assert made.count("ledger").new == 1


def test_every_fault_is_looked_at():
    looked_at = {*FAULTS, "duplicate_identity", "voucher_export", "normal_export"}
    assert {path.stem for path in (DATA / "bridge" / "faults").glob("*.xml")} == looked_at


def test_what_the_demo_imports_is_what_was_published():
    for path in SAMPLE.rglob("*.xml"):
        assert path.read_bytes() == (DATA / path.relative_to(SAMPLE)).read_bytes()
    assert all((folder / "LICENSE").is_file() for folder in SAMPLE.iterdir() if folder.is_dir())
