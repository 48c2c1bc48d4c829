"""Planning: who is who, what is created, what counts as changed, what is said about a file."""

import pytest

from crdt_models.masters import Group, Ledger, StockItem, VoucherType, master_id
from crdt_models.predefined import SUSPENSE
from crdt_models.vouchers import imported_voucher_id
from khata.tally.importer import plan
from khata.tally.parsed import SourceCompany
from khata.tally.reader import find_company, read
from tests.khata.tally.books import COMPANY, Books
from tests.khata.tally.texts import (
    GUID,
    account,
    codes,
    file,
    imported,
    ledger,
    master,
    planned,
    sale,
    some,
    stock,
    voucher,
)


def text_of(made, code):
    return next(finding.text for finding in made.findings if finding.code == code)


def changes(made):
    return [save.changes for batch in made.batches() for save in batch]


# Masters that are named but not defined


def test_missing_masters_are_created_and_said():
    made = planned(Books(), file(sale("Asha", "5"), voucher(stock("W", "-5"), kind="Receipt Note", guid="2")))
    books = Books()
    books.carry_out(made)
    assert books.name_of(Group, books.master(Ledger, "Asha").group) == SUSPENSE
    assert books.master(StockItem, "W").unit is not None
    assert made.defaults == {"ledger": ["Asha", "Sales"], "stock-item": ["W"], "unit": ["Nos"]}
    assert text_of(made, "default").startswith(
        "2 ledgers are named but defined in no file and created under Suspense A/c"
    )
    assert {save.origin for batch in made.batches() for save in batch} == {"init", f"import:device/{GUID}"}


def test_a_master_that_only_a_skipped_voucher_names_is_not_created():
    made = planned(Books(), file(sale("Asha", "5"), voucher(ledger("Nobody", "-5"), ledger("Sales", "4"), guid="2")))
    assert made.defaults["ledger"] == ["Asha", "Sales"]
    made = planned(Books(), file(voucher(ledger("Nobody", "-5"), ledger("Sales", "4"))))
    assert len(made) == 0


def test_predefined_masters_are_created_as_they_are_where_the_books_lack_them():
    books = imported(sale("Cash", "5"), books=Books(start=False))
    assert books.name_of(Group, books.master(Ledger, "Cash").group) == "Cash-in-Hand"
    assert books.name_of(Group, books.master(Group, "Cash-in-Hand").parent) == "Current Assets"
    assert books.name_of(Group, books.master(Ledger, "Sales").group) == SUSPENSE
    assert books.master(VoucherType, "Sales").base == "sales"


def test_masters_imported_later_take_their_place():
    books = imported(sale("Asha", "5"))
    made = planned(books, file(master("LEDGER", "Asha", "<PARENT>Sundry Debtors</PARENT>")))
    assert changes(made) == [{"name": "Asha", "group": master_id(COMPANY, "group", "Sundry Debtors")}]
    assert made.count("ledger").altered == 1


def test_the_mark_of_reserved_words_tells_primary_from_a_group_of_that_name():
    books = imported(
        master("GROUP", "Real", "<PARENT>&#4; Primary</PARENT>"),
        master("GROUP", "Lost", "<PARENT>Primary</PARENT>"),
        master("GROUP", "None", "<PARENT/>"),
    )
    assert [books.master(Group, name).parent for name in ("Real", "Lost", "None")] == [None, None, None]
    assert books.find_master("group", "Primary") is None
    books = imported(
        master("GROUP", "Primary", "<PARENT>&#4; Primary</PARENT>"),
        master("GROUP", "Child", "<PARENT>Primary</PARENT>"),
    )
    assert books.name_of(Group, books.master(Group, "Child").parent) == "Primary"


# Voucher types


TAX_INVOICE = master("VOUCHERTYPE", "Tax Invoice", "<PARENT>Sales</PARENT>")


def base_of(books):
    (found,) = books.vouchers()
    return found.posting.base


def test_a_voucher_posts_as_the_type_its_own_type_was_derived_from():
    assert base_of(imported(sale("Asha", "5", kind="Tax Invoice"), TAX_INVOICE)) == "sales"
    derived = master("VOUCHERTYPE", "Export", "<PARENT>Tax Invoice</PARENT>")
    assert base_of(imported(sale("Asha", "5", kind="Export"), derived, TAX_INVOICE)) == "sales"
    lost = master("VOUCHERTYPE", "Lost", "<PARENT>Nowhere</PARENT>")
    made = planned(Books(), file(lost))
    assert "'Lost' does not say what it is derived from; it posts as journal" in text_of(made, "voucher-type")


def test_a_voucher_type_of_an_earlier_import_is_known():
    books = imported(TAX_INVOICE)
    books.carry_out(planned(books, file(sale("Asha", "5", kind="Tax Invoice"))))
    assert base_of(books) == "sales"


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("GST Purchase", "purchase"),
        ("Sales Order - Export", "sales-order"),
        ("Tax Invoice", "journal"),
        ("Sales", "sales"),
    ],
)
def test_a_voucher_type_nobody_defines(name, base):
    books = Books()
    made = planned(books, file(sale("Asha", "5", kind=name)))
    books.carry_out(made)
    assert base_of(books) == base
    assert books.master(VoucherType, name).base == base
    assert ("voucher-type" in codes(made)) == (name != "Sales")


def test_a_manufacturing_journal_is_a_stock_journal_with_a_flag():
    kind = master("VOUCHERTYPE", "Assembly", "<PARENT>Stock Journal</PARENT><ASMFGJRNL>Yes</ASMFGJRNL>")
    assert base_of(imported(kind, voucher(stock("W", "-5"), kind="Assembly"))) == "manufacturing-journal"


# Identity


def voucher_ids(books):
    return [found.id for found in books.vouchers()]


def test_a_voucher_is_known_by_its_guid_in_its_source():
    books = imported(sale("Asha", "5"))
    assert voucher_ids(books) == [imported_voucher_id(COMPANY, f"device/{GUID}", f"{GUID}-00000001")]


def test_without_a_guid_type_date_and_number_tell_vouchers_apart():
    objects = [sale("Asha", "5", guid=None), sale("Asha", "5", guid=None, number="2")]
    books = imported(*objects)
    assert len(books.vouchers()) == 2
    made = planned(books, file(*reversed(objects)))
    assert len(made) == 0


def test_without_guid_and_number_equal_vouchers_are_counted():
    receipt = sale("Asha", "5", guid=None, number="", kind="Receipt")
    other = sale("Asha", "6", guid=None, number="", kind="Receipt")
    books = imported(receipt, other, receipt)
    assert len(books.vouchers()) == 3
    assert len(planned(books, file(other, receipt, receipt))) == 0
    assert planned(books, file(receipt, receipt, receipt)).count("voucher").new == 1


def test_a_remote_id_serves_where_there_is_no_guid():
    books = imported(sale("Asha", "5", guid=None).replace("<VOUCHER>", '<VOUCHER REMOTEID="r-1">'))
    assert voucher_ids(books) == [imported_voucher_id(COMPANY, "device/unnamed", "r-1")]


def test_a_guid_that_stands_twice():
    made = planned(Books(), file(sale("Asha", "5"), sale("Asha", "5")))
    assert made.count("voucher").new == 1
    assert made.totals[0].vouchers == 1
    assert "1 vouchers stand in the files more than once" in text_of(made, "repeated")
    made = planned(Books(), file(sale("Asha", "5"), sale("Asha", "6")))
    (skipped,) = made.skipped
    assert "its GUID is also that of a.xml, line 3, record 1" in skipped.reason


def test_two_masters_with_one_guid_or_one_name():
    made = planned(Books(), file(master("LEDGER", "A", guid="1"), master("LEDGER", "B", guid="1")))
    (skipped,) = made.skipped
    assert "its GUID 1 is also that of 'A' at a.xml, line 3" in skipped.reason
    made = planned(Books(), file(master("LEDGER", "Asha  Stores", guid="1"), master("LEDGER", "asha stores", guid="2")))
    (skipped,) = made.skipped
    assert "it has the name of 'Asha  Stores'" in skipped.reason
    assert made.count("ledger").new == 1


def test_masters_repeated_in_an_export_are_one():
    rupee = master("CURRENCY", "₹", "<MAILINGNAME>INR</MAILINGNAME>")
    made = planned(
        Books(), file(rupee, rupee, master("GROUP", "G"), rupee, master("GROUP", "G", "<ISSUBLEDGER>Yes</ISSUBLEDGER>"))
    )
    assert (made.count("currency").altered, made.count("group").new) == (1, 1)
    assert changes(made)[1] == {"name": "G", "sub_ledger": True}


def test_a_master_renamed_in_tally_is_the_same_master():
    books = imported(master("LEDGER", "Asha", guid=f"{GUID}-1"), sale("Asha", "5"))
    made = planned(books, file(master("LEDGER", "Asha Stores", guid=f"{GUID}-1"), sale("Asha Stores", "5")))
    assert changes(made) == [{"name": "Asha Stores"}]
    books.carry_out(made)
    # And a new master under the old name is another one.
    made = planned(
        books,
        file(
            master("LEDGER", "Asha Stores", guid=f"{GUID}-1"),
            master("LEDGER", "Asha", guid=f"{GUID}-2"),
            sale("Asha Stores", "5"),
        ),
    )
    (save,) = [save for batch in made.batches() for save in batch]
    assert (save.kind, save.new, save.changes["name"]) == ("ledger", True, "Asha")
    assert save.id != master_id(COMPANY, "ledger", "Asha")


def test_a_ledger_renamed_here_is_still_what_the_source_calls_it():
    books = imported(master("LEDGER", "Asha"), sale("Asha", "5"))
    asha = books.find_master("ledger", "Asha")
    assert asha is not None
    books.write("ledger", asha, {"name": "Asha & Sons"})
    books.write("ledger", b"x" * 16, {"name": "Asha"})
    assert len(planned(books, file(master("LEDGER", "Asha"), sale("Asha", "5")))) == 0
    assert len(planned(books, file(sale("Asha", "5")))) == 0


def test_an_alias_is_a_name():
    names = "<LANGUAGENAME.LIST><NAME.LIST><NAME>Asha</NAME><NAME>A. Stores</NAME></NAME.LIST></LANGUAGENAME.LIST>"
    books = imported(master("LEDGER", "Asha", names), sale("A. Stores", "5"))
    assert books.master(Ledger, "Asha").aliases == ("A. Stores",)
    assert books.vouchers()[0].posting.entries[0].ledger == books.find_master("ledger", "Asha")


# What counts as changed


def test_a_local_alteration_is_not_overwritten_by_importing_again():
    books = imported(sale("Asha", "5"))
    (found,) = books.vouchers()
    books.write("voucher", found.id, {"narration": "corrected here"})
    assert len(planned(books, file(sale("Asha", "5")))) == 0


def test_only_the_registers_that_changed_are_saved():
    books = imported(voucher("<NARRATION>old</NARRATION>", ledger("Asha", "-5"), ledger("Sales", "5")))
    for narration, expected in (("<NARRATION>new</NARRATION>", "new"), ("<NARRATION/>", "")):
        made = planned(books, file(voucher(narration, ledger("Asha", "-5"), ledger("Sales", "5"))))
        assert changes(made) == [{"narration": expected}]
    made = planned(books, file(voucher("<NARRATION>old</NARRATION>", ledger("Asha", "-6"), ledger("Sales", "6"))))
    assert [list(change) for change in changes(made)] == [["posting"]]
    assert made.count("voucher").altered == 1


def test_a_shorter_export_of_the_same_voucher_is_no_change():
    bill = "<BILLALLOCATIONS.LIST><BILLTYPE>New Ref</BILLTYPE><NAME>1</NAME><AMOUNT>-5</AMOUNT></BILLALLOCATIONS.LIST>"
    fields = "<NARRATION>x</NARRATION><PLACEOFSUPPLY>Goa</PLACEOFSUPPLY><ENTEREDBY>ravi</ENTEREDBY>"
    books = imported(voucher(fields, ledger("Asha", "-5", bill), ledger("Sales", "5"), stock("W", "5")))
    assert len(planned(books, file(sale("Asha", "5")))) == 0
    emptied = "<BILLALLOCATIONS.LIST>  </BILLALLOCATIONS.LIST>"
    made = planned(books, file(voucher(ledger("Asha", "-5", emptied), ledger("Sales", "5"))))
    assert len(made) == 1


def test_a_shorter_export_of_a_master_blanks_nothing():
    full = "<PARTYGSTIN>29AABCE1234F1Z5</PARTYGSTIN><GSTREGISTRATIONTYPE>Regular</GSTREGISTRATIONTYPE>"
    books = imported(master("LEDGER", "Asha", full))
    assert len(planned(books, file(master("LEDGER", "Asha")))) == 0
    assert len(planned(books, file(master("LEDGER", "Asha", "<PARTYGSTIN>29AABCE1234F1Z5</PARTYGSTIN>")))) == 0
    made = planned(books, file(master("LEDGER", "Asha", "<PARTYGSTIN/>")))
    assert changes(made) == [{"gst": {"registration": "Regular"}}]


def test_cancelling_keeps_what_was_cancelled():
    books = imported(sale("Asha", "5"))
    made = planned(books, file(voucher("<ISCANCELLED>Yes</ISCANCELLED>")))
    assert changes(made) == [{"cancelled": True}]
    books.carry_out(made)
    # Nothing brings a cancelled voucher back.
    assert (
        len(planned(books, file(voucher("<ISCANCELLED>No</ISCANCELLED>", ledger("Asha", "-5"), ledger("Sales", "5")))))
        == 0
    )


# What is said about files


def test_one_refused_file_does_not_keep_the_others_out():
    made = planned(Books(), file(sale("Asha", "5"))[:-20], file(sale("Bala", "6", guid="2"), master("LEDGER", "C")))
    (finding,) = made.refused
    assert (finding.file, finding.code) == ("a.xml", "unreadable")
    assert made.count("voucher").new == 1
    assert made.defaults["ledger"] == ["Bala", "Sales"]
    assert [totals.file for totals in made.totals] == ["b.xml"]


def flagged(amount, flag):
    return ledger("Asha" if flag == "Yes" else "Sales", amount, f"<ISDEEMEDPOSITIVE>{flag}</ISDEEMEDPOSITIVE>")


def test_a_sign_reversed_file_says_so():
    objects = [voucher(flagged("5", "Yes"), flagged("-5", "No"), guid=str(number)) for number in range(3)]
    made = planned(Books(), file(*objects))
    assert "in 6 of 6 ledger lines" in text_of(made, "sign-reversed")
    assert made.count("voucher").new == 3
    # The party's side tells it where no flag does.
    party = "<PARTYLEDGERNAME>Asha</PARTYLEDGERNAME>"
    objects = [voucher(party, ledger("Asha", "5"), ledger("Sales", "-5"), guid=str(number)) for number in range(3)]
    made = planned(Books(), file(*objects))
    assert "in 3 of 3 vouchers the party stands on the wrong side" in text_of(made, "sign-reversed")


def test_a_good_file_with_some_odd_lines_is_not_called_reversed():
    objects = [voucher(flagged("-5", "Yes"), flagged("5", "No"), guid=str(number)) for number in range(9)]
    made = planned(Books(), file(*objects, voucher(flagged("-5", "No"), flagged("5", "Yes"), guid="odd")))
    assert "sign-reversed" not in codes(made)


def test_a_file_of_unbalanced_vouchers_says_so():
    objects = [voucher(ledger("Asha", "-5"), guid=str(number)) for number in range(3)]
    made = planned(Books(), file(*objects))
    assert "all 3 vouchers do not balance" in text_of(made, "unbalanced")
    assert len(made.skipped) == 3
    made = planned(Books(), file(*objects, sale("Asha", "5")))
    assert "3 of 4 vouchers do not balance" in text_of(made, "unbalanced")


def test_totals_name_what_a_file_brings():
    objects = [sale("Asha", "5"), sale("Asha", "7.25", kind="Tax Invoice", guid="2"), TAX_INVOICE]
    (totals,) = planned(Books(), file(*objects)).totals
    assert (totals.vouchers, totals.masters, totals.records) == (2, 1, 3)
    assert totals.by_type == {"Sales": 1, "Tax Invoice": 1}
    assert (totals.debit.text, totals.credit.text) == ("12.25", "12.25")


def test_a_record_of_another_kind_is_counted_and_named():
    made = planned(Books(), file(master("BUDGET", "B"), master("TAXUNIT", "T"), master("LEDGER", "L")))
    assert "BUDGET (1), TAXUNIT (1)" in text_of(made, "not-kept")


REMOTE = (
    f'<TALLYMESSAGE><COMPANY><REMOTECMPINFO.LIST MERGE="Yes"><NAME>{GUID}</NAME><REMOTECMPNAME>Sharma</REMOTECMPNAME>'
    "</REMOTECMPINFO.LIST></COMPANY></TALLYMESSAGE>"
)
OTHER = "00000000-1111-2222-3333-444444444444"


@pytest.mark.parametrize(
    ("data", "company"),
    [
        (file(REMOTE, sale("A", "5")), SourceCompany(GUID, "Sharma")),
        (file(sale("A", "5")), SourceCompany(GUID, "")),
        (file(sale("A", "5", guid="aaaa-1")), SourceCompany("", "")),
        (
            file(
                sale("A", "5", guid="x"),
                desc="<STATICVARIABLES><SVCURRENTCOMPANY>S &amp; Co</SVCURRENTCOMPANY></STATICVARIABLES>",
            ),
            SourceCompany("", "S & Co"),
        ),
        (
            file(f'<COMPANYCONTEXT NAME="Ctx" GUID="{OTHER}"/>', sale("A", "5")),
            SourceCompany(OTHER, "Ctx"),
        ),
    ],
)
def test_the_company_a_file_came_from(data, company, tmp_path):
    (tmp_path / "a.xml").write_bytes(data)
    assert find_company(tmp_path / "a.xml") == company


def test_a_file_of_another_company_than_expected_is_refused():
    data = file(REMOTE, sale("A", "5"))
    for expected in (GUID, GUID.upper(), "sharma"):
        assert not planned(Books(), data, expected=expected).refused
    made = planned(Books(), data, expected="Verma")
    assert "the file is of Sharma, not of Verma" in text_of(made, "wrong-company")
    assert len(made) == 0


def test_a_file_of_two_companies():
    made = planned(
        Books(), file(sale("A", "5"), sale("A", "6", guid=f"{OTHER}-00000001"), sale("A", "7", guid=f"{GUID}-00000002"))
    )
    assert "1 of 3 records carry GUIDs of 1 other companies" in text_of(made, "mixed-company")
    assert made.count("voucher").new == 3
    made = planned(Books(), file(REMOTE, REMOTE.replace(GUID, OTHER), sale("A", "5")))
    assert [finding.code for finding in made.refused] == ["mixed-company"]
    made = planned(Books(), file(REMOTE, sale("A", "5", guid=f"{OTHER}-00000001")))
    assert "another company" in text_of(made, "mixed-company")


def test_an_unreadable_path_is_a_finding(tmp_path):
    made = plan(read([tmp_path / "nowhere.xml", tmp_path]), Books(), COMPANY, "x", "ho")
    assert codes(made) == ["unreadable", "unreadable"]
    assert all(finding.refuses for finding in made.findings)


def test_an_invoice_in_both_forms_of_export_is_one_voucher():
    first = voucher(some("Asha", "-500"), stock("W", "500", account("Sales", "500")))
    second = voucher(ledger("Asha", "-500"), ledger("Sales", "500"), stock("W", "500", account("Sales", "500")))
    books = imported(first)
    assert len(planned(books, file(second))) == 0
