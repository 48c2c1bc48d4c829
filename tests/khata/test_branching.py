"""Branches that are invited: what is refused before anything is written, and tickets that are taken back."""

from pathlib import Path

import pytest

from crdt_models.errors import KhataError
from khata.beginning import found_books
from khata.books import Books
from khata.branching import branch_list, invite_branch, withdraw_invitation
from khata.errors import BooksError
from khata.folder import BooksFolder
from khata.log.entries import read_log
from khata.log.wanted import Wanted
from p2p.admission import invitations
from p2p.errors import ChainError, TicketError
from p2p.invite import Standing
from p2p.limits import INVITATION_MS
from p2p.replica import NotAllowed
from p2p.transport import parse_address
from tests.khata.company import a_branch, a_company, sync

HERE = ["192.168.1.20:7420"]


@pytest.fixture
def office() -> Books:
    return a_company()


def add(books: Books, name: str, code: str = "") -> str:
    return invite_branch(books, name, code, HERE).series


def standings(books: Books) -> dict[str, str]:
    return {f"{row['branch']} {row['code']}": row["standing"] for row in branch_list(books) if not row["device"]}


@pytest.mark.parametrize("name", ["Pune", "PUNE", " pune "])
def test_a_name_that_another_branch_has_is_refused(office: Books, name: str):
    a_branch(office, "Pune")
    before = office.replica.chain_head()
    with pytest.raises(BooksError, match=r"there is a branch Pune \(PUN\) already.*choose another name"):
        add(office, name, "PU2")
    assert office.replica.chain_head() == before


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("foo", "names no port"), ("foo:0", "such as foo:7420"), ("::1", "names no port"), ("foo:bar", "is not an"),
        ("x:y:7420", "is not an"), ("http://ho.example.in:7420", "is not an"), ("ho.example.in:7420/", "is not an"),
        ("0.0.0.0:7420", "nobody can be reached at"), ("[::0]:7420", "nobody can be reached at"),
        ("a b:7420", "is not an"), ("[ho]:7420:1", "is not an"), (":7420", "is not an"), ("foo:99999", "is not an"),
    ],
)  # fmt: skip
def test_an_address_nobody_could_reach_is_refused_before_anything_is_written(office: Books, address: str, said: str):
    before = office.replica.chain_head()
    with pytest.raises(KhataError, match=said):
        invite_branch(office, "Pune", "PUN", [*HERE, address])
    assert office.replica.chain_head() == before
    assert standings(office) == {}


@pytest.mark.parametrize("address", ["192.168.1.20:7420", "ho.example.in:1", "[fe80::1]:7420", "दुकान.भारत:7420"])
def test_addresses_that_can_be_reached_are_taken(office: Books, address: str):
    assert parse_address(address)[1] in (1, 7420)
    if address.isascii():
        assert invite_branch(office, "Pune", "PUN", [address]).addresses == (address,)


def test_an_invitation_is_taken_back_and_made_anew(office: Books):
    first = invite_branch(office, "Pune", "PUN", HERE)
    assert standings(office) == {"Pune PUN": "invited"}
    with pytest.raises(BooksError, match="khata branch withdraw PUN"):
        add(office, "pune")
    assert withdraw_invitation(office, "pun").series == "PUN"
    assert standings(office) == {"Pune PUN": "invitation withdrawn"}
    (kept,) = invitations(office.replica)
    assert kept.standing(office.now()) is Standing.WITHDRAWN
    with pytest.raises(TicketError, match="withdrawn; ask for a new one"):
        kept.check_open(office.now())
    assert first.slot in office.replica.chain.invitations_used
    with pytest.raises(TicketError, match="khata branch list"):
        withdraw_invitation(office, "PUN")
    with pytest.raises(BooksError, match="--code PUN"):
        add(office, "Pune", "PU2")
    second = invite_branch(office, "pune", "", HERE)
    assert (second.branch, second.series) == ("Pune", "PUN")
    assert second.slot != first.slot
    assert standings(office) == {"Pune PUN": "invited"}
    withdraw_invitation(office, "Pune")
    told = [entry["story"] for entry in read_log(office, Wanted(kind="control"))]
    assert told[-1] == "Head Office closed an invitation"
    assert len([story for story in told if "added the branch Pune" in story]) == 1


def test_an_expired_invitation_may_be_made_anew(office: Books):
    add(office, "Pune")
    later = office.now() + INVITATION_MS
    office.now = lambda: later
    assert standings(office) == {"Pune PUN": "invitation expired"}
    add(office, "Pune")
    assert standings(office) == {"Pune PUN": "invited"}


def test_a_code_is_one_branch(office: Books):
    a_branch(office, "Pune")
    with pytest.raises(ChainError, match="PUN is taken"):
        add(office, "Puna", "PUN")
    add(office, "Nashik", "NAS")
    with pytest.raises(ChainError, match="NAS is taken"):
        add(office, "Nasik", "NAS")
    withdraw_invitation(office, "NAS")
    with pytest.raises(ChainError, match="choose another code"):
        add(office, "Nasik", "NAS")


def test_only_the_keeper_takes_back_and_others_see_who_is_awaited(office: Books):
    pune = a_branch(office, "Pune")
    add(office, "Nashik")
    sync(office, pune)
    assert standings(pune) == {"Nashik NAS": "no device yet"}
    with pytest.raises(TicketError):
        withdraw_invitation(pune, "NAS")
    with pytest.raises(NotAllowed):
        add(pune, "Surat")


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("", "PUN", "cannot be a branch's name"), ("  ", "PUN", "cannot be a branch's name"),
        ("Pu\x1bne", "PUN", "cannot be a branch's name"), ("x" * 200, "PUN", "cannot be a branch's name"),
        ("Pune", "TOOLONG", "'TOOLONG' cannot be a code"), ("Pune", "P-1", "'P-1' cannot be a code"),
        ("पुणे", "", "give one, such as PUN"),
    ],
)  # fmt: skip
def test_names_and_codes_that_cannot_be_are_refused_in_words(office: Books, tmp_path: Path, name, code, said):
    before = office.replica.chain_head()
    with pytest.raises(KhataError, match=said):
        add(office, name, code)
    assert office.replica.chain_head() == before
    if code:
        with pytest.raises(BooksError, match=said):
            found_books(BooksFolder(tmp_path / "new"), "Patel", name, code, "Asha")
        assert not (tmp_path / "new").exists()
