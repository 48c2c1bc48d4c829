"""Tally files into real books: what was planned is saved, again changes nothing, and nobody's own entry is lost."""

from pathlib import Path

import pytest

from khata.books import Books
from khata.conflicts import list_conflicts
from khata.entering_masters import alter_master
from khata.importing import carry_out, plan_import, summary
from khata.listing import history, list_vouchers
from khata.periods import lock_period
from khata.problems import find_problems
from khata.reports.trial_balance import trial_balance
from khata.verify import verify
from tests.khata.company import a_branch, a_company, alter, contents, found, sync

LEDGERS = [("Asha Stores", "Sundry Debtors", "-100.00"), ("Sales", "Sales Accounts", "")]
RECEIPT = ("1", "20260402", "Receipt", "Bill 7", [("Cash", "-500.00"), ("Asha Stores", "500.00")])


def export(folder: Path, name: str, vouchers=(RECEIPT,), ledgers=LEDGERS) -> Path:
    """A Tally export: ledgers as (name, group, opening), vouchers as (number, date, type, narration, entries)."""
    parts = [
        f'<LEDGER NAME="{ledger}"><GUID>g-{ledger}</GUID><PARENT>{group}</PARENT>'
        f"<OPENINGBALANCE>{opening}</OPENINGBALANCE></LEDGER>"
        for ledger, group, opening in ledgers
    ]
    for number, date, kind, narration, entries in vouchers:
        lines = "".join(
            f"<ALLLEDGERENTRIES.LIST><LEDGERNAME>{ledger}</LEDGERNAME><AMOUNT>{amount}</AMOUNT></ALLLEDGERENTRIES.LIST>"
            for ledger, amount in entries
        )
        parts.append(
            f'<VOUCHER VCHTYPE="{kind}"><GUID>v-{number}</GUID><DATE>{date}</DATE>'
            f"<VOUCHERTYPENAME>{kind}</VOUCHERTYPENAME><VOUCHERNUMBER>{number}</VOUCHERNUMBER>"
            f"<NARRATION>{narration}</NARRATION>{lines}</VOUCHER>"
        )
    messages = "".join(f"<TALLYMESSAGE>{part}</TALLYMESSAGE>" for part in parts)
    path = folder / name
    path.write_text(
        "<ENVELOPE><HEADER><TALLYREQUEST>Import Data</TALLYREQUEST></HEADER><BODY><IMPORTDATA><REQUESTDATA>"
        f"{messages}</REQUESTDATA></IMPORTDATA></BODY></ENVELOPE>",
        encoding="utf-8",
    )
    return path


def imported(books: Books, *paths: Path, source: str = "") -> int:
    """Import files; how many saves that made."""
    planned = plan_import(books, paths, source)
    assert planned.skipped == []
    carry_out(books, planned)
    return len(planned)


def balances(books: Books) -> dict[str, str]:
    return {
        row["ledger"]: row["debit"] if row["debit"] != "0.00" else f"-{row['credit']}"
        for row in trial_balance(books)["rows"]
    }


def test_an_export_becomes_vouchers_with_debits_positive(tmp_path):
    books = a_company()
    assert imported(books, export(tmp_path, "DayBook.xml")) == 3
    (listed,) = list_vouchers(books)
    assert (listed["number"], listed["type"], listed["date"], listed["narration"]) == (
        "1", "Receipt", "2026-04-02", "Bill 7",
    )  # fmt: skip
    assert listed["entries"] == [{"ledger": "Cash", "amount": "500.00"}, {"ledger": "Asha Stores", "amount": "-500.00"}]
    assert balances(books) == {"Cash": "500.00", "Asha Stores": "-400.00", "Difference in opening balances": "-100.00"}
    assert find_problems(books) == []
    assert verify(books).differences == ()
    (save,) = history(books, found(books, "1").row)
    assert save["origin"].startswith("import:")


def test_importing_again_changes_nothing_and_a_changed_export_alters(tmp_path):
    books = a_company()
    imported(books, export(tmp_path, "DayBook.xml"))
    commits = books.replica.store.count()
    assert imported(books, tmp_path / "DayBook.xml") == 0
    assert books.replica.store.count() == commits
    changed = ("1", "20260403", "Receipt", "Bill 8", [("Cash", "-600.00"), ("Asha Stores", "600.00")])
    assert imported(books, export(tmp_path, "DayBook.xml", [changed])) == 1
    (listed,) = list_vouchers(books)
    assert (listed["date"], listed["narration"], listed["entries"][0]["amount"]) == ("2026-04-03", "Bill 8", "600.00")
    assert list_conflicts(books) == []


def test_what_was_altered_here_since_the_last_import_is_a_conflict_and_never_overwritten_unseen(tmp_path):
    books = a_company()
    imported(books, export(tmp_path, "DayBook.xml"))
    alter(books, "1", narration="mine")
    assert imported(books, tmp_path / "DayBook.xml") == 0
    assert list_vouchers(books)[0]["narration"] == "mine"
    changed = (*RECEIPT[:3], "theirs", RECEIPT[4])
    imported(books, export(tmp_path, "DayBook.xml", [changed]))
    (conflict,) = list_conflicts(books)
    assert {value["value"] for value in conflict["values"]} == {"mine", "theirs"}


def test_the_first_import_speaks_after_what_every_company_begins_with(tmp_path):
    books = a_company()
    cash = [("Cash", "Cash-in-Hand", "-25.00")]
    imported(books, export(tmp_path, "Masters.xml", (), cash))
    assert balances(books)["Cash"] == "25.00"
    assert list_conflicts(books) == []


def test_a_ledger_renamed_here_stays_renamed_when_its_voucher_is_imported_again(tmp_path):
    books = a_company()
    imported(books, export(tmp_path, "DayBook.xml"))
    alter_master(books, "ledger", "Asha Stores", {"name": "Asha Enterprises"})
    assert imported(books, tmp_path / "DayBook.xml") == 0
    assert list_vouchers(books)[0]["entries"][1]["ledger"] == "Asha Enterprises"


def test_an_alteration_goes_where_the_voucher_lies_though_another_branch_imports_it(tmp_path):
    office = a_company()
    imported(office, export(tmp_path, "DayBook.xml"), source="counter")
    pune = a_branch(office, "Pune")
    assert imported(pune, tmp_path / "DayBook.xml", source="counter") == 0
    changed = (*RECEIPT[:3], "at Pune", RECEIPT[4])
    imported(pune, export(tmp_path, "DayBook.xml", [changed]), source="counter")
    sync(pune, office)
    assert found(office, "1").scope == "vouchers/ho/receipt/2026-04"
    assert list_vouchers(office)[0]["narration"] == "at Pune"
    assert find_problems(office) == []


def test_one_export_imported_at_two_branches_apart_makes_one_voucher_in_two_places(tmp_path):
    office = a_company()
    pune = a_branch(office, "Pune")
    for copy in (office, pune):
        imported(copy, export(tmp_path, "DayBook.xml"), source="counter")
    sync(pune, office)
    assert [problem.code for problem in find_problems(office)] == ["one-id-in-two-scopes"]
    assert contents(office) == contents(pune)


def test_a_broken_off_import_is_finished_by_importing_again(tmp_path):
    many = [(str(number), f"2026{month:02}02", "Receipt", "", RECEIPT[4]) for month in (4, 5) for number in range(9)]
    whole, broken = a_company(), a_company()
    path = export(tmp_path, "DayBook.xml", [(f"{month}-{n}", *rest) for n, (month, *rest) in enumerate(many)])
    imported(whole, path, source="x")
    planned = plan_import(broken, [path], "x")

    def stop(_steps: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(broken, planned, stop)
    assert 0 < broken.replica.store.count() < whole.replica.store.count()
    imported(broken, path, source="x")
    assert list_vouchers(broken) == list_vouchers(whole)
    assert verify(broken).differences == ()


def test_a_dry_run_saves_nothing_and_says_what_would_be(tmp_path):
    books = a_company()
    before = books.replica.store.count()
    planned = plan_import(books, [export(tmp_path, "DayBook.xml")])
    told = summary(planned, None)
    assert books.replica.store.count() == before
    assert told["dry_run"]
    assert told["counts"]["voucher"] == {"new": 1, "altered": 0, "unchanged": 0}
    (file,) = told["files"]
    assert (file["file"], file["vouchers"], file["debit"], file["credit"]) == ("DayBook.xml", 1, "500.00", "500.00")


def test_a_bad_record_is_named_and_the_rest_is_imported(tmp_path):
    books = a_company()
    bad = ("2", "20260402", "Receipt", "", [("Cash", "-500.00"), ("Asha Stores", "400.00")])
    planned = plan_import(books, [export(tmp_path, "DayBook.xml", [bad, RECEIPT])])
    carry_out(books, planned)
    (skipped,) = summary(planned, 1)["skipped"]
    assert (skipped["file"], skipped["record"]) == ("DayBook.xml", 3)
    assert "500.00" in skipped["reason"]
    assert [row["number"] for row in list_vouchers(books)] == ["1"]


def test_what_is_dated_in_a_locked_period_is_left_out_and_named(tmp_path):
    books = a_company()
    imported(books, export(tmp_path, "DayBook.xml"))
    lock_period(books, "2026-04-30")
    altered = (*RECEIPT[:3], "altered", RECEIPT[4])
    others = [("2", "20260430", *RECEIPT[2:]), ("3", "20260501", *RECEIPT[2:])]
    planned = plan_import(books, [export(tmp_path, "DayBook.xml", [altered, *others])])
    (finding,) = planned.findings
    assert finding.text.startswith("2 vouchers are dated in a period that is locked up to 2026-04-30 and left out")
    assert (planned.count("voucher").new, planned.count("voucher").altered) == (1, 0)
    carry_out(books, planned)
    assert [(row["number"], row["narration"]) for row in list_vouchers(books)] == [("1", "Bill 7"), ("3", "Bill 7")]
    assert find_problems(books) == []
