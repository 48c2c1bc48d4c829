"""Tally's vouchers as khata's registers, in accounting and in invoice view.

The posting rule: the ledger lines are those of ALLLEDGERENTRIES if there are any, else those of LEDGERENTRIES and of
every stock line's ACCOUNTINGALLOCATIONS. Adding both kinds up would count each amount twice. Where the lines taken by
this rule do not balance and the other reading of the same file does, the other reading is meant.
"""

import re
from collections.abc import Iterable
from functools import reduce

from crdt_models.money import Amount
from khata.tally import values
from khata.tally.elements import Element, Fields, kept
from khata.tally.entries import Line, Notes, ledger_line
from khata.tally.envelope import Record
from khata.tally.errors import BadRecord
from khata.tally.parsed import ParsedVoucher, Reference
from khata.tally.plan import Place
from khata.tally.said import Registers
from khata.tally.stock_lines import IN_TAG, OUT_TAG, STOCK_TAGS, Stock, stock_lines

UNALLOCATED = "Stock lines without a ledger"
"""The ledger for the value of stock lines for which an invoice names no account."""

_ALL, _SOME = "ALLLEDGERENTRIES.LIST", "LEDGERENTRIES.LIST"
EXTRA_LISTS = (
    *("ATTENDANCEENTRIES.LIST", "CATEGORYENTRY.LIST", "EMPLOYEEENTRIES.LIST", "PAYROLLMODEOFPAYMENT.LIST"),
    "EWAYBILLDETAILS.LIST",
)
"""Lists that are kept as they stand, without being understood."""

EXTRA_TEXTS = {
    "VOUCHERNUMBERSERIES": "number_series",
    "CLASSNAME": "voucher_class",
    "ENTEREDBY": "entered_by",
    "CMPGSTIN": "company_gstin",
    "BASICBUYERNAME": "buyer",
    "BASICORDERREF": "order_reference",
    "IRN": "irn",
    "IRNACKNO": "irn_acknowledgement",
    "IRNACKDATE": "irn_date",
    "VCHENTRYMODE": "entry_mode",
}
"""Fields that are kept as they stand, and what each is called in `extra`."""

_VOUCHER_TAGS = (
    *("DATE", "EFFECTIVEDATE", "GUID", "VOUCHERTYPENAME", "VOUCHERNUMBER", "REFERENCE", "REFERENCEDATE", "NARRATION"),
    *("PARTYLEDGERNAME", "PLACEOFSUPPLY", "PARTYGSTIN", "GSTREGISTRATION", "PERSISTEDVIEW", "ISINVOICE"),
    *("ISOPTIONAL", "ISCANCELLED", "ISDELETED", "ISDELETEDVCHRETAINED", "ISVOID", "ISPOSTDATED", "LEDGERENTRYCOUNT"),
    *(_ALL, _SOME, *STOCK_TAGS, IN_TAG, OUT_TAG, *EXTRA_LISTS, *EXTRA_TEXTS),
)
_PART_OF_TAG = {
    **dict.fromkeys((*STOCK_TAGS, IN_TAG, OUT_TAG), "stock"),
    **dict.fromkeys((*EXTRA_LISTS, *EXTRA_TEXTS), "extra"),
    **dict.fromkeys(("PERSISTEDVIEW", "ISINVOICE"), "view"),
    "EFFECTIVEDATE": "effective_date",
    "PARTYLEDGERNAME": "party",
    "PLACEOFSUPPLY": "place_of_supply",
    "PARTYGSTIN": "party_gstin",
    "GSTREGISTRATION": "registration",
    "ISPOSTDATED": "post_dated",
    "BILLALLOCATIONS.LIST": "bills",
    "CATEGORYALLOCATIONS.LIST": "costs",
    "BANKALLOCATIONS.LIST": "bank",
}
"""The part of a posting that each tag speaks of; an export without any tag of a part is silent about it."""

_PARTS = frozenset(_PART_OF_TAG.values())
_voucher_guid = re.compile(r"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})-[0-9a-fA-F]{8}").fullmatch


def parse_voucher(record: Record, file: str) -> ParsedVoucher:
    """One voucher of a file.

    Raises:
        BadRecord: it has no date or type, or something of it cannot be read.
    """
    fields = Fields(record.element, _VOUCHER_TAGS)
    notes = Notes()
    type_name = fields.text("VOUCHERTYPENAME", "VCHTYPE")
    if not type_name:
        raise BadRecord("it names no voucher type")
    if not fields.text("DATE"):
        raise BadRecord("it has no date")
    date = values.day(fields.text("DATE"))
    cancelled = _is_cancelled(fields)
    posting, silent = _posting(fields, type_name, date, notes, cancelled)
    registers: Registers = {"posting": posting, **_beside(fields)}
    if cancelled or "ISCANCELLED" in fields:
        registers["cancelled"] = cancelled
    identity = fields.text("GUID", "REMOTEID")
    return ParsedVoucher(
        place=Place(file, record.line, record.ordinal),
        identity=identity,
        company_guid=company_guid(identity),
        type_name=type_name,
        date=date,
        number=fields.text("VOUCHERNUMBER"),
        registers=registers,
        with_flag=notes.with_flag,
        against_flag=notes.against_flag,
        silent=silent,
        notes=tuple(notes.texts),
    )


def company_guid(identity: str) -> str:
    """The GUID of the company in Tally's GUID of a voucher or master; empty when it has another shape."""
    found = _voucher_guid(identity)
    return found[1].lower() if found is not None else ""


def describe(record: Record) -> str:
    """What a record is called in a list of skipped ones, such as "Sales S-1 of 20260401"."""
    element = record.element
    kind = element.findtext("VOUCHERTYPENAME") or element.get("VCHTYPE") or "voucher"
    number, date = element.findtext("VOUCHERNUMBER"), element.findtext("DATE")
    parts = [values.plain_text(kind)]
    parts += [values.plain_text(number) or "without number"]
    parts += [f"of {values.plain_text(date)}" if date else "without date"]
    return " ".join(parts)[:120]


def _beside(fields: Fields) -> Registers:
    """The registers beside the posting that the file says something about, if only that they are empty."""
    registers: Registers = {}
    for tag, register in (("VOUCHERNUMBER", "number"), ("REFERENCE", "reference"), ("NARRATION", "narration")):
        if tag in fields:
            registers[register] = fields.text(tag)
    if "REFERENCEDATE" in fields:
        text = fields.text("REFERENCEDATE")
        registers["reference_date"] = values.day(text) if text else ""
    if "ISOPTIONAL" in fields:
        registers["optional"] = values.is_yes(fields.raw("ISOPTIONAL"))
    return registers


def _is_cancelled(fields: Fields) -> bool:
    """Cancelled, voided or deleted with its number retained: the voucher stays, without effect."""
    tags = ("ISCANCELLED", "ISDELETED", "ISDELETEDVCHRETAINED", "ISVOID")
    gone = fields.text("ACTION").casefold() in ("cancel", "delete")
    return gone or any(values.is_yes(fields.raw(tag)) for tag in tags)


def _posting(
    fields: Fields, type_name: str, date: str, notes: Notes, cancelled: bool
) -> tuple[Registers, frozenset[str]]:
    stock = _stock(fields, notes)
    lines, nested = _entries(fields, stock, notes)
    stock_registers = [line for part in stock or nested for line in part.lines]
    extra = _extra(fields)
    listed = any(isinstance(value, list) for value in extra.values())
    _check_content(fields, lines, bool(stock_registers) or listed, cancelled)
    posting: Registers = {"type": Reference("voucher-type", type_name), "date": date}
    effective = fields.text("EFFECTIVEDATE")
    if effective and values.day(effective) != date:
        posting["effective_date"] = values.day(effective)
    party = fields.own("PARTYLEDGERNAME")
    if party:
        named = any(line.registers["ledger"].name == party for line in lines)
        posting["party"] = Reference("ledger", party, optional=not named)
    for tag, register in _POSTING_TEXTS.items():
        if tag in fields and fields.own(tag):
            posting[register] = fields.own(tag)
    view = fields.text("PERSISTEDVIEW", "OBJVIEW")
    if view.startswith("Invoice") or (not view and values.is_yes(fields.raw("ISINVOICE"))):
        posting["view"] = "invoice"
    if values.is_yes(fields.raw("ISPOSTDATED")):
        posting["post_dated"] = True
    for register, found in (("entries", [line.registers for line in lines]), ("stock", stock_registers)):
        if found:
            posting[register] = found
    if extra:
        posting["extra"] = extra
    said = {_PART_OF_TAG[tag] for tag in (*fields.present, *notes.seen) if tag in _PART_OF_TAG}
    return posting, _PARTS - said - ({"stock"} if nested else set())


_POSTING_TEXTS = {"PLACEOFSUPPLY": "place_of_supply", "PARTYGSTIN": "party_gstin", "GSTREGISTRATION": "registration"}


def _stock(fields: Fields, notes: Notes) -> list[Stock]:
    """Stock lines: of the lists by direction if there are any, else of the first of the two names there are for all."""
    elements = fields.lists(IN_TAG, OUT_TAG) or fields.lists(STOCK_TAGS[0]) or fields.lists(STOCK_TAGS[1])
    return _parsed_stock(elements, notes)


def _parsed_stock(elements: Iterable[Element], notes: Notes) -> list[Stock]:
    found = [stock_lines(element, notes) for element in elements]
    return [part for part in found if part is not None]


def _entries(fields: Fields, stock: list[Stock], notes: Notes) -> tuple[list[Line], list[Stock]]:
    """The ledger lines by the posting rule, and the stock lines that stand inside them."""
    accounting = [line for part in stock for line in part.accounting]
    named = _lines(fields.lists(_ALL), notes)
    others = [] if named else _lines(fields.lists(_SOME), notes)
    nested = [] if stock else _nested_stock(named or others, notes)
    if named:
        if accounting and _sum(named) and not _sum(named + accounting):
            return named + accounting, nested
        return _with_stock_last(named, accounting), nested
    if accounting and _sum(others + accounting) and others and not _sum(others):
        return others, nested
    lines = others + accounting
    return lines + _unallocated(lines, stock, notes), nested


def _with_stock_last(named: list[Line], accounting: list[Line]) -> list[Line]:
    """The ledger lines with those last that the stock lines account for, so that both ways to export read the same.

    A line may repeat one allocation of a stock line, or come to all that stock lines allocate to its ledger.
    """
    others, of_stock = list(named), []
    for allocated in accounting:
        line = next((line for line in others if _is_same(line, allocated.registers["ledger"], allocated.amount)), None)
        if line is not None:
            others.remove(line)
            line.registers["of_stock"] = True
        of_stock.append((allocated, line))
    for ledger in dict.fromkeys(allocated.registers["ledger"] for allocated, line in of_stock if line is None):
        parts = [allocated for allocated, line in of_stock if line is None and allocated.registers["ledger"] == ledger]
        whole = next((line for line in others if _is_same(line, ledger, _sum(parts))), None)
        if whole is None or whole.registers.keys() - _PLAIN:
            of_stock = [(allocated, line) for allocated, line in of_stock if allocated not in parts]
        else:
            others.remove(whole)
    return others + [allocated if line is None else line for allocated, line in of_stock]


_PLAIN = {"ledger", "amount", "gst_rate"}
"""What a ledger line may hold that stands for several allocations; more than that would be lost with it."""


def _is_same(line: Line, ledger: Reference, amount: Amount) -> bool:
    return bool(line.registers["ledger"] == ledger) and line.amount == amount


def _lines(elements: Iterable[Element], notes: Notes) -> list[Line]:
    found = [ledger_line(element, notes) for element in elements]
    return [line for line in found if line is not None]


def _nested_stock(lines: list[Line], notes: Notes) -> list[Stock]:
    """Stock lines inside ledger lines, as accounting view has them; their value is the ledger line's already."""
    found: list[Stock] = []
    for line in lines:
        parts = _parsed_stock(line.fields.lists("INVENTORYALLOCATIONS.LIST"), notes)
        for part in parts:
            for registers in part.lines:
                registers["ledger"] = line.registers["ledger"]
        found += parts
    return found


def _unallocated(lines: list[Line], stock: list[Stock], notes: Notes) -> list[Line]:
    """A line for the value of stock that no account is named for, if that is what makes the voucher balance."""
    missing = [part for part in stock if part.amount and not part.accounting]
    worth = sum((part.amount for part in missing), Amount(0))
    if not lines or not worth or _sum(lines) + worth:
        return []
    notes.say(f"stock lines worth {abs(worth)} name no ledger; they were posted to {UNALLOCATED!r}")
    registers: Registers = {"ledger": Reference("ledger", UNALLOCATED), "amount": worth.text, "of_stock": True}
    return [Line(registers, worth, lines[0].fields)]


def _sum(lines: list[Line]) -> Amount:
    return reduce(Amount.__add__, (line.amount for line in lines), Amount(0))


def _extra(fields: Fields) -> Registers:
    """What is kept without being computed with: attendance and payroll lists, numbers of the tax portal."""
    extra: Registers = {name: fields.own(tag) for tag, name in EXTRA_TEXTS.items() if tag in fields and fields.own(tag)}
    if extra.get("number_series") == "Default":
        del extra["number_series"]
    for tag in EXTRA_LISTS:
        found = [value for value in (kept(element) for element in fields.lists(tag)) if value]
        if found:
            extra[tag.removesuffix(".LIST").lower()] = found
    return extra


def _check_content(fields: Fields, lines: list[Line], has_more: bool, cancelled: bool) -> None:
    """Refuse a voucher whose lines the export left out; a cancelled one has none."""
    counted = fields.text("LEDGERENTRYCOUNT")
    if counted.isdecimal() and int(counted[:9]) != len(lines):
        raise BadRecord(f"it says it has {counted} ledger lines, but {len(lines)} are in the file")
    if not lines and not has_more and not cancelled:
        raise BadRecord("it has no ledger lines and no stock lines; export it again with all its entries")
