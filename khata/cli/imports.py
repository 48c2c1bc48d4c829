"""Files from elsewhere into the books: `khata import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from khata.cli.frame import AsJson, complain, opened, print_json, print_table, progress, saved, say

if TYPE_CHECKING:
    from khata.books import Books
    from khata.tally.plan import Plan

_LISTED_MAX = 20


def import_files(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Tally XML exports: masters, day books, in any order.")],
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
    as_json: AsJson = False,
) -> None:
    """Import Tally XML. Importing the same again changes nothing; a changed export becomes alterations.

    A bad record is left out and listed with its place and reason; the rest is imported. A file that is damaged or
    wrong as a whole is refused, and the exit code is 1.

    Examples:
      khata import Masters.xml DayBook.xml --dry-run
      khata import Masters.xml DayBook.xml
    """
    from khata.errors import BooksError
    from khata.importing import carry_out, plan_import, summary

    with opened(context) as books:
        with progress("reading") as bar:
            bar.show(0, sum(file.stat().st_size for file in files if file.is_file()))
            planned = plan_import(books, files, source, company, bar.advance)
        planned.anyway = anyway
        commits = None if dry_run else 0
        if not dry_run and not planned.asks:
            with progress("saving") as bar:
                bar.show(0, len(planned))
                commits = carry_out(books, planned, bar.advance)
        if as_json:
            print_json(summary(planned, commits))
        else:
            _report(planned, summary(planned, commits))
            _finish(books, planned, commits)
        for finding in () if as_json else planned.refused:
            complain(f"refused: {finding.file}: {finding.text}")
        if planned.refused:
            raise BooksError(f"{len(planned.refused)} of {len(files)} files refused; nothing of them was imported")
        if planned.asks and not dry_run:
            raise BooksError("nothing was imported: vouchers would be in the books twice")


def _finish(books: "Books", planned: "Plan", commits: int | None) -> None:
    if commits is None:
        say(f"dry run: {len(planned)} saves would be made; nothing was saved")
    elif commits:
        saved(books, f"{len(planned)} documents in {commits} commits")
    elif planned.totals and not planned.asks:
        say("nothing to save: the books hold all of it already")


def _report(planned: "Plan", found: dict[str, Any]) -> None:
    rows = [
        (
            entry["file"],
            entry["company"],
            str(entry["masters"]),
            str(entry["vouchers"]),
            entry["debit"],
            entry["credit"],
        )
        for entry in found["files"]
    ]
    if rows:
        print_table(("File", "Company", "Masters>", "Vouchers>", "Debit>", "Credit>"), rows)
    counts = [
        (kind, *(str(entry[word]) for word in ("new", "altered", "unchanged")))
        for kind, entry in found["counts"].items()
    ]
    if counts:
        print_table(("Kind", "New>", "Altered>", "Unchanged>"), counts)
    for finding in planned.findings:
        if not finding.refuses:
            complain(f"{finding.file + ': ' if finding.file else ''}{finding.text}")
    for skipped in planned.skipped[:_LISTED_MAX]:
        complain(f"left out: {skipped}")
    if len(planned.skipped) > _LISTED_MAX:
        complain(f"left out: {len(planned.skipped) - _LISTED_MAX} more; --json lists all")


COMMANDS = {"import": import_files}
