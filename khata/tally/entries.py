"""Ledger lines of a voucher: amounts by the sign of AMOUNT, bills, cost centres, bank instruments.

`ISDEEMEDPOSITIVE` is not the side. Discount lines disagree with it in good files, and files made by other programs
often have it wrong in every line; it is only counted, so that a file that is reversed as a whole can be named.
"""

from dataclasses import dataclass, field

from crdt_models.money import Amount
from khata.tally import values
from khata.tally.elements import Element, Fields
from khata.tally.errors import BadRecord
from khata.tally.parsed import Reference
from khata.tally.said import Registers

ENTRY_TAGS = (
    *("LEDGERNAME", "AMOUNT", "ISDEEMEDPOSITIVE", "NARRATION", "GSTRATE"),
    *("BILLALLOCATIONS.LIST", "CATEGORYALLOCATIONS.LIST", "COSTCENTREALLOCATIONS.LIST", "BANKALLOCATIONS.LIST"),
    "INVENTORYALLOCATIONS.LIST",
)
_BILL_TAGS = ("NAME", "BILLTYPE", "AMOUNT", "BILLCREDITPERIOD", "BILLDATE")
_BANK_TEXTS = {
    "TRANSACTIONTYPE": "kind",
    "INSTRUMENTNUMBER": "number",
    "PAYMENTFAVOURING": "favouring",
    "TRANSACTIONID": "transaction",
    "UNIQUEREFERENCENUMBER": "transaction",
    "IFSCODE": "ifsc",
}
_BILL_KINDS = {"new ref": "new", "agst ref": "against", "advance": "advance", "on account": "on-account"}


@dataclass(slots=True)
class Notes:
    """What is noticed while one voucher is read."""

    texts: list[str] = field(default_factory=list)
    with_flag: int = 0
    against_flag: int = 0
    seen: set[str] = field(default_factory=set)

    def say(self, text: str) -> None:
        """Note something that a person may want to know about this voucher."""
        self.texts.append(text)


@dataclass(slots=True)
class Line:
    """One ledger line: its register form and its amount as a number."""

    registers: Registers
    amount: Amount
    fields: Fields


def ledger_line(element: Element, notes: Notes) -> Line | None:
    """One ledger line; None for the empty scaffolding that Tally also exports.

    Raises:
        BadRecord: it names no ledger, or an amount of it cannot be read.
    """
    fields = Fields(element, ENTRY_TAGS)
    ledger, text = fields.text("LEDGERNAME"), fields.text("AMOUNT")
    if not text:
        if ledger:
            notes.say(f"the line on {ledger[:60]!r} has no amount and was left out")
        return None
    found = values.money(text)
    if not ledger:
        if not found.amount:
            return None
        raise BadRecord(f"a line of {-found.amount} names no ledger")
    _count_flag(fields, found.amount, notes)
    registers: Registers = {"ledger": Reference("ledger", ledger), "amount": found.amount.text}
    if found.symbol:
        registers["forex"] = forex(found)
    for tag, register in (("NARRATION", "narration"), ("GSTRATE", "gst_rate")):
        if fields.own(tag):
            registers[register] = fields.own(tag)
    _allocate(registers, fields, found.amount, notes)
    return Line(registers, found.amount, fields)


def forex(found: values.Money) -> Registers:
    """The register form of a foreign figure."""
    return {"currency": Reference("currency", found.symbol), "amount": found.foreign.text, "rate": found.rate.text}


def _count_flag(fields: Fields, amount: Amount, notes: Notes) -> None:
    flag = fields.text("ISDEEMEDPOSITIVE")
    if flag and amount:
        if values.is_yes(flag) == (amount > Amount(0)):
            notes.with_flag += 1
        else:
            notes.against_flag += 1


def _allocate(registers: Registers, fields: Fields, amount: Amount, notes: Notes) -> None:
    """Add bills, cost centres and bank instruments to a line, where it has any."""
    for tag in ("BILLALLOCATIONS.LIST", "CATEGORYALLOCATIONS.LIST", "BANKALLOCATIONS.LIST"):
        if tag in fields:
            notes.seen.add(tag)
    bills = [_bill(element, amount, notes) for element in fields.lists("BILLALLOCATIONS.LIST")]
    costs = _costs(fields, notes)
    bank = [_bank(element) for element in fields.lists("BANKALLOCATIONS.LIST")]
    for register, parts in (("bills", bills), ("costs", costs), ("bank", bank)):
        filled = [part for part in parts if part]
        if filled:
            registers[register] = filled


def _bill(element: Element, whole: Amount, notes: Notes) -> Registers:
    fields = Fields(element, _BILL_TAGS)
    kind_text, name, text = fields.text("BILLTYPE"), fields.own("NAME"), fields.text("AMOUNT")
    if not (kind_text or name or text):
        return {}
    kind = _BILL_KINDS.get(kind_text.casefold())
    if kind is None:
        kind = "against" if name else "on-account"
        notes.say(f"the bill type {kind_text[:40]!r} is not known; kept as {kind!r}")
    found = values.money(text) if text else values.Money(whole)
    registers: Registers = {"kind": kind, "amount": found.amount.text}
    if name:
        registers["name"] = name
    if found.symbol:
        registers["forex"] = forex(found)
    if fields.text("BILLCREDITPERIOD"):
        registers["credit_period"] = fields.text("BILLCREDITPERIOD")
    if fields.text("BILLDATE"):
        registers["date"] = values.day(fields.text("BILLDATE"))
    return registers


def _costs(fields: Fields, notes: Notes) -> list[Registers]:
    """Cost centres inside their category, or directly under the line where there is only the primary category."""
    found: list[Registers] = []
    for element in fields.lists("CATEGORYALLOCATIONS.LIST"):
        part = Fields(element, ("CATEGORY", "COSTCENTREALLOCATIONS.LIST"))
        for centre in part.lists("COSTCENTREALLOCATIONS.LIST"):
            found.append(_cost(centre, part.own("CATEGORY"), notes))
    for centre in fields.lists("COSTCENTREALLOCATIONS.LIST"):
        found.append(_cost(centre, "", notes))
    return found


def _cost(element: Element, category: str, notes: Notes) -> Registers:
    fields = Fields(element, ("NAME", "AMOUNT"))
    name, text = fields.own("NAME"), fields.text("AMOUNT")
    if not (name and text):
        if name or text:
            notes.say("a cost centre without name or amount was left out")
        return {}
    registers: Registers = {"centre": Reference("cost-centre", name), "amount": values.amount(text).text}
    if category:
        registers["category"] = Reference("cost-category", category)
    return registers


def _bank(element: Element) -> Registers:
    fields = Fields(element, (*_BANK_TEXTS, "DATE", "INSTRUMENTDATE", "BANKERSDATE", "AMOUNT"))
    registers: Registers = {}
    for tag, register in _BANK_TEXTS.items():
        if register not in registers and fields.own(tag):
            registers[register] = fields.own(tag)
    if fields.text("INSTRUMENTDATE", "DATE"):
        registers["date"] = values.day(fields.text("INSTRUMENTDATE", "DATE"))
    if fields.text("BANKERSDATE"):
        registers["bank_date"] = values.day(fields.text("BANKERSDATE"))
    if not registers:
        return {}
    amount = values.amount(fields.text("AMOUNT")).text if fields.text("AMOUNT") else "0.00"
    return registers if amount == "0.00" else {**registers, "amount": amount}
