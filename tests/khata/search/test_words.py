"""What counts as the same word, and as the same amount."""

import sqlite3
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.errors import BooksError
from khata.search.words import SEPARATOR, Term, amount_tokens, indexed, query, terms, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sharma & Sons", ["sharma", "sons"]),
        ("PUN/26-27/00001", ["pun", "26", "27", "00001"]),
        ("CAFÉ Naïve", ["cafe", "naive"]),
        ("Cafe\u0301", ["cafe"]),
        ("शर्मा ट्रेडर्स", ["शर्मा", "ट्रेडर्स"]),
        ("५०००", ["5000"]),
        ("\uff33harma", ["sharma"]),
        ("Straße", ["strasse"]),
        ("İstanbul", ["istanbul"]),
        ("a\u200bb", ["ab"]),
        ("😀 paid", ["😀", "paid"]),
        ("\ud800", []),
        ("--- *** \"'", []),
    ],
)
def test_words(text, found):
    assert (
        words(text)
        == words(unicodedata.normalize("NFD", text))
        == [unicodedata.normalize("NFKD", word) for word in found]
    )


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("5000", "r5000"), ("5,000", "r5000"), ("1,25,000", "r125000"), ("₹5,000", "r5000"), ("Rs.5000/-", "r5000"),
        ("-5000", "r5000"), ("5000.00", "e50000000"), ("5000.5", "e50005000"), ("inr12.3456", "e123456"),
        ("५०००", "r5000"), ("9" * 5000, ""),
        ("PUN/26-27/00001", ""), ("5000.00000", ""), ("1e5", ""), (",5", ""), ("5.000.00", ""), ("rs", ""),
    ],
)  # fmt: skip
def test_amounts(text, amount):
    (term,) = terms(text)
    assert term.amount == amount


@given(st.integers(-(2**62), 2**62))
def test_an_amount_is_found_as_it_is_printed(amount):
    exact, rupees = amount_tokens(amount)
    whole, paise = divmod(abs(amount), 10_000)
    assert terms(f"{whole}.{paise:04}")[0].amount == exact
    assert terms(f"{whole}")[0].amount == rupees
    if not paise:
        assert terms(f"{whole}")[0].precise().amount == exact


@pytest.mark.parametrize("text", ["", "   ", "*", '"', "() - +", "\u200b", "a " * 17 + " ".join("bcdefghijklmnopqrs")])
def test_nothing_and_too_much_are_refused(text):
    with pytest.raises(BooksError, match=r"look for"):
        terms(text)


def found_by_sqlite(text: str, wanted: str) -> bool:
    db = sqlite3.connect(":memory:")
    try:
        db.execute("CREATE VIRTUAL TABLE t USING fts5(words, amounts, tokenize='ascii', columnsize=0)")
        db.execute("INSERT INTO t VALUES (?, ?)", (text, "r5000 e50000000"))
        return db.execute("SELECT 1 FROM t WHERE t MATCH ?", (wanted,)).fetchone() is not None
    finally:
        db.close()


def found_by_eye(texts: list[str], term: Term) -> bool:
    """Whether the words of a term follow each other in one of the texts, of the last one the beginning."""
    for text in texts:
        held = words(text)
        for at in range(len(held) - len(term.words) + 1):
            run = held[at : at + len(term.words)]
            if run[:-1] == list(term.words[:-1]) and run[-1].startswith(term.words[-1]):
                return True
    return False


texts = st.text(max_size=12) | st.text("ab AB-/'\"*()é५ि😀:^{}+\u0301\u200d", max_size=12)


@given(st.lists(texts, max_size=4), texts)
def test_sqlite_finds_what_the_words_say_and_nothing_that_is_typed_is_an_operator(held, typed):
    try:
        wanted = terms(typed)
    except BooksError:
        assert not words(typed)
        return
    kept = indexed(held)
    assert kept.replace(SEPARATOR, " ").split() == [word for text in held for word in words(text)]
    for term in wanted:
        only_words = term._replace(amount="")
        if only_words.words:
            assert found_by_sqlite(kept, query(only_words)) == found_by_eye(held, only_words)


@pytest.mark.parametrize(
    "typed", ["NEAR(a b)", "a OR b", "NOT a", '"a', "a*", "words:a", "{amounts}:r5000", "a^2", "-a", "r5000"]
)
def test_words_of_the_query_language_are_words(typed):
    for term in terms(typed):
        assert not found_by_sqlite("", query(term))
