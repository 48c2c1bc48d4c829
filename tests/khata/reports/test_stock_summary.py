"""Stock summary and the movements behind it: groups, godowns, batches, ranges, transfers between branches."""

from decimal import Decimal

import pytest

from khata.entering import enter_form
from khata.entering_masters import add_master, alter_master
from khata.errors import NotFound
from khata.reports.span import Span
from khata.reports.stock_item import stock_item
from khata.reports.stock_summary import stock_summary
from khata.reports.tree import Tree
from tests.khata.company import a_branch, put, sync
from tests.khata.stock import a_stockist, moved
from tests.khata.transfers.shops import LATER, meet, send, shops, take


def figures(row):
    return {name: (row[name]["quantity"], row[name]["value"]) for name in ("opening", "in", "out", "closing")}


def of(report, name):
    return next(row for row in report["items"] if row["item"] == name)


def test_groups_add_up_their_items_and_quantities_only_of_one_unit():
    books = a_stockist("Soap", "Oil", "Tin")
    house = add_master(books, "stock-group", "House", {}).id
    wash = add_master(books, "stock-group", "Wash", {"parent": house}).id
    kilo, piece = (add_master(books, "unit", name, {}).id for name in ("kg", "Nos"))
    for name, group, unit in (("Soap", wash, kilo), ("Oil", wash, kilo), ("Tin", house, piece)):
        alter_master(books, "stock-item", name, {"parent": group, "unit": unit})
    moved(books, "Purchase", "Soap 10 = 100 / Oil 5 = 25 / Tin 3 = 9")
    report = stock_summary(books)
    assert [(row["group"], row["unit"], figures(row)["closing"]) for row in report["groups"]] == [
        (["House"], "", (None, "134.00")),
        (["House", "Wash"], "kg", ("15", "125.00")),
    ]
    assert [(row["item"], row["group"], row["unit"], row["rate"]) for row in report["items"]] == [
        ("Tin", ["House"], "Nos", "3"),
        ("Oil", ["House", "Wash"], "kg", "5"),
        ("Soap", ["House", "Wash"], "kg", "10"),
    ]
    assert report["total"] == {"opening": "0.00", "in": "134.00", "out": "0.00", "closing": "134.00"}


def test_groups_that_stand_under_each_other_stand_at_the_top():
    books = a_stockist()
    one, two = (add_master(books, "stock-group", name, {}).id for name in ("One", "Two"))
    put(books, "masters/stock-group", "stock-group", one, parent=two)
    put(books, "masters/stock-group", "stock-group", two, parent=one)
    tree = Tree(books, "stock-group")
    local = books.names.find("stock-group", "One").local
    assert tree.path(local) == (local,)
    assert tree.path(None) == ()


def test_a_range_opens_with_what_was_left_before_it():
    books = a_stockist()
    for date, kind, line in (
        ("2026-04-01", "Purchase", "Soap 10 = 100"),
        ("2026-04-30", "Sales", "Soap -4 = 80"),
        ("2026-05-01", "Purchase", "Soap 6 = 120"),
        ("2026-05-31", "Sales", "Soap -3 = 90"),
        ("2026-06-01", "Sales", "Soap -1 = 30"),
    ):
        moved(books, kind, line, date=date)
    may = Span("2026-05-01", "2026-05-31")
    assert figures(of(stock_summary(books, may), "Soap")) == {
        "opening": ("6", "60.00"), "in": ("6", "120.00"), "out": ("3", "45.00"), "closing": ("9", "135.00"),
    }  # fmt: skip
    report = stock_item(books, "soap", may)
    assert (report["opening"]["quantity"], report["closing"]["value"]) == ("6", "135.00")
    assert [(row["date"], row["in"]["value"], row["out"]["value"], row["balance"]) for row in report["rows"]] == [
        ("2026-05-01", "120.00", "0.00", {"quantity": "12", "rate": "15", "value": "180.00"}),
        ("2026-05-31", "0.00", "45.00", {"quantity": "9", "rate": "15", "value": "135.00"}),
    ]


def test_the_movements_of_an_item_name_their_vouchers_and_end_where_the_summary_does():
    books = a_stockist(godowns=("Pune",))
    bought = moved(books, "Purchase", "Soap 10 = 100 # B1")
    shifted = moved(books, "Stock Journal", "Soap -4 # B1 to Pune")
    report = stock_item(books, "Soap")
    assert [(row["id"], row["type"], row["number"], row["godown"], row["batch"]) for row in report["rows"]] == [
        (bought.id.hex(), "Purchase", bought.number, "Main Location", "B1"),
        (shifted.id.hex(), "Stock Journal", shifted.number, "Main Location", "B1"),
        (shifted.id.hex(), "Stock Journal", shifted.number, "Pune", "B1"),
    ]
    assert report["closing"] == {"quantity": "10", "rate": "10", "value": "100.00"}
    pune = stock_item(books, "Soap", godown="pune")
    assert [row["balance"]["quantity"] for row in pune["rows"]] == ["4"]
    assert pune["closing"]["value"] == "40.00"
    with pytest.raises(NotFound, match="Nagpur"):
        stock_item(books, "Soap", godown="Nagpur")


def test_what_was_missing_is_corrected_on_the_movement_that_brings_it():
    books = a_stockist()
    moved(books, "Purchase", "Soap 1 = 10", date="2026-04-01")
    moved(books, "Sales", "Soap -3 = 90", date="2026-04-02")
    moved(books, "Purchase", "Soap 5 = 60", date="2026-04-03")
    assert [row["correction"] for row in stock_item(books, "Soap")["rows"]] == ["0.00", "0.00", "4.00"]
    assert figures(of(stock_summary(books), "Soap"))["out"] == ("3", "34.00")
    assert of(stock_summary(books), "Soap")["revalued"] == "0.00"


def test_goods_between_branches_keep_their_cost_whatever_the_transfer_says():
    office, pune = shops("Pune")
    bought = [{"item": "Soap", "quantity": "10", "amount": "100.00"}]
    enter_form(office, {"type": "Receipt Note", "date": "2026-08-01", "stock": bought})
    sent = send(office, "Pune", "Soap:4@50")
    meet(office, pune)
    assert figures(of(stock_summary(office), "Soap"))["closing"] == ("6", "60.00")
    take(pune, sent, short="Soap:3")
    meet(office, pune)
    assert figures(of(stock_summary(office), "Soap"))["closing"] == ("9", "90.00")
    assert figures(of(stock_summary(office, Span(since=LATER, branch="Pune")), "Soap"))["in"] == ("3", "30.00")
    assert stock_summary(office) == stock_summary(pune)


def test_a_report_is_the_same_on_every_copy_whatever_came_first():
    office = a_stockist("Soap", "Oil", godowns=("Pune",))
    pune, delhi = a_branch(office, "Pune"), a_branch(office, "Delhi")
    for books, price in ((office, 100), (pune, 130), (delhi, 170)):
        moved(books, "Purchase", f"Soap 10 = {price} / Oil 3 = 10 in Pune")
        moved(books, "Sales", "Soap -7 = 140 / Oil -1 = 10")
    for first, second in ((delhi, pune), (office, delhi), (office, pune), (office, delhi)):
        sync(first, second)
    for method in ("average", "fifo"):
        reports = [stock_summary(books, method=method) for books in (office, pune, delhi)]
        assert reports[0] == reports[1] == reports[2]
        items = [stock_item(books, "Soap", method=method) for books in (office, pune, delhi)]
        assert items[0] == items[1] == items[2]
        assert Decimal(items[0]["closing"]["value"]) == Decimal(of(reports[0], "Soap")["closing"]["value"])
