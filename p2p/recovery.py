"""The recovery phrase: 24 words on paper that can make a new device the keeper when all else is lost.

The words are those of BIP 39 and stand for 256 random bits with a checksum. The keys to sign `Recovered` and to open
the epoch roots in `control/keys/recovery` are derived from those bits; the founding entry names their public halves.
"""

from difflib import get_close_matches
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from mnemonic import Mnemonic

from p2p.errors import BadPhrase
from p2p.identity import KEY_BYTES, DeviceKeys, Random

PHRASE_WORDS: Final = 24

_ENTROPY_BYTES: Final = 32
_words: Final = Mnemonic("english")
_known: Final = frozenset(_words.wordlist)


def new_phrase(random: Random) -> str:
    """Return a new recovery phrase: 24 words with spaces between. Show it once and keep it nowhere."""
    return _words.to_mnemonic(random(_ENTROPY_BYTES))


def recovery_keys(phrase: str) -> DeviceKeys:
    """Return the keys that a recovery phrase stands for; spaces, line ends and case do not matter.

    Args:
        phrase: as a person typed it.

    Raises:
        BadPhrase: a word is missing, unknown or wrong; the message says which, as far as that can be known.
    """
    words = phrase.lower().split()
    for place, word in enumerate(words[: PHRASE_WORDS + 1], 1):
        if word not in _known:
            raise BadPhrase(f"word {place}, {word[:32]!r}, is not in the list of recovery words{_meant(word)}")
    if len(words) != PHRASE_WORDS:
        raise BadPhrase(
            f"a recovery phrase has {PHRASE_WORDS} words; these are {len(words)}; enter all of them in order"
        )
    try:
        entropy = bytes(_words.to_entropy(words))
    except ValueError as error:
        raise BadPhrase(
            "these words do not belong together; compare each one, and their order, with the paper"
        ) from error
    return DeviceKeys(_derived(entropy, b"khata recovery sign 1"), _derived(entropy, b"khata recovery seal 1"))


def _meant(word: str) -> str:
    # First letters are rarely what is misread.
    alike = [known for known in _words.wordlist if known[0] == word[0]]
    close = get_close_matches(word[:32], alike, n=1)
    return f"; was it {close[0]!r}?" if close else "; compare it with the paper"


def _derived(entropy: bytes, info: bytes) -> bytes:
    # 256 uniformly random bits need no extracting.
    return HKDFExpand(hashes.SHA256(), KEY_BYTES, info).derive(entropy)
