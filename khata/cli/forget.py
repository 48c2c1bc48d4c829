"""Forgetting what no rule names any more: `khata forget`."""

from typing import Annotated

import typer

from khata.cli.frame import AsJson, agreed, opened, print_json, say


def forget(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be removed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove from this copy what a narrowed rule or grant has left behind.

    Others keep theirs. This branch's own books always stay, and so do what a rule sends from here and what was entered
    at this branch and is not proved to be with anybody else. When a rule names it again, it comes again.

    Examples:
      khata forget --dry-run
      khata forget --yes
    """
    from khata.forgetting import forget as forgotten
    from khata.forgetting import leftover

    with opened(context) as books:
        found = leftover(books)
        if as_json and (dry_run or not yes or not found.scopes):
            print_json({"removed": False, **found.json()})
            return
        if not as_json:
            for scope, reason in found.kept:
                say(f"stays: {scope}: {reason}; synchronize, then run this again")
            if not found.scopes:
                say("nothing is left over: all that is here is named by a rule, or this branch's own")
                return
        documents, commits, size = found.weight
        lines = [
            f"{documents} documents in {commits} commits, {size:,} bytes, of",
            *(f"  {scope}" for scope in found.scopes),
        ]
        if dry_run or (yes and not as_json):
            for line in lines:
                say(line)
        if dry_run or not agreed(lines, "Remove them from this copy?", yes, as_json):
            return
        removed = forgotten(books, found)
    if as_json:
        print_json({**found.json(), "removed": True})
    else:
        say(f"removed {removed.documents} documents in {removed.commits} commits from this copy")


COMMANDS = {"forget": forget}
