"""The GST report: what is owed and what is credited, by registration, month, rate and head, with the documents behind.

Only what counts in the books counts here: a cancelled or optional voucher does not, a credit note takes away. The tax
is what stands on the tax ledgers, so both parts and the adjustments together are the movement of those ledgers to the
paisa; the value that it is on comes from the lines.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from crdt_models.money import Amount
from khata.books import Books
from khata.errors import NotFound
from khata.gst.breakdown import by_rate
from khata.gst.exceptions import Exceptions
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


class _Row:
    """What one month has at one rate: the sums, and each document with its place in the list."""

    def __init__(self) -> None:
        self.taxable = 0
        self.tax = NOTHING
        self.documents: list[tuple[Any, Json]] = []


class _Return:
    """What one registration owes and is credited, while supplies are added."""

    def __init__(self, labels: _Labels) -> None:
        self._labels = labels
        self._branches: set[str] = set()
        self._rows: dict[bool, dict[Key, _Row]] = {True: {}, False: {}}

    def add(self, supply: Supply) -> None:
        """Count one supply."""
        self._branches.add(supply.header.branch)
        rows = self._rows[supply.outward]
        for part in by_rate(supply):
            row = rows.setdefault((supply.header.date[:7], *part.levy, part.taxability), _Row())
            row.taxable += part.taxable
            row.tax = row.tax.plus(part.tax)
            told = {**self._labels.document(supply), "taxable": _text(part.taxable), **heads_json(part.tax)}
            row.documents.append((supply.order, told))

    def json(self, own: Registration) -> Json:
        """All of it, by month and rate."""
        result: Json = {"gstin": own.gstin, "state": state_name(own.state), "branches": sorted(self._branches)}
        totals = {outward: _total(rows.values()) for outward, rows in self._rows.items()}
        for outward, section in _SECTIONS.items():
            rows = self._rows[outward]
            result[section] = [_row_json(key, rows[key]) for key in sorted(rows)]
            result[f"{section}_total"] = {
                "taxable": _text(sum(row.taxable for row in rows.values())), **heads_json(totals[outward]),
            }  # fmt: skip
        owed = Heads(*(due - credit for due, credit in zip(totals[True], totals[False], strict=True)))
        return {**result, "payable": heads_json(owed)}


def _total(rows: Iterable[_Row]) -> Heads:
    total = NOTHING
    for row in rows:
        total = total.plus(row.tax)
    return total


def _row_json(key: Key, row: _Row) -> Json:
    month, rate, cess, taxability = key
    row.documents.sort(key=lambda one: one[0])
    return {
        "month": month,
        "rate": rate_text(rate),
        "cess_rate": rate_text(cess),
        "taxability": taxability,
        "taxable": _text(row.taxable),
        **heads_json(row.tax),
        "documents": [told for _, told in row.documents],
    }


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

    Cost: one pass over the vouchers of the span, about 70 µs for each that records a supply.
    """
    supplies = Supplies(books)
    branches = branches_of(books, supplies.registrations, gstin)
    exceptions = Exceptions(books)
    found: dict[Registration, _Return] = {}
    labels = _Labels(books)
    for supply in supplies.all(*span.condition(books, "v.date", "v.branch")):
        if not gstin or supply.header.branch in branches:
            found.setdefault(supply.registration, _Return(labels)).add(supply)
            exceptions.look(supply)
    return {
        "from": span.since,
        "to": span.until,
        "registrations": [found[own].json(own) for own in sorted(found)],
        "adjustments": [row for row in _adjustments(supplies, span) if not gstin or row["branch"] in branches],
        "exceptions": exceptions.listed(),
    }


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


@lru_cache(maxsize=4096)
def _text(amount_e4: int) -> str:
    return Amount.from_e4(amount_e4).text
