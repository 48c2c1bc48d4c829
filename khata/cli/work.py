"""Working offline and online: `khata work`."""

from typing import Annotated

import typer

from khata.cli.frame import AsJson, complain, opened, print_json, progress, say

NAME = "work"
app = typer.Typer(no_args_is_help=True, help="Work offline for a while, or online again.")

Anyway = Annotated[bool, typer.Option("--anyway", help="Switch although not everything got through.")]
Timeout = Annotated[float, typer.Option("--timeout", help="Seconds for each peer.", min=1, max=86_400)]


@app.command()
def offline(context: typer.Context, anyway: Anyway = False, timeout: Timeout = 30, as_json: AsJson = False) -> None:
    """Synchronize with everybody in reach, then work offline: nobody is called, and nobody who calls is let in.

    Everything can be entered as ever; every line about it says that it waits. `khata sync` still exchanges once, and
    leaves the mode as it is.

    Examples:
      khata work offline
      khata work offline --anyway
    """
    _switch(context, True, anyway, timeout, as_json)


@app.command()
def online(context: typer.Context, anyway: Anyway = False, timeout: Timeout = 30, as_json: AsJson = False) -> None:
    """Synchronize with everybody in reach, then work online: `khata serve` keeps in touch again.

    Examples:
      khata work online
      khata work online --anyway
    """
    _switch(context, False, anyway, timeout, as_json)


def _switch(context: typer.Context, offline: bool, anyway: bool, timeout: float, as_json: bool) -> None:
    from khata.contacting import switch
    from khata.errors import NotInSync
    from khata.waiting import waiting, words

    with opened(context) as books:
        with progress("synchronizing") as bar:
            done = switch(books, offline, anyway, timeout, lambda counts: bar.show(counts.received, counts.there))
        rest = words(books.member.name, waiting(books), set(), offline)
    failed = [f"not in sync with {one.peer}: {one.error}" for one in done.outcomes if not one.in_sync]
    mode = "offline" if offline else "online"
    if not done.switched:
        raise NotInSync(
            "\n".join([*failed, f"nothing was switched; `khata work {mode} --anyway` does it all the same"])
        )
    for line in failed:
        complain(line)
    if as_json:
        synced = [one.peer for one in done.outcomes if one.in_sync]
        print_json({"working_offline": offline, "in_sync_with": synced, "not_in_sync": failed})
        return
    for one in done.outcomes:
        if one.in_sync:
            say(f"in sync with {one.peer}: {one.received} received, {one.sent} sent")
    say(rest if offline else "working online; `khata serve` keeps in touch, `khata sync` exchanges once")
