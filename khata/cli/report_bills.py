"""Bills and cost centres on the command line: `khata report receivable`, `payable` and `cost-centres`."""

from typing import Annotated, Any

import typer

from khata.cli.frame import AsJson, Branch, Since, Until, grouped, opened, print_json, print_table
from khata.cli.report_printing import amount_shown, say_of_branch, titled
from khata.cli.reports import app

On = Annotated[str, typer.Option("--on", help="As of the end of this date, YYYY-MM-DD; default: today.")]
Buckets = Annotated[str, typer.Option("--buckets", help="The last day of each class of ages, with commas.")]
By = Annotated[str, typer.Option("--by", help="Age by the date of the bill, or by when it was due: bill or due.")]
Party = Annotated[str, typer.Option("--party", help="Only this ledger, by name or id.")]


@app.command()
def receivable(
    context: typer.Context,
    on: On = "",
    branch: Branch = "",
    buckets: Buckets = "30,60,90",
    by: By = "bill",
    party: Party = "",
    as_json: AsJson = False,
) -> None:
    """Print the bills that customers have not paid, by party, with their age.

    Advances and payments on account stand apart; "not allocated" is what a ledger's balance holds beyond its bills.

    Examples:
      khata report receivable
      khata report receivable --on 2026-04-30 --buckets 30,45,60 --by due
      khata report receivable --party "Asha Stores" --json
    """
    _bills(context, "receivable", on, branch, buckets, by, party, as_json)


@app.command()
def payable(
    context: typer.Context,
    on: On = "",
    branch: Branch = "",
    buckets: Buckets = "30,60,90",
    by: By = "bill",
    party: Party = "",
    as_json: AsJson = False,
) -> None:
    """Print the bills of suppliers that are not paid, by party, with their age; what is owed is positive.

    Examples:
      khata report payable
      khata report payable --on 2026-04-30 --branch Pune --json
    """
    _bills(context, "payable", on, branch, buckets, by, party, as_json)


def _bills(
    context: typer.Context, kind: str, on: str, branch: str, buckets: str, by: str, party: str, as_json: bool
) -> None:
    from khata.reports.bills import bills
    from khata.reports.span import Span

    day = on or _today()
    with opened(context) as books:
        found = bills(books, kind, day, branch, _classes(buckets), by, party)
        title = titled(books, f"bills {kind}", Span(until=day, branch=branch))
    if as_json:
        print_json(found)
        return
    rows = [row for one in found["parties"] for row in _party(one)]
    rows.append(("Total", "", "", "", "", "", amount_shown(found["total"]["balance"]), "", ""))
    columns = ("Date", "Bill", "Due", "Original>", "Settled>", "Pending>", "Overdue days>", "Age>")
    print_table(("Party", *columns), rows, title)
    ageing = _ageing(found["total"])
    print_table(
        [f"{name}>" for name, _ in ageing],
        [[amount_shown(amount) for _, amount in ageing]],
        f"Ageing by {'date of bill' if by == 'bill' else 'due date'}",
    )
    say_of_branch(Span(branch=branch))


_BESIDE = (("advances_total", "Advances"), ("on_account", "On account"), ("not_allocated", "Not allocated"))
"""What a balance holds beyond bills, which has no age."""


def _ageing(total: dict[str, Any]) -> list[tuple[str, str]]:
    """What is pending by age, what has none, and the total, which is the balance."""
    aged = [(f"{one['days']}{' days' if one['days'][-1].isdigit() else ''}", one["amount"]) for one in total["ageing"]]
    beside = [(words, total[name]) for name, words in _BESIDE if total[name] != "0.00"]
    return [*aged, *beside, ("Total", total["balance"])]


def _classes(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no list of days, such as 30,60,90") from None


def _party(party: dict[str, Any]) -> list[tuple[str, ...]]:
    """The rows of one party, and last what they add up to."""
    rows = [
        (
            bill["date"], bill["bill"], bill["due"], grouped(bill["original"]), grouped(bill["settled"]),
            grouped(bill["pending"]), str(bill["overdue_days"] or ""), bill["age"],
        )
        for bill in party["bills"]
    ]  # fmt: skip
    for bill in party["advances"]:
        rows.append((bill["date"], f"{bill['bill']} (advance)", "", "", "", grouped(bill["pending"]), "", ""))
    for name, words in _BESIDE[1:]:
        if party[name] != "0.00":
            rows.append(("", words, "", "", "", grouped(party[name]), "", ""))
    rows.append(("", "Balance", "", "", "", amount_shown(party["balance"]), "", ""))
    return [(party["ledger"] if not at else "", *row) for at, row in enumerate(rows)]


@app.command("cost-centres")
def cost_centres(
    context: typer.Context, since: Since = "", until: Until = "", branch: Branch = "", as_json: AsJson = False
) -> None:
    """Print what was charged to each cost centre, by category and ledger, debit positive.

    A category is complete in itself, so categories are never added up. With --json the vouchers behind each amount.

    Examples:
      khata report cost-centres --from 2026-04-01 --to 2026-04-30
      khata report cost-centres --branch Pune --json
    """
    from khata.reports.cost_centres import cost_centres as centres
    from khata.reports.span import Span

    span = Span(since, until, branch)
    with opened(context) as books:
        found = centres(books, span)
        title = titled(books, "cost centres", span)
    if as_json:
        print_json(found)
        return
    rows: list[tuple[str, ...]] = []
    for category in found["categories"]:
        rows += _category(category)
    rows += [("Charged to no centre", one["ledger"], grouped(one["amount"]), "") for one in found["uncharged"]]
    print_table(("Cost centre", "Ledger", "Amount>", "Total>"), rows, title)


def _category(category: dict[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [(category["category"], "", "", amount_shown(category["total"]))]
    for centre in category["centres"]:
        indent = "  " * len(centre["centre"])
        rows.append((indent + centre["centre"][-1], "", grouped(centre["amount"]), grouped(centre["total"])))
        rows += [(f"{indent}  ", one["ledger"], grouped(one["amount"]), "") for one in centre["ledgers"]]
    rows += [("  Not charged", one["ledger"], grouped(one["amount"]), "") for one in category["uncharged"]]
    return rows


def _today() -> str:
    from datetime import datetime

    return datetime.now().astimezone().date().isoformat()
