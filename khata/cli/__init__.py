"""The command line: one module for each noun, and this one, which starts them and turns errors into sentences.

Modules import what is heavy inside their commands, so that `khata voucher list` does not wait for an XML parser.
"""

import io
import os
import sqlite3
import sys
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, NoReturn

import typer

from crdt_models.errors import KhataError
from khata.cli import (
    branches,
    checks,
    company,
    conflicts,
    demo,
    devices,
    export_gstr1,
    export_tally,
    exports,
    find,
    forget,
    groups,
    gst,
    imports,
    keepers,
    ledgers,
    link,
    locks,
    log,
    masters,
    problems,
    recover,
    relay,
    report_bills,
    report_books,
    report_branches,
    report_gst,
    report_statements,
    report_stock,
    reports,
    rules,
    simulate,
    status,
    sync,
    transfers,
    users,
    vouchers,
    work,
)
from khata.cli.frame import DONE, FAILED, INTERRUPTED, NOT_IN_SYNC, Frame, complain, keep_examples, say
from khata.errors import NotInSync

app = typer.Typer(
    name="khata",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for module in (company, sync, recover, status, link, imports, checks, log, find, forget, demo, simulate):
    for name, command in module.COMMANDS.items():
        app.command(name)(command)
for group in (
    branches,
    devices,
    company,
    gst,
    ledgers,
    groups,
    masters,
    vouchers,
    transfers,
    conflicts,
    problems,
    reports,
    exports,
    locks,
    relay,
    rules,
    users,
    keepers,
    work,
):
    app.add_typer(group.app, name=group.NAME)

EXPORTS = (
    export_gstr1,
    export_tally,
)
"""Modules that add their commands to `khata export` by being imported."""

REPORTS = (report_bills, report_books, report_branches, report_gst, report_statements, report_stock)
"""Modules that add their commands to `khata report` by being imported."""


def _show_version(wanted: bool) -> None:
    from importlib.metadata import version

    if wanted:
        say(f"khata {version('khata')}")
        raise typer.Exit


@app.callback()
def khata(
    context: typer.Context,
    books: Annotated[
        str, typer.Option("--books", envvar="KHATA_BOOKS", help="The folder with the books.", show_envvar=True)
    ] = "",
    user: Annotated[
        str, typer.Option("--user", envvar="KHATA_USER", help="Who works; stands in everything saved.")
    ] = "",
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version of khata.")
    ] = False,
) -> None:
    """One set of books in many places: enter vouchers anywhere, synchronize directly with any other copy.

    Examples:
      khata --books ho init "Sharma Traders" --branch "Head Office" --code HO
      khata --books ho branch add Pune --code PUN --address 192.168.1.20:7420
      khata --books ho serve --listen 0.0.0.0:7420
      khata --books pune join TICKET
      khata --books pune voucher add --type Receipt --debit Cash:500 --credit "Asha Stores:500"
      khata --books pune sync
    """
    context.obj = Frame(books, user)


keep_examples(app)


@cache
def commands() -> Callable[..., Any]:
    """The whole command line, to be run as often as a process likes.

    Cost: 60 ms the first time, for what some 130 commands take is read from their signatures.
    """
    return typer.main.get_command(app)


def main() -> None:
    """Run the command line; the exit code is 0 done, 1 refused or failed, 2 wrong usage, 3 not in sync."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() != "utf-8":
            # A terminal that cannot show ₹ or नमस्ते shows a question mark instead of a traceback.
            stream.reconfigure(errors="replace")
    if any(not _is_text(argument) for argument in sys.argv):
        complain("an argument is not text in UTF-8; check how it was typed or pasted")
        sys.exit(FAILED)
    try:
        commands()()
    except (KhataError, sqlite3.Error, OSError, KeyboardInterrupt, BaseExceptionGroup) as error:
        _explain(error)


def _open_what_is_closed() -> None:
    """Let what was closed before we began (`khata … >&-`) lead nowhere, as a pipe does that nobody reads any more."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def _is_text(argument: str) -> bool:
    """Whether an argument came as whole characters; Python marks bytes that are none as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in argument)


def _explain(error: BaseException) -> NoReturn:
    """End with a sentence and the next step; what no user and no disk can cause is a bug and shows as one."""
    cause = error
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    if isinstance(cause, KeyboardInterrupt):
        complain("stopped; everything that was saved is stored")
        sys.exit(INTERRUPTED)
    if isinstance(cause, NotInSync):
        complain(str(cause))
        sys.exit(NOT_IN_SYNC)
    if isinstance(cause, BrokenPipeError):
        # Whoever read the output has seen enough; what is left of it goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)
    if isinstance(cause, KhataError):
        complain(str(cause))
    elif isinstance(cause, sqlite3.Error):
        complain(f"the books could not be read: {cause}; check the disk, then run `khata verify`")
    elif isinstance(cause, FileNotFoundError) and cause.filename:
        complain(f"there is no file {os.fsdecode(cause.filename)}; check how it is spelled, and in which folder it is")
    elif isinstance(cause, IsADirectoryError) and cause.filename:
        complain(f"{os.fsdecode(cause.filename)} is a folder; name a file")
    elif isinstance(cause, PermissionError) and cause.filename:
        complain(f"{os.fsdecode(cause.filename)} cannot be opened: this user may not; check its permissions")
    elif isinstance(cause, OSError):
        named = f" ({cause.filename})" if cause.filename else ""
        complain(f"the system refused{named}: {cause.strerror or cause}; check the disk and try again")
    else:
        raise error
    sys.exit(FAILED)
