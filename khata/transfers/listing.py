"""Transfers as lists and one by one: values that the command line prints as tables or JSON."""

from typing import Any

from crdt_models.money import Amount
from crdt_models.transfers import DISPATCH, LEGS, RECEIPT
from khata.books import Books
from khata.showing import shown
from khata.transfers.accounts import branch_name
from khata.transfers.lookup import TransferName
from khata.transfers.mirror import goods_json, why
from khata.transfers.moves import LegMoved, Move, all_moves
from khata.transfers.reading import fold
from khata.versions import version_text

Json = dict[str, Any]


def list_transfers(books: Books, in_transit: bool = False, branch: str = "") -> list[Json]:
    """The transfers in order of date and number.

    Args:
        in_transit: only those that were sent and have not arrived.
        branch: only those that this branch, by code, sends or receives.

    Cost: about 25 µs a transfer.
    """
    return [
        listed(books, move)
        for move in all_moves(books)
        if (move.in_transit or not in_transit) and branch in ("", move.sender, move.receiver)
    ]


def listed(books: Books, move: Move) -> Json:
    """One transfer as lists show it; `left` is what of its goods was sent and has not arrived."""
    return {
        "id": move.document.hex(),
        "number": move.dispatch.number if move.dispatch else "",
        "received_as": move.receipt.number if move.receipt else "",
        "from": branch_name(books, move.sender),
        "from_code": move.sender,
        "to": branch_name(books, move.receiver),
        "to_code": move.receiver,
        "carries": move.carries,
        "state": move.state,
        "differs": move.differs,
        "sent_on": move.dispatch.date if move.dispatch else "",
        "received_on": move.receipt.date if move.receipt else "",
        "sent": _worth(move.dispatch),
        "received": _worth(move.receipt),
        "left": goods_json(books, move.goods),
        "lost": Amount(move.lost).text,
    }


def _worth(leg: LegMoved | None) -> str:
    return Amount(abs(leg.amount)).text if leg is not None else ""


def show_transfer(books: Books, found: TransferName) -> Json:
    """One transfer with both legs, each in the shape of a voucher, its version, and what is wrong with it."""
    move = next(move for move in all_moves(books) if move.row == found.row)
    document = books.document(found.row)
    folded = fold(document, books.replica.chain).folded
    conflicts = books.db.execute("SELECT id FROM conflicts WHERE document=? ORDER BY register", (found.row,))
    faults = books.db.execute("SELECT text FROM document_problems WHERE document=? ORDER BY code, text", (found.row,))
    legs = {leg: shown(books.names, document.kind, leg, folded.values[leg]) for leg in LEGS if leg in folded.values}
    return {
        **listed(books, move),
        "why": why(books, move) if move.in_transit or move.differs else "",
        DISPATCH: legs.get(DISPATCH),
        RECEIPT: legs.get(RECEIPT),
        "scope": found.scope,
        "version": version_text(folded.heads),
        "conflicts": [conflict for (conflict,) in conflicts],
        "problems": [text for (text,) in faults],
    }
