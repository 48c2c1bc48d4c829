"""From rows to vouchers: entries that belong together make one, and each comes out as a record of an import."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from crdt_models.errors import BadValue
from crdt_models.money import Amount
from crdt_models.voucher_types import BASE_TYPES, base_slug
from khata.sheets import dates, figures
from khata.sheets.columns import Columns
from khata.sheets.table import Row
from khata.tally.parsed import ParsedVoucher, Reference
from khata.tally.plan import Place, Skipped

_SILENT: Final = frozenset({
    "stock", "extra", "view", "effective_date", "place_of_supply", "party_gstin", "registration", "post_dated",
    "bills", "costs", "bank",
})  # fmt: skip
"""What a sheet says nothing about, and so does not take away from a voucher it alters."""

_TEXTS: Final = ("number", "narration", "reference", "reference_date")
_BESIDE: Final = ("party", "narration", "reference", "reference_date", "counts")


_is_sum = re.compile(r"(?:(?:grand|sub)[ -]?)?totals?\b.*|(?:opening|closing) balance\W*").fullmatch
_is_only_sum = re.compile(
    r"(?:(?:grand|sub)[ -]?)?totals?\W*(?:(?:rs|inr)\W*)?|(?:opening|closing) balance\W*"
).fullmatch


class Meant(NamedTuple):
    """How rows are to be read: the date order, the type where no column names one, what the file is called."""

    columns: Columns
    order: str
    type: str
    file: str


@dataclass(slots=True)
class _Voucher:
    """Rows that make one voucher."""

    row: int
    ordinal: int
    date: str
    type: str
    number: str
    id: str
    beside: dict[str, str]
    entries: list[tuple[str, Amount]] = field(default_factory=list)
    fault: str = ""

    @property
    def what(self) -> str:
        return f"{self.type or 'voucher'} {self.number or 'without number'} of {self.date or 'no date'}"

    @property
    def rest(self) -> Amount:
        return sum((amount for _, amount in self.entries), Amount(0))


def vouchers(rows: Iterable[Row], meant: Meant) -> Iterator[ParsedVoucher | Skipped]:
    """The vouchers of a sheet in the order of their first rows; those with a row that cannot be read are skipped.

    Rows of one id, or else of one type, date and number, are one voucher; a row that repeats none of these belongs to
    the voucher before it; rows without number are one voucher until they balance.
    """
    for voucher in _gathered(rows, meant):
        place = Place(meant.file, voucher.row, voucher.ordinal)
        fault = voucher.fault or ("" if any(amount for _, amount in voucher.entries) else "it has no amounts")
        if fault:
            yield Skipped(place, voucher.what, fault)
        else:
            yield _record(voucher, place, meant.columns)


def _gathered(rows: Iterable[Row], meant: Meant) -> list[_Voucher]:
    found: list[_Voucher] = []
    by_key: dict[tuple[str, ...], _Voucher] = {}
    for row in rows:
        head = _head(row, meant, len(found) + 1, found[-1] if found else None)
        key = _key(head)
        held = by_key.get(key) if key else _open_before(head, found)
        if held is None:
            held = head
            found.append(held)
            if key:
                by_key[key] = held
        for name, text in head.beside.items():
            held.beside[name] = held.beside.get(name) or text
        try:
            held.entries += _entries(row, meant.columns)
        except BadValue as error:
            held.fault = held.fault or f"row {row.number}: {error}"
        held.fault = held.fault or head.fault
    return found


def is_total(row: Row, columns: Columns) -> bool:
    """Whether a row adds up the others, as sheets made for people do at their end."""
    date = columns.cell(row, "date").casefold()
    if date:
        return _is_sum(date) is not None
    return any(_is_only_sum(cell.casefold()) for cell in row.cells)


def _head(row: Row, meant: Meant, ordinal: int, before: _Voucher | None) -> _Voucher:
    """What a row says of the voucher it belongs to; a row that says nothing of it goes on with the one before."""
    columns = meant.columns
    cells = {name: columns.cell(row, name) for name in ("date", "type", "number", "id")}
    beside = {name: columns.cell(row, name) for name in _BESIDE}
    if before is not None and not cells["date"] and not cells["number"] and not cells["id"]:
        return _Voucher(row.number, ordinal, before.date, before.type, before.number, before.id, beside)
    head = _Voucher(row.number, ordinal, "", cells["type"] or meant.type, cells["number"], cells["id"], beside)
    try:
        if not cells["date"]:
            raise BadValue("it has no date")
        head.date = dates.day(cells["date"], meant.order)
        if beside["reference_date"]:
            beside["reference_date"] = dates.day(beside["reference_date"], meant.order)
    except BadValue as error:
        head.fault = f"row {row.number}: {error}"
    if not head.type:
        head.fault = head.fault or f"row {row.number}: it has no voucher type; name one for all such rows with --type"
    return head


def _key(head: _Voucher) -> tuple[str, ...]:
    if head.id:
        return (head.id,)
    return (head.type, head.date, head.number) if head.number else ()


def _open_before(head: _Voucher, found: list[_Voucher]) -> _Voucher | None:
    """The voucher before, as long as it does not balance and is of the same day and type."""
    if not found or found[-1].number or found[-1].id or not found[-1].rest:
        return None
    return found[-1] if (found[-1].date, found[-1].type) == (head.date, head.type) else None


def _entries(row: Row, columns: Columns) -> list[tuple[str, Amount]]:
    """What a row books.

    Raises:
        BadValue: an amount cannot be read, or has no ledger.
    """
    if "debit_ledger" in columns.at:
        debit, credit = columns.cell(row, "debit_ledger"), columns.cell(row, "credit_ledger")
        amount = figures.amount(columns.cell(row, "amount"))
        if not amount:
            raise BadValue("it has no amount")
        found = [(debit, amount), (credit, -amount)]
    else:
        found = [(columns.cell(row, "ledger"), _amount(row, columns))]
    if all(not ledger and not amount for ledger, amount in found):
        return []
    if any(not ledger for ledger, _ in found):
        raise BadValue("it names no ledger")
    return found


def _amount(row: Row, columns: Columns) -> Amount:
    if "debit" in columns.at:
        debit, credit = figures.amount(columns.cell(row, "debit")), figures.amount(columns.cell(row, "credit"))
        # A credit column may say Cr, or a minus, once more; the column is what counts.
        if debit and credit:
            raise BadValue("it has a debit and a credit; one row books one of them")
        return debit if debit else _credited(columns.cell(row, "credit"), credit)
    found = figures.amount(columns.cell(row, "amount"))
    side = columns.cell(row, "side")
    return found if not side else (abs(found) if figures.side(side) > 0 else -abs(found))


def _credited(text: str, credit: Amount) -> Amount:
    return -abs(credit) if text.strip().rstrip(".").casefold().endswith(("cr", "credit")) else -credit


def _record(voucher: _Voucher, place: Place, columns: Columns) -> ParsedVoucher:
    entries = [
        {"ledger": Reference("ledger", ledger), "amount": amount.text} for ledger, amount in voucher.entries if amount
    ]
    posting: dict[str, Any] = {
        "type": Reference("voucher-type", voucher.type),
        "date": voucher.date,
        "entries": entries,
    }
    party = voucher.beside["party"]
    if party:
        named = any(ledger == party for ledger, _ in voucher.entries)
        posting["party"] = Reference("ledger", party, optional=not named)
    registers: dict[str, object] = {"posting": posting}
    beside = {**voucher.beside, "number": voucher.number}
    registers |= {name: beside[name] for name in _TEXTS if name in columns.at}
    if "counts" in columns.at:
        registers["optional"] = _is_kept_out(voucher)
    return ParsedVoucher(place, voucher.id, "", voucher.type, voucher.date, voucher.number, registers, silent=_SILENT)


def _is_kept_out(voucher: _Voucher) -> bool:
    """Whether a sheet of khata says that a voucher is in no balance although vouchers of its type are."""
    base = BASE_TYPES.get(base_slug(voucher.type) or "")
    return voucher.beside["counts"].casefold() == "no" and (base is None or base.posts_accounts)
