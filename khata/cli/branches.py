"""Branches and their devices: `khata branch`."""

from typing import Annotated

import typer

from khata.cli.frame import AsJson, opened, print_json, print_table, saved, say, told

NAME = "branch"
app = typer.Typer(no_args_is_help=True, help="Add branches, and see which devices belong to the company.")


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The branch's name; relays can read it.")],
    code: Annotated[
        str, typer.Option("--code", help="1 to 4 letters and digits, in its voucher numbers; default: from the name.")
    ] = "",
    address: Annotated[
        list[str] | None,
        typer.Option("--address", help="HOST:PORT where this device can be reached; may be repeated."),
    ] = None,
    rule: Annotated[
        str,
        typer.Option(
            "--rule", help="The first rule with the branch: everything, masters-only, vouchers-up or own-branch."
        ),
    ] = "everything",
    grant_everything: Annotated[
        bool,
        typer.Option("--grant-everything", help="Let its device hold keys to everything, so that rules can widen."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a branch and make the ticket that its first device joins with.

    The ticket works once and for 7 days. Whoever holds it can join: hand it over like a key. With the rule comes what
    the device may read and write: nothing more can ever be delivered to it than its rule names, unless you grant more
    later with `khata device grant`. `khata rule presets` explains the rules.

    A branch whose ticket was lost is added again in the same way,
    once the first ticket has expired or was taken back with `khata branch withdraw`.

    Examples:
      khata branch add Pune --code PUN --address 192.168.1.20:7420
      khata branch add Pune --address ho.example.in:7420 --json
      khata branch add Tablet --code TAB --rule masters-only --address 192.168.1.20:7420
    """
    from khata.branching import invite_branch
    from khata.showing import instant
    from p2p.invite import qr_code
    from p2p.presets import PRESETS

    with opened(context) as books:
        ticket = invite_branch(books, name, code, address or [], preset=rule, full_grant=grant_everything)
        text = ticket.text()
        if as_json:
            print_json({
                "ticket": text,
                "branch": name,
                "code": ticket.series,
                "rule": ticket.preset,
                "addresses": list(ticket.addresses),
                "relays": [relay.address for relay in ticket.relays],
                "expires": instant(ticket.expires),
            })  # fmt: skip
            return
        say(f"Ticket for {name} ({ticket.series}), good once and until {instant(ticket.expires)[:10]},")
        say(f"with the rule {ticket.preset}: {PRESETS[ticket.preset]}.")
        say("")
        say(text)
        say("")
        say(qr_code(text))
        say("There:  khata join TICKET")
        if ticket.addresses:
            say(f"Here:   khata serve --listen {ticket.addresses[0]}")
        if ticket.relays:
            before = "or by relay: " if ticket.addresses else ""
            say(f"Here:   {before}khata sync, now and once the device has left its letter at the relay; or khata serve")


@app.command("list")
def list_branches(context: typer.Context, as_json: AsJson = False) -> None:
    """List branches, their devices, and invitations that are still open.

    Example:
      khata branch list
    """
    from khata.branching import branch_list

    with opened(context) as books:
        rows = branch_list(books)
        if as_json:
            print_json(rows)
            return
        shown = [(row["branch"], row["code"], row["device"], row["standing"], row["device_id"]) for row in rows]
        print_table(("Branch", "Code", "Device", "Standing", "Device id"), shown)


@app.command()
def withdraw(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="The code that `khata branch add` named, or the branch's name.")],
    as_json: AsJson = False,
) -> None:
    """Take back an invitation: nobody can join with its ticket any more.

    A device that has joined already stays.

    Example:
      khata branch withdraw PUN
    """
    from khata.branching import withdraw_invitation

    with opened(context) as books:
        invited = withdraw_invitation(books, code)
        if as_json:
            told(books)
            print_json({"branch": invited.branch, "code": invited.series})
        else:
            saved(books, f"that the invitation for {invited.series} is withdrawn")
