"""Masters at this copy: names and ids, adding, altering, deleting, merging."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.masters import master_id
from khata.entering_masters import (
    add_master,
    alter_master,
    delete_master,
    merge_masters,
    restore_master,
    set_registers,
)
from khata.errors import Ambiguous, BooksError, NotFound
from khata.ledger_fields import ledger_fields
from khata.listing import list_vouchers
from khata.master_lists import list_groups, list_ledgers, list_masters, read_settings, show_master
from khata.naming import Names, cycles, end_of_merges
from khata.showing import read_shown, shown
from tests.khata.company import a_company, ledger, put, voucher


def a_shop():
    books = a_company()
    ledger(books, "Asha Stores", aliases=("Asha",))
    return books


def test_a_name_means_its_master_in_any_case_and_spacing_by_alias_and_by_id():
    books = a_shop()
    id = master_id(books.company, "ledger", "Asha Stores")
    for text in ("Asha Stores", "ASHA  stores", "asha", f"id:{id.hex()}", id.hex()):
        assert books.names.find("ledger", text).document == id
    with pytest.raises(NotFound, match="khata ledger add Ashaa"):
        books.names.find("ledger", "Ashaa")
    with pytest.raises(NotFound):
        books.names.find("ledger", "")
    with pytest.raises(NotFound):
        books.names.find("ledger", "id:" + "00" * 16)


def test_a_name_that_means_two_is_refused_with_their_ids():
    books = a_shop()
    put(books, "masters/ledger", "ledger", b"l" * 16, name="asha stores")
    with pytest.raises(Ambiguous) as caught:
        books.names.find("ledger", "Asha Stores")
    assert (b"l" * 16).hex() in str(caught.value)
    assert books.names.find("ledger", f"id:{(b'l' * 16).hex()}").name == "asha stores"
    assert books.names.spelled("ledger", b"l" * 16) == f"id:{(b'l' * 16).hex()}"


def test_names_are_taken_once_and_printable():
    books = a_shop()
    for name, reason in (("asha stores", "already"), ("Asha", "already"), ("", "needed"), ("a\x1b[2J", "printable")):
        with pytest.raises(BooksError, match=reason):
            ledger(books, name)
    with pytest.raises(BooksError, match="already"):
        ledger(books, "New", aliases=("Cash",))
    with pytest.raises(BooksError, match="how ids are written"):
        ledger(books, "id:7")


def test_a_renamed_master_keeps_its_id_and_vouchers_follow():
    books = a_shop()
    voucher(books, "Receipt", "Cash 1 / Asha Stores -1")
    alter_master(books, "ledger", "Asha Stores", {"name": "Asha Enterprises"})
    assert list_vouchers(books)[0]["entries"][1]["ledger"] == "Asha Enterprises"
    other = ledger(books, "Asha Stores")
    assert other.id != master_id(books.company, "ledger", "Asha Stores"), "the name's own id is taken"


def test_fields_are_altered_one_by_one():
    books = a_shop()
    alter_master(books, "ledger", "Asha Stores", ledger_fields(books, {"gst_type": "regular", "state": "Goa"}))
    alter_master(
        books, "ledger", "Asha Stores", ledger_fields(books, {"state": "Kerala", "group": "Primary"}, "Asha Stores")
    )
    found = show_master(books, "ledger", "Asha Stores")
    assert found["gst"] == {"registration": "regular", "state": "Kerala"}
    assert found["group"] is None
    assert alter_master(books, "ledger", "Asha Stores", {"state": "Kerala"}).commit is None
    with pytest.raises(BooksError, match="not a GSTIN"):
        ledger_fields(books, {"gstin": "27AAPFU0939F1ZW"})
    with pytest.raises(BooksError, match="cannot hold that"):
        alter_master(books, "ledger", "Asha Stores", {"opening": "many"})


def test_an_altered_version_clashes_instead_of_winning():
    books = a_shop()
    version = show_master(books, "ledger", "Asha Stores")["version"]
    alter_master(books, "ledger", "Asha Stores", {"phone": "1"})
    alter_master(books, "ledger", "Asha Stores", {"phone": "2"}, version)
    assert len(show_master(books, "ledger", "Asha Stores")["conflicts"]) == 1


def test_what_is_in_use_is_not_deleted_and_what_is_deleted_is_not_entered():
    books = a_shop()
    with pytest.raises(BooksError, match="used by 0 vouchers and"):
        delete_master(books, "group", "Sundry Debtors")
    delete_master(books, "ledger", "Asha Stores")
    with pytest.raises(BooksError, match="was deleted; bring it back"):
        voucher(books, "Receipt", "Cash 1 / Asha Stores -1")
    with pytest.raises(BooksError, match="before"):
        delete_master(books, "ledger", "Asha Stores")
    restore_master(books, "ledger", "Asha Stores")
    with pytest.raises(BooksError, match="not deleted"):
        restore_master(books, "ledger", "Asha Stores")
    voucher(books, "Receipt", "Cash 1 / Asha Stores -1")
    with pytest.raises(BooksError, match="used by 1 vouchers"):
        delete_master(books, "ledger", "Asha Stores")


def test_a_merged_master_is_found_as_the_other_until_the_merge_is_undone():
    books = a_shop()
    ledger(books, "Asha Store")
    merged = merge_masters(books, "ledger", "Asha Store", "Asha Stores")
    assert books.names.find("ledger", "asha store").name == "Asha Stores"
    assert [row["name"] for row in list_ledgers(books, "sundry debtors")] == ["Asha Stores"]
    gone = next(row for row in list_ledgers(books, also_gone=True) if row["name"] == "Asha Store")
    assert gone["merged_into"] == "Asha Stores"
    with pytest.raises(BooksError, match="the same"):
        merge_masters(books, "ledger", "Asha Store", "Asha Stores")
    set_registers(books, "ledger", f"id:{merged.id.hex()}", {"merged_into": None})
    assert books.names.find("ledger", "asha store").name == "Asha Store"


def test_a_group_cannot_stand_under_itself():
    books = a_company()
    assets = books.names.find("group", "Current Assets").document
    cash = books.names.find("group", "Cash-in-Hand").document
    for parent in (assets, cash):
        with pytest.raises(BooksError, match="under itself"):
            alter_master(books, "group", "Current Assets", {"parent": parent})
    with pytest.raises(BooksError, match="under itself"):
        set_registers(books, "group", "Current Assets", {"parent": cash})


def test_groups_are_listed_as_a_tree_even_when_some_stand_in_a_ring():
    books = a_company()
    put(books, "masters/group", "group", b"n" * 16, name="North", parent=b"s" * 16)
    put(books, "masters/group", "group", b"s" * 16, name="South", parent=b"n" * 16)
    rows = list_groups(books)
    assert len(rows) == 30
    depth = {row["name"]: (row["parent"], row["depth"]) for row in rows}
    assert depth["Cash-in-Hand"] == ("Current Assets", 1)
    assert depth["North"] == ("", 0)
    assert depth["South"] == ("", 0)


def test_masters_of_any_kind_are_made_from_settings():
    books = a_company()
    add_master(books, "unit", "Nos", read_settings(books, "unit", ["decimals=0", "formal_name=Numbers"]))
    add_master(books, "stock-item", "Soap", read_settings(books, "stock-item", ["unit=nos", 'aliases=["Sabun"]']))
    shown_item = show_master(books, "stock-item", "sabun")
    assert (shown_item["unit"], shown_item["aliases"]) == ("Nos", ["Sabun"])
    assert [row["name"] for row in list_masters(books, "stock-item")] == ["Soap"]
    for settings in (["unit"], ["nonsense=1"], ["sources={}"]):
        with pytest.raises(BooksError, match="is not REGISTER=VALUE"):
            read_settings(books, "stock-item", settings)
    with pytest.raises(BooksError, match="cannot hold that"):
        read_settings(books, "unit", ['decimals="two"'])
    with pytest.raises(BooksError, match="not a kind of master"):
        list_masters(books, "ledgers")


values = st.recursive(
    st.none() | st.booleans() | st.integers(-100, 100) | st.text(max_size=8) | st.binary(max_size=18),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["ledger", "stock-item", "widget"]), st.sampled_from(["group", "godown", "unit", "x"]), values)
def test_what_is_shown_of_any_value_reads_back_or_is_refused(kind, register, value):
    books = a_company()
    text = shown(books.names, kind, register, value)
    try:
        read = read_shown(books.names, kind, register, text)
    except (BooksError, NotFound):
        return
    assert shown(books.names, kind, register, read) == text


@given(st.dictionaries(st.integers(0, 8), st.integers(0, 8), max_size=9))
def test_merges_end_at_one_place_from_wherever_one_starts(target):
    ends = {node: end_of_merges(node, target.get, lambda node: bytes([node])) for node in range(9)}
    for node, into in target.items():
        assert ends[node] == ends[into], "a step further ends at the same place"
    for end in ends.values():
        assert ends[end] == end
    rings = cycles(range(9), target.get)
    for ring in rings:
        assert ring[0] == min(ring)
        assert [target[node] for node in ring] == [*ring[1:], ring[0]]
        assert {ends[node] for node in ring} == {ring[0]}
    assert len({node for ring in rings for node in ring}) == sum(map(len, rings))


def test_a_master_that_came_while_somebody_was_reading_has_its_name():
    """Another process takes in what others send, between the names and the rows of one report."""
    office = a_company()
    reading = Names(office.db, office.company)
    assert len(reading.masters("ledger")) > 0
    ledger(office, "Asha")
    asha = office.names.find("ledger", "Asha").local
    assert reading.label("ledger", asha) == "Asha"
    with pytest.raises(KeyError):
        reading.masters("ledger")[asha + 1000]
