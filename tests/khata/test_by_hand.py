"""What a person types is checked for slips, through the command line; what programs and imports bring is not."""

import pytest

from tests.khata.command_line import Ran, command_line
from tests.khata.company import a_company, ledger, voucher


@pytest.fixture
def khata(tmp_path, capsys, monkeypatch):
    """Run one command on the books of a test, in this process."""
    run = command_line(tmp_path, capsys, monkeypatch, "asha")
    # Sentences are compared, however the terminal breaks them into lines.
    return lambda *arguments: (ran := run(*arguments))._replace(err=" ".join(ran.err.split()))


@pytest.fixture
def shop(khata):
    """A shop with a customer, sales and an item that is counted in whole pieces."""
    for command in (
        ("init", "Sharma Traders"),
        ("ledger", "add", "Asha Stores", "--group", "Sundry Debtors"),
        ("ledger", "add", "HDFC Bank", "--group", "Bank Accounts"),
        ("ledger", "add", "Sales", "--group", "Sales Accounts"),
        ("master", "add", "unit", "Nos"),
        ("master", "add", "stock-item", "Soap", "--set", "unit=Nos"),
    ):
        ran = khata(*command)
        assert ran.code == 0, ran.err
    return khata


RECEIPT = ("voucher", "add", "--type", "Receipt", "--date", "2026-04-02")


def paid(amount: str) -> tuple[str, ...]:
    return ("--debit", f"Cash:{amount}", "--credit", f"Asha Stores:{amount}")


def refused(ran: Ran, *texts: str) -> None:
    assert ran.code != 0
    for text in texts:
        assert text in ran.err


def test_grouped_amounts_are_taken_and_misplaced_commas_are_not(shop):
    refused(shop(*RECEIPT, *paid("12,34")), "write 12.34 or 1234, whichever is meant")
    refused(shop(*RECEIPT, *paid("₹-5")), "amounts are positive")
    assert shop(*RECEIPT, *paid("₹ 1,25,000/-")).code == 0
    (row,) = shop("voucher", "list", "--json").json
    assert row["entries"][0]["amount"] == "125000.00"


@pytest.mark.parametrize(
    ("said", "opening"),
    [
        (("--opening=-1500.00",), "-1500.00"),
        (("--opening", "1500.00 Cr"), "-1500.00"),
        (("--opening", "12,345.50"), "12345.50"),
        (("--opening", "500.00 Dr"), "500.00"),
    ],
)
def test_openings_are_given_as_the_help_says(shop, said, opening):
    assert shop("ledger", "alter", "HDFC Bank", *said).code == 0
    assert shop("ledger", "add", "Om Suppliers", "--group", "Sundry Creditors", *said).code == 0
    held = {row["name"]: row["opening"] for row in shop("ledger", "list", "--json").json}
    assert (held["HDFC Bank"], held["Om Suppliers"]) == (opening, opening)


def test_an_opening_that_cannot_be_is_refused(shop):
    refused(shop("ledger", "alter", "HDFC Bank", "--opening", "12,34"), "the opening balance", "12.34 or 1234")
    refused(shop("ledger", "alter", "HDFC Bank", "--opening", "0.005"), "finer than the currency")


def test_the_examples_of_openings_in_the_help_work_as_they_stand(shop):
    shown = shop("ledger", "alter", "--help").out
    assert '--opening "1500.00 Cr"' in shown
    assert "--opening=-1500.00" in shown


@pytest.mark.parametrize("date", ["1826-05-05", "0001-01-01", "9999-12-31", "2200-01-01"])
def test_a_date_that_nobody_lives_in_is_refused(shop, date):
    refused(shop("voucher", "add", "--type", "Receipt", "--date", date, *paid("5")), "years 1900 to 2199")


def test_a_date_before_the_books_begin_is_refused(shop):
    assert shop("company", "set", "--books-from", "2026-04-01").code == 0
    refused(
        shop("voucher", "add", "--type", "Receipt", "--date", "2020-04-05", *paid("5")),
        "2020-04-05 is before 2026-04-01, when the books begin", "company set --books-from",
    )  # fmt: skip
    number = shop(*RECEIPT, *paid("5"), "--json").json["number"]
    refused(shop("voucher", "alter", number, "--date", "2026-03-31"), "when the books begin")


def test_a_voucher_of_nothing_is_refused(shop):
    refused(shop(*RECEIPT, *paid("0")), "nothing but zeros")
    number = shop(*RECEIPT, *paid("5"), "--json").json["number"]
    refused(shop("voucher", "alter", number, *paid("0")), "nothing but zeros")


def test_half_a_paisa_is_refused_with_what_to_write(shop):
    refused(shop(*RECEIPT, *paid("0.005")), "finer than the currency", "write 0.01")


def test_half_a_piece_is_refused_and_the_unit_named(shop):
    sale = ("voucher", "add", "--type", "Sales", "--date", "2026-04-02", "--party", "Asha Stores")
    refused(shop(*sale, "--item", "Soap:1.5@50"), "Nos has no decimals", "khata master alter unit Nos --set decimals=1")
    assert shop("master", "alter", "unit", "Nos", "--set", "decimals=1").code == 0
    assert shop(*sale, "--item", "Soap:1.5@50").code == 0


def test_a_program_may_enter_what_is_finer_as_imports_do():
    books = a_company()
    ledger(books, "Asha Stores")
    assert voucher(books, "Receipt", "Cash 0.005 / Asha Stores -0.005").number


MUMBAI = "27AAPFU0939F1ZV"
BAD_DETAILS = [
    (("--state", "Atlantis"), "not a State or union territory"),
    (("--gstin", "29AAACC1206D1ZC", "--state", "Maharashtra"), "a GSTIN of Karnataka, not of Maharashtra"),
    (("--gstin", MUMBAI, "--pan", "ABCPE1234F"), "is of the PAN AAPFU0939F"),
    (("--pan", "XX"), "is not a PAN"),
    (("--email", "zz"), "is not an e-mail address"),
]


@pytest.mark.parametrize(("said", "text"), BAD_DETAILS)
def test_details_of_a_party_are_checked(shop, said, text):
    refused(shop("ledger", "add", "Foo", "--group", "Sundry Debtors", *said), text)
    refused(shop("ledger", "alter", "Asha Stores", *said), text)


def test_a_gstin_says_the_state_and_neither_is_altered_without_the_other(shop):
    assert shop("ledger", "alter", "Asha Stores", "--gstin", MUMBAI).code == 0
    held = shop("ledger", "show", "Asha Stores", "--json").json
    assert (held["state"], held["gst"]) == ("Maharashtra", {"gstin": MUMBAI, "state": "Maharashtra"})
    refused(shop("ledger", "alter", "Asha Stores", "--state", "Goa"), "a GSTIN of Maharashtra, not of Goa")
    refused(shop("ledger", "alter", "Asha Stores", "--pan", "ABCPE1234F"), "not of ABCPE1234F")
    abroad = ("ledger", "add", "Acme", "--group", "Sundry Debtors", "--country", "Nepal", "--state", "Bagmati")
    assert shop(*abroad, "--pan", "600123456").code == 0


def test_details_of_the_company_are_checked(shop):
    refused(shop("company", "set", "--pincode", "1"), "is not a PIN code")
    refused(shop("company", "set", "--email", "zz"), "is not an e-mail address")
    refused(shop("company", "set", "--books-from", "01/04/2026"), "is not a date")
    assert shop("company", "set", "--gstin", MUMBAI, "--pincode", "411 001").code == 0
    held = shop("company", "show", "--json").json
    assert (held["state"], held["pincode"]) == ("Maharashtra", "411001")
    refused(shop("company", "set", "--state", "Goa"), "a GSTIN of Maharashtra, not of Goa")
    refused(shop("company", "set", "--pan", "ABCPE1234F"), "not of ABCPE1234F")


def test_a_receipt_is_set_against_a_bill_from_the_command_line(shop):
    assert shop("ledger", "alter", "Asha Stores", "--bill-wise").code == 0
    sale = ("voucher", "add", "--type", "Sales", "--date", "2026-04-02", "--party", "Asha Stores")
    ran = shop(*sale, "--item", "Soap:10@50")
    assert "Total" in ran.out
    assert "500.00" in ran.out
    assert "saved Sales HO/26-27/00001;" in ran.out
    told = shop(*sale, "--item", "Soap:2@50", "--json").json
    assert (told["type"], told["total"], told["items"][0]["amount"]) == ("Sales", "100.00", "100.00")
    refused(shop(*RECEIPT, *paid("500"), "--bill", "HO/1"), "open are 'HO/26-27/00001' (500.00)")
    assert shop(*RECEIPT, *paid("500"), "--bill", "HO/26-27/00001:400", "--advance", "A:1").code == 0
    show = shop("voucher", "show", "Receipt HO/26-27/00001", "--json").json
    assert [(bill["kind"], bill.get("name"), bill["amount"]) for bill in show["entries"][1]["bills"]] == [
        ("against", "HO/26-27/00001", "-400.00"),
        ("advance", "A", "-1.00"),
        ("on-account", None, "-99.00"),
    ]


def test_a_rate_for_the_past_asks_first(shop):
    assert shop("gst", "rate", "Soap", "18").code == 0
    sale = ("voucher", "add", "--type", "Sales", "--date", "2026-04-02", "--party", "Asha Stores")
    assert shop(*sale, "--item", "Soap:10@50").code == 0
    refused(shop("gst", "rate", "Soap", "17"), "say with --since from which date it holds, or --always")
    assert "no notification named" in shop("gst", "rate", "Soap", "17", "--always").err


def test_what_a_register_cannot_hold_is_said_in_words(shop):
    refused(shop("master", "add", "unit", "Kg", "--set", "decimals=abc"), "decimals is a whole number, not text")
    refused(shop("master", "alter", "unit", "Nos", "--set", "decimals=[1]"), "decimals is a whole number, not a list")


def test_an_unknown_ledger_is_not_taken_for_a_customer(shop):
    ran = shop(*RECEIPT, "--debit", "Rent:5", "--credit", "Asha Stores:5")
    refused(ran, "no ledger is called 'Rent'", "khata ledger add Rent --group GROUP")
