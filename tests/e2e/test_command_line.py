"""The command line as people and programs meet it: help, exit codes, JSON shapes, and no traceback on any input."""

import json
import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest
import typer.main

from khata.cli import app
from tests.e2e.shop import Copy, meet

CHEQUE = "Payment 111"


def commands() -> list[list[str]]:
    """Every command by its words, groups that do something by themselves included."""
    found: list[list[str]] = []

    def walk(words: list[str], command: Any) -> None:
        below = getattr(command, "commands", {})
        if words and (not below or command.invoke_without_command):
            found.append(words)
        for name, inner in below.items():
            walk([*words, name], inner)

    walk([], typer.main.get_command(app))
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(words, tmp_path):
    result = Copy(tmp_path / "none").start(*words, "--help").wait()
    assert result.code == 0
    example = rf"^ +khata (--books \S+ )?{' '.join(words)}\b"
    assert re.search(example, result.out, re.MULTILINE), result.out
    assert result.err == ""


# Exit codes


def test_exit_codes(company, tmp_path):
    assert company.pune.start("voucher", "list").wait().code == 0
    assert company.pune.start("voucher", "show", "no such voucher").wait().code == 1
    assert company.pune.start("voucher", "frobnicate").wait().code == 2
    assert company.pune.start("voucher", "list", "--no-such-option").wait().code == 2
    assert company.pune.start("sync", "--peer", "127.0.0.1:1").wait().code == 3
    assert "init" in Copy(tmp_path / "empty").fails("voucher", "list")
    assert not (tmp_path / "empty").exists()


def test_failing_says_nothing_on_standard_output_and_one_thing_on_standard_error(company):
    result = company.pune.start("voucher", "show", "no such voucher").wait()
    assert result.out == ""
    assert len(result.err.splitlines()) == 1


# What programs rely on


def shape(value: Any, names: set[str]) -> None:
    assert isinstance(value, dict)
    assert set(value) >= names, f"missing: {names - set(value)}"


def test_json_of_vouchers(company):
    entered = company.pune.run(
        "voucher", "add", "--type", "Receipt", "--date", "2026-04-02", "--debit", "Cash:500.00",
        "--credit", "Café Naïve Traders:500.00", "--narration", "bill 7",
    )  # fmt: skip
    shape(entered, {"id", "number", "commit"})
    assert entered["number"] == "PUN/26-27/00001"
    (listed,) = company.pune.run("voucher", "list", "--to", "2026-04-30")
    shape(listed, {"id", "number", "type", "date", "party", "narration", "cancelled", "entries"})
    assert {key: listed[key] for key in ("id", "number", "type", "date", "narration", "cancelled", "entries")} == {
        "id": entered["id"],
        "number": entered["number"],
        "type": "Receipt",
        "date": "2026-04-02",
        "narration": "bill 7",
        "cancelled": False,
        "entries": [
            {"ledger": "Cash", "amount": "500.00"},
            {"ledger": "Café Naïve Traders", "amount": "-500.00"},
        ],
    }
    shown = company.pune.run("voucher", "show", entered["number"])
    shape(shown, set(listed) | {"version"})
    altered = company.pune.run(
        "voucher", "alter", entered["id"], "--narration", "bill 8", "--version", shown["version"]
    )
    assert altered["number"] == entered["number"]
    assert company.pune.run("voucher", "show", entered["id"])["version"] != shown["version"]
    shape(company.pune.run("voucher", "cancel", entered["number"]), {"id", "number", "commit"})
    assert company.pune.run("voucher", "show", entered["number"])["cancelled"]
    saves = company.pune.run("voucher", "history", entered["number"])
    assert [save["save"] for save in saves][:2] == [entered["commit"][:32], altered["commit"][:32]]
    for save in saves:
        shape(save, {"save", "at", "device", "user", "changes"})


def test_what_show_prints_can_be_handed_back(company):
    shown = company.pune.run("voucher", "show", CHEQUE)
    added = company.pune.run("voucher", "add", "--file", "-", given=json.dumps(shown))
    assert added["id"] != shown["id"]
    assert company.pune.run("voucher", "show", added["id"])["entries"] == shown["entries"]
    unchanged = company.pune.run("voucher", "alter", CHEQUE, "--file", "-", given=json.dumps(shown))
    assert unchanged["commit"] is None


def test_json_of_reports_and_lists(company):
    balance = company.pune.run("report", "trial-balance")
    shape(balance, {"rows", "debit", "credit"})
    for row in balance["rows"]:
        shape(row, {"ledger", "group", "debit", "credit"})
        assert re.fullmatch(r"\d+\.\d{2,4}", row["debit"])
        assert re.fullmatch(r"\d+\.\d{2,4}", row["credit"])
    early = company.pune.run("report", "trial-balance", "--on", "2026-07-09")
    assert early["rows"] != balance["rows"]
    assert {row["name"] for row in company.pune.run("ledger", "list")} >= {"Cash", "Profit & Loss A/c", "नमस्ते ट्रेडर्स"}
    shape(company.pune.run("ledger", "show", "Cash"), {"name", "group", "version"})
    assert company.pune.run("problems", "--code", "conflict") == []
    assert company.pune.run("conflicts") == []


def test_json_of_standing(company):
    meet(company.ho, company.pune)
    status = company.pune.run("status")
    shape(status, {"company", "device", "branch", "peers"})
    assert (status["company"], status["device"], status["branch"]) == ("Sharma Traders", "Pune", "Pune")
    assert {peer["name"] for peer in status["peers"]} == {"Head Office", "Nagpur"}
    for peer in status["peers"]:
        shape(peer, {"name", "connected", "in_sync_at", "missing_here", "missing_there", "error"})
    digest = company.pune.run("digest")
    assert set(digest) == {"commits", "tree", "books"}
    assert type(digest["commits"]) is int
    assert bytes.fromhex(digest["tree"])
    assert bytes.fromhex(digest["books"])
    assert company.pune.run("verify")["differences"] == []


def test_json_of_conflicts_and_problems(company):
    _, pune, nagpur = company
    for copy, amount in ((pune, "1.00"), (nagpur, "2.00")):
        copy.run("voucher", "alter", CHEQUE, "--debit", f"Cash:{amount}", "--credit", f"HDFC Bank Current A/c:{amount}")
    meet(pune, nagpur)
    (conflict,) = pune.run("conflicts")
    shape(conflict, {"id", "document", "register", "values"})
    for value in conflict["values"]:
        shape(value, {"value", "device", "at"})
    (problem,) = pune.run("problems", "--code", "conflict")
    shape(problem, {"code", "documents", "text", "settle"})
    assert problem["documents"] == [conflict["document"]]


def test_a_dry_run_saves_nothing(office, tmp_path):
    fresh = Copy(tmp_path / "fresh")
    fresh.run("init", "Other Traders")
    before = fresh.digest
    export = tmp_path / "ledgers.xml"
    export.write_text("<ENVELOPE><BODY><DATA><COLLECTION><LEDGER NAME='Asha'/></COLLECTION></DATA></BODY></ENVELOPE>")
    said = fresh.run("import", str(export), "--dry-run")
    assert said["saves"] >= 1
    assert fresh.digest == before
    fresh.run("import", str(export))
    assert fresh.digest != before


# Whatever is typed, the answer is a sentence

ADD = ("voucher", "add", "--type", "Receipt", "--date", "2026-04-02")
SIDES = ("--debit", "Cash:5", "--credit", "Café Naïve Traders:5")
REFUSED: dict[str, tuple[str, ...]] = {
    "no entries": ADD,
    "one side": (*ADD, "--debit", "Cash:5"),
    "unbalanced": (*ADD, "--debit", "Cash:5", "--credit", "Café Naïve Traders:4.99"),
    "a ledger nobody knows": (*ADD, "--debit", "Cahs:5", "--credit", "Cash:5"),
    "a type nobody knows": ("voucher", "add", "--type", "Recipt", *SIDES),
    "a date that is none": ("voucher", "add", "--type", "Receipt", "--date", "2026-02-30", *SIDES),
    "a date of another shape": ("voucher", "add", "--type", "Receipt", "--date", "2/4/2026", *SIDES),
    "an amount that is none": (*ADD, "--debit", "Cash:five", "--credit", "Café Naïve Traders:5"),
    "an amount with five decimals": (*ADD, "--debit", "Cash:0.00001", "--credit", "Café Naïve Traders:0.00001"),
    "a huge amount": (*ADD, "--debit", "Cash:" + "9" * 40, "--credit", "Café Naïve Traders:" + "9" * 40),
    "not a number": (*ADD, "--debit", "Cash:NaN", "--credit", "Café Naïve Traders:NaN"),
    "infinite": (*ADD, "--debit", "Cash:inf", "--credit", "Café Naïve Traders:inf"),
    "scientific": (*ADD, "--debit", "Cash:1e400", "--credit", "Café Naïve Traders:1e400"),
    "digits of another script": (*ADD, "--debit", "Cash:५", "--credit", "Café Naïve Traders:५"),
    "a narration as long as a book": (*ADD, *SIDES, "--narration", "".join(map(chr, range(33, 30_000)))),
    "a voucher file that is missing": ("voucher", "add", "--file", "no-such-file.json"),
    "a voucher file that is a folder": ("voucher", "add", "--file", "/"),
    "a voucher nobody knows": ("voucher", "show", "PUN/26-27/99999"),
    "a voucher without a name": ("voucher", "show", ""),
    "a version nobody knows": ("voucher", "alter", CHEQUE, "--narration", "x", "--version", "00" * 16),
    "a version that is none": ("voucher", "alter", CHEQUE, "--narration", "x", "--version", "zzz"),
    "another financial year": ("voucher", "alter", CHEQUE, "--date", "2027-04-01"),
    "a ledger that is there": ("ledger", "add", "Cash", "--group", "Sundry Debtors"),
    "a ledger without a name": ("ledger", "add", "   ", "--group", "Sundry Debtors"),
    "a ledger in no group": ("ledger", "add", "Asha", "--group", "No Such Group"),
    "a ledger with control characters": ("ledger", "add", "A\x1b[2Jsha", "--group", "Sundry Debtors"),
    "a ledger with a wrong GSTIN": ("ledger", "add", "Asha", "--group", "Sundry Debtors", "--gstin", "27AAPFU0939F1ZX"),
    "a ledger with an endless name": ("ledger", "add", "A" * 100_000, "--group", "Sundry Debtors"),
    "a half character": ("ledger", "add", "A\udce9", "--group", "Sundry Debtors"),
    "half a character where a ledger is meant": ("ledger", "show", "\udcff"),
    "half a character in a date": ("voucher", "list", "--from", "\udcff"),
    "a ledger nobody knows to alter": ("ledger", "alter", "Nobody", "--phone", "1"),
    "a group under itself": ("group", "alter", "Sundry Debtors", "--parent", "Sundry Debtors"),
    "a value that is no JSON": ("conflicts", "settle", "0123456789abcdef", "--value", "{"),
    "a kind that is none": ("master", "list", "spoon"),
    "a master deleted in use": ("master", "delete", "ledger", "HDFC Bank Current A/c"),
    "a conflict that is none": ("conflicts", "settle", "0123456789abcdef", "--take", "1"),
    "a report on no date": ("report", "trial-balance", "--on", "yesterday"),
    "a statement of nobody": ("report", "ledger", "Nobody"),
    "an export that is missing": ("import", "no-such-file.xml"),
    "an export that is a folder": ("import", "/"),
    "a branch code that is taken": ("branch", "add", "Nashik", "--code", "PUN", "--address", "127.0.0.1:7420"),
    "a branch code that is none": ("branch", "add", "Nashik", "--code", "नाशिक", "--address", "127.0.0.1:7420"),
    "a branch at no address": ("branch", "add", "Nashik", "--code", "NSK", "--address", "nowhere:at:all"),
    "a ticket that is none": ("join", "AAAA-BBBB"),
    "listening at no address": ("serve", "--listen", "127.0.0.1:99999"),
    "serving nobody": ("serve",),
    "a company in these books": ("init", "Other Traders"),
}
WRONG_USAGE: dict[str, tuple[str, ...]] = {
    "no command": ("voucher",),
    "no such command": ("voucherr", "list"),
    "no such option": ("voucher", "list", "--colour"),
    "a missing argument": ("voucher", "show"),
    "two arguments": ("voucher", "show", "1", "2"),
    "no type": ("voucher", "add", *SIDES),
    "an entry without an amount": (*ADD, "--debit", "Cash", "--credit", "Cash:5"),
    "a negative amount": (*ADD, "--debit", "Cash:-5", "--credit", "Café Naïve Traders:-5"),
    "a ledger without a group": ("ledger", "add", "Asha"),
    "neither taken nor given": ("conflicts", "settle", "0123456789abcdef"),
    "both taken and given": ("conflicts", "settle", "0123456789abcdef", "--take", "1", "--value", "1"),
    "a position that is no number": ("conflicts", "settle", "0123456789abcdef", "--take", "one"),
    "a timeout that is no number": ("sync", "--timeout", "soon"),
}


@pytest.fixture(scope="module")
def books(three, tmp_path_factory):
    """Head office's books, which none of these commands may change."""
    return Copy(three / "ho").clone(tmp_path_factory.mktemp("books") / "ho")


@pytest.fixture
def unchanged(books):
    """Whatever the test does, nothing is written by it."""
    before = written(books)
    yield
    assert written(books) == before


def written(copy: Copy) -> list[tuple[int, ...]]:
    """How much there is of all that a command can write."""
    tables = ("commits", "chain", "documents", "vouchers", "invitations")
    return [copy.query(f"SELECT count(*) FROM {table}")[0] for table in tables]


def assert_a_sentence(said: str) -> None:
    assert "Traceback" not in said
    assert len(said) < 2_000
    assert said.isprintable()


@pytest.mark.parametrize("arguments", REFUSED.values(), ids=REFUSED)
@pytest.mark.usefixtures("unchanged")
def test_what_cannot_be_done_is_refused_with_a_sentence(books, arguments):
    assert_a_sentence(books.fails(*arguments))


@pytest.mark.parametrize("arguments", WRONG_USAGE.values(), ids=WRONG_USAGE)
@pytest.mark.usefixtures("unchanged")
def test_wrong_usage_is_exit_code_2(books, arguments):
    result = books.start(*arguments).wait()
    assert result.code == 2
    assert result.out + result.err


VOUCHER_FILES: dict[str, str | bytes] = {
    "nothing": "",
    "no JSON": "{",
    "not text": b"\xff\xfe\x00",
    "a list": "[]",
    "null": "null",
    "a number": "1e999",
    "deep": "[" * 100_000,
    "an unknown field": '{"type": "Receipt", "colour": "red"}',
    "entries that are text": '{"type": "Receipt", "entries": "Cash"}',
    "an entry that is a number": '{"type": "Receipt", "entries": [1]}',
    "an amount that is a list": '{"type": "Receipt", "entries": [{"ledger": "Cash", "amount": []}]}',
    "an amount that is true": '{"type": "Receipt", "entries": [{"ledger": "Cash", "amount": true}]}',
    "a ledger that is null": '{"type": "Receipt", "entries": [{"ledger": null, "amount": "0"}]}',
    "a ledger by a broken id": '{"type": "Receipt", "entries": [{"ledger": "id:zz", "amount": "1"}]}',
    "a date that is a number": '{"type": "Receipt", "date": 1, "entries": []}',
    "a narration that is a number": '{"type": "Receipt", "narration": 1, "entries": []}',
    "half a character": '{"type": "Receipt", "narration": "\\ud800", "entries": [{"ledger": "Cash", "amount": "0"}]}',
    "a thousand entries that do not balance": json.dumps(
        {"type": "Journal", "entries": [{"ledger": "Cash", "amount": "1"}] * 1000}
    ),
    "stock that is nothing": '{"type": "Sales", "stock": [null]}',
}


@pytest.mark.parametrize("given", VOUCHER_FILES.values(), ids=VOUCHER_FILES)
@pytest.mark.usefixtures("unchanged")
def test_a_voucher_file_that_is_none_is_refused_with_a_sentence(books, given):
    assert_a_sentence(books.fails("voucher", "add", "--file", "-", given=given))


EXPORTS: dict[str, bytes] = {
    "empty": b"",
    "no XML": b"Dear Sir,",
    "broken off": b"<ENVELOPE><BODY><DATA><TALLYMESSAGE><VOUCHER>",
    "zeros": bytes(1000),
    "half of UTF-16": b"\xff\xfe<\x00E",
    "billion laughs": b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "' + b"&b;" * 1000 + b'">]><ENVELOPE>&c;</ENVELOPE>',
    "another file": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><ENVELOPE><BODY>&b;</BODY></ENVELOPE>',
}


@pytest.mark.parametrize("given", EXPORTS.values(), ids=EXPORTS)
@pytest.mark.usefixtures("unchanged")
def test_an_export_that_is_none_is_refused_with_a_sentence(books, given, tmp_path):
    export = tmp_path / "export.xml"
    export.write_bytes(given)
    said = books.fails("import", str(export))
    assert_a_sentence(said)
    assert "root:" not in said


def test_damaged_books_are_named_and_nothing_else(three, tmp_path):
    broken = Copy(three / "ho").clone(tmp_path / "broken")
    database = broken.folder / "khata.db"
    database.write_bytes(b"this is no database" * 1000)
    assert "khata.db" in broken.fails("voucher", "list")
    other = Copy(three / "ho").clone(tmp_path / "other")
    (other.folder / "device.key").write_bytes(b"no key")
    assert "device.key" in other.fails("voucher", "list")
    (other.folder / "device.key").unlink()
    assert "device.key" in other.fails("voucher", "list")


LAST = "(SELECT max(row) FROM commits)"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entries SET amount_e4=amount_e4+1 WHERE voucher=(SELECT min(voucher) FROM entries)",
        "UPDATE ledgers SET name='Nobody' WHERE name='Cash'",
        "DELETE FROM vouchers WHERE id=(SELECT max(id) FROM vouchers)",
        f"UPDATE commits SET body=zeroblob(length(body)) WHERE row={LAST}",
        f"UPDATE commits SET signature=zeroblob(64) WHERE row={LAST}",
        f"DELETE FROM commits WHERE row={LAST}",
    ],
)
def test_verify_finds_what_somebody_changed_in_the_file(three, tmp_path, change):
    copy = Copy(three / "pune").clone(tmp_path / "pune")
    with closing(sqlite3.connect(copy.folder / "khata.db")) as db:
        db.execute(change)
        db.commit()
    assert "differences found" in copy.fails("verify")
