"""Text as words that are looked for: capitals, accents, signs and the way digits are written make no difference.

A word is a run of letters, digits and the marks that belong to them in any script; pictures are words too. Everything
else only separates, so nothing that is typed can be taken for an operator. Words hold no ASCII but a-z and 0-9: FTS5's
`ascii` tokenizer splits them exactly at the spaces between them, and all of what counts as equal is decided here.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, NamedTuple

from khata.errors import BooksError

SEPARATOR: Final = "\ue000"
"""Stands between the texts of one document, so that no phrase reaches from one into the next; no word can hold it."""

TERMS_MAX: Final = 16
TERM_WORDS_MAX: Final = 64

_LATIN_MARKS: Final = range(0x300, 0x370)
_E4: Final = 10_000
_amount = re.compile(r"[+-]?(\d[\d,]{0,30})(?:\.(\d{1,4}))?(?:/-)?", re.ASCII)
_currency = re.compile(r"^(?:₹|rs\.?|inr)(?=\d)", re.IGNORECASE)


class Term(NamedTuple):
    """One thing to look for, which has to be found for a document to be found.

    Attributes:
        words: to be found one after the other, of the last one at least the beginning.
        amount: the token of an amount to be found instead; empty where the term is none.
    """

    words: tuple[str, ...]
    amount: str

    def precise(self) -> "Term":
        """The same, where an amount without paise means one that has none."""
        return self._replace(amount=f"e{int(self.amount[1:]) * _E4}") if self.amount.startswith("r") else self


def words(text: str) -> list[str]:
    """The words of a text, folded."""
    return "".join(_spread(character) for character in _folded(text)).split()


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(character for character in decomposed if ord(character) not in _LATIN_MARKS).casefold()


def _spread(character: str) -> str:
    """A character of a word as it is, with digits of any script as 0-9; a space for all that separates."""
    if character.isascii():
        return character if character.isalnum() else " "
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category[0] in "LMN" or category == "So":
        return character
    # Joiners stand inside words of Indian scripts and of pictures, and say nothing by themselves.
    return "" if category == "Cf" else " "


def indexed(texts: Iterable[str]) -> str:
    """What is kept of the texts of a document."""
    return f" {SEPARATOR} ".join(" ".join(found) for text in texts if (found := words(text)))


def amount_tokens(amount_e4: int) -> tuple[str, str]:
    """Under which tokens an amount is found: to the last digit, and by its whole rupees."""
    amount_e4 = abs(amount_e4)
    return f"e{amount_e4}", f"r{amount_e4 // _E4}"


def terms(text: str) -> list[Term]:
    """What somebody looks for: every term between spaces that holds anything.

    Raises:
        BooksError: there is nothing to look for, or too much.
    """
    found = [term for part in text.split() if (term := _term(part)).words or term.amount]
    if not found:
        raise BooksError(f"there is nothing in {text[:40]!r} to look for; give a name, a number or an amount")
    if len(found) > TERMS_MAX or any(len(term.words) > TERM_WORDS_MAX for term in found):
        raise BooksError(f"that is too much to look for at once; give at most {TERMS_MAX} words")
    return list(dict.fromkeys(found))


def _term(part: str) -> Term:
    digits = "".join(str(unicodedata.decimal(character, character)) for character in part)
    match = _amount.fullmatch(_currency.sub("", digits))
    if match is None:
        return Term(tuple(words(part)), "")
    whole, fraction = int(match[1].replace(",", "")), match[2]
    if fraction is None:
        return Term(tuple(words(part)), f"r{whole}")
    return Term(tuple(words(part)), f"e{whole * _E4 + int(fraction.ljust(4, '0'))}")


def query(term: Term) -> str:
    """A term in the language of FTS5; the words are in quotes and hold none."""
    by_words = f'words : "{" ".join(term.words)}" *' if term.words else ""
    by_amount = f'amounts : "{term.amount}"' if term.amount else ""
    return " OR ".join(filter(None, (by_words, by_amount)))
