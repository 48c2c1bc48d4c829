"""A trader registered under GST in Maharashtra, with customers and a supplier in two States, for tests."""

from typing import Any

from crdt_models.money import Amount
from khata.books import Books
from khata.entering import Entered, enter_form
from khata.entering_masters import add_master
from khata.gst.report import COLUMNS, gst_report
from khata.gst.setting import rate_of, set_company, set_rate
from khata.reports.span import EVERYTHING, Span
from tests.khata.company import a_company, ledger

PUNE_GSTIN = "27AAPFU0939F1ZV"
BANGALORE_GSTIN = "29AAACC1206D1ZC"
ASHA_GSTIN = "27AADCB2230M1ZT"
HEADS = ("CGST", "SGST", "IGST", "Cess")
RATES = {"Soap": ("18", "0", "", "3401"), "Oil": ("5", "0", "", "1508"), "Cola": ("28", "12", "", "2202"),
         "Milk": ("0", "0", "exempt", "0401")}  # fmt: skip


def a_trader(registered: bool = True) -> Books:
    """Sharma Traders of Pune: Asha and Ravi live there, Meera and Kiran in Bangalore; tax ledgers are here."""
    books = a_company()
    if registered:
        set_company(books, {"gstin": PUNE_GSTIN, "state": "Maharashtra"})
    ledger(books, "Asha", gst={"state": "Maharashtra", "gstin": ASHA_GSTIN})
    ledger(books, "Meera", gst={"state": "Karnataka"})
    ledger(books, "Ravi", "Sundry Creditors", gst={"state": "Maharashtra", "gstin": ASHA_GSTIN})
    ledger(books, "Kiran", "Sundry Creditors", gst={"state": "Karnataka", "gstin": BANGALORE_GSTIN})
    ledger(books, "Sales", "Sales Accounts")
    ledger(books, "Purchase", "Purchase Accounts")
    ledger(books, "Consulting", "Direct Incomes")
    ledger(books, "Round Off", "Indirect Expenses")
    for head in HEADS:
        ledger(books, head, "Duties & Taxes", tax={"kind": "GST", "head": head})
    nos = add_master(books, "unit", "Nos", {"quantity_code": "NOS-Numbers"}).id
    for name, (rate, cess, taxability, hsn) in RATES.items():
        add_master(books, "stock-item", name, {"unit": nos})
        set_rate(books, "stock-item", name, rate_of(rate, cess, taxability, hsn, ""))
    set_rate(books, "ledger", "Consulting", rate_of("18", "0", "", "9983", ""))
    return books


def invoice(books: Books, party: str, lines: str = "", type: str = "Sales", **fields: Any) -> Entered:
    """Enter an invoice, its items written as "Soap 10 @ 50 / Oil 2 @ 120 - 5"."""
    items = [_line(text) for text in lines.split(" / ") if text]
    return enter_form(books, {"type": type, "date": "2026-04-02", "party": party, "items": items, **fields})


def _line(text: str) -> dict[str, str]:
    name, _, rest = text.partition(" ")
    quantity, _, price = rest.partition(" @ ")
    rate, _, discount = price.partition(" - ")
    return {"item": name, "quantity": quantity, "rate": rate, **({"discount": discount} if discount else {})}


def tax(books: Books, section: str = "liability", span: Span = EVERYTHING) -> str:
    """What the report says is owed or credited in all, as "CGST 45.00 SGST 45.00"."""
    totals = dict.fromkeys(COLUMNS, 0)
    for registration in gst_report(books, span)["registrations"]:
        for column in COLUMNS:
            totals[column] += Amount.parse(registration[f"{section}_total"][column]).e4
    named = zip(HEADS, totals.values(), strict=True)
    return " ".join(f"{head} {Amount.from_e4(amount)}" for head, amount in named if amount)


def by_rate(books: Books, section: str = "liability") -> dict[str, str]:
    """The taxable value at each rate."""
    (registration,) = gst_report(books)["registrations"]
    return {row["taxability"] or row["rate"]: row["taxable"] for row in registration[section]}
