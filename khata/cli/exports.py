"""The books for other programs: `khata export`. Each form is written by a module of `khata.export`."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from khata.cli.frame import AsJson, Branch, Since, Until, complain, opened, print_json, progress, say

if TYPE_CHECKING:
    from khata.export.out_file import Writer

NAME = "export"
app = typer.Typer(no_args_is_help=True, help="The books for other programs: journals, Excel, Tally and tax files.")

Output = Annotated[str, typer.Option("--output", help="The file to write; - prints it.", show_default=False)]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")]


def exported(context: typer.Context, write: "Writer", output: str, force: bool, as_json: bool) -> None:
    """Write one export of the open books to a file and say what came of it; what every subcommand ends with.

    Args:
        output: a path, or `-` for standard output, where what is said goes to stderr.
    """
    from khata.export.out_file import STANDARD_OUTPUT, export

    with opened(context) as books, progress("writing") as bar:
        found = export(books, output, write, force, bar.show)
    if output == STANDARD_OUTPUT:
        complain(json.dumps(found, indent=1) if as_json else _sentence(found))
    elif as_json:
        print_json(found)
    else:
        say(_sentence(found))


def _sentence(found: dict[str, Any]) -> str:
    """What was written, from a summary whose counts carry the names of what they count."""
    counts = ", ".join(f"{count} {what}" for what, count in found.get("counts", {}).items())
    return f"wrote {found['file']}" + (f": {counts}" if counts else "")


@app.command()
def hledger(
    context: typer.Context,
    output: Output,
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write a journal for hledger, with an assertion of every balance at its end.

    Only what counts in the accounts is in it: no cancelled or optional vouchers, no orders.

    Examples:
      khata export hledger --output books.journal
      hledger -f books.journal balancesheet
    """
    from khata.export.journal import write_journal
    from khata.reports.span import Span

    span = Span(since, until, branch)
    exported(context, lambda books, out, step: write_journal(books, out, span, step), output, force, as_json)


@app.command()
def ledger(
    context: typer.Context,
    output: Output,
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write a journal for ledger, with an assertion of every balance at its end; hledger reads the same text.

    Examples:
      khata export ledger --output books.ledger
      ledger -f books.ledger balance
    """
    from khata.export.journal import write_journal
    from khata.reports.span import Span

    span = Span(since, until, branch)
    exported(context, lambda books, out, step: write_journal(books, out, span, step), output, force, as_json)


@app.command()
def beancount(
    context: typer.Context,
    output: Output,
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write a file for beancount and fava, with every account's real name and the balance it has to end with.

    Examples:
      khata export beancount --output books.beancount
      fava books.beancount
    """
    from khata.export.beancount import write_beancount
    from khata.reports.span import Span

    span = Span(since, until, branch)
    exported(context, lambda books, out, step: write_beancount(books, out, span, step), output, force, as_json)


@app.command("csv")
def csv_table(
    context: typer.Context,
    output: Output,
    what: Annotated[
        str, typer.Option("--what", help="entries, vouchers, stock, trial-balance, ledgers, groups, stock-items …")
    ] = "entries",
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write one table as CSV: entries (one row each), vouchers, stock lines, the trial balance, or masters.

    All vouchers are in it, with a column that says which count in the accounts. A text that a spreadsheet would take
    for a formula gets an apostrophe before it.

    Examples:
      khata export csv --output entries.csv --from 2026-04-01 --to 2026-04-30
      khata export csv --what ledgers --output ledgers.csv
    """
    from khata.export.csv_rows import write_csv
    from khata.reports.span import Span

    span = Span(since, until, branch)
    exported(context, lambda books, out, step: write_csv(books, out, what, span, step), output, force, as_json)


@app.command()
def xlsx(
    context: typer.Context,
    output: Output,
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write an Excel workbook with sheets of vouchers, entries, ledgers, the trial balance and stock lines.

    Example:
      khata export xlsx --output april.xlsx --from 2026-04-01 --to 2026-04-30
    """
    from khata.export.workbook import write_workbook
    from khata.reports.span import Span

    span = Span(since, until, branch)
    exported(context, lambda books, out, step: write_workbook(books, out, span, step), output, force, as_json)
