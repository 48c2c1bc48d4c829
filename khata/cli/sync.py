"""Being in touch with the others: `khata join`, `sync`, `serve` and `status`."""

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from khata.cli.frame import AsJson, complain, frame_of, opened, plain, print_json, print_table, progress, say
from khata.cli.users import User, asked_user

if TYPE_CHECKING:
    from khata.books import Books
    from p2p.node import Outcome, Said


def join(
    context: typer.Context,
    ticket: Annotated[str, typer.Argument(help="The ticket from `khata branch add`; - reads it from stdin.")],
    name: Annotated[str, typer.Option("--name", help="What others call this device; default: the branch.")] = "",
    timeout: Annotated[float, typer.Option("--timeout", help="Give up after so many seconds.")] = 600,
    user: User = "",
    as_json: AsJson = False,
) -> None:
    """Join a company with a ticket: be admitted, then receive all of its books.

    Where the ticket names a relay and the head office does not answer, a letter is left there for it, and this waits
    until it was online. Both ends show the same check code. If it breaks off, run it again with the same ticket. Your
    name is asked for once; it stands in everything you save.

    Examples:
      khata --books pune join TICKET
      khata --books pune join - < ticket.txt
    """
    from khata.beginning import joining_books
    from khata.syncing import join_company
    from khata.users import stored_user
    from p2p.invite import read_ticket_untrusted
    from p2p.limits import NAME_CHARS_MAX

    _check_timeout(timeout)
    if len(name) > NAME_CHARS_MAX:
        raise typer.BadParameter(f"a device's name has at most {NAME_CHARS_MAX} characters", param_hint="--name")
    frame = frame_of(context)
    read = read_ticket_untrusted(sys.stdin.read() if ticket == "-" else ticket)
    who = asked_user(frame, user, stored_user(frame.folder))
    books = joining_books(frame.folder, read.company, who, preset=read.preset)
    try:
        with progress(f"joining as {plain(read.branch)}") as bar:
            joined = join_company(
                books,
                read,
                name or read.branch,
                timeout,
                lambda counts: bar.show(counts.received, counts.there),
                complain,
            )
        _report_joined(books, joined.outcome, joined.code, as_json)
    finally:
        books.close()


def _check_timeout(seconds: float) -> None:
    if not 0 < seconds < float("inf"):
        raise typer.BadParameter("give a number of seconds above 0", param_hint="--timeout")


def _report_joined(books: "Books", outcome: "Outcome", code: str, as_json: bool) -> None:
    from khata.errors import NotInSync

    if as_json:
        print_json({
            "company": books.company_name,
            "device": books.member.name,
            "code": books.member.series,
            "check_code": code,
            "in_sync": outcome.in_sync,
            "received": outcome.received,
        })  # fmt: skip
    else:
        say(f"Joined {books.company_name or 'the company'} as {books.member.name} ({books.member.series}).")
        say(f"Check code {code}: the other end shows the same.")
    if not outcome.in_sync:
        raise NotInSync(
            f"admitted, but not everything has come yet ({outcome.error or 'broken off'}); run `khata sync` to go on"
        )
    if not as_json:
        say(f"In sync: {outcome.received} commits received.")


def sync(
    context: typer.Context,
    peer: Annotated[
        list[str] | None, typer.Option("--peer", help="HOST:PORT; default: wherever others were reached before.")
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds for each peer.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Synchronize once, until both copies are proved to agree.

    Exit code 3 when they are not in sync afterwards, with the reason. Without --peer, devices that are out of reach are
    named and are no failure as long as another was in sync: what they miss goes to them when they are back.

    Examples:
      khata sync
      khata --books pune sync --peer 192.168.1.20:7420 --timeout 60
    """
    from khata.errors import BooksError, NotInSync
    from khata.syncing import known_addresses, sync_once

    _check_timeout(timeout)
    with opened(context) as books:
        addresses = peer or known_addresses(books)
        if not addresses:
            raise BooksError("no address of another device is known here; name one with --peer HOST:PORT")
        with progress("synchronizing") as bar:
            outcomes = sync_once(books, addresses, timeout, lambda counts: bar.show(counts.received, _expected(counts)))
        if as_json:
            print_json([_outcome_json(outcome) for outcome in outcomes])
        else:
            for outcome in outcomes:
                if outcome.in_sync:
                    say(f"in sync with {outcome.peer}: {outcome.received} received, {outcome.sent} sent")
        told = "\n".join(f"not in sync with {one.peer}: {_reason(one)}" for one in outcomes if not one.in_sync)
        if _has_failed(outcomes, bool(peer)):
            raise NotInSync(told)
        if told:
            complain(told)


def _has_failed(outcomes: Sequence["Outcome"], named: bool) -> bool:
    """Whether a synchronization failed: with one that was named, with one that was reached, or with all."""
    failed = [outcome for outcome in outcomes if not outcome.in_sync]
    return len(failed) == len(outcomes) or any(named or outcome.reached for outcome in failed)


def _expected(counts: Any) -> int | None:
    return None if counts.there is None else max(counts.received, counts.there - counts.here + counts.received)


def _reason(outcome: "Outcome") -> str:
    return outcome.error or "the conversation ended before it was finished; run `khata sync` again"


def _outcome_json(outcome: "Outcome") -> dict[str, Any]:
    return {
        "peer": outcome.peer,
        "address": outcome.address,
        "in_sync": outcome.in_sync,
        "reached": outcome.reached,
        "received": outcome.received,
        "sent": outcome.sent,
        "error": None if outcome.in_sync else _reason(outcome),
    }


def serve(
    context: typer.Context,
    listen: Annotated[str, typer.Option("--listen", help="HOST:PORT to listen on; 0.0.0.0 for all.")] = "",
    peer: Annotated[
        list[str] | None, typer.Option("--peer", help="HOST:PORT to keep in touch with, besides those known.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep in touch, live, until Ctrl-C: listen, dial, push what is saved. Other commands work beside it.

    Prints one line for each event.

    Examples:
      khata --books ho serve --listen 0.0.0.0:7420
      khata --books pune serve
    """
    from khata.errors import BooksError
    from khata.syncing import known_addresses
    from khata.syncing import serve as keep_serving

    with opened(context) as books:
        peers = list(dict.fromkeys([*(peer or ()), *known_addresses(books)]))
        if not listen and not peers:
            raise BooksError("nobody to keep in touch with: listen with --listen HOST:PORT, or name a --peer HOST:PORT")
        keep_serving(books, listen or None, peers, lambda said: print_event(said, as_json))


def print_event(said: "Said", as_json: bool) -> None:
    """Print one line of a serving process's log."""
    from khata.books import system_now
    from khata.showing import instant

    at = instant(system_now())
    if as_json:
        line = json.dumps({"at": at, "event": said.event, "peer": said.peer, "text": said.text})
    else:
        line = f"{at} {said.event:<12} {plain(said.text)}"
    try:
        sys.stdout.write(line.replace("\n", " ") + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads the log any more, which is no reason to stop serving.
        return


def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Who this is, and how far each peer is in sync: connected, when last, what is missing, the last error.

    Examples:
      khata status
      khata status --json
    """
    from khata.standing import standing

    with opened(context) as books:
        found = standing(books)
    if as_json:
        print_json(found)
        return
    serving = f"serving at {found['listening']}" if found["listening"] else "serving" if found["serving"] else ""
    say(f"{found['company']}: {found['device']} ({found['code']}), branch {found['branch']}")
    say(f"{found['commits']} commits{'; ' + serving if serving else '; not serving'}")
    rows = [
        (
            peer["name"],
            "connected" if peer["connected"] else "",
            "now" if peer["in_sync"] else (peer["in_sync_at"] or "never")[:19].replace("T", " "),
            _count(peer["missing_here"]),
            _count(peer["missing_there"]),
            peer["error"] or "",
        )
        for peer in found["peers"]
    ]
    print_table(("Peer", "", "In sync (UTC)", "Missing here>", "Missing there>", "Last error"), rows)
    _warn_of_held_back(found)


def _warn_of_held_back(found: dict[str, Any]) -> None:
    for key, what in (
        ("waiting_for_key", "wait for a key; the keeper sends it at the next sync"),
        ("held_back", "wait for something that proves them and has not arrived; sync with the head office"),
        ("quarantined", "are set aside; `khata problems` says why"),
    ):
        if found[key]:
            complain(f"{found[key]} commits {what}")
    if found["refused"]:
        last = found["refused"][-1]
        complain(f"{len(found['refused'])} commits were refused, the last from {last['from']}: {last['reason']}")


def _count(number: int | None) -> str:
    return "?" if number is None else str(number)


COMMANDS = {"join": join, "sync": sync, "serve": serve, "status": status}
