"""The recovery phrase: `khata recover`."""

import shlex
import sys
from typing import Annotated

import typer

from khata.cli.frame import AsJson, frame_of, plain, print_json, progress, say
from khata.cli.users import User, asked_user


def recover(
    context: typer.Context,
    peer: Annotated[
        list[str] | None,
        typer.Option("--peer", help="HOST:PORT of any other device or relay of the company; may be repeated."),
    ] = None,
    branch: Annotated[str, typer.Option("--branch", help="Name or code; default: that of the lost head office.")] = "",
    code: Annotated[str, typer.Option("--code", help="In voucher numbers of this device; default: a free one.")] = "",
    name: Annotated[str, typer.Option("--name", help="What others call this device; default: branch and code.")] = "",
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds for each conversation.")] = 600,
    user: User = "",
    as_json: AsJson = False,
) -> None:
    """Bring back a lost head office on this empty machine, with the 24 words of the recovery phrase.

    The phrase is asked for, or read from stdin. Any other device or relay gives what is needed. This machine then
    keeps the list of who may do what, and receives the books. If it breaks off, run it again with the same phrase.
    Then revoke the lost device, so that whoever has it is not let in any more.

    Examples:
      khata --books new recover --peer 192.168.1.20:7420
      khata --books new recover --peer pune.example.in:7420 --code HO2 < phrase.txt
    """
    from khata.errors import BooksError, NotInSync
    from khata.recovering import Wanted, recover_books
    from khata.users import stored_user

    if not 0 < timeout < float("inf"):
        raise typer.BadParameter("give a number of seconds above 0", param_hint="--timeout")
    if not peer:
        raise BooksError("say where another device or a relay of the company can be reached: --peer HOST:PORT")
    frame = frame_of(context)
    phrase = _phrase()
    working = asked_user(frame, user, stored_user(frame.folder))
    with progress("recovering") as bar:
        found = recover_books(
            frame.folder, phrase, peer, working, Wanted(name, branch, code), timeout,
            lambda counts: bar.show(counts.received, counts.there),
        )  # fmt: skip
    try:
        books, member = found.books, found.books.member
        revoke = f"khata --books {shlex.quote(str(frame.folder.path))} device revoke {shlex.quote(found.lost)}"
        if as_json:
            print_json({
                "company": books.company_name,
                "device": member.name,
                "code": member.series,
                "branch": member.branch,
                "lost": found.lost,
                "in_sync": found.in_sync,
                "next": revoke if found.lost else "",
            })  # fmt: skip
        else:
            say(f"{plain(member.name)} ({member.series}) keeps the list of who may do what for "
                f"{plain(books.company_name) or 'the company'} now.")  # fmt: skip
            if found.lost:
                say(f"Revoke the lost device, unless it comes back to you:  {plain(revoke)}")
        if not found.in_sync:
            reasons = "; ".join(outcome.error or "broken off" for outcome in found.outcomes)
            raise NotInSync(f"recovered, but not everything has come yet ({reasons}); run `khata sync` to go on")
    finally:
        found.books.close()


def _phrase() -> str:
    """The phrase, from whoever sits here or from what was given."""
    if sys.stdin.isatty():
        return str(typer.prompt("The 24 words of the recovery phrase", err=True))
    return sys.stdin.read()


COMMANDS = {"recover": recover}
