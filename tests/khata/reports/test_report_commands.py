"""The commands of the reports: tables for people, JSON for programs, sentences for mistakes."""

import json
from pathlib import Path
from typing import Any

import pytest

from khata.books import Books
from khata.cli.frame import print_json
from khata.cli.report_printing import print_json_rows
from khata.entering_masters import alter_master
from tests.khata.company import ledger, voucher
from tests.khata.two_folders import TwoFolders, ended, khata, two_folders

REPORTS = [
    ("trial-balance",), ("trial-balance", "--on", "2026-04-30"), ("trial-balance", "--from", "2026-04-03"),
    ("group",), ("group", "Sundry Debtors"), ("ledger", "Asha"), ("profit-loss",), ("profit-loss", "--method", "fifo"),
    ("balance-sheet",), ("balance-sheet", "--from", "2026-04-03"), ("day-book",), ("day-book", "--type", "Sales"),
    ("cash-book",), ("cash-book", "Cash"), ("bank-book",),
    ("trial-balance", "--branch", "HO"), ("balance-sheet", "--branch", "head office"), ("day-book", "--branch", "ho"),
    ("ledger", "Asha", "--branch", "Head Office"), ("cash-book", "--branch", "HO"),
]  # fmt: skip


def prepare(office: Books) -> None:
    for name, group in (("Asha", "Sundry Debtors"), ("HDFC", "Bank Accounts"), ("Sales", "Sales Accounts")):
        ledger(office, name, group)
    alter_master(office, "ledger", "Cash", {"opening": "100"})
    voucher(office, "Sales", "Asha 125000.50 / Sales -125000.50", narration="First\nsale")
    voucher(office, "Receipt", "HDFC 100000 / Cash 20 / Asha -100020", "2026-04-03")
    voucher(office, "Memorandum", "Asha 1 / Sales -1", "2026-04-04")


@pytest.fixture(scope="module")
def shops(tmp_path_factory) -> TwoFolders:
    """A head office and Pune with the same books, each in its folder."""
    return two_folders(tmp_path_factory.mktemp("reports"), prepare)


def said(folder: Path, *arguments: str) -> Any:
    return json.loads(khata(folder, "report", *arguments, "--json").stdout)


@pytest.mark.parametrize("report", REPORTS, ids=" ".join)
def test_every_report_is_the_same_bytes_at_both_and_a_table(shops, report):
    office, pune = (khata(folder, "report", *report, "--json").stdout for folder in shops)
    assert office == pune
    branch = "--branch" in report
    assert json.loads(office)["branch"] == ("ho" if branch else "")
    table = khata(shops.office, "report", *report).stdout
    assert table.startswith("Sharma Traders: ")
    assert ("stand in the consolidated report" in table) == (branch and report[0] != "day-book")


def test_a_figure_can_be_followed_down_to_its_vouchers(shops):
    folder = shops.pune
    (group,) = (row for row in said(folder, "group")["rows"] if row["group"] == "Current Assets")
    (debtors,) = (row for row in said(folder, "group", group["group_id"])["rows"] if row["group"] == "Sundry Debtors")
    (asha,) = said(folder, "group", debtors["group_id"])["rows"]
    assert asha["closing"] == "24980.50"
    first, _ = said(folder, "ledger", asha["ledger_id"])["rows"]
    shown = json.loads(khata(folder, "voucher", "show", first["id"], "--json").stdout)
    assert shown["narration"] == "First\nsale"


def test_tables_group_amounts_and_mark_what_is_not_posted(shops):
    folder = shops.office
    assert "1,25,000.50" in khata(folder, "report", "profit-loss").stdout
    assert "Difference in opening balances" in khata(folder, "report", "balance-sheet").stdout
    assert "Asha and 1 more" not in khata(folder, "report", "ledger", "Asha").stdout
    assert "HDFC and 1 more" in khata(folder, "report", "ledger", "Asha").stdout
    assert "not posted" in khata(folder, "report", "day-book").stdout
    book = khata(folder, "report", "cash-book").stdout.splitlines()
    assert [line.split()[-1] for line in book if "Opening" in line or "Day" in line] == ["100.00", "120.00"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("trial-balance", "--from", "soon"), "not a date"),
        (("balance-sheet", "--branch", "Nagpur"), "known are"),
        (("profit-loss", "--method", "lifo"), "average and fifo"),
        (("group", "Sundry Debtrs"), "did you mean 'Sundry Debtors'"),
        (("ledger", "Nobody"), "no ledger is called"),
        (("bank-book", "Cash"), "khata report ledger"),
        (("day-book", "--type", "Barter"), "no voucher type is called"),
    ],
)
def test_a_mistake_is_a_sentence(shops, arguments, sentence):
    result = ended("--books", str(shops.office), "report", *arguments)
    assert result.exit_code == 1
    assert sentence in str(result.exception)


@pytest.mark.parametrize("head", [{}, {"a": 1, "b": {"c": []}}], ids=["empty", "full"])
@pytest.mark.parametrize("rows", [[], [{"x": "two\nlines", "y": [1, {}]}], [{}, {"z": None}]], ids=len)
def test_rows_printed_one_by_one_are_the_bytes_of_all_at_once(capsys, head, rows):
    print_json({**head, "rows": rows})
    expected = capsys.readouterr().out
    print_json_rows(head, iter(rows))
    assert capsys.readouterr().out == expected
