"""Sheets into real books: the mapping, the errors by row, and that importing again changes nothing."""

import csv
import io
import zipfile
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from openpyxl import Workbook

from khata.already_here import ALREADY_HERE
from khata.books import Books
from khata.entering import cancel
from khata.entering_masters import add_master
from khata.errors import BooksError
from khata.export.csv_rows import write_csv
from khata.importing import carry_out, plan_import
from khata.listing import list_vouchers
from khata.reports.span import EVERYTHING
from khata.reports.trial_balance import trial_balance
from khata.sheets import table
from khata.sheets.columns import SheetOptions, read_mapping
from khata.sheets.planning import UNKNOWN_LEDGERS, SheetPlan, plan_sheet
from tests.khata.company import a_company, found, ledger, voucher
from tests.khata.tally import generate

HEAD = "Date,Voucher Type,Voucher No.,Ledger,Debit,Credit,Narration\n"
TWO = (
    HEAD
    + '02-04-2026,Receipt,1,Cash,"1,500.00",,from Asha\n'
    + '02-04-2026,Receipt,1,Asha,,"1,500.00",\n'
    + "13-04-2026,Payment,2,Rent,250,,April\n"
    + "13-04-2026,Payment,2,Cash,,250,\n"
)


def shop() -> Books:
    books = a_company()
    ledger(books, "Asha")
    ledger(books, "Rent", "Indirect Expenses")
    return books


def sheet(folder: Path, text: str, name: str = "april.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def looked_at(books: Books, path: Path, source: str = "", **options: Any) -> SheetPlan:
    return plan_sheet(books, path, SheetOptions(**options), source)


def saved(books: Books, path: Path, *answers: str, source: str = "", **options: Any) -> SheetPlan:
    planned = looked_at(books, path, source, **options)
    planned.plan.answered.update(answers)
    carry_out(books, planned.plan)
    return planned


def told(books: Books) -> list[tuple[Any, ...]]:
    return [
        (row["date"], row["type"], row["number"], [(one["ledger"], one["amount"]) for one in row["entries"]])
        for row in list_vouchers(books)
    ]


EXPECTED = [
    ("2026-04-02", "Receipt", "1", [("Cash", "1500.00"), ("Asha", "-1500.00")]),
    ("2026-04-13", "Payment", "2", [("Rent", "250.00"), ("Cash", "-250.00")]),
]


def test_a_sheet_of_entries_becomes_vouchers(tmp_path):
    books = shop()
    planned = saved(books, sheet(tmp_path, TWO))
    assert told(books) == EXPECTED
    assert planned.columns.shown == {
        "date": "Date", "type": "Voucher Type", "number": "Voucher No.", "ledger": "Ledger", "debit": "Debit",
        "credit": "Credit", "narration": "Narration",
    }  # fmt: skip
    assert [row["narration"] for row in list_vouchers(books)] == ["from Asha", "April"]
    assert planned.preview[0]["row"] == 2


def test_importing_it_again_changes_nothing_and_a_changed_row_alters(tmp_path):
    books = shop()
    path = sheet(tmp_path, TWO)
    saved(books, path)
    assert len(looked_at(books, path).plan) == 0
    sheet(tmp_path, TWO.replace("250", "275").replace("from Asha", ""))
    saved(books, path)
    assert told(books)[1][3] == [("Rent", "275.00"), ("Cash", "-275.00")]
    assert list_vouchers(books)[0]["narration"] == ""
    cancel(books, found(books, "2"))
    saved(books, sheet(tmp_path, TWO.replace("250", "300")))
    assert list_vouchers(books)[1]["cancelled"]


def test_another_file_with_the_same_vouchers_asks(tmp_path):
    books = shop()
    saved(books, sheet(tmp_path, TWO))
    again = looked_at(books, sheet(tmp_path, TWO, "copy.csv"))
    assert [finding.code for finding in again.plan.asks] == [ALREADY_HERE]
    with pytest.raises(BooksError, match="2 of 2 new vouchers"):
        carry_out(books, again.plan)


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8-sig"), ("\t", "utf-16"), ("|", "cp1252")])
def test_other_delimiters_and_encodings(tmp_path, delimiter, encoding):
    books = shop()
    ledger(books, "Café")
    text = TWO.replace("1,500.00", "1500.00").replace('"', "").replace(",", delimiter).replace("Asha", "Café")
    saved(books, sheet(tmp_path, text, encoding=encoding))
    assert told(books)[0][3] == [("Cash", "1500.00"), ("Café", "-1500.00")]


def test_one_row_a_voucher(tmp_path):
    books = shop()
    text = "Date,Debit Account,Credit Account,Amount,Ref No\n13/04/26,Rent,Cash,(250),7\n14/04/26,Cash,Asha,₹ 10,8\n"
    saved(books, sheet(tmp_path, text), type="Journal")
    assert told(books) == [
        ("2026-04-13", "Journal", "", [("Rent", "-250.00"), ("Cash", "250.00")]),
        ("2026-04-14", "Journal", "", [("Cash", "10.00"), ("Asha", "-10.00")]),
    ]
    assert [row["reference"] for row in list_vouchers(books)] == ["7", "8"]
    assert len(looked_at(books, tmp_path / "april.csv", type="Journal").plan) == 0


def test_amounts_with_a_side_and_rows_that_go_on(tmp_path):
    books = shop()
    text = (
        "Sharma Traders\n\nDay book for April\nDate,Vch Type,Vch No,Particulars,Amount,Dr/Cr\n"
        "2-Apr-2026,Journal,J1,Rent,100,Dr\n,,,Cash,60,Cr\n,,,Asha,40,Cr\nTotal,,,,100,\n"
    )
    saved(books, sheet(tmp_path, text))
    assert told(books) == [
        ("2026-04-02", "Journal", "J1", [("Rent", "100.00"), ("Cash", "-60.00"), ("Asha", "-40.00")])
    ]


def test_rows_without_number_are_one_voucher_until_they_balance(tmp_path):
    books = shop()
    text = "Date,Ledger,Amount\n13-04-2026,Rent,100\n13-04-2026,Cash,-100\n13-04-2026,Rent,5 Dr\n13-04-2026,Cash,5 Cr\n"
    saved(books, sheet(tmp_path, text), type="Journal")
    assert sorted(entries for *_, entries in told(books)) == [
        [("Rent", "100.00"), ("Cash", "-100.00")],
        [("Rent", "5.00"), ("Cash", "-5.00")],
    ]


def test_each_bad_row_is_named_and_the_rest_is_imported(tmp_path):
    books = shop()
    text = TWO + (
        "31-04-2026,Receipt,3,Cash,5,,\n31-04-2026,Receipt,3,Asha,,5,\n"
        "14-04-2026,Receipt,4,Cash,five,,\n14-04-2026,Receipt,4,Asha,,5,\n"
        "14-04-2026,Receipt,5,Cash,5,,\n14-04-2026,Receipt,5,Asha,,6,\n"
        "14-04-2026,Barter,6,Cash,5,,\n14-04-2026,Barter,6,Asha,,5,\n"
        "14-04-2026,Receipt,7,,5,,\n14-04-2026,Receipt,8,Cash,5,5,\n"
    )
    planned = saved(books, sheet(tmp_path, text))
    assert told(books) == EXPECTED
    reasons = {skipped.place.line: skipped.reason for skipped in planned.plan.skipped}
    assert list(sorted(reasons)) == [6, 8, 10, 12, 14, 15]
    assert reasons[6].startswith("row 6: '31-04-2026' is not a day in any calendar")
    assert reasons[8] == "row 8: 'five' is not an amount"
    assert "differ by 1.00" in reasons[10]
    assert "no voucher type is called 'Barter'" in reasons[12]
    assert reasons[14] == "row 14: it names no ledger"
    assert "a debit and a credit" in reasons[15]


def test_ledgers_that_are_not_here_are_asked_about_then_created(tmp_path):
    books = shop()
    path = sheet(tmp_path, TWO.replace("Asha", "Ashaa"))
    planned = looked_at(books, path)
    assert planned.unknown == ("Ashaa",)
    (asked,) = planned.plan.asks
    assert asked.code == UNKNOWN_LEDGERS
    assert asked.text.startswith("1 ledger is not in these books: 'Ashaa' (perhaps 'Asha', 'Cash').")
    before = books.replica.store.count()
    with pytest.raises(BooksError, match="--create-ledgers"):
        carry_out(books, planned.plan)
    assert books.replica.store.count() == before
    saved(books, path, UNKNOWN_LEDGERS)
    groups = {row["ledger"]: row["group"] for row in trial_balance(books)["rows"]}
    assert groups["Ashaa"] == "Suspense A/c"


def test_dates_that_could_be_either_are_asked_about(tmp_path):
    books = shop()
    path = sheet(tmp_path, TWO.replace("13-04-2026", "04-03-2026"))
    with pytest.raises(BooksError, match="'02-04-2026' begins with the day or the month"):
        looked_at(books, path)
    assert looked_at(books, path, date_order="dmy").preview[0]["date"] == "2026-04-02"
    assert looked_at(books, path, date_order="mdy").preview[0]["date"] == "2026-02-04"
    with pytest.raises(BooksError, match="it is one of dmy, mdy, ymd"):
        looked_at(books, path, date_order="american")


def test_columns_that_are_called_otherwise_are_named_or_filed(tmp_path):
    books = shop()
    path = sheet(tmp_path, TWO.replace("Ledger", "Booked On").replace("Voucher Type", "Kind"))
    with pytest.raises(BooksError, match=r"no column holds the ledger.*'Booked On'"):
        looked_at(books, path)
    with pytest.raises(BooksError, match="no column is headed 'Head'"):
        looked_at(books, path, columns={"ledger": "Head"})
    with pytest.raises(BooksError, match="there is no field 'account'"):
        looked_at(books, path, columns={"account": "Booked On"})
    with pytest.raises(BooksError, match="--type Journal"):
        looked_at(books, path, columns={"ledger": "booked on"})
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('date-format = "dmy"\n[columns]\nledger = "Booked On"\ntype = "Kind"\nnarration = ""\n')
    planned = plan_sheet(books, path, read_mapping(mapping))
    assert len(planned.plan) == 2
    assert planned.columns.unused == ["Narration"]
    for bad in ("ledger = 5\n", "[columns]\nledger = 5\n", "heading-row = true\n", "= =", "colour = 'red'\n"):
        mapping.write_text(bad)
        with pytest.raises(BooksError, match="the mapping"):
            read_mapping(mapping)


@pytest.mark.parametrize(
    ("ledger_heading", "debit", "credit"),
    [
        ("Account Head", "Dr Amount", "Cr Amount"),
        ("A/c Name", "Amount (Dr)", "Amount (Cr)"),
        ("Particulars", "Debit (Rs.)", "Credit (Rs.)"),
        ("Name of Ledger", "Debit ₹", "Credit ₹"),
        ("LEDGER NAME", "Debit Rs.", "Credit INR"),
        ("Head of Account", "DR.", "CR."),
    ],
)
def test_headings_that_people_use_are_known(tmp_path, ledger_heading, debit, credit):
    books = shop()
    head = f"Date,Vch Type,Voucher #,{ledger_heading},{debit},{credit},Narration\n"
    saved(books, sheet(tmp_path, head + TWO.removeprefix(HEAD)))
    assert told(books) == EXPECTED


def test_of_several_columns_the_one_that_says_most_is_the_ledger(tmp_path):
    text = TWO.replace("Voucher No.,Ledger", "Particulars,Account Head").replace("Narration", "Voucher No.")
    assert looked_at(shop(), sheet(tmp_path, text)).columns.shown["ledger"] == "Account Head"


def test_an_amount_with_a_misplaced_comma_is_refused_with_its_row(tmp_path):
    books = shop()
    text = TWO.replace("250,,April", '"2,50",,April').replace('"1,500.00"', "₹ 1500/-", 1)
    planned = saved(books, sheet(tmp_path, text))
    assert told(books) == EXPECTED[:1]
    (skipped,) = planned.plan.skipped
    assert skipped.reason == "row 4: '2,50' has a comma where none groups digits: write 2.50 or 250, whichever is meant"


@pytest.mark.parametrize("total", ["Total,,,,1750,1750,", ",,,Grand Total:,1750,1750,", "Total for April,,,,1750,,"])
def test_rows_of_totals_are_passed_over_and_said(tmp_path, total):
    books = shop()
    pages = Workbook()
    for line in csv.reader(io.StringIO(TWO + total + "\n")):
        pages.worksheets[0].append(line)
    pages.save(tmp_path / "april.xlsx")
    for path in (sheet(tmp_path, TWO + total + "\n"), tmp_path / "april.xlsx"):
        planned = looked_at(books, path)
        assert (planned.total_rows, planned.json()["total_rows"], planned.plan.skipped) == ((6,), [6], [])


def test_the_preview_says_what_does_not_balance(tmp_path):
    planned = looked_at(shop(), sheet(tmp_path, TWO.replace("Cash,,250", "Cash,,200")))
    assert [voucher["difference"] for voucher in planned.preview] == ["0.00", "50.00"]


def test_a_sheet_without_headings_says_so(tmp_path):
    with pytest.raises(BooksError, match="no row names the columns"):
        looked_at(shop(), sheet(tmp_path, "1,2,3\n4,5,6\n"))
    with pytest.raises(BooksError, match="no row names the columns"):
        looked_at(shop(), sheet(tmp_path, ""))
    with pytest.raises(BooksError, match="there is no file"):
        looked_at(shop(), tmp_path / "nowhere.csv")


# -- workbooks ---------------------------------------------------------------------------------------------------------


def workbook(folder: Path, *rows: tuple[object, ...], title: str = "Entries") -> Path:
    book = Workbook()
    notes = book.worksheets[0]
    notes.title = "Notes"
    notes.append(["see the other sheet"])
    entries = book.create_sheet(title)
    for row in rows:
        entries.append(row)
    path = folder / "april.xlsx"
    book.save(path)
    return path


def test_a_workbook_gives_dates_and_figures_as_they_are(tmp_path):
    books = shop()
    rows = [
        ("Date", "Type", "Number", "Ledger", "Debit", "Credit"),
        (date(2026, 4, 2), "Receipt", 1, "Cash", 1500.1, None),
        (date(2026, 4, 2), "Receipt", 1, "Asha", None, 1500.1),
    ]
    path = workbook(tmp_path, *rows)
    with pytest.raises(BooksError, match="no row names"):
        looked_at(books, path)
    with pytest.raises(BooksError, match="it has Notes, Entries"):
        looked_at(books, path, sheet="Vouchers")
    saved(books, path, sheet="Entries")
    assert told(books) == [("2026-04-02", "Receipt", "1", [("Cash", "1500.10"), ("Asha", "-1500.10")])]


def test_files_that_are_no_workbooks_or_too_large_are_refused(tmp_path, monkeypatch):
    books = shop()
    (tmp_path / "text.xlsx").write_text("Date,Ledger")
    with zipfile.ZipFile(tmp_path / "empty.xlsx", "w") as archive:
        archive.writestr("a", "b")
    for name in ("text.xlsx", "empty.xlsx"):
        with pytest.raises(BooksError, match=r"is no Excel workbook|is an Excel workbook that is damaged"):
            looked_at(books, tmp_path / name)
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(2 << 20))
    monkeypatch.setattr(table, "UNPACKED_BYTES_MAX", 1 << 20)
    with pytest.raises(BooksError, match="unpacks to 2 MB"):
        looked_at(books, tmp_path / "bomb.xlsx")
    monkeypatch.setattr(table, "FILE_BYTES_MAX", 10)
    with pytest.raises(BooksError, match="split it by month"):
        looked_at(books, sheet(tmp_path, TWO))
    (tmp_path / "old.csv").write_bytes(b"\xd0\xcf\x11\xe0\0\0")
    monkeypatch.setattr(table, "FILE_BYTES_MAX", 1000)
    with pytest.raises(BooksError, match="no text file"):
        looked_at(books, tmp_path / "old.csv")


# -- what khata itself writes ------------------------------------------------------------------------------------------


def exported(books: Books, folder: Path) -> Path:
    out = io.BytesIO()
    write_csv(books, out, "entries", EVERYTHING)
    path = folder / "entries.csv"
    path.write_bytes(out.getvalue())
    return path


def balances(books: Books) -> list[tuple[str, str, str]]:
    """What was booked on each ledger; openings are not in a sheet of entries."""
    rows = trial_balance(books)["rows"]
    return sorted(
        (row["ledger"], row["moved_debit"], row["moved_credit"])
        for row in rows
        if (row["moved_debit"], row["moved_credit"]) != ("0.00", "0.00")
    )


@pytest.mark.parametrize("seed", range(3))
def test_an_exported_sheet_gives_an_empty_company_the_same_balances(tmp_path, seed):
    books = a_company()
    path = tmp_path / "all.xml"
    path.write_bytes(generate.company(Random(seed), 30).xml())
    carry_out(books, plan_import(books, [path]))
    ledger(books, "=Danger")
    voucher(books, "Receipt", "Cash 5 / =Danger -5", narration="@home")
    entered = voucher(books, "Receipt", "Cash 7 / =Danger -7")
    cancel(books, found(books, entered.id.hex()))
    after = a_company("Somebody Else", seed="elsewhere")
    add_master(after, "voucher-type", "Tax Invoice", {"base": "sales"})
    planned = saved(after, exported(books, tmp_path), UNKNOWN_LEDGERS)
    assert planned.plan.skipped == []
    assert balances(after) == balances(books)
    assert len(looked_at(after, tmp_path / "entries.csv").plan) == 0
