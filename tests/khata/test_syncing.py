"""Synchronizing from the command line where it does not succeed: why is said, is kept, and nothing else is lost."""

import socket

import pytest

from khata.books import Books
from khata.errors import BooksError
from khata.syncing import members_to_sync
from p2p.contact import Contact
from tests.khata.command_line import Run, command_line
from tests.khata.company import NOW, a_branch, a_company, ledger
from tests.khata.two_folders import opened, two_folders


@pytest.fixture
def nowhere() -> str:
    """An address of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return f"127.0.0.1:{port}"


@pytest.fixture
def run(tmp_path, capsys, monkeypatch) -> Run:
    """The command line over `office` and `pune`, which are in sync."""
    two_folders(tmp_path, lambda books: ledger(books, "Asha Stores"))
    return command_line(tmp_path, capsys, monkeypatch)


def met(books: Books, other: Books) -> None:
    """Let an address of another device be known."""
    books.replica.links.met(other.member.device, NOW, "127.0.0.1:7420", 0)


def test_where_all_that_could_be_called_are_paused_that_is_said():
    office = a_company()
    pune = a_branch(office, "Pune")
    with pytest.raises(BooksError, match="no address of another device is known"):
        members_to_sync(office, [])
    met(office, pune)
    assert [one.name for one in members_to_sync(office, [])] == ["Pune"]
    Contact(office.replica.store).pause([pune.member.device])
    with pytest.raises(BooksError, match="synchronizing with Pune is paused; `khata resume` goes on"):
        members_to_sync(office, [])


def test_a_name_that_nobody_has_leaves_what_was_compared_as_it_is(run, tmp_path):
    def settled() -> list[int]:
        with opened(tmp_path / "pune") as pune:
            return [link.settled_row for link in pune.replica.links.statuses()]

    before = settled()
    assert any(before)
    assert run("sync", "Surat", "--full", books="pune").code == 1
    assert settled() == before


def test_why_an_address_that_was_named_failed_is_among_the_events(run, nowhere):
    assert run("sync", "--peer", nowhere, books="pune").code == 3
    (event,) = run("events", "--json", books="pune").json
    assert (event["event"], event["peer"]) == ("not-in-sync", nowhere)
    assert "nobody listens" in event["text"]


def test_a_rebuild_says_who_could_not_be_reached_and_why(run, nowhere):
    ran = run("sync", "--rebuild", "--yes", "--peer", nowhere, books="pune")
    assert ran.code == 3
    assert f"not in sync with {nowhere}: nobody listens" in ran.err
    assert "so nothing was emptied" in ran.err
