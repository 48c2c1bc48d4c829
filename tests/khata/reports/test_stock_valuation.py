"""What stock is worth: each rule of valuation on a small company, and the laws that hold for any."""

import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt_models.errors import BadValue
from khata.entering_masters import add_master, merge_masters
from khata.errors import NotFound
from khata.reports.span import EVERYTHING, Span
from khata.reports.stock_summary import stock_summary
from khata.reports.stock_value import stock_value, stock_values
from tests.khata.company import a_branch, put, sync
from tests.khata.stock import a_stockist, moved


def left(books, span=EVERYTHING, method="average"):
    """Quantity and value of what is left of each item."""
    report = stock_summary(books, span, method)
    return {row["item"]: (row["closing"]["quantity"], row["closing"]["value"]) for row in report["items"]}


def by_place(books, item, span=EVERYTHING):
    """The same in each godown and batch."""
    (row,) = [row for row in stock_summary(books, span)["items"] if row["item"] == item]
    return {
        (place["godown"], part["batch"]): (part["closing"]["quantity"], part["closing"]["value"])
        for place in row["godowns"]
        for part in place["batches"]
    }


def test_within_a_day_goods_come_in_before_they_go_out():
    books = a_stockist()
    moved(books, "Sales", "Soap -5 = 100")
    moved(books, "Purchase", "Soap 10 = 80")
    assert left(books) == {"Soap": ("5", "40.00")}
    assert stock_value(books) == 400_000


def test_the_value_on_a_date_leaves_out_what_came_later():
    books = a_stockist()
    moved(books, "Purchase", "Soap 10 = 80", date="2026-04-30")
    moved(books, "Purchase", "Soap 10 = 100", date="2026-05-01")
    assert [stock_value(books, until) for until in ("2026-04-29", "2026-04-30", "")] == [0, 800_000, 1_800_000]
    assert stock_values(books, ["", "2026-04-30", "2026-04-29"]) == [1_800_000, 800_000, 0]
    with pytest.raises(BadValue):
        stock_value(books, "1.5.2026")
    with pytest.raises(BadValue, match="average and fifo"):
        stock_value(books, method="lifo")
    with pytest.raises(NotFound):
        stock_value(books, branch="Delhi")


def test_what_a_customer_sends_back_is_worth_its_cost_and_not_its_price():
    books = a_stockist()
    moved(books, "Purchase", "Soap 10 = 80", date="2026-04-01")
    moved(books, "Sales", "Soap -4 = 400", date="2026-04-02")
    moved(books, "Credit Note", "Soap 2 = 200", date="2026-04-03")
    moved(books, "Rejections In", "Soap 1 = 100", date="2026-04-03")
    assert left(books) == {"Soap": ("9", "72.00")}


def test_what_goes_back_to_the_supplier_goes_out_at_cost():
    books = a_stockist()
    moved(books, "Purchase", "Soap 10 = 100", date="2026-04-01")
    moved(books, "Purchase", "Soap 10 = 200", date="2026-04-02")
    moved(books, "Debit Note", "Soap -4 = 80", date="2026-04-03")
    assert left(books) == {"Soap": ("16", "240.00")}
    assert left(books, method="fifo") == {"Soap": ("16", "260.00")}


@pytest.mark.parametrize(("lines", "soap"), [
    ("Oil -2 / Lye -1 / Soap 10", "25.00"),
    ("Oil -2 = 16 / Lye -1 = 4 / Soap 10 = 30", "35.00"),
    ("Oil -2 / Lye -1 / Soap 10 = 99", "99.00"),
    ("Soap 10 = 99", "99.00"),
])  # fmt: skip
def test_a_product_is_worth_its_components_and_the_additional_cost_as_entered(lines, soap):
    books = a_stockist("Oil", "Lye", "Soap")
    moved(books, "Purchase", "Oil 10 = 100 / Lye 10 = 50", date="2026-04-01")
    add_master(books, "voucher-type", "Making", {"base": "manufacturing-journal"})
    moved(books, "Making", lines)
    assert left(books)["Soap"] == ("10", soap)


def test_ledger_entries_of_a_manufacturing_journal_are_additional_cost():
    books = a_stockist("Oil", "Soap", "Scrap")
    moved(books, "Purchase", "Oil 10 = 100", date="2026-04-01")
    add_master(books, "voucher-type", "Making", {"base": "manufacturing-journal"})
    moved(books, "Making", "Oil -2 / Soap 3 / Scrap 1", entries=[{"ledger": "Purchases", "amount": "4"}])
    assert left(books) == {"Oil": ("8", "80.00"), "Soap": ("3", "18.00"), "Scrap": ("1", "6.00")}


def test_products_share_the_value_by_their_amounts():
    books = a_stockist("Oil", "Soap", "Scrap")
    moved(books, "Purchase", "Oil 10 = 100", date="2026-04-01")
    moved(books, "Stock Journal", "Oil -10 = 120 / Soap 3 = 90 / Scrap 1 = 30")
    assert left(books) == {"Oil": ("0", "0.00"), "Soap": ("3", "75.00"), "Scrap": ("1", "25.00")}


@pytest.mark.parametrize("line", [
    "Soap -4 to Pune / Oil -4 to Pune",
    "Soap 4 to Pune / Oil 4 to Pune",
    "Soap -4 = 1 side source / Oil -4 = 1 side source / Soap 4 = 50 in Pune side destination / Oil 4 = 7 in Pune",
])  # fmt: skip
def test_goods_that_change_their_godown_keep_their_value(line):
    books = a_stockist("Soap", "Oil", godowns=("Pune",))
    moved(books, "Purchase", "Soap 10 = 100 / Oil 10 = 700", date="2026-04-01")
    moved(books, "Stock Journal", line)
    assert by_place(books, "Soap") == {("Main Location", ""): ("6", "60.00"), ("Pune", ""): ("4", "40.00")}
    (_, soap) = sorted(stock_summary(books)["items"], key=lambda row: row["item"])
    assert (soap["in"], soap["out"]) == ({"quantity": "10", "value": "100.00"}, {"quantity": "0", "value": "0.00"})
    assert stock_value(books) == 8_000_000


def test_a_destination_counts_only_where_goods_are_transferred():
    books = a_stockist(godowns=("Pune",))
    moved(books, "Purchase", "Soap 10 = 100")
    item, type, pune = (
        books.names.find(kind, name).document
        for kind, name in (("stock-item", "Soap"), ("voucher-type", "Delivery Note"), ("godown", "Pune"))
    )
    line = {"item": item, "quantity": "-4", "destination": pune}
    posting = {"base": "delivery-note", "type": type, "date": "2026-04-03", "stock": [line]}
    put(books, "vouchers/ho/delivery-note/2026-04", "voucher", b"v" * 16, posting=posting)
    assert by_place(books, "Soap") == {("Main Location", ""): ("6", "60.00")}


def test_a_count_sets_what_lies_in_a_godown_and_batch_at_the_end_of_its_day():
    books = a_stockist(godowns=("Pune",))
    moved(books, "Purchase", "Soap 10 = 100 / Soap 10 = 100 in Pune / Soap 10 = 100 # B1", date="2026-04-01")
    moved(books, "Physical Stock", "Soap 4 / Soap 3 / Soap 12 in Pune")
    moved(books, "Sales", "Soap -5 = 90")
    moved(books, "Sales", "Soap -1 = 90", date="2026-04-03")
    assert by_place(books, "Soap") == {
        ("Main Location", ""): ("6", "60.00"),
        ("Main Location", "B1"): ("10", "100.00"),
        ("Pune", ""): ("12", "120.00"),
    }


def test_goods_found_by_counting_are_worth_what_the_count_says_where_no_cost_is_known():
    books = a_stockist()
    moved(books, "Physical Stock", "Soap 4 = 20")
    moved(books, "Physical Stock", "Soap 5 = 900", date="2026-04-03")
    assert left(books) == {"Soap": ("5", "25.00")}


@pytest.mark.parametrize("invoiced", ["2026-04-01", "2026-04-02", "2026-04-09"])
def test_goods_on_a_note_move_once_and_are_worth_what_the_purchase_says(invoiced):
    books = a_stockist()
    moved(books, "Receipt Note", "Soap 10 = 90 @ GRN/1")
    moved(books, "Purchase", "Soap 4 = 60 @ GRN/1", date=invoiced)
    assert left(books) == {"Soap": ("10", "114.00")}
    assert left(books, Span(until="2026-04-02")) == {"Soap": ("10", "90.00" if invoiced > "2026-04-02" else "114.00")}


def test_goods_delivered_on_a_note_are_not_delivered_again_by_the_invoice():
    books = a_stockist()
    moved(books, "Purchase", "Soap 10 = 90")
    moved(books, "Delivery Note", "Soap -3 @ DN/1")
    moved(books, "Sales", "Soap -3 = 60 @ DN/1")
    moved(books, "Rejections In", "Soap 1 @ R/1")
    moved(books, "Credit Note", "Soap 1 = 20 @ R/1")
    moved(books, "Rejections Out", "Soap -2 @ R/2")
    moved(books, "Debit Note", "Soap -2 = 18 @ R/2")
    assert left(books) == {"Soap": ("6", "54.00")}


def test_opening_stock_counts_with_its_godowns_and_of_a_deleted_item_while_it_moves():
    books = a_stockist()
    opening = [{"value": "5.00"}, {"quantity": "10", "value": "95.00"}]
    put(books, "masters/stock-item", "stock-item", b"i" * 16, name="Oil", opening=opening)
    put(books, "masters/stock-item", "stock-item", b"j" * 16, name="Lye", opening=opening, deleted=True)
    assert left(books) == {"Oil": ("10", "100.00")}
    merge_masters(books, "stock-item", "Oil", "Soap")
    moved(books, "Sales", "Soap -1 = 20")
    assert left(books) == {"Soap": ("9", "90.00")}


def test_a_branch_has_its_quantity_at_the_cost_of_the_company():
    office = a_stockist()
    pune = a_branch(office, "Pune")
    moved(office, "Purchase", "Soap 10 = 100")
    moved(pune, "Purchase", "Soap 30 = 500")
    moved(pune, "Sales", "Soap -20 = 800", date="2026-04-03")
    sync(office, pune)
    assert [stock_value(office, branch=name) for name in ("HO", "Pune", "")] == [1_500_000, 1_500_000, 3_000_000]
    report = stock_summary(office, Span(branch="HO"))["items"][0]
    assert (report["closing"], report["revalued"]) == ({"quantity": "10", "value": "150.00"}, "50.00")
    assert stock_summary(office) == stock_summary(pune)


lines = st.lists(
    st.tuples(
        st.sampled_from(
            ["Purchase", "Sales", "Credit Note", "Debit Note", "Stock Journal", "Physical Stock", "Making"]
        ),
        st.sampled_from(["Soap", "Oil"]),
        st.integers(1, 30),
        st.integers(1, 1000),
        st.sampled_from(["Main Location", "Pune"]),
        st.sampled_from(["2026-04-01", "2026-04-02", "2026-05-01"]),
    ),
    max_size=8,
)


def enter(books, kind, item, quantity, value, godown, date):
    godown = f"in {godown}" if " " not in godown else ""
    other = "Oil" if item == "Soap" else "Soap"
    text = {
        "Sales": f"{item} -{quantity} = {value} {godown}",
        "Debit Note": f"{item} -{quantity} = {value} {godown}",
        "Stock Journal": f"{item} -{quantity} {godown} to Other",
        "Making": f"{item} -{quantity} {godown} / {other} {value} {godown}",
    }.get(kind, f"{item} {quantity} = {value} {godown}")
    moved(books, kind, text, date=date)


def a_pair():
    office = a_stockist("Soap", "Oil", godowns=("Pune", "Other"))
    add_master(office, "voucher-type", "Making", {"base": "manufacturing-journal"})
    return office, a_branch(office, "Pune")


@settings(max_examples=25)
@given(lines, st.sampled_from(["average", "fifo"]), st.randoms())
def test_what_is_there_and_came_in_is_left_or_went_out(vouchers, method, choice: random.Random):
    pair = a_pair()
    for one in vouchers:
        enter(choice.choice(pair), *one)
    sync(*pair)
    for span in (Span(), Span(since="2026-04-02"), Span(branch="Pune")):
        report = stock_summary(pair[0], span, method)
        assert report == stock_summary(pair[1], span, method)
        for row in report["items"]:
            figures = {
                name: [Decimal(row[name][of]) for of in ("quantity", "value")]
                for name in ("opening", "in", "out", "closing")
            }
            assert figures["opening"][0] + figures["in"][0] - figures["out"][0] == figures["closing"][0]
            assert span.branch or row["revalued"] == "0.00"
            for name in ("opening", "closing"):
                for of in ("quantity", "value"):
                    places = sum(Decimal(place[name][of]) for place in row["godowns"])
                    assert places == Decimal(row[name][of])
        assert Decimal(report["total"]["closing"]) * 10_000 == stock_value(pair[0], "", span.branch, method)
    branches = [stock_value(pair[0], branch=name, method=method) for name in ("HO", "Pune")]
    assert sum(branches) == stock_value(pair[0], method=method)
