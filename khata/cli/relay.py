"""Relays, which carry sealed commits between branches that are never online together: `khata relay`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from khata.cli.delivery import print_delivery, when
from khata.cli.frame import FAILED, AsJson, agreed, frame_of, opened, print_json, print_table, say
from p2p.limits import GIB, QUOTA_BYTES

if TYPE_CHECKING:
    from p2p.relay_home import RelayHome

NAME = "relay"
app = typer.Typer(no_args_is_help=True, help="Run a relay, or let this company use one.")


@contextmanager
def at_relay(context: typer.Context) -> "Iterator[RelayHome]":
    """The relay that the command is about, closed when it ends."""
    from p2p.relay_home import RelayHome

    home = RelayHome(frame_of(context).folder.path)
    try:
        yield home
    finally:
        home.close()


@app.command("init")
def make(
    context: typer.Context,
    name: Annotated[str, typer.Option("--name", help="What companies will call it.")] = "Relay",
    address: Annotated[
        list[str] | None, typer.Option("--address", help="HOST:PORT where others reach it; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a relay in an empty folder: an always-on machine that passes sealed commits on and can read none of them.

    Example:
      khata --books relay relay init --name "Cloud" --address relay.example.in:7420
    """
    from khata.relays import make_relay
    from p2p.identity import spell

    frame = frame_of(context)
    home = make_relay(frame.folder, name, address or [])
    device = spell(home.keys.id)
    home.close()
    if as_json:
        print_json({"relay": name, "device_id": device, "addresses": address or []})
        return
    say(f"Relay {name}: {device}")
    say("Next:  khata relay serve --listen 0.0.0.0:7420, and khata relay invite for each company")


@app.command()
def invite(
    context: typer.Context,
    address: Annotated[
        list[str] | None, typer.Option("--address", help="HOST:PORT where others reach it; default: as it was made.")
    ] = None,
    quota: Annotated[
        str, typer.Option("--quota", help="How much to keep for the company, such as 500M.")
    ] = f"{QUOTA_BYTES // GIB}G",
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="How long the invitation can be used.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Print an invitation that lets one company use this relay, once.

    Whoever holds it can fill the relay up to the quota: hand it over like a key.

    Examples:
      khata --books relay relay invite
      khata --books relay relay invite --quota 500M --days 2
    """
    from khata.books import system_now
    from khata.relays import invite_company, show_size
    from khata.showing import instant

    frame = frame_of(context)
    with at_relay(context) as home:
        ticket = invite_company(home, frame.folder, address or [], quota, days, system_now())
    text = ticket.text()
    if as_json:
        print_json({
            "invitation": text,
            "relay": ticket.name,
            "addresses": list(ticket.addresses),
            "expires": instant(ticket.expires),
            "quota_bytes": ticket.quota_bytes,
        })  # fmt: skip
        return
    say(f"Invitation of {ticket.name} for one company, until {instant(ticket.expires)[:10]}, ")
    say(f"to keep up to {show_size(ticket.quota_bytes)}:")
    say("")
    say(text)
    say("")
    say("At the head office:  khata relay add INVITATION")


@app.command()
def serve(
    context: typer.Context,
    listen: Annotated[str, typer.Option("--listen", help="HOST:PORT to listen on; 0.0.0.0 for all.")],
    keep_acknowledged: Annotated[
        int | None,
        typer.Option("--keep-acknowledged", min=0, help="Drop content that all devices have after so many days."),
    ] = None,
    metrics: Annotated[
        str, typer.Option("--metrics", help="HOST:PORT for /metrics and /health, such as 127.0.0.1:7421.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Serve companies until Ctrl-C. Prints one line for each event; with --json one object a line.

    Everything is kept for ever, so a relay is a copy off the premises too, unless --keep-acknowledged says otherwise.
    What was dropped then still verifies; a device that is admitted later gets it from another one that holds it.

    Examples:
      khata --books relay relay serve --listen 0.0.0.0:7420 --metrics 127.0.0.1:7421
      khata --books relay relay serve --listen 0.0.0.0:7420 --keep-acknowledged 90 --json
    """
    from khata.cli.sync import print_event
    from khata.relays import Service, serve_relay

    service = Service(listen, keep_acknowledged, metrics or None)
    serve_relay(frame_of(context).folder, service, lambda said: print_event(said, as_json))


@app.command()
def add(
    context: typer.Context,
    invitation: Annotated[str, typer.Argument(help="What `khata relay invite` printed at the relay.")],
    timeout: Annotated[float, typer.Option("--timeout", min=1, help="Seconds for each of its addresses.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Let this company use a relay: admit it, and show it who belongs to the company. May be run again.

    It can read the list of who may do what, rules, and where a voucher lies; it can read no ledger, amount or name of
    a party.

    Example:
      khata --books ho relay add INVITATION
    """
    from khata.errors import NotInSync
    from khata.relay_use import add_relay
    from p2p.relay_invite import read_relay_ticket_untrusted

    ticket = read_relay_ticket_untrusted(invitation)
    with opened(context) as books:
        added = add_relay(books, ticket, timeout)
    outcome = added.outcome
    if not outcome.in_sync:
        raise NotInSync(
            f"{added.name} belongs to the company now, but has not been told everything: {outcome.error}; "
            "run `khata relay add` with the same invitation again"
        )
    if as_json:
        print_json({"relay": added.name, "address": outcome.address, "in_sync": outcome.in_sync, "sent": outcome.sent})
    else:
        say(f"{added.name} serves this company; in sync with it at {outcome.address}.")


@app.command("list")
def list_relays(context: typer.Context, as_json: AsJson = False) -> None:
    """List the relays of this company: where each is, when it was last met, and in sync.

    Example:
      khata relay list
    """
    from khata.relay_use import relay_list

    with opened(context) as books:
        rows = relay_list(books)
    if as_json:
        print_json(rows)
        return
    shown = [
        (row["name"], row["address"] or "?", when(row["last_met"]), when(row["in_sync_at"]), row["error"] or "")
        for row in rows
    ]
    print_table(("Relay", "Address", "Last met (UTC)", "In sync (UTC)", "Last error"), shown)


@app.command()
def remove(
    context: typer.Context,
    relay: Annotated[str, typer.Argument(help="The relay's name, as `khata relay list` shows it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let this company use a relay no longer: it is revoked as any other device is, after showing what that means.

    What it holds stays there until whoever runs it has it forgotten: `khata relay forget` at the relay.

    Example:
      khata --books ho relay remove Cloud
    """
    from khata.cli.devices import revoke
    from khata.errors import BooksError
    from khata.relay_use import relay_list

    with opened(context) as books:
        names = [row["name"] for row in relay_list(books)]
    if relay not in names:
        raise BooksError(f"no relay of this company is called {relay!r}; there is {', '.join(names) or 'none'}")
    revoke(context, relay, yes, as_json)


@app.command()
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """At a relay: what it holds for each company, and what waits for which device since when.

    At a branch: what the relays of the company said last of its other devices.

    Examples:
      khata --books relay relay status
      khata --books ho relay status --json
    """
    from khata.books import system_now
    from khata.relays import is_relay_folder, relay_standing

    frame = frame_of(context)
    if not is_relay_folder(frame.folder):
        _show_delivery(context, as_json)
        return
    with at_relay(context) as home:
        found = relay_standing(home, frame.folder, system_now())
    if as_json:
        print_json(found)
        return
    serving = f"serving at {found['listening']}" if found["serving"] else "not serving"
    companies = len(found["companies"])
    counted = f"{companies} {'company' if companies == 1 else 'companies'}, {found['invitations']} invited"
    say(f"Relay {found['relay']}, {serving}; {counted}")
    for company in found["companies"]:
        _show_company(company)


def _show_delivery(context: typer.Context, as_json: bool) -> None:
    from khata.relay_use import delivery

    with opened(context) as books:
        rows = delivery(books)
    if as_json:
        print_json(rows)
        return
    print_delivery(rows)


def _show_company(company: dict[str, Any]) -> None:
    from khata.relays import show_size

    say("")
    quota = show_size(company["quota_bytes"] or 0)
    say(f"Company {company['company']}: {company['commits']} commits, {show_size(company['bytes'])} of {quota}")
    rows = [
        (
            one["name"],
            "connected" if one["connected"] else "",
            when(one["last_seen"]),
            when(one["delivered_until"]),
            str(one["waiting"]),
            when(one["waiting_since"]) if one["waiting_since"] else "",
            show_size(one["bytes"]),
        )
        for one in company["devices"]
    ]
    columns = ("Device", "", "Last seen (UTC)", "Delivered up to", "Waiting>", "Since", "Stored>")
    print_table(columns, rows)


@app.command()
def forget(
    context: typer.Context,
    company: Annotated[str, typer.Argument(help="The company, as `khata relay status` names it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stop serving a company and delete what this relay holds of it, after showing what that is.

    What its devices hold stays theirs. What waits here for a device, and no other device holds, would be lost.

    Examples:
      khata --books relay relay forget 3f2a
      khata --books relay relay forget 3f2a --yes
    """
    from khata.books import system_now
    from khata.relays import find_company, forget_company, relay_standing, show_size

    frame = frame_of(context)
    with at_relay(context) as home:
        replica = find_company(home, company)
        named = replica.company.hex()[:16]
        held = relay_standing(home, frame.folder, system_now())
        (one,) = [row for row in held["companies"] if row["company"] == named]
        waiting = [row for row in one["devices"] if row["waiting"]]
        lines = [f"{len(one['devices'])} devices, {one['commits']} commits, {show_size(one['bytes'])}"]
        lines += [f"{row['waiting']} commits wait here for {row['name']}" for row in waiting]
        if not agreed(lines, f"Delete all that this relay holds of company {named}?", yes, as_json):
            raise typer.Exit(FAILED)
        forget_company(home, frame.folder, replica)
    if as_json:
        print_json({"company": named, "commits": one["commits"], "bytes": one["bytes"]})
    else:
        say(f"deleted {one['commits']} commits of company {named}; its devices keep theirs")
