"""Companies to test with, made once for the whole run; each test works on copies of their folders."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import pytest

from khata.books import Books
from khata.demo.story import EXPORTS
from khata.entering import enter_form
from khata.folder import BooksFolder
from tests.e2e.shop import Copy

MANY = 1000


class Company(NamedTuple):
    """Head office and two branches; nobody serves."""

    ho: Copy
    pune: Copy
    nagpur: Copy


def samples() -> list[str]:
    """The Tally files that the demo imports."""
    with resources.as_file(resources.files("khata") / "sample_data") as folder:
        return [str(folder / name) for name in EXPORTS]


def found(folder: Path, *files: str) -> Copy:
    """A head office, with these files imported."""
    office = Copy(folder)
    office.run("init", "Sharma Traders", "--branch", "Head Office", "--code", "HO")
    if files:
        office.run("import", *files)
    return office


@contextmanager
def made_once(folder: Path) -> Iterator[bool]:
    """Let one of several test processes make a folder while the others wait; True for the one that has to make it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    done = folder.with_name(f"{folder.name}.done")
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not done.exists()
        done.touch()


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Where the companies lie that several tests, and several test processes, start from."""
    base = tmp_path_factory.getbasetemp()
    return (base if worker_id == "master" else base.parent) / "shelf"


@pytest.fixture(scope="session")
def three(shelf: Path) -> Path:
    """A head office with the samples, Pune and Nagpur, all in sync."""
    folder = shelf / "three"
    with made_once(folder) as mine:
        if mine:
            office = found(folder / "ho", *samples())
            with office.serve() as serving:
                for name in ("Pune", "Nagpur"):
                    invited = office.run(
                        "branch", "add", name, "--code", name[:3].upper(), "--address", serving.address
                    )
                    Copy(folder / name.lower()).run("join", invited["ticket"])
                agree(Copy(folder / "pune"), Copy(folder / "nagpur"), "Nagpur", serving.address)
    return folder


def agree(one: Copy, other: Copy, branch: str, office: str) -> None:
    """Let one branch offer another everything, and that one accept, by way of the head office at an address."""
    one.sync(office)
    rule = one.run("rule", "offer", branch)["id"]
    one.sync(office)
    other.sync(office)
    other.run("rule", "activate", rule)
    other.sync(office)
    one.sync(office)


@pytest.fixture(scope="session")
def many(shelf: Path) -> Path:
    """A head office with `MANY` vouchers, each in a commit of its own, so that a cold sync takes a while."""
    folder = shelf / "many"
    with made_once(folder) as mine:
        if mine:
            found(folder)
            books = Books.open(BooksFolder(folder))
            with books.writing():
                for number in range(MANY):
                    enter_form(books, receipt_form(f"{number % 977 + 1}.25"))
            books.close()
    return folder


def receipt_form(amount: str) -> dict[str, object]:
    """A receipt from nobody in particular, as `voucher add --file` takes it."""
    entries = [{"ledger": "Cash", "amount": amount}, {"ledger": "Profit & Loss A/c", "amount": f"-{amount}"}]
    return {"type": "Receipt", "date": "2026-04-02", "entries": entries}


@pytest.fixture
def company(three: Path, tmp_path: Path) -> Company:
    """A head office and two branches of one's own."""
    return Company(*(Copy(three / name).clone(tmp_path / name) for name in Company._fields))


@pytest.fixture
def office(three: Path, tmp_path: Path) -> Copy:
    """The head office alone, that has two branches."""
    return Copy(three / "ho").clone(tmp_path / "ho")
