"""Conflicts: `khata conflicts`."""

import json
from typing import Annotated, Any

import typer

from khata.cli.frame import AsJson, grouped, opened, print_json, saved, say, told

NAME = "conflicts"
app = typer.Typer(invoke_without_command=True)


@app.callback()
def conflicts(context: typer.Context, as_json: AsJson = False) -> None:
    """List conflicts: values of one thing, entered at two places that did not know of each other.

    The first value is the one that shows. Settle each with `khata conflicts settle`.

    Examples:
      khata conflicts
      khata conflicts settle 3fa92c1d4e5b6a70 --take 1
    """
    if context.invoked_subcommand is not None:
        return
    from khata.conflicts import list_conflicts

    with opened(context) as books:
        found = list_conflicts(books)
    if as_json:
        print_json(found)
        return
    for conflict in found:
        incomplete = " (incomplete: a save is still on its way)" if conflict["incomplete"] else ""
        say(f"{conflict['id']}  {conflict['kind']} {conflict['name']}: {conflict['register']}{incomplete}")
        for position, value in enumerate(conflict["values"], 1):
            shows = "shows" if position == 1 else "     "
            who = f"{value['device']} (branch {value['branch']}), {value['user']}"
            say(f"  {position} {shows}  {value['at'][:19].replace('T', ' ')}  {who}")
            for line in _lines(value):
                say(f"             {line}")
    say(f"{len(found)} {'conflict' if len(found) == 1 else 'conflicts'}")


def _lines(value: dict[str, Any]) -> list[str]:
    """A value for reading, a posting by its entries; and what taking it would change."""
    shown = value["value"]
    posting = shown.get("posting", shown) if isinstance(shown, dict) else None
    if isinstance(posting, dict) and isinstance(posting.get("entries"), list):
        lines = [f"{posting.get('date', '')} {posting.get('type', '')}"]
        lines += [f"{entry.get('ledger')}  {grouped(entry.get('amount', ''))}" for entry in posting["entries"]]
    else:
        lines = [shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)]
    effect = ", ".join(f"{entry['ledger']} {grouped(entry['amount'])}" for entry in value["effect"])
    return [*lines, f"taking it changes balances by: {effect}"] if effect else lines


@app.command()
def settle(
    context: typer.Context,
    conflict: Annotated[str, typer.Argument(metavar="ID", help="The conflict's id, as listed.")],
    take: Annotated[int | None, typer.Option("--take", help="Take this value, counted from 1.")] = None,
    value: Annotated[str | None, typer.Option("--value", help="Another value, as JSON in the listed shape.")] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Settle although a save is still on its way.")] = False,
    as_json: AsJson = False,
) -> None:
    """Settle a conflict, here and, once synchronized, everywhere. Refused when it has changed since it was listed.

    Examples:
      khata conflicts settle 3fa92c1d4e5b6a70 --take 2
      khata conflicts settle 3fa92c1d4e5b6a70 --value '"Bill 7"'
    """
    from khata.conflicts import settle_taking, settle_with
    from khata.voucher_form import read_json

    if (take is None) == (value is None):
        raise typer.BadParameter("say either --take N or --value JSON")
    with opened(context) as books:
        if take is not None:
            settled = settle_taking(books, conflict, take, anyway)
        else:
            settled = settle_with(books, conflict, read_json(value or ""), anyway)
        if as_json:
            told(books)
            print_json({
                "document": settled.document.hex(), "register": settled.register, "commit": settled.commit.hex(),
            })  # fmt: skip
        else:
            saved(books, f"the settlement of {settled.register}")
