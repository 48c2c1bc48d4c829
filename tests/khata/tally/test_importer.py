"""Planning: who is who, what is created, what counts as changed."""

import pytest

from crdt_models.masters import Group, Ledger, StockItem, VoucherType, master_id
from crdt_models.predefined import SUSPENSE
from crdt_models.vouchers import imported_voucher_id
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
    text_of,
    voucher,
)


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


def test_an_invoice_in_both_forms_of_export_is_one_voucher():
    first = voucher(some("Asha", "-500"), stock("W", "500", account("Sales", "500")))
    second = voucher(ledger("Asha", "-500"), ledger("Sales", "500"), stock("W", "500", account("Sales", "500")))
    books = imported(first)
    assert len(planned(books, file(second))) == 0
