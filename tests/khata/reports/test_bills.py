"""Bills with their age: each party adds up to its balance, and suppliers' bills never stand under receivable."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt_models.errors import BadValue
from khata.entering import enter_form
from khata.entering_masters import alter_master, merge_masters
from khata.errors import NotFound
from khata.reports.bills import FIGURES, bills
from khata.reports.credit import PassedLimit, credit_limit_passed
from khata.reports.due_dates import due_date
from khata.reports.span import Span
from khata.reports.trial_balance import trial_balance
from tests.khata.company import a_branch, a_company, ledger, sync

ON = "2026-06-30"
KINDS = {"Asha": "receivable", "Ravi": "payable"}


def a_trader():
    books = a_company()
    ledger(books, "Sales", "Sales Accounts")
    ledger(books, "Asha")
    ledger(books, "Ravi", "Sundry Creditors")
    return books


def billed(books, party, amount, *parts, date="2026-04-01"):
    """Enter a journal on a party, its allocations written as "new A-1 500", with a credit period after that."""
    allocations = []
    for text in parts:
        kind, name, part, *period = text.split(" ", 3)
        allocations.append({"kind": kind, "name": name, "amount": part, "credit_period": "".join(period)})
    entries = [
        {"ledger": party, "amount": str(amount), "bills": allocations},
        {"ledger": "Sales", "amount": str(-amount)},
    ]
    enter_form(books, {"type": "Journal", "date": date, "entries": entries})


def party(report, name="Asha"):
    return next(row for row in report["parties"] if row["ledger"] == name)


def figures(row):
    return {name: row[name] for name in FIGURES if row[name] != "0.00"}


def test_a_bill_shows_what_was_settled_of_it_and_how_long_it_is_overdue():
    books = a_trader()
    billed(books, "Asha", 500, "new A-1 500 30 Days", date="2026-04-01")
    billed(books, "Asha", -200, "against a-1 -200", date="2026-04-20")
    report = bills(books, "receivable", ON)
    (bill,) = party(report)["bills"]
    parts = bill.pop("parts")
    assert bill == {
        "bill": "A-1", "date": "2026-04-01", "due": "2026-05-01", "credit_period": "30 Days", "original": "500.00",
        "settled": "200.00", "pending": "300.00", "overdue_days": 60, "age": "61-90",
    }  # fmt: skip
    assert [(part["date"], part["kind"], part["amount"]) for part in parts] == [
        ("2026-04-01", "new", "500.00"),
        ("2026-04-20", "against", "-200.00"),
    ]
    assert figures(report["total"]) == {"bills_total": "300.00", "balance": "300.00"}
    assert bills(books, "payable", ON)["parties"] == []


def test_a_settled_bill_is_gone_and_stands_there_again_on_an_earlier_date():
    books = a_trader()
    billed(books, "Asha", 500, "new A-1 500", date="2026-04-01")
    billed(books, "Asha", -500, "against A-1 -500", date="2026-04-20")
    assert bills(books, "receivable", ON)["parties"] == []
    assert len(party(bills(books, "receivable", "2026-04-19"))["bills"]) == 1


@pytest.mark.parametrize("wrong_way", [False, True])
def test_a_suppliers_bill_is_payable_whichever_sign_it_has(wrong_way):
    books = a_trader()
    amount = 800 if wrong_way else -800
    billed(books, "Ravi", amount, f"new PI/7 {amount}")
    assert bills(books, "receivable", ON)["parties"] == []
    row = party(bills(books, "payable", ON), "Ravi")
    found = row["advances" if wrong_way else "bills"]
    assert [(bill["bill"], bill["pending"]) for bill in found] == [("PI/7", "-800.00" if wrong_way else "800.00")]


def test_advances_payments_on_account_and_what_nobody_allocated_stand_apart():
    books = a_trader()
    alter_master(books, "ledger", "Asha", {
        "opening": "1000.00",
        "opening_bills": [{"name": "OLD", "amount": "700.00", "date": "2026-03-01", "credit_period": "2 months"}],
    })  # fmt: skip
    billed(books, "Asha", -250, "advance ADV -250")
    billed(books, "Asha", -40, "on-account  -40")
    billed(books, "Asha", -60)
    row = party(bills(books, "receivable", ON))
    assert figures(row) == {
        "bills_total": "700.00", "advances_total": "-250.00", "on_account": "-40.00", "not_allocated": "240.00",
        "balance": "650.00",
    }  # fmt: skip
    assert [(bill["bill"], bill["due"], bill["overdue_days"]) for bill in row["bills"]] == [("OLD", "2026-05-01", 60)]
    assert [bill["bill"] for bill in row["advances"]] == ["ADV"]


def test_bills_are_classed_by_age_or_by_how_long_they_are_due():
    books = a_trader()
    for day, name in (("2026-06-20", "A"), ("2026-05-31", "B"), ("2026-05-30", "C"), ("2026-01-01", "D")):
        billed(books, "Asha", 100, f"new {name} 100 45 days", date=day)
    found = {
        by: {
            bill["bill"]: bill["age"]
            for bill in party(bills(books, "receivable", ON, buckets=(30, 60), by=by))["bills"]
        }
        for by in ("bill", "due")
    }
    assert found["bill"] == {"A": "0-30", "B": "0-30", "C": "31-60", "D": ">60"}
    assert found["due"] == {"A": "not due", "B": "not due", "C": "not due", "D": ">60"}
    assert bills(books, "receivable", ON)["total"]["ageing"] == [
        {"days": "not due", "amount": "0.00"},
        {"days": "0-30", "amount": "200.00"},
        {"days": "31-60", "amount": "100.00"},
        {"days": "61-90", "amount": "0.00"},
        {"days": ">90", "amount": "100.00"},
    ]


def test_merged_parties_have_one_list_of_bills():
    books = a_trader()
    ledger(books, "Asha Stores")
    billed(books, "Asha", 500, "new A-1 500")
    billed(books, "Asha Stores", -500, "against A-1 -500")
    merge_masters(books, "ledger", "Asha Stores", "Asha")
    assert bills(books, "receivable", ON)["parties"] == []


def test_the_bills_of_a_branch_are_what_was_entered_there_and_one_party_can_be_asked_for():
    office = a_trader()
    ledger(office, "Bina")
    pune = a_branch(office, "Pune")
    billed(office, "Asha", 500, "new A-1 500")
    billed(pune, "Bina", 70, "new P-1 70")
    sync(office, pune)
    assert [row["ledger"] for row in bills(office, "receivable", ON, "Pune")["parties"]] == ["Bina"]
    assert [row["ledger"] for row in bills(office, "receivable", ON, party="asha")["parties"]] == ["Asha"]
    assert bills(office, "receivable", ON) == bills(pune, "receivable", ON)


@pytest.mark.parametrize("wrong", [
    {"kind": "receivables"}, {"on": "30.6.2026"}, {"buckets": (30, 30)}, {"buckets": (0,)}, {"by": "age"},
])  # fmt: skip
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(BadValue):
        bills(a_trader(), **{"kind": "receivable", "on": ON, **wrong})


def test_a_party_or_branch_that_is_not_here_is_named():
    books = a_trader()
    with pytest.raises(NotFound, match="Nobody"):
        bills(books, "receivable", ON, party="Nobody")
    with pytest.raises(NotFound, match="Delhi"):
        bills(books, "receivable", ON, branch="Delhi")


@pytest.mark.parametrize(("period", "due"), [
    ("30 Days", "2026-03-02"), ("30", "2026-03-02"), ("2 Weeks", "2026-02-14"), ("1 Month", "2026-02-28"),
    ("1 Year", "2027-01-31"), ("2026-05-01", "2026-05-01"), ("1-May-2026", "2026-05-01"), ("1-may-26", "2026-05-01"),
    ("1 Month(s)", "2026-02-28"), ("30 Day(s)", "2026-03-02"), ("", "2026-01-31"), ("soon", "2026-01-31"),
    ("99999 years", "2026-01-31"), ("31-Feb-2026", "2026-01-31"),
])  # fmt: skip
def test_credit_periods_as_people_and_tally_write_them(period, due):
    assert due_date("2026-01-31", period) == due


def test_a_ledger_beyond_its_credit_limit_is_named_with_what_is_owed():
    books = a_trader()
    alter_master(books, "ledger", "Asha", {"credit_limit": "1,000.00"})
    alter_master(books, "ledger", "Ravi", {"credit_limit": "500"})
    billed(books, "Asha", 1000)
    billed(books, "Ravi", 9000)
    assert credit_limit_passed(books) == []
    billed(books, "Asha", 1)
    billed(books, "Ravi", -9600)
    assert credit_limit_passed(books) == [
        PassedLimit("Asha", books.names.find("ledger", "Asha").document, 10_000_000, 10_010_000),
        PassedLimit("Ravi", books.names.find("ledger", "Ravi").document, 5_000_000, 6_000_000),
    ]
    alter_master(books, "ledger", "Asha", {"credit_limit": "much"})
    assert [passed.ledger for passed in credit_limit_passed(books)] == ["Ravi"]


allocated = st.lists(
    st.tuples(
        st.sampled_from(sorted(KINDS)),
        st.integers(-1000, 1000),
        st.lists(
            st.tuples(
                st.sampled_from(["new", "against", "advance", "on-account"]),
                st.sampled_from(["1", "2"]),
                st.integers(-1000, 1000),
            ),
            max_size=2,
        ),
    ),
    max_size=8,
)


@settings(max_examples=30)
@given(allocated)
def test_every_party_adds_up_to_its_balance_whatever_was_allocated(entered):
    books = a_trader()
    for name, amount, parts in entered:
        billed(books, name, amount, *(f"{kind} {bill} {part}" for kind, bill, part in parts))
    balances = {row["ledger"]: row for row in trial_balance(books, Span(until=ON))["rows"]}
    for name, kind in KINDS.items():
        report = bills(books, kind, ON)
        assert [row["ledger"] for row in report["parties"]] in ([], [name])
        for row in [*report["parties"], report["total"]]:
            *addends, balance = (Decimal(row[figure]) for figure in FIGURES)
            assert sum(addends) == balance
            assert sum(Decimal(age["amount"]) for age in row["ageing"]) == Decimal(row["bills_total"])
        sides = balances.get(name, {"debit": "0", "credit": "0"})
        owed = Decimal(sides["debit"]) - Decimal(sides["credit"])
        assert Decimal(report["total"]["balance"]) == (owed if kind == "receivable" else -owed)
