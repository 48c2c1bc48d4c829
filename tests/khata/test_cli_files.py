"""Files in and out at the command line: what is asked before anything is written, and what is said after."""

from pathlib import Path

import pytest
from openpyxl import Workbook

from tests.khata.command_line import Ran, command_line
from tests.khata.tally import texts

SHEET = "Date,Type,Number,Ledger,Debit,Credit\n2026-04-02,Receipt,1,Cash,500,\n2026-04-02,Receipt,1,Asha Stores,,500\n"


@pytest.fixture
def khata(tmp_path, capsys, monkeypatch):
    """Run one command on the books of a test, in this process, with nobody at the keyboard."""
    run = command_line(tmp_path, capsys, monkeypatch)

    assert run("init", "Sharma Traders", "--branch", "Head Office", "--code", "HO").code == 0
    assert run("ledger", "add", "Asha Stores", "--group", "Sundry Debtors").code == 0
    return run


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "april.csv"
    path.write_text(SHEET)
    return path


def numbers(khata) -> list[str]:
    return [row["number"] for row in khata("voucher", "list", "--json").json]


def test_nothing_of_a_sheet_is_saved_before_somebody_says_so(khata, sheet):
    for arguments in ((), ("--dry-run",), ("--json",)):
        looked = khata("import", str(sheet), *arguments)
        assert looked.code == 0
        assert numbers(khata) == []
    looked = khata("import", str(sheet))
    for shown in ("How the columns are read", "The first vouchers", "Asha Stores", "import it again with --yes"):
        assert shown in looked.out
    assert khata("import", str(sheet), "--yes").out.rstrip().splitlines()[-1].startswith("saved 1 documents")
    assert numbers(khata) == ["1"]
    assert "the books hold all of it already" in khata("import", str(sheet), "--yes").out


def test_a_sheet_with_unknown_ledgers_ends_in_a_question(khata, sheet):
    sheet.write_text(SHEET.replace("Asha Stores", "Asha Store"))
    refused = khata("import", str(sheet), "--yes")
    assert refused.code == 1
    assert "'Asha Store' (perhaps 'Asha Stores')" in refused.err
    assert refused.err.rstrip().endswith("nothing was imported; answer what is asked above")
    assert numbers(khata) == []
    found = khata("import", str(sheet), "--yes", "--create-ledgers", "--json").json
    assert (found["unknown_ledgers"], found["commits"] > 0, found["mapping"]["ledger"]) == (
        ["Asha Store"],
        True,
        "Ledger",
    )
    assert found["preview"][0]["entries"][1] == {"ledger": "Asha Store", "amount": "-500.00"}


def test_sheets_and_tally_files_are_imported_apart(khata, sheet):
    refused = khata("import", str(sheet), "other.xml")
    assert (refused.code, "one by one" in refused.err) == (1, True)


def test_the_books_leave_for_tally_with_a_word_on_how_to_import_them(khata, sheet, tmp_path):
    assert khata("import", str(sheet), "--yes").code == 0
    target = tmp_path / "books.xml"
    told = khata("export", "tally", "--output", str(target), "--company", "Sharma & Co")
    assert told.out.startswith(f"wrote {target} for 'Sharma & Co': ")
    assert "1 vouchers" in told.out
    assert "Gateway of Tally > Import" in told.out
    assert "Automatic numbering" in told.out
    assert khata("export", "tally", "--output", str(target)).code == 1
    found = khata("export", "tally", "--output", str(target), "--force", "--masters-only", "--json").json
    assert (found["counts"]["vouchers"], found["left_out"]) == (0, [])
    for wrong in (("--masters-only", "--vouchers-only"), ("--encoding", "latin-1")):
        refused = khata("export", "tally", "--output", str(target), "--force", *wrong)
        assert (refused.code, refused.out) == (1, "")


def test_our_own_file_is_not_imported_twice_unasked(khata, sheet, tmp_path):
    assert khata("import", str(sheet), "--yes").code == 0
    target = tmp_path / "books.xml"
    assert khata("export", "tally", "--output", str(target)).code == 0
    refused = khata("import", str(target))
    assert refused.code == 1
    assert "1 of 1 new vouchers are in these books already" in refused.err
    assert numbers(khata) == ["1"]
    assert khata("import", str(target), "--anyway").code == 0
    assert numbers(khata) == ["1", "1"]


FAULTY = SHEET + "2026-04-03,Receipt,2,Cash,500,\n"


def last(ran: Ran) -> str:
    return ran.out.rstrip().splitlines()[-1]


def test_what_was_left_out_is_said_last_and_by_the_exit_code(khata, sheet):
    sheet.write_text(FAULTY)
    looked = khata("import", str(sheet), "--dry-run")
    assert (looked.code, last(looked)) == (1, "1 record was left out, see above")
    saved = khata("import", str(sheet), "--yes")
    assert (saved.code, last(saved)) == (1, "1 record was left out, see above")
    assert "saved 1 documents" in saved.out
    again = khata("import", str(sheet), "--yes")
    assert again.code == 1
    assert "nothing to save: the books hold the rest already" in again.out
    assert khata("import", str(sheet), "--yes", "--json").json["left_out"] == 1


def test_nothing_is_never_called_all(khata, sheet, tmp_path):
    sheet.write_text(SHEET.splitlines()[0] + "\n2026-04-03,Receipt,2,Cash,500,\n")
    only = khata("import", str(sheet), "--yes")
    assert (only.code, last(only)) == (1, "nothing was saved: the only record was left out, see above")
    empty = tmp_path / "empty.xml"
    empty.write_text("<ENVELOPE><HEADER><STATUS>1</STATUS></HEADER><BODY><DATA></DATA></BODY></ENVELOPE>")
    none = khata("import", str(empty))
    faulty = tmp_path / "faulty.xml"
    faulty.write_bytes(texts.file(texts.voucher()))
    left = khata("import", str(faulty))
    assert (left.code, last(left)) == (1, "nothing was saved: the only record was left out, see above")
    assert (none.code, last(none)) == (1, "nothing was saved: the file holds no records")


def test_tables_of_an_import_group_amounts_as_all_tables_do(khata, sheet):
    sheet.write_text(SHEET.replace("500", "210101"))
    assert "2,10,101.00" in khata("import", str(sheet), "--dry-run").out.partition("The first vouchers")[2]
    table = khata("import", str(sheet), "--yes").out.partition("Credit\n")[2]
    assert "210101" not in table


def test_what_is_dated_in_a_locked_period_stays_out_of_every_import(khata, sheet, tmp_path):
    workbook, xml = tmp_path / "april.xlsx", tmp_path / "april.xml"
    pages = Workbook()
    for line in SHEET.splitlines():
        pages.worksheets[0].append(line.split(","))
    pages.save(workbook)
    xml.write_bytes(texts.file(texts.voucher(texts.ledger("Cash", "-500"), texts.ledger("Asha Stores", "500"))))
    assert khata("lock", "set", "2026-04-30").code == 0
    for path in (sheet, workbook, xml):
        for arguments in (("--dry-run",), ("--yes",)):
            ran = khata("import", str(path), *arguments)
            assert ran.code == 1
            assert "is locked up to 2026-04-30 and left out: " in ran.err
            assert last(ran) == "nothing was saved: the only record was left out, see above"
            assert numbers(khata) == []
    found = khata("import", str(sheet), "--yes", "--json").json
    assert (found["saves"], [(one["date"], one["number"]) for one in found["locked"]]) == (0, [("2026-04-02", "1")])


def test_the_preview_marks_what_does_not_balance_and_what_is_passed_over(khata, sheet):
    sheet.write_text(SHEET.replace(",,500", ",,400") + "Total,,,,500,400\n")
    looked = khata("import", str(sheet), "--dry-run")
    assert "DOES NOT BALANCE, by  100.00" in looked.out
    assert "passed over as totals: row 4" in looked.out


def test_a_file_that_is_missing_or_no_workbook_is_named_in_words(khata, tmp_path):
    (tmp_path / "april.xlsx").write_text("Date,Ledger")
    for name in ("missing.csv", "missing.xlsx", "missing.xml"):
        ran = khata("import", str(tmp_path / name))
        assert (ran.code, "there is no" in ran.err, "Errno" in ran.err) == (1, True, False)
    ran = khata("import", str(tmp_path / "april.xlsx"))
    assert (ran.code, "is no Excel workbook" in ran.err, "Zip" in ran.err) == (1, True, False)


def test_vouchers_without_number_are_listed_as_such(khata, sheet):
    sheet.write_text(SHEET.replace(",1,", ",,"))
    assert "without number" in khata("import", str(sheet), "--yes").out
    assert numbers(khata) == [""]
