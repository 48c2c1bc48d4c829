"""`khata import` of a CSV or Excel file: the mapping and the first vouchers are shown before anything is written."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from khata.cli.frame import grouped, opened, print_json, print_table, say
from khata.cli.import_plans import finish, outcome, report_plan, save_plan

if TYPE_CHECKING:
    from khata.sheets.columns import SheetOptions
    from khata.sheets.planning import SheetPlan


_NAMED = 8


class SheetFlags(NamedTuple):
    """The options of `khata import` that are about sheets."""

    mapping: Path | None
    columns: list[str]
    type: str
    date_format: str
    sheet: str
    heading_row: int
    create_ledgers: bool
    anyway: bool
    yes: bool

    def options(self) -> "SheetOptions":
        """What the mapping file says, and over it what was said on the command line.

        Raises:
            BooksError: the file or a column cannot be read.
        """
        from khata.errors import BooksError
        from khata.sheets.columns import SheetOptions, read_mapping

        filed = read_mapping(self.mapping) if self.mapping is not None else SheetOptions()
        named = dict(filed.columns)
        for pair in self.columns:
            field, equals, heading = pair.partition("=")
            if not equals:
                raise BooksError(f"--column is {pair!r}; write FIELD=HEADING, such as 'ledger=Account Head'")
            named[field.strip()] = heading.strip()
        return SheetOptions(
            named,
            self.type or filed.type,
            self.date_format or filed.date_order,
            self.sheet or filed.sheet,
            self.heading_row or filed.heading_row,
        )


def import_sheet(
    context: typer.Context, path: Path, flags: SheetFlags, source: str, dry_run: bool, as_json: bool
) -> None:
    """Plan, show, ask, save."""
    from khata.already_here import ALREADY_HERE
    from khata.errors import BooksError
    from khata.importing import summary
    from khata.sheets.planning import UNKNOWN_LEDGERS, plan_sheet

    with opened(context) as books:
        found = plan_sheet(books, path, flags.options(), source)
        planned = found.plan
        answers = {ALREADY_HERE: flags.anyway, UNKNOWN_LEDGERS: flags.create_ledgers}
        planned.answered.update(code for code, given in answers.items() if given)
        if not as_json:
            _show(found)
            report_plan(planned, summary(planned, None))
        agreed = not planned.asks and not dry_run and len(planned) > 0 and (flags.yes or _agreed(as_json))
        commits = save_plan(books, planned) if agreed else None
        if as_json:
            print_json({**found.json(), **summary(planned, commits)})
        elif agreed or dry_run or not len(planned):
            finish(books, planned, None if dry_run else commits or 0)
        elif not planned.asks:
            say("nothing was saved; look at it, then import it again with --yes")
        if planned.asks and not dry_run:
            raise BooksError("nothing was imported; answer what is asked above")
    raise typer.Exit(outcome(planned))


def _agreed(as_json: bool) -> bool:
    """Ask whoever sits there; where nobody does, nothing is saved without --yes."""
    return not as_json and sys.stdin.isatty() and typer.confirm("Save this?")


def _show(found: "SheetPlan") -> None:
    fields: list[tuple[str, str]] = [(field, heading) for field, heading in found.columns.shown.items()]
    say("How the columns are read:")
    print_table(("Field", "Column"), fields)
    if found.columns.unused:
        say(f"columns passed over: {', '.join(found.columns.unused)}")
    if found.total_rows:
        rows_ = "row" if len(found.total_rows) == 1 else "rows"
        say(f"passed over as totals: {rows_} {', '.join(map(str, found.total_rows[:_NAMED]))}{_more(found.total_rows)}")
    rows: list[tuple[str, ...]] = []
    for voucher in found.preview:
        rows += _rows(voucher)
    say("\nThe first vouchers:")
    print_table(("Row>", "Date", "Type", "Number", "Ledger", "Debit>", "Credit>"), rows)
    say("")


def _rows(voucher: dict[str, Any]) -> list[tuple[str, ...]]:
    head = (str(voucher["row"]), voucher["date"], voucher["type"], voucher["number"] or "without number")
    rows = []
    for at, entry in enumerate(voucher["entries"]):
        rows.append((*(head if at == 0 else ("", "", "", "")), entry["ledger"], *_sides(entry["amount"])))
    if any(_sides(voucher["difference"])):
        rows.append(("", "", "", "", "DOES NOT BALANCE, by", *_sides(voucher["difference"])))
    return rows


def _sides(amount: str) -> tuple[str, str]:
    return ("", grouped(amount[1:])) if amount.startswith("-") else (grouped(amount), "")


def _more(rows: tuple[int, ...]) -> str:
    return f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
