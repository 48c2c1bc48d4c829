"""Groups of ledgers: `khata group`."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from khata.cli.frame import AsJson, Version, opened, print_json, print_table
from khata.cli.master_commands import print_saved

NAME = "group"
app = typer.Typer(no_args_is_help=True, help="List, add and alter groups of ledgers.")

_KIND = "group"
PRIMARY = "Primary"


class Nature(StrEnum):
    """What a group's balances are."""

    ASSETS = "assets"
    LIABILITIES = "liabilities"
    INCOME = "income"
    EXPENSES = "expenses"


@app.command("list")
def list_groups(context: typer.Context, as_json: AsJson = False) -> None:
    """List groups, each with the one it stands under.

    Example:
      khata group list
    """
    from khata.master_lists import list_groups as listed

    with opened(context) as books:
        rows = listed(books)
    if as_json:
        print_json(rows)
        return
    shown = [(("  " * row["depth"]) + row["name"], row["parent"] or PRIMARY, row["nature"]) for row in rows]
    print_table(("Group", "Under", "Nature"), shown)


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is called.")],
    parent: Annotated[str, typer.Option("--parent", help="The group it stands under; default: Primary.")] = "",
    nature: Annotated[
        Nature | None, typer.Option("--nature", help="What its balances are; default: as its parent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add a group.

    Example:
      khata group add "Debtors Pune" --parent "Sundry Debtors"
    """
    from khata.entering_masters import add_master

    with opened(context) as books:
        fields: dict[str, Any] = {}
        if parent and parent != PRIMARY:
            above = books.names.find_live(_KIND, parent)
            row = books.db.execute("SELECT nature FROM groups WHERE id=?", (above.local,)).fetchone()
            fields = {"parent": above.document, "nature": row[0]}
        if nature is not None:
            fields["nature"] = nature.value
        print_saved(books, _KIND, add_master(books, _KIND, name, fields), as_json)


@app.command()
def alter(
    context: typer.Context,
    group: Annotated[str, typer.Argument(help="Its name or id.")],
    name: Annotated[str | None, typer.Option("--name", help="A new name.")] = None,
    parent: Annotated[str | None, typer.Option("--parent", help="The group it stands under, or Primary.")] = None,
    nature: Annotated[Nature | None, typer.Option("--nature", help="What its balances are.")] = None,
    version: Version = "",
    as_json: AsJson = False,
) -> None:
    """Alter a group; what is not named stays as it is.

    Example:
      khata group alter "Debtors Pune" --name "Pune customers"
    """
    from khata.entering_masters import alter_master

    with opened(context) as books:
        fields: dict[str, Any] = {}
        if name is not None:
            fields["name"] = name
        if parent is not None:
            fields["parent"] = None if parent == PRIMARY else books.names.find_live(_KIND, parent).document
        if nature is not None:
            fields["nature"] = nature.value
        print_saved(books, _KIND, alter_master(books, _KIND, group, fields, version), as_json)
