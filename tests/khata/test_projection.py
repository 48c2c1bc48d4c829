"""The tables are made from documents alone: any order, any batch, any register value."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.masters import KINDS
from crdt_models.vouchers import BLANK
from khata.entering import enter_form
from khata.problems import find_problems
from khata.projection import BooksProjection
from khata.reports.trial_balance import trial_balance
from khata.tables import DERIVED_TABLES
from khata.verify import verify
from p2p.messages import SHARE
from tests.khata.company import NOW, Clock, a_branch, a_company, alter, contents, found, ledger, put, sync, voucher

SALES = "vouchers/ho/sales/2026-04"

scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20) | st.binary(max_size=20)
    | st.sampled_from(["500.00", "-500.00", "999999999999.9999", "2026-04-02", "sales", b"l" * 16, "-0.00", "1e5"])
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
entries = st.lists(
    st.fixed_dictionaries({"ledger": st.binary(min_size=16, max_size=16) | scalars, "amount": scalars}), max_size=4
)
postings = st.fixed_dictionaries(
    {},
    optional={
        "base": st.sampled_from(["sales", "receipt", "no-such-base", ""]) | scalars,
        "type": st.binary(min_size=16, max_size=16) | scalars,
        "date": st.sampled_from(["2026-04-02", "2026-02-30", "20260402", ""]) | scalars,
        "entries": entries | values,
        "stock": values,
        "party": values,
        "extra": values,
    },
)


def test_a_voucher_becomes_rows_that_any_tool_can_read():
    books = a_company()
    ledger(books, "Asha Stores")
    entered = voucher(books, "Receipt", "Cash 500 / Asha Stores -500", narration="Bill 7", party="Asha Stores")
    rows = books.db.execute("SELECT date, voucher_type, number, party, ledger, amount, narration, posted FROM day_book")
    assert rows.fetchall() == [
        ("2026-04-02", "Receipt", entered.number, "Asha Stores", "Cash", "500.0000", "Bill 7", 1),
        ("2026-04-02", "Receipt", entered.number, "Asha Stores", "Asha Stores", "-500.0000", "Bill 7", 1),
    ]
    assert books.db.execute("SELECT name, \"group\" FROM ledger_list WHERE name LIKE 'Asha%'").fetchall() == [
        ("Asha Stores", "Sundry Debtors")
    ]


def test_an_alteration_replaces_the_rows():
    books = a_company()
    ledger(books, "Asha Stores")
    entered = voucher(books, "Receipt", "Cash 500 / Asha Stores -500")
    alter(books, entered.number, "Cash 300 / Asha Stores -200 / Profit & Loss A/c -100")
    rows = books.db.execute("SELECT line, amount_e4 FROM entries ORDER BY line").fetchall()
    assert rows == [(0, 3_000_000), (1, -2_000_000), (2, -1_000_000)]


def test_bills_costs_forex_and_stock_have_tables():
    books = a_company()
    for kind, name in (("stock-item", "Soap"), ("unit", "Nos"), ("cost-centre", "Pune shop"), ("currency", "$")):
        put(books, f"masters/{kind}", kind, name.encode().ljust(16, b"."), name=name)
    ledger(books, "Asha Stores")
    ledger(books, "Sales", "Sales Accounts")
    enter_form(books, {
        "type": "Sales",
        "date": "2026-04-02",
        "entries": [
            {
                "ledger": "Asha Stores", "amount": "800", "bills": [{"kind": "new", "name": "7", "amount": "800"}],
                "forex": {"currency": "$", "amount": "10", "rate": "80"},
            },
            {"ledger": "Sales", "amount": "-800", "costs": [{"centre": "Pune shop", "amount": "-800"}]},
        ],
        "stock": [{"item": "Soap", "quantity": "-10", "unit": "Nos", "rate": "80", "amount": "-800"}],
    })  # fmt: skip
    assert books.db.execute("SELECT kind, name, amount_e4 FROM bill_allocations").fetchall() == [
        ("new", "7", 8_000_000)
    ]
    assert books.db.execute("SELECT amount_e4 FROM cost_allocations").fetchall() == [(-8_000_000,)]
    assert books.db.execute("SELECT amount_e4, rate_e6 FROM forex_amounts").fetchall() == [(100_000, 80_000_000)]
    assert books.db.execute("SELECT item, quantity, unit, rate, posted FROM stock_movements").fetchall() == [
        ("Soap", "-10.000000", "Nos", "80.000000", 1)
    ]


@given(st.dictionaries(st.sampled_from([*BLANK, "posting", "source:x", "other"]), values, max_size=6))
def test_no_register_of_a_voucher_can_stop_the_tables(registers: dict[str, Any]):
    books = a_company()
    put(books, SALES, "voucher", b"v" * 16, **registers)
    assert trial_balance(books)["debit"] == trial_balance(books)["credit"]
    assert isinstance(find_problems(books), list)


@given(postings)
def test_no_posting_can_stop_the_tables(posting: dict[str, Any]):
    books = a_company()
    put(books, SALES, "voucher", b"v" * 16, posting=posting)
    listed = books.db.execute("SELECT posted FROM vouchers").fetchone()[0]
    balance = trial_balance(books)
    assert balance["debit"] == balance["credit"]
    assert listed or find_problems(books)


@given(st.sampled_from(sorted(KINDS)), st.data())
def test_no_register_of_a_master_can_stop_the_tables(kind: str, data: st.DataObject):
    fields = sorted(KINDS[kind].__struct_fields__)
    registers = data.draw(st.dictionaries(st.sampled_from([*fields, "source:x"]), values, max_size=6))
    registers.pop("sources", None)
    books = a_company()
    put(books, f"masters/{kind}", kind, b"m" * 16, **registers)
    put(books, f"masters/{kind}", kind, b"m" * 16, **{**registers, "name": 7})
    assert isinstance(find_problems(books), list)
    table = books.db.execute(f"SELECT count(*) FROM documents WHERE kind='{kind}' AND id=?", (b"m" * 16,)).fetchone()
    assert table == (1,)


def test_amounts_as_large_as_they_may_be_still_add_up():
    books = a_company()
    big = "999999999999.9999"
    entries = [{"ledger": b"a" * 16, "amount": big}, {"ledger": b"b" * 16, "amount": "-" + big}] * 600
    for number in range(4):
        posting = {"base": "journal", "type": b"t" * 16, "date": "2026-04-02", "entries": entries}
        put(books, "vouchers/ho/journal/2026-04", "voucher", bytes([number]) * 16, posting=posting)
    balance = trial_balance(books)
    assert balance["debit"] == balance["credit"] == "2399999999999999.76"
    assert {row["group"] for row in balance["rows"]} == {"Suspense A/c"}


def test_an_entry_on_a_ledger_that_comes_later_is_found_by_its_name():
    books = a_company()
    posting = {
        "base": "receipt",
        "type": books.names.find("voucher-type", "Receipt").document,
        "date": "2026-04-02",
        "entries": [
            {"ledger": books.names.find("ledger", "Cash").document, "amount": "5.00"},
            {"ledger": b"l" * 16, "amount": "-5.00"},
        ],
    }
    put(books, "vouchers/ho/receipt/2026-04", "voucher", b"v" * 16, posting=posting)
    assert sorted((row["ledger"] for row in trial_balance(books)["rows"]), reverse=True) == [
        "ledger 6c6c6c6c (not here yet)",
        "Cash",
    ]
    assert [problem.code for problem in find_problems(books)] == ["missing-master"]
    put(books, "masters/ledger", "ledger", b"l" * 16, name="Late Stores")
    books.names.forget()
    assert [row["ledger"] for row in trial_balance(books)["rows"]] == ["Cash", "Late Stores"]
    assert find_problems(books) == []


@pytest.mark.parametrize("seed", range(5))
def test_copies_that_hold_the_same_have_the_same_tables_whatever_the_order(seed: int):
    office = a_company()
    pune, nasik = a_branch(office, "Pune"), a_branch(office, "Nasik")
    chance = random.Random(seed)
    copies = [office, pune, nasik]
    for copy in copies:
        ledger(copy, "Asha Stores", gst={"state": copy.user})
        first = voucher(copy, "Receipt", "Cash 500 / Asha Stores -500")
        alter(copy, first.id.hex(), narration=copy.user)
    for _ in range(12):
        one, other = chance.sample(copies, 2)
        if chance.random() < 0.5:
            sync(one, other)
        rows = one.db.execute("SELECT lower(hex(document)) FROM vouchers ORDER BY document").fetchall()
        amount = chance.randrange(1, 99)
        alter(one, chance.choice(rows)[0], f"Cash {amount} / Asha Stores -{amount}", narration=one.user)
    for one, other in ((office, pune), (office, nasik), (office, pune)):
        sync(one, other)
    assert contents(office) == contents(pune) == contents(nasik)
    assert not verify(nasik).differences
    rebuilt = a_branch(office, "Surat")
    assert contents(rebuilt) == contents(office)
    assert rebuilt.replica.view(SHARE, office.replica.keys.id).digest("").size > 0


def test_projecting_everything_anew_gives_the_same_tables():
    books = a_company()
    ledger(books, "Asha Stores")
    entered = voucher(books, "Receipt", "Cash 500 / Asha Stores -500")
    version = books.document(found(books, entered.number).row).heads()[0].hex()
    alter(books, entered.number, narration="one", version=version)
    alter(books, entered.number, narration="two", version=version)
    before = contents(books)
    assert before["conflicts"]
    projection = BooksProjection()
    with books.writing():
        changed = list(_changed(books))
        projection.clear(books.db)
        assert all(not books.db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall() for table in DERIVED_TABLES)
        chosen = random.Random(3)
        chosen.shuffle(changed)
        for document in changed:
            projection.project(books.db, [document], books.replica.chain, books.replica.locks)
    assert contents(books) == before


def _changed(books):
    return [document for batch in books.replica.documents.all_as_new() for document in batch]


def test_whose_clock_is_behind_has_altered_a_voucher_and_not_made_it():
    office = a_company()
    ledger(office, "Asha")
    voucher(office, "Receipt", "Cash 70 / Asha -70")
    pune = a_branch(office, "Pune")
    pune.now = Clock(NOW - 3_600_000)
    alter(pune, "HO/26-27/00001", narration="by cheque")
    for books in (pune, office):
        sync(pune, office)
        (author,) = books.db.execute("SELECT author FROM vouchers").fetchone()
        assert author == office.member.device[:8]
