"""Commits: made, refused, opened; and the content they carry."""

import hashlib
import json
import os
import threading
from pathlib import Path

import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given
from hypothesis import strategies as st

from p2p.commit import (
    Commit,
    Item,
    make_commit,
    open_commit,
    parse_commit_untrusted,
    seal_commit,
    signature_ok,
)
from p2p.errors import BadCommit, CommitTooLarge
from p2p.identity import DeviceKeys
from p2p.limits import (
    COMMIT_DOCUMENTS_MAX,
    COMMIT_SEALED_BYTES_MAX,
    COMMIT_UNPACKED_BYTES_MAX,
    HEADER_BYTES_MAX,
    SAVE_UNPACKED_BYTES_MAX,
    SEQUENCE_MAX,
    TIME_MS_MAX,
)
from p2p.packed import pack_items, split_items, unpack_items_untrusted

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "commit.json").read_text())
KEYS = DeviceKeys(bytes(range(32)), bytes(range(32, 64)))
KEY = b"k" * 32
SCOPE = "vouchers/pun/sales/2026-04"
VOUCHER = Item(bytes(16), "voucher", b"Asha 500 / Sales 500")

items = st.builds(
    Item,
    st.binary(min_size=16, max_size=16),
    st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True),
    st.binary(max_size=200),
)
batches = st.lists(items, min_size=1, max_size=20, unique_by=lambda item: item.document)


def a_commit(content=None, scope=SCOPE, epoch=b"epoch  1", key: bytes | None = KEY):
    content = pack_items([VOUCHER]) if content is None else content
    return seal_commit(KEYS, scope, content, 1_775_000_000_000, b"", (3, b"prefix 8"), epoch, key, os.urandom)


def a_header(**changes):
    """A header of our own making, with a body hash that fits `body`, encoded as given: not checked by anything."""
    body = changes.pop("body", b"b" * 64)
    fields = {
        "version": 1,
        "scope": SCOPE,
        "author": KEYS.author,
        "time": 1,
        "prev": b"",
        "seen": (0, bytes(8)),
        "epoch": b"epoch  1",
        "hash": hashlib.sha256(body).digest(),
    }
    return msgspec.msgpack.encode(list((fields | changes).values())), bytes(64), body


def content_of(value):
    return b"\x00" + zstandard.compress(msgspec.msgpack.encode(value))


def giving(nonce):
    return lambda size: bytes.fromhex(nonce)[:size]


def test_golden_commits():
    for vector in VECTORS:
        keys = DeviceKeys(bytes.fromhex(vector["seed"]), bytes(32))
        key = None if vector["key"] is None else bytes.fromhex(vector["key"])
        made = seal_commit(
            keys,
            vector["scope"],
            bytes.fromhex(vector["content"]),
            vector["time"],
            bytes.fromhex(vector["prev"]),
            (vector["seen"][0], bytes.fromhex(vector["seen"][1])),
            bytes.fromhex(vector["epoch"]),
            key,
            giving(vector["nonce"]),
        )
        assert made.header_bytes.hex() == vector["header"]
        assert made.id.hex() == vector["id"]
        assert made.signature.hex() == vector["signature"]
        assert made.ciphertext == bytes.fromhex(vector["ciphertext"])
        assert [[i.document.hex(), i.kind, i.save.hex()] for i in open_commit(made, key)] == vector["items"]


def test_the_golden_commits_follow_the_text_of_the_protocol():
    """The same bytes from `docs/protocol.md` alone, without our code."""
    for vector in VECTORS:
        header = bytes.fromhex(vector["header"])
        ciphertext = bytes.fromhex(vector["ciphertext"])
        author = DeviceKeys(bytes.fromhex(vector["seed"]), bytes(32)).id[:8]
        seen = [vector["seen"][0], bytes.fromhex(vector["seen"][1])]
        fields = [1, vector["scope"], author, vector["time"], bytes.fromhex(vector["prev"]), seen]
        fields.append(bytes.fromhex(vector["epoch"]))
        assert msgspec.msgpack.encode([*fields, hashlib.sha256(ciphertext).digest()]) == header
        assert hashlib.sha256(header).hexdigest() == vector["id"]
        if vector["key"] is not None:
            sealer = ChaCha20Poly1305(bytes.fromhex(vector["key"]))
            content = sealer.decrypt(ciphertext[:12], ciphertext[12:], msgspec.msgpack.encode(fields))
            assert content.hex() == vector["content"]


@given(batches, st.integers(0, TIME_MS_MAX), st.integers(0, SEQUENCE_MAX))
def test_what_goes_in_comes_out(saves, now, seq):
    made = make_commit(KEYS, SCOPE, saves, now, b"p" * 32, (seq, b"prefix 8"), b"epoch  1", KEY, os.urandom)
    parsed = parse_commit_untrusted(made.header_bytes, made.signature, made.ciphertext)
    assert parsed == made
    assert (parsed.header.scope, parsed.header.author, parsed.header.time) == (SCOPE, KEYS.author, now)
    assert (parsed.header.prev, parsed.header.seen, parsed.header.epoch) == (b"p" * 32, (seq, b"prefix 8"), b"epoch  1")
    assert parsed.save_id == parsed.id[:16]
    assert signature_ok(parsed, KEYS.public)
    assert not signature_ok(parsed, DeviceKeys(bytes(32), bytes(32)).public)
    assert open_commit(parsed, KEY) == saves


def test_sealed_keys_travel_without_a_seal_of_an_epoch():
    made = a_commit(scope="control/keys/0011223344556677", epoch=b"", key=None)
    assert open_commit(made, None) == [VOUCHER]


def test_a_pruned_commit_still_verifies():
    made = a_commit()
    pruned = parse_commit_untrusted(made.header_bytes, made.signature, None)
    assert pruned.id == made.id
    assert signature_ok(pruned, KEYS.public)
    with pytest.raises(BadCommit, match="pruned"):
        open_commit(pruned, KEY)


def test_the_wrong_key_or_none_does_not_open():
    with pytest.raises(BadCommit, match="key of its epoch"):
        open_commit(a_commit(), bytes(32))
    with pytest.raises(BadCommit, match="no key"):
        open_commit(a_commit(), None)


def test_a_body_belongs_to_its_header():
    """Sealed content moved under another header, even one signed by the same device, does not open."""
    one, other = a_commit(), a_commit(scope="vouchers/pun/sales/2026-05")
    fields = msgspec.msgpack.decode(other.header_bytes)
    fields[-1] = hashlib.sha256(one.ciphertext).digest()
    moved = parse_commit_untrusted(msgspec.msgpack.encode(fields), bytes(64), one.ciphertext)
    with pytest.raises(BadCommit, match="key of its epoch"):
        open_commit(moved, KEY)
    with pytest.raises(BadCommit, match="not the one that was signed"):
        parse_commit_untrusted(other.header_bytes, other.signature, one.ciphertext)


def test_a_header_of_our_own_making_is_well_formed():
    assert isinstance(parse_commit_untrusted(*a_header()), Commit)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, "newer khata"),
        ({"version": -1}, "newer khata"),
        ({"version": "1"}, "malformed"),
        ({"scope": "vouchers"}, "not a scope"),
        ({"scope": "vouchers/../x"}, "not a scope"),
        ({"scope": "x" * 200}, "malformed"),
        ({"scope": b"masters/ledger"}, "malformed"),
        ({"author": bytes(7)}, "malformed"),
        ({"author": bytes(32)}, "malformed"),
        ({"time": -1}, "malformed"),
        ({"time": TIME_MS_MAX + 1}, "malformed"),
        ({"time": 2**64 - 1}, "malformed"),
        ({"time": 1.5}, "malformed"),
        ({"time": True}, "malformed"),
        ({"prev": bytes(31)}, "previous commit"),
        ({"prev": bytes(33)}, "malformed"),
        ({"prev": None}, "malformed"),
        ({"seen": (SEQUENCE_MAX + 1, bytes(8))}, "malformed"),
        ({"seen": (0, bytes(9))}, "malformed"),
        ({"seen": (0,)}, "malformed"),
        ({"seen": (0, bytes(8), 1)}, "malformed"),
        ({"seen": {}}, "malformed"),
        ({"epoch": b""}, "not sealed"),
        ({"epoch": bytes(7)}, "not sealed"),
        ({"epoch": bytes(9)}, "malformed"),
        ({"scope": "control/keys/00"}, "another seal"),
        ({"hash": bytes(32)}, "not the one that was signed"),
        ({"hash": bytes(31)}, "malformed"),
        ({"more": 1}, "malformed"),
        ({"body": bytes(28)}, "a body of 28 bytes"),
        ({"body": bytes(COMMIT_SEALED_BYTES_MAX + 1)}, "a body of 262,145 bytes"),
    ],
)
def test_malformed_headers_are_refused(changes, reason):
    with pytest.raises(BadCommit, match=reason):
        parse_commit_untrusted(*a_header(**changes))


def test_a_commit_of_the_largest_size_is_accepted():
    body = bytes(COMMIT_SEALED_BYTES_MAX)
    assert parse_commit_untrusted(*a_header(body=body)).ciphertext == body


def test_one_commit_has_one_id():
    """The same header with a number or a length written longer would be a second id for the same saves."""
    header, signature, body = a_header()
    assert header[1] == 1
    for twin in (
        header[:1] + b"\xcc\x01" + header[2:],
        header[:1] + b"\xd0\x01" + header[2:],
        b"\xdc\x00\x08" + header[1:],
        header.replace(b"\xc4\x20", b"\xc5\x00\x20"),
    ):
        with pytest.raises(BadCommit, match="canonical"):
            parse_commit_untrusted(twin, signature, body)
    with pytest.raises(BadCommit, match="malformed"):
        parse_commit_untrusted(header + b"\x00", signature, body)


def test_a_signature_of_another_length_is_refused():
    header, _, body = a_header()
    for size in (0, 63, 65):
        with pytest.raises(BadCommit, match="signature"):
            parse_commit_untrusted(header, bytes(size), body)


def test_a_header_over_the_limit_is_refused():
    with pytest.raises(BadCommit, match="larger than any"):
        parse_commit_untrusted(bytes(HEADER_BYTES_MAX + 1), bytes(64), None)


def test_the_largest_header_fits():
    scope = "/".join(["x" * 32] * 5)
    header, signature, body = a_header(scope=scope, time=TIME_MS_MAX, prev=bytes(32), seen=(SEQUENCE_MAX, bytes(8)))
    assert len(header) <= HEADER_BYTES_MAX
    assert parse_commit_untrusted(header, signature, body).header.scope == scope


@given(st.binary(max_size=200), st.binary(max_size=65), st.none() | st.binary(max_size=40))
def test_any_bytes_are_a_commit_or_refused(header, signature, ciphertext):
    with pytest.raises(BadCommit):
        parse_commit_untrusted(header, signature, ciphertext)


@given(st.data())
def test_one_altered_byte_is_always_noticed(data):
    made = a_commit()
    parts = [made.header_bytes, made.signature, made.ciphertext]
    which = data.draw(st.integers(0, 2))
    altered = bytearray(parts[which])
    altered[data.draw(st.integers(0, len(altered) - 1))] ^= data.draw(st.integers(1, 255))
    parts[which] = bytes(altered)
    try:
        commit = parse_commit_untrusted(*parts)
    except BadCommit:
        return
    assert not signature_ok(commit, KEYS.public)


def test_nesting_bombs_are_refused():
    for bomb in (b"\x91" * 300, b"\x98" + b"\x91" * 300, b"\x98\x01" + b"\x81\xa0" * 150):
        with pytest.raises(BadCommit):
            parse_commit_untrusted(bomb, bytes(64), None)
    for mark in (b"\x91", b"\x81\xa0"):
        with pytest.raises(BadCommit, match="not a list of saves"):
            unpack_items_untrusted(b"\x00" + zstandard.compress(mark * 400_000))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "not a list"),
        ({}, "not a list"),
        (5, "not a list"),
        (None, "not a list"),
        ([[bytes(16), "voucher"]], "not a list"),
        ([[bytes(16), "voucher", b"", 1]], "not a list"),
        ([[bytes(15), "voucher", b""]], "not a list"),
        ([["x" * 16, "voucher", b""]], "not a list"),
        ([[bytes(16), "", b""]], "not a list"),
        ([[bytes(16), "x" * 33, b""]], "not a list"),
        ([[bytes(16), "Voucher", b""]], "not a kind"),
        ([[bytes(16), "voucher\n", b""]], "not a kind"),
        ([[bytes(16), 7, b""]], "not a list"),
        ([[bytes(16), "voucher", "text"]], "not a list"),
        ([[bytes(16), "voucher", bytes(SAVE_UNPACKED_BYTES_MAX + 1)]], "not a list"),
        ([[bytes(16), "voucher", b"1"], [bytes(16), "voucher", b"2"]], "twice"),
        ([[n.to_bytes(16, "big"), "voucher", b""] for n in range(COMMIT_DOCUMENTS_MAX + 1)], "not a list"),
    ],
)
def test_malformed_content_is_refused(value, reason):
    with pytest.raises(BadCommit, match=reason):
        open_commit(a_commit(content_of(value)), KEY)


def test_content_of_the_largest_sizes_is_accepted():
    many = [[n.to_bytes(16, "big"), "voucher", b""] for n in range(COMMIT_DOCUMENTS_MAX)]
    assert len(unpack_items_untrusted(content_of(many))) == COMMIT_DOCUMENTS_MAX
    large = [[bytes(16), "voucher", bytes(SAVE_UNPACKED_BYTES_MAX)]]
    assert len(unpack_items_untrusted(content_of(large))[0].save) == SAVE_UNPACKED_BYTES_MAX


def test_a_decompression_bomb_is_refused_by_its_size():
    with pytest.raises(BadCommit, match="more than any commit"):
        unpack_items_untrusted(b"\x00" + zstandard.compress(bytes(COMMIT_UNPACKED_BYTES_MAX + 1)))
    frame = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(100))
    with pytest.raises(BadCommit, match="how large"):
        unpack_items_untrusted(b"\x00" + frame)


def test_a_frame_that_lies_about_its_size_is_refused():
    """The size stands in the frame's header; the decoder stops there."""
    frame = bytearray(zstandard.ZstdCompressor().compress(bytes(60_000)))
    size = frame.index((60_000 - 256).to_bytes(2, "little"))
    frame[size : size + 2] = (100).to_bytes(2, "little")
    assert zstandard.frame_content_size(bytes(frame)) == 356
    with pytest.raises(BadCommit, match="does not unpack"):
        unpack_items_untrusted(b"\x00" + bytes(frame))


def test_bytes_after_the_frame_are_refused():
    with pytest.raises(BadCommit, match="does not unpack"):
        unpack_items_untrusted(pack_items([VOUCHER]) + b"\x00")
    with pytest.raises(BadCommit, match="does not unpack"):
        unpack_items_untrusted(pack_items([VOUCHER])[:-1])


def test_content_of_a_newer_version_says_so():
    with pytest.raises(BadCommit, match="update khata"):
        unpack_items_untrusted(b"\xff" + pack_items([VOUCHER])[1:])


@given(st.binary(max_size=200))
def test_any_content_opens_or_is_refused(content):
    try:
        opened = unpack_items_untrusted(content)
    except BadCommit:
        return
    assert 1 <= len(opened) <= COMMIT_DOCUMENTS_MAX


@given(batches, st.data())
def test_altered_content_opens_or_is_refused(saves, data):
    content = bytearray(pack_items(saves))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        opened = unpack_items_untrusted(bytes(content))
    except BadCommit:
        return
    assert 1 <= len(opened) <= COMMIT_DOCUMENTS_MAX


def test_what_is_too_large_is_said_before_anything_is_written():
    with pytest.raises(CommitTooLarge, match="257 documents"):
        pack_items([Item(n.to_bytes(16, "big"), "voucher", b"") for n in range(257)])
    with pytest.raises(CommitTooLarge, match="split it"):
        pack_items([Item(bytes(16), "voucher", bytes(SAVE_UNPACKED_BYTES_MAX + 1))])
    with pytest.raises(CommitTooLarge, match="save fewer"):
        pack_items([Item(n.to_bytes(16, "big"), "voucher", bytes(SAVE_UNPACKED_BYTES_MAX)) for n in range(4)])
    noise = b"".join(hashlib.sha256(n.to_bytes(4, "big")).digest() for n in range(8200))
    with pytest.raises(CommitTooLarge, match="sealed"):
        a_commit(pack_items([Item(bytes([n]) * 16, "voucher", noise[n * 131_200 :][:131_200]) for n in range(2)]))
    with pytest.raises(BadCommit, match="no document"):
        pack_items([])
    with pytest.raises(BadCommit, match="twice"):
        pack_items([VOUCHER, VOUCHER])
    with pytest.raises(BadCommit, match="15 bytes"):
        pack_items([Item(bytes(15), "voucher", b"")])


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([0, 10, 100_000, 200_000])), max_size=40))
def test_an_import_is_split_into_commits_that_fit(shapes):
    saves = [Item(bytes([which]) * 16, "voucher", bytes(size)) for which, size in shapes]
    batches = list(split_items(saves))
    assert [item for batch in batches for item in batch] == saves
    for batch in batches:
        assert len({item.document for item in batch}) == len(batch)
        assert len(batch) == 1 or sum(len(item.save) for item in batch) < COMMIT_SEALED_BYTES_MAX


def test_an_import_is_split_by_number_of_documents():
    saves = [Item(n.to_bytes(16, "big"), "voucher", b"") for n in range(COMMIT_DOCUMENTS_MAX + 1)]
    assert [len(batch) for batch in split_items(saves)] == [COMMIT_DOCUMENTS_MAX, 1]


def test_threads_do_not_share_their_engines():
    content = pack_items([VOUCHER])
    results: list[bool] = []

    def work():
        results.extend(unpack_items_untrusted(content) == [VOUCHER] for _ in range(200))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 800
