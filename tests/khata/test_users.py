"""The name in every save: asked for once, kept, changed for what comes later."""

import getpass
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from khata.cli import main
from khata.errors import BooksError
from khata.folder import BooksFolder
from khata.log.entries import read_log
from khata.log.wanted import Wanted
from khata.users import checked_user, set_user, stored_user, user_of
from tests.khata.company import a_company, ledger


def test_a_changed_name_stands_in_later_saves_and_in_no_earlier_one():
    books = a_company()
    ledger(books, "Before")
    assert set_user(books, "  Asha   Kulkarni ") == "Asha Kulkarni"
    ledger(books, "After")
    assert [entry["user"] for entry in read_log(books, Wanted(kind="ledger", origin="entry"))] == [
        "asha",
        "Asha Kulkarni",
    ]
    assert user_of(books) == "Asha Kulkarni"
    assert [entry["name"] for entry in read_log(books, Wanted(user="asha kulkarni"))] == ["After"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 129, "a\x1b[2J", "bell\x07"])
def test_what_cannot_be_a_name_changes_nothing(name):
    books = a_company()
    with pytest.raises(BooksError, match="name"):
        set_user(books, name)
    assert (user_of(books), books.user) == ("asha", "asha")


def test_names_are_written_as_people_write_them():
    assert checked_user("आशा  कुलकर्णी") == "आशा कुलकर्णी"
    assert checked_user("x" * 128) == "x" * 128


@pytest.fixture
def khata(capsys, monkeypatch):
    """Run a command in this process, which has no terminal."""
    monkeypatch.delenv("KHATA_USER", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["khata", *arguments])
        code: Any = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        return code, *capsys.readouterr()

    return run


def test_without_a_terminal_the_login_name_is_taken_and_said(khata, tmp_path: Path):
    code, _, err = khata("--books", str(tmp_path / "ho"), "init", "Sharma Traders")
    login = getpass.getuser()
    assert (code, stored_user(BooksFolder(tmp_path / "ho"))) == (0, login)
    assert len(err.splitlines()) == 1
    assert repr(login) in err
    assert "khata user set" in err


def test_a_name_that_is_given_is_asked_for_no_more(khata, tmp_path: Path):
    code, _, err = khata("--books", str(tmp_path / "ho"), "init", "Sharma Traders", "--user", "Asha Kulkarni")
    assert (code, err) == (0, "")
    code, out, _ = khata("--books", str(tmp_path / "ho"), "user", "show")
    assert (code, out) == (0, "Asha Kulkarni stands in what is saved here\n")
    assert khata("--books", str(tmp_path / "ho"), "user", "set", "Ravi")[0] == 0
    assert stored_user(BooksFolder(tmp_path / "ho")) == "Ravi"
    code, _, err = khata("--books", str(tmp_path / "pune"), "init", "Sharma Traders", "--user", "  ")
    assert (code, (tmp_path / "pune").exists()) == (1, False)
    assert "name" in err


def test_on_a_terminal_it_is_asked(tmp_path: Path):
    folder = tmp_path / "ho"
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from khata.cli import main; main()", "--books", str(folder), "init", "Sharma Traders"],
        stdin=follower, stdout=follower, stderr=follower, close_fds=True, env={**os.environ, "TERM": "dumb"},
    )  # fmt: skip
    os.close(follower)
    os.write(leader, b"Asha Kulkarni\n")
    shown = _all_of(leader)
    assert process.wait(60) == 0, shown
    assert "Your name, as it should stand in the edit log [" in shown
    assert stored_user(BooksFolder(folder)) == "Asha Kulkarni"


def _all_of(leader: int) -> str:
    """What is printed on a terminal until it is let go; reading it fails then."""
    shown = b""
    try:
        while part := os.read(leader, 65536):
            shown += part
    except OSError:
        return shown.decode()
    finally:
        os.close(leader)
    return shown.decode()


def test_both_ways_to_begin_take_the_option(khata):
    for command in ("init", "join"):
        code, out, _ = khata(command, "--help")
        assert (code, "--user" in out) == (0, True)
