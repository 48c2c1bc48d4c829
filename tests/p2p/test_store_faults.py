"""What goes wrong with files: full disks, damage, permissions, other versions; nothing ever by halves."""

import os
import shutil
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from p2p.errors import StoreError
from p2p.store import Store
from tests.p2p.stores import SCOPES, a_store, check_digests, commit_id, held, put

NOBODY = 65534


def test_a_full_disk_keeps_what_was_there_and_nothing_of_the_batch(tmp_path):
    store = Store.open(tmp_path / "khata.db")
    put(store, SCOPES[0], commit_id(0))
    (pages,) = store.conn.execute("PRAGMA page_count").fetchone()
    store.conn.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StoreError, match="disk is full"):
        put(store, SCOPES[0], *map(commit_id, range(1, 500)))
    assert held(store) == {SCOPES[0]: [commit_id(0)]}
    check_digests(store)
    store.conn.execute("PRAGMA max_page_count=100000")
    put(store, SCOPES[0], *map(commit_id, range(1, 500)))
    check_digests(store)
    assert held(Store.open(tmp_path / "khata.db"))[SCOPES[0]] == [commit_id(number) for number in range(500)]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"certainly no database at all" * 200, "damaged or not a khata database"),
        (b"SQLite format 3\x00" + b"\xff" * 4080, "damaged or not a khata database"),
    ],
)
def test_a_file_that_is_no_database_says_so(tmp_path, data, text):
    (tmp_path / "khata.db").write_bytes(data)
    with pytest.raises(StoreError, match=text):
        Store.open(tmp_path / "khata.db")
    assert (tmp_path / "khata.db").read_bytes() == data


def test_a_damaged_page_is_found_when_it_is_written_to(tmp_path):
    store = Store.open(tmp_path / "khata.db")
    put(store, SCOPES[0], *map(commit_id, range(300)))
    store.close()
    data = (tmp_path / "khata.db").read_bytes()
    (tmp_path / "khata.db").write_bytes(data[: 3 * 4096] + b"\xee" * (len(data) - 3 * 4096))
    with pytest.raises(StoreError, match=r"damaged|failed"):
        put(Store.open(tmp_path / "khata.db"), SCOPES[0], commit_id(300))


@pytest.mark.parametrize("place", ["no such folder/khata.db", ""])
def test_a_place_where_no_file_can_be_says_so(tmp_path, place):
    with pytest.raises(StoreError, match="cannot open"):
        Store.open(tmp_path / place)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be somebody whom permissions apply to."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that anybody may look into, unlike `tmp_path`."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_folder_and_a_file_that_may_only_be_read_say_so(open_folder):
    path = open_folder / "khata.db"
    store = Store.open(path)
    put(store, SCOPES[0], commit_id(1))
    store.close()
    path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
    open_folder.chmod(0o555)
    with unprivileged():
        with pytest.raises(StoreError, match=r"cannot (be written to|open)"):
            Store.open(path)
        with pytest.raises(StoreError, match="cannot open"):
            Store.open(open_folder / "other.db")
    assert path.stat().st_size > 0


def test_a_store_that_becomes_read_only_says_so():
    store = a_store()
    store.conn.execute("PRAGMA query_only=1")
    with pytest.raises(StoreError, match="cannot be written to"):
        put(store, SCOPES[0], commit_id(1))
    assert store.count() == 0


# -- versions -------------------------------------------------------------------------------------------------------


def tables(path: Path) -> set[str]:
    conn = sqlite3.connect(path)
    names = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    conn.close()
    return names


def test_tables_of_others_in_the_file_are_left_as_they_are(tmp_path):
    path = tmp_path / "khata.db"
    conn = sqlite3.connect(path)
    conn.execute("CREATE TABLE ledgers (id INTEGER PRIMARY KEY, name TEXT)")
    conn.execute("INSERT INTO ledgers VALUES (1, 'Cash')")
    conn.commit()
    conn.close()
    store = Store.open(path)
    assert {"commits", "scopes", "chain", "documents", "links"} < tables(path)
    assert store.conn.execute("SELECT name FROM ledgers").fetchall() == [("Cash",)]


def test_opening_again_upgrades_nothing_and_loses_nothing(tmp_path):
    path = tmp_path / "khata.db"
    put(Store.open(path), SCOPES[0], commit_id(1))
    applied = Store.open(path).conn.execute("SELECT * FROM _sqlite_migrations").fetchall()
    store = Store.open(path)
    assert store.conn.execute("SELECT * FROM _sqlite_migrations").fetchall() == applied
    assert held(store) == {SCOPES[0]: [commit_id(1)]}


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "khata.db"
    conn = sqlite3.connect(path)
    conn.execute("CREATE TABLE links (something TEXT)")
    conn.commit()
    conn.close()
    with pytest.raises(StoreError, match="already exists"):
        Store.open(path)
    assert tables(path) == {"links"}


def test_two_who_create_a_store_at_once_create_one(tmp_path):
    path, faults = tmp_path / "khata.db", list[BaseException]()
    together = threading.Barrier(4)

    def create(number: int) -> None:
        together.wait(10)
        try:
            store = Store.open(path)
            put(store, SCOPES[0], commit_id(number))
            store.close()
        except StoreError as error:
            faults.append(error)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    store = Store.open(path)
    assert store.count() == 4
    check_digests(store)
