"""The return GSTR-1: every document in its table, and all of them together what the GST report says is owed."""

import json
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khata.entering import cancel
from khata.errors import BooksError, NotFound
from khata.export.gstr1 import gstr1, registration_for, write_gstr1
from khata.export.out_file import no_step
from khata.gst.report import gst_report
from khata.gst.setting import rate_of, set_company, set_rate
from khata.reports.span import Span
from tests.khata.company import a_branch, found, ledger, sync, voucher
from tests.khata.export.gstr1_schema import GSTR1
from tests.khata.gst.traders import ASHA_GSTIN, BANGALORE_GSTIN, PUNE_GSTIN, a_trader, invoice

APRIL = "2026-04"
HEADS = {"iamt": "igst", "camt": "cgst", "samt": "sgst", "csamt": "cess"}


def file_of(books, month=APRIL, gstin=PUNE_GSTIN) -> dict[str, Any]:
    """What is in the file, its numbers exact; it fits the schema."""
    stream = BytesIO()
    write_gstr1(month, gstin, "")(books, stream, no_step)
    jsonschema.validate(json.loads(stream.getvalue()), GSTR1)
    content: dict[str, Any] = json.loads(stream.getvalue(), parse_float=Decimal)
    return content


def details(content: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The sign and the figures of every taxed row but those of the HSN summary."""
    for table, key in (("b2b", "inv"), ("b2cl", "inv"), ("exp", "inv"), ("cdnr", "nt")):
        for group in content.get(table, []):
            for one in group[key]:
                sign = -1 if one.get("ntty") == "C" else 1
                yield from ((sign, item.get("itm_det", item)) for item in one["itms"])
    for one in content.get("cdnur", []):
        yield from ((-1 if one["ntty"] == "C" else 1, item["itm_det"]) for item in one["itms"])
    yield from ((1, row) for row in content.get("b2cs", []))


def total(rows, column) -> Decimal:
    return sum((sign * Decimal(row.get(column, 0)) for sign, row in rows), Decimal(0))


def hsn_rows(content) -> list[tuple[int, dict[str, Any]]]:
    return [(1, row) for rows in content.get("hsn", {}).values() for row in rows]


def untaxed(content) -> Decimal:
    rows = content.get("nil", {"inv": []})["inv"]
    return sum((Decimal(row[name]) for row in rows for name in ("nil_amt", "expt_amt", "ngsup_amt")), Decimal(0))


def a_month():
    """One document for each table, with figures that were worked out by hand."""
    books = a_trader()
    ledger(books, "John", country="Kenya")
    invoice(books, "Asha", "Soap 10 @ 50 / Oil 1 @ 100")  # registered, within: 500.00 at 18, 100.00 at 5
    invoice(books, "Asha", "Soap 2 @ 50", "Credit Note")
    invoice(books, "Meera", "Soap 2000 @ 100")  # not registered, across, 2,36,000.00: told by itself
    invoice(books, "Meera", "Soap 1000 @ 100", "Credit Note")
    invoice(books, "Meera", "Soap 1 @ 100")  # small: only in the total
    invoice(books, "Cash", "Soap 3 @ 100")
    invoice(books, "Cash", "Soap 1 @ 100", "Credit Note")
    invoice(books, "John", "Soap 1 @ 1000")
    invoice(books, "John", "Soap 1 @ 500", zero_rated=True)
    invoice(books, "John", "Soap 1 @ 200", "Credit Note", zero_rated=True)
    invoice(books, "Asha", "Milk 5 @ 20")
    cancel(books, found(books, invoice(books, "Asha", "Soap 9 @ 50").id.hex()))
    invoice(books, "Kiran", "Soap 5 @ 50", "Purchase")
    invoice(books, "Asha", "Soap 1 @ 50", date="2026-05-01")
    return books


def test_every_document_is_in_its_table():
    content = file_of(a_month())
    assert (content["gstin"], content["fp"]) == (PUNE_GSTIN, "042026")
    (b2b,) = content["b2b"]
    assert b2b["ctin"] == ASHA_GSTIN
    (regular,) = b2b["inv"]
    assert regular == {
        "inum": "HO/26-27/00001", "idt": "02-04-2026", "val": Decimal("695.00"), "pos": "27", "rchrg": "N",
        "inv_typ": "R",
        "itms": [
            {"num": 1, "itm_det": {"rt": 5, "txval": 100, "iamt": 0, "camt": Decimal("2.5"), "samt": Decimal("2.5"),
                                   "csamt": 0}},
            {"num": 2, "itm_det": {"rt": 18, "txval": 500, "iamt": 0, "camt": 45, "samt": 45, "csamt": 0}},
        ],
    }  # fmt: skip
    ((large,),) = (group["inv"] for group in content["b2cl"])
    assert (large["val"], large["itms"][0]["itm_det"]["iamt"]) == (236_000, 36_000)
    ((note,),) = (group["nt"] for group in content["cdnr"])
    assert (note["ntty"], note["val"], note["itms"][0]["itm_det"]["camt"]) == ("C", 118, 9)
    assert [(one["typ"], one["val"], one.get("pos")) for one in content["cdnur"]] == [
        ("B2CL", 118_000, "29"), ("EXPWOP", 200, None),
    ]  # fmt: skip
    assert [(group["exp_typ"], group["inv"][0]["itms"]) for group in content["exp"]] == [
        ("WPAY", [{"rt": 18, "txval": 1000, "iamt": 180, "csamt": 0}]),
        ("WOPAY", [{"rt": 0, "txval": 500, "iamt": 0, "csamt": 0}]),
    ]
    assert [(row["sply_ty"], row["pos"], row["txval"]) for row in content["b2cs"]] == [
        ("INTER", "29", 100), ("INTRA", "27", 200),
    ]  # fmt: skip
    assert content["nil"]["inv"] == [{"sply_ty": "INTRAB2B", "nil_amt": 0, "expt_amt": 100, "ngsup_amt": 0}]


def test_hsn_by_buyer_code_unit_and_rate():
    content = file_of(a_month())
    # Soap to Asha: 10 sold, 2 taken back; 400.00. Oil: 1. Milk: 5.
    assert [(row["hsn_sc"], row["uqc"], row["qty"], row["rt"], row["txval"]) for row in content["hsn"]["hsn_b2b"]] == [
        ("0401", "NOS", 5, 0, 100), ("1508", "NOS", 1, 5, 100), ("3401", "NOS", 8, 18, 400),
    ]  # fmt: skip
    assert "data" in file_of(a_trader_of_2024(), "2024-06")["hsn"], "codes were told together until April 2025"


def a_trader_of_2024():
    books = a_trader()
    invoice(books, "Meera", "Soap 1500 @ 100", date="2024-06-01")  # 1,77,000.00: above a lakh, below two and a half
    return books


def test_what_is_large_depends_on_the_date():
    assert "b2cl" not in file_of(a_trader_of_2024(), "2024-06")
    books = a_trader()
    invoice(books, "Meera", "Soap 1500 @ 100", date="2024-08-01")
    assert "b2cl" in file_of(books, "2024-08")


def test_documents_issued_are_in_it_with_what_was_cancelled():
    content = file_of(a_month())
    assert content["doc_issue"]["doc_det"] == [
        {"doc_num": 1, "docs": [{"num": 1, "from": "HO/26-27/00001", "to": "HO/26-27/00008", "totnum": 8, "cancel": 1,
                                 "net_issue": 7}]},
        {"doc_num": 5, "docs": [{"num": 1, "from": "HO/26-27/00001", "to": "HO/26-27/00004", "totnum": 4, "cancel": 0,
                                 "net_issue": 4}]},
    ]  # fmt: skip


def test_zones_deemed_exports_and_reverse_charge_are_marked():
    books = a_trader()
    ledger(books, "Zone", gst={"gstin": BANGALORE_GSTIN, "registration": "sez"})
    ledger(books, "Deemed", gst={"gstin": ASHA_GSTIN, "registration": "deemed-export"})
    ledger(books, "Haulage", "Direct Incomes")
    set_rate(books, "ledger", "Haulage", rate_of("5", "0", "reverse-charge", "9965", ""))
    invoice(books, "Zone", "Soap 1 @ 100")
    invoice(books, "Zone", "Soap 1 @ 100", zero_rated=True)
    invoice(books, "Deemed", "Soap 1 @ 100")
    invoice(books, "Asha", charges=[{"ledger": "Haulage", "amount": "70"}])
    content = file_of(books)
    standing = [(one["inv_typ"], one["rchrg"], one["pos"]) for group in content["b2b"] for one in group["inv"]]
    assert sorted(standing) == [("DE", "N", "27"), ("R", "Y", "27"), ("SEWOP", "N", "29"), ("SEWP", "N", "29")]


def test_the_registration_is_named_or_the_only_one():
    books = a_trader()
    bangalore = a_branch(books, "Bangalore", "BLR")
    assert registration_for(books) == PUNE_GSTIN
    set_company(books, {"gstin": BANGALORE_GSTIN}, "Bangalore")
    sync(books, bangalore)
    with pytest.raises(BooksError, match="several registrations; say which with --gstin"):
        registration_for(books)
    assert registration_for(books, branch="BLR") == BANGALORE_GSTIN
    invoice(bangalore, "Meera", "Soap 1 @ 100")
    sync(books, bangalore)
    assert file_of(books) == {"gstin": PUNE_GSTIN, "fp": "042026"}
    assert file_of(books, gstin=BANGALORE_GSTIN)["b2cs"][0]["sply_ty"] == "INTRA"
    with pytest.raises(BooksError, match="has no GSTIN here"):
        registration_for(a_trader(registered=False))
    with pytest.raises(BooksError, match="is not a month"):
        gstr1(books, "2026-13", PUNE_GSTIN)
    with pytest.raises(BooksError, match="is not a GSTIN"):
        gstr1(books, APRIL, "27")
    with pytest.raises(NotFound, match="no branch stands under"):
        gstr1(books, APRIL, ASHA_GSTIN)


def test_what_cannot_be_told_is_left_out_and_said():
    books = a_trader()
    ledger(books, "Nowhere")
    entered = voucher(books, "Sales", "Nowhere 118 / Sales -100 / IGST -18", party="Nowhere")
    content, summary = gstr1(books, APRIL, PUNE_GSTIN)
    assert content.keys() == {"gstin", "fp", "doc_issue"}
    (left,) = summary["left_out"]
    assert left["number"] == entered.number
    assert "place of supply is not known" in left["reason"]
    voucher(books, "Sales", "Asha 118 / Sales -100 / CGST -9 / SGST -9", party="Asha")
    assert ["no HSN" in one["reason"] for one in gstr1(books, APRIL, PUNE_GSTIN)[1]["warnings"]] == [True]


made = st.tuples(
    st.sampled_from(["Sales", "Credit Note"]), st.sampled_from(["Asha", "Meera", "Cash", "John", "Kiran"]),
    st.lists(st.tuples(st.sampled_from(["Soap", "Oil", "Cola", "Milk"]), st.integers(1, 99), st.integers(1, 900_000)),
             min_size=1, max_size=3),
    st.booleans(),
)  # fmt: skip


@settings(max_examples=settings().max_examples // 3)
@given(st.lists(made, max_size=5))
def test_the_tables_sum_to_the_liability_of_the_report(vouchers):
    books = a_trader()
    ledger(books, "John", country="Kenya")
    for type, party, lines, cancelled in vouchers:
        text = " / ".join(f"{item} {count} @ {paise // 100}.{paise % 100:02}" for item, count, paise in lines)
        entered = invoice(books, party, text, type)
        if cancelled:
            cancel(books, found(books, entered.id.hex()))
    content, summary = file_of(books), gstr1(books, APRIL, PUNE_GSTIN)[1]
    registrations = gst_report(books, Span("2026-04-01", "2026-04-30"))["registrations"]
    owed = registrations[0]["liability_total"] if registrations else dict.fromkeys(["taxable", *HEADS.values()], "0")
    rows = list(details(content))
    assert total(rows, "txval") + untaxed(content) == Decimal(owed["taxable"]) == total(hsn_rows(content), "txval")
    for column, head in HEADS.items():
        assert total(rows, column) == Decimal(owed[head]) == total(hsn_rows(content), column)
        assert Decimal(summary[head]) == Decimal(owed[head])
    issued = sum(row["net_issue"] for group in content.get("doc_issue", {}).get("doc_det", []) for row in group["docs"])
    assert issued == sum(not cancelled for *_, cancelled in vouchers)
