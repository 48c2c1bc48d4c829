"""What importing a sheet would do: the mapping and the first vouchers for a person to look at, and the plan."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from crdt_models.money import Amount
from khata.already_here import note_doubles
from khata.books import Books
from khata.errors import BooksError, NotFound
from khata.import_locks import leave_out_locked
from khata.importing import BooksView
from khata.sheets.columns import Columns, SheetOptions, choose, find_headings
from khata.sheets.dates import ORDERS, order_of
from khata.sheets.table import Row, rows_of
from khata.sheets.vouchers import Meant, is_total, vouchers
from khata.tally.importer import plan
from khata.tally.parsed import FileBegins, FileEnds, Parsed, ParsedVoucher, Reference
from khata.tally.plan import Finding, Plan, Skipped

Json = dict[str, Any]

UNKNOWN_LEDGERS: Final = "unknown-ledgers"
"""The code of the finding that asks for `--create-ledgers`."""

_PREVIEWED: Final = 5
_NAMED: Final = 8
_LABEL_CHARS_MAX: Final = 64


class SheetPlan(NamedTuple):
    """A plan and what it was made from.

    Attributes:
        order: how dates of figures were read, one of `dates.ORDERS`.
        preview: the first vouchers as JSON, with names as they stand in the sheet.
        unknown: the ledgers that are not here.
        total_rows: the numbers of rows that add up others and were passed over.
    """

    plan: Plan
    columns: Columns
    order: str
    preview: tuple[Json, ...]
    unknown: tuple[str, ...]
    total_rows: tuple[int, ...] = ()

    def json(self) -> Json:
        """The mapping and the preview, as `import --json` gives them beside the plan."""
        return {
            "mapping": self.columns.shown,
            "unused": self.columns.unused,
            "total_rows": list(self.total_rows),
            "date_format": self.order,
            "preview": list(self.preview),
            "unknown_ledgers": list(self.unknown),
        }


def plan_sheet(books: Books, path: Path, options: SheetOptions, source: str = "") -> SheetPlan:
    """What importing this file would do; nothing is written.

    Args:
        path: a file of any origin.
        source: names the source, when it is not this device and the file's name. Importing again from one source alters
            what it brought before.

    Raises:
        BooksError: the file cannot be read, or something about it has to be said first.

    Cost: about 150 µs a voucher; memory for all of the file.
    """
    books.replica.refresh()
    books.names.forget()
    rows = list(rows_of(path, options.sheet))
    headings = find_headings(rows, options.heading_row)
    columns = choose(headings, options.columns)
    below = [row for row in rows if row.number > headings.row]
    body = [row for row in below if not is_total(row, columns)]
    totals = tuple(row.number for row in below if is_total(row, columns))
    if "type" not in columns.at and not options.type:
        raise BooksError("no column holds the voucher type; name one for all rows, for example --type Journal")
    meant = Meant(columns, _order(body, columns, options), options.type, path.name)
    found = list(_known_types(books, vouchers(body, meant)))
    binding = source or f"{books.replica.keys.author.hex()}/{path.name[-_LABEL_CHARS_MAX:]}"
    planned = plan(_records(path.name, found), BooksView(books), books.company, binding, books.member.branch)
    preview = [_shown(one) for one in found if isinstance(one, ParsedVoucher)][:_PREVIEWED]
    unknown = tuple(planned.defaults.get("ledger", ()))
    _speak_of_sheets(books, planned, path.name, unknown)
    leave_out_locked(books, planned)
    note_doubles(books, planned)
    return SheetPlan(planned, columns, meant.order, tuple(preview), unknown, totals)


def _order(rows: Iterable[Row], columns: Columns, options: SheetOptions) -> str:
    order = options.date_order.casefold()
    if order:
        if order not in ORDERS:
            raise BooksError(f"--date-format is {order!r}; it is one of {', '.join(ORDERS)} (day, month, year)")
        return order
    texts = [columns.cell(row, "date") for row in rows]
    order = order_of(texts)
    if not order:
        example = next(text for text in texts if order_of([text]) == "")
        raise BooksError(
            f"nothing in the file tells whether {example!r} begins with the day or the month; "
            "say which with --date-format dmy or --date-format mdy"
        )
    return order


def _known_types(books: Books, found: Iterable[ParsedVoucher | Skipped]) -> Iterator[ParsedVoucher | Skipped]:
    """Skip vouchers of types that are not here: what such a voucher does to the books, nobody can guess."""
    known: dict[str, str] = {}
    for one in found:
        if isinstance(one, ParsedVoucher):
            if one.type_name not in known:
                known[one.type_name] = _why_unknown(books, one.type_name)
            if known[one.type_name]:
                what = f"{one.type_name} {one.number or 'without number'} of {one.date}"
                yield Skipped(one.place, what, known[one.type_name])
                continue
        yield one


def _why_unknown(books: Books, name: str) -> str:
    if books.names.taken("voucher-type", name) is not None:
        return ""
    try:
        books.names.find_live("voucher-type", name)
    except BooksError as error:
        return str(error)
    return ""


def _records(file: str, found: list[ParsedVoucher | Skipped]) -> Iterator[Parsed]:
    yield FileBegins(file)
    yield from found
    yield FileEnds(file, records=len(found))


def _shown(parsed: ParsedVoucher) -> Json:
    posting = parsed.registers["posting"]
    assert isinstance(posting, dict)
    party = posting.get("party")
    rest = sum((Amount.parse(entry["amount"]) for entry in posting["entries"]), Amount(0))
    return {
        "row": parsed.place.line,
        "date": parsed.date,
        "type": parsed.type_name,
        "number": parsed.number,
        "party": party.name if isinstance(party, Reference) else "",
        "narration": parsed.registers.get("narration", ""),
        "entries": [{"ledger": entry["ledger"].name, "amount": entry["amount"]} for entry in posting["entries"]],
        "difference": rest.text,
    }


def _speak_of_sheets(books: Books, planned: Plan, file: str, unknown: tuple[str, ...]) -> None:
    """Say what the plan found in words that fit a sheet, and ask about ledgers that are not here."""
    planned.findings[:] = [_reworded(finding) for finding in planned.findings if finding.code != "default"]
    if unknown:
        named = "; ".join(_with_likeness(books, name) for name in unknown[:_NAMED])
        more = f"; and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        count = "1 ledger is" if len(unknown) == 1 else f"{len(unknown)} ledgers are"
        text = (
            f"{count} not in these books: {named}{more}. Correct the names in the file, add them with "
            "`khata ledger add`, or let them be created under Suspense A/c with --create-ledgers"
        )
        planned.findings.append(Finding(UNKNOWN_LEDGERS, file, text, asks=True))


def _reworded(finding: Finding) -> Finding:
    if finding.code != "sign-reversed":
        return finding
    text = "in nearly all vouchers the party stands on the wrong side; look whether debit and credit are exchanged"
    return Finding(finding.code, finding.file, text)


def _with_likeness(books: Books, name: str) -> str:
    try:
        books.names.find("ledger", name)
    except NotFound as error:
        _, meant, rest = str(error).partition("did you mean ")
        if meant:
            return f"{name!r} (perhaps {rest.partition('?')[0]})"
    return repr(name)
