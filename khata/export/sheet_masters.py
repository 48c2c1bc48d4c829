"""Masters and balances as tables: ledgers with their place and details, groups, stock items, the trial balance."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from khata.books import Books
from khata.export.out_file import Step
from khata.export.sheet_table import CREDIT, DEBIT, ID, NAME, Column, Row, Sheet, sides
from khata.master_lists import list_groups, list_masters
from khata.reports.chart import Chart
from khata.reports.span import Span
from khata.reports.trial_balance import trial_balance
from khata.sums import joined, sum_sql
from khata.tables import MASTER_COLUMNS

_LIVE: Final = "present AND NOT deleted AND merged_into IS NULL"


def _ledger_rows(books: Books, span: Span, step: Step) -> Iterator[Row]:
    chart = Chart(books)
    columns = "gstin, gst_registration, gst_state, state, pan, phone, email, address, bill_wise, branch"
    details = {
        row[0]: row[1:]
        for row in books.db.execute(f"SELECT id, opening_e4, {columns} FROM ledgers WHERE {_LIVE}").fetchall()
    }
    for account in chart.accounts():
        if account.local in details:
            opening, *rest = details[account.local]
            group = chart.groups[account.group].name
            yield account.name, group, account.nature, *sides(opening), *rest, account.document.hex()


def _group_rows(books: Books, span: Span, step: Step) -> Iterator[Row]:
    for group in list_groups(books):
        yield group["name"], group["parent"], group["nature"], group["id"]


def _item_rows(books: Books, span: Span, step: Step) -> Iterator[Row]:
    label = books.names.label
    quantities, values = sum_sql("o.quantity_e6"), sum_sql("o.value_e4")
    openings = {
        item: (joined(*figures[:2]), joined(*figures[2:]))
        for item, *figures in books.db.execute(
            f"SELECT o.item, {quantities}, {values} FROM opening_stock o GROUP BY o.item"
        ).fetchall()
    }
    rows = books.db.execute(
        f"SELECT id, name, parent, category, unit, document FROM stock_items WHERE {_LIVE} "
        "ORDER BY normalised, document"
    ).fetchall()
    for local, name, group, category, unit, document in rows:
        places = label("stock-group", group), label("stock-category", category), label("unit", unit)
        yield name, *places, *openings.get(local, (None, None)), document.hex()


def _balance_rows(books: Books, span: Span, step: Step) -> Iterator[Row]:
    for row in trial_balance(books, span)["rows"]:
        figures = (row["opening"], row["moved_debit"], row["moved_credit"])
        # Sums may have more digits than any one amount.
        opening, debit, credit = (int(Decimal(figure).scaleb(4)) for figure in figures)
        yield row["group"], row["ledger"], opening, debit, credit, *sides(opening + debit - credit), row["ledger_id"]


def _named_sheet(kind: str, table: str) -> Sheet:
    def rows(books: Books, span: Span, step: Step) -> Iterator[Row]:
        for master in list_masters(books, kind):
            yield master["name"], master["id"]

    return Sheet(table.replace("_", " ").capitalize(), (NAME, ID), rows)


LEDGERS: Final = Sheet(
    "Ledgers",
    (
        NAME,
        Column("Group", width=24),
        Column("Nature", width=12),
        Column("Opening debit", "amount", 16),
        Column("Opening credit", "amount", 16),
        Column("GSTIN", width=17),
        Column("GST registration"),
        Column("GST state"),
        Column("State"),
        Column("PAN", width=12),
        Column("Phone"),
        Column("E-mail", width=24),
        Column("Address", width=40),
        Column("Bill by bill", "flag", 10),
        Column("Branch", width=8),
        ID,
    ),
    _ledger_rows,
)

TRIAL_BALANCE: Final = Sheet(
    "Trial balance",
    (
        Column("Group", width=24),
        Column("Ledger", width=32),
        Column("Opening (credit negative)", "amount", 16),
        Column("Booked debit", "amount", 16),
        Column("Booked credit", "amount", 16),
        DEBIT,
        CREDIT,
        Column("Ledger id", width=34),
    ),
    _balance_rows,
)

_GROUPS: Final = Sheet("Groups", (NAME, Column("Under", width=32), Column("Nature", width=12), ID), _group_rows)

_ITEMS: Final = Sheet(
    "Stock items",
    (
        NAME,
        Column("Group", width=24),
        Column("Category", width=24),
        Column("Unit", width=8),
        Column("Opening quantity", "number"),
        Column("Opening value", "amount", 16),
        ID,
    ),
    _item_rows,
)

MASTERS: Final[dict[str, Sheet]] = {
    table.replace("_", "-"): _named_sheet(kind, table) for kind, (table, _) in MASTER_COLUMNS.items()
} | {"ledgers": LEDGERS, "groups": _GROUPS, "stock-items": _ITEMS}
"""A table for each kind of master, by the plural of its name."""
