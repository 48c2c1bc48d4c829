"""Files that are either written whole or not there at all, and books that hold still while they are written."""

import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from khata.books import Books
from khata.errors import BooksError

Json = dict[str, Any]

STANDARD_OUTPUT: Final = "-"
"""What is named as a file by those who want to see the text, or to hand it on to another program."""

Step = Callable[[int, int | None], None]
"""Told how many steps are done, of how many."""

Writer = Callable[[Books, BinaryIO, Step], Json]
"""Writes an export to a stream; returns what a person should know of it: counts, totals."""


def no_step(done: int, total: int | None) -> None:
    """For those who do not watch."""


@contextmanager
def out_file(name: str, force: bool = False) -> Iterator[BinaryIO]:
    """A stream whose bytes are in the named file when the block ends, durably, and nowhere when it raises.

    They go to a file beside it that takes its name at the end.

    Args:
        name: a path, or `-` for standard output.
        force: replace a file that is there.

    Raises:
        BooksError: it is there already, is no ordinary file, or its folder is not there; nothing was written.
        OSError: the disk refuses.
    """
    if name == STANDARD_OUTPUT:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(name).expanduser().resolve()
    _check(target, force)
    beside = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
    with beside.open("xb") as stream:
        try:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            _take_name(beside, target, force)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    _sync_folder(target.parent)


def _check(target: Path, force: bool) -> None:
    if not target.parent.is_dir():
        raise BooksError(f"there is no folder {target.parent}; make it first, or name another file with --output")
    if not target.exists():
        return
    if not target.is_file():
        raise BooksError(
            f"{target} is not a file that can be replaced; name another with --output, or - for the screen"
        )
    if not force:
        raise _exists(target)


def _take_name(beside: Path, target: Path, force: bool) -> None:
    """Give the finished file its name; somebody else's file that came there meanwhile is not replaced unasked."""
    if force:
        beside.replace(target)
        return
    try:
        os.link(beside, target)
    except FileExistsError as error:
        raise _exists(target) from error
    except OSError:
        # Not every disk knows two names for one file; FAT does not.
        if target.exists():
            raise _exists(target) from None
        beside.replace(target)
    else:
        beside.unlink()


def _exists(target: Path) -> BooksError:
    return BooksError(f"{target} is there already; name another file with --output, or replace it with --force")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def snapshot(books: Books) -> Iterator[None]:
    """Hold the books still: all that is read inside is of one moment, whatever other processes write meanwhile."""
    if books.db.in_transaction:
        yield
        return
    books.names.forget()
    books.db.execute("BEGIN")
    try:
        yield
    finally:
        books.db.execute("COMMIT")
        books.names.forget()


def export(
    books: Books,
    name: str,
    write: Writer,
    force: bool = False,
    step: Step = no_step,
) -> Json:
    """Write one export of the books as they are at this moment.

    Args:
        name: the file, or `-`.

    Returns:
        What `write` returned, and beside it `file`.

    Raises:
        BooksError: see `out_file`; or what `write` raises. Nothing was written then.
    """
    _check_not_books(books, name)
    with out_file(name, force) as stream, snapshot(books):
        found = write(books, stream, step)
    return {**found, "file": name}


def _check_not_books(books: Books, name: str) -> None:
    """Refuse the name of a file that the books themselves are made of, whether it is there now or not."""
    if name == STANDARD_OUTPUT or books.folder is None:
        return
    target, own = Path(name).expanduser().resolve(), books.folder
    # SQLite keeps files beside the database whose names begin with its name.
    taken = target.name in (own.key_file.name, own.lock_file.name) or target.name.startswith(own.database.name)
    if taken and target.parent == own.path.resolve():
        raise BooksError(f"{target} belongs to the books themselves; name another file with --output")
