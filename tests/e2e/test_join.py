"""Joining with a ticket: the right one, and every wrong one."""

import msgspec
import pytest
import trio

from khata.beginning import joining_books
from khata.books import Books
from khata.folder import BooksFolder
from p2p.admission import join_with
from p2p.clock import SystemClock
from p2p.invite import read_ticket_untrusted
from p2p.limits import INVITATION_MS, INVITATION_WRONG_TRIES_MAX
from p2p.messages import Challenge, Joining
from p2p.node import Node
from p2p.transport import TlsNetwork
from tests.e2e.shop import Copy

UNUSED = "127.0.0.1:1"
"""An address at which nobody listens."""


def invite(office: Copy, address: str, name: str = "Surat") -> str:
    ticket: str = office.run("branch", "add", name, "--code", name[:3].upper(), "--address", address)["ticket"]
    return ticket


def with_secret(ticket: str, secret: bytes) -> str:
    """A ticket as somebody would forge it who knows everything of the true one but its secret."""
    return msgspec.structs.replace(read_ticket_untrusted(ticket), secret=secret).text()


def test_a_branch_joins_and_receives_everything(office, tmp_path):
    surat = Copy(tmp_path / "surat")
    with office.serve() as serving:
        joined = surat.run("join", invite(office, serving.address))
        code = serving.running.wait_for(r"joined.*?(\d+ \d+)").group(1)
    assert joined["check_code"] == code
    assert joined["in_sync"]
    assert surat.digest == office.digest
    assert surat.run("report", "trial-balance") == office.run("report", "trial-balance")
    assert surat.run("status")["branch"] == "Surat"
    assert surat.receipt("5.00")["number"].startswith("SUR/26-27/")
    surat.verify()


def test_a_ticket_works_once(office, tmp_path):
    surat, thief = Copy(tmp_path / "surat"), Copy(tmp_path / "thief")
    with office.serve() as serving:
        ticket = invite(office, serving.address)
        surat.run("join", ticket)
        assert "used" in thief.start("join", ticket).wait().said
        # The rightful owner may run it again: it changes nothing.
        surat.run("join", ticket)
    assert surat.digest == office.digest
    assert "used" in serving.running.out


def test_of_several_who_show_one_ticket_at_once_one_is_admitted(office, tmp_path):
    with office.serve() as serving:
        ticket = invite(office, serving.address)
        joining = [Copy(tmp_path / f"surat {which}").start("join", ticket) for which in range(3)]
        results = [one.wait() for one in joining]
    assert [result.code == 0 for result in results].count(True) == 1
    assert all("used" in result.said for result in results if result.code)
    assert len([row for row in office.run("branch", "list") if row["branch"] == "Surat"]) == 1


def test_only_the_head_office_invites(company):
    said = company.pune.fails("branch", "add", "Surat", "--code", "SUR", "--address", UNUSED)
    assert "Head Office" in said


def test_a_ticket_that_was_not_made_here_is_refused(office, tmp_path):
    with office.serve() as serving:
        ticket = invite(office, serving.address)
        true = read_ticket_untrusted(ticket)
        forged = with_secret(ticket, bytes(16))
        assert read_ticket_untrusted(forged).slot != true.slot
        result = Copy(tmp_path / "thief").start("join", forged).wait()
        assert result.code != 0
        assert "not made here" in result.said
        assert Copy(tmp_path / "surat").run("join", ticket)["in_sync"]
    assert "Sharma" not in result.said


@pytest.mark.parametrize("damage", ["", "no ticket", "ABCDE-FGHIJ"])
def test_what_is_no_ticket_is_refused_before_anybody_is_called(tmp_path, damage):
    surat = Copy(tmp_path / "surat")
    assert "ticket" in surat.fails("join", damage)
    assert not surat.folder.exists()


def test_a_mistyped_ticket_says_where(office, tmp_path):
    ticket = invite(office, UNUSED)
    place = 30
    typed = ticket[:place] + ("A" if ticket[place] != "A" else "B") + ticket[place + 1 :]
    assert "group 2" in Copy(tmp_path / "surat").fails("join", typed)
    assert not (tmp_path / "surat").exists()


def test_a_ticket_can_be_tried_again_when_nobody_was_there(office, tmp_path):
    surat = Copy(tmp_path / "surat")
    ticket = invite(office, UNUSED)
    result = surat.start("join", ticket).wait()
    assert result.code != 0
    assert "127.0.0.1:1" in result.said
    assert "Sharma" not in result.said


async def test_guessing_closes_the_invitation(office, tmp_path):
    """Somebody who saw the slot of an invitation, but not its secret, tries again and again."""
    with office.serve() as serving:
        text = invite(office, serving.address)
        ticket = read_ticket_untrusted(text)
        books = joining_books(BooksFolder(tmp_path / "thief"), ticket.company, "thief")
        guess = join_with(msgspec.structs.replace(ticket, secret=bytes(16)), books.replica.keys, "Surat", (-1, b""))

        def joining(challenge: Challenge) -> Joining:
            return msgspec.structs.replace(guess(challenge), slot=ticket.slot)

        for _ in range(INVITATION_WRONG_TRIES_MAX):
            outcome = await Node(books.replica, TlsNetwork()).sync(serving.address, 10, joining, ticket.inviter)
            assert outcome.goodbye == "ticket"
        books.close()
        result = await trio.to_thread.run_sync(lambda: Copy(tmp_path / "surat").start("join", text).wait())
    assert result.code != 0
    assert "wrong tries" in result.said


async def test_an_expired_ticket_is_refused(office, tmp_path):
    """The head office's clock is turned on by eight days: its node takes the clock as an argument."""
    surat = Copy(tmp_path / "surat")

    class Later(SystemClock):
        def now_ms(self) -> int:
            return super().now_ms() + INVITATION_MS + 1

    told: list[str] = []
    books = Books.open(BooksFolder(office.folder), wait_ms=0)
    node = Node(books.replica, TlsNetwork(), Later(), lambda said: told.append(said.text))
    async with trio.open_nursery() as nursery:
        address = await nursery.start(node.serve, "127.0.0.1:0")
        ticket = await trio.to_thread.run_sync(invite, office, address)
        result = await trio.to_thread.run_sync(lambda: surat.start("join", ticket).wait())
        nursery.cancel_scope.cancel()
    books.close()
    assert result.code != 0
    assert "expired" in result.said
    assert any("expired" in text for text in told)


def test_who_has_not_joined_is_told_so(office, tmp_path):
    surat = Copy(tmp_path / "surat")
    surat.start("join", invite(office, UNUSED)).wait()
    assert "join" in surat.fails("voucher", "list")
