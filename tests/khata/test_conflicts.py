"""Clashes of two copies: every one listed with all values, none that is none, settled once for all."""

import random

import pytest

from crdt_models.saves import PARENTS_MAX, pack_save
from crdt_models.vouchers import Unbalanced
from khata.books import Change
from khata.conflicts import list_conflicts, settle_taking, settle_with
from khata.entering_masters import alter_master, set_registers
from khata.errors import BooksError, NotFound
from khata.listing import list_vouchers, show_voucher
from khata.master_lists import show_master
from khata.problems import find_problems
from khata.reports.trial_balance import trial_balance
from p2p.commit import make_commit
from p2p.packed import Item
from tests.khata.company import NOW, a_branch, a_company, alter, entries_of, found, ledger, put, sync, voucher


@pytest.fixture
def copies():
    """Head office and Pune have altered the same voucher while apart, and met again."""
    office = a_company()
    ledger(office, "Asha Stores")
    pune = a_branch(office, "Pune")
    entered = voucher(office, "Receipt", "Cash 500 / Asha Stores -500", narration="Bill 7")
    sync(pune, office)
    alter(office, entered.number, "Cash 600 / Asha Stores -600")
    alter(pune, entered.number, "Cash 700 / Asha Stores -700", narration="Bill 8")
    sync(pune, office)
    return office, pune, entered


def test_both_values_are_listed_at_both_copies_with_who_and_when_and_what_they_would_change(copies):
    office, pune, entered = copies
    (conflict,) = list_conflicts(office)
    assert list_conflicts(pune) == [conflict]
    assert conflict["document"] == entered.id.hex()
    assert (conflict["register"], conflict["name"]) == ("posting", f"Receipt {entered.number}")
    amounts = {value["device"]: value["value"]["entries"][0]["amount"] for value in conflict["values"]}
    assert amounts == {"Head Office": "600.00", "Pune": "700.00"}
    assert {value["user"] for value in conflict["values"]} == {"asha", "pune"}
    shows, other = (value["value"]["entries"][0]["amount"] for value in conflict["values"])
    assert list_vouchers(office)[0]["entries"][0]["amount"] == shows
    assert {effect["ledger"]: effect["amount"] for effect in conflict["values"][1]["effect"]} == {
        "Cash": "100.00" if other > shows else "-100.00",
        "Asha Stores": "-100.00" if other > shows else "100.00",
    }
    assert list_vouchers(pune)[0]["narration"] == "Bill 8", "a change that clashes with none is simply there"
    assert trial_balance(office) == trial_balance(pune)


def test_one_settling_ends_it_everywhere(copies):
    office, pune, _ = copies
    (conflict,) = list_conflicts(pune)
    taken = conflict["values"][1]["value"]["entries"][0]["amount"]
    settle_taking(pune, conflict["id"], 2)
    sync(office, pune)
    assert list_conflicts(office) == list_conflicts(pune) == []
    assert list_vouchers(office)[0]["entries"][0]["amount"] == taken
    with pytest.raises(NotFound, match="settled"):
        settle_taking(office, conflict["id"], 1)


def test_a_third_value_settles_it_too(copies):
    office, _, entered = copies
    (conflict,) = list_conflicts(office)
    value = {**conflict["values"][0]["value"], "entries": entries_of("Cash 650 / Asha Stores -650")}
    settle_with(office, conflict["id"], value)
    assert list_conflicts(office) == []
    assert show_voucher(office, found(office, entered.number))["entries"][0]["amount"] == "650.00"


def test_what_a_register_cannot_hold_settles_nothing(copies):
    office, _, _ = copies
    (conflict,) = list_conflicts(office)
    value = conflict["values"][0]["value"]
    with pytest.raises(Unbalanced):
        settle_with(office, conflict["id"], {**value, "entries": entries_of("Cash 650 / Asha Stores -65")})
    for wrong in ("text", 7, None, [value]):
        with pytest.raises(BooksError, match="posting"):
            settle_with(office, conflict["id"], wrong)
    for position in (0, 3, -1):
        with pytest.raises(BooksError, match="2 values"):
            settle_taking(office, conflict["id"], position)
    assert list_conflicts(office) == [conflict]


def test_nobody_settles_a_list_that_has_changed(copies):
    office, pune, entered = copies
    (conflict,) = list_conflicts(office)
    version = office.document(found(office, entered.number).row).history()[0].save.id.hex()
    alter(pune, entered.number, "Cash 800 / Asha Stores -800", version=version)
    sync(office, pune)
    with pytest.raises(NotFound, match="changed"):
        settle_taking(office, conflict["id"], 1)
    (changed,) = list_conflicts(office)
    assert len(changed["values"]) == 3


def test_two_settlings_that_agree_make_no_new_conflict_and_two_that_differ_do(copies):
    office, pune, _ = copies
    (conflict,) = list_conflicts(office)
    settle_taking(office, conflict["id"], 1)
    settle_taking(pune, conflict["id"], 1)
    sync(office, pune)
    assert list_conflicts(office) == list_conflicts(pune) == []


def test_settlings_that_differ_are_a_new_conflict(copies):
    office, pune, _ = copies
    (conflict,) = list_conflicts(office)
    settle_taking(office, conflict["id"], 1)
    settle_taking(pune, conflict["id"], 2)
    sync(office, pune)
    (again,) = list_conflicts(office)
    assert again["id"] != conflict["id"]
    settle_taking(office, again["id"], 1)
    sync(office, pune)
    assert list_conflicts(pune) == []


def test_masters_clash_register_by_register():
    office = a_company()
    pune = a_branch(office, "Pune")
    first = ledger(office, "Asha Stores")
    second = ledger(pune, "asha  stores", "Sundry Creditors")
    assert first.id == second.id, "the same name made apart is the same ledger"
    sync(office, pune)
    conflicts = {conflict["register"]: conflict for conflict in list_conflicts(pune)}
    assert sorted(conflicts) == ["group", "name"]
    groups = {value["value"] for value in conflicts["group"]["values"]}
    assert groups == {"Sundry Debtors", "Sundry Creditors"}
    settle_with(office, conflicts["group"]["id"], "sundry debtors")
    settle_with(office, conflicts["name"]["id"], "Asha Stores")
    sync(office, pune)
    assert list_conflicts(pune) == []
    assert show_master(pune, "ledger", "Asha Stores")["group"] == "Sundry Debtors"


def test_edits_of_different_registers_are_no_conflict():
    office = a_company()
    ledger(office, "Asha Stores")
    pune = a_branch(office, "Pune")
    alter_master(office, "ledger", "Asha Stores", {"phone": "1"})
    alter_master(pune, "ledger", "Asha Stores", {"email": "a@b.in"})
    sync(office, pune)
    assert list_conflicts(office) == []
    shown = show_master(office, "ledger", "Asha Stores")
    assert (shown["phone"], shown["email"]) == ("1", "a@b.in")


def test_a_conflict_whose_ancestor_is_on_its_way_is_settled_only_when_asked_twice():
    books = a_company()
    scope, document = "vouchers/ho/receipt/2026-04", b"v" * 16
    put(books, scope, "voucher", document, narration="one")
    books.save(scope, [Change("voucher", document, {"narration": "two"}, [b"not here yet 123"])])
    (conflict,) = list_conflicts(books)
    assert conflict["incomplete"]
    with pytest.raises(BooksError, match="incomplete"):
        settle_taking(books, conflict["id"], 1)
    settle_taking(books, conflict["id"], 1, though_incomplete=True)
    assert list_conflicts(books) == []


def test_values_of_any_shape_can_be_listed_and_taken():
    books = a_company()
    scope, document = "masters/ledger", b"m" * 16
    deep: object = "x"
    for _ in range(12):
        deep = [deep]
    for value in ({"a": [b"bytes", None, True]}, deep, 7):
        put(books, scope, "ledger", document, name="Odd", odd=value)
    (conflict,) = list_conflicts(books)
    assert {"a": ["hex:6279746573", None, True]} in [value["value"] for value in conflict["values"]]
    settle_taking(books, conflict["id"], 3)
    assert [problem.code for problem in find_problems(books)] == []


@pytest.mark.parametrize("seed", range(4))
def test_every_clash_and_no_sequence_is_listed(seed):
    """An oracle that only counts who knew whose narration agrees with the list."""
    chance = random.Random(seed)
    office = a_company()
    ledger(office, "Asha Stores")
    copies = [office, a_branch(office, "Pune"), a_branch(office, "Nasik")]
    entered = voucher(office, "Receipt", "Cash 500 / Asha Stores -500", narration="0")
    sync(copies[1], office)
    sync(copies[2], office)
    shown = [{"0"}, {"0"}, {"0"}]
    older: dict[str, set[str]] = {"0": set()}
    for number in range(1, 15):
        who = chance.randrange(3)
        if chance.random() < 0.5:
            other = chance.choice([copy for copy in range(3) if copy != who])
            sync(copies[who], copies[other])
            both = shown[who] | shown[other]
            known = {old for value in both for old in older[value]}
            shown[who] = shown[other] = both - known
        else:
            value = str(number)
            older[value] = set.union(set(shown[who]), *(older[seen] for seen in shown[who]))
            alter(copies[who], entered.number, narration=value)
            shown[who] = {value}
        for copy, expected in zip(copies, shown, strict=True):
            listed = [{value["value"] for value in conflict["values"]} for conflict in list_conflicts(copy)]
            assert listed == ([expected] if len(expected) > 1 else [])


def test_set_registers_of_a_master_settles_what_it_sets():
    office = a_company()
    pune = a_branch(office, "Pune")
    ledger(office, "Asha Stores")
    ledger(pune, "Asha Stores", "Sundry Creditors")
    sync(office, pune)
    group = office.names.find("group", "Sundry Debtors").document
    set_registers(office, "ledger", "Asha Stores", {"group": group})
    assert list_conflicts(office) == []


def test_more_heads_than_one_save_can_know_are_settled_in_several():
    """What a faulty device could leave: over a thousand values of one register, all made apart."""
    books, heads = a_company(), PARENTS_MAX + 76
    scope, document = "vouchers/ho/receipt/2026-04", b"v" * 16
    replica = books.replica
    epoch, key = replica.keyring.current(replica.chain.epochs, scope) or (b"", b"")
    batch, prev = [], b""
    for number in range(heads):
        item = Item(document, "voucher", pack_save({"narration": f"as {number} reads it"}, (), "asha"))
        commit = make_commit(
            replica.keys, scope, [item], NOW + number, prev, replica.chain.seen, epoch, key, books.random
        )
        batch.append((commit.header_bytes, commit.signature, commit.ciphertext))
        prev = commit.id
    replica.ingest_from(replica.check_untrusted(batch), replica.keys.id, None, NOW)
    (conflict,) = list_conflicts(books)
    assert len(conflict["values"]) == heads
    settle_taking(books, conflict["id"], 2)
    assert list_conflicts(books) == []
    settled = replica.document(scope, "voucher", document)
    assert settled is not None
    assert len(settled.heads()) == 1
    assert settled.fold().values["narration"] == conflict["values"][1]["value"]
