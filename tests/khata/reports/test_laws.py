"""What reports promise each other, over books in which anything has happened."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from khata.books import Books
from khata.reports.balance_sheet import balance_sheet
from khata.reports.balances import OPENING_DIFFERENCE
from khata.reports.cash_book import BOOKS, cash_book
from khata.reports.chart import Chart
from khata.reports.day_book import day_book
from khata.reports.group_summary import group_summary
from khata.reports.ledger_statement import ledger_statement
from khata.reports.profit_loss import profit_and_loss
from khata.reports.span import Span
from khata.reports.trial_balance import OPENING_STOCK, trial_balance
from tests.khata.company import sync
from tests.khata.reports.strange_books import DATES, happenings, strange_books

bounds = st.sampled_from(["", *DATES, "2026-05-01"])
spans = st.builds(Span, bounds, bounds, st.sampled_from(["", "ho", "Pune"])).filter(
    lambda span: not span.until or span.since <= span.until
)


def closings(report: dict[str, Any]) -> dict[str, Decimal]:
    """The balances of the real ledgers of a trial balance, by id."""
    rows = [row for row in report["rows"] if row["ledger_id"]]
    found = {row["ledger_id"]: Decimal(row["debit"]) - Decimal(row["credit"]) for row in rows}
    assert len(found) == len(rows)
    return found


def the_trial_balance_adds_up(books: Books, span: Span) -> None:
    report = trial_balance(books, span)
    for sides in (("debit", "credit"), ("moved_debit", "moved_credit")):
        totals = [sum(Decimal(row[side]) for row in report["rows"]) for side in sides]
        assert totals == [Decimal(report[side]) for side in sides]
        assert totals[0] == totals[1]
    for row in report["rows"]:
        moved = Decimal(row["moved_debit"]) - Decimal(row["moved_credit"])
        assert Decimal(row["opening"]) + moved == Decimal(row["debit"]) - Decimal(row["credit"])
    if span.branch:
        assert not {OPENING_DIFFERENCE, OPENING_STOCK} & {row["ledger"] for row in report["rows"]}


def the_company_is_its_branches_and_its_openings(books: Books, span: Span) -> None:
    whole = trial_balance(books, span._replace(branch=""))
    expected = {
        row["ledger_id"]: Decimal(row["opening"]) for row in trial_balance(books, Span(until="2000-01-01"))["rows"]
    }
    expected.pop("", None)
    for branch in ("ho", "pun"):
        for ledger, balance in closings(trial_balance(books, span._replace(branch=branch))).items():
            expected[ledger] = expected.get(ledger, Decimal(0)) + balance
    assert {ledger: balance for ledger, balance in expected.items() if balance} == {
        ledger: balance for ledger, balance in closings(whole).items() if balance
    }


def the_profit_is_what_income_and_expenses_moved_with_the_stock(books: Books, span: Span) -> None:
    report, chart = profit_and_loss(books, span), Chart(books)
    natures = {account.document.hex(): account.nature for account in chart.accounts()}
    stock = Decimal(report["closing_stock"]) - Decimal(report["opening_stock"])
    earned = sum(
        (
            Decimal(row["moved_credit"]) - Decimal(row["moved_debit"]) - (0 if span.since else Decimal(row["opening"]))
            for row in trial_balance(books, span)["rows"]
            if natures.get(row["ledger_id"]) in ("income", "expenses")
        ),
        Decimal(0),
    )
    assert Decimal(report["net_profit"]) == earned + stock
    parts = {part: Decimal(report[part]["amount"]) for part in report if part.endswith(("_income", "_expenses"))}
    assert Decimal(report["gross_profit"]) == parts["direct_income"] - parts["direct_expenses"] + stock
    assert all(total_of_ledgers(report[part]) == total for part, total in parts.items())


def total_of_ledgers(part: dict[str, Any]) -> Decimal:
    """What the ledgers of a section come to; each group's amount must be that of its own and of the groups below."""
    tops = [group for group in part["groups"] if group["depth"] == 0]
    ledgers = [Decimal(ledger["amount"]) for group in part["groups"] for ledger in group["ledgers"]]
    assert sum(Decimal(group["amount"]) for group in tops) == sum(ledgers)
    return sum(ledgers, Decimal(0))


def the_balance_sheet_balances(books: Books, span: Span) -> None:
    report = balance_sheet(books, span)
    assets, liabilities = report["assets"], report["liabilities"]
    assert assets["amount"] == liabilities["amount"]
    owned = total_of_ledgers(assets) + Decimal(assets["closing_stock"]) + Decimal(assets["difference_in_openings"])
    profit = Decimal(liabilities["profit_and_loss"]["amount"])
    owed = total_of_ledgers(liabilities) + profit + Decimal(liabilities["difference_in_openings"])
    assert owned == owed == Decimal(assets["amount"])
    assert liabilities["profit_and_loss"]["period"] == profit_and_loss(books, span)["net_profit"]


def a_group_is_the_sum_of_its_ledgers(books: Books, span: Span) -> None:
    balances = closings(trial_balance(books, span))
    seen: dict[str, Decimal] = {}
    waiting = [""]
    while waiting:
        report = group_summary(books, waiting.pop(), span)
        for figure in ("opening", "debit", "credit", "closing"):
            assert sum(Decimal(row[figure]) for row in report["rows"]) == Decimal(report[figure])
        waiting += [row["group_id"] for row in report["rows"] if "group" in row]
        seen |= {row["ledger_id"]: Decimal(row["closing"]) for row in report["rows"] if "ledger" in row}
    assert seen == balances


def statements_end_where_the_trial_balance_says(books: Books, span: Span) -> None:
    for row in trial_balance(books, span)["rows"]:
        if row["ledger_id"]:
            report = ledger_statement(books, row["ledger_id"], span)
            assert report["opening"] == row["opening"]
            assert Decimal(report["closing"]) == Decimal(row["debit"]) - Decimal(row["credit"])
            last = report["rows"][-1]["balance"] if report["rows"] else report["opening"]
            assert last == report["closing"]


def the_books_of_cash_and_banks_agree_with_their_ledgers(books: Books, span: Span) -> None:
    balances = closings(trial_balance(books, span))
    for book in BOOKS:
        found = cash_book(books, book, "", span)
        rows = list(found.rows)
        for ledger in found.head["ledgers"]:
            assert Decimal(ledger["closing"]) == balances[ledger["ledger_id"]]
            assert ledger["closing"] == (ledger["days"][-1]["closing"] if ledger["days"] else ledger["opening"])
            for side, sign in (("debit", 1), ("credit", -1)):
                days = sum(Decimal(day[side]) for day in ledger["days"])
                of_ledger = [sign * Decimal(row["amount"]) for row in rows if row["ledger_id"] == ledger["ledger_id"]]
                assert days == sum(one for one in of_ledger if one > 0) == Decimal(ledger[side])


def the_day_book_has_every_voucher(books: Books, span: Span) -> None:
    found = day_book(books, span)
    rows = list(found.rows)
    assert len(rows) == found.head["vouchers"]
    posted = sum((Decimal(row["amount"]) for row in rows if row["posted"]), Decimal(0))
    assert posted == Decimal(found.head["debit"]) == Decimal(trial_balance(books, span)["moved_debit"])
    assert all(bool(row["note"]) != row["posted"] for row in rows)


LAWS = [
    the_trial_balance_adds_up,
    the_company_is_its_branches_and_its_openings,
    the_profit_is_what_income_and_expenses_moved_with_the_stock,
    the_balance_sheet_balances,
    a_group_is_the_sum_of_its_ledgers,
    statements_end_where_the_trial_balance_says,
    the_books_of_cash_and_banks_agree_with_their_ledgers,
    the_day_book_has_every_voucher,
]


@given(happenings, spans)
@settings(max_examples=30)
def test_reports_keep_every_law_and_are_the_same_bytes_on_both_copies(what, span):
    shops = strange_books(what)
    for books in shops:
        for law in LAWS:
            law(books, span)
    sync(*shops)
    assert said(shops.office, span) == said(shops.pune, span)
    for law in LAWS:
        law(shops.office, span)


def said(books: Books, span: Span) -> str:
    """Everything the reports say, as bytes would be compared."""
    streams = (day_book(books, span), cash_book(books, "cash", "", span), cash_book(books, "bank", "", span))
    return json.dumps([
        trial_balance(books, span), profit_and_loss(books, span), balance_sheet(books, span),
        group_summary(books, "", span), ledger_statement(books, "Cash", span),
        *([stream.head, list(stream.rows)] for stream in streams),
    ])  # fmt: skip
