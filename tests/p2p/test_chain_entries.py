"""Single entries of the control chain: their form, hash and signature, and what is refused."""

import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.chain_entries import (
    CHAIN_CONTEXT,
    ENTRY_BYTES_MAX,
    KINDS,
    Admitted,
    BranchAdded,
    Epoch,
    Locked,
    Revoked,
    Setting,
    make_entry,
    parse_entry_untrusted,
)
from p2p.errors import ChainError
from p2p.identity import DeviceKeys, verify
from p2p.limits import ENTRY_BODY_BYTES_MAX, GRANT_PATTERNS_MAX

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "chain.json").read_text())
KEYS = DeviceKeys(bytes(range(32)), bytes(range(32, 64)))
BRANCH = BranchAdded(time=1, code="pun", name="Pune")


def encoded(seq=1, prev=bytes(32), kind="Epoch", body=None, signature=bytes(64), *more):
    packed = msgspec.msgpack.encode({"time": 1, "epoch": bytes(8)} if body is None else body)
    return msgspec.msgpack.encode([seq, prev, kind, packed, signature, *more])


def test_golden_entries_follow_the_text_of_the_protocol():
    previous = b""
    for vector in VECTORS:
        seq, prev, kind, body, signature = msgspec.msgpack.decode(bytes.fromhex(vector["encoded"]))
        digest = hashlib.sha256(msgspec.msgpack.encode([seq, prev, kind, body])).digest()
        assert (seq, kind, digest.hex()) == (vector["seq"], vector["kind"], vector["hash"])
        assert prev == previous
        assert verify(KEYS.public, signature, b"khata chain 1", digest)
        previous = digest


def test_golden_entries_are_read_and_written_the_same():
    for vector in VECTORS:
        entry = parse_entry_untrusted(bytes.fromhex(vector["encoded"]))
        assert (entry.seq, entry.kind, entry.hash.hex()) == (vector["seq"], vector["kind"], vector["hash"])
        assert entry.body is not None
        assert make_entry(KEYS, entry.seq, entry.prev, entry.body) == entry


def test_an_entry_is_signed():
    entry = make_entry(KEYS, 5, b"p" * 32, BRANCH)
    assert (entry.seq, entry.prev, entry.kind, entry.body) == (5, b"p" * 32, "BranchAdded", BRANCH)
    assert verify(KEYS.public, entry.signature, CHAIN_CONTEXT, entry.hash)
    assert parse_entry_untrusted(entry.encoded) == entry


def test_kinds_and_fields_of_a_newer_version_are_kept():
    entry = parse_entry_untrusted(encoded(kind="MoonLanding", body={"anything": [1, {"deep": None}]}))
    assert (entry.kind, entry.body) == ("MoonLanding", None)
    data = encoded(body={"time": 1, "epoch": bytes(8), "colour": ["blue", {"shade": 3}]})
    entry = parse_entry_untrusted(data)
    assert entry.body == Epoch(time=1, epoch=bytes(8))
    assert entry.encoded == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        encoded() + b"\x00",
        encoded()[:-1],
        encoded(-1),
        encoded(2**31),
        encoded("1"),
        encoded(1, bytes(31)),
        encoded(1, b""),
        encoded(1, bytes(33)),
        encoded(0, bytes(32)),
        encoded(kind=""),
        encoded(kind="Two Words"),
        encoded(kind="Epoch\n"),
        encoded(kind="x" * 33),
        encoded(kind=b"Epoch"),
        encoded(1, bytes(32), "Epoch", None, bytes(63)),
        encoded(1, bytes(32), "Epoch", None, bytes(64), 1),
        encoded(body={}),
        encoded(body=[]),
        encoded(body={"time": 1}),
        encoded(body={"time": -1, "epoch": bytes(8)}),
        encoded(body={"time": 2**60, "epoch": bytes(8)}),
        encoded(body={"time": 1, "epoch": bytes(7)}),
        encoded(body={"time": 1, "epoch": "12345678"}),
        encoded(body={1: 2}),
        encoded(kind="BranchAdded", body={"time": 1, "code": "x", "name": ""}),
        encoded(kind="BranchAdded", body={"time": 1, "code": "x", "name": "x" * 65}),
        encoded(kind="Revoked", body={"time": 1, "device": bytes(32), "cut": [["masters/ledger", bytes(31)]]}),
        encoded(kind="Locked", body={"time": 1, "until": "2026-13-01", "scopes": []}),
        encoded(kind="Locked", body={"time": 1, "until": "2026-03-31\n", "scopes": []}),
        encoded(kind="Setting", body={"time": 1, "name": "Keep", "value": 1}),
        encoded(kind="Setting", body={"time": 1, "name": "keep", "value": 1.5}),
        encoded(
            kind="Granted",
            body={"time": 1, "device": bytes(32), "read": [], "write": ["masters/**"] * (GRANT_PATTERNS_MAX + 1)},
        ),
        msgspec.msgpack.encode([1, bytes(32), "Epoch", b"\x81\xa1x" + b"\x91" * 100_000, bytes(64)]),
        msgspec.msgpack.encode([1, bytes(32), "Epoch", b"\x81\xa1\xff\x01", bytes(64)]),
        b"\x95" + b"\x91" * 100_000,
        b"\x95\xcc\x01" + encoded()[2:],
        bytes(ENTRY_BYTES_MAX + 1),
        msgspec.msgpack.encode([1, bytes(32), "Later", bytes(ENTRY_BODY_BYTES_MAX + 1), bytes(64)]),
    ],
)
def test_malformed_entries_are_refused(data):
    with pytest.raises(ChainError):
        parse_entry_untrusted(data)


def test_entries_of_the_largest_sizes_are_read():
    kind = "x" * 32
    data = msgspec.msgpack.encode([2**31 - 1, bytes(32), kind, bytes(ENTRY_BODY_BYTES_MAX), bytes(64)])
    assert parse_entry_untrusted(data).kind == kind
    tips = Revoked(time=1, device=bytes(32), cut=tuple(("masters/ledger", n.to_bytes(32, "big")) for n in range(5_000)))
    assert parse_entry_untrusted(make_entry(KEYS, 1, bytes(32), tips).encoded).body == tips


def test_a_body_no_reader_would_accept_is_not_signed():
    with pytest.raises(ChainError, match="malformed"):
        make_entry(KEYS, 1, bytes(32), Locked(time=1, until="soon", scopes=()))
    with pytest.raises(ChainError, match="malformed"):
        make_entry(KEYS, 1, bytes(32), Setting(time=1, name="", value=None))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data):
    with pytest.raises(ChainError):
        parse_entry_untrusted(data)


@given(st.sampled_from(sorted(KINDS)), st.binary(max_size=80))
def test_any_body_is_read_or_refused(kind, body):
    data = msgspec.msgpack.encode([1, bytes(32), kind, body, bytes(64)])
    try:
        entry = parse_entry_untrusted(data)
    except ChainError:
        return
    assert entry.encoded == data


@given(st.data())
def test_an_altered_entry_is_refused_or_not_signed(data):
    body = Admitted(
        time=1, key=bytes(32), seal_key=bytes(32), name="pune-1", branch="pun", series="PUN", read=(), write=()
    )
    altered = bytearray(make_entry(KEYS, 1, bytes(32), body).encoded)
    altered[data.draw(st.integers(0, len(altered) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        entry = parse_entry_untrusted(bytes(altered))
    except ChainError:
        return
    assert not verify(KEYS.public, entry.signature, CHAIN_CONTEXT, entry.hash)
