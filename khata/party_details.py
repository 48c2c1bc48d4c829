"""Details of a party or of the company as a person writes them: checked where they are entered.

Imports keep what they bring; there a mistyped PAN is what somebody's books say.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from stdnum.exceptions import ValidationError
from stdnum.in_ import pan as pans

from khata.errors import BooksError
from khata.gst.states import checked_state, state_code, state_name

_email = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_pincode = re.compile(r"[1-9][0-9]{5}", re.ASCII)
_INDIA: Final = ("", "india")
_PAN_IN_GSTIN: Final = slice(2, 12)


def is_india(country: str) -> bool:
    """Whether a country is India, as it is where nobody names one."""
    return country.strip().casefold() in _INDIA


def checked_pan(text: str) -> str:
    """A PAN in its usual spelling; empty stays empty.

    Raises:
        BooksError: it has another form.
    """
    if not text.strip():
        return ""
    try:
        return str(pans.validate(text))
    except ValidationError as error:
        raise BooksError(f"{text!r} is not a PAN, which is written as in 'ABCPE1234F'; compare it with the card") from (
            error
        )


def checked_email(text: str) -> str:
    """An e-mail address; empty stays empty.

    Raises:
        BooksError: it does not look like one.
    """
    text = text.strip()
    if text and _email.fullmatch(text) is None:
        raise BooksError(f"{text!r} is not an e-mail address, which is written as in 'asha@example.com'")
    return text


def checked_pincode(text: str, country: str = "") -> str:
    """A postal code without spaces; empty stays empty, and one of another country stays as it is.

    Raises:
        BooksError: India has no such code.
    """
    digits = "".join(text.split())
    if not digits or not is_india(country):
        return text.strip()
    if _pincode.fullmatch(digits) is None:
        raise BooksError(f"{text!r} is not a PIN code, which has six digits, as in '411001'")
    return digits


def checked_place(text: str, abroad: bool) -> str:
    """A State of India in its usual spelling; the name of a place abroad stays as it was written.

    Raises:
        BooksError: it is no State, and not abroad.
    """
    if not abroad:
        try:
            return checked_state(text)
        except BooksError as error:
            raise BooksError(f"{error}; of a party abroad, give the --country as well") from error
    code = state_code(text)
    return state_name(code) if code else text.strip()


def check_agree(gstin: str, state: str, pan: str = "") -> None:
    """Refuse a GSTIN of another State, or of another holder, than is said beside it; what is empty says nothing.

    Raises:
        BooksError: the message names both.
    """
    if gstin and state and state_code(state) and state_code(gstin) != state_code(state):
        raise BooksError(f"{gstin} is a GSTIN of {state_name(state_code(gstin))}, not of {state}; correct one of them")
    if gstin and pan and gstin[_PAN_IN_GSTIN] != pan:
        raise BooksError(f"the GSTIN {gstin} is of the PAN {gstin[_PAN_IN_GSTIN]}, not of {pan}; correct one of them")


def checked_contacts(said: Mapping[str, Any], country: str = "") -> dict[str, Any]:
    """PAN, e-mail address and postal code among fields that were said, in their usual spelling.

    Args:
        country: where the party is.

    Raises:
        BooksError: one of them has another form.
    """
    found: dict[str, Any] = {}
    if said.get("pan") is not None:
        found["pan"] = checked_pan(said["pan"]) if is_india(country) else said["pan"].strip()
    if said.get("email") is not None:
        found["email"] = checked_email(said["email"])
    if said.get("pincode") is not None:
        found["pincode"] = checked_pincode(said["pincode"], country)
    return found
