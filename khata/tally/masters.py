"""Tally's masters as khata's registers, kind by kind.

Only what a file says becomes a register: a short export of names and groups must not blank the GSTINs that a longer one
brought earlier.
"""

from collections.abc import Callable

from crdt_models.money import Rate
from khata.tally import stock_masters, values
from khata.tally.elements import Element, Fields
from khata.tally.envelope import Record
from khata.tally.errors import BadRecord
from khata.tally.parsed import ParsedMaster, Reference
from khata.tally.plan import Place
from khata.tally.said import Registers, flag, parent_of, reference

_NATURES = {
    (True, True): "expenses",
    (True, False): "income",
    (False, True): "assets",
    (False, False): "liabilities",
}
_NAME_TAGS = ("NAME", "LANGUAGENAME.LIST", "GUID", "RESERVEDNAME")


def parse_master(record: Record, file: str) -> ParsedMaster:
    """One master of a file.

    Raises:
        BadRecord: it has no name, or a field of it cannot be read.
    """
    kind, tags, read = _KINDS[record.tag]
    fields = Fields(record.element, (*_NAME_TAGS, *tags))
    name = fields.text("NAME") or next(iter(_names(fields)), "")
    if not name:
        raise BadRecord("it has no name")
    registers: Registers = {"name": name, **read(fields)}
    aliases = [alias for alias in _names(fields) if alias != name]
    if "LANGUAGENAME.LIST" in fields:
        registers["aliases"] = list(dict.fromkeys(aliases))
    reserved = record.element.get("RESERVEDNAME")
    if reserved:
        registers["reserved"] = values.plain_text(reserved)
    return ParsedMaster(Place(file, record.line, record.ordinal), kind, name, fields.text("GUID"), registers)


def describe(record: Record) -> str:
    """What a record is called in a list of skipped ones, such as "ledger 'Asha Stores'"."""
    kind = _KINDS[record.tag][0].replace("-", " ")
    name = values.plain_text(record.element.get("NAME")) or values.plain_text(record.element.findtext("NAME"))
    return f"{kind} {name[:80]!r}" if name else kind


def _names(fields: Fields) -> list[str]:
    """The names in LANGUAGENAME: the first is the name, the others are aliases."""
    found: list[str] = []
    for language in fields.lists("LANGUAGENAME.LIST"):
        for names in language.iterchildren("NAME.LIST"):
            found.extend(values.plain_text(name.text) for name in names.iterchildren("NAME"))
    return [name for name in found if name]


def _group(fields: Fields) -> Registers:
    registers = parent_of(fields, "group") | flag(fields, "AFFECTSGROSSPROFIT", "affects_gross_profit")
    registers |= flag(fields, "ISSUBLEDGER", "sub_ledger")
    if fields.text("ISREVENUE") and fields.text("ISDEEMEDPOSITIVE"):
        revenue, debit = values.is_yes(fields.raw("ISREVENUE")), values.is_yes(fields.raw("ISDEEMEDPOSITIVE"))
        registers["nature"] = _NATURES[revenue, debit]
    return registers


def _ledger(fields: Fields) -> Registers:
    registers = parent_of(fields, "group", register="group")
    if fields.text("OPENINGBALANCE"):
        registers["opening"] = values.amount(fields.text("OPENINGBALANCE")).text
    registers |= flag(fields, "ISBILLWISEON", "bill_wise") | flag(fields, "ISCOSTCENTRESON", "cost_centres")
    currency = fields.own("CURRENCYNAME")
    if currency and currency not in values.BASE_SYMBOLS:
        registers["currency"] = Reference("currency", currency)
    registers |= _gst(fields) | _mailing(fields) | _tax(fields) | _bank(fields)
    for tag, register in _LEDGER_TEXTS.items():
        if tag in fields:
            registers[register] = registers.get(register) or fields.own(tag)
    bills = [_opening_bill(bill) for bill in fields.lists("BILLALLOCATIONS.LIST")]
    if "BILLALLOCATIONS.LIST" in fields:
        registers["opening_bills"] = [bill for bill in bills if bill]
    rates = stock_masters.gst_rates(fields)
    if rates:
        registers["rates"] = rates
    return registers


_LEDGER_TEXTS = {
    "LEDGERPHONE": "phone",
    "LEDGERMOBILE": "phone",
    "EMAIL": "email",
    "INCOMETAXNUMBER": "pan",
    "BILLCREDITPERIOD": "credit_period",
    "CREDITLIMIT": "credit_limit",
}
_LEDGER_TAGS = (
    *("PARENT", "OPENINGBALANCE", "ISBILLWISEON", "ISCOSTCENTRESON", "CURRENCYNAME", "BILLALLOCATIONS.LIST"),
    *("PARTYGSTIN", "GSTREGISTRATIONTYPE", "LEDSTATENAME", "STATENAME", "LEDGSTREGDETAILS.LIST"),
    *("LEDMAILINGDETAILS.LIST", "ADDRESS.LIST", "MAILINGNAME.LIST", "PINCODE", "COUNTRYNAME", "COUNTRYOFRESIDENCE"),
    *("BANKACCHOLDERNAME", "BANKDETAILS", "IFSCODE", "SWIFTCODE", "BANKINGCONFIGBANK", "BRANCHNAME"),
    *("BANKBRANCHNAME", "PAYMENTDETAILS.LIST"),
    *("TAXTYPE", "GSTDUTYHEAD", "RATEOFTAXCALCULATION", "GSTDETAILS.LIST", "HSNDETAILS.LIST"),
    *_LEDGER_TEXTS,
)


def _gst(fields: Fields) -> Registers:
    """The latest registration a ledger carries, in Prime's dated list or in the older single fields."""
    found: dict[str, str] = {}
    tags = (("PARTYGSTIN", "gstin"), ("GSTREGISTRATIONTYPE", "registration"), ("LEDSTATENAME", "state"))
    for tag, key in tags:
        if tag in fields:
            found[key] = fields.own(tag)
    if "state" not in found and "STATENAME" in fields:
        found["state"] = fields.own("STATENAME")
    dated = fields.lists("LEDGSTREGDETAILS.LIST")
    if dated:
        tags = (("GSTIN", "gstin"), ("GSTREGISTRATIONTYPE", "registration"), ("PLACEOFSUPPLY", "state"))
        parts = [Fields(part, ("APPLICABLEFROM", "GSTIN", "GSTREGISTRATIONTYPE", "PLACEOFSUPPLY")) for part in dated]
        latest = max(parts, key=lambda part: part.text("APPLICABLEFROM"))
        found |= {key: latest.own(tag) for tag, key in tags if latest.own(tag)}
    return {"gst": found} if found else {}


def _mailing(fields: Fields) -> Registers:
    registers: Registers = {}
    for tag, register in (("PINCODE", "pincode"), ("COUNTRYNAME", "country"), ("COUNTRYOFRESIDENCE", "country")):
        if tag in fields:
            registers[register] = registers.get(register) or fields.own(tag)
    if "LEDSTATENAME" in fields or "STATENAME" in fields:
        registers["state"] = fields.own("LEDSTATENAME") or fields.own("STATENAME")
    if fields.lists("ADDRESS.LIST"):
        registers["address"] = list(fields.texts("ADDRESS.LIST", "ADDRESS"))
    if fields.lists("MAILINGNAME.LIST"):
        registers["mailing_name"] = next(iter(fields.texts("MAILINGNAME.LIST", "MAILINGNAME")), "")
    dated = fields.lists("LEDMAILINGDETAILS.LIST")
    if dated:
        tags = ("APPLICABLEFROM", "ADDRESS.LIST", "MAILINGNAME", "PINCODE", "STATE", "COUNTRY")
        latest = max((Fields(part, tags) for part in dated), key=lambda part: part.text("APPLICABLEFROM"))
        address = list(latest.texts("ADDRESS.LIST", "ADDRESS"))
        texts = {"mailing_name": "MAILINGNAME", "pincode": "PINCODE", "state": "STATE", "country": "COUNTRY"}
        registers |= {"address": address} if address else {}
        registers |= {register: latest.own(tag) for register, tag in texts.items() if latest.own(tag)}
    return registers


def _tax(fields: Fields) -> Registers:
    found: dict[str, str] = {}
    if "TAXTYPE" in fields:
        kind = fields.own("TAXTYPE")
        found["kind"] = "" if kind == "Others" else kind
    if "GSTDUTYHEAD" in fields:
        found["head"] = fields.own("GSTDUTYHEAD")
    if fields.own("RATEOFTAXCALCULATION"):
        rate = values.rate_of(fields.own("RATEOFTAXCALCULATION").removesuffix("%"))
        found["rate"] = rate.text if rate != Rate(0) else ""
    return {"tax": found} if found else {}


def _bank(fields: Fields) -> Registers:
    """The bank account of a ledger: in single fields for one's own, in a list for the one a party is paid to."""
    found = {register: fields.own(tag) for tag, register in _BANK_TEXTS.items() if fields.own(tag)}
    for element in fields.lists("PAYMENTDETAILS.LIST"):
        part = Fields(element, _PAYMENT_TEXTS)
        found |= {register: part.own(tag) for tag, register in _PAYMENT_TEXTS.items() if part.own(tag)}
    return {"bank": found} if found else {}


_BANK_TEXTS = {
    "BANKACCHOLDERNAME": "holder",
    "BANKDETAILS": "number",
    "IFSCODE": "ifsc",
    "SWIFTCODE": "swift",
    "BANKINGCONFIGBANK": "bank",
    "BANKBRANCHNAME": "branch",
    "BRANCHNAME": "branch",
}
_PAYMENT_TEXTS = {"ACCOUNTNUMBER": "number", "IFSCODE": "ifsc", "SWIFTCODE": "swift", "BANKNAME": "bank"}


def _opening_bill(element: Element) -> Registers:
    bill = Fields(element, ("NAME", "BILLDATE", "BILLCREDITPERIOD", "OPENINGBALANCE", "AMOUNT"))
    amount = bill.text("OPENINGBALANCE", "AMOUNT")
    if not amount:
        return {}
    found = {"name": bill.text("NAME"), "amount": values.amount(amount).text}
    if bill.text("BILLDATE"):
        found["date"] = values.day(bill.text("BILLDATE"))
    if bill.text("BILLCREDITPERIOD"):
        found["credit_period"] = bill.text("BILLCREDITPERIOD")
    return found


def _currency(fields: Fields) -> Registers:
    registers: Registers = {}
    if fields.text("MAILINGNAME", "ORIGINALNAME"):
        registers["formal_name"] = fields.text("MAILINGNAME", "ORIGINALNAME")
    if fields.text("ISOCURRENCYCODE"):
        registers["code"] = fields.text("ISOCURRENCYCODE")
    if fields.text("DECIMALPLACES").isdecimal():
        registers["decimals"] = int(fields.text("DECIMALPLACES")[:2])
    return registers


def _cost_category(fields: Fields) -> Registers:
    return flag(fields, "ALLOCATEREVENUE", "revenue") | flag(fields, "ALLOCATENONREVENUE", "non_revenue")


def _cost_centre(fields: Fields) -> Registers:
    registers = parent_of(fields, "cost-centre") | flag(fields, "FORPAYROLL", "employee")
    return registers | reference(fields, "CATEGORY", "cost-category", "category")


def _voucher_type(fields: Fields) -> Registers:
    # The base type is worked out when all files are read; the parent's name is what it is worked out from.
    registers = flag(fields, "ISOPTIONAL", "optional") | flag(fields, "ISACTIVE", "active")
    registers["parent"] = fields.own("PARENT")
    if values.is_yes(fields.raw("ASMFGJRNL")):
        registers["base"] = "manufacturing-journal"
    if fields.text("ABBRNAME", "ABBREVIATION"):
        registers["abbreviation"] = fields.text("ABBRNAME", "ABBREVIATION")
    series = [_series(part) for part in fields.lists("VOUCHERNUMBERSERIES.LIST")]
    if series:
        registers["series"] = series
    return registers


def _series(element: Element) -> Registers:
    lists = {"PREFIXLIST.LIST": "prefixes", "SUFFIXLIST.LIST": "suffixes", "RESTARTFROMLIST.LIST": "restarts"}
    texts = {"NAME": "name", "NUMBERINGMETHOD": "method", "NUMBERINGSUBMETHOD": "submethod", "WIDTHOFNUMBER": "width"}
    fields = Fields(element, (*lists, *texts, "PREVENTDUPLICATES"))
    found: Registers = {register: fields.own(tag) for tag, register in texts.items() if fields.own(tag)}
    found["prevent_duplicates"] = values.is_yes(fields.raw("PREVENTDUPLICATES"))
    for tag, register in lists.items():
        parts = [Fields(part, ("DATE", "NAME", "PERIODBEGINNUM", "PERIOD")) for part in fields.lists(tag)]
        pairs = [[part.text("DATE"), part.text("NAME", "PERIODBEGINNUM", "PERIOD")] for part in parts]
        found[register] = [pair for pair in pairs if any(pair)]
    return found


_Read = Callable[[Fields], Registers]

_KINDS: dict[str, tuple[str, tuple[str, ...], _Read]] = {
    "CURRENCY": ("currency", ("MAILINGNAME", "ORIGINALNAME", "ISOCURRENCYCODE", "DECIMALPLACES"), _currency),
    "UNIT": ("unit", stock_masters.UNIT_TAGS, stock_masters.unit),
    "GROUP": ("group", ("PARENT", "ISREVENUE", "ISDEEMEDPOSITIVE", "AFFECTSGROSSPROFIT", "ISSUBLEDGER"), _group),
    "LEDGER": ("ledger", _LEDGER_TAGS, _ledger),
    "GODOWN": ("godown", stock_masters.GODOWN_TAGS, stock_masters.godown),
    "STOCKGROUP": ("stock-group", stock_masters.STOCK_GROUP_TAGS, stock_masters.stock_group),
    "STOCKCATEGORY": ("stock-category", stock_masters.STOCK_CATEGORY_TAGS, stock_masters.stock_category),
    "STOCKITEM": ("stock-item", stock_masters.STOCK_ITEM_TAGS, stock_masters.stock_item),
    "COSTCATEGORY": ("cost-category", ("ALLOCATEREVENUE", "ALLOCATENONREVENUE"), _cost_category),
    "COSTCENTRE": ("cost-centre", ("PARENT", "CATEGORY", "FORPAYROLL"), _cost_centre),
    "VOUCHERTYPE": (
        "voucher-type",
        ("PARENT", "ISOPTIONAL", "ISACTIVE", "ASMFGJRNL", "ABBRNAME", "ABBREVIATION", "VOUCHERNUMBERSERIES.LIST"),
        _voucher_type,
    ),
}
"""For each of Tally's tags: khata's kind, the fields to look for, and how they are read."""
