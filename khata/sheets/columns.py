"""Which column of a sheet is what: guessed from its headings, corrected by whoever imports it.

A row is an entry (a ledger with a debit or a credit), or a whole voucher (a ledger to debit, one to credit, an amount).
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from crdt_models.masters import normalised
from khata.errors import BooksError
from khata.sheets.table import Row

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "date": (
        "date", "voucher date", "vch date", "date of voucher", "dated", "txn date", "transaction date", "posting date",
        "entry date", "document date", "doc date", "invoice date",
    ),
    "type": ("type", "voucher type", "vch type", "vchtype", "transaction type"),
    "number": (
        "number", "voucher number", "voucher no", "vch no", "vch number", "no", "voucher", "vch", "invoice no",
        "invoice number", "document no", "doc no", "journal no", "entry no",
    ),
    "ledger": (
        "ledger", "ledger name", "name of ledger", "ledger account", "ledger head", "account", "account name",
        "name of account", "account head", "head of account", "account title", "gl account", "head", "particulars",
    ),
    "debit": ("debit", "debit amount", "dr", "dr amount", "debit amt", "dr amt", "amount dr", "amount debit", "debits"),
    "credit": (
        "credit", "credit amount", "cr", "cr amount", "credit amt", "cr amt", "amount cr", "amount credit", "credits",
    ),
    "amount": ("amount", "amt", "value", "voucher amount"),
    "side": ("side", "dr/cr", "dr cr", "d/c", "drcr", "debit/credit"),
    "debit_ledger": ("debit ledger", "debit account", "dr ledger", "dr account", "debited to"),
    "credit_ledger": ("credit ledger", "credit account", "cr ledger", "cr account", "credited to"),
    "party": ("party", "party name", "customer", "supplier", "party ledger", "name of party"),
    "narration": ("narration", "description", "remarks", "remark", "notes", "details", "memo"),
    "reference": ("reference", "ref", "ref no", "reference no", "supplier invoice no", "bill no"),
    "reference_date": ("reference date", "ref date", "supplier invoice date", "bill date"),
    "counts": ("counts in accounts",),
    "id": ("voucher id", "guid", "id", "transaction id"),
}  # fmt: skip
"""What a column may hold, and the headings by which it is known; of several columns the one named first here."""

_WAYS: Final = (
    ("ledger", "debit", "credit"),
    ("ledger", "amount"),
    ("debit_ledger", "credit_ledger", "amount"),
)
"""The columns that together say what was booked; one of these there must be."""

_HEADING_ROWS_MAX: Final = 20
_HEADINGS_MIN: Final = 2


class Headings(NamedTuple):
    """The row that names the columns."""

    row: int
    names: tuple[str, ...]


class Columns(NamedTuple):
    """In which column each field stands, counted from 0."""

    headings: Headings
    at: dict[str, int]

    def cell(self, row: Row, field: str) -> str:
        """What a row says of a field; empty where there is no such column."""
        return row.cell(self.at.get(field))

    @property
    def unused(self) -> list[str]:
        """The headings of columns that are passed over."""
        used = set(self.at.values())
        return [name for at, name in enumerate(self.headings.names) if name and at not in used]

    @property
    def shown(self) -> dict[str, str]:
        """The heading of each field's column."""
        return {field: self.headings.names[at] for field, at in self.at.items()}


class SheetOptions(NamedTuple):
    """What whoever imports says of a sheet.

    Attributes:
        columns: field to heading, where the guess is wrong.
        type: the voucher type of rows that name none.
        date_order: `dmy`, `mdy` or `ymd`; empty to find out.
        sheet: which sheet of a workbook; empty for the first.
        heading_row: the row with the headings, counted from 1; 0 to look for it.
    """

    columns: Mapping[str, str] = {}
    type: str = ""
    date_order: str = ""
    sheet: str = ""
    heading_row: int = 0


def find_headings(rows: Sequence[Row], row: int = 0) -> Headings:
    """The row that names the columns: the one that is said, else the first that holds two headings that are known.

    Args:
        rows: the first rows of the file.
        row: its number; 0 to look for it.

    Raises:
        BooksError: there is no such row.
    """
    for found in rows[:_HEADING_ROWS_MAX] if not row else rows:
        if found.number == row or (not row and len(set(map(_field_of, found.cells)) - {""}) >= _HEADINGS_MIN):
            return Headings(found.number, found.cells)
    raise BooksError(
        "no row names the columns; write headings such as Date, Type, Number, Ledger, Debit, Credit above them, or say "
        "which row holds them with --heading-row"
    )


def choose(headings: Headings, named: Mapping[str, str]) -> Columns:
    """Which column is what.

    Args:
        named: field to heading, which counts before any guess; an empty heading takes the column away.

    Raises:
        BooksError: a field or heading that is named is not there, or no columns say what was booked.
    """
    at = {field: place for field, place in _guessed(headings).items() if field not in named}
    for field, name in named.items():
        if field not in FIELDS:
            raise BooksError(f"there is no field {field!r} for a column; there are {', '.join(FIELDS)}")
        if name:
            at[field] = _place(headings, name)
    way = next((way for way in _WAYS if all(field in at for field in way)), None)
    if way is None or "date" not in at:
        missing = "the date" if way is not None else "the ledger with a debit and a credit, or with an amount"
        raise BooksError(
            f"no column holds {missing}; the headings are {', '.join(map(repr, filter(None, headings.names)))}. "
            "Say which is which, for example --column 'ledger=Account Head'"
        )
    others = {field for other in _WAYS for field in other} - set(way)
    if "amount" not in way:
        others.add("side")
    return Columns(headings, {field: at[field] for field in FIELDS if field in at and field not in others})


def _guessed(headings: Headings) -> dict[str, int]:
    """The column of each field that a heading names, of several the one with the plainest."""
    found: dict[str, tuple[int, int]] = {}
    for place, name in enumerate(headings.names):
        field = _field_of(name)
        if field:
            rank = FIELDS[field].index(_plain(name)), place
            found[field] = min(found.get(field, rank), rank)
    return {field: place for field, (_, place) in found.items()}


def read_mapping(path: Path) -> SheetOptions:
    """The mapping in a TOML file: `type`, `date-format`, `sheet`, `heading-row`, and `[columns]` field to heading.

    Raises:
        BooksError: it cannot be read, or holds something else.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BooksError(f"there is no mapping {path}; check its name and folder") from error
    except OSError as error:
        raise BooksError(f"the mapping {path} cannot be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BooksError(f"the mapping {path} is no TOML file: {error}") from error
    columns = found.pop("columns", {})
    texts = {key: found.pop(key, "") for key in ("type", "date-format", "sheet")}
    row = found.pop("heading-row", 0)
    if (
        found
        or not isinstance(columns, dict)
        or type(row) is not int
        or not _all_text([*columns.values(), *texts.values()])
    ):
        raise BooksError(
            f"the mapping {path} holds something else than type, date-format, sheet, heading-row and [columns]"
        )
    return SheetOptions(columns, texts["type"], texts["date-format"], texts["sheet"], row)


def _all_text(values: Sequence[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _place(headings: Headings, name: str) -> int:
    wanted = normalised(name)
    for place, heading in enumerate(headings.names):
        if normalised(heading) == wanted:
            return place
    raise BooksError(
        f"no column is headed {name!r}; the headings are {', '.join(map(repr, filter(None, headings.names)))}"
    )


def _field_of(heading: str) -> str:
    """The field that a heading names; empty when it is not known."""
    return _BY_HEADING.get(_plain(heading), "")


def _plain(heading: str) -> str:
    """A heading without brackets, points and currency; "(Dr)" is kept, because it says which side a column is."""
    text = _side.sub(r" \1 ", normalised(heading).replace("a/c", "account"))
    return " ".join(_currency.sub(" ", _punctuation.sub(" ", _bracketed.sub(" ", text))).split())


_side = re.compile(r"\((dr|cr|debit|credit)\.?\)")
_bracketed = re.compile(r"\(.*?\)")
_punctuation = re.compile(r"[._:#*-]+")
_currency = re.compile(r"₹|\b(?:rs|inr|rupees)\b")
_BY_HEADING: Final = {heading: field for field, headings in FIELDS.items() for heading in headings}
