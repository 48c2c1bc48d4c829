"""The demo: `khata demo`, what `make demo` runs."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from khata.cli.frame import FAILED, complain


def demo(
    keep: Annotated[
        str, typer.Option("--keep", help="An empty folder to keep the books in; default: a temporary one.")
    ] = "",
) -> None:
    """See three copies of one set of books part, clash, meet again and agree, in a minute or so.

    Real processes over encrypted connections on this machine; nothing else on it is touched. Ends with exit code 1 if
    anything it claims does not hold.

    Examples:
      khata demo
      khata demo --keep shop
    """
    from rich.console import Console

    from khata.demo.stage import DoesNotHold
    from khata.demo.story import play

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
    try:
        with tempfile.TemporaryDirectory(prefix="khata-demo-") as temporary:
            play(_chosen(keep) if keep else Path(temporary), console)
    except DoesNotHold as error:
        complain(f"the demo stopped: {error}")
        raise typer.Exit(FAILED) from None
    if keep:
        console.print(f"\nThe books are kept: cd {keep}; khata --books pune status", soft_wrap=True)


def _chosen(keep: str) -> Path:
    """The folder to keep the books in, made if it is not there.

    Raises:
        BooksError: something lies in it already.
    """
    from khata.errors import BooksError

    folder = Path(keep).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BooksError(f"the folder {folder} is not empty; name an empty one with --keep, or a new one")
    return folder


COMMANDS = {"demo": demo}
