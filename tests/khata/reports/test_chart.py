"""The chart of accounts: every ledger has one place, whatever is merged, missing, deleted or in a ring."""

import itertools

import pytest

from khata.books import Change
from khata.entering_masters import add_master, alter_master, merge_masters
from khata.errors import NotFound
from khata.reports.balance_sheet import balance_sheet
from khata.reports.chart import PRIMARY, TOP, Account, Chart
from tests.khata.company import a_branch, a_company, ledger, put, sync, voucher

JOURNALS = "vouchers/ho/journal/2026-04"


def place(books, name) -> Account:
    chart = Chart(books)
    return chart.account(books.names.find("ledger", name).local)


def parent(books, group, under) -> None:
    below, above = (books.names.find("group", name).document for name in (group, under))
    put(books, "masters/group", "group", below, parent=above)


def test_a_ledger_has_the_path_and_nature_of_its_primary_group():
    books = a_company()
    add_master(books, "group", "Pune customers", {"parent": books.names.find("group", "Sundry Debtors").document})
    ledger(books, "Asha", "Pune customers")
    ledger(books, "Sales", "Sales Accounts")
    asha, sales = place(books, "Asha"), place(books, "Sales")
    assert (asha.path, asha.nature) == (("Current Assets", "Sundry Debtors", "Pune customers"), "assets")
    assert (sales.path, sales.nature, sales.affects_gross_profit) == (("Sales Accounts",), "income", True)
    assert not asha.affects_gross_profit


def test_a_nature_of_its_own_changes_nothing_below_a_primary_group():
    books = a_company()
    group = {"parent": books.names.find("group", "Current Assets").document, "nature": "income"}
    add_master(books, "group", "Odd", group)
    ledger(books, "Asha", "Odd")
    assert place(books, "Asha").nature == "assets"


def test_a_renamed_group_is_still_the_predefined_one():
    books = a_company()
    alter_master(books, "group", "Bank Accounts", {"name": "Our banks"})
    ledger(books, "HDFC", "Our banks")
    assert place(books, "HDFC").group in Chart(books).predefined("Bank Accounts")


def test_merged_ledgers_and_groups_are_one():
    books = a_company()
    for name in ("North", "South"):
        add_master(books, "group", name, {"parent": books.names.find("group", "Sundry Debtors").document})
    ledger(books, "Asha", "North")
    ledger(books, "Asha Stores", "South")
    local = books.names.find("ledger", "Asha").local
    merge_masters(books, "group", "North", "South")
    assert place(books, "Asha").path[-1] == "South"
    merge_masters(books, "ledger", "Asha", "Asha Stores")
    assert Chart(books).account(local) == place(books, "Asha Stores")
    assert [group.name for group in Chart(books).children(place(books, "Asha Stores").group)] == []


def test_groups_below_each_other_hang_under_primary_on_every_copy():
    office = a_company()
    pune = a_branch(office, "Pune")
    ledger(office, "Asha", "Sundry Debtors")
    sync(office, pune)
    parent(office, "Current Assets", "Sundry Debtors")
    sync(office, pune)
    for books in (office, pune):
        assert place(books, "Asha").path == ("Sundry Debtors",)
        assert place(books, "Cash").path == ("Current Assets", "Cash-in-Hand")
        tops = {group.name for group in Chart(books).children(TOP)}
        assert {"Sundry Debtors", "Current Assets", "Sales Accounts"} <= tops


def test_a_group_merged_into_one_below_it_does_not_stand_under_itself():
    books = a_company()
    add_master(books, "group", "Pune customers", {"parent": books.names.find("group", "Sundry Debtors").document})
    ledger(books, "Asha", "Pune customers")
    merge_masters(books, "group", "Sundry Debtors", "Pune customers")
    assert place(books, "Asha").path == ("Pune customers",)


def test_what_has_not_arrived_stands_under_suspense_and_is_found_by_its_id():
    books = a_company()
    ledger(books, "Asha")
    asha_id = books.names.find("ledger", "Asha").document
    entries = [{"ledger": b"m" * 16, "amount": "5.00"}, {"ledger": asha_id, "amount": "-5.00"}]
    kind = books.names.find("voucher-type", "Journal").document
    posting = {"base": "journal", "type": kind, "date": "2026-04-02", "entries": entries}
    put(books, JOURNALS, "voucher", b"v" * 16, posting=posting)
    put(books, "masters/ledger", "ledger", asha_id, group=b"g" * 16)
    chart = Chart(books)
    missing, asha = chart.find_account("id:" + (b"m" * 16).hex()), place(books, "Asha")
    assert (missing.path, missing.nature) == (("Suspense A/c",), "liabilities")
    assert asha.path == ("Suspense A/c", "group 67676767 (not here yet)")
    assert chart.find((b"g" * 16).hex()).path == asha.path
    with pytest.raises(NotFound):
        chart.find_account((b"n" * 16).hex())


def test_profit_and_loss_stands_under_primary_wherever_somebody_moves_it():
    books = a_company()
    alter_master(books, "ledger", "Profit & Loss A/c", {"group": books.names.find("group", "Sales Accounts").document})
    found = place(books, "Profit & Loss A/c")
    assert (found.group, found.path, found.nature, found.profit_and_loss) == (TOP, (), "liabilities", True)
    assert Chart(books).find("primary").name == Chart(books).find("").name == PRIMARY


def test_accounts_come_in_order_of_name_each_once():
    books = a_company()
    for name in ("beta", "Alpha", "gamma"):
        ledger(books, name)
    merge_masters(books, "ledger", "gamma", "beta")
    voucher(books, "Receipt", "Cash 1 / Alpha -1")
    names = [account.name for account in Chart(books).accounts()]
    assert names == ["Alpha", "beta", "Cash", "Profit & Loss A/c"]


def test_a_chain_of_groups_longer_than_any_recursion_has_a_place():
    books = a_company()
    ids = [books.names.find("group", "Current Assets").document, *(depth.to_bytes(16) for depth in range(1_200))]
    pairs = itertools.pairwise(ids)
    books.save("masters/group", [Change("group", id, {"name": f"G{id[-1]}", "parent": above}) for above, id in pairs])
    put(books, "masters/ledger", "ledger", b"d" * 16, name="Deep", group=ids[-1])
    voucher(books, "Journal", "Deep 5 / Cash -5")
    assert (place(books, "Deep").nature, len(place(books, "Deep").path)) == ("assets", 1_201)
    assert balance_sheet(books)["assets"]["amount"] == "0.00"
