"""A books folder: the files of one copy, and the lock that lets one process serve it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from khata.errors import BooksError

DATABASE: Final = "khata.db"
KEY_FILE: Final = "device.key"
LOCK_FILE: Final = "serve.lock"
REBUILDING: Final = "rebuilding"
"""A folder in which everything is received anew, before it takes the place of what is here."""
_OURS: Final = frozenset({DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", KEY_FILE, LOCK_FILE, REBUILDING})


class BooksFolder:
    """Where the books of one copy lie: `khata.db`, `device.key` and the lock of a serving process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = path / DATABASE
        self.key_file = path / KEY_FILE
        self.lock_file = path / LOCK_FILE

    def make(self) -> None:
        """Create the folder, readable by its owner alone.

        Raises:
            BooksError: the disk refuses.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BooksError(
                f"the folder {self.path} cannot be made: {error.strerror}; choose another with --books"
            ) from error

    def check_ours_or_empty(self) -> None:
        """Refuse a folder that holds something other than the beginnings of books.

        Raises:
            BooksError: other files lie there, or it cannot be read.
        """
        try:
            others = sorted(entry.name for entry in self.path.iterdir() if entry.name not in _OURS)
        except FileNotFoundError:
            return
        except OSError as error:
            raise BooksError(f"the folder {self.path} cannot be read: {error.strerror}") from error
        if others:
            raise BooksError(
                f"the folder {self.path} is not empty (it holds {others[0]}); choose an empty one with --books"
            )

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Hold the lock that only one process can hold; the system frees it however that process ends.

        Raises:
            BooksError: another process serves these books, or the disk refuses.
        """
        try:
            handle = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise BooksError(f"{self.lock_file} cannot be opened: {error.strerror}; check its permissions") from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BooksError(
                    f"another `khata serve` is running on {self.path}; stop it first, or leave it running: "
                    "all other commands work beside it"
                ) from error
            yield
        finally:
            os.close(handle)
