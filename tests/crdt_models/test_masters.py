"""Masters: ids from names, registers and back."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.errors import BadValue
from crdt_models.masters import (
    KINDS,
    Gst,
    GstRate,
    Ledger,
    NumberSeries,
    OpeningBill,
    OpeningStock,
    StockItem,
    Tax,
    VoucherType,
    changed,
    company_details_id,
    master_id,
    normalised,
)
from crdt_models.packing import pack, unpack_untrusted

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "masters.json").read_text("utf-8"))
COMPANY = bytes.fromhex(VECTORS["company"])
ID = st.binary(min_size=16, max_size=16)

EXAMPLES = [
    Ledger(
        name="Asha Stores",
        aliases=("Asha",),
        group=b"g" * 16,
        opening="-1250.50",
        bill_wise=True,
        gst=Gst(registration="Regular", gstin="29AABCE1234F1Z5", state="Karnataka"),
        tax=Tax(kind="GST", head="CGST", rate="9"),
        opening_bills=(OpeningBill(name="S-1", amount="-1250.50", date="2026-03-31"),),
        sources={"head-office/61c6": {"guid": "61c6-000000d5"}},
    ),
    StockItem(
        name="Widget",
        unit=b"u" * 16,
        opening=(OpeningStock(quantity="10", rate="15", value="150.00", godown=b"m" * 16),),
        gst=(GstRate(since="2026-04-01", hsn="8471", rates={"IGST": "18"}),),
    ),
    VoucherType(name="Tax Invoice", base="sales", series=(NumberSeries(method="Manual", prefixes=(("", "TI/"),)),)),
]


def stored(registers):
    """What a store gives back of registers: packed and unpacked."""
    return unpack_untrusted(pack(registers))


@pytest.mark.parametrize("vector", VECTORS["names"], ids=lambda vector: repr(vector["name"]))
def test_normalised_names_and_ids_are_these_bytes_for_ever(vector):
    assert normalised(vector["name"]) == vector["normalised"]
    assert master_id(COMPANY, vector["kind"], vector["name"]).hex() == vector["id"]


@given(st.text())
def test_a_normalised_name_is_its_own_normal_form(name):
    once = normalised(name)
    assert normalised(once) == once
    assert normalised(f"  {unicodedata.normalize('NFD', name)} ") == once


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_names_share_an_id_when_they_are_the_same_name(left, right):
    same = normalised(left) == normalised(right)
    assert (master_id(COMPANY, "ledger", left) == master_id(COMPANY, "ledger", right)) == same


def test_kind_and_company_tell_equal_names_apart():
    ids = {master_id(company, kind, "Cash") for company in (COMPANY, bytes(32)) for kind in KINDS}
    assert len(ids) == 2 * len(KINDS)
    assert company_details_id(COMPANY) not in ids


@pytest.mark.parametrize("master", EXAMPLES, ids=lambda master: master.KIND)
def test_a_master_survives_its_registers(master):
    registers = stored(master.registers())
    assert registers == master.registers()
    assert type(master).from_registers(registers) == master


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_registers_that_hold_nothing_are_left_out(kind):
    assert kind(name="A").registers() == {"name": "A"}
    assert kind.from_registers({}) == kind()


def test_a_default_is_left_out_wherever_its_text_came_from():
    zero = b"0.00".decode()
    said: dict[str, Any] = {"name": "A", "opening": zero, "gst": {}, "tax": {"rate": ""}, "aliases": []}
    assert Ledger.from_registers(said).registers() == Ledger(name="A", opening=zero).registers() == {"name": "A"}
    series = NumberSeries(name=b"Default".decode(), method="Manual")
    assert VoucherType(name="T", series=(series,)).registers()["series"] == [{"method": "Manual"}]


def test_unknown_registers_are_ignored_and_bad_ones_refused():
    assert Ledger.from_registers({"name": "A", "colour": [1]}) == Ledger(name="A")
    refused: list[dict[str, Any]] = [
        {"name": 1},
        {"group": b"short"},
        {"gst": "x"},
        {"deleted": "yes"},
        {"source:x": 5},
        {"aliases": "x"},
    ]
    for bad in refused:
        with pytest.raises(BadValue):
            Ledger.from_registers(bad)


def test_changes_set_what_became_empty():
    before = EXAMPLES[0]
    after = Ledger(name="Asha Stores", group=b"h" * 16, sources=before.sources)
    changes = changed(before, after)
    assert changes == {
        "group": b"h" * 16,
        "aliases": [],
        "opening": "0.00",
        "bill_wise": False,
        "gst": {},
        "tax": {},
        "opening_bills": [],
    }
    assert Ledger.from_registers({**before.registers(), **changes}) == after
    assert changed(after, after) == {}


@given(st.text(), st.lists(st.text(), max_size=3), ID | st.none(), st.booleans())
def test_any_ledger_survives(name, aliases, group, bill_wise):
    ledger = Ledger(name=name, aliases=tuple(aliases), group=group, bill_wise=bill_wise)
    assert Ledger.from_registers(stored(ledger.registers())) == ledger


@given(st.dictionaries(st.sampled_from(["name", "group", "gst", "opening", "aliases"]), st.none() | ID | st.text()))
def test_any_registers_are_a_master_or_refused(values):
    try:
        ledger = Ledger.from_registers(values)
    except BadValue:
        return
    assert Ledger.from_registers(ledger.registers()) == ledger
