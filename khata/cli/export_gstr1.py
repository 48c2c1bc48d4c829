"""`khata export gstr1`: the monthly return of outward supplies."""

import json
from typing import Annotated, Any

import typer

from khata.cli.exports import Force, Output, app
from khata.cli.frame import AsJson, complain, opened, print_json, progress, say

_LISTED_MAX = 20


@app.command()
def gstr1(
    context: typer.Context,
    output: Output,
    month: Annotated[str, typer.Option("--month", help="YYYY-MM.", show_default=False)],
    gstin: Annotated[str, typer.Option("--gstin", help="Of which registration; default: the only one.")] = "",
    branch: Annotated[str, typer.Option("--branch", help="The registration that this branch stands under.")] = "",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write the return GSTR-1 of one registration for one month, as JSON for the portal's offline tool.

    Tables b2b, b2cl, b2cs, cdnr, cdnur, exp, nil, hsn and doc_issue. There is no official schema to test it against:
    let the offline tool read it and compare its totals with those printed here before filing.

    Examples:
      khata export gstr1 --month 2026-04 --output gstr1.json
      khata export gstr1 --month 2026-04 --branch NAG --output -
    """
    from khata.export.gstr1 import write_gstr1
    from khata.export.out_file import STANDARD_OUTPUT, export

    with opened(context) as books, progress("writing") as bar:
        found = export(books, output, write_gstr1(month, gstin, branch), force, bar.show)
    to_screen = output == STANDARD_OUTPUT
    if as_json and not to_screen:
        print_json(found)
    elif as_json:
        complain(json.dumps(found, indent=1))
    else:
        _tell(found, complain if to_screen else say)


def _tell(found: dict[str, Any], tell: Any) -> None:
    from khata.cli.frame import grouped

    counts = ", ".join(f"{count} {table}" for table, count in found["counts"].items()) or "no documents"
    tell(f"wrote {found['file']} for {found['gstin']}, period {found['fp']}: {counts}")
    names = (("taxable", "Taxable"), ("cgst", "CGST"), ("sgst", "SGST"), ("igst", "IGST"), ("cess", "Cess"))
    tell(", ".join(f"{name} {grouped(found[field]) or '0.00'}" for field, name in names))
    lines = [f"left out: {one['number']} of {one['date']}: {one['reason']}" for one in found["left_out"]]
    lines += [f"check {one['number']} of {one['date']}: {one['reason']}" for one in found["warnings"]]
    lines += [f"check {finding}" for finding in found["units"]]
    for line in lines[:_LISTED_MAX]:
        complain(line)
    if len(lines) > _LISTED_MAX:
        complain(f"{len(lines) - _LISTED_MAX} more; --json lists all")
