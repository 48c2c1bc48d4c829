"""`khata log` and `khata find` as they are typed: tables, JSON, files, and sentences for what is wrong."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from khata.books import Books
from khata.folder import BooksFolder
from khata.log.entries import read_log
from khata.search.find import find
from p2p.commit import parse_commit_untrusted
from p2p.judging import Checked, judge
from tests.khata.command_line import command_line


@pytest.fixture
def khata(tmp_path, capsys, monkeypatch):
    """Run a command on books that hold one altered receipt."""
    run = command_line(tmp_path, capsys, monkeypatch)

    assert run("init", "Bazaar", "--code", "HO", "--user", "Asha").code == 0
    assert run("ledger", "add", "Sharma Traders", "--group", "Sundry Debtors").code == 0
    receipt = ("--type", "Receipt", "--date", "2026-04-02", "--debit", "Cash:500", "--credit", "Sharma Traders:500")
    assert run("voucher", "add", *receipt, "--narration", "=HYPERLINK(1)").code == 0
    assert run("voucher", "alter", "HO/26-27/00001", "--narration", "two\nlines\x1b[2J").code == 0
    return run


def test_lines_for_people(khata):
    told = khata("log", "--voucher", "HO/26-27/00001").out
    day = r"\d{4}-\d\d-\d\d \d\d:\d\d  "
    number = "Receipt HO/26-27/00001"
    entries = "2026-04-02 Cash 500.00, Sharma Traders -500.00"
    first = rf"{day}Asha at Head Office entered {number}: {entries}; narration '=HYP.*'"
    second = rf"{day}Asha at Head Office altered {number}: narration '=HYPERLINK\(1\)' -> 'two lines\ufffd\[2J'"
    assert re.fullmatch(rf"{first}\n{second}\n", told)
    assert khata("log", "--limit", "1", "--reverse").out == told.splitlines(keepends=True)[1]


def test_json_is_one_array_and_json_lines_are_the_same_entries(khata, tmp_path: Path):
    whole = json.loads(khata("log", "--json").out)
    assert [json.loads(line) for line in khata("log", "--jsonl").out.splitlines()] == whole
    assert json.loads(khata("log", "--json", "--reverse").out) == whole[::-1]
    assert json.loads(khata("log", "--json", "--to", "2001-01-01").out) == []
    file = tmp_path / "log.jsonl"
    assert khata("log", "--output", str(file)).out == f"wrote {len(whole)} entries to {file}\n"
    assert [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] == whole
    books = Books.open(BooksFolder(tmp_path / "ho"))
    assert list(read_log(books)) == whole
    books.close()


def test_a_spreadsheet_has_a_row_for_each_change_and_no_formula(khata, tmp_path: Path):
    file = tmp_path / "log.csv"
    assert json.loads(khata("log", "--voucher", "HO/26-27/00001", "--output", str(file), "--json").out)["entries"] == 2
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    assert [row["Register"] for row in rows] == ["narration", "number", "posting", "narration"]
    assert (rows[0]["After"], rows[3]["Before"]) == ("'=HYPERLINK(1)", "'=HYPERLINK(1)")
    assert {row["User"] for row in rows} == {"Asha"}
    refused = khata("log", "--output", str(file))
    assert (refused.code, "--force" in refused.err) == (1, True)
    assert khata("log", "--output", str(file), "--force").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--voucher", "HO/1"), "no voucher"),
        (("--ledger", "Nobody"), "no ledger"),
        (("--branch", "Goa"), "no branch"),
        (("--user", "Nobody"), "known are Asha\n"),
        (("--user", "keeper"), "nobody called 'keeper'"),
        (("--origin", "bogus"), "there are control, entry, import, init, lock-put-back, restore, set-aside, settle"),
        (("--origin", "import:Bogus"), "nothing here has the origin"),
        (("--device", "Nobody"), "known are Head Office"),
        (("--kind", "elephant"), "there are "),
        (("--from", "1 April"), "is not a date"),
        (("--output", "log.pdf"), "end the name in"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(khata, arguments, said):
    ran = khata("log", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_an_origin_that_nothing_has_yet_is_an_empty_log(khata):
    ran = khata("log", "--origin", "settle")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_whatever_a_commit_brought_stands_in_the_log(khata, tmp_path: Path):
    """Nothing but commits reaches the books, and all that is in them is told: no command can save beside the log."""
    for command in (
        ("group", "add", "Debtors Pune", "--parent", "Sundry Debtors"),
        ("master", "delete", "group", "Debtors Pune"),
        ("master", "restore", "group", "Debtors Pune"),
        ("voucher", "cancel", "HO/26-27/00001"),
        ("period", "lock", "--to", "2025-03-31"),
    ):
        khata(*command)
    books = Books.open(BooksFolder(tmp_path / "ho"))
    replica = books.replica
    brought = [
        (one.id.hex(), one.save.id.hex())
        for stored in replica.store.everything()
        for commit in [parse_commit_untrusted(stored.header, stored.signature, stored.body)]
        for one in judge(Checked(commit.id, commit, True, ""), replica.chain, replica.keyring, replica.keys.id).incoming
    ]
    told = [entry for entry in read_log(books) if entry["origin"] != "control"]
    assert sorted((entry["document"], entry["save"]) for entry in told) == sorted(brought)
    assert {"founded", "sealed", "entered", "altered", "deleted", "restored", "cancelled"} == {
        entry["action"] for entry in told
    }
    books.close()


def test_find_shows_what_opens_each(khata):
    table = khata("find", "sharma").out
    assert "khata ledger show 'Sharma Traders'" in table
    assert "khata voucher show HO/26-27/00001" in table
    found = json.loads(khata("find", "sharma", "500", "--json").out)
    assert [one["name"] for one in found] == ["HO/26-27/00001"]
    assert json.loads(khata("find", "elephant", "--json").out) == []
    assert "fewer words" in khata("find", "elephant").out
    assert khata("find", "*").code == 1
    assert khata("find", "sharma", "--limit", "1").out.endswith("the first 1; --limit shows more\n")


def test_what_another_process_writes_is_found_and_logged(khata, tmp_path: Path):
    """A copy that is open all the while follows what a command beside it saves."""
    books = Books.open(BooksFolder(tmp_path / "ho"))
    assert [one["name"] for one in find(books, "sharma")] == ["Sharma Traders", "HO/26-27/00001"]
    entries = len(list(read_log(books)))
    assert khata("ledger", "alter", "Sharma Traders", "--name", "Verma Traders").code == 0
    assert khata("ledger", "add", "Sharma Sons", "--group", "Sundry Debtors").code == 0
    assert [one["name"] for one in find(books, "sharma")] == ["Sharma Sons"]
    assert [one["name"] for one in find(books, "verma")] == ["Verma Traders", "HO/26-27/00001"]
    assert len(list(read_log(books))) == entries + 2
    books.close()
