"""`khata export`: what is said, where it is said, and which files are never touched."""

import csv
import json
import sys

import pytest

from khata.books import Books
from khata.cli import main
from khata.export.out_file import export
from khata.folder import BooksFolder
from tests.khata.company import voucher

JOURNALS = ("hledger", "ledger", "beancount")


@pytest.fixture
def khata(tmp_path, capsys, monkeypatch):
    """Run one command on the books of a test, in this process: its exit code, what it printed, what it complained."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KHATA_USER", "asha")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["khata", "--books", "books", *arguments])
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        return (code, *capsys.readouterr())

    assert run("init", "Sharma Traders", "--branch", "Head Office", "--code", "HO")[0] == 0
    assert run("ledger", "add", "Asha Stores", "--group", "Sundry Debtors")[0] == 0
    sides = ("--debit", "Cash:500.5", "--credit", "Asha Stores:500.5")
    assert run("voucher", "add", "--type", "Receipt", "--date", "2026-04-02", *sides)[0] == 0
    return run


@pytest.mark.parametrize("form", [*JOURNALS, "csv", "xlsx"])
def test_every_form_is_written_and_said_in_one_line(khata, tmp_path, form):
    code, out, err = khata("export", form, "--output", "out.file")
    assert (code, err) == (0, "")
    assert out.startswith("wrote out.file: ")
    assert (tmp_path / "out.file").stat().st_size > 100
    code, out, err = khata("export", form, "--output", "out.file")
    assert (code, out) == (1, "")
    assert "--force" in err
    code, out, _ = khata("export", form, "--output", "out.file", "--force", "--json")
    assert code == 0
    assert json.loads(out)["file"] == "out.file"


@pytest.mark.parametrize("form", [*JOURNALS, "csv"])
def test_standard_output_has_the_text_alone(khata, tmp_path, form):
    khata("export", form, "--output", "out.file")
    code, out, err = khata("export", form, "--output", "-", "--json")
    assert code == 0
    assert out == (tmp_path / "out.file").read_bytes().decode()
    assert json.loads(err)["file"] == "-"


def test_hledger_and_ledger_get_the_same_text(khata):
    assert khata("export", "hledger", "--output", "-")[1] == khata("export", "ledger", "--output", "-")[1]


@pytest.mark.parametrize("name", ["khata.db", "khata.db-wal", "device.key", "serve.lock"])
def test_the_files_of_the_books_are_never_replaced(khata, tmp_path, name):
    before = (tmp_path / "books" / "khata.db").read_bytes()
    code, _, err = khata("export", "hledger", "--output", f"books/{name}", "--force")
    assert code == 1
    assert "belongs to the books" in err
    assert (tmp_path / "books" / "khata.db").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("hledger", "--from", "1.4.2026"), "is not a date"),
        (("beancount", "--branch", "Nagpur"), "known are Head Office"),
        (("csv", "--what", "elephants"), "one of entries, vouchers"),
    ],
)
def test_what_makes_no_sense_is_refused_and_no_file_is_left(khata, tmp_path, arguments, said):
    code, _, err = khata("export", *arguments, "--output", "out.file")
    assert code == 1
    assert said in err
    assert not [path for path in tmp_path.iterdir() if "out.file" in path.name]


def test_a_span_limits_what_is_written(khata):
    _, out, _ = khata("export", "csv", "--output", "-", "--from", "2026-04-02", "--to", "2026-04-02", "--branch", "HO")
    assert [row[3:6] for row in csv.reader(out.splitlines())][1:] == [
        ["Cash", "500.50", ""],
        ["Asha Stores", "", "500.50"],
    ]
    assert len(khata("export", "csv", "--output", "-", "--from", "2026-04-03")[1].splitlines()) == 1


def test_what_another_process_enters_meanwhile_is_in_the_next_export(khata, tmp_path):
    folder = BooksFolder(tmp_path / "books")

    def write(books, out, step):
        before = books.db.execute("SELECT count(*) FROM vouchers").fetchone()
        other = Books.open(folder)
        voucher(other, "Receipt", "Cash 1 / Asha Stores -1")
        other.close()
        assert books.db.execute("SELECT count(*) FROM vouchers").fetchone() == before
        return {}

    books = Books.open(folder)
    export(books, str(tmp_path / "out.file"), write)
    assert books.db.execute("SELECT count(*) FROM vouchers").fetchone() == (2,)
    books.close()
