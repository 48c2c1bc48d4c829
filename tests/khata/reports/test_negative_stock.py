"""Stock below nothing is reported on every copy and refused on none."""

from hypothesis import given, settings
from hypothesis import strategies as st

from khata.entering_masters import add_master, alter_master, merge_masters
from khata.reports.negative_stock import negative_stock, taken_below
from khata.reports.stock_valuation import Valuation
from tests.khata.company import a_branch, alter, sync
from tests.khata.stock import a_stockist, moved
from tests.khata.transfers.shops import send, take


def test_what_two_branches_sold_apart_is_reported_at_both_and_refused_at_neither():
    office = a_stockist()
    pune = a_branch(office, "Pune")
    moved(office, "Purchase", "Soap 10 = 100", date="2026-04-01")
    sync(office, pune)
    here = moved(office, "Sales", "Soap -8 = 160", date="2026-04-02")
    there = moved(pune, "Sales", "Soap -7 = 140", date="2026-04-02")
    assert negative_stock(office) == []
    assert [found.branch for found in negative_stock(pune)] == ["pun"], "it sells what the head office bought"
    sync(office, pune)
    (found,) = negative_stock(office)
    assert negative_stock(pune) == [found]
    assert (found.item, found.godown, found.since, found.quantity) == (
        "Soap",
        "Main Location",
        "2026-04-02",
        -5_000_000,
    )
    assert set(found.vouchers) == {here.id, there.id}
    assert (found.branch, found.branches) == ("", ("ho", "pun"))
    moved(pune, "Purchase", "Soap 5 = 50", date="2026-04-09")
    sync(office, pune)
    (found,) = negative_stock(office)
    assert negative_stock(pune) == [found]
    assert (found.branch, found.quantity, found.vouchers) == ("pun", -2_000_000, (there.id,))
    moved(pune, "Purchase", "Soap 2 = 20", date="2026-04-09")
    sync(office, pune)
    assert negative_stock(office) == negative_stock(pune) == []


def test_who_sells_at_a_branch_what_another_has_is_told():
    office = a_stockist()
    pune = a_branch(office, "Pune")
    moved(office, "Purchase", "Soap 200 = 2000", date="2026-04-01")
    moved(pune, "Purchase", "Soap 18 = 180", date="2026-04-01")
    sync(office, pune)
    made = moved(pune, "Sales", "Soap -100 = 5000")
    text = (
        "Pune has taken 82 of Soap in Main Location more than came to it, since 2026-04-02; "
        "enter its purchase, or the transfer that brought it"
    )
    assert [below.text for below in taken_below(pune, made.id)] == [text]
    sync(office, pune)
    assert [below.text for below in negative_stock(office)] == [text]
    sold = moved(office, "Sales", "Soap -1 = 50")
    assert taken_below(office, sold.id) == [], "that is not of this voucher's branch"
    sent = send(office, "Pune", "Soap:82@10", date="2026-04-02")
    sync(office, pune)
    take(pune, sent, date="2026-04-02")
    sync(office, pune)
    assert negative_stock(office) == negative_stock(pune) == []


def test_opening_stock_is_of_no_branch_and_whoever_sells_it_may():
    office = a_stockist()
    pune, nasik = a_branch(office, "Pune"), a_branch(office, "Nasik")
    add_master(office, "stock-item", "Oil", {"opening": [{"quantity": "10", "value": "100.00"}]})
    moved(office, "Purchase", "Oil 50 = 500", date="2026-04-01")
    sync(office, pune)
    moved(pune, "Sales", "Oil -8 = 90")
    assert negative_stock(pune) == []
    sync(office, pune)
    sync(office, nasik)
    moved(nasik, "Sales", "Oil -3 = 90")
    assert {below.branch: below.quantity for below in negative_stock(nasik)} == {
        "nas": -3_000_000,
        "pun": -8_000_000,
    }, "together they took more than the opening stock"


def test_a_godown_is_below_nothing_though_the_company_is_not():
    books = a_stockist(godowns=("Pune",))
    moved(books, "Purchase", "Soap 10 = 100 in Pune")
    made = moved(books, "Stock Journal", "Soap -4 to Pune")
    (found,) = negative_stock(books)
    assert (found.godown, found.quantity, found.vouchers) == ("Main Location", -4_000_000, (made.id,))


def test_within_a_day_the_order_of_vouchers_does_not_matter():
    books = a_stockist()
    moved(books, "Sales", "Soap -8 = 160")
    bought = moved(books, "Purchase", "Soap 8 = 80")
    assert negative_stock(books) == []
    alter(books, f"Purchase {bought.number}", date="2026-04-03")
    assert negative_stock(books) == []
    alter(books, f"Purchase {bought.number}", stock=[{"item": "Soap", "quantity": "7", "amount": "80"}])
    assert [(found.since, found.quantity) for found in negative_stock(books)] == [("2026-04-02", -1_000_000)]


def test_a_count_ends_it():
    books = a_stockist()
    moved(books, "Sales", "Soap -8 = 160")
    moved(books, "Physical Stock", "Soap 1 / Soap 2", date="2026-04-03")
    assert negative_stock(books) == []


def test_who_enters_too_much_is_told_about_the_items_of_that_voucher():
    books = a_stockist("Soap", "Oil", "Tin")
    merge_masters(books, "stock-item", "Tin", "Soap")
    moved(books, "Sales", "Oil -1 = 10")
    made = moved(books, "Sales", "Soap -8 = 160")
    assert [below.text for below in taken_below(books, made.id)] == [
        "Soap in Main Location is below nothing since 2026-04-02: -8"
    ]
    moved(books, "Purchase", "Soap 9 = 90")
    assert taken_below(books, made.id) == []


kinds = st.sampled_from(["Purchase", "Sales", "Physical Stock", "Stock Journal", "Making"])
entered = st.lists(
    st.tuples(kinds, st.integers(1, 9), st.sampled_from(["", "in Pune"]), st.sampled_from(["04-01", "04-02"])),
    max_size=8,
)


@settings(max_examples=25)
@given(entered)
def test_what_is_reported_is_what_the_stock_summary_holds(vouchers):
    books = a_stockist("Soap", "Oil", godowns=("Pune", "Other"))
    add_master(books, "voucher-type", "Making", {"base": "manufacturing-journal"})
    for kind, quantity, godown, date in vouchers:
        lines = {
            "Sales": f"Soap -{quantity} = 9 {godown}",
            "Stock Journal": f"Soap -{quantity} {godown} to Other / Oil 1",
            "Making": f"Soap -{quantity} {godown} / Oil 2 {godown}",
        }.get(kind, f"Soap {quantity} = 5 {godown}")
        moved(books, kind, lines, date=f"2026-{date}")
    valuation = Valuation(books, "average")
    valuation.finish()
    held: dict[tuple[str, str], int] = {}
    for (item, place), quantity in valuation.held.items():
        key = books.names.label("stock-item", item), books.names.label("godown", place.godown)
        held[key] = held.get(key, 0) + quantity
    found = {(one.item, one.godown): one.quantity for one in negative_stock(books)}
    assert found == {key: quantity for key, quantity in held.items() if quantity < 0}
    assert all(one.vouchers for one in negative_stock(books))


@settings(max_examples=25)
@given(st.lists(st.tuples(kinds, st.integers(1, 9), st.booleans(), st.sampled_from(["04-01", "04-02"])), max_size=8))
def test_what_is_reported_at_a_branch_is_what_the_stock_summary_holds_there(vouchers):
    office = a_stockist("Soap", "Oil", godowns=("Other",))
    add_master(office, "voucher-type", "Making", {"base": "manufacturing-journal"})
    alter_master(office, "stock-item", "Soap", {"opening": [{"quantity": "5", "value": "50.00"}]})
    pune = a_branch(office, "Pune")
    for kind, quantity, there, date in vouchers:
        lines = {
            "Sales": f"Soap -{quantity} = 9",
            "Stock Journal": f"Soap -{quantity} to Other / Oil 1",
            "Making": f"Soap -{quantity} / Oil 2",
        }.get(kind, f"Soap {quantity} = 5")
        moved(pune if there else office, kind, lines, date=f"2026-{date}")
    sync(office, pune)
    valuation = Valuation(office, "average")
    valuation.finish()
    held: dict[tuple[str, str], dict[int, int]] = {}
    for (of, place), quantity in valuation.held.items():
        key = office.names.label("stock-item", of), office.names.label("godown", place.godown)
        held.setdefault(key, {})[place.branch] = quantity
    codes = dict(office.db.execute("SELECT id, code FROM branches").fetchall())
    expected: dict[tuple[str, str, str], int] = {}
    for (item, godown), parts in held.items():
        below = {codes[branch]: quantity for branch, quantity in parts.items() if branch and quantity < 0}
        if sum(parts.values()) < 0:
            expected[item, godown, ""] = sum(parts.values())
        elif -sum(below.values()) > parts.get(0, 0):
            expected.update({(item, godown, code): quantity for code, quantity in below.items()})
    assert {(one.item, one.godown, one.branch): one.quantity for one in negative_stock(office)} == expected
    assert negative_stock(office) == negative_stock(pune)
