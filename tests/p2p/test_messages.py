"""Every message on the wire: there and back, at its limits, with fields of newer versions, damaged, in any pieces."""

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p import messages
from p2p.errors import RemoteProtocolError
from p2p.limits import (
    COMMIT_SEALED_BYTES_MAX,
    ENTRY_BODY_BYTES_MAX,
    FRAME_BYTES_MAX,
    HEADER_BYTES_MAX,
    NAME_CHARS_MAX,
    OFFER_IDS_MAX,
    SCOPE_CHARS_MAX,
    SEQUENCE_MAX,
    TIME_MS_MAX,
)
from p2p.messages import (
    Ack,
    Answer,
    AnyMessage,
    Ask,
    Chain,
    Challenge,
    Commits,
    FrameReader,
    Fresh,
    Goodbye,
    Hello,
    Joining,
    Message,
    Offer,
    Ping,
    Pong,
    Proof,
    Report,
    ReportRow,
    Slot,
    Standing,
    Tree,
    Want,
    decode_untrusted,
    encode,
)


def exactly(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


def up_to(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(max_size=size)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
sequences, counts, trees = st.integers(-1, SEQUENCE_MAX), st.integers(0, 2**40), st.integers(0, 1)
prefixes = st.integers(0, 5).flatmap(lambda number: exactly(8 * number))
parts = st.tuples(up_to(HEADER_BYTES_MAX), exactly(64), st.none() | up_to(300))
joinings = st.builds(Joining, exactly(16), exactly(32), texts, exactly(32))
answers = st.builds(
    Answer,
    texts,
    exactly(16),
    counts,
    st.none() | st.lists(st.tuples(texts, exactly(16), counts), max_size=3),
    st.none() | prefixes,
    st.booleans(),
)
shares = up_to(16)
moments = st.none() | st.integers(0, TIME_MS_MAX)
report_rows = st.builds(ReportRow, exactly(32), moments, moments, counts, moments)
KINDS: dict[type[Message], st.SearchStrategy[Message]] = {
    Challenge: st.builds(Challenge, exactly(32)),
    Slot: st.builds(Slot, exactly(16), up_to(300)),
    Proof: st.builds(Proof, exactly(32), exactly(32), sequences, up_to(32), exactly(64), st.none() | joinings),
    Hello: st.builds(
        Hello, st.integers(0, 1000), st.integers(0, 1000), st.integers(0, TIME_MS_MAX), sequences, up_to(32),
        exactly(16), counts, shares, exactly(16), counts,
    ),
    Chain: st.builds(Chain, st.lists(up_to(60), max_size=4)),
    Ask: st.builds(Ask, trees, shares, st.lists(texts, max_size=4)),
    Tree: st.builds(Tree, trees, shares, st.lists(answers, max_size=3)),
    Offer: st.builds(Offer, trees, shares, st.lists(st.tuples(texts, prefixes), max_size=3)),
    Want: st.builds(
        Want, counts, trees, shares, st.lists(st.tuples(texts, st.none() | prefixes), max_size=3), st.booleans()
    ),
    Commits: st.builds(Commits, counts, st.booleans(), st.lists(parts, max_size=3)),
    Fresh: st.builds(Fresh, st.lists(parts, max_size=3)),
    Ack: st.builds(Ack, counts, st.lists(st.tuples(exactly(32), texts), max_size=3)),
    Standing: st.builds(Standing, trees, shares, exactly(16), counts, shares, st.booleans()),
    Report: st.builds(Report, st.lists(report_rows, max_size=3)),
    Ping: st.builds(Ping),
    Pong: st.builds(Pong),
    Goodbye: st.builds(Goodbye, texts, texts),
}  # fmt: skip
any_message = st.one_of(*KINDS.values())


def read_all(data: bytes, pieces: int = 1 << 20) -> list[AnyMessage]:
    """Messages in a stream that arrives in pieces of this size."""
    reader, found = FrameReader(), list[AnyMessage]()
    for at in range(0, len(data), pieces):
        reader.feed(data[at : at + pieces])
        while (message := reader.next_message_untrusted()) is not None:
            found.append(message)
    return found


def fields_of(message: Message) -> list[Any]:
    """A message as a newer version would see it: a list that begins with the tag."""
    fields: list[Any] = msgspec.msgpack.decode(encode(message)[4:])
    return fields


def test_every_message_is_tested_here():
    assert set(KINDS) == set(get_args(AnyMessage))
    named = {value for value in vars(messages).values() if isinstance(value, type) and issubclass(value, Message)}
    assert named - {Message} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_message_comes_out_as_it_went_in(kind):
    @given(KINDS[kind])
    def check(message: Message) -> None:
        frame = encode(message)
        assert int.from_bytes(frame[:4], "big") == len(frame) - 4
        assert decode_untrusted(frame[4:]) == message
        assert fields_of(message)[0] == kind.__name__.lower()

    check()


@given(any_message, st.lists(st.none() | st.floats() | st.lists(st.binary(max_size=4)), min_size=1, max_size=3))
def test_fields_that_a_newer_version_adds_are_ignored(message, more):
    assert decode_untrusted(msgspec.msgpack.encode([*fields_of(message), *more])) == message


@given(st.lists(any_message, max_size=6), st.integers(1, 40))
def test_frames_are_cut_from_a_stream_in_any_pieces(sent, pieces):
    stream = b"".join(map(encode, sent))
    assert read_all(stream, pieces) == read_all(stream) == sent
    reader = FrameReader()
    reader.feed(stream + encode(Challenge(bytes(32)))[:-1])
    assert [reader.next_message_untrusted() for _ in sent] == sent
    assert reader.next_message_untrusted() is None


@pytest.mark.parametrize("tag", ["sing", "", "Challenge", "PING", "message", "hellø", 7, None, [], b"ping", True])
def test_a_tag_that_is_not_known_is_unsupported(tag):
    with pytest.raises(RemoteProtocolError) as raised:
        decode_untrusted(msgspec.msgpack.encode([tag, 1, 2]))
    assert raised.value.code in ({"unsupported"} if isinstance(tag, str) else {"unsupported", "malformed"})


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in (Ping, Pong)], ids=lambda kind: kind.__name__)
def test_a_message_that_lacks_a_field_is_malformed(kind):
    @given(KINDS[kind])
    def check(message: Message) -> None:
        required = sum(one.required for one in msgspec.structs.fields(kind))
        with pytest.raises(RemoteProtocolError) as raised:
            decode_untrusted(msgspec.msgpack.encode(fields_of(message)[:required]))
        assert raised.value.code == "malformed"

    check()


HELLO = Hello(1, 0, 0, -1, b"", bytes(16), 0, b"", bytes(16), 0)
PARTS = (b"h" * HEADER_BYTES_MAX, b"s" * 64, b"b" * COMMIT_SEALED_BYTES_MAX)
LARGEST: list[Message] = [
    Proof(bytes(32), bytes(32), SEQUENCE_MAX, bytes(32), bytes(64), Joining(bytes(16), bytes(32), "é" * 64, bytes(32))),
    Hello(1000, 1000, TIME_MS_MAX, SEQUENCE_MAX, bytes(32), bytes(16), 2**40, bytes(16), bytes(16), 2**40),
    Chain([b"e" * (ENTRY_BODY_BYTES_MAX + 1024)] * 3),
    Chain([b""] * 4096),
    Ask(1, bytes(16), ["n" * (SCOPE_CHARS_MAX + 17)] * 1024),
    Tree(1, bytes(16), [Answer("n", bytes(16), 2**40, None, bytes(OFFER_IDS_MAX * 8))]),
    Tree(1, bytes(16), [Answer("", bytes(16), 2**40, [("n" * 164, bytes(16), 2**40)] * 1024, None, more=True)]),
    Tree(1, bytes(16), [Answer("", bytes(16), 0)] * 1024),
    Offer(1, bytes(16), [("n", bytes(OFFER_IDS_MAX * 8))]),
    Offer(1, bytes(16), [("n", bytes(8))] * 4096),
    Want(2**40, 1, bytes(16), [("n" * (SCOPE_CHARS_MAX + 17), None)] * 4096, answers_offer=True),
    Commits(2**40, True, [PARTS] * 3),
    Commits(2**40, False, [(b"", b"s" * 64, None)] * 1024),
    Fresh([PARTS]),
    Ack(2**40, [(bytes(32), "r" * 900)] * 1024),
    Goodbye("c" * 32, "t" * 1024),
]


@pytest.mark.parametrize("message", LARGEST, ids=lambda message: type(message).__name__)
def test_the_largest_of_each_fits_a_frame_and_is_read(message):
    frame = encode(message)
    assert len(frame) <= FRAME_BYTES_MAX + 4
    assert read_all(frame, 64 * 1024) == [message]


TOO_LARGE: list[Message] = [
    Challenge(bytes(31)),
    Challenge(bytes(33)),
    Proof(bytes(31), bytes(32), 0, b"", bytes(64)),
    Proof(bytes(32), bytes(33), 0, b"", bytes(64)),
    Proof(bytes(32), bytes(32), -2, b"", bytes(64)),
    Proof(bytes(32), bytes(32), SEQUENCE_MAX + 1, b"", bytes(64)),
    Proof(bytes(32), bytes(32), 0, bytes(33), bytes(64)),
    Proof(bytes(32), bytes(32), 0, b"", bytes(63)),
    Proof(
        bytes(32), bytes(32), 0, b"", bytes(64), Joining(bytes(16), bytes(32), "n" * (NAME_CHARS_MAX + 1), bytes(32))
    ),
    Proof(bytes(32), bytes(32), 0, b"", bytes(64), Joining(bytes(15), bytes(32), "", bytes(32))),
    Proof(bytes(32), bytes(32), 0, b"", bytes(64), Joining(bytes(16), bytes(32), "", bytes(31))),
    msgspec.structs.replace(HELLO, major=-1),
    msgspec.structs.replace(HELLO, minor=1001),
    msgspec.structs.replace(HELLO, time=-1),
    msgspec.structs.replace(HELLO, time=TIME_MS_MAX + 1),
    msgspec.structs.replace(HELLO, control=bytes(15)),
    msgspec.structs.replace(HELLO, count=2**40 + 1),
    msgspec.structs.replace(HELLO, share=bytes(17)),
    Chain([b"e" * (ENTRY_BODY_BYTES_MAX + 1025)]),
    Chain([b""] * 4097),
    Ask(2, b"", [""]),
    Ask(-1, b"", [""]),
    Ask(1, bytes(17), [""]),
    Ask(1, b"", ["n" * (SCOPE_CHARS_MAX + 18)]),
    Ask(1, b"", [""] * 1025),
    Tree(1, b"", [Answer("", bytes(16), 0)] * 1025),
    Tree(1, b"", [Answer("", bytes(15), 0)]),
    Tree(1, b"", [Answer("", bytes(16), 0, [("", bytes(16), 0)] * 1025)]),
    Tree(1, b"", [Answer("", bytes(16), 0, None, bytes(OFFER_IDS_MAX * 8 + 1))]),
    Offer(1, b"", [("", b"")] * 4097),
    Offer(1, b"", [("", bytes(OFFER_IDS_MAX * 8 + 1))]),
    Want(-1, 1, b"", []),
    Want(1, 1, b"", [("", b"")] * 4097),
    Commits(1, True, [(b"h" * (HEADER_BYTES_MAX + 1), bytes(64), b"")]),
    Commits(1, True, [(b"h", bytes(65), b"")]),
    Commits(1, True, [(b"h", bytes(64), bytes(COMMIT_SEALED_BYTES_MAX + 1))]),
    Commits(1, True, [(b"", bytes(64), b"")] * 1025),
    Fresh([(b"", bytes(64), b"")] * 1025),
    Ack(-1),
    Ack(1, [(bytes(32), "")] * 1025),
    Ack(1, [(bytes(31), "")]),
    Ack(1, [(bytes(32), "r" * 1025)]),
    Standing(1, b"", bytes(16), 0, bytes(17), complete=True),
    Goodbye("c" * 33, ""),
    Goodbye("", "t" * 1025),
]


@pytest.mark.parametrize("message", TOO_LARGE, ids=lambda message: f"{type(message).__name__} {len(repr(message))}")
def test_a_field_out_of_bounds_is_malformed(message):
    with pytest.raises(RemoteProtocolError) as raised:
        decode_untrusted(encode(message)[4:])
    assert raised.value.code == "malformed"


@pytest.mark.parametrize("length", [FRAME_BYTES_MAX + 1, 1 << 30, (1 << 32) - 1])
def test_a_frame_that_is_too_long_is_refused_by_its_length_alone(length):
    reader = FrameReader()
    reader.feed(length.to_bytes(4, "big"))
    with pytest.raises(RemoteProtocolError) as raised:
        reader.next_message_untrusted()
    assert raised.value.code == "too-long"
    assert f"{length:,}" in raised.value.text


def test_a_reader_may_be_told_to_take_less():
    reader = FrameReader()
    reader.feed(encode(Goodbye("done", "t" * 1000)))
    with pytest.raises(RemoteProtocolError):
        reader.next_message_untrusted(frame_bytes_max=1000)
    assert reader.next_message_untrusted(frame_bytes_max=2000) == Goodbye("done", "t" * 1000)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xc1",
        b"\x80",
        b"\x90",
        b"\xc0",
        b"\xa4ping",
        b"\x91\xa4pin",
        b"\x91\xa4ping\x00",
        b"\x91" * 100_000,
        b"\x92\xa5chain" + b"\x91" * 100_000,
        b"\x93\xa4ping" + b"\x91" * 100_000 + b"\x01\x01",
        b"\x92\xa5chain\xdd\xff\xff\xff\xff",
        b"\x92\xa5fresh\x91\x93\xc6\xff\xff\xff\xff",
        b"\x94\xa3ask\x01\xc4\x00\x91\xa1\xff",
        b"\x93\xa7goodbye\xa1a\xa2\xed\xa0",
    ],
    ids=lambda payload: payload[:10].hex() or "nothing",
)
def test_bytes_that_are_no_message(payload):
    with pytest.raises(RemoteProtocolError) as raised:
        decode_untrusted(payload)
    assert raised.value.code == "malformed"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_protocol_error(payload):
    message_or_error(payload)


@given(any_message, st.data())
def test_a_damaged_message_is_a_message_or_a_protocol_error(message, data):
    payload = bytearray(encode(message)[4:])
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    message_or_error(bytes(payload))
    message_or_error(bytes(payload[: data.draw(st.integers(0, len(payload)))]))


def message_or_error(payload: bytes) -> None:
    try:
        message = decode_untrusted(payload)
    except RemoteProtocolError:
        return
    assert decode_untrusted(encode(message)[4:]) == message
