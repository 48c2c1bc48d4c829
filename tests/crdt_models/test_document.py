"""Documents merge: any order, duplication and partition of the same saves gives the same document and the same Yjs."""

import hashlib
from collections.abc import Sequence
from functools import reduce

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Map

from crdt_models.document import Document, client_id
from crdt_models.errors import BadSave, BadValue, DocumentTooLarge
from crdt_models.folding import HistoryEntry
from crdt_models.packing import Value
from crdt_models.saves import ORIGIN_SET_ASIDE, Save, pack_save, set_aside, unpack_save_untrusted
from tests.crdt_models.oracle import AUTHORS, check_equal, expected, graphs, save_id

Arrival = tuple[bytes, bytes, int, bytes]
NOTHING_NEW = b"\x00\x00"
"""The Yjs update of somebody who has all there is."""


def a_document(*arrivals: Arrival) -> Document:
    document = Document("masters/ledger", "ledger", b"d" * 16)
    for arrival in arrivals:
        document.add(*arrival)
    return document


def arrival_of(save: Save) -> Arrival:
    return save.id, save.author, save.time, pack_save(save.values, save.parents, save.user, save.origin)


def an_arrival(
    name: bytes, /, time: int = 1, author: int = 0, parents: Sequence[bytes] = (), **values: Value
) -> Arrival:
    return name, AUTHORS[author], time, pack_save(values, parents, "asha")


@st.composite
def arrivals(draw: st.DrawFn) -> list[Arrival]:
    """Saves of one document, in any order."""
    saves = draw(graphs())
    return draw(st.permutations([arrival_of(save) for save in saves.values()]))


def yjs_of(*updates: bytes) -> Doc[Map[bytes]]:
    """A plain Yjs document, as any Yjs tool would have it."""
    doc: Doc[Map[bytes]] = Doc()
    for update in updates:
        doc.apply_update(update)
    return doc


def entries(doc: Doc[Map[bytes]]) -> dict[str, bytes]:
    saves: Map[bytes] = doc.get("saves", type=Map)
    return {name: bytes(entry) for name, entry in saves.items()}


def check_same(one: Document, other: Document) -> None:
    """Equal in every way that anybody could ask."""
    check_equal(one.fold(), other.fold())
    assert one.heads() == other.heads()
    assert one.history() == other.history()
    assert one.saves() == other.saves()
    first, second = yjs_of(one.update()), yjs_of(other.update())
    assert entries(first) == entries(second)
    assert first.get_update(second.get_state()) == second.get_update(first.get_state()) == NOTHING_NEW


# -- laws -----------------------------------------------------------------------------------------------------------


@given(arrivals(), st.data())
def test_any_order_and_any_duplication_give_the_same_document(made, data):
    document = a_document(*made)
    repeated = data.draw(st.lists(st.sampled_from(made), max_size=5))
    check_same(document, a_document(*data.draw(st.permutations(made + repeated))))
    check_equal(document.fold(), expected(dict(document.saves())))


@given(arrivals(), st.data())
def test_asking_for_the_update_between_saves_changes_nothing(made, data):
    document = a_document()
    for arrival in made:
        document.add(*arrival)
        if data.draw(st.booleans()):
            document = Document.from_update(document.scope, document.kind, document.id, document.update())
    check_same(document, a_document(*made))


@given(arrivals(), st.data())
def test_copies_that_hold_parts_merge_to_the_same_in_any_grouping(made, data):
    """Commutative, associative, idempotent: in saves, and in Yjs by tools that know nothing of us."""
    copies = data.draw(st.integers(2, 4))
    parts: list[list[Arrival]] = [[] for _ in range(copies)]
    for arrival in made:
        for copy in data.draw(st.sets(st.integers(0, copies - 1), min_size=1)):
            parts[copy].append(arrival)
    documents = [a_document(*part) for part in parts]
    whole = a_document(*made)
    check_same(reduce(merged, documents), whole)
    check_same(reduce(lambda right, left: merged(left, right), reversed(documents)), whole)
    check_same(merged(whole, documents[0]), whole)
    updates = data.draw(st.permutations([document.update() for document in documents if document.saves()]))
    in_yjs = yjs_of(*updates, *updates[:1]).get_update()
    check_same(Document.from_update("masters/ledger", "ledger", b"d" * 16, in_yjs), whole)


def merged(one: Document, other: Document) -> Document:
    """A third document with the saves of both; neither is touched."""
    union = a_document()
    for document in (one, other):
        for save in document.saves().values():
            union.add(*arrival_of(save))
    return union


@given(arrivals())
def test_an_update_written_and_read_is_the_same_document(made):
    document = a_document(*made)
    update = document.update()
    again = Document.from_update(document.scope, document.kind, document.id, update)
    assert again.update() == update
    check_same(again, document)


@given(arrivals(), st.data())
def test_two_plain_yjs_tools_exchange_what_the_other_lacks(made, data):
    half = data.draw(st.integers(0, len(made)))
    one, other = yjs_of(*updates_of(made[:half])), yjs_of(*updates_of(made[half:]))
    for_other, for_one = one.get_update(other.get_state()), other.get_update(one.get_state())
    one.apply_update(for_one)
    other.apply_update(for_other)
    assert entries(one) == entries(other) == entries(yjs_of(a_document(*made).update()))


def updates_of(made: Sequence[Arrival]) -> list[bytes]:
    return [a_document(arrival).update() for arrival in made]


@given(arrivals(), st.data())
def test_a_version_shows_what_its_author_was_looking_at(made, data):
    document = a_document(*made)
    version = data.draw(st.sets(st.sampled_from([arrival[0] for arrival in made])))
    below: dict[bytes, Save] = {}
    ahead = sorted(version)
    while ahead:
        save = document.saves().get(ahead.pop())
        if save is not None:
            below[save.id] = save
            ahead.extend(save.parents)
    if below:
        check_equal(document.fold_at(version), expected(below))
    assert document.fold_at([save_id("unknown")]).values == {}
    check_equal(document.fold_at(document.heads()), document.fold())


@given(arrivals())
def test_an_edit_made_with_the_version_in_hand_conflicts_with_nothing_it_showed(made):
    document = a_document(*made)
    changes: dict[str, Value] = {"amount": "7.00", "party": "Asha", "name": "all"}
    data = document.save(changes, document.heads(), "asha")
    assert len(document.saves()) == len(made)
    document.add(save_id("edit"), AUTHORS[0], -5, data)
    assert document.fold().conflicts == ()
    assert document.fold().values == changes
    assert document.heads() == (save_id("edit"),)


# -- refusals leave everything as it was ----------------------------------------------------------------------------


def test_a_save_that_contradicts_the_one_held_is_refused():
    document = a_document(an_arrival(b"a" * 16, amount="1.00"))
    update, folded = document.update(), document.fold()
    for other in (
        an_arrival(b"a" * 16, amount="2.00"),
        an_arrival(b"a" * 16, time=2, amount="1.00"),
        an_arrival(b"a" * 16, author=1, amount="1.00"),
    ):
        with pytest.raises(BadSave, match="two different saves"):
            document.add(*other)
    assert (document.update(), document.fold()) == (update, folded)
    assert not document.put(document.saves()[b"a" * 16], an_arrival(b"a" * 16, amount="1.00")[3])


@pytest.mark.parametrize("name", [b"", b"a" * 15, b"a" * 17])
def test_a_save_id_has_sixteen_bytes(name):
    document = a_document()
    with pytest.raises(BadSave, match="16 bytes"):
        document.add(name, AUTHORS[0], 1, pack_save({}, [], "asha"))
    assert document.saves() == {}


@given(st.binary(max_size=60))
def test_hostile_bytes_leave_a_document_as_it_was(data):
    document = a_document(an_arrival(b"a" * 16, amount="1.00"))
    update = document.update()
    try:
        document.add(b"b" * 16, AUTHORS[0], 1, data)
    except BadSave:
        assert (document.update(), len(document.saves())) == (update, 1)


@pytest.mark.parametrize(
    ("changes", "error"), [({"amount": 1.5}, BadValue), ({"text": "x" * 300_000}, DocumentTooLarge)]
)
def test_a_change_that_cannot_be_kept_is_refused_before_anything_is_written(changes, error):
    document = a_document(an_arrival(b"a" * 16, amount="1.00"))
    with pytest.raises(error):
        document.save(changes, document.heads(), "asha")
    assert document.heads() == (b"a" * 16,)


@pytest.mark.parametrize("name", ["not hexadecimal", "aa", ""])
def test_a_yjs_document_with_entries_that_are_no_saves_is_refused(name):
    doc: Doc[Map[bytes]] = Doc()
    entry = msgspec.msgpack.encode((AUTHORS[0], 1, pack_save({}, [], "asha")))
    doc.get("saves", type=Map)[name] = entry
    with pytest.raises(BadSave):
        Document.from_update("masters/ledger", "ledger", b"d" * 16, doc.get_update())


@pytest.mark.parametrize(
    "entry", [b"", b"\x93", b"\x92\xc4\x00\x01", b"\x93\xc4\x00\xa1x\xc4\x00", b"\x93\xc4\x00\x01\xc4\x01\xc1"]
)
def test_a_yjs_entry_that_is_no_save_is_refused(entry):
    doc: Doc[Map[bytes]] = Doc()
    doc.get("saves", type=Map)["0a" * 16] = entry
    with pytest.raises(BadSave):
        Document.from_update("masters/ledger", "ledger", b"d" * 16, doc.get_update())


# -- commits set aside ----------------------------------------------------------------------------------------------


def test_a_save_set_aside_counts_as_known_and_shows_nothing():
    first = an_arrival(b"1" * 16, amount="1.00")
    second = an_arrival(b"2" * 16, time=2, parents=[first[0]], amount="2.00", name="Asha")
    third = an_arrival(b"3" * 16, time=3, parents=[second[0]], amount="3.00")
    aside = (*second[:3], set_aside(unpack_save_untrusted(*second)))
    folded = a_document(first, aside, third).fold()
    assert folded.values == {"amount": "3.00"}
    assert folded.conflicts == ()
    assert folded.heads == (third[0],)
    assert a_document(first, aside).fold().values == {"amount": "1.00"}
    assert a_document(first, aside).saves()[second[0]].origin == ORIGIN_SET_ASIDE


@given(arrivals(), st.data())
def test_setting_aside_and_taking_back_ends_where_it_began(made, data):
    chosen = data.draw(st.sampled_from(made))
    aside = (*chosen[:3], set_aside(unpack_save_untrusted(*chosen)))
    without = a_document(*[aside if arrival is chosen else arrival for arrival in made])
    assert without.heads() == a_document(*made).heads()
    claims = [claim.save for conflict in without.fold().conflicts for claim in conflict.claims]
    assert chosen[0] not in claims
    check_same(a_document(*[arrival for arrival in made if arrival is not chosen], chosen), a_document(*made))


# -- Yjs client ids -------------------------------------------------------------------------------------------------


def twin(number: int, above: int = 0) -> bytes:
    """Save ids whose leading 53 bits, and so their Yjs client ids, are alike; `above` counts the client id up."""
    leading = (0x1234_5678_9ABC_D000 >> 11) + above
    return ((leading << 11) | number).to_bytes(8, "big") + hashlib.sha256(b"%d %d" % (number, above)).digest()[:8]


def test_a_client_id_is_the_leading_53_bits():
    assert client_id(b"\xff" * 16) == 2**53 - 1
    assert client_id(bytes(16)) == 0
    assert client_id(b"\x80" + bytes(15)) == 2**52
    assert client_id(bytes(6) + b"\x08" + bytes(9)) == 1
    assert client_id(bytes(6) + b"\x07\xff" + bytes(8)) == 0
    assert client_id(twin(0)) == client_id(twin(2047)) == client_id(twin(3, above=1)) - 1


TWINS = [
    an_arrival(twin(1), amount="1.00"),
    an_arrival(twin(7), time=2, author=1, amount="2.00"),
    an_arrival(twin(2047), time=3, name="Asha"),
    an_arrival(twin(5, above=1), time=4, amount="4.00"),
    an_arrival(twin(6, above=2), time=5, party="Usha"),
]


@given(st.permutations(TWINS), st.data())
def test_saves_whose_client_ids_collide_are_all_kept_and_all_copies_are_equal(made, data):
    document = a_document()
    for arrival in made:
        document.add(*arrival)
        if data.draw(st.booleans()):
            document = Document.from_update(document.scope, document.kind, document.id, document.update())
    check_same(document, a_document(*TWINS))
    assert set(entries(yjs_of(document.update()))) == {arrival[0].hex() for arrival in TWINS}


def test_the_last_client_id_of_all_is_followed_by_the_first():
    highest = [an_arrival(b"\xff" * 15 + bytes([number]), amount=str(number)) for number in range(3)]
    made = [*highest, an_arrival(bytes(16), amount="0")]
    check_same(a_document(*made), a_document(*reversed(made)))
    assert len(entries(yjs_of(a_document(*made).update()))) == 4


# -- what people see ------------------------------------------------------------------------------------------------


def test_a_form_that_was_open_while_somebody_else_saved_becomes_a_conflict():
    document = a_document(an_arrival(b"1" * 16, amount="1.00"))
    form = document.heads()
    document.add(*an_arrival(b"2" * 16, time=2, parents=form, amount="2.00"))
    document.add(b"3" * 16, AUTHORS[1], 3, document.save({"amount": "3.00"}, form, "usha"))
    folded = document.fold()
    assert folded.values == {"amount": "3.00"}
    assert [claim.value for claim in folded.conflicts[0].claims] == ["3.00", "2.00"]
    document.add(b"4" * 16, AUTHORS[0], 4, document.save({"amount": "2.00"}, document.heads(), "asha", "settle"))
    assert document.fold().conflicts == ()
    log: list[HistoryEntry] = document.history()
    assert [(entry.save.user, entry.save.origin) for entry in log][-1] == ("asha", "settle")
    assert [entry.changes[0][1:] for entry in log] == [
        (None, "1.00"),
        ("1.00", "2.00"),
        ("1.00", "3.00"),
        ("3.00", "2.00"),
    ]


def test_registers_and_kinds_of_newer_versions_are_kept():
    document = Document("masters/drone", "drone", b"d" * 16)
    document.add(*an_arrival(b"1" * 16, altitude={"metres": "12.5", "flags": [True, None]}))
    again = Document.from_update("masters/drone", "drone", b"d" * 16, document.update())
    assert again.fold().values == {"altitude": {"metres": "12.5", "flags": [True, None]}}


def test_a_document_of_no_saves_is_empty():
    document = a_document()
    assert document.update() == b""
    assert document.fold().created is None
    assert document.heads() == ()
