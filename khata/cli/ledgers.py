"""Ledgers: `khata ledger`."""

from typing import Annotated, Any

import typer

from khata.cli.frame import AsJson, Version, grouped, opened, print_json, print_table, say
from khata.cli.master_commands import print_saved, show_master

NAME = "ledger"
app = typer.Typer(no_args_is_help=True, help="List, show, add and alter ledgers.")

_KIND = "ledger"
Group = Annotated[str | None, typer.Option("--group", help="The group it stands in.")]
Opening = Annotated[
    str | None, typer.Option("--opening", help="Balance when the books begin, such as 500.00 or '500.00 Cr'.")
]
BillWise = Annotated[bool | None, typer.Option("--bill-wise/--no-bill-wise", help="Keep track of bills.")]
CostCentres = Annotated[bool | None, typer.Option("--cost-centres/--no-cost-centres", help="Ask for cost centres.")]
Gstin = Annotated[str | None, typer.Option("--gstin", help="GSTIN of the party; its check digit is checked.")]
State = Annotated[str | None, typer.Option("--state", help="State of the party, by name or GST code.")]
GstType = Annotated[
    str | None,
    typer.Option("--gst-type", help="regular, composition, unregistered, sez, overseas or deemed-export."),
]
Country = Annotated[str | None, typer.Option("--country", help="Country of the party; default: India.")]
TaxHead = Annotated[
    str | None, typer.Option("--tax-head", help="Collects this tax: CGST, SGST (UTGST too), IGST or Cess.")
]
TaxRate = Annotated[str | None, typer.Option("--tax-rate", help="Collects it at this percentage only, such as 9.")]
Alias = Annotated[list[str] | None, typer.Option("--alias", help="Another name; may be repeated, replaces all.")]
Phone = Annotated[str | None, typer.Option("--phone", help="Telephone number.")]
Email = Annotated[str | None, typer.Option("--email", help="E-mail address.")]
Pan = Annotated[str | None, typer.Option("--pan", help="PAN of the party.")]
Address = Annotated[list[str] | None, typer.Option("--address", help="A line of the address; may be repeated.")]


@app.command("list")
def list_ledgers(
    context: typer.Context,
    group: Annotated[str, typer.Option("--group", help="Only those in this group.")] = "",
    deleted: Annotated[bool, typer.Option("--deleted", help="Deleted and merged ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List ledgers by name, each with its group and opening balance.

    Examples:
      khata ledger list
      khata ledger list --group "Sundry Debtors" --json
    """
    from khata.master_lists import list_ledgers as listed

    with opened(context) as books:
        rows = listed(books, group, deleted)
    if as_json:
        print_json(rows)
        return
    shown = [(row["name"], row["group"], grouped(row["opening"]), row["gstin"], _standing(row)) for row in rows]
    print_table(("Ledger", "Group", "Opening>", "GSTIN", ""), shown)


def _standing(row: dict[str, Any]) -> str:
    return f"merged into {row['merged_into']}" if row["merged_into"] else "deleted" if row["deleted"] else ""


@app.command()
def show(
    context: typer.Context, name: Annotated[str, typer.Argument(help="Its name or id.")], as_json: AsJson = False
) -> None:
    """Show one ledger with all that is known of it, its balance and its version.

    Example:
      khata ledger show "Asha Stores"
    """
    from khata.reports.ledger_statement import statement

    with opened(context) as books:
        found = show_master(books, _KIND, name)
        found["balance"] = statement(books, name).head["closing"]
    if as_json:
        print_json(found)
        return
    for key, value in found.items():
        if value not in ("", None, [], {}, False):
            say(f"{key:>16}  {value}")


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is called.")],
    group: Annotated[str, typer.Option("--group", help="The group it stands in.")],
    opening: Opening = None,
    bill_wise: BillWise = None,
    cost_centres: CostCentres = None,
    gstin: Gstin = None,
    state: State = None,
    alias: Alias = None,
    phone: Phone = None,
    email: Email = None,
    pan: Pan = None,
    address: Address = None,
    gst_type: GstType = None,
    country: Country = None,
    tax_head: TaxHead = None,
    tax_rate: TaxRate = None,
    as_json: AsJson = False,
) -> None:
    """Add a ledger. Two branches that add one of the same name while apart have added the same ledger.

    Examples:
      khata ledger add "Asha Stores" --group "Sundry Debtors" --gstin 27AAPFU0939F1ZV
      khata ledger add "HDFC Bank" --group "Bank Accounts" --opening 25000.00
      khata ledger add CGST --group "Duties & Taxes" --tax-head CGST
    """
    from khata.entering_masters import add_master
    from khata.ledger_fields import ledger_fields

    given = {
        "group": group, "opening": opening, "bill_wise": bill_wise, "cost_centres": cost_centres, "gstin": gstin,
        "state": state, "aliases": alias, "phone": phone, "email": email, "pan": pan, "address": address,
        "gst_type": gst_type, "country": country, "tax_head": tax_head, "tax_rate": tax_rate,
    }  # fmt: skip
    with opened(context) as books:
        result = add_master(books, _KIND, name, ledger_fields(books, given))
        print_saved(books, _KIND, result, as_json)


@app.command()
def alter(
    context: typer.Context,
    ledger: Annotated[str, typer.Argument(help="Its name or id.")],
    name: Annotated[str | None, typer.Option("--name", help="A new name; vouchers follow.")] = None,
    group: Group = None,
    opening: Opening = None,
    bill_wise: BillWise = None,
    cost_centres: CostCentres = None,
    gstin: Gstin = None,
    state: State = None,
    alias: Alias = None,
    phone: Phone = None,
    email: Email = None,
    pan: Pan = None,
    address: Address = None,
    gst_type: GstType = None,
    country: Country = None,
    tax_head: TaxHead = None,
    tax_rate: TaxRate = None,
    version: Version = "",
    as_json: AsJson = False,
) -> None:
    """Alter a ledger; what is not named stays as it is.

    Examples:
      khata ledger alter "Asha Stores" --name "Asha Enterprises"
      khata ledger alter "Asha Stores" --group "Sundry Creditors" --opening "1500.00 Cr"
      khata ledger alter "HDFC Bank" --opening=-1500.00
    """
    from khata.entering_masters import alter_master
    from khata.ledger_fields import ledger_fields

    given = {
        "name": name, "group": group, "opening": opening, "bill_wise": bill_wise, "cost_centres": cost_centres,
        "gstin": gstin, "state": state, "aliases": alias, "phone": phone, "email": email, "pan": pan,
        "address": address, "gst_type": gst_type, "country": country, "tax_head": tax_head, "tax_rate": tax_rate,
    }  # fmt: skip
    with opened(context) as books:
        result = alter_master(books, _KIND, ledger, ledger_fields(books, given, ledger), version)
        print_saved(books, _KIND, result, as_json)


@app.command()
def history(
    context: typer.Context, name: Annotated[str, typer.Argument(help="Its name or id.")], as_json: AsJson = False
) -> None:
    """Show the edit log of a ledger: every save, who made it, when and where, and what it changed.

    Example:
      khata ledger history "Asha Stores"
    """
    from khata.cli.histories import print_history
    from khata.master_lists import master_row

    with opened(context) as books:
        print_history(books, master_row(books, _KIND, name), as_json)
