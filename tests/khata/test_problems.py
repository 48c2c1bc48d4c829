"""Every kind of problem: found, named, with a command that settles it, and gone once it is settled."""

import shlex

import pytest

from khata.books import Books
from khata.conflicts import list_conflicts
from khata.entering import cancel
from khata.entering_masters import (
    alter_master,
    delete_master,
    merge_masters,
    restore_master,
    set_registers,
)
from khata.problem import Problem
from khata.problems import find_problems
from khata.reports.trial_balance import trial_balance
from khata.splitting import split_master
from p2p.commit import make_commit
from p2p.packed import Item
from tests.khata.company import NOW, a_branch, a_company, alter, found, ledger, put, seeded, sync, voucher

RECEIPTS = "vouchers/ho/receipt/2026-04"


def codes(books: Books) -> list[str]:
    return [problem.code for problem in find_problems(books)]


def only(books: Books) -> Problem:
    (problem,) = find_problems(books)
    return problem


def a_shop() -> Books:
    books = a_company()
    ledger(books, "Asha Stores")
    return books


def receipt(
    books: Books, cash: str = "5.00", other: str = "-5.00", ledger_id: bytes | None = None
) -> dict[str, object]:
    credited = ledger_id or books.names.find("ledger", "Asha Stores").document
    return {
        "base": "receipt",
        "type": books.names.find("voucher-type", "Receipt").document,
        "date": "2026-04-02",
        "entries": [
            {"ledger": books.names.find("ledger", "Cash").document, "amount": cash},
            {"ledger": credited, "amount": other},
        ],
    }


def test_new_books_have_no_problem():
    assert find_problems(a_company()) == []


def test_a_conflict_is_a_problem_until_it_is_settled():
    office = a_shop()
    pune = a_branch(office, "Pune")
    alter_master(office, "ledger", "Asha Stores", {"phone": "1"})
    alter_master(pune, "ledger", "Asha Stores", {"phone": "2"})
    sync(office, pune)
    problem = only(office)
    assert (problem.code, only(pune)) == ("conflict", problem)
    assert problem.settle == f"khata conflicts settle {list_conflicts(office)[0]['id']} --take 1"
    assert "Pune" in problem.text


@pytest.mark.parametrize(
    ("posting", "code", "text"),
    [
        ({"other": "-6.00"}, "unbalanced-posting", "debits 5.00 and credits 6.00 differ by 1.00"),
        ({"cash": "5"}, "impossible-posting", "'5' is not an amount"),
    ],
)
def test_a_posting_nobody_can_count_stays_out_of_the_totals_and_names_its_author(posting, code, text):
    books = a_shop()
    voucher(books, "Receipt", "Cash 1 / Asha Stores -1")
    put(books, RECEIPTS, "voucher", b"v" * 16, posting=receipt(books, **posting), number="X1")
    problem = only(books)
    assert problem.code == code
    assert text in problem.text
    assert "entered by Head Office" in problem.text
    assert trial_balance(books)["debit"] == "1.00"
    cancel(books, found(books, "X1"))
    assert codes(books) == []


def test_a_posting_of_an_unknown_base_type_is_kept_and_not_counted():
    books = a_shop()
    put(books, RECEIPTS, "voucher", b"v" * 16, posting={**receipt(books), "base": "barter"})
    assert only(books).code == "impossible-posting"
    assert "barter" in only(books).text
    assert trial_balance(books)["rows"] == []


def test_a_number_given_twice_is_a_problem_of_those_that_count():
    books = a_shop()
    for document, number in ((b"a" * 16, "7"), (b"b" * 16, "7"), (b"c" * 16, "8")):
        put(books, RECEIPTS, "voucher", document, posting=receipt(books), number=number)
    another_year = {**receipt(books), "date": "2027-04-02"}
    put(books, RECEIPTS, "voucher", b"d" * 16, posting=another_year, number="7")
    problem = only(books)
    assert problem.code == "duplicate-number"
    assert problem.documents == ((b"a" * 16).hex(), (b"b" * 16).hex())
    cancel(books, found(books, problem.documents[1]))
    assert codes(books) == []


def test_two_devices_with_one_code_are_found_out_though_their_voucher_types_differ():
    books = a_shop()
    base = books.names.find("voucher-type", "Receipt").document
    put(books, "masters/voucher-type", "voucher-type", b"t" * 16, name="Counter Receipt", base="receipt", parent=base)
    for document, kind in ((b"a" * 16, base), (b"b" * 16, b"t" * 16)):
        put(books, RECEIPTS, "voucher", document, posting={**receipt(books), "type": kind}, number="HO/26-27/00001")
    assert codes(books) == ["duplicate-number"]


def test_tally_numbers_of_two_voucher_types_may_be_the_same():
    books = a_shop()
    base = books.names.find("voucher-type", "Receipt").document
    put(books, "masters/voucher-type", "voucher-type", b"t" * 16, name="Counter Receipt", base="receipt", parent=base)
    for document, kind in ((b"a" * 16, base), (b"b" * 16, b"t" * 16)):
        put(books, RECEIPTS, "voucher", document, posting={**receipt(books), "type": kind}, number="1")
    assert codes(books) == []


def test_one_id_in_two_scopes_counts_twice_and_is_listed():
    books = a_shop()
    for month in ("2026-04", "2026-05"):
        put(books, f"vouchers/ho/receipt/{month}", "voucher", b"v" * 16, posting=receipt(books))
    problem = only(books)
    assert problem.code == "one-id-in-two-scopes"
    assert trial_balance(books)["debit"] == "10.00"
    which = shlex.split(problem.settle)[-1]
    cancel(books, found(books, which))
    assert codes(books) == []
    assert trial_balance(books)["debit"] == "5.00"


def test_a_missing_master_blocks_nobody_and_ends_when_it_arrives():
    books = a_shop()
    put(books, RECEIPTS, "voucher", b"v" * 16, posting=receipt(books, ledger_id=b"l" * 16))
    problem = only(books)
    assert problem.code == "missing-master"
    assert problem.documents == ((b"l" * 16).hex(), (b"v" * 16).hex())
    assert {row["group"] for row in trial_balance(books)["rows"]} == {"Cash-in-Hand", "Suspense A/c"}
    put(books, "masters/ledger", "ledger", b"l" * 16, name="Late Stores")
    assert codes(books) == []


def test_a_missing_group_of_a_ledger_is_listed():
    books = a_shop()
    put(books, "masters/ledger", "ledger", b"l" * 16, name="Late Stores", group=b"g" * 16)
    assert only(books).documents == ((b"g" * 16).hex(), (b"l" * 16).hex())


def test_a_master_deleted_at_one_branch_and_used_at_another_counts_as_live():
    office = a_shop()
    pune = a_branch(office, "Pune")
    delete_master(office, "ledger", "Asha Stores")
    entered = voucher(pune, "Receipt", "Cash 5 / Asha Stores -5")
    sync(office, pune)
    problem = only(office)
    assert problem.code == "deleted-master-in-use"
    assert entered.id.hex() in problem.documents
    assert [row["ledger"] for row in trial_balance(office)["rows"]] == ["Cash", "Asha Stores"]
    *_, kind, name = shlex.split(problem.settle)
    restore_master(office, kind, name)
    assert codes(office) == []


def test_two_live_masters_of_one_name_are_merged_or_renamed():
    office = a_shop()
    pune = a_branch(office, "Pune")
    ledger(office, "Ravi")
    alter_master(office, "ledger", "Ravi", {"name": "Meera"})
    ledger(pune, "Meera")
    sync(office, pune)
    problem = only(pune)
    assert problem.code == "same-name"
    _, _, _, kind, name, into = shlex.split(problem.settle)
    merge_masters(pune, kind, name, into)
    assert codes(pune) == []


def test_groups_under_each_other_are_listed_and_hang_under_primary():
    office = a_company()
    pune = a_branch(office, "Pune")
    for name in ("North", "South"):
        put(office, "masters/group", "group", name.encode().ljust(16, b"."), name=name)
    sync(office, pune)
    alter_master(office, "group", "North", {"parent": office.names.find("group", "South").document})
    alter_master(pune, "group", "South", {"parent": pune.names.find("group", "North").document})
    sync(office, pune)
    problem = only(pune)
    assert problem.code == "parent-cycle"
    assert "'North', 'South'" in problem.text
    set_registers(pune, "group", shlex.split(problem.settle)[4], {"parent": None})
    assert codes(pune) == []


def test_masters_merged_into_each_other_are_listed():
    office = a_shop()
    ledger(office, "Asha")
    pune = a_branch(office, "Pune")
    merge_masters(office, "ledger", "Asha", "Asha Stores")
    merge_masters(pune, "ledger", "Asha Stores", "Asha")
    sync(office, pune)
    problem = only(office)
    assert problem.code == "merge-cycle"
    set_registers(office, "ledger", shlex.split(problem.settle)[4], {"merged_into": None})
    assert codes(office) == []


def test_a_creation_beside_a_renaming_is_split_into_two():
    office = a_shop()
    pune = a_branch(office, "Pune")
    ledger(office, "Ravi")
    voucher(office, "Receipt", "Cash 1 / Ravi -1")
    alter_master(office, "ledger", "Ravi", {"name": "Ravi (old)"})
    ledger(pune, "Ravi")
    entered = voucher(pune, "Receipt", "Cash 5 / Ravi -5")
    sync(office, pune)
    assert codes(office) == ["creation-against-rename", "conflict"]
    assert find_problems(office) == find_problems(pune)
    split_master(office, "ledger", f"id:{find_problems(office)[0].documents[0]}", "Ravi (Pune)", "Pune")
    assert codes(office) == []
    balances = {row["ledger"]: row["credit"] for row in trial_balance(office)["rows"]}
    assert balances["Ravi (Pune)"] == "5.00"
    assert sorted(balances.values()) == ["0.00", "1.00", "5.00"]
    sync(office, pune)
    assert codes(pune) == []
    assert alter(pune, entered.number, narration="mine").commit is not None


def test_a_creation_beside_a_deletion_is_a_problem_until_somebody_who_knows_both_saves():
    office = a_shop()
    pune = a_branch(office, "Pune")
    ledger(office, "Ravi")
    delete_master(office, "ledger", "Ravi")
    ledger(pune, "Ravi")
    sync(office, pune)
    assert codes(office) == ["creation-against-deletion"]
    restore_master(office, "ledger", "Ravi")
    assert codes(office) == []


def test_what_only_a_newer_khata_knows_is_kept_and_named():
    books = a_company()
    put(books, "masters/price-list", "price-list", b"p" * 16, name="Wholesale")
    assert "'price-list'" in only(books).text
    assert only(books).code == "unknown-kind"


def test_a_quarantined_commit_is_listed_with_author_scope_and_reason():
    office = a_shop()
    pune = a_branch(office, "Pune")
    replica = pune.replica
    epoch, key = replica.keyring.current(replica.chain.epochs, RECEIPTS) or (b"", b"")
    commit = make_commit(
        replica.keys, RECEIPTS, [Item(b"v" * 16, "voucher", b"not a save")], NOW, b"", replica.chain.seen, epoch, key,
        seeded("x"),
    )  # fmt: skip
    parts = (commit.header_bytes, commit.signature, commit.ciphertext)
    office.replica.ingest_from(office.replica.check_untrusted([parts]), replica.keys.id, None, NOW)
    problem = only(office)
    assert problem.code == "quarantined-commit"
    assert "Pune" in problem.text
    assert RECEIPTS in problem.text
    sync(office, pune)
    assert find_problems(pune) == [problem]


def test_a_register_that_holds_what_it_may_not_is_passed_over_and_named():
    books = a_company()
    put(books, "masters/ledger", "ledger", b"l" * 16, name="Odd", opening=7, phone="123")
    problem = only(books)
    assert problem.code == "bad-register"
    assert "'opening'" in problem.text
    (phone,) = books.db.execute("SELECT phone FROM ledgers WHERE name='Odd'").fetchone()
    assert phone == "123"
    set_registers(books, "ledger", "Odd", {"opening": "0.00"})
    assert codes(books) == []


def test_all_copies_list_the_same():
    office = a_shop()
    pune = a_branch(office, "Pune")
    put(office, RECEIPTS, "voucher", b"v" * 16, posting=receipt(office, other="-6.00"))
    put(pune, RECEIPTS, "voucher", b"w" * 16, posting=receipt(pune, ledger_id=b"l" * 16))
    sync(office, pune)
    assert find_problems(office) == find_problems(pune)
    assert len(find_problems(office)) == 2
