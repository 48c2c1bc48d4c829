"""What items and ledgers are taxed, by date, as their masters say."""

import json
import sqlite3
from collections.abc import Callable
from typing import Final, NamedTuple

from crdt_models.errors import BadValue
from crdt_models.money import Rate
from khata.books import Books
from khata.gst.heads import CESS, CGST, IGST, SGST, head_of
from khata.gst.split import Levy

TAXABLE: Final = "taxable"
NIL_RATED: Final = "nil-rated"
EXEMPT: Final = "exempt"
NON_GST: Final = "non-gst"
REVERSE_CHARGE: Final = "reverse-charge"
TAXABILITIES: Final = (TAXABLE, NIL_RATED, EXEMPT, NON_GST, REVERSE_CHARGE)
UNTAXED: Final = (NIL_RATED, EXEMPT, NON_GST)

_RATE_MAX: Final = 1_000 * 1_000_000
"""No percentage that anybody means is larger; a larger one in a master of any origin is passed over."""


class Taxed(NamedTuple):
    """How something is taxed on a date.

    Attributes:
        levy: what it is taxed; None where its master does not say.
        taxability: one of `TAXABILITIES`; empty where its master does not say.
    """

    levy: Levy | None = None
    taxability: str = ""
    hsn: str = ""
    description: str = ""


NOTHING_SAID: Final = Taxed()


class Rates:
    """The rates of the items and ledgers of one copy; each is read when it is first asked for."""

    def __init__(self, books: Books) -> None:
        self._db: sqlite3.Connection = books.db
        self._effective: Callable[[str, int], int] = books.names.effective
        self._known: dict[tuple[str, int], list[tuple[str, Taxed]]] = {}
        self._on: dict[tuple[str, int, str], Taxed] = {}

    def on(self, kind: str, master: int, date: str) -> Taxed:
        """How an item or what is booked on a ledger is taxed on a date: by the last rate that began by then.

        Args:
            kind: `stock-item` or `ledger`.
            master: its local id; a merged one is taxed as the one it reads as.
        """
        asked = (kind, master, date)
        found = self._on.get(asked)
        if found is None:
            found = self._on[asked] = self._found(kind, master, date)
        return found

    def _found(self, kind: str, master: int, date: str) -> Taxed:
        key = (kind, self._effective(kind, master))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._read(*key)
        found = NOTHING_SAID
        for since, taxed in known:
            if since > date:
                break
            found = taxed
        return found

    def _read(self, kind: str, master: int) -> list[tuple[str, Taxed]]:
        rows = self._db.execute(
            "SELECT since, hsn, description, taxability, rates FROM gst_rates WHERE kind=? AND master=? "
            "ORDER BY since, line",
            (kind, master),
        )
        found: list[tuple[str, Taxed]] = []
        last = NOTHING_SAID
        for since, hsn, description, taxability, rates in rows.fetchall():
            last = _after(last, _taxed(taxability, rates, hsn, description))
            found.append((since, last))
        return found


def _after(before: Taxed, now: Taxed) -> Taxed:
    """What is said from a date on, completed with what was said before: codes and rates change at different dates."""
    hsn, description = now.hsn or before.hsn, now.description or before.description
    if now.levy is None:
        return Taxed(before.levy, now.taxability or before.taxability, hsn, description)
    return Taxed(now.levy, now.taxability, hsn, description)


def _taxed(taxability: str, rates: str, hsn: str, description: str) -> Taxed:
    levy = levy_of(json.loads(rates))
    word = taxability_of(taxability)
    if word in UNTAXED:
        levy = Levy(0)
    elif word == "" and levy is not None:
        word = TAXABLE
    return Taxed(levy, word, hsn.strip(), description.strip())


def taxability_of(text: str) -> str:
    """Khata's word for how something is taxed; Tally writes "Nil Rated", "Exempt", "Taxable"."""
    word = "-".join(text.casefold().replace("-", " ").split())
    return {"exempted": EXEMPT, "nil": NIL_RATED, "non-gst-supply": NON_GST}.get(
        word, word if word in TAXABILITIES else ""
    )


def levy_of(rates: object) -> Levy | None:
    """The levy in a map of heads to percentages of any origin; None where it names no rate.

    IGST is the whole rate; where only halves are given, they are added, and a single half is doubled.
    """
    if not isinstance(rates, dict):
        return None
    found: dict[str, int] = {}
    for head, text in rates.items():
        rate = percentage(text)
        if rate is not None and head_of(str(head)):
            found[head_of(str(head))] = rate
    cess = found.get(CESS, 0)
    if IGST in found:
        return Levy(found[IGST], cess)
    halves = [found[head] for head in (CGST, SGST) if head in found]
    if halves:
        return Levy(sum(halves) if len(halves) == 2 else 2 * halves[0], cess)
    return Levy(0, cess) if cess else None


def percentage(text: object) -> int | None:
    """A percentage of any origin in millionths; None where it is none."""
    if not isinstance(text, str) or not text.strip():
        return None
    try:
        rate = Rate.parse(text.strip().removesuffix("%")).e6
    except BadValue:
        return None
    return rate if 0 <= rate <= _RATE_MAX else None


def rate_text(rate_e6: int) -> str:
    """A rate in millionths of a percent as it is shown: `18`, `2.5`."""
    return Rate.from_e6(rate_e6).text
