"""Two branches on disk: real folders that the real command line works on, and that meet without a network."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from typer.testing import CliRunner

from crdt_models.errors import KhataError
from khata.beginning import start_books
from khata.books import USER_META, Books, open_store
from khata.cli import commands
from khata.folder import BooksFolder
from khata.problem import Problem
from khata.problems import find_problems
from p2p.founding import COMPANY
from p2p.identity import DeviceKeys
from tests.khata.company import Clock, a_branch, seeded, sync

Work = Callable[[Books], Any]


class TwoFolders(NamedTuple):
    """The folders of a head office and of Pune, in sync when they are made."""

    office: Path
    pune: Path

    def copy(self, to: Path) -> "TwoFolders":
        """The same two, to be changed without changing these."""
        return TwoFolders(*(Path(shutil.copytree(folder, to / folder.name)) for folder in self))

    def apart(self, office: Work, pune: Work) -> None:
        """Let both work while they are apart, and meet."""
        for folder, work in ((self.office, office), (self.pune, pune)):
            with opened(folder) as books:
                work(books)
        self.meet()

    def meet(self) -> None:
        """Let both synchronize to the end."""
        with opened(self.office) as office, opened(self.pune) as pune:
            sync(pune, office)

    def problems(self) -> list[Problem]:
        """What is listed, after looking that both list the same to the letter."""
        with opened(self.office) as office, opened(self.pune) as pune:
            found, there = find_problems(office), find_problems(pune)
        assert [problem.json() for problem in found] == [problem.json() for problem in there]
        return found


@contextmanager
def opened(folder: Path) -> Iterator[Books]:
    """The books in a folder, with a clock that never stands still."""
    books = Books.open(BooksFolder(folder))
    books.now = Clock(books.now())
    try:
        yield books
    finally:
        books.close()


def two_folders(at: Path, prepare: Work) -> TwoFolders:
    """Found a company in one folder, admit Pune in another.

    Args:
        prepare: what the head office enters before Pune comes.
    """
    office_folder, pune_folder = BooksFolder(at / "office"), BooksFolder(at / "pune")
    for folder in (office_folder, pune_folder):
        folder.make()
    random = seeded("HO")
    keys, recovery = DeviceKeys.generate(random), DeviceKeys.generate(random)
    keys.save(office_folder.key_file)
    office = start_books(
        open_store(office_folder), keys, recovery, "Sharma Traders", "Head Office", "HO", "asha", office_folder
    )
    prepare(office)
    DeviceKeys.generate(seeded("Pune")).save(pune_folder.key_file)
    store = open_store(pune_folder)
    with store.transaction():
        store.set_meta(COMPANY, office.company)
        store.set_meta(USER_META, b"meera")
    pune = a_branch(office, "Pune", store=store)
    for books in (office, pune):
        books.close()
    return TwoFolders(office_folder.path, pune_folder.path)


class Ended(NamedTuple):
    """How a command ended: its exit code, what it printed, all of it with what it complained of, and why it refused."""

    exit_code: int
    stdout: str
    output: str
    exception: KhataError | None


def ended(*arguments: str) -> Ended:
    """Run a command through the command line itself, in this process, whatever comes of it."""
    code, refusal = 0, None
    with CliRunner().isolation() as (out, _, both):
        try:
            commands()(arguments, prog_name="khata")
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        except KhataError as error:
            code, refusal = 1, error
        sys.stdout.flush()
        sys.stderr.flush()
        return Ended(code, out.getvalue().decode(), both.getvalue().decode(), refusal)


def khata(folder: Path, *arguments: str) -> Ended:
    """Run a command on the books in a folder; it has to succeed."""
    result = ended("--books", str(folder), *arguments)
    assert result.exit_code == 0, f"khata {' '.join(arguments)}: {result.output} {result.exception}"
    return result
