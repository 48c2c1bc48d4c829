"""What the tables of the books say, without the local ids in which they say it.

Two copies that hold the same commits give the same rows to each of these queries, in the same order; `verify` and the
tests compare copies by them. Rows that only wait for a master to arrive say nothing and are left out.
"""

from collections.abc import Iterator
from typing import Final

from khata.master_rows import REFERENCES, reference_column
from khata.tables import MASTER_COLUMNS


def _references(kind: str) -> dict[str, str]:
    """Columns of a kind's table that hold local ids, and the tables they point into."""
    columns = {reference_column(kind, register): other for register, other in REFERENCES.get(kind, {}).items()}
    return {name: MASTER_COLUMNS[other][0] for name, other in {**columns, "merged_into": kind}.items()}


def _master_query(kind: str) -> str:
    table, own = MASTER_COLUMNS[kind]
    references = _references(kind)
    columns = ["present", "name", "normalised", "reserved", "deleted", "merged_into"]
    columns += [column.split()[0] for column in own.split(", ")]
    shown = [
        _of_master(references[column], f"m.{column}") if column in references else f"m.{column}" for column in columns
    ]
    return f"SELECT m.document, {', '.join(shown)} FROM {table} m WHERE m.present"


def _of_master(table: str, column: str) -> str:
    return f"(SELECT document FROM {table} r WHERE r.id={column})"


_DOCUMENT = (
    "(SELECT hex(d.id) || ' ' || d.kind || ' ' || s.path FROM documents d JOIN scopes s ON s.id=d.scope WHERE d.row={})"
)
# The two legs of a transfer are one document: the sign of the local id tells them apart.
_VOUCHER = _DOCUMENT.format("abs(x.voucher)") + " || (x.voucher < 0)"


def _code_of(column: str) -> str:
    return f"(SELECT code FROM branches b WHERE b.id={column})"


_BRANCH = _code_of("x.branch")

_QUERIES: Final = {
    "opening_bills": f"SELECT {_of_master('ledgers', 'x.ledger')}, line, name, amount_e4, date, credit_period "
    "FROM opening_bills x",
    "opening_stock": f"SELECT {_of_master('stock_items', 'x.item')}, line, quantity_e6, rate_e6, value_e4, "
    f"{_of_master('godowns', 'x.godown')}, batch FROM opening_stock x",
    "registrations": "SELECT branch, gstin, state FROM registrations x",
    "vouchers": f"SELECT {_DOCUMENT.format('abs(x.id)')}, document, (SELECT path FROM scopes s WHERE s.id=x.scope), "
    f"{_BRANCH}, leg, number, date, base, {_of_master('voucher_types', 'x.type')}, {_of_master('ledgers', 'x.party')}, "
    "reference, reference_date, narration, effective_date, place_of_supply, party_gstin, registration, cancelled, "
    "optional, posted, late, author, created_ms, changed_ms FROM vouchers x",
    "voucher_sources": f"SELECT {_VOUCHER}, binding, identity FROM voucher_sources x",
    "entries": f"SELECT {_VOUCHER}, line, {_of_master('ledgers', 'x.ledger')}, amount_e4, date, {_BRANCH}, posted, "
    "gst_rate FROM entries x",
    "bill_allocations": f"SELECT {_VOUCHER}, line, part, kind, name, amount_e4, credit_period, date "
    "FROM bill_allocations x",
    "cost_allocations": f"SELECT {_VOUCHER}, line, part, {_of_master('cost_centres', 'x.centre')}, "
    f"{_of_master('cost_categories', 'x.category')}, amount_e4 FROM cost_allocations x",
    "bank_allocations": f"SELECT {_VOUCHER}, line, part, kind, number, date, bank_date, favouring, amount_e4 "
    "FROM bank_allocations x",
    "forex_amounts": f"SELECT {_VOUCHER}, line, {_of_master('currencies', 'x.currency')}, amount_e4, rate_e6 "
    "FROM forex_amounts x",
    "stock_lines": f"SELECT {_VOUCHER}, line, {_of_master('stock_items', 'x.item')}, quantity_e6, billed_e6, "
    f"{_of_master('units', 'x.unit')}, rate_e6, amount_e4, {_of_master('godowns', 'x.godown')}, "
    f"{_of_master('godowns', 'x.destination')}, batch, {_of_master('ledgers', 'x.ledger')}, side, discount, "
    f"tracking, date, {_BRANCH}, posted "
    "FROM stock_lines x",
    "transfers": f"SELECT {_DOCUMENT.format('x.id')}, {_code_of('x.sender')}, {_code_of('x.receiver')}, carries, "
    "state, dispatched_on, received_on, cancelled FROM transfers x",
    "conflicts": f"SELECT {_DOCUMENT.format('x.document')}, register, id, incomplete FROM conflicts x",
    "conflict_values": f"SELECT {_DOCUMENT.format('x.document')}, register, position, value, save, author, user, "
    "time_ms FROM conflict_values x",
    "document_problems": f"SELECT {_DOCUMENT.format('x.document')}, code, text FROM document_problems x",
    "kept_out": f"SELECT {_DOCUMENT.format('x.document')}, save, lock, until, offence, alone, author, user, time_ms "
    "FROM kept_out x",
    "unknown_documents": f"SELECT {_DOCUMENT.format('x.document')} FROM unknown_documents x",
}


def _part_of_master(table: str, columns: str) -> str:
    """A table that belongs to masters of any kind: one query for each kind."""
    parts = [
        f"SELECT x.kind, {_of_master(of, 'x.master')}, {columns} FROM {table} x WHERE x.kind='{kind}'"
        for kind, (of, _) in MASTER_COLUMNS.items()
    ]
    return " UNION ALL ".join(parts)


def _queries() -> Iterator[tuple[str, str]]:
    for kind, (table, _) in MASTER_COLUMNS.items():
        yield table, _master_query(kind)
    yield "aliases", _part_of_master("aliases", "position, alias, normalised")
    yield "master_sources", _part_of_master("master_sources", "binding, identity")
    yield "gst_rates", _part_of_master("gst_rates", "line, since, hsn, description, taxability, rates")
    yield from _QUERIES.items()


def _ordered(query: str) -> str:
    """Sorted by every column: the rows are compared as a stream, and nothing may depend on where they lie."""
    return f"SELECT * FROM ({query}) ORDER BY {', '.join(str(place) for place in range(1, _width(query) + 1))}"


def _width(query: str) -> int:
    """How many columns a query gives: commas outside of brackets, up to the outermost FROM."""
    depth = commas = 0
    text = query.partition(" UNION ALL ")[0]
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and text.startswith(" FROM ", place):
            break
        commas += character == "," and depth == 0
    return commas + 1


CONTENTS: Final[dict[str, str]] = {name: _ordered(query) for name, query in _queries()}
"""By table, a query whose rows say what the table says, in an order that every copy shares."""
