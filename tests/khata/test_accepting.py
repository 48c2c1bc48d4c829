"""Problems on the command line: listed, narrowed down, shown, accepted, taken back, mended."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from crdt_models.errors import KhataError
from khata.books import Books
from khata.entering_masters import alter_master
from khata.listing import history
from khata.master_lists import master_row
from tests.khata.company import alter, ledger, put, voucher
from tests.khata.two_folders import TwoFolders, ended, khata, opened, two_folders


def prepare(books: Books) -> None:
    ledger(books, "Asha")
    voucher(books, "Receipt", "Cash 500 / Asha -500")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> TwoFolders:
    """Both branches gave the number 7, and altered the same receipt and the same ledger."""
    two = two_folders(tmp_path_factory.mktemp("two"), prepare)
    two.apart(lambda books: work(books, "600", "a"), lambda books: work(books, "700", "b"))
    return two


def work(books: Books, amount: str, letter: str) -> None:
    posting = {
        "base": "receipt",
        "type": books.names.find("voucher-type", "Receipt").document,
        "date": "2026-04-02",
        "entries": [
            {"ledger": books.names.find("ledger", "Cash").document, "amount": f"{amount}.00"},
            {"ledger": books.names.find("ledger", "Asha").document, "amount": f"-{amount}.00"},
        ],
    }
    scope = f"vouchers/{books.member.branch}/receipt/2026-04"
    put(books, scope, "voucher", letter.encode() * 16, posting=posting, number="7")
    alter(books, "HO/26-27/00001", f"Cash {amount} / Asha -{amount}")
    alter_master(books, "ledger", "Asha", {"opening": f"{amount}.00"})


@pytest.fixture
def two(made: TwoFolders, tmp_path: Path) -> TwoFolders:
    return made.copy(tmp_path)


def listed(folder: Path, *options: str) -> Any:
    return json.loads(khata(folder, "problems", *options, "--json").stdout)


def refused(folder: Path, *arguments: str) -> str:
    result = ended("--books", str(folder), *arguments)
    assert isinstance(result.exception, KhataError), result.output
    return str(result.exception)


def test_a_problem_is_told_completely_in_json(two):
    found = {problem["code"]: problem for problem in listed(two.office)}
    assert found.keys() == {"conflict", "duplicate-number"}
    number = found["duplicate-number"]
    assert number.keys() == {
        "id", "code", "documents", "text", "settle", "settle_choices", "who", "branches", "effect", "at_stake",
    }  # fmt: skip
    assert number["settle"] == number["settle_choices"][0]["command"]
    assert {who["device"] for who in number["who"]} == {"Head Office", "Pune"}
    assert all(who.keys() == {"device", "branch", "user", "at", "what"} for who in number["who"])
    amounts = {line["ledger"]: line["amount"] for line in number["effect"]}
    assert amounts in ({"Asha": "-600.00", "Cash": "600.00"}, {"Asha": "-700.00", "Cash": "700.00"})
    assert all(set(choice) == {"words", "command", "effect"} for choice in number["settle_choices"])


def test_the_list_is_narrowed_down_by_code_branch_and_document(two):
    everything = listed(two.pune)
    assert [problem["code"] for problem in listed(two.pune, "--code", "duplicate-number")] == ["duplicate-number"]
    assert listed(two.pune, "--branch", "Pune") == everything
    assert listed(two.pune, "--document", "61616161") == [
        problem for problem in everything if problem["code"] == "duplicate-number"
    ]
    assert listed(two.pune, "--document", "00") == []
    (receipt,) = listed(two.pune, "--document", "HO/26-27/00001")
    assert (receipt["code"], "posting" in receipt["text"]) == ("conflict", True)
    assert "HO/99" in refused(two.pune, "problems", "--document", "HO/99")
    assert "duplicate-number" in refused(two.pune, "problems", "--code", "no-such")
    assert "Head Office" in refused(two.pune, "problems", "--branch", "Goa")


def test_the_list_reads_well(two):
    text = khata(two.office, "problems").stdout
    for part in (
        "duplicate-number",
        "Head Office",
        "Pune",
        "cancelling all but the first would take out",
        "3 problems",
    ):
        assert part in text
    for problem in listed(two.office):
        assert problem["id"] in text
        assert all(choice["command"] in text for choice in problem["settle_choices"])


def test_one_problem_is_shown_with_what_each_choice_changes(two):
    (problem,) = listed(two.office, "--code", "duplicate-number")
    text = khata(two.office, "problems", "show", problem["id"][:6]).stdout
    assert text.count("changes balances by") == 2
    assert json.loads(khata(two.office, "problems", "show", problem["id"], "--json").stdout) == problem
    assert "run `khata problems`" in refused(two.office, "problems", "show", "ffffffffffffffff")


def test_an_accepted_problem_is_gone_everywhere_and_its_reason_stays(two):
    (problem,) = listed(two.office, "--code", "duplicate-number")
    khata(two.office, "problems", "accept", problem["id"], "--reason", "both are in the return that was filed")
    two.meet()
    assert "duplicate-number" not in [one.code for one in two.problems()]
    (accepted,) = listed(two.pune, "--accepted")
    assert accepted["id"] == problem["id"]
    assert [one["reason"] for one in accepted["accepted"]] == ["both are in the return that was filed"]
    assert accepted["accepted"][0]["device"] == "Head Office"
    assert "both are in the return" in khata(two.pune, "problems", "--accepted").stdout
    with opened(two.pune) as books:
        saves = list(history(books, master_row(books, "company", "Sharma Traders")))
    assert "both are in the return that was filed" in json.dumps(saves), "it stands in the edit log"


def test_what_was_accepted_is_listed_again_when_it_is_taken_back_or_has_grown(two):
    (problem,) = listed(two.office, "--code", "duplicate-number")
    khata(two.office, "problems", "accept", problem["id"], "--reason", "so be it")
    khata(two.office, "problems", "reopen", problem["id"])
    assert listed(two.office, "--code", "duplicate-number") == [problem]
    khata(two.office, "problems", "accept", problem["id"], "--reason", "so be it")
    two.apart(lambda books: work(books, "900", "c"), lambda books: None)
    assert [len(one["documents"]) for one in listed(two.pune, "--code", "duplicate-number")] == [3]


def test_two_who_accept_it_apart_make_no_conflict_and_either_takes_it_back(two):
    (problem,) = listed(two.office, "--code", "duplicate-number")
    conflicts = len(listed(two.office, "--code", "conflict"))
    for folder in two:
        khata(folder, "problems", "accept", problem["id"], "--reason", f"seen at {folder.name}")
    two.meet()
    assert len(listed(two.office, "--code", "conflict")) == conflicts
    (accepted,) = listed(two.office, "--accepted")
    assert sorted(one["reason"] for one in accepted["accepted"]) == ["seen at office", "seen at pune"]
    khata(two.pune, "problems", "reopen", problem["id"])
    two.meet()
    assert listed(two.office, "--code", "duplicate-number") == [problem]


def test_what_has_to_be_settled_cannot_be_accepted(two):
    conflict = listed(two.office, "--code", "conflict")[0]
    assert conflict["settle"] in refused(two.office, "problems", "accept", conflict["id"], "--reason", "never mind")
    (number,) = listed(two.office, "--code", "duplicate-number")
    assert "--reason" in refused(two.office, "problems", "accept", number["id"], "--reason", " ")
    assert "nobody has accepted" in refused(two.office, "problems", "reopen", number["id"])
    for command in (["mend"], ["stand-in", "--name", "X"], ["count", "--quantity", "1"]):
        verb, *options = command
        assert "problems show" in refused(two.office, "problems", verb, number["id"], *options)


def test_conflicts_show_who_and_when_and_what_taking_a_value_changes(two):
    text = khata(two.office, "conflicts").stdout
    assert "Head Office (branch ho), asha" in text
    assert "Pune (branch pun), meera" in text
    assert "taking it changes balances by: Asha" in text
    by_register = {
        conflict["register"]: conflict for conflict in json.loads(khata(two.pune, "conflicts", "--json").stdout)
    }
    effects = [value["effect"] for value in by_register["opening"]["values"]]
    assert effects in ([[], [{"ledger": "Asha", "amount": "100.00"}]], [[], [{"ledger": "Asha", "amount": "-100.00"}]])


def test_every_printed_command_is_one_that_exists(two):
    for problem in listed(two.office):
        for choice in problem["settle_choices"]:
            program, *arguments = shlex.split(choice["command"])
            help_of = ended(*arguments[:2], "--help")
            assert (program, help_of.exit_code) == ("khata", 0)
