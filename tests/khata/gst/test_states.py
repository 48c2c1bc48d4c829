"""States by every spelling that books are full of, and GSTINs that are mistyped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.errors import BooksError
from khata.gst.states import ABROAD, STATES, checked_gstin, checked_state, is_gstin, state_code, state_name

GSTIN = "27AAPFU0939F1ZV"
LADAKH = "38AAPFU0939F1ZS"


@pytest.mark.parametrize("code", sorted(STATES))
def test_every_state_is_found_by_name_code_and_both(code):
    name = STATES[code]
    assert {state_code(text) for text in (name, name.upper(), code, f"{code}-{name}", f"{code} {name}")} == {code}
    assert state_name(code) == name


@pytest.mark.parametrize(
    ("text", "code"),
    [("Orissa", "21"), ("pondicherry", "34"), ("Daman & Diu", "26"), ("25", "26"), (GSTIN, "27"), ("Foreign Country",
     ABROAD), ("", ""), ("Ruritania", ""), ("27-Karnataka", ""), ("99", ""), ("2", "")],
)  # fmt: skip
def test_other_spellings(text, code):
    assert state_code(text) == code


def test_a_state_is_kept_in_its_usual_spelling():
    assert checked_state("29") == "Karnataka"
    assert checked_state(" ") == ""
    with pytest.raises(BooksError, match="'Ruritania' is not a State"):
        checked_state("Ruritania")
    assert state_name("ZZ") == "ZZ"


def test_a_gstin_of_a_place_that_the_library_does_not_know_is_one_too():
    assert checked_gstin(LADAKH.lower()) == LADAKH
    assert state_code(LADAKH) == "38"
    with pytest.raises(BooksError, match="is not a GSTIN"):
        checked_gstin(LADAKH[:-1] + "T")
    with pytest.raises(BooksError, match="is not a GSTIN"):
        checked_gstin("98" + LADAKH[2:])


@given(st.integers(0, 14), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_every_wrong_character_is_noticed(position, character):
    for number in (GSTIN, LADAKH):
        typed = number[:position] + character + number[position + 1 :]
        assert is_gstin(typed) == (typed == number)


@given(st.text(max_size=20))
def test_any_text_is_a_gstin_or_refused(text):
    assert isinstance(is_gstin(text), bool)
    assert state_code(text) in ("", *STATES)
