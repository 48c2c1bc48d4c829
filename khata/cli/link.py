"""The line to the others: `khata pause`, `resume`, `restart` and `events`."""

from typing import TYPE_CHECKING, Annotated

import typer

from khata.cli.frame import AsJson, opened, print_json, print_table, say

if TYPE_CHECKING:
    from p2p.chain_members import Member

Peers = Annotated[
    list[str] | None, typer.Argument(help="Devices or branches, by name, code or device id; default: all.")
]


def pause(context: typer.Context, peers: Peers = None, as_json: AsJson = False) -> None:
    """Exchange nothing with some devices, or with any, until `khata resume`.

    Open connections end, and neither `khata serve` nor `khata sync` begins another; `khata sync --peer HOST:PORT` does,
    this once. Entering goes on as ever, and what is entered waits. It is remembered when serving ends.

    Examples:
      khata pause
      khata pause Pune
    """
    from khata.contacting import pause as pause_them

    with opened(context) as books:
        _print("paused", "`khata resume` goes on", pause_them(books, peers or []), as_json)


def resume(context: typer.Context, peers: Peers = None, as_json: AsJson = False) -> None:
    """Exchange with paused devices again: those named, or all.

    Examples:
      khata resume
      khata resume Pune
    """
    from khata.contacting import resume as resume_them

    with opened(context) as books:
        _print("resumed", "`khata serve` calls them, `khata sync` does once", resume_them(books, peers or []), as_json)


def restart(context: typer.Context, peers: Peers = None, as_json: AsJson = False) -> None:
    """Let the running `khata serve` drop its connections, to some devices or to all, and call again at once.

    Nothing is lost by it: what was under way is sent again.

    Examples:
      khata restart
      khata restart "Head Office"
    """
    from khata.contacting import restart as restart_them

    with opened(context) as books:
        dropped = restart_them(books, peers or [])
    if as_json:
        print_json({"dropped": dropped})
    else:
        counted = f"{dropped} {'connection' if dropped == 1 else 'connections'}"
        say(f"{counted} dropped; calling again, `khata status` shows how it goes")


def events(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="So many of the latest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """What happened on the line lately: connected, in sync, disconnected, out of reach, and why.

    Examples:
      khata events
      khata events --limit 200 --json
    """
    from khata.showing import instant
    from p2p.contact import Contact

    with opened(context) as books:
        found = [
            {"at": instant(one.at), "event": one.event, "peer": one.peer, "text": one.text}
            for one in Contact(books.replica.store).events(limit)
        ]
    if as_json:
        print_json(found)
        return
    print_table(("At (UTC)", "Event", "What"), [(row["at"][:19], row["event"], row["text"]) for row in found])


def _print(done: str, next_step: str, members: list["Member"], as_json: bool) -> None:
    names = [member.name for member in members]
    if as_json:
        print_json([{"name": member.name, "device_id": member.device.hex()} for member in members])
    else:
        say(f"{done}: {', '.join(names) or 'there is no other device yet'}; {next_step}")


COMMANDS = {"pause": pause, "resume": resume, "restart": restart, "events": events}
