"""Reports and problems: `khata report`, `khata problems`."""

from typing import Annotated

import typer

from khata.cli.frame import AsJson, grouped, opened, print_json, print_table, say

NAME = "report"
app = typer.Typer(no_args_is_help=True, help="Trial balance and ledger statements.")


@app.command("trial-balance")
def trial_balance(
    context: typer.Context,
    on: Annotated[str, typer.Option("--on", help="As of the end of this date; default: everything.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print the balance of every ledger, by group, with totals that agree.

    Examples:
      khata report trial-balance
      khata report trial-balance --on 2026-04-30 --json
    """
    from khata.reports.trial_balance import trial_balance as balance

    with opened(context) as books:
        found = balance(books, on)
        title = f"{books.company_name}: trial balance{' on ' + on if on else ''}"
    if as_json:
        print_json(found)
        return
    rows, group = [], None
    for row in found["rows"]:
        rows.append((row["group"] if row["group"] != group else "", row["ledger"], *_sides(row)))
        group = row["group"]
    rows.append(("", "Total", grouped(found["debit"]) or "0.00", grouped(found["credit"]) or "0.00"))
    print_table(("Group", "Ledger", "Debit>", "Credit>"), rows, title)


def _sides(row: dict[str, str]) -> tuple[str, str]:
    return grouped(row["debit"]), grouped(row["credit"])


@app.command()
def ledger(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The ledger's name or id.")],
    since: Annotated[str, typer.Option("--from", help="From this date on.")] = "",
    until: Annotated[str, typer.Option("--to", help="Up to and including this date.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print one ledger's entries with the balance after each, debit positive.

    Example:
      khata report ledger Cash --from 2026-04-01
    """
    from khata.reports.ledger_statement import ledger_statement

    with opened(context) as books:
        found = ledger_statement(books, name, since, until)
    if as_json:
        print_json(found)
        return
    rows = [("", "", "Opening", "", "", found["opening"])]
    rows += [
        (row["date"], row["type"], row["number"], row["narration"], row["amount"], row["balance"])
        for row in found["rows"]
    ]
    rows.append(("", "", "Closing", "", "", found["closing"]))
    print_table(("Date", "Type", "Number", "Narration", "Amount>", "Balance>"), rows, found["ledger"])


def problems(context: typer.Context, as_json: AsJson = False) -> None:
    """List what a person should look at, each with the command that settles it.

    Examples:
      khata problems
      khata problems --json
    """
    from khata.problems import find_problems

    with opened(context) as books:
        found = find_problems(books)
    if as_json:
        print_json([problem.json() for problem in found])
        return
    for problem in found:
        say(f"{problem.code}: {problem.text}")
        if problem.settle:
            say(f"    {problem.settle}")
    say(f"{len(found)} {'problem' if len(found) == 1 else 'problems'}")


COMMANDS = {"problems": problems}
