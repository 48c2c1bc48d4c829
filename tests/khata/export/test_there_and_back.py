"""A trader's books with all that is in them, out to Tally and into an empty company: every report says the same."""

import io
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from khata.books import Books
from khata.entering import cancel
from khata.entering_masters import alter_master
from khata.export.tally import write_tally
from khata.gst.setting import set_company
from khata.importing import carry_out, plan_import
from khata.problems import find_problems
from khata.reports.bills import bills
from khata.reports.day_book import day_book
from khata.reports.profit_loss import profit_and_loss
from khata.reports.stock_summary import stock_summary
from khata.reports.trial_balance import trial_balance
from tests.khata.company import a_branch, a_company, found, sync, voucher
from tests.khata.gst.traders import BANGALORE_GSTIN, a_trader, invoice
from tests.khata.transfers.shops import send, take

DAY = "2026-09-30"


def traded(registered_apart: bool) -> tuple[Books, Books]:
    """A head office and a branch that bought, sold, took back, cancelled, and sent each other goods and cash."""
    office = a_trader()
    for party in ("Asha", "Ravi", "Meera"):
        alter_master(office, "ledger", party, {"bill_wise": True})
    pune = a_branch(office, "Bangalore")
    if registered_apart:
        set_company(office, {"gstin": BANGALORE_GSTIN, "state": "Karnataka"}, "BAN")
    invoice(office, "Ravi", "Soap 40 @ 30 / Oil 20 @ 101.35", "Purchase")
    invoice(office, "Ravi", "Soap 7 @ 33.10", "Purchase", date="2026-04-20")
    invoice(office, "Asha", "Soap 12 @ 50", date="2026-05-02")
    wrong = invoice(office, "Meera", "Oil 3 @ 150", date="2026-05-03")
    cancel(office, found(office, wrong.id.hex()))
    invoice(office, "Asha", "Soap 2 @ 50", "Credit Note", date="2026-05-09")
    sync(office, pune)
    sent = send(office, "BAN", "Soap:9@44, Oil:5@130", "2026-06-01")
    send(office, "BAN", "Soap:1@44", "2026-06-02")
    send(office, "BAN", "500.00", "2026-06-02")
    sync(office, pune)
    take(pune, sent, "2026-06-05", short="Soap:8")
    invoice(pune, "Meera", "Soap 3 @ 60 / Oil 2 @ 160", date="2026-06-07")
    back = send(pune, "HO", "Oil:2@140", "2026-06-09")
    sync(office, pune)
    take(office, back, "2026-06-09")
    voucher(office, "Receipt", "Cash 300 / Asha -300", date="2026-06-20")
    voucher(office, "Receipt", "Cash 300 / Asha -300", date="2026-06-20")
    sync(office, pune)
    return office, pune


def exported(books: Books) -> tuple[bytes, dict[str, Any]]:
    out = io.BytesIO()
    said = write_tally(books, out)
    return out.getvalue(), said


def elsewhere(folder: Path, data: bytes) -> Books:
    books = a_company("Somebody Else", seed="elsewhere")
    path = folder / "books.xml"
    path.write_bytes(data)
    planned = plan_import(books, [path])
    assert (planned.skipped, planned.findings) == ([], [])
    carry_out(books, planned)
    return books


def told(books: Books) -> dict[str, Any]:
    """What the reports say, without what differs between any two companies: ids and branches."""
    items = stock_summary(books)["items"]
    return {
        "trial balance": sorted(
            (row["ledger"], row["group"], row["debit"], row["credit"]) for row in trial_balance(books)["rows"]
        ),
        "profit and loss": without_ids(profit_and_loss(books)),
        "stock": [(item["item"], item["closing"]["quantity"], item["closing"]["value"]) for item in items],
        "bills": [
            (party["ledger"], party["balance"], [(bill["bill"], bill["pending"]) for bill in party["bills"]])
            for kind in ("receivable", "payable")
            for party in bills(books, kind, DAY)["parties"]
        ],
    }


def without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_ids(part) for name, part in value.items() if name != "id" and not name.endswith("_id")}
    return [without_ids(part) for part in value] if isinstance(value, list) else value


def days(books: Books) -> list[tuple[Any, ...]]:
    """The day book; vouchers of one day and number in any order."""
    rows = day_book(books).rows
    return sorted(
        (row["date"], row["number"], row["type"], row["party"], row["amount"], row["narration"], row["note"])
        for row in rows
    )


@pytest.mark.parametrize("registered_apart", [False, True])
def test_everything_is_equal_but_for_the_stock_journals_that_were_announced(tmp_path, registered_apart):
    office, _ = traded(registered_apart)
    data, said = exported(office)
    after = elsewhere(tmp_path, data)
    assert told(after) == told(office)
    added = [row for row in days(after) if row not in days(office)]
    assert [row for row in days(office) if row not in days(after)] == []
    assert {row[2] for row in added} == {"Stock Journal"}
    (announced,) = [sentence for sentence in said["otherwise"] if sentence.startswith("goods between branches")]
    assert f"{len(added)} stock journals" in announced
    assert [problem.code for problem in find_problems(after) if "number" in problem.code] == []


def test_what_the_file_cannot_hold_of_the_company_is_named_and_counted(tmp_path):
    office, _ = traded(registered_apart=True)
    set_company(office, {"pan": "AAPFU0939F"})
    data, said = exported(office)
    registrations, details = said["otherwise"][-2:]
    assert registrations.startswith("2 GST registrations are not in the file")
    assert "29AAACC1206D1ZC of Bangalore (Karnataka)" in registrations
    assert "PAN" in details
    assert "Head Office" in said["otherwise"][0]
    assert etree.fromstring(data).findtext(".//REMOTECMPSTATE") == "Maharashtra"
    assert elsewhere(tmp_path, data).db.execute("SELECT state FROM companies").fetchone() == ("Maharashtra",)


def test_books_of_one_branch_leave_as_they_are():
    assert exported(a_trader())[1]["otherwise"] == [
        "1 GST registration is not in the file; enter in Tally's company: GSTIN 27AAPFU0939F1ZV"
    ]
