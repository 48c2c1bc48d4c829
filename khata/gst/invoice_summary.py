"""What khata worked out for an invoice: its lines, tax, rounding and total, as whoever entered it wants to see them."""

from typing import Any

from crdt_models.errors import BadValue
from crdt_models.money import Amount, Quantity, e4_of
from crdt_models.vouchers import Entry, StockLine, posting_from
from khata.books import Books
from khata.gst.roles import ROUNDING, TAX, Roles

Json = dict[str, Any]


def invoice_summary(books: Books, row: int) -> Json:
    """The lines, charges, tax, rounding and total of an invoice; amounts positive where they add to the total.

    Args:
        row: the voucher's local id.

    Returns:
        `items`, `charges`, `tax`, `rounding` and `total`; nothing where it has no single entry of its party.
    """
    try:
        posting = posting_from(books.document(row).fold().values.get("posting"))
    except BadValue:
        return {}
    party = [entry for entry in posting.entries if entry.ledger == posting.party]
    if len(party) != 1:
        return {}
    sign = 1 if e4_of(party[0].amount) > 0 else -1
    roles = Roles(books)
    rows: dict[str, list[Json]] = {"charges": [], TAX: [], ROUNDING: []}
    for entry in posting.entries:
        if entry is not party[0] and not entry.of_stock:
            rows[_part(books, roles, entry)].append(_line(books, entry, -sign))
    return {
        "items": [_item(books, line, -sign) for line in posting.stock],
        "charges": rows["charges"],
        "tax": rows[TAX],
        "rounding": Amount(sum(e4_of(row["amount"]) for row in rows[ROUNDING])).text,
        "total": Amount(sign * e4_of(party[0].amount)).text,
    }


def _part(books: Books, roles: Roles, entry: Entry) -> str:
    held = books.names.by_document("ledger", entry.ledger)
    role = "" if held is None else roles.role(held.local)
    return role if role in (TAX, ROUNDING) else "charges"


def _line(books: Books, entry: Entry, sign: int) -> Json:
    return {"ledger": books.names.spelled("ledger", entry.ledger), "amount": Amount(sign * e4_of(entry.amount)).text}


def _item(books: Books, line: StockLine, sign: int) -> Json:
    return {
        "item": books.names.spelled("stock-item", line.item),
        "quantity": Quantity.from_e6(sign * Quantity.parse(line.quantity).e6).text,
        "unit": "" if line.unit is None else books.names.spelled("unit", line.unit),
        "rate": line.rate,
        "discount": line.discount,
        "amount": Amount(sign * e4_of(line.amount)).text,
    }
