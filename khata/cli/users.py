"""Who works here: `khata user`, and the question that `khata init` and `khata join` ask once."""

import sys
from typing import Annotated

import typer

from khata.cli.frame import AsJson, Frame, complain, opened, print_json, say

NAME = "user"
app = typer.Typer(no_args_is_help=True, help="The name that stands in everything saved at this installation.")

User = Annotated[str, typer.Option("--user", help="Your name, as it should stand in the edit log.")]
_QUESTION = "Your name, as it should stand in the edit log"


def asked_user(frame: Frame, given: str, stored: str = "") -> str:
    """The name of who works here: as given, as it was given before, as answered, or as they are logged in.

    Args:
        given: after the command; one before the command counts too.
        stored: what was answered when this was asked before.

    Raises:
        BooksError: it cannot be a name.
    """
    from khata.errors import BooksError
    from khata.users import checked_user

    if given or frame.user:
        return checked_user(given or frame.user)
    if stored:
        return stored
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        login = checked_user(frame.user_or_login)
        complain(f"what is saved here will carry the name {login!r}; `khata user set NAME` gives another")
        return login
    while True:
        try:
            return checked_user(typer.prompt(_QUESTION, default=frame.user_or_login, err=True))
        except BooksError as error:
            complain(str(error))


@app.command()
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the name that stands in what is saved here.

    Example:
      khata user show
    """
    from khata.users import user_of

    with opened(context) as books:
        kept, now = user_of(books), books.user
    if as_json:
        print_json({"user": kept, "now": now})
        return
    say(f"{kept or 'nobody'} stands in what is saved here")
    if now != kept:
        say(f"in this command it is {now}, as --user or KHATA_USER says")


@app.command("set")
def set_name(
    context: typer.Context, name: Annotated[str, typer.Argument(help="Your name.")], as_json: AsJson = False
) -> None:
    """Let another name stand in what is saved here from now on.

    What was saved before keeps the name it was saved under, and `khata log` shows both.

    Example:
      khata user set "Asha Kulkarni"
    """
    from khata.users import set_user

    with opened(context) as books:
        name = set_user(books, name)
    if as_json:
        print_json({"user": name})
    else:
        say(f"from now on {name} stands in what is saved here")
