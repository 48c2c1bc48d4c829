"""The return GSTR-1 of one registration for one month, as the JSON that the GST portal's offline tool takes."""

import re
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, Final

import msgspec

from crdt_models.money import Amount
from khata.books import Books
from khata.errors import BooksError
from khata.export.gstr1_tables import Filed, filed, heads, number, rate_number, tables
from khata.export.gstr1_units import UnitCodes
from khata.gst.documents_issued import documents_issued
from khata.gst.heads import NOTHING, Heads
from khata.gst.places import Registrations
from khata.gst.rates import NON_GST, UNTAXED
from khata.gst.report import branches_of
from khata.gst.states import is_gstin
from khata.gst.supplies import Component, Supplies
from khata.numbering import NUMBER_CHARS_MAX
from khata.reports.span import Span, branch_code
from khata.years import month_ends

Json = dict[str, Any]

_HSN_DIVIDED_SINCE: Final = "2025-05"
"""The month from which HSN codes are told apart for buyers with and without a GSTIN."""

_month = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])").fullmatch
_number_chars = re.compile(r"[A-Za-z0-9/-]+").fullmatch
_encoder = msgspec.json.Encoder(decimal_format="number")


def registration_for(books: Books, gstin: str = "", branch: str = "") -> str:
    """The GSTIN that a return is for: the one named, that of a branch, or the only one there is.

    Raises:
        BooksError: there is none or there are several, and nobody said which.
        NotFound: no branch is called so.
    """
    registrations = Registrations(books)
    if gstin:
        return gstin.strip().upper()
    if branch:
        found = {registrations.of(branch_code(books, branch)).gstin}
    else:
        found = {registrations.of(code).gstin for code in books.replica.chain.branches}
    known = sorted(found - {""})
    if not known:
        raise BooksError(
            "the company has no GSTIN here; give it with `khata company set --gstin GSTIN`, or --branch for one branch"
        )
    if len(known) > 1:
        raise BooksError(f"the company has several registrations; say which with --gstin: {', '.join(known)}")
    return known[0]


def gstr1(books: Books, month: str, gstin: str) -> tuple[Json, Json]:
    """The return of a month, and what a person should know of it.

    Args:
        month: YYYY-MM.
        gstin: of a registration of the company.

    Returns:
        The content of the file; and `counts` by table, the `taxable` and the heads it sums to, what was `left_out` and
        why, `warnings` of what the portal will not take, and which `units` it does not know.

    Raises:
        BooksError: the month is none, or the GSTIN is mistyped.
        NotFound: no branch stands under that registration.
    """
    if _month(month) is None:
        raise BooksError(f"{month!r} is not a month; write it as 2026-04")
    if not is_gstin(gstin):
        raise BooksError(f"{gstin!r} is not a GSTIN; correct it with `khata company set --gstin GSTIN`")
    supplies = Supplies(books)
    branches = branches_of(books, supplies.registrations, gstin)
    span = Span(f"{month}-01", month_ends(month))
    supplied = [
        supply
        for supply in supplies.all(*span.condition(books, "v.date", "v.branch"))
        if supply.outward and supply.header.branch in branches
    ]
    documents = [filed(supply) for supply in sorted(supplied, key=lambda supply: supply.order)]
    told = [document for document in documents if document.table]
    units = UnitCodes(books)
    content: Json = {"gstin": gstin, "fp": month[5:] + month[:4], **tables(told), **_hsn(books, told, month, units)}
    issued = _doc_issue(books, span, branches)
    if issued:
        content["doc_issue"] = {"doc_det": issued}
    left_out = [one for one in documents if not one.table]
    return content, {**_summary(told, left_out, content), "units": units.findings()}


def write_gstr1(month: str, gstin: str, branch: str) -> Callable[[Books, BinaryIO, Any], Json]:
    """A writer of the return of a month, for `khata export`."""

    def write(books: Books, stream: BinaryIO, step: Callable[[int, int | None], None]) -> Json:
        content, summary = gstr1(books, month, registration_for(books, gstin, branch))
        stream.write(msgspec.json.format(_encoder.encode(content), indent=1) + b"\n")
        step(1, 1)
        return summary

    return write


# -- HSN ---------------------------------------------------------------------------------------------------------------


def _hsn(books: Books, documents: list[Filed], month: str, units: UnitCodes) -> Json:
    """What was supplied by code, unit and rate, net of notes; described by its rate, or as what was supplied first."""
    divided = month >= _HSN_DIVIDED_SINCE
    sums: dict[str, dict[tuple[str, str, int], list[Any]]] = {}
    for document in documents:
        table = ("hsn_b2b" if document.registered else "hsn_b2c") if divided else "data"
        for part in document.parts:
            component = part.component
            if component.taxed.taxability == NON_GST:
                continue
            rate = 0 if component.taxed.taxability in UNTAXED else part.levy.rate
            service = component.taxed.hsn.startswith("99") or component.kind == "ledger"
            unit = "NA" if service else units.of(component.master, component.unit).code
            row = sums.setdefault(table, {}).setdefault(
                (component.taxed.hsn, unit, rate), [_description(books, component), 0, 0, NOTHING]
            )
            row[1] += 0 if service else component.quantity
            row[2] += component.value
            row[3] = row[3].plus(part.tax)
    if not sums:
        return {}
    return {"hsn": {table: _hsn_rows(sums[table]) for table in sorted(sums)}}


def _hsn_rows(sums: dict[tuple[str, str, int], list[Any]]) -> list[Json]:
    rows = []
    for at, key in enumerate(sorted(sums), 1):
        (code, unit, rate), (description, quantity, value, tax) = key, sums[key]
        rows.append({
            "num": at, "hsn_sc": code, "desc": description[:30], "uqc": unit, "qty": rate_number(quantity),
            "rt": rate_number(rate), "txval": number(value), **heads(tax),
        })  # fmt: skip
    return rows


def _description(books: Books, component: Component) -> str:
    return component.taxed.description or books.names.label(component.kind, component.master)


# -- documents issued --------------------------------------------------------------------------------------------------


def _doc_issue(books: Books, span: Span, branches: set[str]) -> list[Json]:
    """Table 13: each stretch of numbers without a gap is a row, so that first, last and count agree."""
    found: dict[int, list[Json]] = {}
    for row in documents_issued(books, span, branches=branches):
        if row["table_13"] is not None:
            found.setdefault(row["table_13"], []).extend(row["runs"])
    return [
        {
            "doc_num": nature,
            "docs": [
                {
                    "num": at, "from": run["from"], "to": run["to"], "totnum": run["total"],
                    "cancel": run["cancelled"], "net_issue": run["total"] - run["cancelled"],
                }
                for at, run in enumerate(found[nature], 1)
            ],
        }
        for nature in sorted(found)
    ]  # fmt: skip


# -- what a person should know -----------------------------------------------------------------------------------------


def _summary(told: list[Filed], left_out: list[Filed], content: Json) -> Json:
    tax, taxable = NOTHING, 0
    for document in told:
        tax = tax.plus(document.supply.tax)
        taxable += sum(part.component.value for part in document.parts)
    counts: dict[str, int] = {}
    for document in told:
        counts[document.table] = counts.get(document.table, 0) + 1
    return {
        "gstin": content["gstin"],
        "fp": content["fp"],
        "counts": dict(sorted(counts.items())),
        "taxable": Amount.from_e4(taxable).text,
        **_heads_text(tax),
        "left_out": [
            {**_named(document), "reason": "its party has no GSTIN and its place of supply is not known"}
            for document in left_out
        ],
        "warnings": [{**_named(document), "reason": reason} for document, reason in _warnings(told)],
    }


def _heads_text(tax: Heads) -> Json:
    return {name: Amount.from_e4(amount).text for name, amount in zip(tax._fields, tax, strict=True)}


def _named(document: Filed) -> Json:
    header = document.supply.header
    return {"id": header.document.hex(), "number": header.number, "date": header.date}


def _warnings(documents: Iterable[Filed]) -> list[tuple[Filed, str]]:
    """What the portal will not take as it stands."""
    found = []
    for document in documents:
        text = document.supply.header.number
        if document.table != "b2cs" and (len(text) > NUMBER_CHARS_MAX or _number_chars(text) is None):
            why = f"its number {text!r} has more than {NUMBER_CHARS_MAX} characters or others than A-Z, 0-9, / and -"
            found.append((document, why))
        if any(not part.component.taxed.hsn for part in document.parts):
            found.append((document, "a part of it has no HSN or SAC code; set it with `khata gst rate`"))
    return found
