"""Vouchers entered here, in whatever shape: the file keeps every balance, bill and movement of stock."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crdt_models.masters import CostCentre, Godown, Ledger, StockItem, Unit, master_id
from crdt_models.money import Amount, Quantity, e4_of
from crdt_models.voucher_types import BASE_TYPES
from crdt_models.vouchers import BillAllocation, CostAllocation, Entry, Posting, StockLine, Voucher, check
from khata.export.tally_layout import ALL_LINES, INVOICE_LINES, layout_of
from tests.khata.export.tally_files import exported, imported
from tests.khata.tally.books import COMPANY, Books

LEDGERS = ("Asha", "Sales", "Tax", "Cash")
ITEMS = ("Soap", "Oil")
GODOWNS = ("Shed", "Shop")
BASES = ("sales", "purchase", "journal", "credit-note", "stock-journal", "sales-order", "delivery-note")


def of(kind, name):
    return master_id(COMPANY, kind.KIND, name)


amounts = st.integers(-(10**6), 10**6).filter(bool).map(lambda e2: Amount(e2 * 100).text)
quantities = st.integers(-50, 50).map(lambda whole: Quantity(whole * 10**6).text)
bills = st.builds(
    lambda kind, name, amount: BillAllocation(kind=kind, amount=amount, name="" if kind == "on-account" else name),
    st.sampled_from(("new", "against", "advance", "on-account")),
    st.sampled_from(("1", "A/2")),
    amounts,
)
costs = st.builds(lambda amount: CostAllocation(centre=of(CostCentre, "Pune"), amount=amount), amounts)
lines = st.builds(
    lambda ledger, amount, bills, costs, of_stock: Entry(
        ledger=of(Ledger, ledger), amount=amount, bills=tuple(bills), costs=tuple(costs), of_stock=of_stock
    ),
    st.sampled_from(LEDGERS),
    amounts,
    st.lists(bills, max_size=2),
    st.lists(costs, max_size=1),
    st.booleans(),
)
goods = st.builds(
    lambda item, quantity, amount, godown, destination, ledger, side, batch: StockLine(
        item=of(StockItem, item),
        quantity=quantity,
        unit=of(Unit, "Nos"),
        rate="5",
        amount=amount,
        godown=of(Godown, godown),
        destination=of(Godown, "Yard") if destination else None,
        ledger=of(Ledger, ledger) if ledger else None,
        side=side,
        batch=batch,
    ),
    st.sampled_from(ITEMS),
    quantities,
    st.one_of(st.just("0.00"), amounts),
    st.sampled_from(GODOWNS),
    st.booleans(),
    st.sampled_from(("", *LEDGERS)),
    st.sampled_from(("", "", "source", "destination")),
    st.sampled_from(("", "B1")),
)


@st.composite
def postings(draw):
    entries = draw(st.lists(lines, max_size=4))
    stock = draw(st.lists(goods, min_size=0 if entries else 1, max_size=4))
    base = draw(st.sampled_from(BASES if stock else ("journal", "sales")))
    if entries:
        rest = Amount(-sum(e4_of(entry.amount) for entry in entries))
        entries.append(Entry(ledger=of(Ledger, "Cash"), amount=rest.text))
    posting = Posting(
        base=base,
        type=master_id(COMPANY, "voucher-type", BASE_TYPES[base].name),
        date="2026-04-01",
        party=draw(st.sampled_from((None, of(Ledger, "Asha")))),
        view=draw(st.sampled_from(("accounting", "invoice"))),
        entries=tuple(entries),
        stock=tuple(stock),
    )
    check(posting)
    return posting


def books_with(posting: Posting) -> Books:
    books = Books()
    for kind, names in ((Ledger, LEDGERS), (StockItem, ITEMS), (Godown, (*GODOWNS, "Yard")), (Unit, ("Nos",))):
        for name in names:
            books.write(kind.KIND, of(kind, name), kind(name=name).registers())
    books.write("cost-centre", of(CostCentre, "Pune"), CostCentre(name="Pune").registers())
    voucher = Voucher(id=bytes(16), posting=posting, number="1")
    books.write("voucher", voucher.id, voucher.registers())
    return books


Sums = Counter[Any]


def moved(posting: Posting) -> tuple[Sums, ...]:
    """What a posting does: to each ledger, with bills and cost centres, and to each item in each place."""
    balances, bill, centre, quantity, value = (Sums() for _ in range(5))
    for entry in posting.entries:
        balances[entry.ledger] += e4_of(entry.amount)
        for one in entry.bills:
            bill[entry.ledger, one.kind, one.name] += e4_of(one.amount)
        for cost in entry.costs:
            centre[entry.ledger, cost.centre] += e4_of(cost.amount)
    for line in posting.stock:
        quantity[line.item, line.godown, line.destination, line.batch] += Quantity.parse(line.quantity).e6
        value[line.item] += e4_of(line.amount)
    return tuple(Counter({key: sum_ for key, sum_ in found.items() if sum_}) for found in (
        balances, bill, centre, quantity, value,
    ))  # fmt: skip


@given(postings(), st.booleans())
def test_whatever_was_entered_keeps_its_balances_and_its_stock(posting, from_elsewhere):
    (after,) = imported(exported(books_with(posting), from_elsewhere)).vouchers()
    check(after.posting)
    assert moved(after.posting) == moved(posting)


@given(postings())
def test_a_second_time_out_and_in_changes_nothing_more(posting):
    once = imported(exported(books_with(posting)))
    assert imported(exported(once)).documents == once.documents


def sale(view: Any, *stock: StockLine) -> Posting:
    return Posting(
        base="sales",
        type=master_id(COMPANY, "voucher-type", "Sales"),
        date="2026-04-01",
        party=of(Ledger, "Asha"),
        view=view,
        entries=(
            Entry(ledger=of(Ledger, "Asha"), amount="118.00"),
            Entry(ledger=of(Ledger, "Sales"), amount="-100.00"),
            Entry(ledger=of(Ledger, "Tax"), amount="-18.00"),
        ),
        stock=stock,
    )


def soap(amount: str, ledger: str = "Sales") -> StockLine:
    account = of(Ledger, ledger) if ledger else None
    return StockLine(item=of(StockItem, "Soap"), quantity="-1", amount=amount, ledger=account)


def test_an_invoice_entered_here_leaves_as_an_invoice():
    for stock in ((soap("-60.00"), soap("-40.00")), (soap("-60.00", ""), soap("-40.00", ""))):
        layout = layout_of(sale("invoice", *stock), from_elsewhere=False)
        assert layout.tag == INVOICE_LINES
        assert [line.entry.amount for line in layout.lines] == ["118.00", "-18.00"]
        assert [[account.amount for account in one.accounts] for one in layout.goods] == [["-60.00"], ["-40.00"]]


def test_in_accounting_view_goods_stand_inside_the_line_that_accounts_for_them():
    layout = layout_of(sale("accounting", soap("-60.00"), soap("-40.00")), from_elsewhere=False)
    assert layout.tag == ALL_LINES
    assert [len(line.goods) for line in layout.lines] == [0, 2, 0]
    assert layout.goods == ()


def test_goods_whose_value_no_line_comes_to_stand_beside_the_lines():
    layout = layout_of(sale("invoice", soap("-60.00", "")), from_elsewhere=False)
    assert layout.tag == ALL_LINES
    assert [len(one.accounts) for one in layout.goods] == [0]
