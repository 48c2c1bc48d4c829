"""States and union territories by their GST codes, and GSTINs, whose first two digits are such a code.

Within a union territory that has no legislature of its own the State half of the tax is called UTGST. It goes into the
same column of every return, so khata calls it SGST everywhere.
"""

from functools import lru_cache
from typing import Final

from stdnum import luhn
from stdnum.exceptions import InvalidComponent, ValidationError
from stdnum.in_ import gstin as gstins
from stdnum.in_ import pan

from crdt_models.masters import normalised
from khata.errors import BooksError

ABROAD: Final = "96"
"""The code of a place of supply outside India."""

STATES: Final[dict[str, str]] = {
    "01": "Jammu and Kashmir",
    "02": "Himachal Pradesh",
    "03": "Punjab",
    "04": "Chandigarh",
    "05": "Uttarakhand",
    "06": "Haryana",
    "07": "Delhi",
    "08": "Rajasthan",
    "09": "Uttar Pradesh",
    "10": "Bihar",
    "11": "Sikkim",
    "12": "Arunachal Pradesh",
    "13": "Nagaland",
    "14": "Manipur",
    "15": "Mizoram",
    "16": "Tripura",
    "17": "Meghalaya",
    "18": "Assam",
    "19": "West Bengal",
    "20": "Jharkhand",
    "21": "Odisha",
    "22": "Chhattisgarh",
    "23": "Madhya Pradesh",
    "24": "Gujarat",
    "26": "Dadra and Nagar Haveli and Daman and Diu",
    "27": "Maharashtra",
    "29": "Karnataka",
    "30": "Goa",
    "31": "Lakshadweep",
    "32": "Kerala",
    "33": "Tamil Nadu",
    "34": "Puducherry",
    "35": "Andaman and Nicobar Islands",
    "36": "Telangana",
    "37": "Andhra Pradesh",
    "38": "Ladakh",
    ABROAD: "Other Countries",
    "97": "Other Territory",
}
"""Every code that a place of supply can have today."""

_RETIRED: Final = {"25": "26", "28": "37"}
"""Codes of places that have joined another or were divided, and the code that stands for them now."""

_ALSO: Final[dict[str, str]] = {
    "jammu & kashmir": "01",
    "uttaranchal": "05",
    "new delhi": "07",
    "nct of delhi": "07",
    "orissa": "21",
    "chattisgarh": "22",
    "daman and diu": "26",
    "daman & diu": "26",
    "dadra and nagar haveli": "26",
    "dadra & nagar haveli": "26",
    "dadra & nagar haveli and daman & diu": "26",
    "pondicherry": "34",
    "andaman and nicobar": "35",
    "andaman & nicobar islands": "35",
    "lakshadweep islands": "31",
    "andhra pradesh (new)": "37",
    "other country": ABROAD,
    "foreign country": ABROAD,
}

_BY_NAME: Final = {normalised(name): code for code, name in STATES.items()} | _ALSO
_GSTIN_CHARS: Final = 15
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@lru_cache(maxsize=4096)
def state_code(text: str) -> str:
    """The GST code of a State as people and programs write it; empty when it is none that khata knows.

    Args:
        text: a name ("Maharashtra"), a code ("27"), both ("27-Maharashtra"), or a GSTIN.
    """
    wanted = normalised(text)
    found = _BY_NAME.get(wanted)
    if found is not None:
        return found
    code, name = wanted[:2], wanted[2:].strip(" -")
    code = _RETIRED.get(code, code)
    if code not in STATES:
        return ""
    if not name or _BY_NAME.get(name) == code or is_gstin(text):
        return code
    return ""


def state_name(code: str) -> str:
    """The State of a code; the code itself where it is unknown."""
    return STATES.get(code, code)


def checked_state(text: str) -> str:
    """A State in its usual spelling; empty stays empty.

    Raises:
        BooksError: there is no such State.
    """
    if not text.strip():
        return ""
    code = state_code(text)
    if not code:
        raise BooksError(
            f"{text!r} is not a State or union territory of India; write it as in {STATES['27']!r} or '27'"
        )
    return STATES[code]


@lru_cache(maxsize=4096)
def is_gstin(text: str) -> bool:
    """Whether a text has the form and the check digit of a GSTIN."""
    try:
        checked_gstin(text)
    except BooksError:
        return False
    return bool(text.strip())


def checked_gstin(text: str) -> str:
    """A GSTIN in its usual spelling; empty stays empty.

    Raises:
        BooksError: its form or check digit is wrong.
    """
    if not text.strip():
        return ""
    try:
        return str(gstins.validate(text))
    except InvalidComponent as error:
        found = _of_newer_place(text)
        if found:
            return found
        raise _no_gstin(text) from error
    except ValidationError as error:
        raise _no_gstin(text) from error


def _of_newer_place(text: str) -> str:
    """A GSTIN of a place that the library's table of codes lacks, such as Ladakh; empty when it is not one."""
    number = gstins.compact(text)
    if len(number) != _GSTIN_CHARS or number[:2] not in STATES or number[12] == "0" or number[13] != "Z":
        return ""
    try:
        pan.validate(number[2:12])
        luhn.validate(number, _ALPHABET)
    except ValidationError:
        return ""
    return str(number)


def _no_gstin(text: str) -> BooksError:
    return BooksError(f"{text!r} is not a GSTIN; compare its 15 characters with the certificate")
