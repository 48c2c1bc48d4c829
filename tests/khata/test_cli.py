"""The command line: exit codes, sentences on stderr, JSON on stdout, and no traceback whatever one types."""

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
import typer.main

from khata.cli import app
from khata.cli.frame import grouped, plain
from tests.khata.command_line import command_line


@pytest.fixture
def khata(tmp_path, capsys, monkeypatch):
    """Run one command on the books of a test, in this process."""
    return command_line(tmp_path, capsys, monkeypatch)


@pytest.fixture
def office(khata):
    """Books of a company with one ledger of its own."""
    assert khata("init", "Sharma Traders", "--branch", "Head Office", "--code", "HO").code == 0
    assert khata("ledger", "add", "Asha Stores", "--group", "Sundry Debtors").code == 0
    return khata


RECEIPT = ("voucher", "add", "--type", "Receipt", "--date", "2026-04-02")
ENTRIES = ("--debit", "Cash:500.00", "--credit", "Asha Stores:500.00")


def test_init_shows_the_recovery_phrase_once_and_refuses_a_second_time(khata):
    ran = khata("init", "Sharma Traders", "--branch", "Head Office", "--code", "HO")
    assert ran.code == 0
    assert "will carry the name" in ran.err
    assert len(re.findall(r"^  (?:[a-z]+ ){5}[a-z]+$", ran.out, re.MULTILINE)) == 4
    again = khata("init", "Sharma Traders")
    assert again.code == 1
    assert "there are books in" in again.err
    told = khata("init", "Patel", "--code", "pa", "--json", books="other").json
    assert len(told["recovery_phrase"].split()) == 24
    assert told["code"] == "PA"


def test_a_voucher_is_saved_with_a_line_that_says_so(office):
    ran = office(*RECEIPT, *ENTRIES, "--narration", "Bill 7")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "saved Receipt HO/26-27/00001; nobody else keeps these books yet\n"


def test_the_shapes_that_programs_rely_on(office):
    entered = office(*RECEIPT, *ENTRIES, "--json").json
    assert set(entered) == {"id", "type", "number", "commit"}
    assert re.fullmatch("[0-9a-f]{32}", entered["id"])
    assert re.fullmatch("[0-9a-f]{64}", entered["commit"])
    (listed,) = office("voucher", "list", "--json").json
    assert {"id", "number", "type", "date", "party", "narration", "cancelled", "entries"} <= set(listed)
    assert listed["entries"] == [{"ledger": "Cash", "amount": "500.00"}, {"ledger": "Asha Stores", "amount": "-500.00"}]
    shown = office("voucher", "show", entered["number"], "--json").json
    assert shown["version"] == entered["commit"][:32]
    balance = office("report", "trial-balance", "--json").json
    assert {"rows", "debit", "credit"} <= set(balance)
    assert all({"ledger", "group", "debit", "credit"} <= set(row) for row in balance["rows"])
    assert balance["debit"] == balance["credit"] == "500.00"
    assert office("problems", "--json").json == []
    assert office("conflicts", "--json").json == []
    status = office("status", "--json").json
    assert (status["company"], status["device"], status["branch"]) == ("Sharma Traders", "Head Office", "Head Office")
    assert status["peers"] == []
    digest = office("digest").json
    assert set(digest) == {"commits", "tree", "books"}
    verified = office("verify", "--json").json
    assert verified["commits"] == digest["commits"]
    assert verified["differences"] == []


def test_a_conflict_is_listed_settled_and_gone(office):
    number = office(*RECEIPT, *ENTRIES, "--json").json["number"]
    version = office("voucher", "show", number, "--json").json["version"]
    office("voucher", "alter", number, "--narration", "one")
    office("voucher", "alter", number, "--narration", "two", "--version", version)
    (conflict,) = office("conflicts", "--json").json
    assert {"id", "document", "register", "values"} <= set(conflict)
    assert all({"value", "device", "at"} <= set(value) for value in conflict["values"])
    (problem,) = office("problems", "--json").json
    assert {"id", "code", "documents", "text", "settle", "settle_choices", "who", "effect"} <= set(problem)
    assert conflict["id"] in office("conflicts").out
    assert "in conflict" in office("voucher", "show", number).err
    assert office(*problem["settle"].split()[1:]).code == 0
    assert office("conflicts", "--json").json == []
    assert office("conflicts", "settle", conflict["id"], "--take", "1").code == 1
    assert [len(entry["changes"]) for entry in office("voucher", "history", number, "--json").json] == [2, 1, 1, 1]


REFUSED = [
    (("voucher", "show", "HO/26-27/00099"), 1, "there is no voucher"),
    ((*RECEIPT, "--debit", "Cash:5"), 1, "differ by 5.00"),
    ((*RECEIPT, "--debit", "Csh:5", "--credit", "Asha Stores:5"), 1, "did you mean 'Cash'? To create it"),
    ((*RECEIPT, "--debit", "Cash:five", "--credit", "Asha Stores:5"), 1, "five"),
    ((*RECEIPT, "--debit", "Cash", "--credit", "Asha Stores:5"), 2, "is not LEDGER:AMOUNT"),
    ((*RECEIPT, "--debit", "Cash:-5", "--credit", "Asha Stores:5"), 2, "amounts are positive"),
    (("voucher", "add", "--debit", "Cash:5"), 2, "--type"),
    (("voucher", "add", "--file", "nowhere.json"), 1, "nowhere.json"),
    (("voucher", "nonsense"), 2, "No such command"),
    (("voucher", "add", "--nonsense"), 2, "No such option"),
    (("ledger", "show", "Nobody"), 1, "khata ledger add Nobody"),
    (("ledger", "add", "X"), 2, "--group"),
    (("ledger", "add", "Asha stores", "--group", "Sundry Debtors"), 1, "already"),
    (("ledger", "add", "X", "--group", "Nothing"), 1, "no group is called 'Nothing'"),
    (("ledger", "alter", "Asha Stores", "--gstin", "123"), 1, "not a GSTIN"),
    (("group", "add", "X", "--nature", "sad"), 2, "sad"),
    (("report", "trial-balance", "--on", "yesterday"), 1, "not a date"),
    (("conflicts", "settle", "0000", "--take", "1"), 1, "run `khata conflicts`"),
    (("conflicts", "settle", "0000"), 2, "--take N or --value JSON"),
    (("conflicts", "settle", "0000", "--value", "{"), 1, "not JSON"),
    (("join", "nonsense"), 1, "ticket"),
    (("sync",), 1, "--peer HOST:PORT"),
    (("serve",), 1, "--listen HOST:PORT"),
    (("sync", "--peer", "nonsense:port"), 3, "is not an address"),
    (("import", "nowhere.xml"), 1, "nowhere.xml"),
    (("import",), 2, "files"),
    (("branch", "add", "Pune"), 1, "--address"),
    (("branch", "add", "Pune", "--address", "nonsense:port"), 1, "is not an address"),
    (("branch", "add", "Pune", "--code", "TOOLONG", "--address", "a:1"), 1, "TOOLONG"),
    (("master", "list", "nonsense"), 1, "not a kind of master"),
    (("master", "alter", "unit", "Nos"), 1, "no unit is called"),
]


@pytest.mark.parametrize(("arguments", "code", "text"), REFUSED)
def test_what_cannot_be_done_is_a_sentence_and_an_exit_code(office, arguments, code, text):
    ran = office(*arguments)
    assert ran.code == code, ran.err
    assert text.lower() in ran.err.lower()
    assert ran.out == ""


def test_nobody_there_is_exit_code_3(office):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    ran = office("sync", "--peer", address)
    assert ran.code == 3
    assert f"not in sync with {address}: nobody listens at {address} (Connection refused); is" in ran.err


def test_a_list_that_has_not_forked_has_nothing_to_repeat_or_leave(office):
    for command in ("repeat", "settle"):
        ran = office("keeper", command)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith("nothing is listed")


def test_commands_without_books_say_how_to_get_some(khata):
    ran = khata("voucher", "list", books="nothing")
    assert ran.code == 1
    assert "khata --books" in ran.err
    assert "khata join" in ran.err


def test_a_file_of_json_is_read_and_options_go_before_it(office, tmp_path):
    path = tmp_path / "v.json"
    entries = [{"ledger": "Cash", "amount": 12.5}, {"ledger": "Asha Stores", "amount": -12.5}]
    path.write_text(json.dumps({"type": "Receipt", "date": "2026-04-02", "narration": "file", "entries": entries}))
    number = office("voucher", "add", "--file", str(path), "--narration", "option", "--json").json["number"]
    shown = office("voucher", "show", number, "--json").json
    assert (shown["narration"], shown["entries"][0]["amount"]) == ("option", "12.50")
    path.write_text(json.dumps({**shown, "narration": "again"}))
    assert office("voucher", "alter", number, "--file", str(path)).code == 0
    assert office("voucher", "alter", number, "--file", str(path)).out.startswith("nothing to change")
    for text, reason in (("[]", "expected fields"), ("{", "not JSON"), ("\0", "not JSON")):
        path.write_text(text)
        assert reason in office("voucher", "add", "--file", str(path)).err


def test_bytes_that_are_no_text_are_refused_wherever_they_come_from(office, tmp_path, monkeypatch):
    assert office("ledger", "show", "\udcff").code == 1
    path = tmp_path / "v.json"
    path.write_bytes(b'{"type": "\xff"}')
    assert "not text in UTF-8" in office("voucher", "add", "--file", str(path)).err
    path.write_text('{"type": "\\ud800"}')
    assert "not JSON" in office("voucher", "add", "--file", str(path)).err
    assert office("master", "add", "unit", "Nos", "--set", 'formal_name="\\ud800"').code == 0
    monkeypatch.setenv("KHATA_USER", "\udcff")
    assert office(*RECEIPT, *ENTRIES).code == 0


def test_ledgers_and_groups_have_their_commands(office):
    office("group", "add", "Pune customers", "--parent", "Sundry Debtors")
    office("ledger", "alter", "Asha Stores", "--group", "Pune customers", "--opening", "100", "--alias", "Asha")
    (row,) = (row for row in office("ledger", "list", "--json").json if row["name"] == "Asha Stores")
    assert (row["group"], row["opening"]) == ("Pune customers", "100.00")
    shown = office("ledger", "show", "asha", "--json").json
    assert (shown["balance"], shown["aliases"]) == ("100.00", ["Asha"])
    (group,) = (row for row in office("group", "list", "--json").json if row["name"] == "Pune customers")
    assert (group["parent"], group["nature"], group["depth"]) == ("Sundry Debtors", "assets", 2)
    assert "Pune customers" in office("ledger", "list", "--group", "Pune customers").out
    assert office("ledger", "history", "Asha Stores").out.count("\n") >= 4


def test_tables_are_for_people(office):
    office(*RECEIPT, "--debit", "Cash:1234567.50", "--credit", "Asha Stores:1234567.50")
    assert "12,34,567.50" in office("voucher", "list").out
    assert "12,34,567.50" in office("report", "trial-balance").out
    assert "12,34,567.50" in office("voucher", "show", "HO/26-27/00001").out
    assert "-12,34,567.50" in office("report", "ledger", "Asha Stores").out
    assert "Cash-in-Hand" in office("group", "list").out
    assert "HO" in office("branch", "list").out
    assert "Sharma Traders" in office("status").out
    assert "every table as its commits say" in office("verify").out


def test_what_could_move_a_terminal_is_not_printed(office):
    office(*RECEIPT, *ENTRIES, "--narration", "\x1b[2Jgone\u202e", "--json")
    assert "\x1b" not in office("voucher", "list").out
    assert "\x1b" not in office("voucher", "list", "--json").out
    assert plain("a\x1bb\nc\u202e") == "a\ufffdb\nc\ufffd"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0.00", ""), ("5.00", "5.00"), ("999.50", "999.50"), ("1000.00", "1,000.00"), ("-12345.6789", "-12,345.6789"),
        ("123456.00", "1,23,456.00"), ("1234567.00", "12,34,567.00"), ("123456789012.00", "1,23,45,67,89,012.00"),
    ],
)  # fmt: skip
def test_amounts_are_grouped_as_in_india(amount, shown):
    assert grouped(amount) == shown


def commands(group: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Every command of the command line with the words that reach it."""
    found = []
    for name, command in group.commands.items():
        found.append(((*path, name), command))
        if hasattr(command, "commands"):
            found += commands(command, (*path, name))
    return found


def test_every_command_has_help_with_an_example():
    found = commands(typer.main.get_command(app))
    assert len(found) > 30
    for words, command in found:
        assert command.help, words
        if not hasattr(command, "commands"):
            assert re.search(rf"Examples?:\n +khata .*{re.escape(' '.join(words))}", command.help), words
            assert all(parameter.help for parameter in command.params if parameter.param_type_name == "option"), words


def test_what_prints_data_prints_it_as_json_too():
    silent = {("serve",), ("digest",), ("demo",)}
    for words, command in commands(typer.main.get_command(app)):
        if not hasattr(command, "commands") and words not in silent:
            assert any("--json" in parameter.opts for parameter in command.params), words


def test_the_disk_and_the_system_are_explained(office, tmp_path):
    database = tmp_path / "ho" / "khata.db"
    for name in ("khata.db-wal", "khata.db-shm"):
        Path(tmp_path / "ho" / name).unlink(missing_ok=True)
    database.write_bytes(database.read_bytes()[:5000])
    ran = office("voucher", "list")
    assert ran.code == 1
    assert "damaged" in ran.err or "khata verify" in ran.err
