"""Saves as bytes: what is written is read, every limit is reached, and hostile bytes raise `BadSave` alone."""

import hashlib

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.errors import BadSave, BadValue, DocumentTooLarge
from crdt_models.packing import Value
from crdt_models.saves import (
    ORIGIN_CHARS_MAX,
    ORIGIN_ENTRY,
    ORIGIN_SET_ASIDE,
    PARENTS_MAX,
    REGISTERS_MAX,
    SAVE_BYTES_MAX,
    SAVE_COMPRESSED_BYTES_MAX,
    USER_CHARS_MAX,
    Save,
    pack_save,
    set_aside,
    unpack_save_untrusted,
)

ID, AUTHOR, TIME = b"s" * 16, b"author 8", 1_790_000_000_000
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts | st.binary(max_size=12)
registers = st.dictionaries(
    texts,
    st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)),
    max_size=4,
)
parent_ids = st.lists(st.binary(min_size=16, max_size=16).filter(ID.__ne__), max_size=4)


def parent(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(4, "big")).digest()[:16]


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that nothing can compress, the same in every run."""
    return hashlib.shake_256(seed.to_bytes(4, "big")).digest(size)


def read(data: bytes) -> Save:
    return unpack_save_untrusted(ID, AUTHOR, TIME, data)


def wire(**changes: object) -> bytes:
    """A save as another program might write it."""
    fields: dict[str, object] = {"p": [], "s": {"amount": "1.00"}, "u": "asha", "o": "entry"}
    return msgspec.msgpack.encode({**fields, **changes})


@given(registers, parent_ids, texts, texts)
def test_what_is_written_is_read(values, parents, user, origin):
    save = read(pack_save(values, parents, user, origin))
    assert save == Save(ID, AUTHOR, TIME, tuple(sorted(parents)), values, user, origin)


@given(registers, parent_ids, st.data())
def test_equal_saves_are_equal_bytes(values, parents, data):
    shuffled = {name: values[name] for name in data.draw(st.permutations(list(values)))}
    assert pack_save(values, parents, "asha") == pack_save(shuffled, data.draw(st.permutations(parents)), "asha")


def test_the_bytes_are_those_of_the_protocol():
    data = pack_save({"name": "Cash", "amount": "1.00"}, [b"\x02" * 16, b"\x01" * 16], "asha")
    assert data == (
        b"\x84\xa1o\xa5entry\xa1p\x92\xc4\x10" + b"\x01" * 16 + b"\xc4\x10" + b"\x02" * 16
        + b"\xa1s\x82\xa6amount\xa41.00\xa4name\xa4Cash\xa1u\xa4asha"
    )  # fmt: skip


def test_nothing_is_kept_of_who_the_bytes_say_wrote_them():
    assert read(wire(author=b"somebody", time=1, id=b"x")) == read(wire())


def test_fields_that_a_newer_version_adds_are_ignored_here():
    assert read(wire(z={"more": [1.5]}, y=1)) == read(wire())


@pytest.mark.parametrize("value", [1.5, float("nan"), [0.0], {"rate": 1.0}, {"a": [{"b": 2.0}]}])
def test_floats_are_refused_everywhere(value):
    with pytest.raises(BadValue, match="floating point"):
        pack_save({"amount": value}, [], "asha")
    with pytest.raises(BadSave, match="floating point"):
        read(wire(s={"amount": value}))


def test_a_save_sets_up_to_256_registers():
    most: dict[str, Value] = {f"r{number}": number for number in range(REGISTERS_MAX)}
    assert read(pack_save(most, [], "asha")).values == most
    with pytest.raises(BadValue, match="257 registers"):
        pack_save({**most, "more": 1}, [], "asha")
    with pytest.raises(BadSave, match="257 registers"):
        read(wire(s={**most, "more": 1}))


def test_a_save_names_up_to_1024_parents():
    most = [parent(number) for number in range(PARENTS_MAX)]
    assert read(wire(p=most)).parents == tuple(most)
    with pytest.raises(BadSave, match="1025 parents"):
        read(wire(p=[*most, parent(-1 % 2**32)]))
    alike = [bytes(16)] * PARENTS_MAX
    assert read(pack_save({}, alike, "asha")).parents == tuple(alike)
    with pytest.raises(BadValue, match="1025 parents"):
        pack_save({}, [*alike, bytes(16)], "asha")


def test_user_and_origin_have_up_to_128_characters():
    user, origin = "é" * USER_CHARS_MAX, "ü" * ORIGIN_CHARS_MAX
    assert read(pack_save({}, [], user, origin)) == Save(ID, AUTHOR, TIME, (), {}, user, origin)
    for long in ((user + "x", origin), (user, origin + "x")):
        with pytest.raises(BadValue, match="128"):
            pack_save({}, [], *long)
        with pytest.raises(BadSave, match="128"):
            read(wire(u=long[0], o=long[1]))


def test_a_save_has_up_to_256_kib():
    overhead = len(pack_save({"text": "x" * 70_000}, [], "asha")) - 70_000
    largest = pack_save({"text": "x" * (SAVE_BYTES_MAX - overhead)}, [], "asha")
    assert len(largest) == SAVE_BYTES_MAX
    assert len(str(read(largest).values["text"])) == SAVE_BYTES_MAX - overhead
    with pytest.raises(DocumentTooLarge, match="split the voucher"):
        pack_save({"text": "x" * (SAVE_BYTES_MAX - overhead + 1)}, [], "asha")
    with pytest.raises(BadSave, match="over the limit"):
        read(largest + b"\xc0")
    with pytest.raises(BadSave, match="over the limit"):
        read(wire(s={"text": "x" * SAVE_BYTES_MAX}))


def test_a_save_has_up_to_16_kib_compressed():
    fits = pack_save({"photo": noise(SAVE_COMPRESSED_BYTES_MAX - 100)}, [], "asha")
    assert len(zstandard.compress(fits)) <= SAVE_COMPRESSED_BYTES_MAX
    with pytest.raises(DocumentTooLarge, match="when compressed"):
        pack_save({"photo": noise(SAVE_COMPRESSED_BYTES_MAX)}, [], "asha")


def test_a_voucher_of_a_thousand_lines_is_one_save():
    lines: list[Value] = [
        {"ledger": noise(16, number % 50), "amount": f"-{number}.50", "costs": [["pune", "12.00"]]}
        for number in range(1000)
    ]
    assert read(pack_save({"posting": {"entries": lines}}, [parent(1)], "asha")).parents == (parent(1),)


@pytest.mark.parametrize("bad", [b"", b"p" * 15, b"p" * 17, ID])
def test_a_parent_that_cannot_be_one_is_refused(bad):
    with pytest.raises(BadSave, match="parent"):
        read(wire(p=[parent(1), bad]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc0",
        b"\x90",
        b"\x80",
        wire(p=None),
        wire(p=["text of 16 bytes"]),
        wire(s=[]),
        wire(s={1: 1}),
        wire(u=None),
        wire(u=b"bytes"),
        wire(o=5),
        wire(s={"a": 2**63}),
        wire(s={"a": msgspec.msgpack.Ext(1, b"x")}),
        wire(s={"a": {b"key": 1}}),
        wire() + b"\x00",
        wire()[:-1],
        wire(s={"a": "x"}).replace(b"\xa1x", b"\xa1\xff"),
        wire(s={"a": "x"}).replace(b"\xa1x", b"\xd6\xff\x00\x00\x00\x00"),
        b"\x84\xa1p\x90\xa1s\x81\xa1a" + b"\x91" * 200_000 + b"\xc0\xa1u\xa0\xa1o\xa0",
        b"\x85\xa1z" + b"\x91" * 200_000 + b"\xc0\xa1p\x90\xa1s\x80\xa1u\xa0\xa1o\xa0",
        b"\x84\xa1p\xdd\xff\xff\xff\xff",
        b"\x84\xa1p\x90\xa1s\xdf\xff\xff\xff\xff",
    ],
    ids=lambda data: f"{len(data)} {data[:12].hex()}",
)
def test_what_is_no_save_at_all(data):
    with pytest.raises(BadSave):
        read(data)


def only_bad_save(data: bytes) -> None:
    try:
        save = read(data)
    except BadSave:
        return
    assert read(pack_save(save.values, save.parents, save.user, save.origin)).values == save.values


@given(st.binary(max_size=300))
def test_any_bytes_are_a_save_or_bad(data):
    only_bad_save(data)


@given(registers, parent_ids, st.data())
def test_a_damaged_save_is_a_save_or_bad(values, parents, random):
    data = bytearray(pack_save(values, parents, "asha"))
    for _ in range(random.draw(st.integers(1, 4))):
        data[random.draw(st.integers(0, len(data) - 1))] = random.draw(st.integers(0, 255))
    only_bad_save(bytes(data))
    only_bad_save(bytes(data[: random.draw(st.integers(0, len(data)))]))


@given(registers, parent_ids, texts)
def test_a_save_set_aside_keeps_its_parents_and_none_of_its_values(values, parents, user):
    save = read(pack_save(values, parents, user))
    assert read(set_aside(save)) == Save(ID, AUTHOR, TIME, save.parents, {}, user, ORIGIN_SET_ASIDE)
    assert ORIGIN_ENTRY == save.origin != ORIGIN_SET_ASIDE
