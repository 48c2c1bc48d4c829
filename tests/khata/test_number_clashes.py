"""One number on several vouchers: where the law wants it to be unique, and where it may be given again."""

import pytest

from khata.books import Books
from khata.entering import cancel
from khata.entering_masters import alter_master
from khata.number_clashes import duplicate_numbers
from khata.problems import find_problems
from khata.projection import BooksProjection
from khata.reports.trial_balance import trial_balance
from p2p.replica import Replica
from tests.khata.company import (
    Clock,
    a_branch,
    a_company,
    a_store_with_tables,
    found,
    ledger,
    put,
    seeded,
    sync,
    voucher,
)

PUNE_GSTIN, NAGPUR_GSTIN = "27AAPFU0939F1ZV", "29AAGCB7383J1Z4"


def numbered(books: Books, document: bytes, number: str = "7", date: str = "2026-04-02", **posting: object) -> None:
    """Put a receipt with a number into the books of this branch, as an import does."""
    written = {
        "base": "receipt",
        "type": books.names.find("voucher-type", "Receipt").document,
        "date": date,
        "entries": [
            {"ledger": books.names.find("ledger", "Cash").document, "amount": "5.00"},
            {"ledger": books.names.find("ledger", "Asha").document, "amount": "-5.00"},
        ],
        **posting,
    }
    scope = f"vouchers/{books.member.branch}/receipt/{date[:7]}"
    put(books, scope, "voucher", document * 16, posting=written, number=number)


@pytest.fixture
def office() -> Books:
    books = a_company()
    ledger(books, "Asha")
    return books


def clashes(books: Books) -> list[tuple[str, ...]]:
    return [tuple(bytes.fromhex(id)[:1].decode() for id in problem.documents) for problem in duplicate_numbers(books)]


def test_a_problem_says_who_gave_the_number_and_what_counts_twice(office):
    pune = a_branch(office, "Pune")
    numbered(office, b"a")
    numbered(pune, b"b")
    sync(office, pune)
    (problem,) = find_problems(office)
    assert [problem] == find_problems(pune)
    assert problem.text == (
        "2 vouchers of type Receipt in 26-27 have the number 7, given by Head Office (ho) and Pune (pun); "
        "all are kept as they are"
    )
    assert {(deed.device, deed.user, deed.what) for deed in problem.deeds} == {
        ("Head Office", "asha", "gave it to Receipt of 2026-04-02"),
        ("Pune", "pune", "gave it to Receipt of 2026-04-02"),
    }
    assert problem.effect == (("Asha", -50000), ("Cash", 50000))
    assert problem.choices[0].effect == (("Asha", 50000), ("Cash", -50000))
    assert trial_balance(office)["debit"] == "10.00", "both count until somebody decides"


def test_a_cancelled_voucher_keeps_its_number_and_clashes_with_nothing(office):
    numbered(office, b"a")
    numbered(office, b"b")
    cancel(office, found(office, (b"a" * 16).hex()))
    assert clashes(office) == []


def test_a_number_in_two_places_under_one_id_is_named_so_that_it_can_be_cancelled(office):
    numbered(office, b"a", date="2026-04-02")
    numbered(office, b"a", date="2026-05-02")
    numbered(office, b"b")
    (problem,) = duplicate_numbers(office)
    for choice in problem.choices:
        assert found(office, choice.command.split()[-1]).number == "7"


def test_three_of_one_number_are_one_problem_until_two_are_cancelled(office):
    for document in (b"a", b"b", b"c"):
        numbered(office, document)
    assert clashes(office) == [("a", "b", "c")]
    cancel(office, found(office, (b"b" * 16).hex()))
    assert clashes(office) == [("a", "c")]


def test_branches_with_registrations_of_their_own_have_numbers_of_their_own(office):
    pune = a_branch(office, "Pune")
    numbered(office, b"a")
    numbered(pune, b"b")
    sync(office, pune)
    assert clashes(office) == [("a", "b")]
    registrations = {"pun": {"gstin": PUNE_GSTIN}, "ho": {"gstin": NAGPUR_GSTIN}}
    alter_master(office, "company", "Sharma Traders", {"registrations": registrations})
    assert clashes(office) == []
    alter_master(office, "company", "Sharma Traders", {"registrations": {"pun": {"gstin": PUNE_GSTIN}}})
    assert clashes(office) == [], "the head office's documents are made out under the company's"
    alter_master(office, "company", "Sharma Traders", {"gstin": PUNE_GSTIN})
    assert clashes(office) == [("a", "b")]
    sync(office, pune)
    assert find_problems(pune) == find_problems(office)


def test_registrations_that_a_source_names_apart_have_numbers_of_their_own(office):
    numbered(office, b"a", registration="Maharashtra Registration")
    numbered(office, b"b", registration="Karnataka Registration")
    assert clashes(office) == []
    numbered(office, b"c", registration="Karnataka Registration")
    assert clashes(office) == [("a", "b", "c")]


def test_a_number_may_be_given_again_in_the_next_year_of_the_company(office):
    numbered(office, b"a", date="2026-02-01")
    numbered(office, b"b", date="2026-05-01")
    assert clashes(office) == []
    alter_master(office, "company", "Sharma Traders", {"year_starts": "01-01"})
    assert clashes(office) == [("a", "b")]


def test_a_copied_disk_is_found_out_by_its_numbers(office):
    """Somebody went on working on a copy of Pune's disk: one device, in two places, gives one number twice."""
    pune = a_branch(office, "Pune")
    replica = Replica(a_store_with_tables(), pune.replica.keys, office.company, BooksProjection(), seeded("twin"))
    replica.extend_chain(office.replica.chain_entries(-1))
    twin = Books(replica, "pune", None, Clock(), seeded("twin"))
    sync(twin, office)
    one = voucher(pune, "Receipt", "Cash 1 / Asha -1")
    other = voucher(twin, "Receipt", "Cash 2 / Asha -2")
    assert one.number == other.number
    for books in (pune, twin, pune):
        sync(books, office)
    (problem,) = find_problems(office)
    assert problem.code == "duplicate-number"
    assert "given by Pune (pun)" in problem.text
    assert [found for books in (pune, twin) for found in find_problems(books)] == [problem, problem]
    assert voucher(twin, "Receipt", "Cash 3 / Asha -3").number == "PUN/26-27/00002", "none is given a third time"
