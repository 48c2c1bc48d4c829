"""Units and descriptions in the HSN summary of GSTR-1: what the portal reads, and what to do where it cannot."""

import pytest

from khata.entering_masters import add_master, alter_master
from khata.export.gstr1 import gstr1
from khata.gst.setting import rate_of, set_rate
from tests.khata.gst.traders import PUNE_GSTIN, a_trader, invoice


def a_trader_in(unit: str, **fields: object):
    """A trader who sold one bar of soap counted in this unit."""
    books = a_trader()
    made = add_master(books, "unit", unit, dict(fields)).id if unit else None
    add_master(books, "stock-item", "Bar", {"unit": made} if made else {})
    set_rate(books, "stock-item", "Bar", rate_of("18", "0", "", "3401", ""))
    invoice(books, "Asha", "Bar 1 @ 50")
    return books


def told(books):
    """Code and description of the only row, and what is to be done about units."""
    content, summary = gstr1(books, "2026-04", PUNE_GSTIN)
    (row,) = content["hsn"]["hsn_b2b"]
    return row["uqc"], row["desc"], summary["units"]


@pytest.mark.parametrize(("unit", "code"), [
    ("Pcs", "PCS"), ("Kg", "KGS"), ("Kgs.", "KGS"), ("kgs", "KGS"), ("Ltr", "LTR"), ("Litres", "LTR"), ("Mtr", "MTR"),
    ("Box", "BOX"), ("Dozen", "DOZ"), ("Doz", "DOZ"), ("Nos.", "NOS"), ("Number", "NOS"), ("PAIR", "PRS"),
])  # fmt: skip
def test_a_unit_is_known_by_its_usual_names(unit, code):
    assert told(a_trader_in(unit)) == (code, "Bar", [])


def test_what_a_unit_says_of_itself_comes_before_its_name():
    assert told(a_trader_in("Box", quantity_code="CTN-CARTONS")) == ("CTN", "Bar", [])
    assert told(a_trader_in("Box", quantity_code="WHAT")) == ("BOX", "Bar", [])


def test_a_unit_that_nobody_knows_is_told_as_others_with_what_to_do():
    books = a_trader_in("Petti 20")
    code, _, (finding,) = told(books)
    assert code == "OTH"
    assert "`khata master alter unit 'Petti 20' --set quantity_code=NOS-NUMBERS`" in finding
    alter_master(books, "unit", "Petti 20", {"quantity_code": "NOS-NUMBERS"})
    assert told(books) == ("NOS", "Bar", [])


def test_an_item_without_a_unit_is_told_as_others_with_what_to_do():
    code, _, (finding,) = told(a_trader_in(""))
    assert (code, "khata master alter stock-item Bar --set unit=Nos" in finding) == ("OTH", True)


def test_a_code_is_described_by_its_rate_and_else_by_the_item():
    books = a_trader_in("Pcs")
    set_rate(books, "stock-item", "Bar", rate_of("18", "0", "", "3401", "", "Soap in bars, wrapped singly in paper"))
    assert told(books) == ("PCS", "Soap in bars, wrapped singly i", [])
