"""Devices of the company: who they are, what they may do, and what happens when one is lost: `khata device`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from khata.cli.frame import AsJson, agreed, asked, opened, print_json, print_table, saved, say, told

if TYPE_CHECKING:
    from crdt_models.packing import Value
    from khata.books import Books

NAME = "device"
app = typer.Typer(no_args_is_help=True, help="See the company's devices; revoke, grant, rename, and let work back in.")

Which = Annotated[str, typer.Argument(metavar="DEVICE", help="The device's name, its code, or the begin of its id.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking; without it a script is only shown.")]


@app.command("list")
def list_devices(context: typer.Context, as_json: AsJson = False) -> None:
    """List every device ever admitted: its branch, how it stands, what it was granted, when it was met last.

    Example:
      khata device list
    """
    from khata.devices import device_list

    with opened(context) as books:
        rows = device_list(books)
    if as_json:
        print_json(rows)
        return
    shown = [
        (
            row["device"], row["code"], row["branch"], row["standing"], row["granted"], _day(row["admitted_at"]),
            _day(row["revoked_at"]), "this device" if row["here"] else _day(row["last_met"]) or "never",
        )
        for row in rows
    ]  # fmt: skip
    print_table(("Device", "Code", "Branch", "Standing", "Granted", "Admitted", "Revoked", "Last met"), shown)


@app.command()
def show(context: typer.Context, device: Which, as_json: AsJson = False) -> None:
    """Show one device, what it was granted, and how much of its work is here.

    Example:
      khata device show PUN
    """
    from khata.devices import device_row, find_device, held_of

    with opened(context) as books:
        member = find_device(books, device)
        row = {**device_row(books, member), "held_here": held_of(books, member)}
    if as_json:
        print_json(row)
        return
    held = row["held_here"]
    for name, value in (
        ("Device", f"{row['device']} ({row['code']})" if row["code"] else row["device"]),
        ("Id", row["device_id"]),
        ("Branch", row["branch"]),
        ("Standing", row["standing"]),
        ("Granted", row["granted"]),
        ("Reads", ", ".join(row["read"])),
        ("Writes", ", ".join(row["write"])),
        ("Admitted", _day(row["admitted_at"])),
        ("Revoked", _day(row["revoked_at"])),
        ("Last met", "this device" if row["here"] else _day(row["last_met"]) or "never"),
        ("Held here", f"{held['commits']} commits of it, the last of {_day(held['last_at']) or 'no day'}"),
        ("Set aside", f"{held['set_aside']} of these" if held["set_aside"] else ""),
    ):
        if value:
            say(f"{name + ':':<11}{value}")


@app.command()
def revoke(context: typer.Context, device: Which, yes: Yes = False, as_json: AsJson = False) -> None:
    """Revoke a device that was lost, stolen or given away; run it where the control chain is kept.

    It is shown first what that means. What the device has delivered by now counts; what comes of it later is set aside
    and listed, and can be let in. What was delivered to it stays with it. It is final: a device that comes back joins
    anew.

    Examples:
      khata device revoke PUN2
      khata device revoke "Pune till" --yes
    """
    from khata.devices import find_device, revocation_preview
    from p2p.members import revoke as revoke_device

    with opened(context) as books:
        member = find_device(books, device)
        if not agreed(revocation_preview(books, member), f"Revoke {member.name}?", yes, as_json):
            return
        if asked(books, "device revoke", {"device": member.device}, as_json):
            return
        with books.writing():
            entry = revoke_device(books.replica, member.device, books.now(), books.random)
        _done(books, f"that {member.name} is revoked", {"device": member.name, "entry": entry.seq}, as_json)


@app.command()
def grant(
    context: typer.Context,
    device: Which,
    read: Annotated[list[str] | None, typer.Option("--read", help="A subtree it may read; may be repeated.")] = None,
    write: Annotated[list[str] | None, typer.Option("--write", help="A subtree it may write; may be repeated.")] = None,
    preset: Annotated[str, typer.Option("--preset", help="everything, masters-only, own-branch or vouchers-up.")] = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Change what a device may read and write; run it where the control chain is kept.

    It is shown first what that means. What is added is handed over, for all there is already. Of what is taken away the
    device keeps what was delivered to it; what is saved from then on is sealed under keys that it does not get.

    Examples:
      khata device grant TAB --preset masters-only
      khata device grant PUN2 --read 'masters/**' --read 'vouchers/pun/**' --write 'vouchers/pun/**' --yes
    """
    from khata.devices import find_device, grant_preview
    from khata.granting import grant_of
    from p2p.members import grant as grant_device

    with opened(context) as books:
        member = find_device(books, device)
        after = grant_of(member, preset, read or [], write or [])
        if not agreed(grant_preview(member, after), f"Grant {member.name} this?", yes, as_json):
            return
        given: dict[str, Value] = {"device": member.device, "read": [*after.read], "write": [*after.write]}
        if asked(books, "device grant", given, as_json):
            return
        with books.writing():
            entry = grant_device(
                books.replica, member.device, after.read, after.write, books.now(), books.random
            )  # fmt: skip
        said = {"device": member.name, "read": list(after.read), "write": list(after.write), "entry": entry.seq}
        _done(books, f"what {member.name} is granted", said, as_json)


@app.command()
def quarantined(
    context: typer.Context,
    device: Annotated[str, typer.Argument(metavar="[DEVICE]", help="Only what this device made.")] = "",
    as_json: AsJson = False,
) -> None:
    """List what is set aside: who made it, what it is as far as it opens here, and why.

    Examples:
      khata device quarantined
      khata device quarantined PUN2 --json
    """
    from khata.devices import find_device
    from khata.set_aside import set_aside_commits

    with opened(context) as books:
        found = set_aside_commits(books, find_device(books, device) if device else None)
    if as_json:
        print_json(found)
        return
    rows = [
        (one["commit"][:16], one["device"], one["at"][:16].replace("T", " "), _what(one), one["reason"])
        for one in found
    ]
    if rows:
        print_table(("Commit", "Device", "Made (UTC)", "What", "Why"), rows)
    say(f"{len(rows)} {'commit is' if len(rows) == 1 else 'commits are'} set aside")
    if any(one["can_be_readmitted"] for one in found):
        say("khata device readmit DEVICE COMMIT, or --all, lets them count")


@app.command()
def readmit(
    context: typer.Context,
    device: Which,
    commits: Annotated[list[str] | None, typer.Argument(metavar="[COMMIT]...", help="As they are listed.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is set aside of it here.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let work of a revoked device, or of one with less rights now, count after all; run it at the keeper.

    Examples:
      khata device readmit PUN2 3f9c2a1b
      khata device readmit PUN2 --all
    """
    from khata.devices import find_device
    from khata.set_aside import commits_to_readmit
    from p2p.members import readmit as let_in

    if bool(commits) == everything:
        raise typer.BadParameter("name the commits, or say --all")
    with opened(context) as books:
        member = find_device(books, device)
        chosen = commits_to_readmit(books, member, commits or [])
        if asked(books, "device readmit", {"commits": [*chosen]}, as_json):
            return
        with books.writing():
            entry = let_in(books.replica, chosen, books.now())
        count = f"{len(chosen)} {'commit' if len(chosen) == 1 else 'commits'}"
        said = {"device": member.name, "commits": [one.hex() for one in chosen], "entry": entry.seq}
        _done(books, f"that {count} of {member.name} count", said, as_json)


@app.command()
def new(
    context: typer.Context,
    branch: Annotated[str, typer.Argument(help="The branch it will belong to, by name or code.")],
    code: Annotated[str, typer.Option("--code", help="In its voucher numbers; default: the branch's next.")] = "",
    address: Annotated[
        list[str] | None, typer.Option("--address", help="HOST:PORT where this device can be reached; may be repeated.")
    ] = None,
    preset: Annotated[str, typer.Option("--preset", help="What it is granted; default: as the branch's others.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make the ticket that a further device of a branch joins with: a second counter, a tablet.

    It gives its own numbers under its own code. The ticket works once and for 7 days; it is taken back with
    `khata branch withdraw CODE`.

    Examples:
      khata device new Pune --address 192.168.1.20:7420
      khata device new Pune --code TAB --preset masters-only --address ho.example.in:7420
    """
    from khata.device_tickets import invite_device
    from khata.showing import instant
    from p2p.invite import qr_code

    with opened(context) as books:
        ticket = invite_device(books, branch, code, address or [], preset)
    text = ticket.text()
    if as_json:
        print_json({
            "ticket": text, "branch": ticket.branch, "code": ticket.series, "addresses": list(ticket.addresses),
            "relays": [relay.address for relay in ticket.relays], "expires": instant(ticket.expires),
        })  # fmt: skip
        return
    say(f"Ticket for a further device of {ticket.branch} ({ticket.series}), good once and until "
        f"{instant(ticket.expires)[:10]}:")  # fmt: skip
    say("")
    say(text)
    say("")
    say(qr_code(text))
    say("There:  khata join TICKET")


@app.command()
def rename(
    context: typer.Context,
    device: Which,
    name: Annotated[str, typer.Argument(help="What it is called from now on; relays can read it.")],
    as_json: AsJson = False,
) -> None:
    """Call a device otherwise; run it where the control chain is kept.

    Example:
      khata device rename PUN2 "Pune counter"
    """
    from khata.devices import find_device
    from p2p.members import rename as call

    with opened(context) as books:
        member = find_device(books, device)
        if asked(books, "device rename", {"device": member.device, "name": name}, as_json):
            return
        with books.writing():
            entry = call(books.replica, member.device, name, books.now())
        _done(books, f"that {member.name} is called {name}", {"device": name, "entry": entry.seq}, as_json)


@app.command()
def admin(
    context: typer.Context,
    device: Which,
    remove: Annotated[bool, typer.Option("--remove", help="It may not ask any more.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let a device ask the keeper for what only the keeper can do, such as revoking; run it at the keeper.

    Examples:
      khata device admin PUN
      khata device admin PUN --remove
    """
    from khata.devices import find_device
    from p2p.members import make_admin, remove_admin

    with opened(context) as books:
        member = find_device(books, device)
        if asked(books, "device no-admin" if remove else "device admin", {"device": member.device}, as_json):
            return
        deed = remove_admin if remove else make_admin
        with books.writing():
            entry = deed(books.replica, member.device, books.now())
        what = f"that {member.name} {'asks for nothing any more' if remove else 'may ask the keeper'}"
        _done(books, what, {"device": member.name, "admin": not remove, "entry": entry.seq}, as_json)


def _done(books: "Books", what: str, said: dict[str, Any], as_json: bool) -> None:
    if as_json:
        told(books)
        print_json({**said, "done": True})
    else:
        saved(books, what)


def _what(one: dict[str, Any]) -> str:
    """What a commit holds, in a line."""
    told_ = [
        " ".join(str(document[field]) for field in ("type", "number", "date", "amount", "name") if document.get(field))
        or f"a change of a {document['kind']}: {', '.join(document['changes'])}"
        for document in one["documents"]
    ]
    return "; ".join(told_[:3]) + (f" and {len(told_) - 3} more" if len(told_) > 3 else "") or f"in {one['scope']}"


def _day(at: str | None) -> str:
    return "" if at is None else at[:10]
