"""A file is there whole or not at all, nobody's file is replaced unasked, and the books hold still meanwhile."""

import os

import pytest

from khata.errors import BooksError
from khata.export.out_file import export, out_file, snapshot
from tests.khata.company import a_company, ledger


def test_a_file_is_there_with_all_its_bytes_and_nothing_beside_it(tmp_path):
    with out_file(str(tmp_path / "books.journal")) as stream:
        stream.write(b"first ")
        assert not (tmp_path / "books.journal").exists()
        stream.write(b"second")
    assert (tmp_path / "books.journal").read_bytes() == b"first second"
    assert os.listdir(tmp_path) == ["books.journal"]


def test_what_fails_half_way_leaves_nothing(tmp_path):
    def half(name):
        with out_file(str(tmp_path / name), force=True) as stream:
            stream.write(b"some")
            raise ValueError("half way")

    (tmp_path / "old").write_bytes(b"as it was")
    for name in ("new", "old"):
        with pytest.raises(ValueError, match="half way"):
            half(name)
    assert os.listdir(tmp_path) == ["old"]
    assert (tmp_path / "old").read_bytes() == b"as it was"


def test_a_file_that_is_there_is_replaced_only_when_that_was_said(tmp_path):
    path = tmp_path / "books.csv"
    path.write_bytes(b"mine")
    with pytest.raises(BooksError, match="--force"), out_file(str(path)):
        raise AssertionError("refused before anything is written")
    assert path.read_bytes() == b"mine"
    with out_file(str(path), force=True) as stream:
        stream.write(b"new")
    assert path.read_bytes() == b"new"


def test_a_file_that_came_there_meanwhile_is_kept(tmp_path):
    path = tmp_path / "books.csv"

    def write():
        with out_file(str(path)) as stream:
            stream.write(b"mine")
            path.write_bytes(b"somebody else's")

    with pytest.raises(BooksError, match="--force"):
        write()
    assert path.read_bytes() == b"somebody else's"
    assert os.listdir(tmp_path) == ["books.csv"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with out_file(str(tmp_path / "link"), force=True) as stream:
        stream.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@pytest.mark.parametrize("name", ["no/such/folder/x", ".", "/dev/null"])
def test_what_is_no_file_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BooksError, match="--output"), out_file(name, force=True):
        raise AssertionError("refused before anything is written")


def test_standard_output_gets_the_bytes(capsys):
    with out_file("-") as stream:
        stream.write("₹ 5".encode())
    assert capsys.readouterr().out == "₹ 5"


def test_a_summary_names_the_file_beside_what_was_counted(tmp_path):
    def write(books, out, step):
        out.write(books.company_name.encode())
        return {"counts": {"companies": 1}}

    name = str(tmp_path / "name.txt")
    assert export(a_company(), name, write) == {"counts": {"companies": 1}, "file": name}
    assert (tmp_path / "name.txt").read_text() == "Sharma Traders"


def test_after_a_snapshot_the_books_can_be_written_again():
    books = a_company()
    with snapshot(books), snapshot(books):
        assert books.company_name == "Sharma Traders"
    with pytest.raises(ValueError, match="half way"), snapshot(books):
        raise ValueError("half way")
    ledger(books, "Asha Stores")
    assert books.names.find("ledger", "Asha Stores").present
