"""Being in touch with the others: `khata join`, `sync` and `serve`."""

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from khata.cli.frame import AsJson, complain, frame_of, opened, plain, print_json, progress, say
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
    names: Annotated[
        list[str] | None, typer.Argument(help="Devices or branches, by name or code; default: all that can be reached.")
    ] = None,
    peer: Annotated[list[str] | None, typer.Option("--peer", help="HOST:PORT of a device; may be repeated.")] = None,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds for each peer.")] = 30,
    full: Annotated[
        bool, typer.Option("--full", help="Forget what was compared before, and compare everything anew.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Then empty this copy and receive all of it anew, if others hold it all.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --rebuild: do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Synchronize once, until both copies are proved to agree.

    Each device is tried where it was met before and where it says that it can be reached. Exit code 3 when they are not
    in sync afterwards, with the reason. Where nobody is named, devices that are out of reach are no failure as long as
    another was in sync: what they miss goes to them when they are back. Works while working offline, and leaves that as
    it is; devices that are paused are left out unless --peer names an address of theirs.

    --rebuild shows first how much would be received anew and from whom, and does nothing unless other devices are
    proved to hold all of it. What is entered meanwhile stays; broken off at any instant, the copy is as it was.

    Examples:
      khata sync
      khata sync --full
      khata sync --rebuild
      khata sync "Head Office"
      khata --books pune sync --peer 192.168.1.20:7420 --timeout 60
    """
    from khata.cli.rebuild import rebuild_copy
    from khata.rules.steps import rule_steps, steps_taken
    from khata.syncing import members_to_sync, sync_devices, sync_once

    _check_timeout(timeout)
    with opened(context) as books:
        before, began = rule_steps(books), books.now()
        members = members_to_sync(books, names or []) if names or not peer else []
        if full or rebuild:
            books.replica.links.unsettle()
        with progress("synchronizing") as bar:

            def show(counts: Any) -> None:
                bar.show(counts.received, _expected(counts))

            def synchronize(copy: "Books") -> list["Outcome"]:
                return [*sync_once(copy, peer or [], timeout, show), *sync_devices(copy, members, timeout, show)]

            outcomes = synchronize(books)
        moved = steps_taken(before, rule_steps(books))
        if not rebuild:
            _print_outcomes(outcomes, moved, bool(peer or names), as_json)
            return
        _complain_of(outcomes)
        rebuild_copy(books, began, lambda fresh: _complain_of(synchronize(fresh)), yes, as_json)


def _print_outcomes(outcomes: Sequence["Outcome"], moved: Sequence[str], named: bool, as_json: bool) -> None:
    from khata.errors import NotInSync

    if as_json:
        print_json([_outcome_json(outcome) for outcome in outcomes])
    else:
        for outcome in outcomes:
            if outcome.in_sync:
                say(f"in sync with {outcome.peer}: {outcome.received} received, {outcome.sent} sent")
            if outcome.forgot:
                complain(f"{outcome.peer}: {outcome.forgot}")
        for line in moved:
            say(line)
    if _has_failed(outcomes, named):
        raise NotInSync("\n".join(_failures(outcomes)))
    _complain_of(outcomes)


def _failures(outcomes: Sequence["Outcome"]) -> list[str]:
    return [f"not in sync with {one.peer}: {_reason(one)}" for one in outcomes if not one.in_sync]


def _complain_of(outcomes: Sequence["Outcome"]) -> bool:
    """Say with whom a copy is not in sync and why; whether it is with anybody."""
    for line in _failures(outcomes):
        complain(line)
    return any(one.in_sync for one in outcomes)


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
        "forgot": outcome.forgot or None,
    }


def serve(
    context: typer.Context,
    listen: Annotated[str, typer.Option("--listen", help="HOST:PORT to listen on; 0.0.0.0 for all.")] = "",
    peer: Annotated[
        list[str] | None, typer.Option("--peer", help="HOST:PORT to keep in touch with, besides those known.")
    ] = None,
    announce: Annotated[
        list[str] | None,
        typer.Option("--announce", help="HOST:PORT where others reach this device; default: that of --listen."),
    ] = None,
    lan: Annotated[
        bool | None,
        typer.Option("--lan/--no-lan", help="Find devices on the local network; default: not on loopback."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep in touch, live, until Ctrl-C: listen, dial, push what is saved. Other commands work beside it.

    Calls the devices whose rules say so, where they were met before and where they say that they can be reached, and
    tells them where this one can be. Prints one line for each event; `khata events` shows them later.

    Examples:
      khata --books ho serve --listen 0.0.0.0:7420 --announce ho.example.in:7420
      khata --books pune serve
    """
    from khata.errors import BooksError
    from khata.serving import Wishes
    from khata.serving import serve as keep_serving
    from p2p.whereabouts import lines

    with opened(context) as books:
        if not listen and not peer and not lines(books.replica):
            raise BooksError("nobody to keep in touch with: listen with --listen HOST:PORT, or name a --peer HOST:PORT")
        wishes = Wishes(listen or None, peer or (), announce or (), lan)
        keep_serving(books, wishes, lambda said: print_event(said, as_json))


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


COMMANDS = {"join": join, "sync": sync, "serve": serve}
