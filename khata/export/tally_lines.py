"""Ledger lines and stock lines as Tally's XML: what the importer's `entries` and `stock_lines` read, written."""

from collections.abc import Iterable, Sequence
from typing import Final

from lxml import etree

from crdt_models.money import Quantity
from crdt_models.vouchers import BankAllocation, BillAllocation, CostAllocation, Entry, Forex, StockLine
from khata.export.tally_layout import STOCK_IN, STOCK_OUT, Goods, Line
from khata.export.tally_masters import Spelled
from khata.export.tally_stock_masters import NO_BATCH
from khata.export.tally_text import (
    Element,
    day,
    flipped,
    foreign,
    is_zero,
    put,
    put_flag,
    put_given,
    readable,
    total,
    unsigned,
)
from khata.reading import exact_quantity

ACCOUNTS: Final = "ACCOUNTINGALLOCATIONS.LIST"

_BILL_TYPES: Final = {"new": "New Ref", "against": "Agst Ref", "advance": "Advance", "on-account": "On Account"}


def put_line(element: Element, tag: str, line: Line, party: bytes | None, names: Spelled) -> None:
    """Add one ledger line with all that is allocated from it.

    Args:
        party: the ledger the voucher is made out to.
    """
    part = etree.SubElement(element, tag)
    _fill(part, line.entry, party, names)
    for goods in line.goods:
        put_goods(part, goods, names)


def _fill(part: Element, entry: Entry, party: bytes | None, names: Spelled) -> None:
    amount = readable(entry.amount)
    put(part, "LEDGERNAME", names.name("ledger", entry.ledger))
    put_given(part, "NARRATION", entry.narration)
    # Here the flag always agrees with the sign: a debit is negative and deemed positive.
    put_flag(part, "ISDEEMEDPOSITIVE", not amount.startswith("-") and not is_zero(amount))
    put_flag(part, "ISPARTYLEDGER", entry.ledger == party)
    put(part, "AMOUNT", _money(amount, entry.forex, names))
    put_given(part, "GSTRATE", entry.gst_rate)
    for bill in entry.bills:
        _put_bill(part, bill, names)
    _put_costs(part, entry.costs, names)
    for bank in entry.bank:
        _put_bank(part, bank)


def _money(amount: str, forex: Forex | None, names: Spelled) -> str:
    if forex is None:
        return flipped(amount)
    return foreign(amount, forex.amount, forex.rate, names.name("currency", forex.currency))


def _put_bill(part: Element, bill: BillAllocation, names: Spelled) -> None:
    found = etree.SubElement(part, "BILLALLOCATIONS.LIST")
    put_given(found, "NAME", bill.name)
    put_given(found, "BILLDATE", day(bill.date))
    put_given(found, "BILLCREDITPERIOD", bill.credit_period)
    put(found, "BILLTYPE", _BILL_TYPES[bill.kind])
    put(found, "AMOUNT", _money(readable(bill.amount), bill.forex, names))


def _put_costs(part: Element, costs: Sequence[CostAllocation], names: Spelled) -> None:
    """Cost centres inside their category, those that follow each other in one."""
    inside = part
    before: bytes | None = None
    for cost in costs:
        if cost.category is None:
            inside = part
        elif cost.category != before:
            inside = etree.SubElement(part, "CATEGORYALLOCATIONS.LIST")
            put(inside, "CATEGORY", names.name("cost-category", cost.category))
        before = cost.category
        centre = etree.SubElement(inside, "COSTCENTREALLOCATIONS.LIST")
        put(centre, "NAME", names.name("cost-centre", cost.centre))
        put(centre, "AMOUNT", flipped(readable(cost.amount)))


def _put_bank(part: Element, bank: BankAllocation) -> None:
    found = etree.SubElement(part, "BANKALLOCATIONS.LIST")
    put_given(found, "DATE", day(bank.date))
    put_given(found, "INSTRUMENTDATE", day(bank.date))
    put_given(found, "BANKERSDATE", day(bank.bank_date))
    put_given(found, "TRANSACTIONTYPE", bank.kind)
    put_given(found, "IFSCODE", bank.ifsc)
    put_given(found, "PAYMENTFAVOURING", bank.favouring)
    put_given(found, "INSTRUMENTNUMBER", bank.number)
    put_given(found, "TRANSACTIONID", bank.transaction)
    if not is_zero(bank.amount):
        put(found, "AMOUNT", flipped(readable(bank.amount)))


def put_goods(element: Element, goods: Goods, names: Spelled) -> None:
    """Add one stock line with its places and batches, and the accounts it goes to."""
    part = etree.SubElement(element, goods.tag)
    first, lines = goods.lines[0], goods.lines
    unit = "" if first.unit is None else names.name("unit", first.unit)
    amount = total(line.amount for line in lines)
    put(part, "STOCKITEMNAME", names.name("stock-item", first.item))
    put_flag(part, "ISDEEMEDPOSITIVE", _comes_in(goods.tag, lines, amount))
    _put_price(part, first, unit, names)
    put_given(part, "DISCOUNT", first.discount)
    put(part, "AMOUNT", _money(amount, first.forex, names))
    quantity, billed = _sum(line.quantity for line in lines), _sum(_billed(line) for line in lines)
    alternate = _alternate(first, names)
    if unit or quantity != "0" or billed != "0":
        put(part, "ACTUALQTY", f"{unsigned(quantity)} {unit}{alternate}")
        put(part, "BILLEDQTY", f"{unsigned(billed)} {unit}{alternate}")
    for line in lines:
        _put_batch(part, line, unit, names)
    for account in goods.accounts:
        _fill(etree.SubElement(part, ACCOUNTS), account, None, names)


def _comes_in(tag: str, lines: Sequence[StockLine], amount: str) -> bool:
    if tag in (STOCK_IN, STOCK_OUT):
        return tag == STOCK_IN
    if not is_zero(amount):
        return not amount.startswith("-")
    return not lines[0].quantity.startswith("-")


def _put_price(part: Element, line: StockLine, unit: str, names: Spelled) -> None:
    if line.rate:
        per = unit if line.rate_unit is None else names.name("unit", line.rate_unit)
        put(part, "RATE", f"{line.rate}/{per}" if per else line.rate)


def _alternate(line: StockLine, names: Spelled) -> str:
    if not line.alternate or line.alternate_unit is None:
        return ""
    return f" = {unsigned(line.alternate)} {names.name('unit', line.alternate_unit)}"


def _put_batch(part: Element, line: StockLine, unit: str, names: Spelled) -> None:
    found = etree.SubElement(part, "BATCHALLOCATIONS.LIST")
    if line.godown is not None:
        put(found, "GODOWNNAME", names.name("godown", line.godown))
    put(found, "BATCHNAME", line.batch or NO_BATCH)
    if line.destination is not None:
        put(found, "DESTINATIONGODOWNNAME", names.name("godown", line.destination))
    put_given(found, "ORDERNO", line.order)
    put_given(found, "TRACKINGNUMBER", line.tracking)
    put(found, "AMOUNT", flipped(readable(line.amount)))
    quantity, billed = _sum([line.quantity]), _sum([_billed(line)])
    if unit or quantity != "0" or billed != "0":
        put(found, "ACTUALQTY", f"{unsigned(quantity)} {unit}")
        put(found, "BILLEDQTY", f"{unsigned(billed)} {unit}")


def _billed(line: StockLine) -> str:
    return line.quantity if line.billed is None else line.billed


def _sum(quantities: Iterable[str]) -> str:
    return Quantity(sum(exact_quantity(quantity) or 0 for quantity in quantities)).text
