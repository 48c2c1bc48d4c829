"""`khata report day-book`, `cash-book` and `bank-book`."""

from typing import Annotated, Any

import typer

from khata.cli.frame import AsJson, Branch, Since, Until, grouped, opened, print_table
from khata.cli.report_printing import amount_shown, print_json_rows, say_of_branch, titled
from khata.cli.reports import app

OneLedger = Annotated[str, typer.Argument(help="Only this ledger, by name or id; default: all of them.")]


@app.command("day-book")
def day_book(
    context: typer.Context,
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    type: Annotated[str, typer.Option("--type", help="Only vouchers of this type.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print every voucher of a range of dates, with a note on those that are in no balance.

    Examples:
      khata report day-book --from 2026-04-01 --to 2026-04-01
      khata report day-book --branch Pune --type Sales --json
    """
    from khata.reports.day_book import day_book as book
    from khata.reports.span import Span

    span = Span(since, until, branch)
    with opened(context) as books:
        found = book(books, span, type)
        if as_json:
            print_json_rows(found.head, found.rows)
            return
        shown = ("date", "type", "number", "party")
        rows = [
            (*(row[field] for field in shown), grouped(row["amount"]), row["narration"], row["note"])
            for row in found.rows
        ]
        rows.append(("", "", "", "Posted", amount_shown(found.head["debit"]), "", ""))
        columns = ("Date", "Type", "Number", "Party", "Amount>", "Narration", "Note")
        print_table(columns, rows, titled(books, "day book", span))


@app.command("cash-book")
def cash_book(
    context: typer.Context,
    name: OneLedger = "",
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    as_json: AsJson = False,
) -> None:
    """Print what came in and went out of the ledgers below Cash-in-Hand, day by day.

    With --branch only what was posted in that branch: opening balances are the company's and stand in no branch.

    Examples:
      khata report cash-book --from 2026-04-01 --to 2026-04-30
      khata report cash-book Cash --branch Pune --json
    """
    _print_book(context, "cash", name, (since, until, branch), as_json)


@app.command("bank-book")
def bank_book(
    context: typer.Context,
    name: OneLedger = "",
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    as_json: AsJson = False,
) -> None:
    """Print what came in and went out of the bank ledgers, day by day, with cheques and transfers.

    With --branch only what was posted in that branch: opening balances are the company's and stand in no branch.

    Examples:
      khata report bank-book --from 2026-04-01 --to 2026-04-30
      khata report bank-book "HDFC Bank" --json
    """
    _print_book(context, "bank", name, (since, until, branch), as_json)


def _print_book(context: typer.Context, book: str, name: str, range: tuple[str, str, str], as_json: bool) -> None:
    from khata.reports.cash_book import cash_book as found_book
    from khata.reports.span import Span

    span = Span(*range)
    with opened(context) as books:
        found = found_book(books, book, name, span)
        if as_json:
            print_json_rows(found.head, found.rows)
            return
        entries: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in found.rows:
            entries.setdefault((row["ledger_id"], row["date"]), []).append(row)
        rows = [line for ledger in found.head["ledgers"] for line in _of_ledger(ledger, entries)]
        rows.append(("", "Total", "", "", *_sides(found.head), amount_shown(found.head["closing"])))
        columns = ("Date", "Particulars", "Number", "Instrument", "In>", "Out>", "Balance>")
        print_table(columns, rows, titled(books, f"{book} book", span))
    say_of_branch(span)


Line = tuple[str, str, str, str, str, str, str]


def _of_ledger(ledger: dict[str, Any], entries: dict[tuple[str, str], list[dict[str, Any]]]) -> list[Line]:
    lines: list[Line] = [(ledger["ledger"], "Opening", "", "", "", "", amount_shown(ledger["opening"]))]
    for day in ledger["days"]:
        date = day["date"]
        for row in entries[ledger["ledger_id"], date]:
            out = row["amount"].startswith("-")
            amount = grouped(row["amount"].removeprefix("-"))
            sides = ("", amount) if out else (amount, "")
            lines.append((date, ", ".join(row["particulars"]), row["number"], _instruments(row), *sides, ""))
            date = ""
        lines.append(("", "Day", "", "", *_sides(day), amount_shown(day["closing"])))
    lines.append(("", "Closing", "", "", *_sides(ledger), amount_shown(ledger["closing"])))
    return lines


def _sides(figures: dict[str, Any]) -> tuple[str, str]:
    return grouped(figures["debit"]), grouped(figures["credit"])


def _instruments(row: dict[str, Any]) -> str:
    return ", ".join(f"{one['kind']} {one['number']}".strip() for one in row["instruments"])
