"""Which ledger takes the tax under a head: the one for its rate, and for what is owed or for what is credited."""

import shlex
from collections.abc import Mapping
from typing import Final

from khata.books import Books
from khata.entering_masters import add_master
from khata.errors import BooksError
from khata.gst.heads import CESS, HEADS, IGST, head_of
from khata.gst.roles import Roles
from khata.gst.split import Levy

DUTIES: Final = "Duties & Taxes"
_WORDS: Final = {True: ("output", "input"), False: ("input", "output")}


class TaxLedgers:
    """Finds tax ledgers, or makes those that are missing where that was asked for.

    Args:
        outward: tax that is owed; else tax that is credited.
        named: ledgers that a person chose, by head.
        create: make a ledger where there is none.

    Raises:
        BooksError: `named` has a head that is none.
        NotFound, Ambiguous: a ledger that was named means nothing here.
    """

    def __init__(self, books: Books, roles: Roles, outward: bool, named: Mapping[str, str], create: bool) -> None:
        self._books = books
        self._roles = roles
        self._outward = outward
        self._create = create
        self._named = {_known_head(head): books.names.find_live("ledger", name) for head, name in named.items()}
        self._made: dict[str, bytes] = {}

    def ledger(self, head: str, levy: Levy) -> bytes:
        """The document id of the ledger for a head of the tax at some rate.

        Raises:
            BooksError: there is none, or there are several and nobody said which.
        """
        if head in self._named:
            return self._named[head].document
        if head in self._made:
            return self._made[head]
        found = self._for_rate(self._for_direction(self._roles.tax_ledgers(head)), head, levy)
        if len(found) == 1:
            return self._books.names.masters("ledger")[found[0]].document
        if found:
            names = ", ".join(repr(self._roles.name(ledger)) for ledger in found)
            raise BooksError(f"{head} could go to {names}; say which with --tax-ledger {head}:NAME")
        return self._missing(head)

    def _for_direction(self, ledgers: list[int]) -> list[int]:
        """Those whose names say the direction; else those whose names do not say the other one."""
        mine, others = _WORDS[self._outward]
        names = {ledger: self._roles.name(ledger).casefold() for ledger in ledgers}
        named = [ledger for ledger in ledgers if mine in names[ledger]]
        return named or [ledger for ledger in ledgers if others not in names[ledger]]

    def _for_rate(self, ledgers: list[int], head: str, levy: Levy) -> list[int]:
        """Those kept for this rate; else those kept for any. A ledger of a half is kept for half of the rate."""
        own = {ledger: self._roles.tax_rate(ledger) for ledger in ledgers}
        rate = levy.cess if head == CESS else levy.rate
        halves = 1 if head in (IGST, CESS) else 2
        fitting = [ledger for ledger in ledgers if own[ledger] is not None and (own[ledger] or 0) * halves == rate]
        return fitting or [ledger for ledger in ledgers if own[ledger] is None]

    def _missing(self, head: str) -> bytes:
        name = self._free_name(head)
        if not self._create:
            raise BooksError(
                f"no ledger collects {head}; add one with `khata ledger add {shlex.quote(name)} --group "
                f"{shlex.quote(DUTIES)} --tax-head {head}`, or say --create-ledgers"
            )
        group = self._books.names.find_live("group", DUTIES).document
        made = add_master(self._books, "ledger", name, {"group": group, "tax": {"kind": "GST", "head": head}})
        self._made[head] = made.id
        return made.id

    def _free_name(self, head: str) -> str:
        if self._books.names.taken("ledger", head) is None:
            return head
        return f"{_WORDS[self._outward][0].capitalize()} {head}"


def _known_head(text: str) -> str:
    head = head_of(text)
    if not head:
        raise BooksError(f"{text!r} is not a head of GST; there are {', '.join(HEADS)}")
    return head
