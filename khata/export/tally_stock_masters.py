"""Stock masters as Tally's XML: what the importer's `stock_masters` reads, written."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from lxml import etree

from crdt_models.masters import Godown, Master, OpeningStock, StockCategory, StockGroup, StockItem, Unit
from crdt_models.money import Quantity
from khata.export.tally_gst import put_gst_rates
from khata.export.tally_text import Element, flipped, is_zero, put, put_flag, put_given, put_lines, readable, total
from khata.reading import exact_quantity

if TYPE_CHECKING:
    from khata.export.tally_masters import Spelled

NO_BATCH = "Primary Batch"
"""What Tally writes where somebody keeps no batches."""


def _unit(element: Element, names: "Spelled", it: Unit) -> None:
    compound = it.head is not None or it.tail is not None or bool(it.conversion)
    put_given(element, "ORIGINALNAME", it.formal_name)
    put_given(element, "GSTREPUOM", it.quantity_code)
    put_flag(element, "ISSIMPLEUNIT", not compound)
    put(element, "DECIMALPLACES", str(it.decimals))
    if compound:
        _put_reference(element, names, "BASEUNITS", "unit", it.head)
        _put_reference(element, names, "ADDITIONALUNITS", "unit", it.tail)
        put_given(element, "CONVERSION", it.conversion)


def _godown(element: Element, names: "Spelled", it: Godown) -> None:
    _put_reference(element, names, "PARENT", "godown", it.parent)
    put_lines(element, "ADDRESS.LIST", "ADDRESS", it.address)
    put_flag(element, "ISEXTERNAL", it.third_party)


def _stock_group(element: Element, names: "Spelled", it: StockGroup) -> None:
    _put_reference(element, names, "PARENT", "stock-group", it.parent)
    put_flag(element, "ISADDABLE", it.adds_quantities)


def _stock_category(element: Element, names: "Spelled", it: StockCategory) -> None:
    _put_reference(element, names, "PARENT", "stock-category", it.parent)


def _stock_item(element: Element, names: "Spelled", it: StockItem) -> None:
    _put_reference(element, names, "PARENT", "stock-group", it.parent)
    _put_reference(element, names, "CATEGORY", "stock-category", it.category)
    _put_reference(element, names, "BASEUNITS", "unit", it.unit)
    if it.alternate is not None:
        _put_reference(element, names, "ADDITIONALUNITS", "unit", it.alternate)
        put_given(element, "DENOMINATOR", it.unit_ratio)
        put_given(element, "CONVERSION", it.alternate_ratio)
    put_flag(element, "ISBATCHWISEON", it.batches)
    put_flag(element, "ISPERISHABLEON", it.perishable)
    put_given(element, "COSTINGMETHOD", it.costing)
    put_given(element, "VALUATIONMETHOD", it.valuation)
    put_gst_rates(element, it.gst)
    _put_opening(element, names, it)


def _put_reference(element: Element, names: "Spelled", tag: str, kind: str, document: bytes | None) -> None:
    put(element, tag, "" if document is None else names.name(kind, document))


def _put_opening(element: Element, names: "Spelled", it: StockItem) -> None:
    """Opening stock: in one sum where nothing is said about the place, else by godown and batch with the sum above."""
    unit = "" if it.unit is None else names.name("unit", it.unit)
    parts = [part for part in it.opening if _holds_anything(part)]
    if not parts:
        return
    if len(parts) == 1:
        _put_amounts(element, parts[0], unit)
    else:
        quantity = Quantity(sum(exact_quantity(part.quantity) or 0 for part in parts)).text
        _put_amounts(element, OpeningStock(quantity=quantity, value=total(part.value for part in parts)), unit)
    if len(parts) == 1 and parts[0].godown is None and not parts[0].batch:
        return
    for part in parts:
        batch = etree.SubElement(element, "BATCHALLOCATIONS.LIST")
        put_given(batch, "GODOWNNAME", "" if part.godown is None else names.name("godown", part.godown))
        put(batch, "BATCHNAME", part.batch or NO_BATCH)
        _put_amounts(batch, part, unit)


def _holds_anything(part: OpeningStock) -> bool:
    return bool(exact_quantity(part.quantity)) or not is_zero(readable(part.value))


def _put_amounts(element: Element, part: OpeningStock, unit: str) -> None:
    quantity = part.quantity if exact_quantity(part.quantity) is not None else "0"
    put(element, "OPENINGBALANCE", f"{quantity} {unit}")
    if not is_zero(part.rate):
        put(element, "OPENINGRATE", f"{part.rate}/{unit}" if unit else part.rate)
    put(element, "OPENINGVALUE", flipped(readable(part.value)))


KINDS: dict[type[Master], tuple[str, Callable[..., None]]] = {
    Unit: ("UNIT", _unit),
    Godown: ("GODOWN", _godown),
    StockGroup: ("STOCKGROUP", _stock_group),
    StockCategory: ("STOCKCATEGORY", _stock_category),
    StockItem: ("STOCKITEM", _stock_item),
}
"""For each kind of stock master: Tally's tag, and what writes its fields."""
