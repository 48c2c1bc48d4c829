"""Every base type of Tally: what it takes, and what of it counts in the accounts and in stock."""

import pytest

from crdt_models.voucher_types import BASE_TYPES
from crdt_models.vouchers import Unbalanced
from khata.entering import enter_form
from khata.entering_masters import add_master, alter_master
from khata.errors import BooksError
from khata.listing import show_voucher
from khata.reports.span import Span
from khata.reports.stock_summary import stock_summary
from khata.reports.trial_balance import trial_balance
from tests.khata.company import alter, found
from tests.khata.stock import a_stockist

BOTH, ACCOUNTS, STOCK, NEITHER = (True, True), (True, False), (False, True), (False, False)

EFFECTS = {
    "Contra": ACCOUNTS,
    "Payment": BOTH,
    "Receipt": BOTH,
    "Journal": BOTH,
    "Sales": BOTH,
    "Purchase": BOTH,
    "Credit Note": BOTH,
    "Debit Note": BOTH,
    "Payroll": ACCOUNTS,
    "Memorandum": NEITHER,
    "Reversing Journal": NEITHER,
    "Attendance": NEITHER,
    "Stock Journal": STOCK,
    "Manufacturing Journal": STOCK,
    "Physical Stock": STOCK,
    "Delivery Note": STOCK,
    "Receipt Note": STOCK,
    "Rejections In": STOCK,
    "Rejections Out": STOCK,
    "Material In": STOCK,
    "Material Out": STOCK,
    "Sales Order": NEITHER,
    "Purchase Order": NEITHER,
    "Job Work In Order": NEITHER,
    "Job Work Out Order": NEITHER,
}
"""What vouchers with entries and stock lines count in: the accounts, stock."""


def a_shop():
    books = a_stockist()
    add_master(books, "voucher-type", "Manufacturing Journal", {"base": "manufacturing-journal"})
    return books


def form(type, **fields):
    return {
        "type": type,
        "date": "2026-04-02",
        "entries": [{"ledger": "Cash", "amount": "100.00"}, {"ledger": "Asha", "amount": "-100.00"}],
        "stock": [{"item": "Soap", "quantity": "2", "amount": "100.00"}],
        **fields,
    }


def effects(books):
    return bool(trial_balance(books)["rows"]), bool(stock_summary(books)["items"])


def test_every_base_type_is_in_the_table():
    assert {base.name for base in BASE_TYPES.values()} == set(EFFECTS)


@pytest.mark.parametrize(("type", "counts"), EFFECTS.items())
def test_a_voucher_of_each_type_counts_where_its_type_does(type, counts):
    books = a_shop()
    made = enter_form(books, form(type))
    assert effects(books) == counts
    shown = show_voucher(books, found(books, made.id.hex()))
    assert (shown["type"], shown["number"]) == (type, made.number)
    assert shown["stock"] == [{"item": "Soap", "quantity": "2", "amount": "100.00"}]


@pytest.mark.parametrize("type", EFFECTS)
def test_what_is_optional_counts_nowhere_until_it_is_not(type):
    books = a_shop()
    made = enter_form(books, form(type, optional=True))
    assert effects(books) == NEITHER
    alter(books, made.id.hex(), optional=False)
    assert effects(books) == EFFECTS[type]


@pytest.mark.parametrize("type", [base.name for base in BASE_TYPES.values() if base.balances])
def test_what_must_balance_is_refused_when_it_does_not(type):
    entries = [{"ledger": "Cash", "amount": "100.00"}, {"ledger": "Asha", "amount": "-99.00"}]
    with pytest.raises(Unbalanced, match=r"differ by 1\.00"):
        enter_form(a_shop(), form(type, entries=entries))


@pytest.mark.parametrize(
    "type", [base.name for base in BASE_TYPES.values() if not base.posts_accounts and not base.lists]
)
def test_what_posts_to_no_ledger_may_consist_of_stock_alone(type):
    books = a_shop()
    enter_form(books, form(type, entries=[]))
    assert effects(books) == EFFECTS[type]


@pytest.mark.parametrize(("type", "counted"), [(name, counts[1]) for name, counts in EFFECTS.items()])
def test_what_an_invoice_tracks_is_moved_by_the_note_alone(type, counted):
    books = a_shop()
    enter_form(books, form(type, stock=[{"item": "Soap", "quantity": "2", "amount": "100.00", "tracking": "N/1"}]))
    invoices = type in ("Sales", "Purchase", "Credit Note", "Debit Note")
    assert effects(books) == (EFFECTS[type][0], counted and not invoices)


def test_attendance_is_kept_as_it_is_written():
    books = a_shop()
    days = {"attendanceentries": [{"employee": "Bina", "type": "Present", "value": "26 Days"}]}
    made = enter_form(books, {"type": "Attendance", "date": "2026-04-30", "extra": days})
    assert show_voucher(books, found(books, made.id.hex()))["extra"] == days
    assert effects(books) == NEITHER
    with pytest.raises(BooksError, match="needs what it lists"):
        enter_form(books, {"type": "Attendance", "date": "2026-04-30"})


def test_payroll_posts_its_entries_and_keeps_what_they_are_made_of():
    books = a_shop()
    extra = {"employeeentries": [{"employee": "Bina", "pay": "100.00"}]}
    made = enter_form(books, form("Payroll", stock=[], extra=extra))
    assert show_voucher(books, found(books, made.id.hex()))["extra"] == extra
    assert effects(books) == ACCOUNTS


def test_a_post_dated_voucher_counts_from_its_date_on():
    books = a_shop()
    enter_form(books, form("Receipt", date="2026-05-10", post_dated=True))
    assert trial_balance(books, Span(until="2026-05-09"))["rows"] == []
    assert len(trial_balance(books, Span(until="2026-05-10"))["rows"]) == 2


@pytest.mark.parametrize(("type", "line", "message"), [
    ("Physical Stock", {"quantity": "-1"}, "less than nothing"),
    ("Sales", {"quantity": "-1", "destination": "Main Location"}, "no goods between godowns.*Stock Journal"),
    ("Stock Journal", {"quantity": "1", "side": "source"}, "negative quantity"),
    ("Stock Journal", {"quantity": "-1", "side": "destination"}, "positive quantity"),
])  # fmt: skip
def test_stock_that_the_type_does_not_move_so_is_refused(type, line, message):
    with pytest.raises(BooksError, match=message):
        enter_form(a_shop(), form(type, stock=[{"item": "Soap", **line}]))


@pytest.mark.parametrize(("type", "message"), [("Sales", "ledgers"), ("Stock Journal", "needs entries")])
def test_a_voucher_that_moves_nothing_is_refused(type, message):
    stock = [{"item": "Soap", "quantity": "1"}] if type == "Sales" else []
    with pytest.raises(BooksError, match=message):
        enter_form(a_shop(), form(type, entries=[], stock=stock))


@pytest.mark.parametrize(("unit", "said"), [("Nos", ""), ("Box", "Soap is counted in Nos, not in Box"), ("", "")])
def test_a_quantity_is_in_the_unit_of_its_item(unit, said):
    books = a_shop()
    for name in ("Nos", "Box"):
        add_master(books, "unit", name, {})
    alter_master(books, "stock-item", "Soap", {"unit": books.names.find("unit", "Nos").document})
    written = form("Delivery Note", stock=[{"item": "Soap", "quantity": "-1", "unit": unit}])
    if not said:
        enter_form(books, written)
        return
    with pytest.raises(BooksError, match=said):
        enter_form(books, written)


def test_a_compound_unit_counts_in_its_first_part():
    books = a_shop()
    dozen, piece = (add_master(books, "unit", name, {}).id for name in ("Doz", "Nos"))
    compound = add_master(books, "unit", "Doz of 12 Nos", {"head": dozen, "tail": piece, "conversion": "12"}).id
    alter_master(books, "stock-item", "Soap", {"unit": compound})
    for unit in ("Doz", "Doz of 12 Nos"):
        enter_form(books, form("Receipt Note", stock=[{"item": "Soap", "quantity": "1.5", "unit": unit}]))
    with pytest.raises(BooksError, match="counted in Doz of 12 Nos, not in Nos"):
        enter_form(books, form("Receipt Note", stock=[{"item": "Soap", "quantity": "18", "unit": "Nos"}]))
