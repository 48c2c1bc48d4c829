"""Bytes as text that people read aloud and type: base32 in groups, each with a check character.

The check character (ISO 7064 mod 37,36) covers the group's place as well as its letters, so a wrong letter, two groups
swapped and nearly all neighbours swapped (all but one in 700) are found, and the group that is wrong can be named.
"""

import base64
import binascii
import re
from typing import Final

from stdnum.iso7064 import mod_37_36

from p2p.errors import BadSpelling

_PLACES: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ignored = re.compile(r"[\s-]+")
_readable = re.compile(r"[A-Z0-9]*", re.ASCII)


def spell_groups(data: bytes, group_chars: int) -> list[str]:
    """Return `data` in base32, cut into groups of `group_chars` letters, each followed by its check character."""
    letters = base64.b32encode(data).decode("ascii").rstrip("=")
    cuts = range(0, len(letters), group_chars)
    return [_checked(place, letters[cut : cut + group_chars]) for place, cut in enumerate(cuts)]


def read_groups_untrusted(text: str, group_chars: int) -> bytes:
    """Return the bytes that `spell_groups` wrote; spaces, line ends, hyphens and upper or lower case do not matter.

    Args:
        text: as a person typed or pasted it; the caller bounds its length.

    Raises:
        BadSpelling: a group is mistyped or missing; the message names it.
    """
    clean = _ignored.sub("", text).upper()
    size = group_chars + 1
    groups = [clean[cut : cut + size] for cut in range(0, len(clean), size)]
    for place, group in enumerate(groups):
        if not _readable.fullmatch(group) or len(group) < 2 or _checked(place, group[:-1]) != group:
            raise BadSpelling(
                f"group {place + 1} of {len(groups)}, {group!r}, is mistyped; compare it with the original"
            )
    letters = "".join(group[:-1] for group in groups)
    try:
        data = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except binascii.Error as error:
        raise BadSpelling(f"the text is cut off after {len(groups)} groups; copy all of it") from error
    # base32 ignores the spare bits of the last letter; only one spelling may stand for the same bytes.
    if spell_groups(data, group_chars) != groups:
        raise BadSpelling(f"the last group, {groups[-1]!r}, is mistyped; compare it with the original")
    return data


def _checked(place: int, letters: str) -> str:
    return letters + mod_37_36.calc_check_digit(_PLACES[place % len(_PLACES)] + letters)
