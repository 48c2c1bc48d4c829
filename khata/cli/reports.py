"""Reports of balances: `khata report trial-balance`, `group` and `ledger`.

Other modules add their reports to the same `app`.
"""

from typing import Annotated, Any

import typer

from khata.cli.frame import AsJson, Branch, Since, Until, grouped, opened, print_json, print_table
from khata.cli.report_printing import amount_shown, print_json_rows, say_of_branch, titled

NAME = "report"
app = typer.Typer(no_args_is_help=True, help="Balances, books of account, profit, stock, bills and taxes.")


@app.command("trial-balance")
def trial_balance(
    context: typer.Context,
    since: Since = "",
    until: Until = "",
    on: Annotated[str, typer.Option("--on", help="As of the end of this date; the same as --to.")] = "",
    branch: Branch = "",
    as_json: AsJson = False,
) -> None:
    """Print the balance of every ledger, by group, with totals that agree.

    With --from also the balance before that date and what was booked since. With --branch only what was posted in that
    branch: opening balances are the company's and stand in no branch.

    Examples:
      khata report trial-balance
      khata report trial-balance --on 2026-04-30 --json
      khata report trial-balance --from 2026-04-01 --to 2026-04-30 --branch Pune
    """
    from khata.reports.span import Span
    from khata.reports.trial_balance import trial_balance as balance

    span = Span(since, until or on, branch)
    with opened(context) as books:
        found = balance(books, span)
        title = titled(books, "trial balance", span)
    if as_json:
        print_json(found)
        return
    _print_balance(found, title)
    say_of_branch(span)


def _print_balance(found: dict[str, Any], title: str) -> None:
    ranged = bool(found["from"])
    rows, group = [], None
    for row in found["rows"]:
        figures = (row["opening"], row["moved_debit"], row["moved_credit"]) if ranged else ()
        shown = row["group"] if row["group"] != group else ""
        rows.append((shown, row["ledger"], *map(grouped, (*figures, row["debit"], row["credit"]))))
        group = row["group"]
    moved = ("", amount_shown(found["moved_debit"]), amount_shown(found["moved_credit"])) if ranged else ()
    rows.append(("", "Total", *moved, amount_shown(found["debit"]), amount_shown(found["credit"])))
    columns = ("Opening>", "Moved debit>", "Moved credit>") if ranged else ()
    print_table(("Group", "Ledger", *columns, "Debit>", "Credit>"), rows, title)


@app.command()
def group(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The group's name or id; default: the groups at the top.")] = "",
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    as_json: AsJson = False,
) -> None:
    """Print the groups and ledgers in a group with opening, debit, credit and closing, debit positive.

    With --branch only what was posted in that branch: opening balances are the company's and stand in no branch.

    Examples:
      khata report group
      khata report group "Sundry Debtors" --from 2026-04-01 --json
    """
    from khata.reports.group_summary import group_summary
    from khata.reports.span import Span

    span = Span(since, until, branch)
    with opened(context) as books:
        found = group_summary(books, name, span)
        title = titled(books, " / ".join(found["path"]) or found["group"], span)
    if as_json:
        print_json(found)
        return
    figures = ("opening", "debit", "credit", "closing")
    rows = [
        (f"{row['group']} /" if "group" in row else row["ledger"], *(grouped(row[figure]) for figure in figures))
        for row in found["rows"]
    ]
    rows.append(("Total", *(amount_shown(found[figure]) for figure in figures)))
    print_table(("Group or ledger", "Opening>", "Debit>", "Credit>", "Closing>"), rows, title)
    say_of_branch(span)


@app.command()
def ledger(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The ledger's name or id.")],
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    as_json: AsJson = False,
) -> None:
    """Print one ledger's entries with the balance after each, debit positive.

    With --branch only what was posted in that branch: opening balances are the company's and stand in no branch.

    Examples:
      khata report ledger Cash --from 2026-04-01
      khata report ledger "Asha Stores" --branch Pune --json
    """
    from khata.reports.ledger_statement import statement
    from khata.reports.span import Span

    span = Span(since, until, branch)
    with opened(context) as books:
        found = statement(books, name, span)
        if as_json:
            print_json_rows(found.head, found.rows)
            return
        rows = [("", "", "", "Opening", "", "", "", amount_shown(found.head["opening"]))]
        rows += [
            (
                row["date"], row["type"], row["number"], _particulars(row), _references(row), row["narration"],
                amount_shown(row["amount"]), amount_shown(row["balance"]),
            )
            for row in found.rows
        ]  # fmt: skip
        rows.append(("", "", "", "Closing", "", "", "", amount_shown(found.head["closing"])))
        columns = ("Date", "Type", "Number", "Particulars", "Bills", "Narration", "Amount>", "Balance>")
        print_table(columns, rows, titled(books, found.head["ledger"], span))
    say_of_branch(span)


def _particulars(row: dict[str, Any]) -> str:
    names = row["particulars"]
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "") if names else ""


def _references(row: dict[str, Any]) -> str:
    return ", ".join(bill["name"] or bill["kind"] for bill in row["bills"])
