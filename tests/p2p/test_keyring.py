"""Content keys: derived down the tree, handed over sealed, kept across a restart."""

import hashlib
import hmac
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.errors import BadKey
from p2p.identity import DeviceKeys
from p2p.keyring import ROOT, HeldKey, HpkeSealer, KeyPlace, Keyring, epoch_id, open_key_untrusted, seal_key
from p2p.pairs import pair_key, pairs_path, public_of

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "keyring.json").read_text())
KEYS = DeviceKeys(bytes(range(32)), bytes(range(32, 64)))
PLACE = KeyPlace(b"c" * 32, KEYS.id, b"epoch  1", "vouchers/pun")
SALES = "vouchers/pun/sales/2026-04"

components = st.from_regex(r"[a-z0-9][a-z0-9-]{0,5}", fullmatch=True)
scopes = st.lists(components, min_size=2, max_size=5).map("/".join)


def a_root(number=0):
    root = bytes([number]) * 32
    return epoch_id(root), root


def test_golden_keys():
    for vector in VECTORS:
        root = bytes.fromhex(vector["root"])
        epoch = bytes.fromhex(vector["epoch"])
        assert epoch_id(root) == epoch
        assert Keyring([HeldKey(epoch, ROOT, root)]).key(epoch, vector["path"]) == bytes.fromhex(vector["key"])


def test_the_golden_keys_follow_the_text_of_the_protocol():
    """HKDF-Expand of one block is an HMAC, so the same keys come from the standard library alone."""
    for vector in VECTORS:
        key = bytes.fromhex(vector["root"])
        assert hashlib.sha256(b"khata epoch 1" + key).hexdigest()[:16] == vector["epoch"]
        for component in vector["path"].split("/") if vector["path"] else []:
            key = hmac.digest(key, b"khata path 1" + component.encode() + b"\x01", "sha256")
        assert key.hex() == vector["key"]


@given(scopes, st.integers(0, 5))
def test_any_ancestor_leads_to_the_same_key(scope, depth):
    epoch, root = a_root()
    everything = Keyring([HeldKey(epoch, ROOT, root)])
    path = "/".join(scope.split("/")[:depth])
    granted = everything.key(epoch, path)
    assert granted is not None
    part = Keyring([HeldKey(epoch, path, granted)])
    assert part.key(epoch, scope) == everything.key(epoch, scope)


@given(scopes, scopes)
def test_a_subtree_opens_nothing_beside_or_above_it(path, scope):
    epoch, root = a_root()
    granted = Keyring([HeldKey(epoch, ROOT, root)]).key(epoch, path)
    assert granted is not None
    part = Keyring([HeldKey(epoch, path, granted)])
    below = scope == path or scope.startswith(path + "/")
    assert (part.key(epoch, scope) is not None) == below
    assert part.key(epoch, ROOT) is None
    assert part.key(epoch, path.rpartition("/")[0]) is None


def a_branch(everything: Keyring, epoch: bytes, branch: str, *others: str) -> Keyring:
    """What a branch is handed for its transfers, and what is public of others."""
    secret = everything.key(epoch, pairs_path(branch))
    assert secret is not None
    ring = Keyring([HeldKey(epoch, pairs_path(branch), secret)])
    for other in others:
        other_secret = everything.key(epoch, pairs_path(other))
        assert other_secret is not None
        assert ring.add_public(epoch, other, public_of(other_secret))
    return ring


def test_both_branches_of_a_pair_and_whoever_may_read_all_make_the_same_key():
    epoch, root = a_root()
    everything = Keyring([HeldKey(epoch, ROOT, root)])
    held = everything.key(epoch, "transfers")
    assert held is not None
    transfers = Keyring([HeldKey(epoch, "transfers", held)])
    nag, pun = a_branch(everything, epoch, "nag", "pun", "ho"), a_branch(everything, epoch, "pun", "nag", "ho")
    for scope in ("transfers/nag~pun", "transfers/nag~pun/2026-04"):
        assert len({ring.key(epoch, scope) for ring in (everything, transfers, nag, pun)}) == 1
    pair = everything.key(epoch, "transfers/nag~pun")
    assert pair is not None
    single = Keyring([HeldKey(epoch, "transfers/nag~pun", pair)])
    assert single.key(epoch, "transfers/nag~pun/2026-04") == nag.key(epoch, "transfers/nag~pun/2026-04")
    scopes = ("transfers/nag~pun", "transfers/ho~nag", "transfers/ho~pun", "transfers/nag~", "transfers/pun~")
    assert len({everything.key(epoch, scope) for scope in scopes}) == 5


def test_a_branch_makes_no_key_of_a_pair_that_it_is_not_in():
    epoch, root = a_root()
    everything = Keyring([HeldKey(epoch, ROOT, root)])
    satara = a_branch(everything, epoch, "satara", "nag", "pun", "ho")
    for scope in ("transfers/nag~pun", "transfers", "transfers/nag~", "masters", "transfers/satara", "transfers/a~b~c"):
        assert satara.key(epoch, scope) is None
    other, other_root = a_root(1)
    satara.add_public(other, "pun", public_of(other_root))
    assert satara.key(epoch, "transfers/pun~satara") is not None
    assert satara.key(other, "transfers/pun~satara") is None


def test_the_key_of_a_pair_comes_with_what_is_public_of_the_other():
    epoch, root = a_root()
    everything = Keyring([HeldKey(epoch, ROOT, root)])
    ring = a_branch(everything, epoch, "pun")
    assert ring.needs_publics
    assert not everything.needs_publics
    assert ring.key(epoch, "transfers/ho~pun/2026-04") is None
    ho = everything.key(epoch, "transfers/ho~")
    assert ho is not None
    assert ring.add_public(epoch, "ho", public_of(ho))
    assert not ring.add_public(epoch, "ho", public_of(ho))
    assert ring.key(epoch, "transfers/ho~pun/2026-04") == everything.key(epoch, "transfers/ho~pun/2026-04")


def test_what_is_no_public_key_makes_no_key_of_a_pair():
    epoch, root = a_root()
    ring = a_branch(Keyring([HeldKey(epoch, ROOT, root)]), epoch, "pun")
    ring.add_public(epoch, "ho", bytes(32))
    assert ring.key(epoch, "transfers/ho~pun") is None
    with pytest.raises(BadKey):
        pair_key(b"s" * 32, bytes(32), "ho~pun")


def test_neighbours_whose_names_begin_alike_have_different_keys():
    epoch, root = a_root()
    ring = Keyring([HeldKey(epoch, ROOT, root)])
    keys = {ring.key(epoch, path) for path in ("ab/c", "a/bc", "abc", "ab", "a", "c", "bc", "ab/c/c")}
    assert len(keys) == 8
    part = Keyring([HeldKey(epoch, "vouchers/pun", b"k" * 32)])
    assert part.key(epoch, "vouchers/pune/sales/2026-04") is None


def test_a_new_epoch_is_drawn_from_the_random_source():
    epoch, root = Keyring.new_epoch(lambda size: b"r" * size)
    assert (epoch, root) == (epoch_id(b"r" * 32), b"r" * 32)
    assert Keyring().key(epoch, ROOT) is None


def test_commits_are_sealed_under_the_newest_epoch_held():
    (first, root), (second, other_root), (third, _) = a_root(1), a_root(2), a_root(3)
    ring = Keyring([HeldKey(first, ROOT, root)])
    assert ring.current([first, second, third], SALES) == (first, ring.key(first, SALES))
    ring.add(second, ROOT, other_root)
    assert ring.current([first, second, third], SALES) == (second, ring.key(second, SALES))
    assert ring.current([first], SALES) == (first, ring.key(first, SALES))
    assert ring.current([third], SALES) is None
    assert ring.current([], SALES) is None


def test_a_key_added_later_is_used():
    epoch, root = a_root()
    ring = Keyring()
    assert ring.key(epoch, SALES) is None
    ring.add(epoch, ROOT, root)
    assert ring.key(epoch, SALES) is not None


def test_a_keyring_is_kept_and_made_again():
    epoch, root = a_root()
    ring = Keyring([HeldKey(epoch, ROOT, root), HeldKey(b"epoch  2", "masters", b"m" * 32)])
    again = Keyring(ring.dump())
    assert again.dump() == ring.dump()
    assert again.key(epoch, SALES) == ring.key(epoch, SALES)
    assert again.key(b"epoch  2", "masters/ledger") == ring.key(b"epoch  2", "masters/ledger")


def test_no_key_is_shown():
    epoch, root = a_root(0xAB)
    ring = Keyring([HeldKey(epoch, ROOT, root)])
    for text in (repr(ring), repr(ring.dump())):
        assert "ab" * 8 not in text
        assert epoch.hex() in text


def test_malformed_keys_are_not_held():
    epoch, root = a_root()
    ring = Keyring()
    for wrong_epoch, path, key in [(epoch, "masters", b"short"), (b"", "masters", root), (b"epoch  1", ROOT, root)]:
        with pytest.raises(BadKey):
            ring.add(wrong_epoch, path, key)
    assert ring.dump() == []


def test_very_many_scopes_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr("p2p.keyring._CACHED_KEYS_MAX", 10)
    epoch, root = a_root()
    ring = Keyring([HeldKey(epoch, ROOT, root)])
    keys = {ring.key(epoch, f"vouchers/pun/{number}") for number in range(50)}
    assert len(keys) == 50
    assert len(ring._derived) <= 10


def test_a_sealed_key_opens_at_its_device():
    sealed = seal_key(KEYS.seal_public, PLACE, b"k" * 32)
    assert b"k" * 16 not in sealed
    assert len(sealed) == 32 + 48
    assert open_key_untrusted(KEYS.seal_private, PLACE, sealed) == b"k" * 32


@pytest.mark.parametrize(
    "changes", [{"company": b"d" * 32}, {"device": bytes(32)}, {"epoch": b"epoch  2"}, {"path": "vouchers/ho"}]
)
def test_a_sealed_key_opens_for_one_purpose(changes):
    sealed = seal_key(KEYS.seal_public, PLACE, b"k" * 32)
    with pytest.raises(BadKey):
        open_key_untrusted(KEYS.seal_private, PLACE._replace(**changes), sealed)


def test_a_sealed_key_opens_at_one_device():
    other = DeviceKeys(bytes(32), bytes(32))
    sealed = seal_key(KEYS.seal_public, PLACE, b"k" * 32)
    with pytest.raises(BadKey):
        open_key_untrusted(other.seal_private, PLACE, sealed)


def test_something_sealed_that_is_no_key_is_refused():
    sealed = seal_key(KEYS.seal_public, PLACE, b"short")
    with pytest.raises(BadKey, match="malformed"):
        open_key_untrusted(KEYS.seal_private, PLACE, sealed)


def test_a_device_key_nobody_could_open_with_is_refused():
    for public in (b"", bytes(31), bytes(32)):
        with pytest.raises(BadKey):
            seal_key(public, PLACE, b"k" * 32)


@given(st.binary(max_size=120))
def test_any_bytes_are_refused(sealed):
    with pytest.raises(BadKey):
        open_key_untrusted(KEYS.seal_private, PLACE, sealed)


@given(st.integers(0, 79), st.integers(1, 255))
def test_one_altered_byte_is_noticed(place, change):
    sealed = bytearray(seal_key(KEYS.seal_public, PLACE, b"k" * 32))
    # The top bit of an X25519 key is ignored by everyone; HPKE still binds the key as it was sent.
    sealed[place] ^= change
    with pytest.raises(BadKey):
        open_key_untrusted(KEYS.seal_private, PLACE, bytes(sealed))


def test_another_way_to_seal_can_be_brought_along():
    class Plain(HpkeSealer):
        def seal(self, public, info, secret):
            return hashlib.sha256(public + info).digest() + secret

        def open_untrusted(self, private, info, sealed):
            if sealed[:32] != hashlib.sha256(private.public_key().public_bytes_raw() + info).digest():
                raise BadKey("not for this device")
            return sealed[32:]

    key = os.urandom(32)
    sealed = seal_key(KEYS.seal_public, PLACE, key, Plain())
    assert sealed == seal_key(KEYS.seal_public, PLACE, key, Plain())
    assert open_key_untrusted(KEYS.seal_private, PLACE, sealed, Plain()) == key
    with pytest.raises(BadKey, match="not for this device"):
        open_key_untrusted(DeviceKeys(bytes(32), bytes(32)).seal_private, PLACE, sealed, Plain())
