"""Tables for spreadsheets: every figure exact, every text a text, and the same sums as the trial balance."""

import csv
import io
from decimal import Decimal

import openpyxl
import pytest

from khata.cli.frame import grouped
from khata.export.csv_rows import SHEETS, guarded, write_csv
from khata.export.sheet_masters import MASTERS
from khata.export.workbook import write_workbook
from khata.reports.span import EVERYTHING, Span
from khata.reports.trial_balance import trial_balance
from khata.tables import MASTER_COLUMNS
from tests.khata.company import a_company, ledger, put, voucher

FORMULAS = ("=1+1", "+91 98765", "-5", "@sum", "=", "#N/A", "\tx")


def a_shop():
    books = a_company()
    for at, name in enumerate(FORMULAS):
        put(books, "masters/ledger", "ledger", bytes([at]) * 16, name=name, group=group_id(books))
    ledger(books, "Sales", "Sales Accounts", opening="-1000.0001")
    opening = [{"quantity": "10", "rate": "40", "value": "400.00"}]
    put(books, "masters/stock-item", "stock-item", b"i" * 16, name="Soap", opening=opening)
    for at, _ in enumerate(FORMULAS):
        entries = f"id:{bytes([at]).hex() * 16} {at + 1}.0001 / Sales -{at + 1}.0001"
        voucher(books, "Sales", entries, narration=FORMULAS[at], reference=f"0{at}")
    voucher(books, "Sales", "Cash 7 / Sales -7", optional=True)
    return books


def group_id(books):
    return books.names.find("group", "Sundry Debtors").document


def csv_of(books, what, span=EVERYTHING):
    out = io.BytesIO()
    summary = write_csv(books, out, what, span)
    assert out.getvalue().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")))
    assert summary["counts"] == {"rows": len(rows) - 1}
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def test_entries_add_up_to_the_trial_balance():
    books = a_shop()
    sums: dict[str, Decimal] = {}
    for row in csv_of(books, "entries"):
        if row["Counts in accounts"] == "yes":
            amount = Decimal(row["Debit"] or 0) - Decimal(row["Credit"] or 0)
            sums[row["Ledger"]] = sums.get(row["Ledger"], Decimal(0)) + amount
    moved = {
        guarded(row["ledger"]): Decimal(row["moved_debit"]) - Decimal(row["moved_credit"])
        for row in trial_balance(books)["rows"]
        if row["ledger_id"]
    }
    assert sums == moved


def test_what_does_not_count_is_there_and_says_so():
    books = a_shop()
    assert [row["Counts in accounts"] for row in csv_of(books, "vouchers")].count("no") == 1
    (optional,) = [row for row in csv_of(books, "vouchers") if row["Optional"] == "yes"]
    assert optional["Amount"] == "7.00"


def test_no_text_runs_as_a_formula():
    books = a_shop()
    for what in ("entries", "vouchers", "ledgers", "trial-balance"):
        for row in csv_of(books, what):
            for title, cell in row.items():
                figure = title in ("Debit", "Credit", "Amount") or "pening" in title or "Booked" in title
                assert figure or not cell.startswith(("=", "+", "-", "@", "\t"))
    names = {row["Name"] for row in csv_of(books, "ledgers")}
    assert {"'=1+1", "'+91 98765", "'-5", "'@sum", "'=", "#N/A", "'\tx"} <= names


@pytest.mark.parametrize("what", SHEETS)
def test_every_table_can_be_written_even_of_empty_books(what):
    csv_of(a_company(), what, EVERYTHING)


def test_every_kind_of_master_has_a_table():
    assert len(MASTERS) == len(MASTER_COLUMNS)
    assert {row["Name"] for row in csv_of(a_shop(), "stock-items")} == {"Soap"}


def workbook_of(books, **options):
    out = io.BytesIO()
    summary = write_workbook(books, out, EVERYTHING, **options)
    return openpyxl.load_workbook(io.BytesIO(out.getvalue())), summary


def test_a_workbook_has_numbers_texts_and_dates_each_as_what_they_are():
    books = a_shop()
    workbook, summary = workbook_of(books)
    assert workbook.sheetnames == ["Vouchers", "Entries", "Ledgers", "Trial balance", "Stock"]
    assert summary["counts"]["entries"] == 2 * len(FORMULAS) + 2
    sheet = workbook["Entries"]
    assert sheet.freeze_panes == "A2"
    date, _, number, _, debit, _, _, narration = (cell for cell in next(sheet.iter_rows(min_row=2, max_col=8)))
    assert date.value.isoformat() == "2026-04-02T00:00:00"
    assert (number.data_type, number.value, number.number_format) == ("s", "HO/26-27/00001", "@")
    assert (debit.data_type, debit.value, debit.number_format) == ("n", 1.0001, "#,##0.00")
    assert (narration.data_type, narration.value, narration.quotePrefix) == ("s", "=1+1", True)
    assert not [cell for sheet in workbook for row in sheet.iter_rows() for cell in row if cell.data_type in "fe"]
    ledgers = {row[0].value for row in workbook["Ledgers"].iter_rows(min_row=2)}
    assert {"=1+1", "+91 98765", "-5", "@sum", "=", "#N/A"} <= ledgers


def test_references_that_look_like_numbers_keep_their_zeros():
    workbook, _ = workbook_of(a_shop())
    column = {row[5].value for row in workbook["Vouchers"].iter_rows(min_row=2)}
    assert {"00", "06"} <= column


def test_the_trial_balance_of_a_workbook_is_the_report():
    books = a_shop()
    report = trial_balance(books)
    rows = list(workbook_of(books)[0]["Trial balance"].iter_rows(min_row=2, values_only=True))
    assert len(rows) == len(report["rows"])
    total = sum(Decimal(str(row[5] or 0)) for row in rows)
    assert grouped(f"{total:.4f}".removesuffix("00")) == grouped(report["debit"])


def test_what_exceeds_a_sheet_goes_on_in_another():
    workbook, summary = workbook_of(a_shop(), rows_max=6)
    names = [name for name in workbook.sheetnames if name.startswith("Entries")]
    assert names == ["Entries", "Entries 2", "Entries 3", "Entries 4"]
    assert sum(workbook[name].max_row - 1 for name in names) == summary["counts"]["entries"]
    assert {workbook[name]["A1"].value for name in names} == {"Date"}


def test_a_text_that_excel_cannot_hold_is_written_without_what_it_cannot():
    books = a_shop()
    voucher(books, "Sales", "Cash 1 / Sales -1", narration="bell\x07 and\nline")
    texts = {row[7].value for row in workbook_of(books)[0]["Vouchers"].iter_rows(min_row=2)}
    assert "bell\ufffd and\nline" in texts


def test_a_span_limits_the_tables():
    books = a_shop()
    voucher(books, "Sales", "Cash 1 / Sales -1", date="2026-05-01")
    assert len(csv_of(books, "entries", Span(since="2026-05-01"))) == 2
    assert {row["Type"] for row in csv_of(books, "stock", EVERYTHING)} == {"Opening"}
    assert csv_of(books, "stock", Span(since="2026-05-01")) == []
