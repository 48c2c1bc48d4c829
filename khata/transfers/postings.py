"""What the legs of a transfer post: goods at a rate or at cost, cash, and what arrived of what was sent.

    goods sent      Dr account of the receiver    Cr Stock Transfers (and GST)    stock out
    goods received  Dr Stock Transfers (and GST)  Cr account of the sender        stock in
    cash sent       Dr account of the receiver    Cr Cash
    cash received   Dr Cash                       Cr account of the sender

Between branches of one GST registration goods go on a delivery challan, which posts as a journal. Between two
registrations they are a supply: a tax invoice at the sender (Sales) and a Purchase at the receiver.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from crdt_models.errors import BadValue
from crdt_models.money import Amount, Quantity, e4_of
from crdt_models.transfers import DISPATCH, Route
from crdt_models.vouchers import Posting, StockLine
from khata.amounts import amount_of, ungrouped
from khata.books import Books
from khata.errors import BooksError
from khata.gst.checking import check_gst
from khata.gst.invoice import completed
from khata.gst.invoice_lines import ItemSold, read_items
from khata.gst.places import Registrations
from khata.gst.split import rounded
from khata.gst.states import state_name
from khata.naming import ID_PREFIX
from khata.reports.stock_valuation import Valuation
from khata.transfers.accounts import account_of, goods_account
from khata.voucher_form import Form, posting_of

GOODS: Final = "goods"
CASH: Final = "cash"
BASES: Final = {
    (DISPATCH, GOODS): ("journal", "sales"),
    (DISPATCH, CASH): ("payment",),
    ("receipt", GOODS): ("journal", "purchase"),
    ("receipt", CASH): ("receipt",),
}
"""The base types that a leg may have; of goods, first within one registration and then between two."""

_TYPES: Final = {
    "journal": "Journal", "sales": "Sales", "purchase": "Purchase", "payment": "Payment", "receipt": "Receipt",
}  # fmt: skip

Item = Mapping[str, str]
"""A line of goods as invoices have them: item, quantity, rate or amount, godown, batch."""


def goods(books: Books, route: Route, leg: str, date: str, items: Sequence[Item]) -> Posting:
    """The posting of a leg that moves goods. Inside `books.writing()`.

    Args:
        items: quantities without sign; one without rate and amount is valued at what it cost.

    Raises:
        BooksError, NotFound: an item or its cost is not known, or GST cannot be worked out.
    """
    if not items:
        raise BooksError("say what is transferred, such as --item Soap:10@50 or --cash 5000")
    lines = [_at_cost(books, date, item) for item in items]
    if is_supply(books, route):
        return _supply(books, route, leg, date, lines)
    sold = read_items(books.names, lines)
    sign = -1 if leg == DISPATCH else 1
    account, through = _id(account_of(books, route.other(leg))), _id(goods_account(books))
    total = sum(line.amount for line in sold)
    form = {
        "type": _TYPES["journal"],
        "date": date,
        "party": account,
        "entries": [_entry(account, -sign * total), _entry(through, sign * total)],
        "stock": [_stock_line(books, line, sign, through) for line in sold],
    }
    return posting_of(books.names, form)


def cash(books: Books, route: Route, leg: str, date: str, ledger: str, amount: str) -> Posting:
    """The posting of a leg that moves cash out of, or into, a ledger. Inside `books.writing()`.

    Raises:
        BooksError: the amount is none, or not more than nothing.
        NotFound, Ambiguous: the ledger is not here.
    """
    try:
        e4 = amount_of(amount).e4
    except BadValue as error:
        raise BooksError(str(error)) from error
    if e4 <= 0:
        raise BooksError(f"{amount} cannot be transferred; give an amount above 0")
    sign = -1 if leg == DISPATCH else 1
    account = _id(account_of(books, route.other(leg)))
    money = _id(books.names.find_live("ledger", ledger).document)
    form = {
        "type": _TYPES[BASES[leg, CASH][0]],
        "date": date,
        "party": account,
        "entries": [_entry(money, sign * e4), _entry(account, -sign * e4)],
    }
    return posting_of(books.names, form)


def of_form(books: Books, route: Route, leg: str, form: Form) -> Posting:
    """The posting of a leg that somebody wrote themselves, in the shape of `voucher add --file`.

    Raises:
        BooksError: it is not of a base type that this leg may have, or its GST is wrong.
    """
    written: Form = {"type": _TYPES[_base(books, route, leg)], **form}
    posting = posting_of(books.names, completed(books, written, route.branch(leg)))
    if posting.base not in BASES[leg, route.carries]:
        allowed = " or ".join(_TYPES[base] for base in BASES[leg, route.carries])
        raise BooksError(f"the {leg} of {route.carries} is a voucher of type {allowed}, not of {form.get('type')}")
    check_gst(books, posting, route.branch(leg))
    return posting


def arrived(posting: Posting, short: Mapping[bytes, str], godown: str) -> list[Item]:
    """The goods of a dispatch as items to receive.

    Args:
        short: how much of an item arrived, where that is less than was sent, by document id of the item.

    Raises:
        BooksError: more of an item is said to have arrived than was sent, or it was not sent at all.
    """
    left = {item: _quantity(text) for item, text in short.items()}
    sent = {line.item for line in posting.stock}
    if left.keys() - sent:
        raise BooksError("something is said to have arrived short that was not sent; `khata transfer show` lists it")
    items = []
    for line in posting.stock:
        quantity, amount = abs(Quantity.parse(line.quantity).e6), abs(e4_of(line.amount))
        if line.item in left:
            came = min(quantity, left[line.item])
            left[line.item] -= came
            amount, quantity = rounded(amount * came, quantity) if quantity else 0, came
        if quantity:
            items.append(_item(line, quantity, amount, godown))
    if any(left.values()):
        raise BooksError("more is said to have arrived than was sent; receive it all, and have the dispatch altered")
    return items


def is_supply(books: Books, route: Route) -> bool:
    """Whether goods on this route go from one GST registration to another."""
    registrations = Registrations(books)
    ours, theirs = registrations.of(route.sender).gstin, registrations.of(route.receiver).gstin
    return bool(ours and theirs) and ours != theirs


def _base(books: Books, route: Route, leg: str) -> str:
    bases = BASES[leg, route.carries]
    return bases[-1] if is_supply(books, route) else bases[0]


def _supply(books: Books, route: Route, leg: str, date: str, items: list[Item]) -> Posting:
    """The posting of a tax invoice or of the purchase it is to the other branch; GST follows the items' rates."""
    registrations = Registrations(books)
    base, there = BASES[leg, GOODS][1], registrations.of(route.other(leg))
    form: Form = {
        "type": _TYPES[base],
        "date": date,
        "party": _id(account_of(books, route.other(leg))),
        "account": _id(goods_account(books)),
        "items": items,
        "party_gstin": there.gstin,
        "place_of_supply": state_name(registrations.of(route.receiver).state),
        "create_ledgers": True,
    }
    return posting_of(books.names, completed(books, form, route.branch(leg)))


def _at_cost(books: Books, date: str, item: Item) -> Item:
    if item.get("rate") or item.get("amount"):
        return item
    found = books.names.find_live("stock-item", item.get("item", ""))
    valuation = Valuation(books, "average", date)
    valuation.finish()
    cost = valuation.pool(books.names.effective("stock-item", found.local)).cost_of(_quantity(item.get("quantity", "")))
    if cost <= 0:
        raise BooksError(
            f"what {found.name!r} cost is not known on {date}; give a rate, such as --item '{found.name}:10@50'"
        )
    return {**item, "amount": Amount.from_e4(rounded(cost, 1)).text}


def _quantity(text: str) -> int:
    try:
        found = Quantity.parse(ungrouped(text)).e6
    except BadValue as error:
        raise BooksError(str(error)) from error
    if found < 0:
        raise BooksError(f"{text} is no quantity of goods; it is counted without sign")
    return found


def _item(line: StockLine, quantity: int, amount: int, godown: str) -> Item:
    said = {"rate": line.rate, "batch": line.batch, "godown": godown}
    return {
        "item": _id(line.item),
        "quantity": Quantity.from_e6(quantity).text,
        "amount": Amount.from_e4(amount).text,
        **({"unit": _id(line.unit)} if line.unit is not None else {}),
        **{field: text for field, text in said.items() if text},
    }


def _stock_line(books: Books, line: ItemSold, sign: int, through: str) -> Form:
    row = books.db.execute(
        "SELECT u.document FROM stock_items i JOIN units u ON u.id=i.unit WHERE i.id=? AND u.present",
        (line.item.local,),
    ).fetchone()
    said = {"unit": line.unit or (_id(row[0]) if row else ""), "rate": line.rate, "discount": line.discount}
    return {
        "item": _id(line.item.document),
        "quantity": Quantity.from_e6(sign * line.quantity).text,
        "amount": Amount.from_e4(sign * line.amount).text,
        "ledger": through,
        **{field: text for field, text in (*said.items(), *line.place.items()) if text},
    }


def _entry(ledger: str, amount: int) -> dict[str, Any]:
    return {"ledger": ledger, "amount": Amount.from_e4(amount).text}


def _id(document: bytes) -> str:
    return f"{ID_PREFIX}{document.hex()}"
