"""What all commands share: which books, who works, how things are printed, and the line that ends a write."""

import getpass
import inspect
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from crdt_models.packing import Value
    from khata.books import Books
    from khata.folder import BooksFolder

DONE: Final = 0
FAILED: Final = 1
NOT_IN_SYNC: Final = 3
INTERRUPTED: Final = 130

_EXAMPLES: Final = re.compile(r"^Examples?:$", re.MULTILINE)
_UNWRAPPED: Final = "\b"
"""Stands before a paragraph of help whose lines are not to be joined."""

_PIPED_CHARS: Final = 200
"""How wide tables are where nobody says how wide the paper is."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Version = Annotated[
    str, typer.Option("--version", help="The version you were looking at, as `show` gives it; default: the one now.")
]

Since = Annotated[str, typer.Option("--from", help="From this date on, YYYY-MM-DD.")]
Until = Annotated[str, typer.Option("--to", help="Up to and including this date.")]
Branch = Annotated[str, typer.Option("--branch", help="Only this branch, by name or code; default: all together.")]


class Frame:
    """The options before the command: the books folder and the user."""

    def __init__(self, books: str, user: str) -> None:
        self._books = books
        self.user = user.encode("utf-8", "replace").decode()

    @property
    def folder(self) -> "BooksFolder":
        """The folder that was named, or the usual one of this user."""
        from khata.folder import BooksFolder

        if self._books:
            return BooksFolder(Path(self._books).expanduser())
        import platformdirs

        return BooksFolder(platformdirs.user_data_path("khata"))

    @property
    def user_or_login(self) -> str:
        """Who works here: as given, or the name they logged in under."""
        if self.user:
            return self.user
        try:
            return getpass.getuser()
        except (OSError, KeyError, ImportError):
            return "user"


def frame_of(context: typer.Context) -> Frame:
    """The options before the command."""
    frame = context.find_object(Frame)
    assert frame is not None
    return frame


@contextmanager
def opened(context: typer.Context) -> "Iterator[Books]":
    """The books that the command is about, closed when it ends."""
    from khata.books import Books

    frame = frame_of(context)
    books = Books.open(frame.folder, frame.user)
    try:
        yield books
    finally:
        books.close()


def plain(text: str) -> str:
    """Text that came from anywhere, without what could move a terminal's cursor or turn its text around."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() or character == "\n" else "\ufffd" for character in text)


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(plain(text) + "\n")


def complain(text: str) -> None:
    """Print a sentence on stderr."""
    sys.stdout.flush()
    sys.stderr.write(plain(text) + "\n")


def print_json(value: Any) -> None:
    """Print a value as JSON: the same bytes for the same value, and nothing that a terminal would act on."""
    json.dump(value, sys.stdout, indent=1)
    sys.stdout.write("\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """Print a table; columns whose name ends in `>` are aligned to the right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        right = column.endswith(">")
        table.add_column(column.rstrip(">"), justify="right" if right else "left", no_wrap=right, overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    Console(width=None if sys.stdout.isatty() else _PIPED_CHARS, highlight=False).print(table)


def grouped(amount: str) -> str:
    """An amount with the commas people expect: 1,25,000.00; empty for nothing."""
    sign, digits = ("-", amount[1:]) if amount.startswith("-") else ("", amount)
    whole, _, fraction = digits.partition(".")
    if whole == "0" and not fraction.strip("0"):
        return ""
    head, tail = whole[:-3], whole[-3:]
    parts = [tail]
    while head:
        parts.insert(0, head[-2:])
        head = head[:-2]
    return f"{sign}{','.join(parts)}.{fraction}"


def saved(books: "Books", what: str) -> None:
    """The line that ends a write: what was saved, and how it gets to the others."""
    say(f"saved {what}; {told(books)}")


def told(books: "Books") -> str:
    """Tell a serving process that something was saved; say how it gets to the others, and what waits for whom."""
    from khata.daemon import POKE, ask
    from khata.waiting import connected_relays, waiting, words
    from p2p.contact import Contact

    answer = ask(books.folder, POKE) if books.folder is not None else None
    connected = None if answer is None else {bytes.fromhex(peer["device"]) for peer in answer.get("connected", ())}
    offline = Contact(books.replica.store).is_offline
    relays = connected_relays(books, connected)
    return words(books.member.name, waiting(books), connected, offline, relays)


def agreed(preview: Sequence[str], question: str, yes: bool, as_json: bool) -> bool:
    """Show what would happen, and ask whoever sits there, or whatever is piped in; without an answer it takes --yes."""
    if yes:
        return True
    if as_json:
        print_json({"preview": list(preview), "done": False})
        return False
    for line in preview:
        say(line)
    try:
        return typer.confirm(plain(question))
    except (typer.Abort, OSError):
        # An input that is at its end, or cannot be read, gives no answer; whoever sits there has broken off.
        if sys.stdin.isatty():
            raise
        say("\nnothing was done; run it again with --yes")
        return False


def asked(books: "Books", do: str, arguments: "Mapping[str, Value]", as_json: bool) -> bool:
    """Ask the keeper for a deed instead, where this is the device of an admin and another one keeps the list.

    Args:
        do: the command, as `khata.asking.DEEDS` names it.
        arguments: what it needs.
    """
    from khata.asking import ask, asks_instead, keeper_name

    if not asks_instead(books):
        return False
    request = ask(books, do, arguments)
    if as_json:
        told(books)
        print_json({"asked": keeper_name(books), "request": request.id})
    else:
        told(books)
        say(
            f"asked {keeper_name(books)}; it is carried out at its next synchronization: `khata keeper requests` says "
            "what became of it"
        )
    return True


@contextmanager
def progress(description: str) -> Iterator[Any]:
    """A progress bar on stderr; nothing where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield _Bar(bar, bar.add_task(description, total=None))


class _Bar:
    """One task of a progress bar."""

    def __init__(self, bar: Any, task: Any) -> None:
        self._bar = bar
        self._task = task

    def advance(self, steps: int) -> None:
        """So many more are done."""
        self._bar.advance(self._task, steps)

    def show(self, done: int, total: int | None) -> None:
        """So many are done, of so many."""
        self._bar.update(self._task, completed=done, total=total)


def keep_examples(app: typer.Typer) -> None:
    """Let the examples in the docstrings of commands stand in `--help` as they are written, line by line."""
    callbacks = [command.callback for command in app.registered_commands]
    if app.registered_callback is not None:
        callbacks.append(app.registered_callback.callback)
    for callback in callbacks:
        text = inspect.getdoc(callback) if callback is not None else None
        if callback is not None and text and _UNWRAPPED not in text:
            callback.__doc__ = _EXAMPLES.sub(lambda found: f"{_UNWRAPPED}\n{found[0]}", text)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            keep_examples(group.typer_instance)
