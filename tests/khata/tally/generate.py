"""Random Tally companies and the XML that Tally would export of them.

A `Company` knows what it holds in khata's terms (debit positive, stock in positive), so that a test can compare what an
import plans with what was generated. Everything random comes from the `Random` passed in.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from xml.sax.saxutils import escape, quoteattr

NAMES = ("Asha", "Bramley & Sons", "Café Naïve", "Straße", "O'Neil <Ltd>", 'The "Best"', "A  B", "Nova Components LLP")
INDIAN = ("नमस्ते ट्रेडर्स", "₹ Bazaar", "மதுரை ஸ்டோர்ஸ்")
UNITS = ("Nos", "Kgs.", "MTR")
PARTY_SIDES = {
    "Sales": 1,
    "Debit Note": 1,
    "Payment": 1,
    "Purchase": -1,
    "Receipt": -1,
    "Credit Note": -1,
    "Journal": 1,
}
ACCOUNT = {"Sales": "Sales", "Credit Note": "Sales", "Purchase": "Purchases", "Debit Note": "Purchases"}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16-le-bom", "utf-16-be-bom", "utf-16-le", "windows-1252")
STYLES = ("import", "collection")


@dataclass
class Bill:
    kind: str
    name: str
    amount: int


@dataclass
class Line:
    """A ledger line: amount in hundredths, debit positive."""

    ledger: str
    amount: int
    bills: list[Bill] = field(default_factory=list)
    centres: list[tuple[str, str, int]] = field(default_factory=list)
    foreign: tuple[str, int, int] | None = None
    of_stock: bool = False


@dataclass
class Stock:
    """A stock line: quantities in hundredths, into stock positive; `places` are (godown, batch, quantity, amount)."""

    item: str
    unit: str
    rate: int
    places: list[tuple[str, str, int, int]]
    account: str = ""

    @property
    def quantity(self) -> int:
        return sum(place[2] for place in self.places)

    @property
    def amount(self) -> int:
        return sum(place[3] for place in self.places)


@dataclass
class Voucher:
    guid: str
    type: str
    date: str
    number: str
    narration: str
    lines: list[Line]
    stock: list[Stock] = field(default_factory=list)
    invoice: bool = False
    optional: bool = False
    cancelled: bool = False
    party: str = ""


@dataclass
class Company:
    guid: str
    name: str
    ledgers: dict[str, tuple[str, int]]
    types: dict[str, str]
    items: dict[str, str]
    godowns: list[str]
    centres: dict[str, str]
    vouchers: list[Voucher]

    def xml(
        self,
        style: str = "import",
        encoding: str = "utf-8",
        masters: bool = True,
        vouchers: bool = True,
        all_entries: bool = True,
    ) -> bytes:
        """The company as Tally would export it; `all_entries` chooses between the two ways to export an invoice."""
        objects = (_masters(self) if masters else []) + (
            [_voucher(voucher, all_entries) for voucher in self.vouchers] if vouchers else []
        )
        return encoded(_envelope(self, objects, style), encoding)


def encoded(text: str, encoding: str) -> bytes:
    """Text as the bytes of one of `ENCODINGS`; what Windows-1252 cannot hold goes in as a character reference."""
    if encoding == "utf-16-le-bom":
        return b"\xff\xfe" + text.encode("utf-16-le")
    if encoding == "utf-16-be-bom":
        return b"\xfe\xff" + text.encode("utf-16-be")
    if encoding == "windows-1252":
        return text.encode("cp1252", "xmlcharrefreplace")
    return text.encode(encoding)


def company(random: Random, vouchers: int = 5) -> Company:
    """A random company with so many vouchers, all of which balance."""
    guid = "-".join("".join(random.choices("0123456789abcdef", k=length)) for length in (8, 4, 4, 4, 12))
    names = random.sample(NAMES + INDIAN, 5)
    ledgers = {name: ("Sundry Debtors", random.choice((0, -125050, 99))) for name in names}
    ledgers |= {
        "Sales": ("Sales Accounts", 0),
        "Purchases": ("Purchase Accounts", 0),
        "Output IGST": ("Duties & Taxes", 0),
    }
    ledgers |= {"Cash": ("Cash-in-Hand", 10000), "Round Off": ("Indirect Expenses", 0)}
    types = {base: base for base in (*PARTY_SIDES, "Stock Journal")} | {"Tax Invoice": "Sales"}
    items = {f"Widget {size}mm": random.choice(UNITS) for size in random.sample(range(1, 50), 3)}
    made = Company(
        guid,
        random.choice(NAMES),
        ledgers,
        types,
        items,
        ["Main Location", "Shed"],
        {"Pune": "Primary Cost Category"},
        [],
    )
    made.vouchers = [voucher(random, made, names, ordinal) for ordinal in range(1, vouchers + 1)]
    return made


def voucher(random: Random, company: Company, parties: list[str], ordinal: int) -> Voucher:
    """One random voucher of a company."""
    kind = random.choice(list(company.types))
    made = Voucher(
        guid=f"{company.guid}-{ordinal:08x}",
        type=kind,
        date=(date(2026, 4, 1) + timedelta(days=random.randrange(90))).isoformat(),
        number=random.choice((f"{kind[0]}/{ordinal}", f" {ordinal}".strip())),
        narration=random.choice(("", "by hand", "A & B <c>", "two\nlines", "₹ 5 – ok")),
        lines=[],
        optional=random.random() < 0.1,
        cancelled=random.random() < 0.1,
    )
    if company.types[kind] == "Stock Journal":
        _stock_journal(random, company, made)
    elif company.types[kind] in ACCOUNT and random.random() < 0.6:
        _invoice(random, company, made, random.choice(parties))
    else:
        _plain(random, company, made, random.choice(parties))
    return made


def _plain(random: Random, company: Company, made: Voucher, party: str) -> None:
    amount = random.choice((1, 99, 10101, 50000, random.randrange(1, 10**9)))
    side = PARTY_SIDES[company.types[made.type]]
    other = random.choice([name for name in company.ledgers if name != party])
    first = Line(party, side * amount)
    if random.random() < 0.4:
        first.bills = [Bill(random.choice(("New Ref", "Agst Ref", "Advance")), f"B{amount}", side * amount)]
    if random.random() < 0.2:
        first.bills = [Bill("New Ref", "one", side * (amount - 1)), Bill("On Account", "", side)]
    if random.random() < 0.2:
        first.foreign = ("$", side * amount, 100)
    second = Line(other, -side * amount)
    if random.random() < 0.3:
        second.centres = [("Primary Cost Category", "Pune", -side * amount)]
    made.lines, made.party = [first, second], party
    if random.random() < 0.3:
        second.amount += side
        second.centres = []
        made.lines.append(Line("Round Off", -side))


def _invoice(random: Random, company: Company, made: Voucher, party: str) -> None:
    side = PARTY_SIDES[company.types[made.type]]
    account = ACCOUNT[company.types[made.type]]
    for item in random.sample(list(company.items), random.randrange(1, 3)):
        rate = random.randrange(1, 100000)
        places = []
        for godown in random.sample(company.godowns, random.randrange(1, 3)):
            quantity = random.randrange(1, 50)
            places.append((godown, random.choice(("", "B1")), -side * quantity * 100, -side * quantity * rate))
        made.stock.append(Stock(item, company.items[item], rate, places, account))
    value = sum(line.amount for line in made.stock)
    tax = value * 18 // 100
    made.lines = [Line(party, -(value + tax))]
    if tax:
        made.lines.append(Line("Output IGST", tax))
    made.lines += [Line(account, line.amount, of_stock=True) for line in made.stock]
    made.invoice, made.party = True, party


def _stock_journal(random: Random, company: Company, made: Voucher) -> None:
    item = random.choice(list(company.items))
    quantity, rate = random.randrange(1, 50), random.randrange(1, 1000)
    for godown, sign in zip(company.godowns, (-1, 1), strict=True):
        place = (godown, "", sign * quantity * 100, sign * quantity * rate)
        made.stock.append(Stock(item, company.items[item], rate, [place]))


def money(hundredths: int) -> str:
    """An amount as Tally writes it: debit negative."""
    sign = "-" if hundredths > 0 else ""
    return f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}"


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else f"<{name}/>"


def _master(tag: str, name: str, guid: str, body: str) -> str:
    names = f"<LANGUAGENAME.LIST><NAME.LIST><NAME>{escape(name)}</NAME></NAME.LIST></LANGUAGENAME.LIST>"
    return f'<{tag} NAME={quoteattr(name)} RESERVEDNAME="">\r\n<GUID>{guid}</GUID>{body}{names}</{tag}>'


def _masters(company: Company) -> list[str]:
    found: list[tuple[str, str, str]] = []
    found.append(("CURRENCY", "$", "<MAILINGNAME>USD</MAILINGNAME>"))
    found += [("UNIT", unit, "<ISSIMPLEUNIT>Yes</ISSIMPLEUNIT>") for unit in dict.fromkeys(company.items.values())]
    for name, (group, opening) in company.ledgers.items():
        found.append(("LEDGER", name, _tag("PARENT", group) + _tag("OPENINGBALANCE", money(opening))))
    found += [("GODOWN", name, "<PARENT>&#4; Primary</PARENT>") for name in company.godowns]
    for name, unit in company.items.items():
        found.append(("STOCKITEM", name, "<PARENT>&#4; Primary</PARENT>" + _tag("BASEUNITS", unit)))
    found += [("COSTCENTRE", name, _tag("CATEGORY", category)) for name, category in company.centres.items()]
    found += [("VOUCHERTYPE", name, _tag("PARENT", base)) for name, base in company.types.items()]
    return [
        _master(tag, name, f"{company.guid}-{0x10000 + number:08x}", body)
        for number, (tag, name, body) in enumerate(found)
    ]


def _voucher(voucher: Voucher, all_entries: bool) -> str:
    view = "Invoice Voucher View" if voucher.invoice else "Accounting Voucher View"
    head = f"<VOUCHER REMOTEID={quoteattr(voucher.guid)} VCHTYPE={quoteattr(voucher.type)} OBJVIEW={quoteattr(view)}>"
    fields = [
        _tag("DATE", voucher.date.replace("-", "")),
        _tag("GUID", voucher.guid),
        _tag("NARRATION", voucher.narration).replace("\n", "&#13;&#10;"),
        _tag("VOUCHERTYPENAME", voucher.type),
        _tag("VOUCHERNUMBER", voucher.number),
        _tag("PARTYLEDGERNAME", voucher.party),
        _tag("PERSISTEDVIEW", view),
        _tag("ISOPTIONAL", "Yes" if voucher.optional else "No"),
        _tag("ISCANCELLED", "Yes" if voucher.cancelled else "No"),
        "<GSTCLASS>&#4; Not Applicable</GSTCLASS><UDF:NOTE>kept by nobody</UDF:NOTE><ALTERID> 7</ALTERID>",
    ]
    by_all = all_entries or not voucher.invoice
    tag = "ALLLEDGERENTRIES.LIST" if by_all else "LEDGERENTRIES.LIST"
    lines = [line for line in voucher.lines if by_all or not line.of_stock]
    body = "\r\n".join([*fields, *(_line(line, tag) for line in lines), *(_stock(line) for line in voucher.stock)])
    return f"{head}{body}\r\n</VOUCHER>"


def _line(line: Line, tag: str) -> str:
    amount = money(line.amount)
    if line.foreign is not None:
        symbol, foreign, rate = line.foreign
        sign, figure, base = "-" if foreign > 0 else "", money(-abs(foreign)), money(-abs(line.amount))
        amount = f"{sign}{symbol} {figure} @ ₹ {rate // 100}/{symbol} = {sign}₹ {base}"
    flag = "Yes" if line.amount > 0 else "No"
    parts = [_tag("LEDGERNAME", line.ledger), _tag("ISDEEMEDPOSITIVE", flag), _tag("AMOUNT", amount)]
    for bill in line.bills:
        inner = _tag("NAME", bill.name) + _tag("BILLTYPE", bill.kind) + _tag("AMOUNT", money(bill.amount))
        parts.append(f"<BILLALLOCATIONS.LIST>{inner}</BILLALLOCATIONS.LIST>")
    if not line.bills:
        parts.append("<BILLALLOCATIONS.LIST>      </BILLALLOCATIONS.LIST>")
    for category, centre, part in line.centres:
        inner = _tag("NAME", centre) + _tag("AMOUNT", money(part))
        inner = f"{_tag('CATEGORY', category)}<COSTCENTREALLOCATIONS.LIST>{inner}</COSTCENTREALLOCATIONS.LIST>"
        parts.append(f"<CATEGORYALLOCATIONS.LIST>{inner}</CATEGORYALLOCATIONS.LIST>")
    return f"<{tag}>{''.join(parts)}</{tag}>"


def _stock(line: Stock) -> str:
    incoming = line.amount > 0
    tag = "ALLINVENTORYENTRIES.LIST"
    if not line.account:
        tag = "INVENTORYENTRIESIN.LIST" if incoming else "INVENTORYENTRIESOUT.LIST"
    parts = [
        _tag("STOCKITEMNAME", line.item),
        _tag("ISDEEMEDPOSITIVE", "Yes" if incoming else "No"),
        _tag("RATE", f"{line.rate // 100}.{line.rate % 100:02d}/{line.unit}"),
        _tag("ACTUALQTY", _quantity(line.quantity, line.unit)),
        _tag("BILLEDQTY", _quantity(line.quantity, line.unit)),
        _tag("AMOUNT", money(line.amount)),
    ]
    for godown, batch, quantity, amount in line.places:
        inner = _tag("GODOWNNAME", godown) + _tag("BATCHNAME", batch or "Primary Batch")
        inner += "<ORDERNO>&#4; Not Applicable</ORDERNO>" + _tag("ACTUALQTY", _quantity(quantity, line.unit))
        inner += _tag("AMOUNT", money(amount))
        parts.append(f"<BATCHALLOCATIONS.LIST>{inner}</BATCHALLOCATIONS.LIST>")
    if line.account:
        inner = _tag("LEDGERNAME", line.account) + _tag("AMOUNT", money(line.amount))
        parts.append(f"<ACCOUNTINGALLOCATIONS.LIST>{inner}</ACCOUNTINGALLOCATIONS.LIST>")
    return f"<{tag}>{''.join(parts)}</{tag}>"


def _quantity(hundredths: int, unit: str) -> str:
    return f" {abs(hundredths) // 100}.{abs(hundredths) % 100:02d} {unit}"


def _envelope(company: Company, objects: list[str], style: str) -> str:
    end = (
        f'<COMPANY><REMOTECMPINFO.LIST MERGE="Yes"><NAME>{company.guid}</NAME>'
        f"{_tag('REMOTECMPNAME', company.name)}</REMOTECMPINFO.LIST></COMPANY>"
    )
    if style == "import":
        messages = "\r\n".join(f'<TALLYMESSAGE xmlns:UDF="TallyUDF">{part}</TALLYMESSAGE>' for part in [*objects, end])
        return (
            "<ENVELOPE>\r\n<HEADER><TALLYREQUEST>Import Data</TALLYREQUEST></HEADER>\r\n<BODY><IMPORTDATA><REQUESTDESC>"
            "<REPORTNAME>All Masters</REPORTNAME><STATICVARIABLES>"
            f"{_tag('SVCURRENTCOMPANY', company.name)}</STATICVARIABLES></REQUESTDESC><REQUESTDATA>\r\n"
            f"{messages}\r\n</REQUESTDATA></IMPORTDATA></BODY></ENVELOPE>"
        )
    joined = "\r\n".join(objects)
    return (
        "<ENVELOPE>\r\n<HEADER><VERSION>1</VERSION><STATUS>1</STATUS></HEADER>\r\n<BODY><DESC><CMPINFO>"
        "<LEDGER>0</LEDGER><VOUCHER>0</VOUCHER></CMPINFO></DESC><DATA><COLLECTION>\r\n"
        f"{joined}\r\n</COLLECTION></DATA></BODY></ENVELOPE>"
    )
