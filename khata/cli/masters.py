"""Masters of any kind: `khata master`, for those that have no noun of their own and for what all have in common."""

from typing import Annotated

import typer

from khata.cli.frame import AsJson, opened, print_json, print_table
from khata.cli.master_commands import print_saved, show_master

NAME = "master"
app = typer.Typer(
    no_args_is_help=True,
    help="Masters of any kind (stock-item, godown, unit, voucher-type, cost-centre …): list, alter, merge, split.",
)

Kind = Annotated[str, typer.Argument(help="Such as ledger, group, stock-item, godown, unit, voucher-type.")]
Master = Annotated[str, typer.Argument(help="Its name, or id: and its id in hex.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="REGISTER=VALUE, the value as JSON or plain text; may be repeated."),
]


@app.command("list")
def list_masters(context: typer.Context, kind: Kind, as_json: AsJson = False) -> None:
    """List the masters of one kind by name.

    Example:
      khata master list stock-item
    """
    from khata.master_lists import list_masters as listed

    with opened(context) as books:
        rows = listed(books, kind)
    if as_json:
        print_json(rows)
        return
    print_table(("Name", "Id"), [(row["name"], row["id"]) for row in rows])


@app.command()
def show(context: typer.Context, kind: Kind, name: Master, as_json: AsJson = False) -> None:
    """Show one master: its registers, with names for ids.

    Example:
      khata master show unit Nos
    """
    with opened(context) as books:
        found = show_master(books, kind, name)
    if as_json:
        print_json(found)
        return
    print_table(("Register", "Value"), [(key, str(value)) for key, value in found.items()])


@app.command()
def add(context: typer.Context, kind: Kind, name: Master, values: Set = None, as_json: AsJson = False) -> None:
    """Add a master of any kind.

    Examples:
      khata master add unit Nos --set decimals=0
      khata master add stock-item Soap --set unit=Nos
    """
    from khata.entering_masters import add_master
    from khata.master_lists import checked_kind, read_settings

    with opened(context) as books:
        fields = read_settings(books, checked_kind(kind), values or [])
        print_saved(books, kind, add_master(books, kind, name, fields), as_json)


@app.command()
def alter(context: typer.Context, kind: Kind, name: Master, values: Set = None, as_json: AsJson = False) -> None:
    """Set registers of a master.

    Examples:
      khata master alter stock-item Soap --set 'aliases=["Sabun"]'
      khata master alter group "Debtors Pune" --set parent=null
    """
    from khata.entering_masters import set_registers
    from khata.master_lists import checked_kind, read_settings

    with opened(context) as books:
        fields = read_settings(books, checked_kind(kind), values or [])
        print_saved(books, kind, set_registers(books, kind, name, fields), as_json)


@app.command()
def rename(
    context: typer.Context,
    kind: Kind,
    name: Master,
    new: Annotated[str, typer.Argument(help="The new name.")],
    as_json: AsJson = False,
) -> None:
    """Rename a master; everything that refers to it follows.

    Example:
      khata master rename godown "Main Location" "Pune shop"
    """
    from khata.entering_masters import alter_master
    from khata.master_lists import checked_kind

    with opened(context) as books:
        print_saved(books, kind, alter_master(books, checked_kind(kind), name, {"name": new}), as_json)


@app.command()
def delete(context: typer.Context, kind: Kind, name: Master, as_json: AsJson = False) -> None:
    """Delete a master that nothing uses; its history stays, and it can be restored.

    Example:
      khata master delete ledger "Asha Stores"
    """
    from khata.entering_masters import delete_master
    from khata.master_lists import checked_kind

    with opened(context) as books:
        print_saved(books, kind, delete_master(books, checked_kind(kind), name), as_json)


@app.command()
def restore(context: typer.Context, kind: Kind, name: Master, as_json: AsJson = False) -> None:
    """Bring back a deleted master.

    Example:
      khata master restore ledger "Asha Stores"
    """
    from khata.entering_masters import restore_master
    from khata.master_lists import checked_kind

    with opened(context) as books:
        print_saved(books, kind, restore_master(books, checked_kind(kind), name), as_json)


@app.command()
def merge(
    context: typer.Context,
    kind: Kind,
    name: Master,
    into: Annotated[str, typer.Argument(help="The master that it reads as from now on.")],
    as_json: AsJson = False,
) -> None:
    """Let one master read as another, everywhere; vouchers stay as they were signed.

    Example:
      khata master merge ledger "Asha Store" "Asha Stores"
    """
    from khata.entering_masters import merge_masters
    from khata.master_lists import checked_kind

    with opened(context) as books:
        print_saved(books, kind, merge_masters(books, checked_kind(kind), name, into), as_json)


@app.command()
def split(
    context: typer.Context,
    kind: Kind,
    name: Master,
    new: Annotated[str, typer.Option("--name", help="What the new master is called.")],
    device: Annotated[
        str, typer.Option("--device", help="Whose references move; default: who created it beside the other.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make two of one: a device created a master while another renamed or deleted the one of that name.

    What that device entered moves to the new master; all else stays.

    Example:
      khata master split ledger "Asha Stores" --name "Asha Stores (Pune)" --device Pune
    """
    from khata.master_lists import checked_kind
    from khata.splitting import split_master

    with opened(context) as books:
        print_saved(books, kind, split_master(books, checked_kind(kind), name, new, device), as_json)
