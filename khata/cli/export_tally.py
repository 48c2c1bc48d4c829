"""`khata export tally`: the books as XML for Tally, and what to do with it there."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from khata.cli.exports import Force, Output, app
from khata.cli.frame import AsJson, Branch, Since, Until, complain, opened, print_json, progress, say

if TYPE_CHECKING:
    from khata.export.tally import TallyOptions

_LISTED_MAX = 20

_HOW_TO = """In Tally open the company it is for, then
  TallyPrime: Gateway of Tally > Import (Alt+O) > Masters, then Transactions, and name this file both times
  Tally.ERP 9: Gateway of Tally > Import of Data > Masters, then Vouchers
Voucher types with Automatic numbering give imported vouchers new numbers: set them to Manual with "Prevent duplicates"
before importing, so that the numbers on issued invoices stay. Back up the company first, and compare the trial balance
with `khata report trial-balance` after."""


@app.command()
def tally(
    context: typer.Context,
    output: Output,
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    masters_only: Annotated[bool, typer.Option("--masters-only", help="Leave the vouchers out.")] = False,
    vouchers_only: Annotated[bool, typer.Option("--vouchers-only", help="Leave the masters out.")] = False,
    company: Annotated[
        str, typer.Option("--company", help="The Tally company it is for; default: the one that was imported.")
    ] = "",
    encoding: Annotated[str, typer.Option("--encoding", help="utf-8, or utf-16 for old releases.")] = "utf-8",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write XML that Tally imports: masters in the order it needs them, then the vouchers of the dates given.

    What was imported from Tally goes back field by field, under the GUIDs it came with. Goods between branches leave as
    stock journals at what they cost, so that the stock is worth the same there. Who did what, locks and conflicts stay
    here; what else Tally has no place for is listed after the export.

    Examples:
      khata export tally --output books.xml
      khata export tally --output april.xml --from 2026-04-01 --to 2026-04-30 --branch PUN --vouchers-only
    """
    from khata.export.out_file import STANDARD_OUTPUT, export
    from khata.export.tally import write_tally
    from khata.reports.span import Span

    options = _options(masters_only, vouchers_only, company, encoding)
    span = Span(since, until, branch)
    with opened(context) as books, progress("writing") as bar:
        found = export(books, output, lambda of, out, step: write_tally(of, out, span, options, step), force, bar.show)
    if as_json and output != STANDARD_OUTPUT:
        print_json(found)
    elif as_json:
        complain(json.dumps(found, indent=1))
    else:
        _tell(found, complain if output == STANDARD_OUTPUT else say)


def _options(masters_only: bool, vouchers_only: bool, company: str, encoding: str) -> "TallyOptions":
    from khata.errors import BooksError
    from khata.export.tally import TallyOptions

    if masters_only and vouchers_only:
        raise BooksError("--masters-only and --vouchers-only leave nothing to write; give one of them, or neither")
    if encoding not in ("utf-8", "utf-16"):
        raise BooksError(f"Tally does not read {encoding!r}; choose --encoding utf-8 or utf-16")
    return TallyOptions(not vouchers_only, not masters_only, company, encoding)


def _tell(found: dict[str, Any], tell: Any) -> None:
    counts = found["counts"]
    tell(f"wrote {found['file']} for {found['company']!r}: {counts['masters']} masters, {counts['vouchers']} vouchers")
    for sentence in found["otherwise"]:
        tell(sentence)
    lines = [*found["renamed"], *(_left_out(one) for one in found["left_out"])]
    for line in lines[:_LISTED_MAX]:
        complain(line)
    if len(lines) > _LISTED_MAX:
        complain(f"{len(lines) - _LISTED_MAX} more; --json lists all")
    for line in _HOW_TO.split("\n"):
        tell(line)


def _left_out(one: dict[str, str]) -> str:
    return f"left out: voucher {one['number'] or one['id']} of {one['date'] or 'no date'}: {one['reason']}"
