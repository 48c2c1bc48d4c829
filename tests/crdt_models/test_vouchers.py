"""Vouchers: postings that balance, registers and back."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.errors import BadValue
from crdt_models.money import Amount, Quantity, Rate
from crdt_models.packing import Value, pack, unpack_untrusted
from crdt_models.voucher_types import BASE_TYPES
from crdt_models.vouchers import (
    BankAllocation,
    BillAllocation,
    CostAllocation,
    Entry,
    Forex,
    Posting,
    StockLine,
    Unbalanced,
    Voucher,
    changed,
    check,
    imbalance,
    imported_voucher_id,
    posting_from,
    totals,
)

SALES = b"s" * 16
ids = st.binary(min_size=16, max_size=16)
amounts = st.integers(-(10**16) + 1, 10**16 - 1).map(lambda e4: Amount(e4).text)
quantities = st.integers(-(10**15), 10**15).map(lambda e6: Quantity(e6).text)
rates = st.integers(0, 10**15).map(lambda e6: Rate(e6).text)
forex = st.builds(Forex, currency=ids, amount=amounts, rate=rates)
bills = st.builds(
    BillAllocation,
    kind=st.sampled_from(["new", "against", "advance", "on-account"]),
    amount=amounts,
    name=st.text(max_size=8),
    forex=st.none() | forex,
)
costs = st.builds(CostAllocation, centre=ids, amount=amounts, category=st.none() | ids)
entries = st.builds(
    Entry,
    ledger=ids,
    amount=amounts,
    bills=st.lists(bills, max_size=2).map(tuple),
    costs=st.lists(costs, max_size=2).map(tuple),
    bank=st.lists(st.builds(BankAllocation, kind=st.text(max_size=5)), max_size=1).map(tuple),
    forex=st.none() | forex,
)
lines = st.builds(
    StockLine,
    item=ids,
    quantity=quantities,
    unit=st.none() | ids,
    billed=st.none() | quantities,
    rate=rates,
    amount=amounts,
    godown=st.none() | ids,
)
postings = st.builds(
    Posting,
    base=st.sampled_from(sorted(BASE_TYPES)),
    type=ids,
    date=st.dates().map(str),
    party=st.none() | ids,
    view=st.sampled_from(["accounting", "invoice"]),
    entries=st.lists(entries, max_size=4).map(tuple),
    stock=st.lists(lines, max_size=3).map(tuple),
)
vouchers = st.builds(
    Voucher,
    id=ids,
    posting=postings,
    number=st.text(max_size=16),
    narration=st.text(max_size=20),
    cancelled=st.booleans(),
    optional=st.booleans(),
    sources=st.dictionaries(st.text(max_size=6), st.dictionaries(st.just("guid"), st.text(max_size=6)), max_size=2),
)


def sale(*entries: tuple[str, str], base: str = "sales", date: str = "2026-04-01") -> Posting:
    """A posting from (ledger, amount) pairs: sale(("Asha", "500"), ("Sales", "-500"))."""
    lines = tuple(Entry(ledger=name.ljust(16).encode(), amount=Amount.parse(text).text) for name, text in entries)
    return Posting(base=base, type=SALES, date=date, entries=lines)


def stored(registers):
    """What a store gives back of registers: packed and unpacked."""
    return unpack_untrusted(pack(registers))


@given(vouchers)
def test_a_voucher_survives_its_registers(voucher):
    registers = stored(voucher.registers())
    assert registers == voucher.registers()
    assert Voucher.from_registers(voucher.id, registers) == voucher


@given(postings)
def test_the_imbalance_is_debits_less_credits(posting):
    debit, credit = totals([posting])
    assert debit - credit == imbalance(posting)
    assert debit >= Amount(0) <= credit


@given(postings)
def test_a_posting_checks_exactly_when_it_balances_or_need_not(posting):
    if imbalance(posting) and BASE_TYPES[posting.base].balances:
        with pytest.raises(Unbalanced):
            check(posting)
    else:
        check(posting)


@given(postings.filter(lambda posting: abs(imbalance(posting)) < Amount(10**16)))
def test_one_more_entry_can_always_balance_a_posting(posting):
    rest = -imbalance(posting)
    entry = Entry(ledger=SALES, amount=rest.text)
    check(Posting(base=posting.base, type=posting.type, date=posting.date, entries=(*posting.entries, entry)))


def test_a_voucher_says_how_far_it_is_from_balancing():
    with pytest.raises(Unbalanced, match=r"debits 500\.00 and credits 499\.50 differ by 0\.50"):
        check(sale(("Asha", "500"), ("Sales", "-499.5")))


def test_an_order_need_not_balance():
    check(sale(("Asha", "500"), base="sales-order"))


@pytest.mark.parametrize(
    "posting",
    [
        sale(base="barter"),
        sale(date="2026-02-30"),
        sale(date="20260401"),
        sale(date="2026-W14-3"),
        Posting(base="sales", type=SALES, date="2026-04-01", entries=(Entry(ledger=SALES, amount="0.0"),)),
        Posting(base="sales", type=SALES, date="2026-04-01", stock=(StockLine(item=SALES, quantity="1.0"),)),
        Posting(base="sales", type=SALES, date="2026-04-01", stock=(StockLine(item=SALES, amount="-0.00"),)),
        Posting(base="sales", type=SALES, date="2026-04-01", effective_date="never"),
        Posting(
            base="sales",
            type=SALES,
            date="2026-04-01",
            entries=(Entry(ledger=SALES, amount="0.00", bills=(BillAllocation(kind="new", amount="1"),)),),
        ),
        Posting(
            base="sales",
            type=SALES,
            date="2026-04-01",
            entries=(Entry(ledger=SALES, amount="0.00", forex=Forex(currency=SALES, amount="1.00", rate="x")),),
        ),
    ],
)
def test_postings_that_no_book_may_count(posting):
    with pytest.raises(BadValue):
        check(posting)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"base": "sales", "type": b"short", "date": "2026-04-01"},
        {"base": "sales", "type": SALES, "date": 20260401},
        {"base": "sales", "type": SALES, "date": "2026-04-01", "view": "sideways"},
        {"base": "sales", "type": SALES, "date": "2026-04-01", "entries": [{"ledger": SALES}]},
        {"base": "sales", "type": SALES, "date": "2026-04-01", "entries": {"ledger": SALES, "amount": "1.00"}},
    ],
)
def test_registers_that_are_no_posting(value: Any):
    with pytest.raises(BadValue):
        posting_from(value)
    with pytest.raises(BadValue):
        Voucher.from_registers(SALES, {"posting": value})


def test_fields_and_registers_of_newer_versions_are_ignored():
    value: dict[str, Value] = {"base": "sales", "type": SALES, "date": "2026-04-01", "weather": "dry"}
    voucher = Voucher.from_registers(SALES, {"posting": value, "colour": 3, "number": "7"})
    assert voucher == Voucher(id=SALES, posting=Posting(base="sales", type=SALES, date="2026-04-01"), number="7")


def test_what_equals_a_default_is_left_out_wherever_its_text_came_from():
    line = {"item": SALES, "quantity": b"0".decode(), "amount": b"0.00".decode(), "side": ""}
    value: Any = {"base": "sales", "type": SALES, "date": "2026-04-01", "view": b"accounting".decode(), "stock": [line]}
    voucher = Voucher.from_registers(SALES, {"posting": value, "cancelled": False})
    posting = {"base": "sales", "type": SALES, "date": "2026-04-01", "stock": [{"item": SALES}]}
    assert voucher.registers() == {"posting": posting}


def test_a_posting_packs_small():
    value = Voucher(id=SALES, posting=sale(("Asha", "500"), ("Sales", "-500"))).registers()
    assert value.keys() == {"posting"}
    assert len(pack(value)) < 200


@given(vouchers, vouchers)
def test_changes_turn_one_voucher_into_another(before, other):
    after = msgspec.structs.replace(other, id=before.id, sources=before.sources)
    registers = {**before.registers(), **changed(before, after)}
    assert Voucher.from_registers(before.id, registers) == after
    assert changed(after, after) == {}


def test_imported_ids_depend_on_company_source_and_identity():
    one = imported_voucher_id(bytes(32), "ho/61c6", "61c6-00000001")
    assert len(one) == 16
    assert one == imported_voucher_id(bytes(32), "ho/61c6", "61c6-00000001")
    assert one != imported_voucher_id(bytes(32), "pune/61c6", "61c6-00000001")
    assert one != imported_voucher_id(bytes(32), "ho/61c6", "61c6-00000002")
    assert one != imported_voucher_id(bytes([1]) * 32, "ho/61c6", "61c6-00000001")
