"""Voucher numbers given twice: by two sources that were imported, by a copied disk, by two devices with one code.

Rule 46 of the CGST Rules wants a number to be unique within a GST registration, a kind of document and a financial
year. What khata gives out itself is unique in a base type; what came from elsewhere, in a voucher type. Nothing is ever
renumbered: both stay, and a cancelled one keeps its number without clashing with anything, since cancelling is how a
clash is settled.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from crdt_models.errors import BadValue
from crdt_models.vouchers import check_date
from khata.books import Books
from khata.deeds import branches_of, deed, in_order, showing
from khata.effects import of_vouchers
from khata.numbering import is_series_number
from khata.problem import Choice, Deed, Problem
from khata.years import financial_year, year_starts

DUPLICATE_NUMBER = "duplicate-number"
_CHOICES_MAX = 8


class _Numbered(NamedTuple):
    """A live voucher, or one leg of a transfer, with a number that others have too."""

    row: int
    document: bytes
    scope: str
    branch: str
    leg: str
    number: str
    base: str
    type: int | None
    date: str
    registration: str


def duplicate_numbers(books: Books) -> Iterator[Problem]:
    """Live vouchers that share a number where it has to be unique.

    Cost: one pass over the index of numbers, and a document for each voucher that is found.
    """
    gstins, starts = _gstins(books), year_starts(books.db)
    groups: dict[tuple[str, str, str, str], list[_Numbered]] = {}
    for one in _sharing(books):
        if _is_date(one.date):
            label = one.base if is_series_number(one.number) else books.names.label("voucher-type", one.type)
            gstin = gstins.get(one.branch, gstins[""])
            groups.setdefault((one.number, label, financial_year(one.date, starts), gstin), []).append(one)
    for (number, label, year, gstin), found in sorted(groups.items()):
        if any(_clash(one, other) for one, other in combinations(found, 2)):
            yield _problem(books, number, label, year, gstin, found)


def _gstins(books: Books) -> dict[str, str]:
    """The GSTIN under which each branch makes out its documents; under the empty code, the company's."""
    row = books.db.execute("SELECT gstin FROM companies WHERE present ORDER BY document LIMIT 1").fetchone()
    own = dict(books.db.execute("SELECT branch, gstin FROM registrations WHERE gstin<>''").fetchall())
    return {**own, "": (row[0] if row else "") or ""}


def _sharing(books: Books) -> Iterator[_Numbered]:
    rows = books.db.execute(
        "SELECT v.id, v.document, s.path, coalesce(b.code, ''), v.leg, v.number, v.base, v.type, v.date, "
        "v.registration FROM vouchers v JOIN scopes s ON s.id=v.scope LEFT JOIN branches b ON b.id=v.branch "
        "WHERE NOT v.cancelled AND v.number IN "
        "(SELECT number FROM vouchers WHERE number<>'' AND NOT cancelled GROUP BY number HAVING count(*)>1) "
        "ORDER BY v.document, s.path, v.leg"
    )
    for row in rows.fetchall():
        yield _Numbered(*row)


def _clash(one: _Numbered, other: _Numbered) -> bool:
    """Two registrations that a source names differently have numbers of their own; one document is no clash."""
    if one.document == other.document and one.leg == other.leg:
        return False
    return not one.registration or not other.registration or one.registration == other.registration


def _problem(books: Books, number: str, label: str, year: str, gstin: str, found: Sequence[_Numbered]) -> Problem:
    issued = sorted(
        ((_issued(books, one), one) for one in found), key=lambda pair: (pair[0].time_ms, pair[1].document, pair[1].leg)
    )
    later = [one for _, one in issued[1:]]
    documents = tuple(sorted({one.document.hex() for one in found}))
    under = f" under {gstin}" if gstin else ""
    places = " and ".join(sorted({f"{deed.device} ({deed.branch})" for deed, _ in issued}))
    text = (
        f"{len(found)} vouchers of type {label} in {year} have the number {number}{under}, given by {places}; "
        "all are kept as they are"
    )
    choices = tuple(
        Choice(words, _cancel(one, found), of_vouchers(books, [one.row], -1)) for words, one in _cancellations(issued)
    )
    deeds = in_order(deed for deed, _ in issued)
    effect = of_vouchers(books, [one.row for one in later])
    scopes = [one.scope for one in found]
    stake = "cancelling all but the first would take out"
    return Problem(
        DUPLICATE_NUMBER, documents, text, choices, deeds, effect, stake, branches_of(deeds, scopes),
        (number, label, year, gstin, *documents),
    )  # fmt: skip


def _cancellations(issued: Sequence[tuple[Deed, _Numbered]]) -> Iterator[tuple[str, _Numbered]]:
    """In words, which to cancel: the last that was given the number, or one of the first."""
    latest = issued[-1]
    yield f"keep the earlier, cancel the one of {latest[0].device} and enter it anew", latest[1]
    for deed_, one in issued[:-1][:_CHOICES_MAX]:
        yield f"cancel the one of {deed_.device} instead and enter it anew", one


def _cancel(one: _Numbered, found: Sequence[_Numbered]) -> str:
    if one.leg:
        return f"khata transfer cancel {one.document.hex()}"
    # One id may lie in two scopes; then only both together name a voucher.
    alone = sum(other.document == one.document for other in found) == 1
    return f"khata voucher cancel {'' if alone else one.scope + '/'}{one.document.hex()}"


def _issued(books: Books, one: _Numbered) -> Deed:
    """Whose save gave the number, and when by their clock."""
    document = books.document(abs(one.row))
    save = showing(document, one.leg or "number")
    assert save is not None
    return deed(books, save, f"gave it to {books.names.label('voucher-type', one.type)} of {one.date}")


def _is_date(text: str) -> bool:
    try:
        check_date(text)
    except BadValue:
        return False
    return True
