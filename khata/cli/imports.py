"""Files from elsewhere into the books: `khata import` for Tally's XML; sheets go on to `import_sheets`."""

from pathlib import Path
from typing import Annotated

import typer

from khata.cli.frame import AsJson, complain, opened, print_json, progress
from khata.cli.import_plans import finish, outcome, report_plan, save_plan
from khata.cli.import_sheets import SheetFlags, import_sheet


def import_files(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Tally XML exports in any order, or one CSV or Excel file.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen; save nothing.")] = False,
    source: Annotated[
        str, typer.Option("--source", help="Name the source yourself; default: this device and the Tally company.")
    ] = "",
    company: Annotated[
        str, typer.Option("--company", help="Refuse files of another Tally company than this (name or GUID).")
    ] = "",
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Import vouchers although others like them are here already.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Save a sheet without asking.")] = False,
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", help="A TOML file that says which column is what."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="One column, as FIELD=HEADING; may be repeated."),
    ] = None,
    type: Annotated[str, typer.Option("--type", help="The voucher type of rows that name none.")] = "",
    date_format: Annotated[
        str,
        typer.Option("--date-format", help="dmy, mdy or ymd, where the file leaves it open."),
    ] = "",
    sheet: Annotated[str, typer.Option("--sheet", help="Which sheet of a workbook; default: the first.")] = "",
    heading_row: Annotated[int, typer.Option("--heading-row", help="The row with the headings, from 1.")] = 0,
    create_ledgers: Annotated[
        bool,
        typer.Option("--create-ledgers", help="Create ledgers that are not here, under Suspense A/c."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Import Tally XML, or vouchers from a CSV or Excel file.

    Importing the same again changes nothing; a changed file becomes alterations. A bad record is left out and listed
    with its place and reason, as is a voucher dated in a locked period; the rest is imported. A file that is damaged or
    wrong as a whole is refused. The exit code is 0 when all was taken or is here already, and 1 when anything was left
    out, refused or asked, or there was nothing to take; a dry run ends as the import would.

    Numbers are kept as they are, and none is invented: a voucher without number stays without.

    Of a CSV or Excel file the mapping of columns and the first vouchers are shown, and nothing is saved before you
    say yes. A row is an entry (date, type, number, ledger, debit or credit) or a voucher (debit ledger, credit ledger,
    amount); `khata export csv` writes files that can be imported.

    Examples:
      khata import Masters.xml DayBook.xml --dry-run
      khata import Masters.xml DayBook.xml
      khata import april.xlsx --type Journal --column 'ledger=Account Head' --create-ledgers --yes
    """
    from khata.errors import BooksError
    from khata.sheets.table import is_sheet

    sheets = [file for file in files if is_sheet(file)]
    if sheets and len(files) > 1:
        raise BooksError(f"{sheets[0].name} is a sheet; import sheets one by one, so that each can be looked at")
    if sheets:
        flags = SheetFlags(mapping, column or [], type, date_format, sheet, heading_row, create_ledgers, anyway, yes)
        import_sheet(context, sheets[0], flags, source, dry_run, as_json)
    else:
        _import_tally(context, files, source, company, dry_run, anyway, as_json)


def _import_tally(
    context: typer.Context, files: list[Path], source: str, company: str, dry_run: bool, anyway: bool, as_json: bool
) -> None:
    from khata.already_here import ALREADY_HERE
    from khata.errors import BooksError
    from khata.importing import plan_import, summary

    with opened(context) as books:
        with progress("reading") as bar:
            bar.show(0, sum(file.stat().st_size for file in files if file.is_file()))
            planned = plan_import(books, files, source, company, bar.advance)
        if anyway:
            planned.answered.add(ALREADY_HERE)
        commits = None if dry_run else 0 if planned.asks else save_plan(books, planned)
        if as_json:
            print_json(summary(planned, commits))
        else:
            report_plan(planned, summary(planned, commits))
            finish(books, planned, commits)
        for finding in () if as_json else planned.refused:
            complain(f"refused: {finding.file}: {finding.text}")
        if planned.refused:
            raise BooksError(f"{len(planned.refused)} of {len(files)} files refused; nothing of them was imported")
        if planned.asks and not dry_run:
            raise BooksError("nothing was imported: vouchers would be in the books twice")
    raise typer.Exit(outcome(planned))


COMMANDS = {"import": import_files}
