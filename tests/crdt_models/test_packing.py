"""Register values as msgpack: what goes in comes out, equal values are equal bytes, and hostile bytes are refused."""

from collections import OrderedDict
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.errors import BadValue
from crdt_models.packing import DEPTH_MAX, Value, check_value, pack, unpack_untrusted

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts | st.binary(max_size=12)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
FLOATS = (0.0, -0.0, 1.5, float("nan"), float("inf"))


def nested(levels: int, innermost: Value = None) -> Value:
    """A value inside so many lists."""
    value = innermost
    for _ in range(levels):
        value = [value]
    return value


def shuffled(value: Value, random: st.DataObject) -> Value:
    """An equal value whose dicts were filled in another order."""
    if isinstance(value, dict):
        names = random.draw(st.permutations(list(value)))
        return {name: shuffled(value[name], random) for name in names}
    return [shuffled(item, random) for item in value] if isinstance(value, list) else value


def same(one: object, other: object) -> bool:
    """Equality that tells True from 1, as people do."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@given(values)
def test_what_goes_in_comes_out(value):
    assert same(unpack_untrusted(pack(value)), value)


@given(values, st.data())
def test_equal_values_are_equal_bytes_whatever_the_order_of_their_keys(value, random):
    assert pack(shuffled(value, random)) == pack(value)


@given(values, values)
def test_different_values_are_different_bytes(one, other):
    assert (pack(one) == pack(other)) == same(one, other)


def test_keys_are_sorted_by_their_bytes():
    assert pack({"b": 1, "a": 2, "aa": 3}) == b"\x83\xa1a\x02\xa2aa\x03\xa1b\x01"
    assert pack(OrderedDict([("b", 1), ("a", 2)])) == pack({"a": 2, "b": 1})


def test_numbers_and_lengths_take_their_shortest_form():
    assert [pack(number) for number in (0, 127, 128, -32, -33, 65536)] == [
        b"\x00", b"\x7f", b"\xcc\x80", b"\xe0", b"\xd0\xdf", b"\xce\x00\x01\x00\x00"
    ]  # fmt: skip
    assert pack("é" * 16)[:2] == b"\xd9\x20"
    assert pack(b"") == b"\xc4\x00"


@pytest.mark.parametrize("number", FLOATS)
@pytest.mark.parametrize("place", ["bare", "in a list", "in a dict", "deep"])
def test_a_float_gets_neither_in_nor_out(number, place):
    places = {"bare": number, "in a list": [1, number], "in a dict": {"a": number}, "deep": [[{"a": [number]}]]}
    value = places[place]
    with pytest.raises(BadValue, match="floating point"):
        pack(value)
    with pytest.raises(BadValue, match="floating point"):
        unpack_untrusted(msgspec.msgpack.encode(value))


def test_a_float_of_half_the_size_does_not_get_out_either():
    with pytest.raises(BadValue, match="floating point"):
        unpack_untrusted(b"\xca\x3f\x80\x00\x00")


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_the_largest_numbers_fit(number):
    assert unpack_untrusted(pack([number])) == [number]


@pytest.mark.parametrize("number", [2**63, 2**64 - 1, 2**64, 10**400, -(2**63) - 1, -(10**400)])
def test_a_number_beyond_64_bits_is_refused(number):
    with pytest.raises(BadValue, match="64 bits"):
        pack({"amount": number})


@pytest.mark.parametrize("number", [2**63, 2**64 - 1])
def test_an_unsigned_number_from_elsewhere_is_refused(number):
    with pytest.raises(BadValue, match="64 bits"):
        unpack_untrusted(b"\xcf" + number.to_bytes(8, "big"))


@pytest.mark.parametrize("value", [Decimal("1.00"), {1, 2}, object(), bytearray(b"a"), msgspec.msgpack.Ext(1, b"")])
def test_only_plain_values_are_kept(value):
    for holder in (value, [value], {"a": value}):
        with pytest.raises(BadValue, match="cannot be kept"):
            pack(holder)


@pytest.mark.parametrize("key", [1, None, b"a", True, ("a",)])
def test_a_key_that_is_not_text_is_refused(key):
    with pytest.raises(BadValue, match="not text"):
        pack({key: 1})
    with pytest.raises(BadValue):
        unpack_untrusted(msgspec.msgpack.encode({key: 1}))


@pytest.mark.parametrize("value", ["\ud800", {"\ud800": 1}, ["a", "\udfff"]])
def test_half_a_character_is_refused(value):
    with pytest.raises(BadValue):
        pack(value)


def test_values_nest_sixteen_levels_and_no_more():
    assert DEPTH_MAX == 16
    deepest = nested(DEPTH_MAX)
    assert unpack_untrusted(pack(deepest)) == deepest
    with pytest.raises(BadValue, match="deeper than 16"):
        pack(nested(DEPTH_MAX + 1))
    with pytest.raises(BadValue, match="deeper than 16"):
        unpack_untrusted(b"\x91" * (DEPTH_MAX + 1) + b"\xc0")
    with pytest.raises(BadValue, match="deeper"):
        unpack_untrusted(pack(nested(3)), depth_max=2)


def test_a_list_that_holds_itself_is_refused():
    circle: list[Value] = []
    circle.append(circle)
    with pytest.raises(BadValue, match="deeper"):
        check_value(circle)


@pytest.mark.parametrize(
    "data",
    [
        b"\x91" * 100_000,
        b"\x81\xa0" * 100_000,
        b"\x81" * 100_000,
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xdd\x00\x10\x00\x00" * 100,
        b"\xa2\xff\xfe",
        b"\xa3\xed\xa0\x80",
        b"\x81\xa1\xff\x01",
        b"\xd4\x01a",
        b"\xd6\xff\x00\x00\x00\x00",
        b"\xc7\x0c\xff" + b"\xff" * 12,
        b"\xc7\x00\x05",
        b"\x81\x80\x01",
        b"\xc1",
        b"",
        b"\x01\x02",
    ],
    ids=lambda data: data[:6].hex() or "nothing",
)
def test_bombs_and_what_is_no_value_at_all(data):
    with pytest.raises(BadValue):
        unpack_untrusted(data)


def refused_or_sound(data: bytes) -> None:
    """Any bytes are a value that `pack` takes as well, or `BadValue`."""
    try:
        value = unpack_untrusted(data)
    except BadValue:
        return
    assert same(unpack_untrusted(pack(value)), value)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_bad(data):
    refused_or_sound(data)


@given(values, st.data())
def test_damaged_values_are_values_or_bad(value, random):
    data = bytearray(pack(value))
    for _ in range(random.draw(st.integers(1, 4))):
        data[random.draw(st.integers(0, len(data) - 1))] = random.draw(st.integers(0, 255))
    refused_or_sound(bytes(data))
    refused_or_sound(bytes(data[: random.draw(st.integers(0, len(data)))]))
