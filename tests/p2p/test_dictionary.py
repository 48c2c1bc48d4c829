"""The zstd dictionary: the same bytes for ever, and worth having."""

import os
from hashlib import sha256
from importlib.resources import files
from statistics import mean

import msgspec
import pytest
import zstandard

from p2p.commit import Item, make_commit, open_commit
from p2p.dictionary import VERSION, load_dictionary
from p2p.identity import DeviceKeys
from p2p.packed import unpack_items_untrusted
from tools.sample_saves import Samples
from tools.train_dictionary import contents

RELEASED = {1: "85d3088fcf2c27dc58accb26b3923030866ca83199187ca2d2edf98ed897e8be"}
KEYS = DeviceKeys(bytes(32), bytes(32))
SEEDS = range(1, 41)  # none of those it was trained on


def size_of(items):
    seen = (40, b"prefix 8")
    scope = "vouchers/pun/sales/2026-04"
    made = make_commit(KEYS, scope, items, 1_775_000_000_000, bytes(32), seen, bytes(8), bytes(32), os.urandom)
    assert open_commit(made, bytes(32)) == items
    assert made.ciphertext is not None
    return len(made.header_bytes) + len(made.signature) + len(made.ciphertext)


def test_a_released_dictionary_never_changes():
    """Commits packed with it are kept for ever, so a change would make them unreadable."""
    assert sorted(RELEASED) == list(range(1, VERSION + 1))
    for version, digest in RELEASED.items():
        data = files("p2p.dictionary").joinpath(f"commits-{version}.zdict").read_bytes()
        assert sha256(data).hexdigest() == digest
        assert 8 * 1024 <= len(data) <= 16 * 1024


def test_version_0_is_no_dictionary_and_others_are_unknown():
    assert load_dictionary(0) is None
    assert load_dictionary(VERSION) is load_dictionary(VERSION)
    for version in (-1, VERSION + 1, 255):
        with pytest.raises(LookupError):
            load_dictionary(version)


def test_content_of_every_version_is_read():
    items = [Item(bytes(16), "voucher", b"a save")]
    plain = msgspec.msgpack.encode(items)
    for version in range(VERSION + 1):
        engine = zstandard.ZstdCompressor(dict_data=load_dictionary(version), write_dict_id=False)
        assert unpack_items_untrusted(bytes((version,)) + engine.compress(plain)) == items


def test_a_lone_voucher_makes_a_commit_of_400_bytes():
    assert mean(size_of([Samples(seed).voucher(2)]) for seed in SEEDS) <= 370
    assert mean(size_of([Samples(seed).voucher(3)]) for seed in SEEDS) <= 400
    assert mean(size_of([Samples(seed).ledger()]) for seed in SEEDS) <= 340


def test_vouchers_in_bulk_take_less_than_100_bytes_each():
    samples = Samples(7)
    assert size_of([samples.voucher() for _ in range(256)]) / 256 < 100


def test_the_samples_are_the_same_everywhere():
    """The business behind a seed is invented anew each time, and alike."""
    assert contents(5, 3) == contents(5, 3)
    assert contents(5, 3) != contents(6, 3)
    batches = list(Samples(1).commits(50))
    assert {item.kind for batch in batches for item in batch} >= {"voucher", "ledger", "stock-item"}
    for batch in batches:
        assert len({item.document for item in batch}) == len(batch)
