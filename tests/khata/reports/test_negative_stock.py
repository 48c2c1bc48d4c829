"""Stock below nothing is reported on every copy and refused on none."""

from hypothesis import given, settings
from hypothesis import strategies as st

from khata.entering_masters import add_master, merge_masters
from khata.reports.negative_stock import negative_stock, taken_below
from khata.reports.stock_valuation import Valuation
from tests.khata.company import a_branch, alter, sync
from tests.khata.stock import a_stockist, moved


def test_what_two_branches_sold_apart_is_reported_at_both_and_refused_at_neither():
    office = a_stockist()
    pune = a_branch(office, "Pune")
    moved(office, "Purchase", "Soap 10 = 100", date="2026-04-01")
    sync(office, pune)
    here = moved(office, "Sales", "Soap -8 = 160", date="2026-04-02")
    there = moved(pune, "Sales", "Soap -7 = 140", date="2026-04-02")
    assert negative_stock(office) == negative_stock(pune) == []
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
    assert found.branches == ("ho", "pun")
    moved(pune, "Purchase", "Soap 5 = 50", date="2026-04-09")
    sync(office, pune)
    assert negative_stock(office) == negative_stock(pune) == []


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
