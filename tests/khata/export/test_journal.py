"""Journals: each account has a name of its own, what people wrote means nothing to a program, nothing is rounded."""

from hypothesis import example, given
from hypothesis import strategies as st

from crdt_models.masters import master_id
from khata.export import beancount
from khata.export.beancount import quoted, write_beancount
from khata.export.journal import write_journal
from khata.export.journal_accounts import Place, account_names
from khata.export.journal_text import account_part, code, description, remark, symbol
from khata.reports.span import EVERYTHING, Span
from tests.khata.company import a_branch, a_company, ledger, put, sync, voucher

names = st.text(max_size=6) | st.sampled_from(
    ["Cash", "cash", "CASH", "Cash-in-Hand", "A:B", "A-B", "A B", "é", "e\u0301"]
)


def text_of(write, books, span=EVERYTHING):
    class Out:
        """Keeps what is written."""

        def __init__(self):
            self.parts = []

        def write(self, data):
            self.parts.append(data)

    out = Out()
    summary = write(books, out, span)
    return b"".join(out.parts).decode(), summary


def a_shop():
    books = a_company()
    ledger(books, "Asha Stores")
    ledger(books, "Sales", "Sales Accounts")
    return books


def test_a_journal_to_the_letter():
    books = a_company()
    asha = ledger(books, "Asha: Stores", opening="100").id.hex()
    cash = books.names.find("ledger", "Cash").document.hex()
    entered = voucher(
        books, "Receipt", "Cash 40.5 / Asha: Stores -40.5", party="Asha: Stores", narration="half; the rest | later"
    )
    text, summary = text_of(write_journal, books)
    assert (
        text.partition("account ")[2]
        == f"""Assets:Current Assets:Cash-in-Hand:Cash
    ; id: {cash}
account Assets:Current Assets:Sundry Debtors:Asha- Stores
    ; id: {asha}
    ; name: Asha- Stores
account Equity:Difference in opening balances

2026-04-02 Opening balances
    Assets:Current Assets:Sundry Debtors:Asha- Stores  100.00 INR
    Equity:Difference in opening balances  -100.00 INR

2026-04-02 (HO/26-27/00001) Asha: Stores | half, the rest / later
    ; id: {entered.id.hex()}
    ; type: Receipt
    ; branch: ho
    Assets:Current Assets:Cash-in-Hand:Cash  40.50 INR
    Assets:Current Assets:Sundry Debtors:Asha- Stores  -40.50 INR

2026-04-02 Closing balances
    Assets:Current Assets:Cash-in-Hand:Cash  0.00 INR = 40.50 INR
    Assets:Current Assets:Sundry Debtors:Asha- Stores  0.00 INR = 59.50 INR
    Equity:Difference in opening balances  0.00 INR = -100.00 INR
"""
    )
    counts = {"vouchers": 1, "accounts": 3}
    assert summary == {"counts": counts, "currency": "INR", "from": "2026-04-02", "to": "2026-04-02"}


def test_a_beancount_file_keeps_the_names_people_use():
    books = a_company()
    ledger(books, 'नमस्ते "ट्रेडर्स"')
    voucher(books, "Receipt", 'Cash 1.0001 / नमस्ते "ट्रेडर्स" -1.0001', narration='said "no"\nand \\ left')
    text, _ = text_of(write_beancount, books)
    assert 'open Assets:Current-Assets:Sundry-Debtors:Xनमसत-टरडरस INR\n  name: "नमस्ते \\"ट्रेडर्स\\""\n' in text
    assert '2026-04-02 * "Receipt" "said \\"no\\"\\nand \\\\ left"\n' in text
    assert "2026-04-03 balance Assets:Current-Assets:Cash-in-Hand:Cash  1.0001 INR\n" in text


@given(st.lists(st.lists(names, min_size=1, max_size=3), max_size=12))
@example([["Cash"], ["Cash"], ["Cash-00000000"], ["Cash-00000001"], ["Cash", "Till"]])
def test_no_two_accounts_share_a_name_and_none_stands_below_another(paths):
    places = [Place(key, ("Assets", *path), bytes([0, 0, 0, key]) * 4) for key, path in enumerate(paths)]
    for spell in (account_part, beancount.account_part):
        found = account_names(places, spell)
        assert len(found) == len(places)
        assert len(set(found.values())) == len(places)
        below = [name for name in found.values() if any(name.startswith(f"{other}:") for other in found.values())]
        assert not below
        assert account_names(reversed(places), spell) == found


def test_an_account_that_nobody_disputes_keeps_its_name():
    wanted = [Place(1, ("Assets", "Cash"), b"a" * 16), Place(2, ("Assets", "A:B"), b"c" * 16)]
    wanted.append(Place(3, ("Assets", "A-B"), b"b" * 16))
    digits = {at: (letter * 4).hex() for at, letter in ((2, b"c"), (3, b"b"))}
    assert account_names(wanted, account_part) == {
        1: "Assets:Cash",
        2: f"Assets:A-B-{digits[2]}",
        3: f"Assets:A-B-{digits[3]}",
    }


@given(st.text())
@example("  (x) [2026-01-01] ; y:: z  | date:1 \u2028 \x00")
def test_no_text_means_anything_to_a_program(text):
    for made in (account_part(text), remark(text), code(text).strip(), description(text, text, False)):
        assert made == " ".join(made.split())
        assert ";" not in made
        assert made.isprintable() or "\u200c" in made or "\u200d" in made
    assert ":" not in account_part(text) + remark(text)
    assert "[" not in remark(text)
    assert code(text).count(")") <= 1
    assert not description(text, "", False).startswith(("*", "!", "("))
    assert len(account_part(text).encode()) < 256


@given(st.text())
def test_a_quoted_string_ends_where_it_should(text):
    inside = quoted(text)[1:-1]
    assert '"' not in inside.replace("\\\\", "").replace('\\"', "")
    assert "\n" not in inside


def test_only_what_counts_is_in_a_journal():
    books = a_shop()
    voucher(books, "Sales", "Asha Stores 7 / Sales -7", optional=True)
    voucher(books, "Sales Order", "Asha Stores 8 / Sales -8")
    assert text_of(write_journal, books)[1]["counts"] == {"vouchers": 0, "accounts": 0}


def test_what_came_before_is_in_the_openings():
    books = a_shop()
    voucher(books, "Sales", "Asha Stores 100 / Sales -100", date="2026-04-30")
    voucher(books, "Sales", "Asha Stores 7 / Sales -7", date="2026-05-01")
    text, summary = text_of(write_journal, books, Span(since="2026-05-01"))
    assert "2026-05-01 Opening balances\n    Assets:Current Assets:Sundry Debtors:Asha Stores  100.00 INR\n" in text
    assert "Asha Stores  0.00 INR = 107.00 INR" in text
    assert summary["counts"]["vouchers"] == 1


def test_a_foreign_amount_and_a_date_too_early_stand_beside_the_entry():
    books = a_shop()
    dollar = b"$" * 16
    put(books, "masters/currency", "currency", dollar, name="$")
    asha, sales = (books.names.find("ledger", name).document for name in ("Asha Stores", "Sales"))
    forex = {"currency": dollar, "amount": "10.00", "rate": "83.5"}
    entries = [{"ledger": asha, "amount": "835.00", "forex": forex}, {"ledger": sales, "amount": "-835.00"}]
    posting = {"base": "sales", "type": master_id(books.company, "voucher-type", "Sales"), "date": "0099-04-02"}
    put(books, "vouchers/ho/sales/0099-04", "voucher", b"v" * 16, posting={**posting, "entries": entries})
    journal, beans = text_of(write_journal, books)[0], text_of(write_beancount, books)[0]
    assert "Asha Stores  835.00 INR\n    ; forex: 10.00 $ @ 83.5\n" in journal
    assert "; dated: 0099-04-02\n" in journal
    assert 'Asha-Stores  835.00 INR\n    forex: "10.00 $ @ 83.5"\n' in beans
    assert '1700-01-01 * "Sales" ""' in beans
    assert 'dated: "0099-04-02"\n' in beans


def test_two_copies_write_the_same_bytes():
    office = a_shop()
    pune = a_branch(office, "Pune", "PUN")
    voucher(pune, "Sales", "Asha Stores 7 / Sales -7")
    voucher(office, "Sales", "Asha Stores 5 / Sales -5")
    ledger(pune, "Bina")
    ledger(office, "Chitra")
    sync(office, pune)
    for write in (write_journal, write_beancount):
        assert text_of(write, office) == text_of(write, pune)


def test_a_currency_that_programs_know_is_used():
    assert symbol(None, "₹", "Rs.", "USD") == "USD"
    assert symbol("a", "₹") == "INR"
