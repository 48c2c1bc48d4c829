"""Masters as Tally's XML, kind by kind: what the importer's `masters` reads, written.

A master stands under the name that `Spelled` gives it, which is unique in the file; its other names are aliases.
"""

from collections.abc import Callable
from typing import Protocol

from lxml import etree

from crdt_models.masters import (
    CostCategory,
    CostCentre,
    Currency,
    Group,
    Ledger,
    Master,
    NumberSeries,
    VoucherType,
)
from crdt_models.voucher_types import BASE_TYPES
from khata.export import tally_stock_masters
from khata.export.tally_gst import put_gst_rates
from khata.export.tally_text import (
    Element,
    clean,
    day,
    flipped,
    is_zero,
    put,
    put_flag,
    put_given,
    put_lines,
    readable,
)

GST_BEGAN = "20170701"
"""From when a registration or an address applies where nobody kept the date: the day GST began."""

_FLAGS = {"expenses": (True, True), "income": (True, False), "assets": (False, True), "liabilities": (False, False)}
"""ISREVENUE and ISDEEMEDPOSITIVE of a group of each nature."""


class Spelled(Protocol):
    """The names under which masters stand in the file."""

    def name(self, kind: str, document: bytes) -> str:
        """The name of a master by kind and document id, of one that is not here too."""


def master_element(names: Spelled, master: Master, name: str, guid: str, aliases: tuple[str, ...]) -> Element:
    """One master.

    Args:
        name: what it is called in the file.
        guid: under which identity; empty for none.
        aliases: its other names.
    """
    tag, write = _KINDS[type(master)]
    element = etree.Element(tag, NAME=clean(name), RESERVEDNAME=clean(master.reserved))
    put_given(element, "GUID", guid)
    write(element, names, master)
    languages = etree.SubElement(element, "LANGUAGENAME.LIST")
    put_lines(languages, "NAME.LIST", "NAME", (name, *aliases))
    return element


def put_parent(element: Element, names: Spelled, kind: str, parent: bytes | None) -> None:
    """Add the master above; empty for what stands under Primary, which every release understands."""
    put(element, "PARENT", "" if parent is None else names.name(kind, parent))


def _currency(element: Element, _: Spelled, it: Currency) -> None:
    put_given(element, "MAILINGNAME", it.formal_name)
    put_given(element, "ISOCURRENCYCODE", it.code)
    put(element, "DECIMALPLACES", str(it.decimals))


def _group(element: Element, names: Spelled, it: Group) -> None:
    put_parent(element, names, "group", it.parent)
    if it.nature:
        revenue, debit = _FLAGS[it.nature]
        put_flag(element, "ISREVENUE", revenue)
        put_flag(element, "ISDEEMEDPOSITIVE", debit)
    put_flag(element, "AFFECTSGROSSPROFIT", it.affects_gross_profit)
    put_flag(element, "ISSUBLEDGER", it.sub_ledger)


def _ledger(element: Element, names: Spelled, it: Ledger) -> None:
    put_parent(element, names, "group", it.group)
    opening = readable(it.opening)
    if not is_zero(opening):
        put(element, "OPENINGBALANCE", flipped(opening))
    put_flag(element, "ISBILLWISEON", it.bill_wise)
    put_flag(element, "ISCOSTCENTRESON", it.cost_centres)
    if it.currency is not None:
        put(element, "CURRENCYNAME", names.name("currency", it.currency))
    _put_registration(element, it)
    _put_address(element, it)
    for tag, text in (
        ("LEDGERPHONE", it.phone),
        ("EMAIL", it.email),
        ("INCOMETAXNUMBER", it.pan),
        ("BILLCREDITPERIOD", it.credit_period),
        ("CREDITLIMIT", it.credit_limit),
        ("TAXTYPE", it.tax.kind),
        ("GSTDUTYHEAD", it.tax.head),
        ("RATEOFTAXCALCULATION", it.tax.rate),
    ):
        put_given(element, tag, text)
    _put_bank(element, it)
    put_gst_rates(element, it.rates)
    for bill in it.opening_bills:
        part = etree.SubElement(element, "BILLALLOCATIONS.LIST")
        put(part, "NAME", bill.name)
        put_given(part, "BILLDATE", day(bill.date))
        put_given(part, "BILLCREDITPERIOD", bill.credit_period)
        put(part, "OPENINGBALANCE", flipped(readable(bill.amount)))


def _put_registration(element: Element, it: Ledger) -> None:
    """The standing under GST, once for ERP 9 and once, with a date, for Prime."""
    gst = it.gst
    put_given(element, "PARTYGSTIN", gst.gstin)
    put_given(element, "GSTREGISTRATIONTYPE", gst.registration)
    if gst.state and gst.state == it.state:
        put(element, "LEDSTATENAME", gst.state)
    if gst.registration or gst.gstin or gst.state:
        part = etree.SubElement(element, "LEDGSTREGDETAILS.LIST")
        put(part, "APPLICABLEFROM", GST_BEGAN)
        put_given(part, "GSTREGISTRATIONTYPE", gst.registration)
        put_given(part, "PLACEOFSUPPLY", gst.state)
        put_given(part, "GSTIN", gst.gstin)


def _put_bank(element: Element, it: Ledger) -> None:
    """The bank account, in single fields where Tally keeps one's own, in a list where it keeps a party's."""
    bank = it.bank
    for tag, text in (
        ("BANKACCHOLDERNAME", bank.holder),
        ("BANKDETAILS", bank.number),
        ("IFSCODE", bank.ifsc),
        ("SWIFTCODE", bank.swift),
        ("BANKINGCONFIGBANK", bank.bank),
        ("BRANCHNAME", bank.branch),
    ):
        put_given(element, tag, text)
    if bank.number and it.bill_wise:
        part = etree.SubElement(element, "PAYMENTDETAILS.LIST")
        put_given(part, "IFSCODE", bank.ifsc)
        put_given(part, "BANKNAME", bank.bank)
        put(part, "ACCOUNTNUMBER", bank.number)


def _put_address(element: Element, it: Ledger) -> None:
    if any((it.address, it.mailing_name, it.pincode, it.state, it.country)):
        part = etree.SubElement(element, "LEDMAILINGDETAILS.LIST")
        put_lines(part, "ADDRESS.LIST", "ADDRESS", it.address)
        put(part, "APPLICABLEFROM", GST_BEGAN)
        put_given(part, "PINCODE", it.pincode)
        put_given(part, "MAILINGNAME", it.mailing_name)
        put_given(part, "STATE", it.state)
        put_given(part, "COUNTRY", it.country)


def _cost_category(element: Element, _: Spelled, it: CostCategory) -> None:
    put_flag(element, "ALLOCATEREVENUE", it.revenue)
    put_flag(element, "ALLOCATENONREVENUE", it.non_revenue)


def _cost_centre(element: Element, names: Spelled, it: CostCentre) -> None:
    put_parent(element, names, "cost-centre", it.parent)
    put(element, "CATEGORY", "" if it.category is None else names.name("cost-category", it.category))
    put_flag(element, "FORPAYROLL", it.employee)


def _voucher_type(element: Element, names: Spelled, it: VoucherType) -> None:
    put(element, "PARENT", _type_above(names, it))
    put_flag(element, "ISOPTIONAL", it.optional)
    put_flag(element, "ISACTIVE", it.active)
    put_flag(element, "ASMFGJRNL", it.base == "manufacturing-journal")
    put_given(element, "ABBRNAME", it.abbreviation)
    for series in it.series:
        _put_series(element, series)


def _type_above(names: Spelled, it: VoucherType) -> str:
    """What a type was derived from; one that says nothing of it is derived from its base type."""
    if it.parent is not None:
        return names.name("voucher-type", it.parent)
    base = BASE_TYPES.get("stock-journal" if it.base == "manufacturing-journal" else it.base)
    return base.name if base is not None else ""


def _put_series(element: Element, it: NumberSeries) -> None:
    part = etree.SubElement(element, "VOUCHERNUMBERSERIES.LIST")
    put(part, "NAME", it.name)
    put_given(part, "NUMBERINGMETHOD", it.method)
    put_given(part, "NUMBERINGSUBMETHOD", it.submethod)
    put_flag(part, "PREVENTDUPLICATES", it.prevent_duplicates)
    put_given(part, "WIDTHOFNUMBER", it.width)
    for tag, text_tag, pairs in (
        ("PREFIXLIST.LIST", "NAME", it.prefixes),
        ("SUFFIXLIST.LIST", "NAME", it.suffixes),
        ("RESTARTFROMLIST.LIST", "PERIODBEGINNUM", it.restarts),
    ):
        for date, text in pairs:
            pair = etree.SubElement(part, tag)
            put_given(pair, "DATE", date)
            put_given(pair, text_tag, text)


_KINDS: dict[type[Master], tuple[str, Callable[..., None]]] = {
    Currency: ("CURRENCY", _currency),
    Group: ("GROUP", _group),
    Ledger: ("LEDGER", _ledger),
    CostCategory: ("COSTCATEGORY", _cost_category),
    CostCentre: ("COSTCENTRE", _cost_centre),
    VoucherType: ("VOUCHERTYPE", _voucher_type),
    **tally_stock_masters.KINDS,
}
"""For each kind of master: Tally's tag, and what writes its fields."""
