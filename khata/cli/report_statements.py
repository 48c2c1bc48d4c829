"""`khata report profit-loss` and `khata report balance-sheet`."""

from typing import Annotated, Any

import typer

from khata.cli.frame import AsJson, Branch, Since, Until, opened, print_json, print_table
from khata.cli.report_printing import amount_shown, say_of_branch, section_rows, titled
from khata.cli.reports import app

Method = Annotated[str, typer.Option("--method", help="How stock is valued: average or fifo.")]

_TOTAL = "Total"


@app.command("profit-loss")
def profit_loss(
    context: typer.Context,
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    method: Method = "average",
    as_json: AsJson = False,
) -> None:
    """Print the trading account with gross profit, and below it the other incomes and expenses with net profit.

    What is to be added and what is to be subtracted says so; groups and ledgers stand beside the amount they add up to.
    With --branch only what was posted in that branch: opening balances and opening stock are the company's.

    Examples:
      khata report profit-loss --from 2026-04-01 --to 2027-03-31
      khata report profit-loss --branch Pune --method fifo --json
    """
    from khata.reports.profit_loss import profit_and_loss
    from khata.reports.span import Span

    span = Span(since, until, branch)
    with opened(context) as books:
        found = profit_and_loss(books, span, method)
        title = titled(books, "profit and loss", span)
    if as_json:
        print_json(found)
        return
    rows = [
        ("Trading account", "", ""),
        *_section("Sales and direct incomes", found["direct_income"]),
        ("  Add: closing stock", "", amount_shown(found["closing_stock"])),
        ("  Less: opening stock", "", amount_shown(found["opening_stock"])),
        *_section("Less: purchases and direct expenses", found["direct_expenses"]),
        _result("Gross", found["gross_profit"]),
        ("Profit and loss account", "", ""),
        *_section("Add: indirect incomes", found["indirect_income"]),
        *_section("Less: indirect expenses", found["indirect_expenses"]),
        _result("Net", found["net_profit"]),
    ]
    print_table(("", "Of which>", "Amount>"), rows, title)
    say_of_branch(span)


@app.command("balance-sheet")
def balance_sheet(
    context: typer.Context,
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    method: Method = "average",
    as_json: AsJson = False,
) -> None:
    """Print what is owned and owed at the end of a day, the profit so far included; both sides agree.

    With --from the profit is shown in two parts, before and since. With --branch only what was posted in that branch:
    opening balances and opening stock are the company's.

    Examples:
      khata report balance-sheet --to 2027-03-31
      khata report balance-sheet --branch Pune --json
    """
    from khata.reports.balance_sheet import balance_sheet as sheet
    from khata.reports.span import Span

    span = Span(since, until, branch)
    with opened(context) as books:
        found = sheet(books, span, method)
        title = titled(books, "balance sheet", span)
    if as_json:
        print_json(found)
        return
    print_table(("", "Amount>"), [*_liabilities(found["liabilities"]), *_assets(found["assets"])], title)
    say_of_branch(span)


def _section(title: str, part: dict[str, Any]) -> list[tuple[str, str, str]]:
    of_which = [(f"  {name}", amount, "") for name, amount in section_rows(part["groups"])]
    return [(f"  {title}", "", amount_shown(part["amount"])), *of_which]


def _result(kind: str, amount: str) -> tuple[str, str, str]:
    """The line of a profit, or of a loss as what was lost."""
    lost = amount.startswith("-")
    return f"{kind} {'loss' if lost else 'profit'}", "", amount_shown(amount.removeprefix("-"))


def _liabilities(side: dict[str, Any]) -> list[tuple[str, str]]:
    profit = side["profit_and_loss"]
    parts = (("Opening and entries", "account"), ("Earlier profit", "brought_forward"), ("Profit", "period"))
    return [
        ("Liabilities", ""),
        *section_rows(side["groups"]),
        ("  Profit & Loss A/c", amount_shown(profit["amount"])),
        *((f"    {name}", amount_shown(profit[part])) for name, part in parts if _counts(profit[part])),
        *_difference(side),
        (_TOTAL, amount_shown(side["amount"])),
    ]


def _assets(side: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("Assets", ""),
        *section_rows(side["groups"]),
        ("  Closing stock", amount_shown(side["closing_stock"])),
        *_difference(side),
        (_TOTAL, amount_shown(side["amount"])),
    ]


def _difference(side: dict[str, Any]) -> list[tuple[str, str]]:
    difference = side["difference_in_openings"]
    return [("  Difference in opening balances", amount_shown(difference))] if _counts(difference) else []


def _counts(amount: str) -> bool:
    return amount != "0.00"
