"""Masters as Tally writes them: every field that is kept, in the old and the new way to write it."""

import pytest

from crdt_models.masters import (
    CostCategory,
    CostCentre,
    Currency,
    Godown,
    Group,
    Gst,
    GstRate,
    Ledger,
    NumberSeries,
    OpeningBill,
    OpeningStock,
    StockCategory,
    StockGroup,
    StockItem,
    Tax,
    Unit,
    VoucherType,
)
from tests.khata.tally.books import Books
from tests.khata.tally.texts import file, imported, master, planned

NEW_LEDGER = """<PARENT>Sundry Debtors</PARENT><OPENINGBALANCE>-1250.50</OPENINGBALANCE><ISBILLWISEON>Yes</ISBILLWISEON>
<ISCOSTCENTRESON>Yes</ISCOSTCENTRESON><CURRENCYNAME>$</CURRENCYNAME><INCOMETAXNUMBER>AABCE1234F</INCOMETAXNUMBER>
<LEDGERPHONE>080 1</LEDGERPHONE><LEDGERMOBILE/><EMAIL>a@b.in</EMAIL><BILLCREDITPERIOD>30 Days</BILLCREDITPERIOD>
<LEDGSTREGDETAILS.LIST><APPLICABLEFROM>20170701</APPLICABLEFROM><GSTREGISTRATIONTYPE>Composition</GSTREGISTRATIONTYPE>
<GSTIN>29OLD</GSTIN></LEDGSTREGDETAILS.LIST>
<LEDGSTREGDETAILS.LIST><APPLICABLEFROM>20240401</APPLICABLEFROM><GSTREGISTRATIONTYPE>Regular</GSTREGISTRATIONTYPE>
<PLACEOFSUPPLY>Karnataka</PLACEOFSUPPLY><GSTIN>29AABCE1234F1Z5</GSTIN></LEDGSTREGDETAILS.LIST>
<LEDMAILINGDETAILS.LIST><ADDRESS.LIST TYPE="String"><ADDRESS>1 MG Road</ADDRESS><ADDRESS>Fort</ADDRESS></ADDRESS.LIST>
<APPLICABLEFROM>20240401</APPLICABLEFROM><PINCODE>560001</PINCODE><MAILINGNAME>Asha &amp; Co</MAILINGNAME>
<STATE>Karnataka</STATE><COUNTRY>India</COUNTRY></LEDMAILINGDETAILS.LIST>
<BILLALLOCATIONS.LIST><NAME>S-1</NAME><BILLDATE>20260331</BILLDATE><OPENINGBALANCE>-1250.50</OPENINGBALANCE>
</BILLALLOCATIONS.LIST><BILLALLOCATIONS.LIST>  </BILLALLOCATIONS.LIST>"""

OLD_LEDGER = """<PARENT>Sundry Debtors</PARENT><PARTYGSTIN>29AABCE1234F1Z5</PARTYGSTIN>
<GSTREGISTRATIONTYPE>Regular</GSTREGISTRATIONTYPE><LEDSTATENAME>Karnataka</LEDSTATENAME><PINCODE>560001</PINCODE>
<ADDRESS.LIST TYPE="String"><ADDRESS>1 MG Road</ADDRESS><ADDRESS>Fort</ADDRESS></ADDRESS.LIST>
<MAILINGNAME.LIST TYPE="String"><MAILINGNAME>Asha &amp; Co</MAILINGNAME></MAILINGNAME.LIST>
<COUNTRYNAME>India</COUNTRYNAME>"""


def test_a_ledger_as_tallyprime_writes_it():
    books = imported(master("LEDGER", "Asha", NEW_LEDGER), master("CURRENCY", "$"))
    found = books.master(Ledger, "Asha")
    assert books.name_of(Group, found.group) == "Sundry Debtors"
    assert books.name_of(Currency, found.currency) == "$"
    assert (found.opening, found.bill_wise, found.cost_centres) == ("1250.50", True, True)
    assert found.gst == Gst(registration="Regular", gstin="29AABCE1234F1Z5", state="Karnataka")
    assert (found.address, found.mailing_name) == (("1 MG Road", "Fort"), "Asha & Co")
    assert (found.pincode, found.state, found.country) == ("560001", "Karnataka", "India")
    assert (found.phone, found.email, found.pan, found.credit_period) == ("080 1", "a@b.in", "AABCE1234F", "30 Days")
    assert found.opening_bills == (OpeningBill(name="S-1", amount="1250.50", date="2026-03-31"),)


def test_a_ledger_as_erp_9_wrote_it():
    found = imported(master("LEDGER", "Asha", OLD_LEDGER)).master(Ledger, "Asha")
    assert found.gst == Gst(registration="Regular", gstin="29AABCE1234F1Z5", state="Karnataka")
    assert (found.address, found.mailing_name) == (("1 MG Road", "Fort"), "Asha & Co")
    assert (found.pincode, found.state, found.country) == ("560001", "Karnataka", "India")


def test_a_tax_ledger():
    inside = "<TAXTYPE>GST</TAXTYPE><GSTDUTYHEAD>CGST</GSTDUTYHEAD><RATEOFTAXCALCULATION> 9</RATEOFTAXCALCULATION>"
    books = imported(master("LEDGER", "Output CGST", inside), master("LEDGER", "Rent", "<TAXTYPE>Others</TAXTYPE>"))
    assert books.master(Ledger, "Output CGST").tax == Tax(kind="GST", head="CGST", rate="9")
    assert books.master(Ledger, "Rent").tax == Tax()


@pytest.mark.parametrize(
    ("revenue", "debit", "nature"),
    [("Yes", "Yes", "expenses"), ("Yes", "No", "income"), ("No", "Yes", "assets"), ("No", "No", "liabilities")],
)
def test_the_nature_of_a_group(revenue, debit, nature):
    inside = f"<ISREVENUE>{revenue}</ISREVENUE><ISDEEMEDPOSITIVE>{debit}</ISDEEMEDPOSITIVE>"
    inside += "<AFFECTSGROSSPROFIT>Yes</AFFECTSGROSSPROFIT><ISSUBLEDGER>Yes</ISSUBLEDGER>"
    found = imported(master("GROUP", "G", inside)).master(Group, "G")
    assert (found.nature, found.affects_gross_profit, found.sub_ledger, found.parent) == (nature, True, True, None)


def test_units_simple_and_compound():
    books = imported(
        master(
            "UNIT",
            "Nos",
            "<ORIGINALNAME>Numbers</ORIGINALNAME><ISSIMPLEUNIT>Yes</ISSIMPLEUNIT><GSTREPUOM>NOS</GSTREPUOM>",
        ),
        master("UNIT", "Box", "<ISSIMPLEUNIT>Yes</ISSIMPLEUNIT><DECIMALPLACES> 2</DECIMALPLACES>"),
        master(
            "UNIT",
            "Box of 12 Nos",
            "<ISSIMPLEUNIT>No</ISSIMPLEUNIT><BASEUNITS>Box</BASEUNITS><ADDITIONALUNITS>Nos</ADDITIONALUNITS>"
            "<CONVERSION> 12</CONVERSION>",
        ),
    )
    simple, box, compound = (books.master(Unit, name) for name in ("Nos", "Box", "Box of 12 Nos"))
    assert (simple.formal_name, simple.quantity_code, box.decimals) == ("Numbers", "NOS", 2)
    assert (books.name_of(Unit, compound.head), books.name_of(Unit, compound.tail)) == ("Box", "Nos")
    assert compound.conversion == "12"


ITEM = """<PARENT>Goods</PARENT><CATEGORY>Fast</CATEGORY><BASEUNITS>Nos</BASEUNITS>
<ADDITIONALUNITS>Box</ADDITIONALUNITS>
<DENOMINATOR> 12</DENOMINATOR><CONVERSION> 1</CONVERSION><OPENINGBALANCE> 10 Nos</OPENINGBALANCE>
<OPENINGRATE>15.00/Nos</OPENINGRATE><OPENINGVALUE>-150.00</OPENINGVALUE><COSTINGMETHOD>FIFO</COSTINGMETHOD>
<ISBATCHWISEON>Yes</ISBATCHWISEON>
<BATCHALLOCATIONS.LIST><GODOWNNAME>Shed</GODOWNNAME><BATCHNAME>B1</BATCHNAME><OPENINGBALANCE> 4 Nos</OPENINGBALANCE>
<OPENINGVALUE>-60.00</OPENINGVALUE><OPENINGRATE>15.00/Nos</OPENINGRATE></BATCHALLOCATIONS.LIST>
<BATCHALLOCATIONS.LIST><GODOWNNAME>Main Location</GODOWNNAME><BATCHNAME>Primary Batch</BATCHNAME>
<OPENINGBALANCE> 6 Nos</OPENINGBALANCE><OPENINGVALUE>-90.00</OPENINGVALUE></BATCHALLOCATIONS.LIST>
<HSNDETAILS.LIST><APPLICABLEFROM>20170701</APPLICABLEFROM><HSNCODE>8471</HSNCODE><HSN>Computers</HSN></HSNDETAILS.LIST>
<GSTDETAILS.LIST><APPLICABLEFROM>20170701</APPLICABLEFROM><TAXABILITY>Taxable</TAXABILITY><STATEWISEDETAILS.LIST>
<STATENAME>&#4; Any</STATENAME>
<RATEDETAILS.LIST><GSTRATEDUTYHEAD>CGST</GSTRATEDUTYHEAD><GSTRATE> 9</GSTRATE></RATEDETAILS.LIST>
<RATEDETAILS.LIST><GSTRATEDUTYHEAD>IGST</GSTRATEDUTYHEAD><GSTRATE> 18</GSTRATE></RATEDETAILS.LIST>
<RATEDETAILS.LIST><GSTRATEDUTYHEAD>Cess</GSTRATEDUTYHEAD>
<GSTRATEVALUATIONTYPE>&#4; Not Applicable</GSTRATEVALUATIONTYPE>
</RATEDETAILS.LIST></STATEWISEDETAILS.LIST></GSTDETAILS.LIST>"""


def test_a_stock_item():
    books = imported(
        *(master("UNIT", name) for name in ("Nos", "Box")),
        *(master("GODOWN", name, "<PARENT>&#4; Primary</PARENT>") for name in ("Shed", "Main Location")),
        master("STOCKGROUP", "Goods", "<PARENT/><ISADDABLE>Yes</ISADDABLE>"),
        master("STOCKCATEGORY", "Fast", "<PARENT>&#4; Primary</PARENT>"),
        master("STOCKITEM", "Widget", ITEM),
    )
    found = books.master(StockItem, "Widget")
    assert books.name_of(StockGroup, found.parent) == "Goods"
    assert books.name_of(StockCategory, found.category) == "Fast"
    assert (books.name_of(Unit, found.unit), books.name_of(Unit, found.alternate)) == ("Nos", "Box")
    assert (found.unit_ratio, found.alternate_ratio, found.costing, found.batches) == ("12", "1", "FIFO", True)
    assert found.opening == (
        OpeningStock(quantity="4", rate="15", value="60.00", godown=books.find_master("godown", "Shed"), batch="B1"),
        OpeningStock(quantity="6", value="90.00", godown=books.find_master("godown", "Main Location")),
    )
    rates = {"CGST": "9", "IGST": "18"}
    assert found.gst == (
        GstRate(since="2017-07-01", hsn="8471", description="Computers", taxability="Taxable", rates=rates),
    )
    assert books.master(StockGroup, "Goods").adds_quantities


def test_opening_stock_without_a_place():
    inside = "<OPENINGBALANCE> 10.00 MTR</OPENINGBALANCE><OPENINGRATE>15.00/MTR</OPENINGRATE>"
    found = imported(master("STOCKITEM", "Cloth", f"{inside}<OPENINGVALUE>-150.00</OPENINGVALUE>")).master(
        StockItem, "Cloth"
    )
    assert found.opening == (OpeningStock(quantity="10", rate="15", value="150.00"),)
    found = imported(master("STOCKITEM", "Cloth", "<OPENINGBALANCE>0 MTR</OPENINGBALANCE>")).master(StockItem, "Cloth")
    assert found.opening == ()


def test_places_centres_and_currencies():
    books = imported(
        master("GODOWN", "Yard", "<PARENT>Main Location</PARENT><ISEXTERNAL>Yes</ISEXTERNAL>"),
        master(
            "COSTCATEGORY", "Jobs", "<ALLOCATEREVENUE>No</ALLOCATEREVENUE><ALLOCATENONREVENUE>Yes</ALLOCATENONREVENUE>"
        ),
        master("COSTCENTRE", "Ravi", "<PARENT/><CATEGORY>Jobs</CATEGORY><FORPAYROLL>Yes</FORPAYROLL>"),
        master("CURRENCY", "$", "<MAILINGNAME>US Dollar</MAILINGNAME><ISOCURRENCYCODE>USD</ISOCURRENCYCODE>"),
    )
    yard, ravi = books.master(Godown, "Yard"), books.master(CostCentre, "Ravi")
    assert (books.name_of(Godown, yard.parent), yard.third_party) == ("Main Location", True)
    assert (books.name_of(CostCategory, ravi.category), ravi.employee) == ("Jobs", True)
    jobs, dollar = books.master(CostCategory, "Jobs"), books.master(Currency, "$")
    assert (jobs.revenue, jobs.non_revenue) == (False, True)
    assert (dollar.formal_name, dollar.code, dollar.decimals) == ("US Dollar", "USD", 2)


def test_a_voucher_type_keeps_its_number_series():
    series = (
        "<VOUCHERNUMBERSERIES.LIST><NAME>Export</NAME><NUMBERINGMETHOD>Automatic</NUMBERINGMETHOD>"
        "<NUMBERINGSUBMETHOD>Auto Retain</NUMBERINGSUBMETHOD><PREVENTDUPLICATES>Yes</PREVENTDUPLICATES>"
        "<PREFIXLIST.LIST><DATE>20260401</DATE><NAME>EX/</NAME></PREFIXLIST.LIST>"
        "<RESTARTFROMLIST.LIST><DATE>20260401</DATE><PERIODBEGINNUM>Yearly</PERIODBEGINNUM></RESTARTFROMLIST.LIST>"
        "</VOUCHERNUMBERSERIES.LIST>"
    )
    inside = f"<PARENT>Sales</PARENT><NUMBERINGMETHOD>None</NUMBERINGMETHOD><ISACTIVE>No</ISACTIVE>{series}"
    books = imported(master("VOUCHERTYPE", "Export", inside))
    found = books.master(VoucherType, "Export")
    assert (found.base, found.active, books.name_of(VoucherType, found.parent)) == ("sales", False, "Sales")
    assert found.series == (
        NumberSeries(
            name="Export",
            method="Automatic",
            submethod="Auto Retain",
            prevent_duplicates=True,
            prefixes=(("20260401", "EX/"),),
            restarts=(("20260401", "Yearly"),),
        ),
    )


@pytest.mark.parametrize(
    ("xml", "what", "reason"),
    [
        (master("LEDGER", ""), "ledger", "it has no name"),
        (master("LEDGER", "Asha", "<OPENINGBALANCE>much</OPENINGBALANCE>"), "ledger 'Asha'", "'much' is not an amount"),
        (
            master("STOCKITEM", "Cloth", "<OPENINGBALANCE>some</OPENINGBALANCE>"),
            "stock item 'Cloth'",
            "is not a quantity",
        ),
        (
            master(
                "STOCKITEM",
                "Cloth",
                "<HSNDETAILS.LIST><APPLICABLEFROM>x</APPLICABLEFROM><HSNCODE>1</HSNCODE></HSNDETAILS.LIST>",
            ),
            "stock item 'Cloth'",
            "is not a date",
        ),
    ],
)
def test_a_bad_master_is_named_and_the_rest_is_kept(xml, what, reason):
    made = planned(Books(), file(master("GROUP", "A"), xml, master("GROUP", "B")))
    (skipped,) = made.skipped
    assert (skipped.what, skipped.place.record) == (what, 2)
    assert reason in skipped.reason
    assert made.count("group").new == 2
