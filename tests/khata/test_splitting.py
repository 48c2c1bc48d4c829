"""One ledger that two branches meant differently: a problem until somebody says whether they are one or two."""

import pytest

from khata.accepting import accept
from khata.books import Books
from khata.conflicts import list_conflicts, settle_taking, settle_with
from khata.entering_masters import alter_master, delete_master, merge_masters, restore_master
from khata.errors import BooksError
from khata.master_lists import show_master
from khata.problems import find_problems
from khata.reports.trial_balance import trial_balance
from khata.splitting import split_master
from tests.khata.company import a_branch, a_company, ledger, sync, voucher


@pytest.fixture
def apart() -> tuple[Books, Books]:
    """The head office had a Ravi and renamed him; Pune, not knowing, made a Ravi of its own. They have met."""
    office = a_company()
    pune = a_branch(office, "Pune")
    ledger(office, "Ravi", phone="1")
    voucher(office, "Receipt", "Cash 1 / Ravi -1")
    alter_master(office, "ledger", "Ravi", {"name": "Ravi (old)"})
    ledger(pune, "Ravi", "Sundry Creditors", email="r@pune.in")
    voucher(pune, "Receipt", "Cash 5 / Ravi -5")
    sync(office, pune)
    return office, pune


def codes(books: Books) -> list[str]:
    return [problem.code for problem in find_problems(books)]


def credits(books: Books) -> dict[str, str]:
    return {row["ledger"]: row["credit"] for row in trial_balance(books)["rows"]}


def test_the_problem_comes_first_and_names_devices_and_branches(apart):
    office, pune = apart
    first, *rest = find_problems(office)
    assert find_problems(pune) == [first, *rest]
    assert {problem.code for problem in rest} == {"conflict"}
    assert first.text == (
        "ledger 'Ravi': Pune (branch pun) created it while Head Office (branch ho) renamed it 'Ravi (old)', "
        "and neither knew of the other; both stand under one id"
    )
    assert first.choices[0].command.startswith("khata master split ledger id:")
    assert first.choices[0].command.endswith("--name 'Ravi (Pune)' --device Pune")
    assert first.effect[0][1] == -50000
    assert first.at_stake == "entered by Pune"


def test_settling_the_name_is_no_answer_to_whether_they_are_two(apart):
    office, pune = apart
    for conflict in list_conflicts(office):
        settle_taking(office, conflict["id"], 1)
    assert codes(office) == ["creation-against-rename"]
    sync(office, pune)
    assert codes(pune) == ["creation-against-rename"]
    alter_master(pune, "ledger", found_name(pune), {"phone": "2"})
    assert codes(pune) == ["creation-against-rename"], "nor is anything else that is saved about it"


def found_name(books: Books) -> str:
    return f"id:{find_problems(books)[0].documents[0]}"


def test_splitting_gives_each_what_it_was(apart):
    office, pune = apart
    made = split_master(pune, "ledger", found_name(pune), "Ravi (Pune)", "Pune")
    assert codes(pune) == [], "the conflicts between the two have ended with it"
    sync(office, pune)
    assert codes(office) == []
    old, new = show_master(office, "ledger", "Ravi (old)"), show_master(office, "ledger", "Ravi (Pune)")
    assert (old["group"], old["phone"], old.get("email", "")) == ("Sundry Debtors", "1", "")
    assert (new["group"], new.get("phone", ""), new["email"]) == ("Sundry Creditors", "", "r@pune.in")
    assert new["id"] == made.id.hex()
    assert credits(office) == {"Cash": "0.00", "Ravi (old)": "1.00", "Ravi (Pune)": "5.00"}


def test_the_new_one_may_have_the_name_that_has_become_free(apart):
    office, pune = apart
    split_master(office, "ledger", found_name(office), "Ravi")
    sync(office, pune)
    assert codes(pune) == []
    assert credits(pune) == {"Cash": "0.00", "Ravi (old)": "1.00", "Ravi": "5.00"}


def test_they_may_be_one(apart):
    office, pune = apart
    accept(office, find_problems(office)[0].id, "the same Ravi")
    for conflict in list_conflicts(office):
        value = {"name": "Ravi", "group": "Sundry Debtors"}[conflict["register"]]
        settle_with(office, conflict["id"], value)
    sync(office, pune)
    assert codes(pune) == codes(office) == []
    assert credits(pune) == {"Cash": "0.00", "Ravi": "6.00"}


def test_splitting_at_both_in_one_way_is_splitting_once(apart):
    """Two who settle it apart under one name have made one new ledger, since a name has one id."""
    office, pune = apart
    for books in apart:
        split_master(books, "ledger", found_name(books), "Ravi (Pune)", "Pune")
    sync(office, pune)
    assert [code for code in codes(office) if code != "conflict"] == []
    assert codes(office) == codes(pune)
    assert credits(pune)["Ravi (Pune)"] == "5.00"


def test_what_was_created_once_cannot_be_split():
    books = a_company()
    ledger(books, "Asha")
    with pytest.raises(BooksError, match="nothing to split"):
        split_master(books, "ledger", "Asha", "Asha 2", "Head Office")
    with pytest.raises(BooksError, match="nothing to split"):
        split_master(books, "ledger", "Asha", "Asha 2")


def test_two_who_only_created_it_have_created_one_and_may_split_it_all_the_same():
    office = a_company()
    pune = a_branch(office, "Pune")
    for books in (office, pune):
        ledger(books, "Meera")
        voucher(books, "Receipt", "Cash 2 / Meera -2")
    sync(office, pune)
    assert codes(office) == []
    assert credits(office)["Meera"] == "4.00"
    split_master(office, "ledger", "Meera", "Meera (Pune)", "Pune")
    sync(office, pune)
    assert codes(pune) == []
    assert credits(pune) == {"Cash": "0.00", "Meera": "2.00", "Meera (Pune)": "2.00"}


def test_what_was_deleted_unused_is_answered_by_bringing_it_back():
    office = a_company()
    pune = a_branch(office, "Pune")
    ledger(office, "Ravi")
    delete_master(office, "ledger", "Ravi")
    ledger(pune, "Ravi")
    sync(office, pune)
    assert codes(office) == ["creation-against-deletion"]
    restore_master(pune, "ledger", "Ravi")
    sync(office, pune)
    assert codes(office) == []


def test_what_was_merged_away_is_split_from_what_was_made_there():
    office = a_company()
    pune = a_branch(office, "Pune")
    ledger(office, "Ravi Traders")
    ledger(office, "Ravi")
    voucher(office, "Receipt", "Cash 1 / Ravi -1")
    merge_masters(office, "ledger", "Ravi", "Ravi Traders")
    ledger(pune, "Ravi")
    voucher(pune, "Receipt", "Cash 5 / Ravi -5")
    sync(office, pune)
    assert codes(office) == ["creation-against-deletion"]
    assert credits(office)["Ravi Traders"] == "6.00"
    split_master(pune, "ledger", found_name(pune), "Ravi (Pune)")
    sync(office, pune)
    assert codes(office) == []
    assert credits(office) == {"Cash": "0.00", "Ravi Traders": "1.00", "Ravi (Pune)": "5.00"}


def test_a_renaming_in_sequence_is_no_problem():
    office = a_company()
    pune = a_branch(office, "Pune")
    ledger(pune, "Ravi")
    sync(office, pune)
    alter_master(office, "ledger", "Ravi", {"name": "Ravi (old)"})
    alter_master(office, "ledger", "Ravi (old)", {"name": "Ravi (older)"})
    sync(office, pune)
    assert codes(office) == codes(pune) == []
