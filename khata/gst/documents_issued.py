"""Documents issued: for each series of numbers in a financial year the first, the last, how many, and what is missing.

It is table 13 of the return GSTR-1. A number that khata gave out says its own series. Numbers from elsewhere are
grouped by the text around the part that counts: of all runs of digits in numbers of one shape, the one that takes most
values.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

from crdt_models.voucher_types import BASE_TYPES
from khata.books import Books
from khata.numbering import is_series_number
from khata.reports.span import EVERYTHING, Span
from khata.years import FinancialYear, year_of, year_starts

Json = dict[str, Any]

TABLE_13: Final = {"sales": 1, "debit-note": 4, "credit-note": 5, "delivery-note": 12}
"""The nature of documents in table 13, by base type. Receipts and payments stand there only as vouchers of advances
and of reverse charge, which their type does not tell, so they are listed without one."""

_digits = re.compile(r"[0-9]{1,18}")


class Issued(NamedTuple):
    """One document with a number."""

    number: str
    base: str
    date: str
    branch: str
    cancelled: bool
    optional: bool
    document: bytes


class Series(NamedTuple):
    """What the numbers of a series have in common: all but the count between `prefix` and `suffix`."""

    base: str
    year: FinancialYear
    prefix: str
    suffix: str


def documents_issued(
    books: Books, span: Span = EVERYTHING, base: str = "", branches: Collection[str] = ()
) -> list[Json]:
    """The series that documents of a span belong to, by base type, year and prefix.

    Args:
        base: the slug of a base type; empty for all.
        branches: only these, by code; empty for all.

    Returns:
        For each series `from`, `to`, `total`, `cancelled`, `net`, the `runs` of numbers without a gap, and `gaps`,
        each explained. Optional vouchers were not issued and are not counted.

    Raises:
        BadValue: a bound is not a date.
        NotFound: there is no such branch.

    Cost: one pass over all vouchers of the branch, about 5 µs each.
    """
    span.condition(books)
    branch, values = Span(branch=span.branch).condition(books, "v.date", "v.branch")
    rows = books.db.execute(
        "SELECT v.number, v.base, v.date, b.code, v.cancelled, v.optional, v.document FROM vouchers v "
        f"JOIN branches b ON b.id=v.branch WHERE v.number<>'' AND v.date<>'' AND {branch} AND (?='' OR v.base=?) "
        "ORDER BY v.document, v.leg",
        [*values, base, base],
    ).fetchall()
    issued = (Issued(*row) for row in rows)
    wanted = (one for one in issued if not branches or one.branch in branches)
    grouped = by_series(wanted, year_starts(books.db))
    found = [_row(books, series, grouped[series], span) for series in sorted(grouped)]
    return [row for row in found if row is not None]


def by_series(documents: Iterable[Issued], starts: str) -> dict[Series, list[tuple[int, Issued]]]:
    """Documents by the series of their numbers, each with its count in it.

    Args:
        starts: the first day of financial years, MM-DD.
    """
    shapes: dict[tuple[str, FinancialYear, str], list[Issued]] = {}
    years: dict[str, FinancialYear] = {}
    for document in documents:
        year = years.get(document.date)
        if year is None:
            year = years[document.date] = year_of(document.date, starts)
        shapes.setdefault((document.base, year, _digits.sub("\0", document.number)), []).append(document)
    found: dict[Series, list[tuple[int, Issued]]] = {}
    for (base, year, _), alike in shapes.items():
        position = _counting_run([document.number for document in alike], year)
        for document in alike:
            prefix, count, suffix = _parts(document.number, position)
            found.setdefault(Series(base, year, prefix, suffix), []).append((count, document))
    return found


def _counting_run(numbers: Sequence[str], year: FinancialYear) -> int:
    """Which run of digits counts: of khata's own numbers the last, else the one with most values, later ones first."""
    runs = [_digits.findall(number) for number in numbers]
    if not runs[0] or is_series_number(numbers[0]):
        return len(runs[0]) - 1
    years = {year.first[:4], year.first[2:4], year.last[:4], year.last[2:4]}

    def weight(position: int) -> tuple[int, bool, int]:
        values = {run[position] for run in runs}
        return len(values), not values <= years, position

    return max(range(len(runs[0])), key=weight)


def _parts(number: str, position: int) -> tuple[str, int, str]:
    matches = list(_digits.finditer(number))
    if not matches:
        return number, 0, ""
    at = matches[position]
    return number[: at.start()], int(at[0]), number[at.end() :]


def _row(books: Books, series: Series, documents: list[tuple[int, Issued]], span: Span) -> Json | None:
    inside = [(count, one) for count, one in documents if _is_inside(one.date, span) and not one.optional]
    if not inside:
        return None
    inside.sort(key=lambda pair: (pair[0], pair[1].number, pair[1].document))
    counts = [count for count, _ in inside]
    cancelled = sum(one.cancelled for _, one in inside)
    return {
        "base": series.base,
        "type": BASE_TYPES[series.base].name if series.base in BASE_TYPES else series.base,
        "table_13": TABLE_13.get(series.base),
        "year": series.year.label,
        "prefix": series.prefix,
        "suffix": series.suffix,
        "branches": sorted({one.branch for _, one in inside}),
        "from": inside[0][1].number,
        "to": inside[-1][1].number,
        "total": len(inside),
        "cancelled": cancelled,
        "net": len(inside) - cancelled,
        "twice": sorted({one.number for at, (count, one) in enumerate(inside) if at and counts[at - 1] == count}),
        "runs": _runs(inside),
        "gaps": _gaps(books, series, documents, inside),
    }


def _runs(inside: list[tuple[int, Issued]]) -> list[Json]:
    """Stretches of numbers without a gap; a number used twice counts once, and as cancelled when both are."""
    by_count: dict[int, list[Issued]] = {}
    for count, one in inside:
        by_count.setdefault(count, []).append(one)
    found: list[Json] = []
    last = None
    for count, ones in by_count.items():
        if last is None or count != last + 1:
            found.append({"from": ones[0].number, "to": "", "total": 0, "cancelled": 0})
        found[-1]["to"] = ones[0].number
        found[-1]["total"] += 1
        found[-1]["cancelled"] += all(one.cancelled for one in ones)
        last = count
    return found


def _is_inside(date: str, span: Span) -> bool:
    return (not span.since or date >= span.since) and (not span.until or date <= span.until)


def _gaps(
    books: Books, series: Series, documents: list[tuple[int, Issued]], inside: list[tuple[int, Issued]]
) -> list[Json]:
    """What is missing between the first and the last: numbers dated elsewhere, optional ones, and those not here."""
    first, last = inside[0][0], inside[-1][0]
    issued = {count for count, _ in inside}
    held = {count: one for count, one in sorted(documents, key=lambda pair: pair[1].document)
            if first < count < last and count not in issued}  # fmt: skip
    found = [
        _gap(count, count, one.number, one.number, "is optional, so it was not issued" if one.optional
             else f"is dated {one.date}")
        for count, one in held.items()
    ]  # fmt: skip
    here = sorted(issued | held.keys())
    why = _why_missing(books, inside[0][1].number)
    for before, after in pairwise(here):
        if after > before + 1:
            low, high = before + 1, after - 1
            found.append(_gap(low, high, _spelled(series, low, inside), _spelled(series, high, inside), why))
    return sorted(found, key=lambda gap: (gap["first"], gap["from"]))


def _gap(low: int, high: int, first: str, last: str, why: str) -> Json:
    return {"from": first, "to": last, "count": high - low + 1, "first": low, "why": why}


def _spelled(series: Series, count: int, inside: list[tuple[int, Issued]]) -> str:
    """A number that is not here as it would be written: as wide as the first one that is."""
    width = len(inside[0][1].number) - len(series.prefix) - len(series.suffix)
    return f"{series.prefix}{count:0{width}}{series.suffix}"


def _why_missing(books: Books, number: str) -> str:
    if not is_series_number(number):
        return "is not among what was imported: deleted or left out where it came from"
    code = number.partition("/")[0].casefold()
    device = next((one for one in books.replica.chain.members.values() if one.series.casefold() == code), None)
    name = device.name if device is not None else code.upper()
    return f"was given out at {name} and has not come here: run `khata sync`, then `khata problems`"
