"""Vouchers as Tally writes them: posting rule, signs, stock, bills, what stands only in `extra`."""

import pytest

from crdt_models.masters import Godown, Ledger, Unit
from crdt_models.vouchers import check
from tests.khata.tally.books import Books
from tests.khata.tally.texts import account, codes, file, imported, ledger, planned, sale, some, stock, voucher


def entries(books):
    (found,) = books.vouchers()
    check(found.posting)
    return [(books.name_of(Ledger, entry.ledger), entry.amount) for entry in found.posting.entries]


def posting(books):
    (found,) = books.vouchers()
    return found.posting


ASHA = ("Asha", "590.00")
BOTH = [ASHA, ("IGST", "-90.00"), ("Sales", "-500.00")]


@pytest.mark.parametrize(
    "inside",
    [
        # All lines in one list, the stock lines repeat the sales account.
        [
            ledger("Asha", "-590"),
            ledger("IGST", "90"),
            ledger("Sales", "500"),
            stock("W", "500", account("Sales", "500")),
        ],
        # Invoice view: the sales account stands in the stock line alone.
        [some("Asha", "-590"), some("IGST", "90"), stock("W", "500", account("Sales", "500"))],
        # Older releases call the list by another name.
        [some("Asha", "-590"), some("IGST", "90"), stock("W", "500", account("Sales", "500"), "INVENTORYENTRIES.LIST")],
        # Both lists are there: they are two views of the same lines.
        [
            *(ledger("Asha", "-590"), ledger("IGST", "90"), ledger("Sales", "500")),
            *(some("Asha", "-590"), some("IGST", "90"), stock("W", "500", account("Sales", "500"))),
        ],
        # The list of all lines holds only some of them.
        [ledger("Asha", "-590"), ledger("IGST", "90"), stock("W", "500", account("Sales", "500"))],
        # The plain lines balance by themselves.
        [some("Asha", "-590"), some("IGST", "90"), some("Sales", "500"), stock("W", "500", account("Sales", "500"))],
        # Accounting view: stock stands inside the ledger line.
        [
            *(ledger("Asha", "-590"), ledger("IGST", "90")),
            ledger("Sales", "500", stock("W", "500", tag="INVENTORYALLOCATIONS.LIST")),
        ],
    ],
)
def test_the_posting_rule_counts_every_amount_once(inside):
    books = imported(voucher(*inside))
    assert entries(books) == BOTH
    (line,) = posting(books).stock
    assert (line.quantity, line.amount, line.rate) == ("-10", "-500.00", "5")
    assert books.name_of(Ledger, line.ledger) == "Sales"


def test_stock_for_which_no_account_is_named_is_posted_where_it_can_be_seen():
    made = planned(Books(), file(voucher(some("Asha", "-500"), stock("W", "500"))))
    books = Books()
    books.carry_out(made)
    assert entries(books) == [("Asha", "500.00"), ("Stock lines without a ledger", "-500.00")]
    assert "note" in codes(made)
    assert "name no ledger" in next(finding.text for finding in made.findings if finding.code == "note")


def test_the_sign_is_that_of_the_amount_whatever_the_flag_says():
    flag = "<ISDEEMEDPOSITIVE>Yes</ISDEEMEDPOSITIVE>"
    books = imported(
        voucher(ledger("Asha", "-450", flag), ledger("Sales", "500", flag), ledger("Discount", "-50", flag))
    )
    assert entries(books) == [("Asha", "450.00"), ("Sales", "-500.00"), ("Discount", "50.00")]


def test_bills_cost_centres_and_bank_instruments_are_kept():
    inside = (
        "<BILLALLOCATIONS.LIST><NAME>S-1</NAME><BILLTYPE>New Ref</BILLTYPE><AMOUNT>-400</AMOUNT>"
        "<BILLCREDITPERIOD>30 Days</BILLCREDITPERIOD><BILLDATE>20260401</BILLDATE></BILLALLOCATIONS.LIST>"
        "<BILLALLOCATIONS.LIST><NAME/><BILLTYPE>On Account</BILLTYPE><AMOUNT>-100</AMOUNT></BILLALLOCATIONS.LIST>"
        "<BILLALLOCATIONS.LIST><NAME/><BILLTYPE/><AMOUNT/></BILLALLOCATIONS.LIST>"
        "<BILLALLOCATIONS.LIST>      </BILLALLOCATIONS.LIST>"
        "<CATEGORYALLOCATIONS.LIST><CATEGORY>Primary Cost Category</CATEGORY><COSTCENTREALLOCATIONS.LIST>"
        "<NAME>Pune</NAME><AMOUNT>-500</AMOUNT></COSTCENTREALLOCATIONS.LIST></CATEGORYALLOCATIONS.LIST>"
        "<COSTCENTREALLOCATIONS.LIST><NAME>Old</NAME><AMOUNT>-1</AMOUNT></COSTCENTREALLOCATIONS.LIST>"
        "<BANKALLOCATIONS.LIST><INSTRUMENTDATE>20260705</INSTRUMENTDATE><INSTRUMENTNUMBER>100234</INSTRUMENTNUMBER>"
        "<BANKERSDATE>20260712</BANKERSDATE><TRANSACTIONTYPE>Cheque</TRANSACTIONTYPE><AMOUNT>-500</AMOUNT>"
        "</BANKALLOCATIONS.LIST>"
    )
    entry = posting(imported(voucher(ledger("Asha", "-500", inside), ledger("Sales", "500")))).entries[0]
    assert [(bill.kind, bill.name, bill.amount, bill.credit_period, bill.date) for bill in entry.bills] == [
        ("new", "S-1", "400.00", "30 Days", "2026-04-01"),
        ("on-account", "", "100.00", "", ""),
    ]
    assert [cost.amount for cost in entry.costs] == ["500.00", "1.00"]
    (bank,) = entry.bank
    assert (bank.kind, bank.number, bank.date, bank.bank_date, bank.amount) == (
        *("Cheque", "100234", "2026-07-05", "2026-07-12"),
        "500.00",
    )


def test_foreign_amounts_keep_currency_figure_and_rate():
    amount = "-$ 100.00 @ ₹ 80/$ = -₹ 8000.00"
    entry = posting(imported(voucher(ledger("Asha", amount), ledger("Sales", "8000")))).entries[0]
    assert entry.amount == "8000.00"
    assert entry.forex is not None
    assert (entry.forex.amount, entry.forex.rate) == ("100.00", "80")


def batch(godown: str, quantity: str, amount: str, inside: str = "") -> str:
    return (
        f"<BATCHALLOCATIONS.LIST><GODOWNNAME>{godown}</GODOWNNAME>{inside}<ACTUALQTY>{quantity} Nos</ACTUALQTY>"
        f"<AMOUNT>{amount}</AMOUNT></BATCHALLOCATIONS.LIST>"
    )


def test_a_stock_line_is_split_by_godown_and_batch():
    inside = batch("Shed", "4", "200", "<BATCHNAME>B7</BATCHNAME>") + batch("Main Location", "6", "300")
    books = imported(voucher(ledger("Asha", "-500"), ledger("Sales", "500"), stock("W", "500", inside)))
    assert [
        (books.name_of(Godown, line.godown), line.batch, line.quantity, line.amount) for line in posting(books).stock
    ] == [("Shed", "B7", "-4", "-200.00"), ("Main Location", "", "-6", "-300.00")]


def test_batches_that_do_not_add_up_leave_the_line_whole():
    inside = batch("Shed", "4", "200") + batch("Main Location", "5", "300")
    data = file(voucher(ledger("Asha", "-500"), ledger("Sales", "500"), stock("W", "500", inside)))
    books = Books()
    made = planned(books, data)
    books.carry_out(made)
    (line,) = posting(books).stock
    assert (books.name_of(Godown, line.godown), line.quantity, line.amount) == ("Shed", "-10", "-500.00")
    assert "note" in codes(made)


def test_a_stock_transfer_moves_out_of_one_place_and_into_another():
    books = imported(
        voucher(
            stock("W", "50", batch("Main Location", "10", "50"), "INVENTORYENTRIESOUT.LIST"),
            stock("W", "-50", batch("Shed", "10", "-50"), "INVENTORYENTRIESIN.LIST"),
            kind="Stock Journal",
        )
    )
    assert {
        (line.side, books.name_of(Godown, line.godown), line.quantity, line.amount) for line in posting(books).stock
    } == {("source", "Main Location", "-10", "-50.00"), ("destination", "Shed", "10", "50.00")}


@pytest.mark.parametrize(
    ("kind", "amount", "flag", "quantity"),
    [
        ("Purchase", "-50", "", "10"),
        ("Sales", "50", "", "-10"),
        ("Credit Note", "-50", "", "10"),
        ("Delivery Note", "", "<ISDEEMEDPOSITIVE>No</ISDEEMEDPOSITIVE>", "-10"),
        ("Receipt Note", "", "<ISDEEMEDPOSITIVE>Yes</ISDEEMEDPOSITIVE>", "10"),
        ("Physical Stock", "", "", "10"),
        ("Physical Stock", "50", "", "10"),
    ],
)
def test_the_direction_of_stock(kind, amount, flag, quantity):
    (line,) = posting(imported(voucher(stock("W", amount, flag), kind=kind))).stock
    assert line.quantity == quantity


def test_billed_quantity_rate_unit_discount_and_second_unit():
    inside = "<BILLEDQTY>8 Nos</BILLEDQTY><DISCOUNT>12.5</DISCOUNT>"
    line_xml = stock("W", "-70", inside, quantity="10 Nos = 2 Box").replace("5/Nos", "40.00/Box")
    books = imported(voucher(line_xml, kind="Receipt Note"))
    (line,) = posting(books).stock
    assert (line.quantity, line.billed, line.rate, line.discount, line.alternate) == ("10", "8", "40", "12.5", "2")
    assert [books.name_of(Unit, unit) for unit in (line.unit, line.rate_unit, line.alternate_unit)] == [
        "Nos",
        "Box",
        "Box",
    ]


def test_attendance_and_payroll_are_kept_faithfully():
    inside = (
        "<ATTENDANCEENTRIES.LIST><NAME>Ravi</NAME><ATTENDANCETYPE>Present</ATTENDANCETYPE>"
        "<ATTDTYPETIMEVALUE>26 Days</ATTDTYPETIMEVALUE></ATTENDANCEENTRIES.LIST>"
        "<ATTENDANCEENTRIES.LIST><NAME>Uma</NAME><X.LIST><Y>1</Y><Y>2</Y></X.LIST></ATTENDANCEENTRIES.LIST>"
    )
    found = posting(imported(voucher(inside, kind="Attendance")))
    assert found.base == "attendance"
    assert found.extra["attendanceentries"] == [
        {"name": "Ravi", "attendancetype": "Present", "attdtypetimevalue": "26 Days"},
        {"name": "Uma", "x": {"y": ["1", "2"]}},
    ]


def test_header_fields():
    fields = (
        "<REFERENCE>PO 7</REFERENCE><REFERENCEDATE>20260320</REFERENCEDATE><NARRATION>a&#13;&#10;b</NARRATION>"
        "<EFFECTIVEDATE>20260402</EFFECTIVEDATE><PARTYLEDGERNAME>Asha</PARTYLEDGERNAME><ISOPTIONAL>Yes</ISOPTIONAL>"
        "<PLACEOFSUPPLY>Karnataka</PLACEOFSUPPLY><PARTYGSTIN>29AABCE1234F1Z5</PARTYGSTIN><ISPOSTDATED>Yes</ISPOSTDATED>"
        "<PERSISTEDVIEW>Invoice Voucher View</PERSISTEDVIEW><GSTREGISTRATION>&#4; Not Applicable</GSTREGISTRATION>"
        "<VOUCHERNUMBERSERIES>Export</VOUCHERNUMBERSERIES><IRN>abc</IRN><CLASSNAME> Not Applicable</CLASSNAME>"
    )
    (found,) = imported(voucher(fields, ledger("Asha", "-5"), ledger("Sales", "5"), number="X/1")).vouchers()
    posting = found.posting
    assert (found.number, found.reference, found.reference_date, found.narration) == (
        "X/1",
        "PO 7",
        "2026-03-20",
        "a\nb",
    )
    assert (posting.effective_date, posting.place_of_supply, posting.party_gstin) == (
        *("2026-04-02", "Karnataka"),
        "29AABCE1234F1Z5",
    )
    assert (found.optional, posting.post_dated, posting.view, posting.registration) == (True, True, "invoice", "")
    assert posting.extra == {"number_series": "Export", "irn": "abc"}
    assert posting.party == posting.entries[0].ledger


@pytest.mark.parametrize("mark", ["ISCANCELLED", "ISDELETED", "ISVOID", "ISDELETEDVCHRETAINED"])
def test_cancelled_vouchers_need_no_lines(mark):
    (found,) = imported(voucher(f"<{mark}>Yes</{mark}>")).vouchers()
    assert found.cancelled
    assert found.posting.entries == ()


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (voucher(ledger("Asha", "-5"), ledger("Sales", "4")), "debits 5.00 and credits 4.00 differ by 1.00"),
        (voucher(ledger("Asha", "-5"), ledger("Sales", "")), "differ by 5.00"),
        (voucher(), "no ledger lines"),
        (
            voucher("<LEDGERENTRYCOUNT>3</LEDGERENTRYCOUNT>", ledger("A", "-5"), ledger("B", "5")),
            "3 ledger lines, but 2",
        ),
        (voucher(ledger("", "-5"), ledger("Sales", "5")), "names no ledger"),
        (voucher(ledger("Asha", "abc"), ledger("Sales", "5")), "'abc' is not an amount"),
        (voucher(ledger("Asha", "-€ 5"), ledger("Sales", "5")), "does not say what it is worth"),
        (voucher(ledger("Asha", "-5"), ledger("Sales", "5"), date=""), "no date"),
        (voucher(ledger("Asha", "-5"), ledger("Sales", "5"), date="12-08-2025"), "is not a date"),
        (voucher(ledger("Asha", "-5"), ledger("Sales", "5"), kind=""), "no voucher type"),
        (voucher(ledger("Asha", "-1000000000000"), ledger("Sales", "1000000000000")), "too large"),
        (voucher(stock("", "5"), kind="Stock Journal"), "names no stock item"),
        (voucher(stock("W", "5", quantity="many"), kind="Stock Journal"), "is not a quantity"),
        (
            voucher(*(ledger(f"L{n:05}", f"{n}.{n % 89 + 10}") for n in range(9000)), kind="Sales Order"),
            "document may grow",
        ),
    ],
)
def test_a_bad_voucher_is_named_and_the_rest_is_kept(xml, reason):
    made = planned(Books(), file(sale("A", "5", guid="a"), xml, sale("B", "6", guid="z")))
    (skipped,) = made.skipped
    assert reason in skipped.reason
    assert (skipped.place.file, skipped.place.record) == ("a.xml", 2)
    assert made.count("voucher").new == 2
    assert made.totals[0].vouchers == 2


def test_lines_without_amount_are_left_out_where_the_rest_balances():
    made = planned(Books(), file(voucher(ledger("Asha", "-5"), ledger("Sales", "5"), ledger("Round Off", ""))))
    assert made.count("voucher").new == 1
    assert made.defaults["ledger"] == ["Asha", "Sales"]
    assert "'Round Off' has no amount" in next(finding.text for finding in made.findings if finding.code == "note")
