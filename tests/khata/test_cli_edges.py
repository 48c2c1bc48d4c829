"""Where the command line ends: streams that are closed, files that are not there, the version, days in other words."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from khata.beginning import found_books
from khata.folder import BooksFolder

KHATA = f"{sys.executable} -c 'from khata.cli import main; main()'"


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "ho"
    found_books(BooksFolder(folder), "Sharma Traders", "Head Office", "HO", "Asha").books.close()
    return folder


def shell(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
@pytest.mark.parametrize(("command", "code"), [("report trial-balance", 0), ("sync", 1), ("nonsense", 2)])
def test_closed_streams_change_nothing_but_what_is_heard(books: Path, command: str, code: int, closed: str):
    ran = shell(f"{KHATA} --books {books} {command} {closed}")
    assert ran.returncode == code
    assert "Traceback" not in ran.stderr
    if closed == ">&-":
        assert (ran.stderr == "") == (code == 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("voucher add --file missing.json", "there is no file missing.json; check how it is spelled"),
        ("voucher add --file /", "/ is a folder; name a file"),
        ("log --from 02/04/2026", "'02/04/2026' is not a date; write it as 2026-04-01\n"),
        ("log --from 20260402", "'20260402' is not a date; write it as 2026-04-01\n"),
    ],
)
def test_what_was_mistyped_is_said_without_the_words_of_a_program(books: Path, arguments: str, said: str):
    ran = shell(f"{KHATA} --books {books} {arguments}")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith(said)


def test_the_version_is_that_of_the_package():
    ran = shell(f"{KHATA} --version")
    assert (ran.returncode, ran.stdout) == (0, f"khata {version('khata')}\n")
