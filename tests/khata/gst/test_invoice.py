"""Invoices entered by what was sold: amounts, tax, rounding and totals, each figure worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.money import Amount
from khata.entering import alter_form, enter_form
from khata.entering_masters import alter_master, merge_masters
from khata.errors import BooksError, NotFound
from khata.gst.setting import rate_of, set_company, set_rate
from khata.listing import history, show_voucher
from khata.reports.trial_balance import trial_balance
from tests.khata.company import a_branch, a_company, alter, found, ledger, sync, voucher
from tests.khata.gst.traders import BANGALORE_GSTIN, HEADS, a_trader, invoice, tax


def entries(books, entered):
    shown = show_voucher(books, found(books, entered.id.hex()))
    return " / ".join(f"{entry['ledger']} {entry['amount']}" for entry in shown["entries"])


SOLD = "Soap 10 @ 50 / Oil 2 @ 120 - 5"
"""Soap: 10 x 50.00 = 500.00 at 18 percent. Oil: 2 x 120.00 less 5 percent = 228.00 at 5 percent."""


def test_within_the_state_the_tax_is_halved():
    books = a_trader()
    # 500.00 at 9 is 45.00, 228.00 at 2.5 is 5.70: 50.70 each; in all 500 + 228 + 101.40 = 829.40.
    assert entries(books, invoice(books, "Asha", SOLD)) == (
        "Asha 829.40 / CGST -50.70 / SGST -50.70 / Sales -500.00 / Sales -228.00"
    )


def test_to_another_state_it_is_whole():
    books = a_trader()
    entered = invoice(books, "Meera", SOLD)
    assert entries(books, entered) == "Meera 829.40 / IGST -101.40 / Sales -500.00 / Sales -228.00"


def test_the_total_is_rounded_when_asked():
    books = a_trader()
    assert entries(books, invoice(books, "Asha", SOLD, round_off=True)) == (
        "Asha 829.00 / CGST -50.70 / SGST -50.70 / Round Off 0.40 / Sales -500.00 / Sales -228.00"
    )
    # 5 x 3.70 = 18.50 and 0.93 of tax is 19.43 rounds down; 19.50 and 0.98 is 20.48; 20.00 needs no rounding.
    assert entries(books, invoice(books, "Asha", "Milk 4 @ 5", round_off=True)) == "Asha 20.00 / Sales -20.00"


def test_goods_go_out_and_come_in_with_the_side_of_the_voucher():
    books = a_trader()
    expected = {
        ("Sales", "Asha"): "Asha 118.00 / CGST -9.00 / SGST -9.00 / Sales -100.00 | -2 -100.00",
        ("Credit Note", "Asha"): "Asha -118.00 / CGST 9.00 / SGST 9.00 / Sales 100.00 | 2 100.00",
        ("Purchase", "Kiran"): "Kiran -118.00 / IGST 18.00 / Purchase 100.00 | 2 100.00",
        ("Debit Note", "Kiran"): "Kiran 118.00 / IGST -18.00 / Purchase -100.00 | -2 -100.00",
    }
    for (type, party), wanted in expected.items():
        entered = invoice(books, party, "Soap 2 @ 50", type)
        (line,) = show_voucher(books, found(books, entered.id.hex()))["stock"]
        assert f"{entries(books, entered)} | {line['quantity']} {line['amount']}" == wanted
    assert tax(books) == ""
    assert tax(books, "input_credit") == ""


def test_a_stored_invoice_has_the_shape_that_tally_gives_one():
    books = a_trader()
    shown = show_voucher(books, found(books, invoice(books, "Kiran", "Soap 2 @ 50 - 10", "Purchase").number))
    assert shown["view"] == "invoice"
    assert shown["place_of_supply"] == "Maharashtra", "what comes in is supplied where it arrives"
    assert shown["party_gstin"] == BANGALORE_GSTIN
    assert shown["stock"] == [{
        "item": "Soap", "quantity": "2", "unit": "Nos", "rate": "50", "discount": "10", "amount": "90.00",
        "ledger": "Purchase",
    }]  # fmt: skip
    assert shown["entries"][-1] == {"ledger": "Purchase", "amount": "90.00", "of_stock": True}
    assert alter_form(books, found(books, shown["number"]), shown).commit is None, "what was shown goes back as it is"


def test_a_service_is_taxed_by_its_ledger_and_cess_comes_on_top():
    books = a_trader()
    entered = invoice(books, "Meera", charges=[{"ledger": "Consulting", "amount": "10000"}])
    assert entries(books, entered) == "Meera 11800.00 / Consulting -10000.00 / IGST -1800.00"
    # 10 x 40.00 = 400.00: 28 percent is 112.00, halved 56.00, and 12 percent of cess is 48.00.
    entered = invoice(books, "Asha", "Cola 10 @ 40")
    assert entries(books, entered) == "Asha 560.00 / CGST -56.00 / SGST -56.00 / Cess -48.00 / Sales -400.00"


def test_a_rate_counts_from_its_date_and_a_line_may_name_its_own():
    books = a_trader()
    set_rate(books, "stock-item", "Soap", rate_of("12", "0", "", "", "2026-06-01"))
    old, new = (invoice(books, "Meera", "Soap 1 @ 100", date=date) for date in ("2026-05-31", "2026-06-01"))
    assert entries(books, old).startswith("Meera 118.00")
    assert entries(books, new).startswith("Meera 112.00")
    own = [{"item": "Soap", "quantity": "1", "rate": "100", "gst_rate": "5"}]
    assert entries(books, invoice(books, "Meera", items=own)).startswith("Meera 105.00")
    assert tax(books) == "IGST 35.00"


def test_what_is_exempt_or_of_an_unregistered_company_bears_no_tax():
    books, unregistered = a_trader(), a_trader(registered=False)
    assert entries(books, invoice(books, "Asha", "Milk 2 @ 30")) == "Asha 60.00 / Sales -60.00"
    assert entries(unregistered, invoice(unregistered, "Asha", "Soap 1 @ 50")) == "Asha 50.00 / Sales -50.00"


def test_a_supplier_without_registration_charges_no_tax():
    books = a_trader()
    ledger(books, "Bhola", "Sundry Creditors", gst={"state": "Maharashtra", "registration": "unregistered"})
    assert entries(books, invoice(books, "Bhola", "Soap 1 @ 50", "Purchase")) == "Bhola -50.00 / Purchase 50.00"


def test_zones_and_abroad_are_another_state_and_may_be_zero_rated():
    books = a_trader()
    ledger(books, "Zone", gst={"state": "Maharashtra", "registration": "sez"})
    ledger(books, "John", country="Kenya")
    for party in ("Zone", "John"):
        assert entries(books, invoice(books, party, "Soap 1 @ 100")) == f"{party} 118.00 / IGST -18.00 / Sales -100.00"
        free = invoice(books, party, "Soap 1 @ 100", zero_rated=True)
        assert entries(books, free) == f"{party} 100.00 / Sales -100.00"
    with pytest.raises(BooksError, match="only what goes abroad"):
        invoice(books, "Asha", "Soap 1 @ 100", zero_rated=True)


def test_a_sale_over_the_counter_is_made_where_the_shop_is_and_a_place_may_be_named():
    books = a_trader()
    assert entries(books, invoice(books, "Cash", "Soap 1 @ 100")).startswith("Cash 118.00 / CGST -9.00 / SGST -9.00")
    assert "IGST -18.00" in entries(books, invoice(books, "Asha", "Soap 1 @ 100", place_of_supply="29"))


def test_tax_ledgers_are_chosen_by_direction_rate_and_name():
    books = a_trader()
    alter_master(books, "ledger", "IGST", {"name": "Output IGST"})
    ledger(books, "Input IGST", "Duties & Taxes", tax={"kind": "GST", "head": "IGST"})
    ledger(books, "Output IGST 5%", "Duties & Taxes", tax={"kind": "GST", "head": "IGST", "rate": "5"})
    assert "/ Output IGST -9.00 /" in entries(books, invoice(books, "Meera", "Soap 1 @ 50"))
    assert "/ Input IGST 9.00 /" in entries(books, invoice(books, "Kiran", "Soap 1 @ 50", "Purchase"))
    assert "/ Output IGST 5% -2.50 /" in entries(books, invoice(books, "Meera", "Oil 1 @ 50"))
    ledger(books, "CGST 9%", "Duties & Taxes", tax={"kind": "GST", "head": "CGST", "rate": "9"})
    assert "/ CGST 9% -4.50 / SGST -4.50 /" in entries(books, invoice(books, "Asha", "Soap 1 @ 50"))
    ledger(books, "Other IGST", "Duties & Taxes", tax={"kind": "GST", "head": "IGST"})
    ledger(books, "Output IGST old", "Duties & Taxes", tax={"kind": "GST", "head": "IGST"})
    with pytest.raises(BooksError, match="could go to 'Output IGST', 'Output IGST old'; say which with --tax-ledger"):
        invoice(books, "Meera", "Soap 1 @ 50")
    named = invoice(books, "Meera", "Soap 1 @ 50", tax_ledgers={"igst": "Other IGST"})
    assert "/ Other IGST -9.00 /" in entries(books, named)


def test_missing_ledgers_are_made_on_request_and_else_named():
    books = a_company()
    ledger(books, "Asha", gst={"state": "Maharashtra"})
    ledger(books, "Sales", "Sales Accounts")
    ledger(books, "Work", "Direct Incomes")
    set_company(books, {"state": "Maharashtra"})
    set_rate(books, "ledger", "Work", rate_of("18", "0", "", "", ""))
    work = [{"ledger": "Work", "amount": "1.01"}]
    with pytest.raises(BooksError, match="khata ledger add CGST --group 'Duties & Taxes' --tax-head CGST"):
        invoice(books, "Asha", charges=work)
    with pytest.raises(BooksError, match="goes to a ledger 'Round Off', which is not here"):
        invoice(books, "Cash", charges=[{"ledger": "Work", "amount": "0.40", "gst_rate": "0"}], round_off=True)
    entered = invoice(books, "Asha", charges=work, round_off=True, create_ledgers=True)
    assert entries(books, entered) == "Asha 1.00 / Work -1.01 / CGST -0.09 / SGST -0.09 / Round Off 0.19"


GOOD = {
    "type": "Sales", "date": "2026-04-02", "party": "Asha", "items": [{"item": "Soap", "quantity": "1", "rate": "50"}],
}  # fmt: skip
WRONG = [
    ({"type": "Receipt"}, BooksError, "items and charges make an invoice"),
    ({"party": ""}, BooksError, "an invoice needs a party"),
    ({"party": "Ashaa"}, NotFound, "did you mean 'Asha'"),
    ({"items": [{"item": "Soap", "quantity": "0", "rate": "5"}]}, BooksError, "more than 0"),
    ({"items": [{"item": "Soap", "quantity": "1"}]}, BooksError, "needs a rate or an amount"),
    ({"items": [{"item": "Soap", "quantity": "x", "rate": "5"}]}, BooksError, "item line 1: 'x' is not a quantity"),
    ({"items": [{"item": "Soap", "quantity": "1", "rate": "5", "discount": "101"}]}, BooksError, "0 to 100 percent"),
    ({"items": [{"item": "Sope", "quantity": "1", "rate": "5"}]}, NotFound, "did you mean 'Soap'"),
    ({"items": [{"itme": "Soap"}]}, BooksError, "has a field 'itme'"),
    ({"items": [{"item": "Soap", "quantity": 1.5}]}, BooksError, "neither text nor a number"),
    ({"items": ["Soap"]}, BooksError, "not written as fields"),
    ({"items": "Soap"}, BooksError, "not a list"),
    ({"charges": [{"ledger": "Consulting"}]}, BooksError, "charge 1 needs amount"),
    ({"entries": [{"ledger": "Cash", "amount": "1"}]}, BooksError, "but not both"),
    ({"tax_ledgers": {"VAT": "CGST"}}, BooksError, "'VAT' is not a head"),
    ({"tax_ledgers": ["CGST"]}, BooksError, "not written as heads"),
    ({"place_of_supply": "Ruritania"}, BooksError, "not a State"),
]


@pytest.mark.parametrize(("fields", "kind", "text"), WRONG)
def test_a_mistake_is_refused_and_nothing_is_saved(fields, kind, text):
    books = a_trader()
    commits = books.replica.store.count()
    with pytest.raises(kind) as caught:
        enter_form(books, {**GOOD, **fields})
    assert text in str(caught.value)
    assert books.replica.store.count() == commits


def test_what_is_not_known_is_asked_for():
    books = a_trader()
    ledger(books, "Nowhere")
    with pytest.raises(BooksError, match="khata ledger alter Nowhere --state"):
        invoice(books, "Nowhere", "Soap 1 @ 50")
    with pytest.raises(BooksError, match="khata gst rate Sales 18 --kind ledger"):
        invoice(books, "Asha", charges=[{"ledger": "Sales", "amount": "5"}])
    ledger(books, "Sales B", "Sales Accounts")
    assert invoice(books, "Asha", "Soap 1 @ 50").number, "the ledger called Sales is the usual one"
    alter_master(books, "ledger", "Sales", {"name": "Sales A"})
    with pytest.raises(BooksError, match="items could be booked on 'Sales A', 'Sales B'"):
        invoice(books, "Asha", "Soap 1 @ 50")
    assert "Sales B -50.00" in entries(books, invoice(books, "Asha", "Soap 1 @ 50", account="Sales B"))
    with pytest.raises(BooksError, match="round_off goes with items"):
        voucher(books, "Receipt", "Cash 5 / Asha -5", round_off=True)


def test_a_party_that_keeps_bills_gets_one_by_the_number_of_the_invoice():
    books = a_trader()
    for party in ("Asha", "Kiran"):
        alter_master(books, "ledger", party, {"bill_wise": True})
    sold = invoice(books, "Asha", "Soap 1 @ 100")
    bought = invoice(books, "Kiran", "Soap 1 @ 100", "Purchase", reference="K-7")
    for entered, name, amount in ((sold, sold.number, "118.00"), (bought, "K-7", "-118.00")):
        party = show_voucher(books, found(books, entered.id.hex()))["entries"][0]
        assert party["bills"] == [{"kind": "new", "name": name, "amount": amount}]


def test_an_invoice_is_altered_by_what_was_sold_too():
    books = a_trader()
    entered = invoice(books, "Asha", "Soap 1 @ 100", narration="first")
    items = [{"item": "Soap", "quantity": "2", "rate": "100"}]
    alter(books, entered.number, items=items, party="Meera")
    assert entries(books, entered) == "Meera 236.00 / IGST -36.00 / Sales -200.00"
    shown = show_voucher(books, found(books, entered.number))
    assert (shown["place_of_supply"], shown["narration"], shown.get("party_gstin")) == ("Karnataka", "first", None)
    alter(books, entered.number, narration="second")
    assert len(list(history(books, found(books, entered.number).row))) == 3


def test_a_merged_item_is_taxed_as_what_it_reads_as():
    books = a_trader()
    merge_masters(books, "stock-item", "Oil", "Soap")
    assert "IGST -18.00" in entries(books, invoice(books, "Meera", "Oil 1 @ 100"))
    assert tax(books) == "IGST 18.00"


LINES = st.lists(
    st.tuples(st.sampled_from(["Soap", "Oil", "Cola", "Milk"]), st.integers(1, 999), st.integers(1, 99_999),
              st.integers(0, 99)),
    min_size=1, max_size=4,
)  # fmt: skip
BOOKS = a_trader()


@given(LINES, st.sampled_from(["Asha", "Meera"]), st.booleans(), st.sampled_from(["Sales", "Credit Note"]))
def test_every_invoice_balances_halves_its_tax_and_is_found_right_by_the_check(lines, party, round_off, type):
    items = [
        {"item": item, "quantity": str(quantity), "rate": f"{paise // 100}.{paise % 100:02}", "discount": str(discount)}
        for item, quantity, paise, discount in lines
    ]
    # It would be refused if the tax did not match; it would not be saved if it did not balance.
    entered = enter_form(
        BOOKS, {"type": type, "date": "2026-04-02", "party": party, "items": items, "round_off": round_off}
    )
    amounts = dict.fromkeys(HEADS, 0)
    for entry in show_voucher(BOOKS, found(BOOKS, entered.id.hex()))["entries"]:
        if entry["ledger"] in amounts:
            amounts[entry["ledger"]] += Amount.parse(entry["amount"]).e4
        if entry["ledger"] == party and round_off:
            assert entry["amount"].endswith(".00")
    assert amounts["CGST"] == amounts["SGST"]
    assert not (amounts["IGST"] and amounts["CGST"])
    balance = trial_balance(BOOKS)
    assert balance["debit"] == balance["credit"]


def test_an_invoice_that_arrives_elsewhere_reads_the_same():
    books = a_trader()
    pune = a_branch(books, "Pune")
    entered = invoice(books, "Asha", SOLD, round_off=True)
    sync(pune, books)
    assert entries(pune, entered) == entries(books, entered)


def test_an_invoice_for_goods_on_a_delivery_note_names_it_and_moves_nothing_again():
    books = a_trader()
    sold = [{"item": "Soap", "quantity": "2", "rate": "50", "tracking": "DN 7", "order": "SO 3"}]
    entered = invoice(books, "Asha", items=sold)
    (line,) = show_voucher(books, found(books, entered.id.hex()))["stock"]
    assert (line["tracking"], line["order"]) == ("DN 7", "SO 3")
    assert books.db.execute("SELECT posted FROM stock_lines").fetchall() == [(0,)]
