"""Reports for the tax office: `khata report gst` and `khata report documents-issued`."""

from typing import Annotated, Any

import typer

from khata.cli.frame import AsJson, Branch, Since, Until, grouped, opened, print_json, print_table, say
from khata.cli.reports import app

_HEADS = ("cgst", "sgst", "igst", "cess")
_SECTIONS = (("liability", "Owed on supplies"), ("input_credit", "Credit for purchases"))


@app.command()
def gst(
    context: typer.Context,
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    gstin: Annotated[str, typer.Option("--gstin", help="Only this registration of the company.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print GST owed and credited by registration, month, rate and head, and what to look at before filing.

    The tax is what stands on the tax ledgers of sales, purchases, credit and debit notes that count; --json names the
    documents behind each figure.

    Examples:
      khata report gst --from 2026-04-01 --to 2026-04-30
      khata report gst --branch Pune --json
    """
    from khata.gst.report import gst_report
    from khata.reports.span import Span

    with opened(context) as books:
        found = gst_report(books, Span(since, until, branch), gstin)
    if as_json:
        print_json(found)
        return
    for registration in found["registrations"]:
        _print_registration(registration)
    if found["adjustments"]:
        rows = [(row["date"], row["type"], row["number"], row["ledger"], _amount(row["amount"]))
                for row in found["adjustments"]]  # fmt: skip
        print_table(("Date", "Type", "Number", "Ledger", "Amount>"), rows, "Payments and adjustments of tax")
    _print_exceptions(found["exceptions"])


def _print_registration(found: dict[str, Any]) -> None:
    say(f"{found['gstin'] or 'without a GSTIN'}  {found['state']}".rstrip())
    columns = ("Month", "Rate>", "Taxable>", "CGST>", "SGST>", "IGST>", "Cess>", "Documents>")
    for section, title in _SECTIONS:
        if not found[section]:
            continue
        rows = [(row["month"], _rate(row), *_amounts(row), str(len(row["documents"]))) for row in found[section]]
        rows.append(("Total", "", *_amounts(found[f"{section}_total"]), ""))
        print_table(columns, rows, title)
    due = found["payable"]
    shown = ", ".join(f"{head.upper() if head != 'cess' else 'Cess'} {_amount(due[head])}" for head in _HEADS)
    say(f"Owed less credit: {shown}")
    say("")


def _rate(row: dict[str, Any]) -> str:
    cess = f" + {row['cess_rate']}" if row["cess_rate"] != "0" else ""
    return str(row["taxability"] or f"{row['rate']}%{cess}")


def _amounts(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(grouped(row[column]) for column in ("taxable", *_HEADS))


def _amount(text: str) -> str:
    return grouped(text) or "0.00"


def _print_exceptions(exceptions: list[dict[str, Any]]) -> None:
    for row in exceptions:
        document = f"{row['type']} {row['number']} of {row['date']}, {row['party']}: " if row["id"] else ""
        say(f"{row['code']}: {document}{row['text']}")
        say(f"    {row['settle']}")
    say(f"{len(exceptions)} {'exception' if len(exceptions) == 1 else 'exceptions'}")


@app.command("documents-issued")
def documents_issued(
    context: typer.Context,
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    type: Annotated[str, typer.Option("--type", help="Only this base type, such as Sales.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print each series of numbers in a financial year: first, last, how many, cancelled, and what is missing.

    Optional vouchers were not issued. Numbers from an import are grouped by what stands around the part that counts.

    Examples:
      khata report documents-issued
      khata report documents-issued --from 2026-04-01 --to 2026-04-30 --type Sales --json
    """
    from crdt_models.voucher_types import BASE_TYPES, base_slug
    from khata.errors import BooksError
    from khata.gst.documents_issued import documents_issued as issued
    from khata.reports.span import Span

    base = base_slug(type) or (type if type in BASE_TYPES else "")
    if type and not base:
        raise BooksError(f"{type!r} is no base type; there are {', '.join(one.name for one in BASE_TYPES.values())}")
    with opened(context) as books:
        found = issued(books, Span(since, until, branch), base)
    if as_json:
        print_json(found)
        return
    rows = [
        (row["type"], row["year"], row["from"], row["to"], str(row["total"]), str(row["cancelled"]), str(row["net"]),
         str(sum(gap["count"] for gap in row["gaps"]) or ""))
        for row in found
    ]  # fmt: skip
    print_table(("Type", "Year", "From", "To", "Total>", "Cancelled>", "Net>", "Missing>"), rows)
    for row in found:
        for gap in row["gaps"]:
            which = gap["from"] if gap["count"] == 1 else f"{gap['from']} to {gap['to']} ({gap['count']})"
            say(f"{row['type']} {which} {gap['why']}")
        for number in row["twice"]:
            say(f"{row['type']} {number} was used twice; see `khata problems`")
