"""The tables of the books: ordinary SQL that any SQLite tool can read, made from documents and from nothing else.

Rows carry local integer ids, which differ from copy to copy; `document` columns hold the ids that are the same
everywhere. Amounts are whole ten-thousandths (`…_e4`), quantities and rates whole millionths (`…_e6`), debit positive;
the views beside the tables show them as decimals. A store that was made with other definitions than these gets its
tables made and filled anew when it is opened.
"""

import sqlite3
from hashlib import sha256

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from crdt_models.voucher_types import BASE_TYPES

migrations = Migrations("khata")

_FILLING = 1
"""Counted up when documents are read into the tables otherwise than before, though the tables are the same."""

_MASTER = (
    "id INTEGER PRIMARY KEY, document BLOB NOT NULL UNIQUE, present INTEGER NOT NULL DEFAULT 0, "
    "name TEXT NOT NULL DEFAULT '', normalised TEXT NOT NULL DEFAULT '', reserved TEXT NOT NULL DEFAULT '', "
    "deleted INTEGER NOT NULL DEFAULT 0, merged_into INTEGER"
)
"""What every table of masters begins with. A row that is not `present` stands for a master that is referred to but
has not arrived."""

MASTER_COLUMNS: dict[str, tuple[str, str]] = {
    "company": (
        "companies",
        "mailing_name TEXT, address TEXT, state TEXT, country TEXT, pincode TEXT, phone TEXT, email TEXT, gstin TEXT, "
        "pan TEXT, books_from TEXT, year_starts TEXT, currency INTEGER REFERENCES currencies(id)",
    ),
    "currency": ("currencies", "formal_name TEXT, code TEXT, decimals INTEGER"),
    "unit": (
        "units",
        "formal_name TEXT, decimals INTEGER, quantity_code TEXT, head INTEGER REFERENCES units(id), "
        "tail INTEGER REFERENCES units(id), conversion TEXT",
    ),
    "group": (
        "groups",
        "parent INTEGER REFERENCES groups(id), nature TEXT, affects_gross_profit INTEGER, sub_ledger INTEGER",
    ),
    "ledger": (
        "ledgers",
        "group_id INTEGER REFERENCES groups(id), opening_e4 INTEGER NOT NULL DEFAULT 0, bill_wise INTEGER, "
        "cost_centres INTEGER, currency INTEGER REFERENCES currencies(id), gstin TEXT, gst_registration TEXT, "
        "gst_state TEXT, mailing_name TEXT, address TEXT, state TEXT, country TEXT, pincode TEXT, phone TEXT, "
        "email TEXT, pan TEXT, credit_period TEXT, credit_limit TEXT, tax_kind TEXT, tax_head TEXT, tax_rate TEXT, "
        "branch TEXT",
    ),
    "godown": (
        "godowns",
        "parent INTEGER REFERENCES godowns(id), address TEXT, third_party INTEGER",
    ),
    "stock-group": (
        "stock_groups",
        "parent INTEGER REFERENCES stock_groups(id), adds_quantities INTEGER",
    ),
    "stock-category": ("stock_categories", "parent INTEGER REFERENCES stock_categories(id)"),
    "stock-item": (
        "stock_items",
        "parent INTEGER REFERENCES stock_groups(id), category INTEGER REFERENCES stock_categories(id), "
        "unit INTEGER REFERENCES units(id), alternate INTEGER REFERENCES units(id), costing TEXT, valuation TEXT, "
        "batches INTEGER, perishable INTEGER",
    ),
    "cost-category": ("cost_categories", "revenue INTEGER, non_revenue INTEGER"),
    "cost-centre": (
        "cost_centres",
        "parent INTEGER REFERENCES cost_centres(id), category INTEGER REFERENCES cost_categories(id), employee INTEGER",
    ),
    "voucher-type": (
        "voucher_types",
        "base TEXT, parent INTEGER REFERENCES voucher_types(id), abbreviation TEXT, optional INTEGER, active INTEGER",
    ),
}
"""The table of each kind of master, and its columns after the common ones."""

_TABLES = """
CREATE TABLE aliases (
  kind TEXT NOT NULL, master INTEGER NOT NULL, position INTEGER NOT NULL, alias TEXT NOT NULL,
  normalised TEXT NOT NULL, PRIMARY KEY (kind, master, position)
) WITHOUT ROWID;
CREATE INDEX aliases_by_name ON aliases (kind, normalised);

-- Under which identity the source of an import knows a master.
CREATE TABLE master_sources (
  kind TEXT NOT NULL, master INTEGER NOT NULL, binding TEXT NOT NULL, identity TEXT NOT NULL,
  PRIMARY KEY (kind, binding, identity, master)
) WITHOUT ROWID;
CREATE INDEX master_sources_by_master ON master_sources (kind, master);

CREATE TABLE opening_bills (
  ledger INTEGER NOT NULL REFERENCES ledgers(id), line INTEGER NOT NULL, name TEXT NOT NULL, amount_e4 INTEGER NOT NULL,
  date TEXT NOT NULL, credit_period TEXT NOT NULL, PRIMARY KEY (ledger, line)
) WITHOUT ROWID;

CREATE TABLE opening_stock (
  item INTEGER NOT NULL REFERENCES stock_items(id), line INTEGER NOT NULL, quantity_e6 INTEGER NOT NULL,
  rate_e6 INTEGER NOT NULL, value_e4 INTEGER NOT NULL, godown INTEGER REFERENCES godowns(id), batch TEXT NOT NULL,
  PRIMARY KEY (item, line)
) WITHOUT ROWID;

-- The GST rates of what an item is or a ledger books, from a date on; rates is JSON, head to percentage.
CREATE TABLE gst_rates (
  kind TEXT NOT NULL, master INTEGER NOT NULL, line INTEGER NOT NULL, since TEXT NOT NULL, hsn TEXT NOT NULL,
  description TEXT NOT NULL, taxability TEXT NOT NULL, rates TEXT NOT NULL, PRIMARY KEY (kind, master, line)
) WITHOUT ROWID;

-- Under which GST registration a branch, by its code, makes out its documents, where it is not the company's.
CREATE TABLE registrations (branch TEXT PRIMARY KEY, gstin TEXT NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;

-- Branches that have vouchers here, by the code that stands in scopes.
CREATE TABLE branches (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE);

-- id is the row in `documents`; of the receipt leg of a transfer, minus that row. leg is empty, dispatch or receipt.
-- posted is 1 when the entries count in balances: not cancelled, not optional, of a type that posts, and balanced.
-- late is 1 when something saved after its period was locked is kept out.
-- author is the first 8 bytes of the id of the device that entered it.
CREATE TABLE vouchers (
  id INTEGER PRIMARY KEY, document BLOB NOT NULL, scope INTEGER NOT NULL,
  branch INTEGER NOT NULL REFERENCES branches(id), leg TEXT NOT NULL, number TEXT NOT NULL, date TEXT NOT NULL,
  base TEXT NOT NULL, type INTEGER REFERENCES voucher_types(id), party INTEGER REFERENCES ledgers(id),
  reference TEXT NOT NULL, reference_date TEXT NOT NULL, narration TEXT NOT NULL, effective_date TEXT NOT NULL,
  place_of_supply TEXT NOT NULL,
  party_gstin TEXT NOT NULL, registration TEXT NOT NULL, cancelled INTEGER NOT NULL, optional INTEGER NOT NULL,
  posted INTEGER NOT NULL, late INTEGER NOT NULL, author BLOB NOT NULL, created_ms INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL
);
CREATE INDEX vouchers_by_number ON vouchers (number);
CREATE INDEX vouchers_by_date ON vouchers (date);

-- Under which identity the source of an import knows a voucher.
CREATE TABLE voucher_sources (
  voucher INTEGER NOT NULL REFERENCES vouchers(id), binding TEXT NOT NULL, identity TEXT NOT NULL,
  PRIMARY KEY (voucher, binding)
) WITHOUT ROWID;

CREATE TABLE entries (
  voucher INTEGER NOT NULL REFERENCES vouchers(id), line INTEGER NOT NULL,
  ledger INTEGER NOT NULL REFERENCES ledgers(id), amount_e4 INTEGER NOT NULL, date TEXT NOT NULL,
  branch INTEGER NOT NULL REFERENCES branches(id), posted INTEGER NOT NULL, gst_rate TEXT NOT NULL,
  PRIMARY KEY (voucher, line)
) WITHOUT ROWID;
CREATE INDEX entries_by_ledger ON entries (posted, ledger, date, amount_e4, branch);

CREATE TABLE bill_allocations (
  voucher INTEGER NOT NULL REFERENCES vouchers(id), line INTEGER NOT NULL, part INTEGER NOT NULL, kind TEXT NOT NULL,
  name TEXT NOT NULL, amount_e4 INTEGER NOT NULL, credit_period TEXT NOT NULL, date TEXT NOT NULL,
  PRIMARY KEY (voucher, line, part)
) WITHOUT ROWID;

CREATE TABLE cost_allocations (
  voucher INTEGER NOT NULL REFERENCES vouchers(id), line INTEGER NOT NULL, part INTEGER NOT NULL,
  centre INTEGER NOT NULL REFERENCES cost_centres(id), category INTEGER REFERENCES cost_categories(id),
  amount_e4 INTEGER NOT NULL, PRIMARY KEY (voucher, line, part)
) WITHOUT ROWID;

CREATE TABLE bank_allocations (
  voucher INTEGER NOT NULL REFERENCES vouchers(id), line INTEGER NOT NULL, part INTEGER NOT NULL, kind TEXT NOT NULL,
  number TEXT NOT NULL, date TEXT NOT NULL, bank_date TEXT NOT NULL, favouring TEXT NOT NULL,
  amount_e4 INTEGER NOT NULL, PRIMARY KEY (voucher, line, part)
) WITHOUT ROWID;

CREATE TABLE forex_amounts (
  voucher INTEGER NOT NULL REFERENCES vouchers(id), line INTEGER NOT NULL,
  currency INTEGER NOT NULL REFERENCES currencies(id), amount_e4 INTEGER NOT NULL, rate_e6 INTEGER NOT NULL,
  PRIMARY KEY (voucher, line)
) WITHOUT ROWID;

-- posted is 1 when the line moves stock.
CREATE TABLE stock_lines (
  voucher INTEGER NOT NULL REFERENCES vouchers(id), line INTEGER NOT NULL,
  item INTEGER NOT NULL REFERENCES stock_items(id), quantity_e6 INTEGER NOT NULL, billed_e6 INTEGER,
  unit INTEGER REFERENCES units(id), rate_e6 INTEGER, amount_e4 INTEGER NOT NULL,
  godown INTEGER REFERENCES godowns(id), destination INTEGER REFERENCES godowns(id), batch TEXT NOT NULL,
  ledger INTEGER REFERENCES ledgers(id), side TEXT NOT NULL, discount TEXT NOT NULL, tracking TEXT NOT NULL,
  date TEXT NOT NULL, branch INTEGER NOT NULL REFERENCES branches(id), posted INTEGER NOT NULL,
  PRIMARY KEY (voucher, line)
) WITHOUT ROWID;
CREATE INDEX stock_lines_by_item ON stock_lines (posted, item, date);

-- id is the row in `documents`; state is sent, received, cancelled, unsent (its dispatch is not here) or unknown.
CREATE TABLE transfers (
  id INTEGER PRIMARY KEY, document BLOB NOT NULL, scope INTEGER NOT NULL, sender INTEGER REFERENCES branches(id),
  receiver INTEGER REFERENCES branches(id), carries TEXT NOT NULL, state TEXT NOT NULL, dispatched_on TEXT NOT NULL,
  received_on TEXT NOT NULL, cancelled INTEGER NOT NULL
);

-- Registers with several values none of whose authors knew the others'. document is the row in `documents`.
CREATE TABLE conflicts (
  id TEXT NOT NULL, document INTEGER NOT NULL, register TEXT NOT NULL, incomplete INTEGER NOT NULL,
  PRIMARY KEY (document, register)
) WITHOUT ROWID;
CREATE INDEX conflicts_by_id ON conflicts (id);

-- position counts from 1 in the order in which they are shown; value is packed as in the save.
CREATE TABLE conflict_values (
  document INTEGER NOT NULL, register TEXT NOT NULL, position INTEGER NOT NULL, value BLOB NOT NULL, save BLOB NOT NULL,
  author BLOB NOT NULL, user TEXT NOT NULL, time_ms INTEGER NOT NULL, PRIMARY KEY (document, register, position)
) WITHOUT ROWID;

-- What is wrong with one document taken by itself. document is the row in `documents`.
CREATE TABLE document_problems (
  document INTEGER NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (document, code, text)
) WITHOUT ROWID;

-- Saves that a locked period keeps out. document is the row in `documents`; lock is its entry in the control chain.
-- alone is 1 where nothing else is left of the document, so that it counts nowhere.
CREATE TABLE kept_out (
  document INTEGER NOT NULL, save BLOB NOT NULL, lock INTEGER NOT NULL, until TEXT NOT NULL, offence INTEGER NOT NULL,
  alone INTEGER NOT NULL, author BLOB NOT NULL, user TEXT NOT NULL, time_ms INTEGER NOT NULL,
  PRIMARY KEY (document, save)
) WITHOUT ROWID;

-- Documents of kinds that only a newer khata knows.
CREATE TABLE unknown_documents (document INTEGER PRIMARY KEY);

-- What is brought up to date only when somebody asks: up to which row of `documents` that was done, and which of those
-- have changed since.
CREATE TABLE followers (name TEXT PRIMARY KEY, filled_to INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE follower_changes (
  name TEXT NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (name, document)
) WITHOUT ROWID;

-- Where each save stands in the edit log, filled when the log is asked for. document is the row in `documents`.
CREATE TABLE log_places (
  rank_ms INTEGER NOT NULL, step INTEGER NOT NULL, save BLOB NOT NULL, document INTEGER NOT NULL,
  time_ms INTEGER NOT NULL, author BLOB NOT NULL, user TEXT NOT NULL, origin TEXT NOT NULL,
  PRIMARY KEY (rank_ms, step, save, document)
) WITHOUT ROWID;
CREATE INDEX log_places_by_document ON log_places (document);

"""

_SERIES = """
-- The highest number this device has given out; kept here alone, not made from documents.
CREATE TABLE IF NOT EXISTS series (
  code TEXT NOT NULL, base TEXT NOT NULL, year TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (code, base, year)
) WITHOUT ROWID
"""

DERIVED_TABLES: tuple[str, ...] = (
    *(table for table, _ in MASTER_COLUMNS.values()),
    "aliases",
    "master_sources",
    "opening_bills",
    "opening_stock",
    "gst_rates",
    "registrations",
    "branches",
    "vouchers",
    "voucher_sources",
    "entries",
    "bill_allocations",
    "cost_allocations",
    "bank_allocations",
    "forex_amounts",
    "stock_lines",
    "transfers",
    "conflicts",
    "conflict_values",
    "document_problems",
    "kept_out",
    "unknown_documents",
    "followers",
    "follower_changes",
    "log_places",
)
"""Every table that is made from documents, and can be emptied and made again."""


def decimal_sql(column: str, digits: int) -> str:
    """SQL that shows a whole number of 10^-digits as exact decimal text; null stays null."""
    unit = 10**digits
    sign = f"CASE WHEN {column} < 0 THEN '-' ELSE '' END"
    return f"{sign} || (abs({column}) / {unit}) || substr(printf('%.{digits}f', abs({column}) % {unit} / {unit}.0), 2)"


_VIEWS: dict[str, str] = {
    "ledger_entries": f"""
    SELECT l.name AS ledger, e.date, t.name AS voucher_type, v.number, {decimal_sql("e.amount_e4", 4)} AS amount,
      v.narration, e.posted, lower(hex(v.document)) AS voucher_id
    FROM entries e JOIN vouchers v ON v.id = e.voucher JOIN ledgers l ON l.id = e.ledger
    LEFT JOIN voucher_types t ON t.id = v.type""",
    "day_book": f"""
    SELECT v.date, t.name AS voucher_type, v.number, p.name AS party, l.name AS ledger,
      {decimal_sql("e.amount_e4", 4)} AS amount, v.narration, v.cancelled, v.optional, v.posted,
      lower(hex(v.document)) AS voucher_id
    FROM vouchers v LEFT JOIN entries e ON e.voucher = v.id LEFT JOIN ledgers l ON l.id = e.ledger
    LEFT JOIN voucher_types t ON t.id = v.type LEFT JOIN ledgers p ON p.id = v.party""",
    "stock_movements": f"""
    SELECT i.name AS item, v.date, t.name AS voucher_type, v.number, {decimal_sql("s.quantity_e6", 6)} AS quantity,
      u.name AS unit, {decimal_sql("s.rate_e6", 6)} AS rate, {decimal_sql("s.amount_e4", 4)} AS amount,
      g.name AS godown, s.batch, s.posted, lower(hex(v.document)) AS voucher_id
    FROM stock_lines s JOIN vouchers v ON v.id = s.voucher JOIN stock_items i ON i.id = s.item
    LEFT JOIN units u ON u.id = s.unit LEFT JOIN godowns g ON g.id = s.godown
    LEFT JOIN voucher_types t ON t.id = v.type""",
    "ledger_list": f"""
    SELECT l.name, g.name AS "group", {decimal_sql("l.opening_e4", 4)} AS opening, l.gstin, l.gst_state AS state,
      l.deleted, lower(hex(l.document)) AS ledger_id
    FROM ledgers l LEFT JOIN groups g ON g.id = l.group_id WHERE l.present""",
}
"""The views, by name: what people who look with any SQLite tool would rather read."""


@migrations(name="0001_series", transactional=True)
def first(db: Database) -> None:
    """Create what is kept here alone."""
    db.conn.execute(_SERIES)


def definition() -> bytes:
    """A digest of how the derived tables are defined and filled: where a store has another one, they are made anew."""
    parts = [repr(MASTER_COLUMNS), _MASTER, _TABLES, repr(_VIEWS), repr(BASE_TYPES), str(_FILLING)]
    return sha256("\0".join(parts).encode()).digest()


def make_derived(conn: sqlite3.Connection) -> None:
    """Make every table and view that is made from documents, empty, in place of what an older version left."""
    for view in _VIEWS:
        conn.execute(f"DROP VIEW IF EXISTS {view}")
    for table in DERIVED_TABLES:
        conn.execute(f"DROP TABLE IF EXISTS {table}")
    for table, columns in MASTER_COLUMNS.values():
        conn.execute(f"CREATE TABLE {table} ({_MASTER}, {columns})")
        conn.execute(f"CREATE INDEX {table}_by_name ON {table} (normalised)")
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            conn.execute(statement)
    for view, query in _VIEWS.items():
        conn.execute(f"CREATE VIEW {view} AS {query}")
