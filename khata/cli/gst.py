"""What GST asks of items and ledgers: `khata gst`."""

from typing import Annotated

import typer

from khata.cli.frame import AsJson, complain, opened, print_json, print_table
from khata.cli.master_commands import print_saved

NAME = "gst"
app = typer.Typer(no_args_is_help=True, help="GST rates and HSN codes of items and ledgers.")

Kind = Annotated[str, typer.Option("--kind", help="stock-item, or ledger for what is booked on it.")]


@app.command()
def rate(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The item, or the ledger with --kind ledger.")],
    percent: Annotated[str, typer.Argument(help="GST in percent: IGST, or CGST and SGST together.")] = "0",
    kind: Kind = "stock-item",
    hsn: Annotated[str, typer.Option("--hsn", help="HSN or SAC code, 4, 6 or 8 digits.")] = "",
    cess: Annotated[str, typer.Option("--cess", help="Cess in percent, over the rate.")] = "0",
    taxability: Annotated[
        str, typer.Option("--taxability", help="taxable, nil-rated, exempt, non-gst or reverse-charge.")
    ] = "",
    since: Annotated[str, typer.Option("--since", help="From this date on; default: always.")] = "",
    always: Annotated[
        bool, typer.Option("--always", help="For all dates, those of vouchers that are there already too.")
    ] = False,
    description: Annotated[str, typer.Option("--description", help="What the code stands for.")] = "",
    as_json: AsJson = False,
) -> None:
    """Set how an item, or what is booked on a ledger, is taxed; rates from other dates on stay as they are.

    Examples:
      khata gst rate Soap 18 --hsn 3401
      khata gst rate Soap 12 --since 2026-10-01
      khata gst rate Milk --taxability exempt --hsn 0401
      khata gst rate Consulting 18 --kind ledger --hsn 9983
    """
    from khata.errors import BooksError
    from khata.gst.setting import REGISTERS, is_usual, rate_of, set_rate

    if kind not in REGISTERS:
        raise BooksError(f"{kind!r} has no GST rates; --kind is {' or '.join(REGISTERS)}")
    with opened(context) as books:
        said = rate_of(percent, cess, taxability, hsn, since, description)
        result = set_rate(books, kind, name, said, always)
        if not is_usual(said):
            complain(f"{percent} is a rate that no notification named when this khata was made; look at it again")
        print_saved(books, kind, result, as_json)


@app.command()
def rates(context: typer.Context, kind: Kind = "stock-item", as_json: AsJson = False) -> None:
    """List GST rates by name and date.

    Examples:
      khata gst rates
      khata gst rates --kind ledger --json
    """
    from khata.errors import BooksError
    from khata.gst.setting import REGISTERS, list_rates

    if kind not in REGISTERS:
        raise BooksError(f"{kind!r} has no GST rates; --kind is {' or '.join(REGISTERS)}")
    with opened(context) as books:
        rows = list_rates(books, kind)
    if as_json:
        print_json(rows)
        return
    columns = ("Name", "Since", "HSN", "Rate>", "Cess>", "Taxability")
    print_table(columns, [tuple(row[field] for field in _SHOWN) for row in rows])


_SHOWN = ("name", "since", "hsn", "rate", "cess", "taxability")
