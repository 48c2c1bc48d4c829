"""One ledger's entries in order, with the balance after each."""

from typing import Any

from crdt_models.money import Amount
from crdt_models.vouchers import check_date
from khata.books import Books
from khata.listing import same_masters

Json = dict[str, Any]


def ledger_statement(books: Books, name: str, since: str = "", until: str = "") -> Json:
    """One ledger's entries in order of date, with the balance after each.

    Args:
        name: the ledger, as a person writes it.
        since, until: dates, both included; empty for no bound.

    Raises:
        NotFound, Ambiguous: the name means no ledger, or several.
        BadValue: `since` or `until` is not a date.
    """
    for date in (since, until):
        if date:
            check_date(date)
    found = books.names.find("ledger", name)
    same = same_masters(books, "ledger", found.local)
    marks = ", ".join("?" * len(same))
    openings = books.db.execute(f"SELECT opening_e4 FROM ledgers WHERE id IN ({marks})", same)
    balance = sum(opening for (opening,) in openings)
    rows: list[Json] = []
    before = balance
    for number, kind, document, date, narration, amount in books.db.execute(
        "SELECT v.number, v.type, v.document, e.date, v.narration, e.amount_e4 FROM entries e "
        "JOIN vouchers v ON v.id=e.voucher JOIN scopes s ON s.id=v.scope "
        f"WHERE e.posted=1 AND e.ledger IN ({marks}) ORDER BY e.date, v.number, v.document, s.path, e.line",
        same,
    ):
        if until and date > until:
            break
        balance += amount
        if since and date < since:
            before = balance
            continue
        rows.append({
            "date": date,
            "type": books.names.label("voucher-type", kind),
            "number": number,
            "id": document.hex(),
            "narration": narration,
            "amount": Amount(amount).text,
            "balance": Amount(balance).text,
        })  # fmt: skip
    return {
        "ledger": books.names.label("ledger", found.local),
        "opening": Amount(before).text,
        "rows": rows,
        "closing": Amount(balance).text,
    }
