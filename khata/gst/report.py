"""The GST report: what is owed and what is credited, by registration, month, rate and head, with the documents behind.

Only what counts in the books counts here: a cancelled or optional voucher does not, a credit note takes away. The tax
is what stands on the tax ledgers, so both parts and the adjustments together are the movement of those ledgers to the
paisa; the value that it is on comes from the lines.
"""

from collections.abc import Iterable
from typing import Any, Final

from crdt_models.money import Amount
from khata.books import Books
from khata.errors import NotFound
from khata.gst.breakdown import RateRow, by_rate
from khata.gst.exceptions import exceptions_of
from khata.gst.heads import HEADS, NOTHING, Heads
from khata.gst.places import Registration, Registrations
from khata.gst.rates import rate_text
from khata.gst.roles import TAX
from khata.gst.states import state_name
from khata.gst.supplies import BASES, Supplies, Supply
from khata.reports.span import EVERYTHING, Span

Json = dict[str, Any]
Key = tuple[str, int, int, str]

COLUMNS: Final = tuple(head.casefold() for head in HEADS)
_SECTIONS: Final = {True: "liability", False: "input_credit"}


class _Labels:
    """What documents are called in the report; each label is looked up once."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._known: dict[tuple[str, int | None], str] = {}

    def document(self, supply: Supply) -> Json:
        """How a voucher is named."""
        header = supply.header
        return {
            "id": header.document.hex(),
            "type": self._label("voucher-type", header.type),
            "number": header.number,
            "date": header.date,
            "party": self._label("ledger", header.party),
            "branch": header.branch,
        }

    def _label(self, kind: str, local: int | None) -> str:
        known = self._known.get((kind, local))
        if known is None:
            known = self._known[kind, local] = self._books.names.label(kind, local)
        return known


def gst_report(books: Books, span: Span = EVERYTHING, gstin: str = "") -> Json:
    """What is owed and credited in a span, with exceptions and adjustments.

    Args:
        gstin: only what stands under this registration of the company; empty for all.

    Returns:
        `registrations`, each with `liability` and `input_credit` by month and rate, their totals, and `payable` by
        head; `adjustments`, the entries on tax ledgers in vouchers that record no supply; `exceptions`.

    Raises:
        BadValue: a bound is not a date.
        NotFound: there is no such branch, or no branch stands under that registration.

    Cost: one pass over the vouchers of the span, about 40 µs for each that records a supply.
    """
    supplies, labels = Supplies(books), _Labels(books)
    branches = branches_of(books, supplies.registrations, gstin)
    found = supplies.all(*span.condition(books, "v.date", "v.branch"))
    if gstin:
        found = [supply for supply in found if supply.header.branch in branches]
    by_registration: dict[Registration, list[Supply]] = {}
    for supply in found:
        by_registration.setdefault(supply.registration, []).append(supply)
    return {
        "from": span.since,
        "to": span.until,
        "registrations": [
            _registration(labels, own, by_registration[own]) for own in sorted(by_registration)
        ],
        "adjustments": [row for row in _adjustments(supplies, span) if not gstin or row["branch"] in branches],
        "exceptions": exceptions_of(supplies, found),
    }  # fmt: skip


def branches_of(books: Books, registrations: Registrations, gstin: str) -> set[str]:
    """The codes of the branches that stand under a registration of the company; none for no GSTIN.

    Raises:
        NotFound: no branch does.
    """
    if not gstin:
        return set()
    wanted = gstin.strip().upper()
    found = {code for code in books.replica.chain.branches if registrations.of(code).gstin.upper() == wanted}
    if not found:
        raise NotFound(f"no branch stands under the GSTIN {gstin}; `khata company show` lists them")
    return found


def _registration(labels: _Labels, own: Registration, supplies: list[Supply]) -> Json:
    result: Json = {
        "gstin": own.gstin,
        "state": state_name(own.state),
        "branches": sorted({supply.header.branch for supply in supplies}),
    }
    totals: dict[bool, Heads] = {}
    for outward, section in _SECTIONS.items():
        rows = _rows(supply for supply in supplies if supply.outward is outward)
        totals[outward] = _sum(row for _, row, _ in rows)
        result[section] = [_row_json(labels, *row) for row in rows]
        result[f"{section}_total"] = {
            "taxable": _text(sum(row.taxable for _, row, _ in rows)), **heads_json(totals[outward]),
        }  # fmt: skip
    owed = Heads(*(due - credit for due, credit in zip(totals[True], totals[False], strict=True)))
    result["payable"] = heads_json(owed)
    return result


def _sum(rows: Iterable[RateRow]) -> Heads:
    total = NOTHING
    for row in rows:
        total = total.plus(row.tax)
    return total


def _rows(supplies: Iterable[Supply]) -> list[tuple[str, RateRow, list[tuple[Supply, RateRow]]]]:
    """By month and rate: the month, the sums, and each document with its part."""
    found: dict[Key, tuple[RateRow, list[tuple[Supply, RateRow]]]] = {}
    for supply in supplies:
        for part in by_rate(supply):
            key = (supply.header.date[:7], *part.levy, part.taxability)
            row, documents = found.get(key, (part._replace(taxable=0, tax=NOTHING), []))
            row = row._replace(taxable=row.taxable + part.taxable, tax=row.tax.plus(part.tax))
            documents.append((supply, part))
            found[key] = (row, documents)
    return [(key[0], *found[key]) for key in sorted(found)]


def _row_json(labels: _Labels, month: str, row: RateRow, documents: list[tuple[Supply, RateRow]]) -> Json:
    return {
        "month": month,
        "rate": rate_text(row.levy.rate),
        "cess_rate": rate_text(row.levy.cess),
        "taxability": row.taxability,
        "taxable": _text(row.taxable),
        **heads_json(row.tax),
        "documents": [
            {**labels.document(supply), "taxable": _text(part.taxable), **heads_json(part.tax)}
            for supply, part in documents
        ],
    }


def heads_json(tax: Heads) -> Json:
    """The heads of a tax as canonical text."""
    return {column: _text(amount) for column, amount in zip(COLUMNS, tax, strict=True)}


def _adjustments(supplies: Supplies, span: Span) -> list[Json]:
    """Entries on tax ledgers in vouchers that record no supply: payments of tax, set-offs, reverse charge."""
    books, roles = supplies.books, supplies.roles
    taxes = [ledger for ledger in books.names.masters("ledger") if roles.role(ledger) == TAX]
    condition, values = span.condition(books)
    rows = books.db.execute(
        "SELECT v.document, v.type, v.number, e.date, e.ledger, e.amount_e4, b.code FROM entries e "
        f"JOIN vouchers v ON v.id=e.voucher JOIN branches b ON b.id=e.branch WHERE {condition} AND e.posted=1 "
        f"AND e.ledger IN ({', '.join(map(str, taxes))}) AND v.base NOT IN ({', '.join(map(repr, BASES))}) "
        "ORDER BY e.date, v.number, v.document, v.leg, e.line",
        values,
    )
    return [
        {
            "id": document.hex(),
            "type": books.names.label("voucher-type", kind),
            "number": number,
            "date": date,
            "branch": branch,
            "ledger": books.names.label("ledger", ledger),
            "head": roles.head(ledger),
            "amount": _text(amount),
        }
        for document, kind, number, date, ledger, amount, branch in rows.fetchall()
    ]


def _text(amount_e4: int) -> str:
    return Amount.from_e4(amount_e4).text
