"""Tally's stock masters as khata's registers: units, godowns, stock groups and categories, stock items."""

from typing import Any

from crdt_models.money import Quantity
from khata.tally import values
from khata.tally.elements import Element, Fields
from khata.tally.parsed import Reference
from khata.tally.said import Registers, flag, parent_of, reference, texts

UNIT_TAGS = (
    *("ORIGINALNAME", "GSTREPUOM", "DECIMALPLACES", "ISSIMPLEUNIT"),
    *("BASEUNITS", "ADDITIONALUNITS", "CONVERSION"),
)
GODOWN_TAGS = ("PARENT", "ADDRESS.LIST", "ISEXTERNAL")
STOCK_GROUP_TAGS = ("PARENT", "ISADDABLE")
STOCK_CATEGORY_TAGS = ("PARENT",)
STOCK_ITEM_TAGS = (
    *("PARENT", "CATEGORY", "BASEUNITS", "ADDITIONALUNITS", "DENOMINATOR", "CONVERSION"),
    *("OPENINGBALANCE", "OPENINGRATE", "OPENINGVALUE", "BATCHALLOCATIONS.LIST"),
    *("GSTDETAILS.LIST", "HSNDETAILS.LIST", "GSTHSNNAME", "COSTINGMETHOD", "VALUATIONMETHOD"),
    *("ISBATCHWISEON", "ISPERISHABLEON"),
)


def unit(fields: Fields) -> Registers:
    """A unit; a compound one says how many of `tail` are in each `head`."""
    registers = texts(fields, {"ORIGINALNAME": "formal_name", "GSTREPUOM": "quantity_code"})
    if fields.text("DECIMALPLACES").isdecimal():
        registers["decimals"] = int(fields.text("DECIMALPLACES")[:2])
    if fields.text("ISSIMPLEUNIT") and not values.is_yes(fields.raw("ISSIMPLEUNIT")):
        registers |= reference(fields, "BASEUNITS", "unit", "head")
        registers |= reference(fields, "ADDITIONALUNITS", "unit", "tail")
        if fields.text("CONVERSION"):
            registers["conversion"] = values.rate_of(fields.text("CONVERSION")).text
    return registers


def godown(fields: Fields) -> Registers:
    """A place where stock lies."""
    registers = parent_of(fields, "godown") | flag(fields, "ISEXTERNAL", "third_party")
    if fields.lists("ADDRESS.LIST"):
        registers["address"] = list(fields.texts("ADDRESS.LIST", "ADDRESS"))
    return registers


def stock_group(fields: Fields) -> Registers:
    """A group of stock items."""
    return parent_of(fields, "stock-group") | flag(fields, "ISADDABLE", "adds_quantities")


def stock_category(fields: Fields) -> Registers:
    """A category of stock items."""
    return parent_of(fields, "stock-category")


def stock_item(fields: Fields) -> Registers:
    """A stock item with its opening stock and GST rates."""
    registers = parent_of(fields, "stock-group") | reference(fields, "CATEGORY", "stock-category", "category")
    registers |= reference(fields, "BASEUNITS", "unit", "unit")
    registers |= reference(fields, "ADDITIONALUNITS", "unit", "alternate")
    if registers.get("alternate") is not None:
        for tag, register in (("DENOMINATOR", "unit_ratio"), ("CONVERSION", "alternate_ratio")):
            if fields.text(tag):
                registers[register] = values.rate_of(fields.text(tag)).text
    if fields.text("OPENINGBALANCE", "OPENINGVALUE") or fields.lists("BATCHALLOCATIONS.LIST"):
        registers["opening"] = _opening(fields)
    gst = gst_rates(fields)
    if gst:
        registers["gst"] = gst
    registers |= texts(fields, {"COSTINGMETHOD": "costing", "VALUATIONMETHOD": "valuation"})
    return registers | flag(fields, "ISBATCHWISEON", "batches") | flag(fields, "ISPERISHABLEON", "perishable")


def _opening(fields: Fields) -> list[Registers]:
    """Opening stock by godown and batch where the file says so, else in one sum."""
    tags = ("GODOWNNAME", "BATCHNAME", "OPENINGBALANCE", "OPENINGVALUE", "OPENINGRATE")
    parts = [_opening_part(Fields(part, tags)) for part in fields.lists("BATCHALLOCATIONS.LIST")]
    parts = [part for part in parts if part] or [_opening_part(fields)]
    return [part for part in parts if part]


def _opening_part(fields: Fields) -> Registers:
    found: Registers = {}
    if fields.text("OPENINGBALANCE"):
        found["quantity"] = abs(Quantity.parse(values.measure(fields.text("OPENINGBALANCE")).number)).text
    if fields.text("OPENINGVALUE"):
        found["value"] = values.amount(fields.text("OPENINGVALUE")).text
    if found and fields.text("OPENINGRATE"):
        found["rate"] = values.price(fields.text("OPENINGRATE")).number or "0"
    if not any(found.get(name, blank) != blank for name, blank in (("quantity", "0"), ("value", "0.00"))):
        return {}
    if fields.own("GODOWNNAME"):
        found["godown"] = Reference("godown", fields.own("GODOWNNAME"))
    if fields.own("BATCHNAME") not in ("", "Primary Batch"):
        found["batch"] = fields.own("BATCHNAME")
    return found


def gst_rates(fields: Fields) -> list[Registers]:
    """Rates and HSN codes by the date from which they apply, joined where both name the same date."""
    found: dict[str, dict[str, Any]] = {}
    for element in fields.lists("HSNDETAILS.LIST"):
        part = Fields(element, ("APPLICABLEFROM", "HSNCODE", "HSN"))
        if part.own("HSNCODE"):
            since = _since(part)
            found.setdefault(since, {})["hsn"] = part.own("HSNCODE")
            found[since]["description"] = part.own("HSN")
    for element in fields.lists("GSTDETAILS.LIST"):
        part = Fields(element, ("APPLICABLEFROM", "HSNCODE", "TAXABILITY", "STATEWISEDETAILS.LIST"))
        rates = _rates(part)
        if rates or part.own("TAXABILITY") or part.own("HSNCODE"):
            entry = found.setdefault(_since(part), {})
            entry |= {"rates": rates, "taxability": part.own("TAXABILITY")}
            if part.own("HSNCODE"):
                entry["hsn"] = part.own("HSNCODE")
    return [{"since": since, **entry} for since, entry in sorted(found.items())]


def _since(fields: Fields) -> str:
    return values.day(fields.text("APPLICABLEFROM")) if fields.text("APPLICABLEFROM") else ""


def _rates(fields: Fields) -> dict[str, str]:
    found: dict[str, str] = {}
    for state in fields.lists("STATEWISEDETAILS.LIST"):
        for rate in state.iterchildren("RATEDETAILS.LIST"):
            part = _rate(rate)
            found |= part
    return found


def _rate(element: Element) -> dict[str, str]:
    fields = Fields(element, ("GSTRATEDUTYHEAD", "GSTRATE"))
    head, text = fields.own("GSTRATEDUTYHEAD"), fields.text("GSTRATE")
    if not head or not text:
        return {}
    rate = values.rate_of(text.removesuffix("%"))
    return {head: rate.text} if rate else {}
