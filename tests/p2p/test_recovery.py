"""The recovery phrase: words, the keys they stand for, and what a slip of the pen is told."""

import hmac
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mnemonic import Mnemonic

from p2p.errors import BadPhrase
from p2p.identity import DeviceKeys
from p2p.recovery import PHRASE_WORDS, new_phrase, recovery_keys

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "recovery.json").read_text())
WORDS = Mnemonic("english").wordlist
PHRASE = VECTORS[1]["phrase"]


def giving(entropy):
    return lambda size: entropy[:size]


def test_golden_phrases():
    for vector in VECTORS:
        entropy = bytes.fromhex(vector["entropy"])
        assert new_phrase(giving(entropy)) == vector["phrase"]
        keys = recovery_keys(vector["phrase"])
        assert keys.public.hex() == vector["public"]
        assert keys.seal_public.hex() == vector["seal_public"]


def test_the_golden_keys_follow_the_text_of_the_protocol():
    for vector in VECTORS:
        entropy = bytes.fromhex(vector["entropy"])
        sign, seal = (
            hmac.digest(entropy, b"khata recovery " + use + b" 1\x01", "sha256") for use in (b"sign", b"seal")
        )
        assert DeviceKeys(sign, seal).public.hex() == vector["public"]
        assert DeviceKeys(sign, seal).seal_public.hex() == vector["seal_public"]


@given(st.binary(min_size=32, max_size=32))
def test_a_phrase_stands_for_its_keys_however_it_is_typed(entropy):
    phrase = new_phrase(giving(entropy))
    assert len(phrase.split()) == PHRASE_WORDS
    keys = recovery_keys(phrase)
    assert recovery_keys(f"\n{phrase.upper()}  ").public == keys.public
    assert recovery_keys(phrase.replace(" ", "\n  ")).seal_public == keys.seal_public
    assert keys.public != keys.seal_public


def test_an_unknown_word_is_named_with_the_likely_one():
    words = PHRASE.split()
    words[6] = "aple"
    with pytest.raises(BadPhrase, match=r"word 7, 'aple'.*was it 'apple'"):
        recovery_keys(" ".join(words))
    words[6] = "xqzw"
    with pytest.raises(BadPhrase, match="compare it with the paper"):
        recovery_keys(" ".join(words))


def test_words_missing_or_too_many_are_counted():
    with pytest.raises(BadPhrase, match="these are 23"):
        recovery_keys(" ".join(PHRASE.split()[:-1]))
    with pytest.raises(BadPhrase, match="these are 25"):
        recovery_keys(PHRASE + " zoo")
    with pytest.raises(BadPhrase, match="these are 0"):
        recovery_keys("")


def test_known_words_that_do_not_belong_together_are_refused():
    words = PHRASE.split()
    words[0], words[1] = words[1], words[0]
    with pytest.raises(BadPhrase, match="do not belong together"):
        recovery_keys(" ".join(words))


@given(st.lists(st.sampled_from(WORDS), min_size=24, max_size=24))
def test_any_words_stand_for_keys_or_are_refused(words):
    """One list of words in 256 has a right checksum by chance."""
    try:
        keys = recovery_keys(" ".join(words))
    except BadPhrase:
        return
    assert len(keys.public) == 32


@given(st.text())
def test_any_text_is_refused(text):
    with pytest.raises(BadPhrase):
        recovery_keys(text)


def test_a_very_long_text_is_refused_quickly():
    with pytest.raises(BadPhrase):
        recovery_keys("x" * 1_000_000)
    with pytest.raises(BadPhrase, match="these are 100000"):
        recovery_keys("zoo " * 100_000)
