"""What was imported from Tally and exported again is equal, register by register."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.tally.importer import plan
from khata.tally.reader import read
from tests.khata.export.tally_files import SOURCE, exported, imported
from tests.khata.tally import generate
from tests.khata.tally.books import COMPANY, Books
from tests.khata.tally.texts import account, file, ledger, master, some, stock, voucher

DATA = Path(__file__).parents[2] / "data" / "tally"
NEW = "11111111-2222-3333-4444-555555555555-0000000"

randoms = st.integers(0, 2**32).map(Random)


def returned(*objects: str) -> None:
    """Import these, export them, import that, and compare every register of every document."""
    books = imported(file(*objects))
    assert imported(exported(books)).documents == books.documents


@given(randoms, st.booleans())
def test_random_companies_come_back_as_they_were(random, all_entries):
    books = imported(generate.company(random, 8).xml(all_entries=all_entries))
    assert imported(exported(books)).documents == books.documents


def usable_samples() -> list[Path]:
    """The sample files that an import takes anything from."""
    found = []
    for path in sorted(DATA.rglob("*.xml")):
        made = plan(read([path]), Books(), COMPANY, SOURCE, "ho")
        if not made.refused and len(made):
            found.append(path)
    return found


def test_every_sample_comes_back_as_it_was():
    samples = usable_samples()
    assert len(samples) > 15
    for path in samples:
        books = Books()
        books.carry_out(plan(read([path]), books, COMPANY, SOURCE, "ho"))
        assert imported(exported(books)).documents == books.documents, path.name


BILLS = (
    "<BILLALLOCATIONS.LIST><NAME>7</NAME><BILLTYPE>New Ref</BILLTYPE><AMOUNT>-300</AMOUNT>"
    "<BILLCREDITPERIOD>30 Days</BILLCREDITPERIOD><BILLDATE>20260401</BILLDATE></BILLALLOCATIONS.LIST>"
    "<BILLALLOCATIONS.LIST><BILLTYPE>On Account</BILLTYPE><AMOUNT>-200</AMOUNT></BILLALLOCATIONS.LIST>"
)
BANK = (
    "<BANKALLOCATIONS.LIST><DATE>20260401</DATE><INSTRUMENTDATE>20260403</INSTRUMENTDATE>"
    "<BANKERSDATE>20260409</BANKERSDATE><TRANSACTIONTYPE>Cheque</TRANSACTIONTYPE>"
    "<INSTRUMENTNUMBER>000123</INSTRUMENTNUMBER><PAYMENTFAVOURING>Asha</PAYMENTFAVOURING><IFSCODE>SBIN0001</IFSCODE>"
    "<UNIQUEREFERENCENUMBER>UTR9</UNIQUEREFERENCENUMBER><AMOUNT>-500</AMOUNT></BANKALLOCATIONS.LIST>"
)
COSTS = (
    "<CATEGORYALLOCATIONS.LIST><CATEGORY>Jobs</CATEGORY>"
    "<COSTCENTREALLOCATIONS.LIST><NAME>Pune</NAME><AMOUNT>200</AMOUNT></COSTCENTREALLOCATIONS.LIST>"
    "<COSTCENTREALLOCATIONS.LIST><NAME>Delhi</NAME><AMOUNT>100</AMOUNT></COSTCENTREALLOCATIONS.LIST>"
    "</CATEGORYALLOCATIONS.LIST>"
    "<COSTCENTREALLOCATIONS.LIST><NAME>Pune</NAME><AMOUNT>200</AMOUNT></COSTCENTREALLOCATIONS.LIST>"
)


def batch(godown: str, quantity: str, amount: str, inside: str = "") -> str:
    return (
        f"<BATCHALLOCATIONS.LIST><GODOWNNAME>{godown}</GODOWNNAME><ACTUALQTY>{quantity}</ACTUALQTY>"
        f"<AMOUNT>{amount}</AMOUNT>{inside}</BATCHALLOCATIONS.LIST>"
    )


VOUCHERS = {
    "bills, bank and cost centres": voucher(
        ledger("Asha", "-500", BILLS + BANK), ledger("Rent", "500", COSTS + "<NARRATION>for May</NARRATION>")
    ),
    "foreign money in lines and bills": voucher(
        ledger(
            "Acme",
            "-$ 10.00 @ ₹ 82.5/$ = -₹ 825.00",
            "<BILLALLOCATIONS.LIST><NAME>1</NAME><BILLTYPE>New Ref</BILLTYPE>"
            "<AMOUNT>-$ 10.00 @ ₹ 82.5/$ = -₹ 825.00</AMOUNT></BILLALLOCATIONS.LIST>",
        ),
        ledger("Exports", "$ 10.00 @ ₹ 82.5/$ = ₹ 825.00"),
    ),
    "an invoice by item": voucher(
        some("Asha", "-118", BILLS.replace("300", "68").replace("200", "50")),
        some("CGST", "9", "<GSTRATE>9</GSTRATE>"),
        some("SGST", "9"),
        stock("Soap", "60", account("Sales", "60") + "<DISCOUNT>2.5</DISCOUNT>"),
        stock("Oil", "40", account("Sales", "30") + account("Packing", "10"), quantity="4 Ltr"),
        "<PERSISTEDVIEW>Invoice Voucher View</PERSISTEDVIEW><PLACEOFSUPPLY>Goa</PLACEOFSUPPLY>",
        "<PARTYGSTIN>27AAPFU0939F1ZV</PARTYGSTIN><PARTYLEDGERNAME>Asha</PARTYLEDGERNAME>",
    ),
    "one ledger line for two items": voucher(
        ledger("Asha", "-100"),
        ledger("Sales", "100"),
        stock("Soap", "60", account("Sales", "60")),
        stock("Oil", "40", account("Sales", "40")),
    ),
    "an account in the middle": voucher(
        ledger("Asha", "-118"),
        ledger("Sales", "100"),
        ledger("IGST", "18"),
        stock("Soap", "100", account("Sales", "100")),
    ),
    "batches, orders and tracking": voucher(
        some("Asha", "-100"),
        stock(
            "Soap",
            "100",
            batch("Shed", "4 Nos", "40", "<BATCHNAME>B1</BATCHNAME><ORDERNO>O/1</ORDERNO>")
            + batch("Shop", "6 Nos", "60", "<BILLEDQTY>5 Nos</BILLEDQTY><TRACKINGNUMBER>T/1</TRACKINGNUMBER>")
            + account("Sales", "100"),
        ),
    ),
    "two units": voucher(
        some("Asha", "-100"), stock("Soap", "100", account("Sales", "100"), quantity="60 Nos = 5 Box")
    ),
    "goods inside a ledger line": voucher(
        ledger("Asha", "-100"),
        ledger(
            "Sales",
            "100",
            stock("Soap", "60", tag="INVENTORYALLOCATIONS.LIST") + stock("Oil", "40", tag="INVENTORYALLOCATIONS.LIST"),
        ),
    ),
    "goods that name no account": voucher(ledger("Asha", "-100"), ledger("Sales", "100"), stock("Soap", "100")),
    "goods in foreign money": voucher(
        some("Acme", "-$ 2.00 @ ₹ 80/$ = -₹ 160.00"),
        stock("Soap", "$ 2.00 @ ₹ 80/$ = ₹ 160.00", account("Exports", "$ 2.00 @ ₹ 80/$ = ₹ 160.00")),
    ),
    "free goods": voucher(
        some("Asha", "-100"),
        stock("Soap", "100", account("Sales", "100")),
        stock("Cup", "", "<ISDEEMEDPOSITIVE>No</ISDEEMEDPOSITIVE>", quantity="1 Nos"),
    ),
    "a stock journal": voucher(
        stock("Soap", "-100", batch("Shed", "10 Nos", "-100"), tag="INVENTORYENTRIESIN.LIST"),
        stock("Soap", "100", batch("Shop", "10 Nos", "100"), tag="INVENTORYENTRIESOUT.LIST"),
        kind="Stock Journal",
    ),
    "a count": voucher(stock("Soap", "", quantity="7 Nos"), kind="Physical Stock"),
    "a transfer on one line": voucher(
        stock("Soap", "-100", batch("Shed", "10 Nos", "-100", "<DESTINATIONGODOWNNAME>Shop</DESTINATIONGODOWNNAME>")),
        kind="Stock Journal",
    ),
    "an order": voucher(
        some("Asha", "-100"), stock("Soap", "100", account("Sales", "100")), kind="Sales Order", number="O/1"
    ),
    "a delivery note": voucher(stock("Soap", "100"), kind="Delivery Note"),
    "a cancelled shell": voucher("<ISCANCELLED>Yes</ISCANCELLED>"),
    "a cancelled voucher with lines": voucher(ledger("A", "-5"), ledger("B", "5"), "<ISCANCELLED>Yes</ISCANCELLED>"),
    "everything beside": voucher(
        ledger("A", "-5"),
        ledger("B", "5"),
        "<REFERENCE>R/1</REFERENCE><REFERENCEDATE>20260330</REFERENCEDATE><NARRATION>two\nlines &amp; ₹</NARRATION>"
        "<EFFECTIVEDATE>20260405</EFFECTIVEDATE><ISOPTIONAL>Yes</ISOPTIONAL><ISPOSTDATED>Yes</ISPOSTDATED>"
        "<GSTREGISTRATION>Maharashtra</GSTREGISTRATION><CLASSNAME>Retail</CLASSNAME><IRN>a1</IRN>"
        "<VOUCHERNUMBERSERIES>Second</VOUCHERNUMBERSERIES><ENTEREDBY>asha</ENTEREDBY>",
    ),
    "attendance": voucher(
        "<ATTENDANCEENTRIES.LIST><NAME>Ravi</NAME><ATTENDANCETYPE>Present</ATTENDANCETYPE>"
        "<ATTDTYPETIMEVALUE>22</ATTDTYPETIMEVALUE></ATTENDANCEENTRIES.LIST>"
        "<ATTENDANCEENTRIES.LIST><NAME>Mina</NAME><DAYS.LIST><DAY>1</DAY><DAY>2</DAY></DAYS.LIST>"
        "</ATTENDANCEENTRIES.LIST>",
        kind="Attendance",
    ),
    "names that XML has to escape": voucher(
        ledger("O'Neil &lt;Ltd&gt; &amp; Sons", "-5"), ledger('नमस्ते "ट्रेडर्स"', "5"), number="A&amp;B/1"
    ),
}


@pytest.mark.parametrize("name", VOUCHERS)
def test_vouchers_of_every_shape_come_back(name):
    returned(VOUCHERS[name])


@pytest.mark.parametrize("name", VOUCHERS)
def test_the_file_says_debits_the_way_tally_does(name):
    books = imported(file(VOUCHERS[name]))
    for part in exported(books).split(b"<ISDEEMEDPOSITIVE>")[1:]:
        flag, _, rest = part.partition(b"<")
        amount = rest.partition(b"<AMOUNT>")[2].partition(b"<")[0].rpartition(b"=")[2]
        figure = amount.replace("₹".encode(), b"").strip()
        if figure not in (b"", b"0.00"):
            assert (flag == b"Yes") == figure.startswith(b"-")


MASTERS = {
    "a ledger with everything": master(
        "LEDGER",
        "Asha",
        "<PARENT>Sundry Debtors</PARENT><OPENINGBALANCE>-1250.50</OPENINGBALANCE><ISBILLWISEON>Yes</ISBILLWISEON>"
        "<ISCOSTCENTRESON>Yes</ISCOSTCENTRESON><CURRENCYNAME>$</CURRENCYNAME><PARTYGSTIN>27AAPFU0939F1ZV</PARTYGSTIN>"
        "<GSTREGISTRATIONTYPE>Regular</GSTREGISTRATIONTYPE><LEDSTATENAME>Maharashtra</LEDSTATENAME>"
        "<ADDRESS.LIST><ADDRESS>1 MG Road</ADDRESS><ADDRESS>Pune</ADDRESS></ADDRESS.LIST><PINCODE>411001</PINCODE>"
        "<COUNTRYNAME>India</COUNTRYNAME><LEDGERPHONE>020 1</LEDGERPHONE><EMAIL>a@b.in</EMAIL>"
        "<INCOMETAXNUMBER>AAPFU0939F</INCOMETAXNUMBER><BILLCREDITPERIOD>30 Days</BILLCREDITPERIOD>"
        "<CREDITLIMIT>50000</CREDITLIMIT><MAILINGNAME.LIST><MAILINGNAME>Asha Stores</MAILINGNAME></MAILINGNAME.LIST>"
        "<BILLALLOCATIONS.LIST><NAME>1</NAME><BILLDATE>20260301</BILLDATE><OPENINGBALANCE>-1250.50</OPENINGBALANCE>"
        "</BILLALLOCATIONS.LIST>"
        "<LANGUAGENAME.LIST><NAME.LIST><NAME>Asha</NAME><NAME>A1</NAME><NAME>आशा</NAME></NAME.LIST></LANGUAGENAME.LIST>",
    ),
    "a ledger whose two States differ": master(
        "LEDGER",
        "Asha",
        "<LEDGSTREGDETAILS.LIST><APPLICABLEFROM>20240401</APPLICABLEFROM><PLACEOFSUPPLY>Goa</PLACEOFSUPPLY>"
        "</LEDGSTREGDETAILS.LIST><LEDMAILINGDETAILS.LIST><STATE>Kerala</STATE></LEDMAILINGDETAILS.LIST>",
    ),
    "a ledger of a State and nothing else": master("LEDGER", "A", "<STATENAME>Goa</STATENAME>"),
    "a bank": master(
        "LEDGER",
        "SBI",
        "<PARENT>Bank Accounts</PARENT><BANKACCHOLDERNAME>Sharma Traders</BANKACCHOLDERNAME>"
        "<BANKDETAILS>000123</BANKDETAILS><IFSCODE>SBIN0001</IFSCODE><SWIFTCODE>SBININBB</SWIFTCODE>"
        "<BANKINGCONFIGBANK>State Bank of India</BANKINGCONFIGBANK><BRANCHNAME>Camp, Pune</BRANCHNAME>",
    ),
    "a party that is paid at its bank": master(
        "LEDGER",
        "Asha",
        "<ISBILLWISEON>Yes</ISBILLWISEON><PAYMENTDETAILS.LIST><IFSCODE>HDFC0009</IFSCODE><BANKNAME>HDFC</BANKNAME>"
        "<ACCOUNTNUMBER>77</ACCOUNTNUMBER></PAYMENTDETAILS.LIST>",
    ),
    "a tax ledger": master(
        "LEDGER",
        "CGST 9%",
        "<PARENT>Duties &amp; Taxes</PARENT><TAXTYPE>GST</TAXTYPE><GSTDUTYHEAD>CGST</GSTDUTYHEAD>"
        "<RATEOFTAXCALCULATION>9</RATEOFTAXCALCULATION>",
    ),
    "a ledger of a service": master(
        "LEDGER",
        "Freight",
        "<HSNDETAILS.LIST><HSNCODE>9965</HSNCODE><HSN>Goods transport</HSN></HSNDETAILS.LIST><GSTDETAILS.LIST>"
        "<APPLICABLEFROM>20240401</APPLICABLEFROM><TAXABILITY>Taxable</TAXABILITY><STATEWISEDETAILS.LIST>"
        "<RATEDETAILS.LIST><GSTRATEDUTYHEAD>IGST</GSTRATEDUTYHEAD><GSTRATE>18</GSTRATE></RATEDETAILS.LIST>"
        "</STATEWISEDETAILS.LIST></GSTDETAILS.LIST>",
    ),
    "an item with everything": master("UNIT", "Nos", "<DECIMALPLACES>2</DECIMALPLACES><GSTREPUOM>NOS</GSTREPUOM>")
    + master("UNIT", "Box")
    + master(
        "STOCKITEM",
        "Soap",
        "<PARENT>Toiletries</PARENT><CATEGORY>Daily</CATEGORY><BASEUNITS>Nos</BASEUNITS>"
        "<ADDITIONALUNITS>Box</ADDITIONALUNITS><DENOMINATOR>12</DENOMINATOR><CONVERSION>1</CONVERSION>"
        "<OPENINGBALANCE> 10 Nos</OPENINGBALANCE><OPENINGRATE>15/Nos</OPENINGRATE><OPENINGVALUE>-150</OPENINGVALUE>"
        "<COSTINGMETHOD>FIFO</COSTINGMETHOD><ISBATCHWISEON>Yes</ISBATCHWISEON><GSTDETAILS.LIST>"
        "<APPLICABLEFROM>20240401</APPLICABLEFROM><HSNCODE>3401</HSNCODE><TAXABILITY>Taxable</TAXABILITY>"
        "<STATEWISEDETAILS.LIST><RATEDETAILS.LIST><GSTRATEDUTYHEAD>CGST</GSTRATEDUTYHEAD><GSTRATE>9</GSTRATE>"
        "</RATEDETAILS.LIST><RATEDETAILS.LIST><GSTRATEDUTYHEAD>SGST/UTGST</GSTRATEDUTYHEAD><GSTRATE>9</GSTRATE>"
        "</RATEDETAILS.LIST></STATEWISEDETAILS.LIST></GSTDETAILS.LIST>",
    ),
    "opening stock in two places": master(
        "STOCKITEM",
        "Soap",
        "<BASEUNITS>Nos</BASEUNITS><OPENINGBALANCE>10 Nos</OPENINGBALANCE><OPENINGVALUE>-150</OPENINGVALUE>"
        "<BATCHALLOCATIONS.LIST><GODOWNNAME>Shed</GODOWNNAME><BATCHNAME>B1</BATCHNAME><OPENINGBALANCE>4 Nos"
        "</OPENINGBALANCE><OPENINGVALUE>-60</OPENINGVALUE><OPENINGRATE>15/Nos</OPENINGRATE></BATCHALLOCATIONS.LIST>"
        "<BATCHALLOCATIONS.LIST><GODOWNNAME>Shop</GODOWNNAME><BATCHNAME>Primary Batch</BATCHNAME><OPENINGBALANCE>6 Nos"
        "</OPENINGBALANCE><OPENINGVALUE>-90</OPENINGVALUE></BATCHALLOCATIONS.LIST>",
    ),
    "a compound unit": master("UNIT", "Nos")
    + master("UNIT", "Doz")
    + master(
        "UNIT",
        "Doz of 12 Nos",
        "<ISSIMPLEUNIT>No</ISSIMPLEUNIT><BASEUNITS>Doz</BASEUNITS><ADDITIONALUNITS>Nos</ADDITIONALUNITS>"
        "<CONVERSION>12</CONVERSION>",
    ),
    "groups below groups": master("GROUP", "North", "<PARENT>Sundry Debtors</PARENT><ISSUBLEDGER>Yes</ISSUBLEDGER>")
    + master(
        "GROUP", "Delhi", "<PARENT>North</PARENT><ISREVENUE>No</ISREVENUE><ISDEEMEDPOSITIVE>Yes</ISDEEMEDPOSITIVE>"
    )
    + master("GROUP", "Own", "<PARENT>&#4; Primary</PARENT><AFFECTSGROSSPROFIT>Yes</AFFECTSGROSSPROFIT>"),
    "voucher types": master(
        "VOUCHERTYPE",
        "Tax Invoice",
        "<PARENT>Sales</PARENT><ABBRNAME>TI</ABBRNAME><ISOPTIONAL>Yes</ISOPTIONAL><VOUCHERNUMBERSERIES.LIST>"
        "<NAME>Default</NAME><NUMBERINGMETHOD>Manual</NUMBERINGMETHOD><PREVENTDUPLICATES>Yes</PREVENTDUPLICATES>"
        "<WIDTHOFNUMBER>4</WIDTHOFNUMBER><PREFIXLIST.LIST><DATE>20260401</DATE><NAME>T/</NAME></PREFIXLIST.LIST>"
        "<RESTARTFROMLIST.LIST><DATE>20260401</DATE><PERIODBEGINNUM>1</PERIODBEGINNUM></RESTARTFROMLIST.LIST>"
        "</VOUCHERNUMBERSERIES.LIST>",
    )
    + master("VOUCHERTYPE", "Export Invoice", "<PARENT>Tax Invoice</PARENT><ISACTIVE>No</ISACTIVE>")
    + master("VOUCHERTYPE", "Assembly", "<PARENT>Stock Journal</PARENT><ASMFGJRNL>Yes</ASMFGJRNL>")
    + master("VOUCHERTYPE", "Cash Sales"),
    "places and cost centres": master("GODOWN", "Shed", "<PARENT>&#4; Primary</PARENT><ISEXTERNAL>Yes</ISEXTERNAL>")
    + master("GODOWN", "Rack", "<PARENT>Shed</PARENT><ADDRESS.LIST><ADDRESS>behind</ADDRESS></ADDRESS.LIST>")
    + master(
        "COSTCATEGORY", "Jobs", "<ALLOCATEREVENUE>No</ALLOCATEREVENUE><ALLOCATENONREVENUE>Yes</ALLOCATENONREVENUE>"
    )
    + master("COSTCENTRE", "Pune", "<CATEGORY>Jobs</CATEGORY><FORPAYROLL>Yes</FORPAYROLL>")
    + master("COSTCENTRE", "Kothrud", "<PARENT>Pune</PARENT><CATEGORY>Jobs</CATEGORY>"),
    "a currency": master("CURRENCY", "$", "<MAILINGNAME>US Dollar</MAILINGNAME><DECIMALPLACES>3</DECIMALPLACES>"),
    "a GUID": master("LEDGER", "Asha", guid=NEW),
}  # fmt: skip


@pytest.mark.parametrize("name", MASTERS)
def test_masters_of_every_kind_come_back(name):
    returned(MASTERS[name])
