"""The device that keeps the list of who may do what: `khata keeper`."""

from typing import Annotated, Any

import typer

from khata.cli.frame import AsJson, agreed, asked, complain, opened, print_json, print_table, saved, say, told

NAME = "keeper"
app = typer.Typer(no_args_is_help=True, help="The device that keeps the list of who may do what.")

Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


@app.command()
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show which device keeps the list of who may do what, since when, who did before, and what a fork has left.

    Examples:
      khata keeper show
      khata keeper show --json
    """
    from khata.keeping import keeper_show

    with opened(context) as books:
        found = keeper_show(books)
    if as_json:
        print_json(found)
        return
    say(f"{found['keeper']} keeps the list of who may do what, since {found['since'][:10]}{_here(found)}")
    for former in found["former"]:
        say(f"before that {former['keeper']}, since {former['since'][:10]}")
    if found["admins"]:
        say(f"it carries out what {', '.join(found['admins'])} ask of it")
    say(
        f"the recovery phrase opens {found['epochs_sealed_to_the_phrase']} of {found['epochs']} sets of keys"
        f"{', and was used ' + str(found['recovered']) + ' times' if found['recovered'] else ''}"
    )
    if found["losing_lines"]:
        say(f"the list was signed twice: {found['losing_lines']} other lines gave way")
    if found["to_repeat"]:
        rows = [(one["at"][:19].replace("T", " "), one["signed_by"], one["what"]) for one in found["to_repeat"]]
        print_table(("Signed (UTC)", "By", "What holds no more"), rows)
        say("`khata keeper repeat` says it again, `khata keeper settle` leaves it as it is")


def _here(found: dict[str, Any]) -> str:
    return " (this device)" if found["here"] else ""


@app.command()
def move(
    context: typer.Context,
    device: Annotated[str, typer.Argument(help="The device that is to keep the list: its name, code or id.")],
    anyway: Annotated[bool, typer.Option("--anyway", help="Though it is not proved to hold all that is here.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Let another device keep the list of who may do what; run it where the list is kept now.

    From then on only that device invites, locks and revokes, as soon as it has synchronized. It gets the keys to
    everything. Invitations that are open here are closed. This cannot be taken back from here.

    Examples:
      khata keeper move Pune
      khata keeper move PUN --yes
    """
    from khata.devices import find_device
    from khata.keeping import keeper_move, keeper_move_preview

    with opened(context) as books:
        member = find_device(books, device)
        preview = keeper_move_preview(books, member).lines
        if not agreed(preview, f"Let {member.name} keep the list of who may do what?", yes, as_json):
            return
        if asked(books, "keeper move", {"device": member.device, "anyway": anyway}, as_json):
            return
        moved = keeper_move(books, member, anyway)
        if as_json:
            told(books)
            print_json({
                "keeper": member.name,
                "in_sync_at": moved.in_sync_at or None,
                "proved": moved.is_proved,
                "closed": list(moved.invitations),
            })  # fmt: skip
        else:
            saved(books, f"that {member.name} keeps the list of who may do what, once it has synchronized")


@app.command("requests")
def list_requests(context: typer.Context, as_json: AsJson = False) -> None:
    """List what admins have asked of the device that keeps the list, and what became of it.

    A command that only that device can carry out, given on the device of an admin, is asked for in this way.

    Example:
      khata keeper requests
    """
    from khata.asking import request_list

    with opened(context) as books:
        found = request_list(books)
    if as_json:
        print_json(found)
        return
    rows = [
        (one["at"][:19].replace("T", " "), one["asked_by"], one["user"], one["do"], one["standing"], one["reason"])
        for one in found
    ]
    print_table(("Asked (UTC)", "At", "By", "What", "", "Why not"), rows)


def _left_alone(listed: list[dict[str, Any]], question: str, yes: bool, as_json: bool) -> bool:
    """Show what lines that gave way have left, and ask; whether nothing is to be done."""
    if not listed:
        if not as_json:
            say("nothing is listed: no line of the list has given way, or all that it said was repeated or left")
        return not as_json
    lines = [f"{one['signed_by']} {one['what']}" for one in listed]
    if yes and not as_json:
        for line in lines:
            say(line)
    return not agreed(lines, question, yes, as_json)


@app.command()
def repeat(context: typer.Context, yes: Yes = False, as_json: AsJson = False) -> None:
    """Say again what a line of the list said that gave way; run it where the list is kept.

    The list forks when a keeper was restored from a copy or cloned, or went on after it was replaced. Revocations stay
    in force by themselves; devices admitted, locks and grants of the line that gave way do not.

    Examples:
      khata keeper repeat
      khata keeper repeat --yes
    """
    from khata.keeping import keeper_repeat, keeper_show

    with opened(context) as books:
        listed = keeper_show(books)["to_repeat"]
        if _left_alone(listed, f"Say all {len(listed)} of these again?", yes, as_json):
            return
        repeated, left = keeper_repeat(books)
        if as_json:
            told(books)
            print_json({"repeated": [entry.kind for entry in repeated.done], "left": left})
            return
        for words in left:
            complain(f"not said again: {words}")
        saved(books, f"{len(repeated.done)} of {len(listed)} again")


@app.command()
def settle(context: typer.Context, yes: Yes = False, as_json: AsJson = False) -> None:
    """Leave what a line of the list said that gave way, and list it no more; run it where the list is kept.

    Example:
      khata keeper settle --yes
    """
    from khata.keeping import keeper_settle, keeper_show

    with opened(context) as books:
        listed = keeper_show(books)["to_repeat"]
        if _left_alone(listed, f"Leave all {len(listed)} of these?", yes, as_json):
            return
        lines = keeper_settle(books)
        if as_json:
            told(books)
            print_json({"lines": lines, "left": len(listed)})
        else:
            saved(books, f"that {len(listed)} entries are left as they are")
