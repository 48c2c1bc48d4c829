"""Why a value was refused, in a person's words: the libraries that read values speak of `int` and `$.decimals`."""

import re
from typing import Final

_expected = re.compile(r"(?:[\w ]+: )?Expected `([^`]+)`, got `([^`]+)`(?: - at `\$\.?([^`]*)`)?")
_missing = re.compile(r"(?:[\w ]+: )?Object missing required field `([^`]+)`(?: - at `\$\.?([^`]*)`)?")
_WORDS: Final = {
    "int": "a whole number",
    "float": "a decimal number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "fields in braces",
    "bytes": "an id",
    "null": "nothing",
}


def plain_reason(error: Exception) -> str:
    """What an error says, without the words of a programming language.

    Args:
        error: of reading a value, whose text may quote types and paths.
    """
    text = str(error)
    if found := _expected.fullmatch(text):
        wanted, got, path = found.groups()
        return f"{path or 'it'} is {_kind(wanted)}, not {_kind(got)}"
    if found := _missing.fullmatch(text):
        field, path = found.groups()
        return f"{path or 'it'} needs {field}"
    return text


def _kind(types: str) -> str:
    return " or ".join(_WORDS.get(one.strip(), one.strip()) for one in types.split("|"))
