"""The heads under which GST is owed, and what Tally and people call them."""

import re
from typing import Final, NamedTuple

CGST: Final = "CGST"
SGST: Final = "SGST"
IGST: Final = "IGST"
CESS: Final = "Cess"
HEADS: Final = (CGST, SGST, IGST, CESS)

_SPELLINGS: Final = {
    "cgst": CGST,
    "central tax": CGST,
    "sgst": SGST,
    "state tax": SGST,
    "utgst": SGST,
    "sgst/utgst": SGST,
    "igst": IGST,
    "integrated tax": IGST,
    "cess": CESS,
}
_in_name = re.compile(r"(?<![a-z])(cgst|sgst|utgst|igst|cess)(?![a-z])").search


class Heads(NamedTuple):
    """An amount of tax under each head, in ten-thousandths."""

    cgst: int = 0
    sgst: int = 0
    igst: int = 0
    cess: int = 0

    @property
    def total(self) -> int:
        """All heads together."""
        return sum(self)

    def plus(self, other: "Heads") -> "Heads":
        """Both, head by head."""
        return Heads(self.cgst + other.cgst, self.sgst + other.sgst, self.igst + other.igst, self.cess + other.cess)


NOTHING: Final = Heads()


def head_of(text: str) -> str:
    """The head that a text names, as Tally or a person spells it; empty when it names none."""
    return _SPELLINGS.get(" ".join(text.casefold().split()), "")


def head_in_name(name: str) -> str:
    """The head that stands in the name of a ledger ("Output CGST @9%"); empty when none does.

    Files of masters are often cut down to names and groups; then the name is all there is to go by.
    """
    found = _in_name(name.casefold())
    return head_of(found[1]) if found is not None else ""
