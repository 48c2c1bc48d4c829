"""What a person may enter: a mistake is refused while they look, and nothing is saved then."""

from typing import Any

import pytest

from crdt_models.errors import DocumentTooLarge, KhataError
from crdt_models.vouchers import Unbalanced
from khata.entering import alter_form, cancel, enter_form
from khata.entering_masters import add_master
from khata.errors import Ambiguous, BooksError, NotFound
from khata.listing import history, list_vouchers, show_voucher
from khata.reports.trial_balance import trial_balance
from tests.khata.company import a_branch, a_company, alter, entries_of, found, ledger, put, sync, voucher


def a_shop():
    books = a_company()
    ledger(books, "Asha Stores")
    ledger(books, "Sales", "Sales Accounts")
    return books


def form(**fields: Any) -> dict[str, Any]:
    return {"type": "Receipt", "date": "2026-04-02", "entries": entries_of("Cash 500 / Asha Stores -500"), **fields}


REFUSED = [
    (form(entries=entries_of("Cash 500 / Asha Stores -400")), Unbalanced, "debits 500.00 and credits 400.00"),
    (form(entries=entries_of("Cash 500 / Asha Store -500")), NotFound, "did you mean 'Asha Stores'?"),
    (form(type="Recipt"), NotFound, "did you mean 'Receipt', 'Receipt Note'?"),
    (form(entries=[]), BooksError, "needs entries"),
    (form(date="2026-02-30"), KhataError, "'2026-02-30' is not a date"),
    (form(date="02-04-2026"), KhataError, "is not a date"),
    (form(entries=entries_of("Cash 5,00.005.0 / Asha Stores -500")), BooksError, "the voucher, entries 1"),
    (form(entries=[{"ledger": "Cash", "amount": 1.5}]), BooksError, "not a number: 1.5"),
    (form(entries=[{"legder": "Cash", "amount": "1"}]), BooksError, "a field 'legder'"),
    (form(entries=[{"ledger": 7, "amount": "1"}]), BooksError, "not a name: 7"),
    (form(entries={"ledger": "Cash"}), BooksError, "cannot be read"),
    (form(entries=["Cash"]), BooksError, "not written as fields"),
    (form(entries=[{"ledger": "Cash"}]), BooksError, "amount"),
    (form(narration=7), BooksError, "narration is 7; expected text"),
    (form(optional="yes"), BooksError, "expected true or false"),
    (form(view="sideways"), BooksError, "view"),
    ({"date": "2026-04-02"}, BooksError, "needs a type"),
    (form(type="Stock Journal", entries=[]), BooksError, "needs entries"),
]


@pytest.mark.parametrize(("bad", "kind", "text"), REFUSED)
def test_a_mistake_is_refused_with_the_reason_and_nothing_is_saved(bad, kind, text):
    books = a_shop()
    commits = books.replica.store.count()
    with pytest.raises(kind) as caught:
        enter_form(books, bad)
    assert text in str(caught.value)
    assert books.replica.store.count() == commits
    assert enter_form(books, form()).number == "HO/26-27/00001", "a refused voucher takes no number"


def test_a_voucher_too_large_for_one_save_is_refused():
    books = a_shop()
    amounts = [f"{sign}{number}.{number % 97:02}" for number in range(1, 3_000) for sign in ("", "-")]
    with pytest.raises(DocumentTooLarge):
        enter_form(books, form(entries=[{"ledger": "Cash", "amount": amount} for amount in amounts]))
    enter_form(books, form())


def test_an_alteration_changes_what_is_named_and_nothing_else():
    books = a_shop()
    entered = voucher(books, "Receipt", "Cash 500 / Asha Stores -500", narration="Bill 7", reference="R1")
    assert alter(books, entered.number, narration="Bill 8").commit is not None
    shown = show_voucher(books, found(books, entered.number))
    assert (shown["narration"], shown["reference"], shown["entries"][0]["amount"]) == ("Bill 8", "R1", "500.00")
    assert alter(books, entered.number, narration="Bill 8").commit is None, "nothing to change makes no save"
    assert alter(books, entered.number, narration="").commit is not None
    assert show_voucher(books, found(books, entered.number))["narration"] == ""


def test_what_show_gives_can_be_edited_and_handed_back():
    books = a_shop()
    entered = voucher(books, "Receipt", "Cash 500 / Asha Stores -500", party="Asha Stores", reference_date="2026-03-30")
    shown = show_voucher(books, found(books, entered.number))
    assert alter_form(books, found(books, entered.number), shown).commit is None
    shown["entries"][0]["amount"], shown["entries"][1]["amount"] = "600.00", "-600.00"
    alter_form(books, found(books, entered.number), shown)
    assert trial_balance(books)["debit"] == "600.00"


def test_an_issued_voucher_stays_in_its_financial_year_and_series():
    books = a_shop()
    entered = voucher(books, "Receipt", "Cash 500 / Asha Stores -500", date="2027-03-31")
    with pytest.raises(BooksError, match="financial year 26-27"):
        alter(books, entered.number, date="2027-04-01")
    with pytest.raises(BooksError, match="receipt series"):
        alter(books, entered.number, type="Payment")
    alter(books, entered.number, date="2026-04-01")
    assert list_vouchers(books)[0]["date"] == "2026-04-01"


def test_a_cancelled_voucher_keeps_its_number_counts_nowhere_and_stays_cancelled():
    books = a_shop()
    entered = voucher(books, "Receipt", "Cash 500 / Asha Stores -500")
    cancel(books, found(books, entered.number))
    assert trial_balance(books)["rows"] == []
    (listed,) = list_vouchers(books)
    assert listed["cancelled"]
    assert listed["number"] == entered.number
    with pytest.raises(BooksError, match="stays so"):
        alter(books, entered.number, narration="again")
    with pytest.raises(BooksError, match="nothing to do"):
        cancel(books, found(books, entered.number))


def test_cancelling_and_editing_at_once_gives_a_cancelled_voucher_with_the_edit_in_its_history():
    office = a_shop()
    pune = a_branch(office, "Pune")
    entered = voucher(office, "Receipt", "Cash 500 / Asha Stores -500")
    sync(office, pune)
    cancel(office, found(office, entered.number))
    alter(pune, entered.number, "Cash 700 / Asha Stores -700")
    sync(pune, office)
    for copy in (office, pune):
        (listed,) = list_vouchers(copy)
        assert listed["cancelled"]
        assert trial_balance(copy)["rows"] == []
        saves = list(history(copy, found(copy, entered.number).row))
        assert [change["register"] for save in saves[1:] for change in save["changes"]] == ["posting", "cancelled"]


def test_an_optional_voucher_is_listed_and_not_counted():
    books = a_shop()
    entered = voucher(books, "Receipt", "Cash 500 / Asha Stores -500", optional=True)
    assert trial_balance(books)["rows"] == []
    alter(books, entered.number, optional=False)
    assert trial_balance(books)["debit"] == "500.00"


def test_a_voucher_type_may_be_optional_by_default():
    books = a_shop()
    add_master(books, "voucher-type", "Draft Receipt", {"base": "receipt", "optional": True})
    assert voucher(books, "Draft Receipt", "Cash 500 / Asha Stores -500").number == "HO/26-27/00001"
    assert trial_balance(books)["rows"] == []
    voucher(books, "Draft Receipt", "Cash 500 / Asha Stores -500", optional=False)
    assert trial_balance(books)["debit"] == "500.00"


def test_an_edit_that_arrived_while_somebody_was_looking_is_not_swallowed():
    books = a_shop()
    entered = voucher(books, "Receipt", "Cash 500 / Asha Stores -500")
    version = show_voucher(books, found(books, entered.number))["version"]
    alter(books, entered.number, "Cash 600 / Asha Stores -600")
    alter(books, entered.number, "Cash 700 / Asha Stores -700", version=version)
    shown = show_voucher(books, found(books, entered.number))
    assert len(shown["conflicts"]) == 1
    assert shown["version"].count(".") == 1
    settling = alter(books, entered.number, "Cash 800 / Asha Stores -800")
    assert settling.settled == ("posting",)
    assert show_voucher(books, found(books, entered.number))["conflicts"] == []


@pytest.mark.parametrize("version", ["nonsense", "00" * 16, "00"])
def test_an_unknown_version_is_refused(version):
    books = a_shop()
    entered = voucher(books, "Receipt", "Cash 500 / Asha Stores -500")
    with pytest.raises(BooksError, match="not a version"):
        alter(books, entered.number, narration="x", version=version)


def test_a_voucher_is_found_by_number_id_and_type_with_number():
    books = a_shop()
    receipt = voucher(books, "Receipt", "Cash 500 / Asha Stores -500")
    payment = voucher(books, "Payment", "Asha Stores 50 / Cash -50")
    assert receipt.number == payment.number == "HO/26-27/00001"
    with pytest.raises(Ambiguous) as caught:
        found(books, receipt.number)
    assert receipt.id.hex() in str(caught.value)
    assert payment.id.hex() in str(caught.value)
    assert found(books, f"payment  {payment.number}").document == payment.id
    assert found(books, receipt.id.hex()).document == receipt.id
    assert found(books, receipt.id.hex()[:10].upper()).document == receipt.id
    for nothing in ("HO/26-27/00002", "ff" * 16, "Sales HO/26-27/00001", "Nonsense HO/26-27/00001", ""):
        with pytest.raises(NotFound):
            found(books, nothing)


def test_one_id_in_two_scopes_is_told_apart_by_the_scope():
    books = a_shop()
    for month in ("2026-04", "2026-05"):
        put(books, f"vouchers/ho/receipt/{month}", "voucher", b"v" * 16, number="X")
    with pytest.raises(Ambiguous) as caught:
        found(books, "X")
    path = f"vouchers/ho/receipt/2026-05/{(b'v' * 16).hex()}"
    assert path in str(caught.value)
    assert found(books, path).scope == "vouchers/ho/receipt/2026-05"


def test_a_voucher_that_names_a_master_not_here_can_still_be_altered():
    books = a_shop()
    cash, receipt = books.names.find("ledger", "Cash"), books.names.find("voucher-type", "Receipt")
    posting = {
        "base": "receipt", "type": receipt.document, "date": "2026-04-02",
        "entries": [{"ledger": cash.document, "amount": "5.00"}, {"ledger": b"l" * 16, "amount": "-5.00"}],
    }  # fmt: skip
    put(books, "vouchers/ho/receipt/2026-04", "voucher", b"v" * 16, posting=posting)
    alter(books, (b"v" * 16).hex(), date="2026-04-03")
    with pytest.raises(NotFound):
        voucher(books, "Receipt", f"Cash 1 / id:{(b'l' * 16).hex()} -1")


def test_a_voucher_nobody_can_read_can_be_cancelled():
    books = a_shop()
    put(books, "vouchers/ho/receipt/2026-04", "voucher", b"v" * 16, posting=7)
    with pytest.raises(BooksError, match="cannot be read"):
        alter(books, (b"v" * 16).hex(), narration="x")
    cancel(books, found(books, (b"v" * 16).hex()))
    assert list_vouchers(books)[0]["cancelled"]
