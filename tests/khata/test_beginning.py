"""How books begin in a folder: founded once, joined again and again, never over something else."""

import os
import stat

import pytest

from crdt_models.errors import BadValue
from khata.beginning import found_books, joining_books
from khata.books import Books
from khata.branching import branch_list, invite_branch
from khata.errors import BooksError
from khata.folder import BooksFolder
from khata.master_lists import list_groups, list_ledgers, list_masters
from khata.problems import find_problems
from p2p.errors import ChainError, KeyFileError, StoreError
from p2p.recovery import recovery_keys
from tests.khata.company import a_company, voucher


@pytest.fixture
def folder(tmp_path):
    return BooksFolder(tmp_path / "deep" / "ho")


def found(folder: BooksFolder, company: str = "Sharma Traders") -> str:
    founded = found_books(folder, company, "Head Office", "HO", "asha")
    founded.books.close()
    return founded.phrase


def test_a_new_company_has_what_tally_gives_it(folder):
    phrase = found(folder)
    books = Books.open(folder)
    assert books.company_name == "Sharma Traders"
    assert len(list_groups(books)) == 28
    assert [row["name"] for row in list_ledgers(books)] == ["Cash", "Profit & Loss A/c"]
    assert len(list_masters(books, "voucher-type")) == 24
    assert books.user == "asha"
    assert books.replica.chain.recovery_keys[0] == recovery_keys(phrase).public
    assert find_problems(books) == []
    books.close()


def test_only_the_owner_can_read_the_folder_and_the_key(folder):
    found(folder)
    assert stat.S_IMODE(folder.key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_books_are_not_founded_over_anything(folder):
    found(folder)
    with pytest.raises(BooksError, match="there are books in"):
        found(folder)
    other = BooksFolder(folder.path.parent)
    with pytest.raises(BooksError, match=r"not empty \(it holds ho\)"):
        found(other)
    with pytest.raises(BooksError, match="needs a name"):
        found(BooksFolder(folder.path / "new"), "  ")


def test_founding_that_broke_off_may_be_repeated(folder):
    with pytest.raises(BadValue):
        found_books(folder, "Sharma Traders", "Head Office", "HO", "a" * 200)
    assert folder.key_file.exists()
    with pytest.raises(BooksError, match="there are no books"):
        Books.open(folder)
    found(folder)
    Books.open(folder).close()


def test_a_user_given_now_counts_before_the_one_of_the_beginning(folder):
    found(folder)
    books = Books.open(folder, "ravi")
    assert books.user == "ravi"
    books.close()


def test_who_has_not_been_admitted_is_told_to_join(folder):
    office = a_company()
    joining_books(folder, office.company, "ravi").close()
    with pytest.raises(BooksError, match="khata join"):
        Books.open(folder)
    again = joining_books(folder, office.company, "ravi")
    again.close()
    with pytest.raises(BooksError, match="another company"):
        joining_books(folder, bytes(32), "ravi")


def test_a_ticket_names_the_branch_its_code_and_the_address():
    office = a_company()
    ticket = invite_branch(office, "Pune Camp", "", ["127.0.0.1:7420"])
    assert (ticket.branch, ticket.series, ticket.addresses) == ("Pune Camp", "PUN", ("127.0.0.1:7420",))
    with pytest.raises(ChainError, match="choose another code"):
        invite_branch(office, "Punjab", "PUN", ["127.0.0.1:7420"])
    with pytest.raises(BooksError, match="--address HOST:PORT"):
        invite_branch(office, "Nasik", "NAS", [])
    assert [(row["branch"], row["code"], row["standing"]) for row in branch_list(office)] == [
        ("Head Office", "HO", "member, keeps the list"),
        ("Pune Camp", "PUN", "invited"),
    ]


def test_a_damaged_or_missing_file_is_a_sentence(folder):
    found(folder)
    with pytest.raises(BooksError, match="khata --books"):
        Books.open(BooksFolder(folder.path / "nothing"))
    key = folder.key_file.read_bytes()
    folder.key_file.write_bytes(key[:10])
    with pytest.raises(KeyFileError):
        Books.open(folder)
    folder.key_file.write_bytes(key)
    folder.database.write_bytes(os.urandom(8192))
    for name in ("khata.db-wal", "khata.db-shm"):
        (folder.path / name).unlink(missing_ok=True)
    with pytest.raises(StoreError, match="damaged"):
        Books.open(folder)


def test_only_one_process_serves_a_folder(folder):
    found(folder)
    with folder.serving(), pytest.raises(BooksError, match="another `khata serve`"), folder.serving():
        raise AssertionError("two servers on one folder")
    with folder.serving():
        pass


def test_two_openings_of_one_folder_see_each_other(folder):
    found(folder)
    one, other = Books.open(folder), Books.open(folder)
    entries = "Cash 1 / Profit & Loss A/c -1"
    numbers = [voucher(books, "Receipt", entries).number for books in (one, other, one, other)]
    assert numbers == [f"HO/26-27/0000{count}" for count in (1, 2, 3, 4)]
    one.close()
    other.close()
