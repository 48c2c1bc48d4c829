"""Stock lines of a voucher: into stock positive, out of it negative, one line for each place and batch.

Tally writes quantities without a sign. The direction is that of the amount (a debit brings stock in), of the list where
a stock journal has one for each direction, or of Tally's debit flag where goods move without a value.
"""

from dataclasses import dataclass

from crdt_models.money import Amount, Quantity
from khata.tally import values
from khata.tally.elements import Element, Fields
from khata.tally.entries import Line, Notes, forex, ledger_line
from khata.tally.errors import BadRecord
from khata.tally.parsed import Reference
from khata.tally.said import Registers

STOCK_TAGS = ("ALLINVENTORYENTRIES.LIST", "INVENTORYENTRIES.LIST")
IN_TAG, OUT_TAG = "INVENTORYENTRIESIN.LIST", "INVENTORYENTRIESOUT.LIST"
_LINE_TAGS = (
    *("STOCKITEMNAME", "RATE", "DISCOUNT", "ACTUALQTY", "BILLEDQTY", "AMOUNT", "ISDEEMEDPOSITIVE"),
    *("BATCHALLOCATIONS.LIST", "ACCOUNTINGALLOCATIONS.LIST"),
)
_BATCH_TAGS = (
    *("GODOWNNAME", "DESTINATIONGODOWNNAME", "BATCHNAME", "ORDERNO", "TRACKINGNUMBER"),
    *("ACTUALQTY", "BILLEDQTY", "AMOUNT"),
)
_SIDES = {IN_TAG: "destination", OUT_TAG: "source"}


@dataclass(slots=True)
class Stock:
    """The stock lines one element makes, the ledger lines it brings along, and what it is worth."""

    lines: list[Registers]
    accounting: list[Line]
    amount: Amount


@dataclass(slots=True)
class _Moved:
    """Quantity, billed quantity and amount of a line or of one batch of it, already signed."""

    quantity: Quantity
    billed: Quantity
    amount: Amount


def stock_lines(element: Element, notes: Notes) -> Stock | None:
    """The lines of one stock item; None for empty scaffolding.

    Raises:
        BadRecord: it names no item, or a number of it cannot be read.
    """
    fields = Fields(element, _LINE_TAGS)
    item = fields.text("STOCKITEMNAME")
    if not item:
        if fields.text("AMOUNT", "ACTUALQTY", "BILLEDQTY"):
            raise BadRecord("a stock line names no stock item")
        return None
    money = values.money(fields.text("AMOUNT")) if fields.text("AMOUNT") else values.Money(Amount(0))
    incoming = _incoming(element, fields, money.amount)
    moved = _moved(fields, incoming, money.amount)
    registers: Registers = {"item": Reference("stock-item", item)}
    _measure(registers, fields, incoming, notes)
    if money.symbol:
        registers["forex"] = forex(money)
    side = _SIDES.get(str(element.tag))
    if side:
        registers["side"] = side
    found = [ledger_line(part, notes) for part in fields.lists("ACCOUNTINGALLOCATIONS.LIST")]
    accounting = [line for line in found if line is not None]
    if accounting:
        registers["ledger"] = accounting[0].registers["ledger"]
        for line in accounting:
            line.registers["of_stock"] = True
    return Stock(_by_batch(registers, fields, incoming, moved, notes), accounting, money.amount)


def _incoming(element: Element, fields: Fields, amount: Amount) -> bool | None:
    """Whether goods come in; None where the file says nothing, as for the count of a physical stock voucher."""
    if element.tag in _SIDES:
        return element.tag == IN_TAG
    if amount:
        return amount > Amount(0)
    flag = fields.text("ISDEEMEDPOSITIVE")
    return values.is_yes(flag) if flag else None


def _signed(text: str, incoming: bool | None) -> Quantity:
    if not text:
        return Quantity(0)
    quantity = Quantity.parse(values.measure(text).number)
    if incoming is None:
        return quantity
    return abs(quantity) if incoming else -abs(quantity)


def _moved(fields: Fields, incoming: bool | None, amount: Amount) -> _Moved:
    actual, billed = fields.text("ACTUALQTY"), fields.text("BILLEDQTY")
    quantity = _signed(actual or billed, incoming)
    return _Moved(quantity, _signed(billed, incoming) if billed else quantity, amount)


def _measure(registers: Registers, fields: Fields, incoming: bool | None, notes: Notes) -> None:
    """Add units, rate and discount, which are the line's and not the batch's."""
    text = fields.text("ACTUALQTY", "BILLEDQTY")
    if text:
        measure = values.measure(text)
        if measure.compound:
            notes.say(f"the quantity {text[:40]!r} is in a compound unit; only its first part was kept")
        if measure.unit:
            registers["unit"] = Reference("unit", measure.unit)
        other = values.alternate_measure(text)
        if other is not None and other.unit:
            registers["alternate"] = _signed(other.number, incoming).text
            registers["alternate_unit"] = Reference("unit", other.unit)
    price = values.price(fields.text("RATE"))
    if price.number:
        registers["rate"] = price.number
        unit = registers.get("unit")
        if price.unit and (unit is None or unit.name != price.unit):
            registers["rate_unit"] = Reference("unit", price.unit)
    if fields.text("DISCOUNT"):
        discount = values.rate_of(fields.text("DISCOUNT").removesuffix("%"))
        if discount:
            registers["discount"] = discount.text


def _by_batch(
    registers: Registers, fields: Fields, incoming: bool | None, moved: _Moved, notes: Notes
) -> list[Registers]:
    """One line for each godown and batch, if they add up to the whole; else one line in the first place named."""
    parts: list[tuple[Registers, _Moved]] = []
    for element in fields.lists("BATCHALLOCATIONS.LIST"):
        part = Fields(element, _BATCH_TAGS)
        place = _place(part)
        amount = values.amount(part.text("AMOUNT")) if part.text("AMOUNT") else Amount(0)
        batch = _moved(part, incoming, amount)
        if place or batch.quantity or batch.amount:
            parts.append((place, batch))
    if len(parts) > 1:
        whole = sum((batch.quantity for _, batch in parts), Quantity(0))
        worth = sum((batch.amount for _, batch in parts), Amount(0))
        if whole == moved.quantity and worth == moved.amount:
            return [{**registers, **place, **_quantities(batch)} for place, batch in parts]
        notes.say("the batches of a stock line do not add up to it; it was kept whole, in the first godown named")
    place = parts[0][0] if parts else {}
    return [{**registers, **place, **_quantities(moved)}]


def _place(fields: Fields) -> Registers:
    place: Registers = {}
    for tag, register in (("GODOWNNAME", "godown"), ("DESTINATIONGODOWNNAME", "destination")):
        if fields.own(tag):
            place[register] = Reference("godown", fields.own(tag))
    if place.get("destination") == place.get("godown"):
        place.pop("destination", None)
    for tag, register in (("BATCHNAME", "batch"), ("ORDERNO", "order"), ("TRACKINGNUMBER", "tracking")):
        text = fields.own(tag)
        if text and text not in ("Primary Batch", "Not Applicable", "Any"):
            place[register] = text
    return place


def _quantities(moved: _Moved) -> Registers:
    found: Registers = {}
    if moved.quantity:
        found["quantity"] = moved.quantity.text
    if moved.billed != moved.quantity:
        found["billed"] = moved.billed.text
    if moved.amount:
        found["amount"] = moved.amount.text
    return found
