"""A mistake in a scenario: where it stands, what is wrong, and the word that was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from simulations.reading.toml_lines import KeyPath

_LISTED_MAX = 30
"""How many words a message lists; of more, it tells the first ones."""


class Mistake(NamedTuple):
    """Something that cannot be right.

    Attributes:
        path: the value that is wrong, or the table that lacks one.
        text: what is wrong and what would be right.
    """

    path: KeyPath
    text: str


def instead(word: str, known: Iterable[str]) -> str:
    """What somebody probably meant by a word that nothing goes by, or else the words there are."""
    words = list(known)
    if near := get_close_matches(word, words, 1):
        return f'did you mean "{near[0]}"?'
    by_case = {known_word.casefold(): known_word for known_word in words}
    if near := get_close_matches(word.casefold(), by_case, 1):
        return f'did you mean "{by_case[near[0]]}"?'
    listed = ", ".join(words[:_LISTED_MAX]) + (" and more" if len(words) > _LISTED_MAX else "")
    return f"there is {listed}" if listed else "there are none"
