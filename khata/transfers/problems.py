"""Problems with transfers: on the way, arrived otherwise than sent, cancelled and received, written by who may not."""

import shlex
from collections.abc import Iterator
from typing import Any, Final

from crdt_models.document import Document
from crdt_models.errors import BadValue
from crdt_models.money import Amount, Quantity, e4_of
from crdt_models.transfers import CANCELLED as CANCELLATION
from crdt_models.transfers import DISPATCH, RECEIPT, read_leg
from khata.books import Books
from khata.deeds import branch_of, branches_of, deed, in_order, set_by, showing
from khata.effects import of_vouchers
from khata.problem import Choice, Deed, Problem
from khata.transfers.accounts import branch_name
from khata.transfers.mirror import why
from khata.transfers.moves import Move, all_moves
from khata.transfers.postings import CASH
from khata.transfers.reading import WRONG_BRANCH, fold
from khata.transfers.rows import CANCELLED

IN_TRANSIT: Final = "transfer-in-transit"
LEGS_DIFFER: Final = "transfer-legs-differ"
WITHOUT_DISPATCH: Final = "transfer-receipt-without-dispatch"
CANCELLED_AND_RECEIVED: Final = "transfer-cancelled-and-received"

CODES: Final = (IN_TRANSIT, LEGS_DIFFER, WITHOUT_DISPATCH, CANCELLED_AND_RECEIVED, WRONG_BRANCH)
"""Every code of a problem with transfers."""


def transfer_problems(books: Books) -> Iterator[Problem]:
    """What a person should look at in transfers.

    Cost: one look at each transfer, and at the documents of those that something is to be said of.
    """
    for move in all_moves(books):
        if move.in_transit:
            yield _in_transit(books, move)
        elif move.differs:
            yield _differs(books, move)
        elif move.state == CANCELLED:
            yield from _cancelled(books, move)
        elif move.receipt is not None and move.dispatch is None:
            text = f"{_called(books, move)} was received, but what was sent is not here yet"
            choice = Choice("fetch what is on its way", "khata sync")
            yield _problem(books, move, WITHOUT_DISPATCH, text, (choice,), "booked by the receiver alone")
    yield from _strays(books)


def _in_transit(books: Books, move: Move) -> Problem:
    amount = Amount(move.amount).text
    text = f"{_called(books, move)}: {amount} {why(books, move)}"
    sender, receiver = branch_name(books, move.sender), branch_name(books, move.receiver)
    choices = (
        Choice(f"receive it, at {receiver}", f"khata transfer receive {_named(move)}"),
        Choice(f"cancel it, at {sender}", f"khata transfer cancel {_named(move)}"),
    )
    return _problem(books, move, IN_TRANSIT, text, choices, "in transit")


def _differs(books: Books, move: Move) -> Problem:
    text = f"{_called(books, move)} arrived otherwise than it was sent: {why(books, move)}"
    sender, receiver = branch_name(books, move.sender), branch_name(books, move.receiver)
    choices = []
    if move.amount > 0:
        for branch in (receiver, sender):
            words = f"it was lost on the way, and {branch} bears it: book the loss, at {branch}"
            if branch == receiver or not _is_invoiced(books, move):
                choices.append(Choice(words, f"khata transfer write-off {_named(move)}"))
    for words, taken in (
        (f"let the dispatch say what arrived, at {sender}", RECEIPT),
        (f"let the receipt say what was sent, at {receiver}", DISPATCH),
    ):
        said = _as_options(books, move, taken)
        if said:
            choices.append(Choice(words, f"khata transfer alter {_named(move)} {said}"))
    return _problem(books, move, LEGS_DIFFER, text, tuple(choices), "what its legs leave")


def _is_invoiced(books: Books, move: Move) -> bool:
    """Whether its dispatch is a tax invoice, which stays as it was issued."""
    return books.db.execute("SELECT 1 FROM vouchers WHERE id=? AND base='sales'", (move.row,)).fetchone() is not None


def _as_options(books: Books, move: Move, register: str) -> str:
    """What a leg moved, as options that make the other leg move the same; empty where options cannot say it."""
    value = fold(books.document(move.row), books.replica.chain).folded.values.get(register)
    leg = move.receipt if register == RECEIPT else move.dispatch
    try:
        posting = read_leg(value).posting
        if move.carries == CASH:
            amount = abs(leg.amount) if leg is not None else 0
            return f"--cash {Amount(amount).text}" if amount else ""
        lines = [
            f"{books.names.spelled('stock-item', line.item)}:{_unsigned(line.quantity)}={_worth(line.amount)}"
            for line in posting.stock
        ]
    except BadValue:
        return ""
    return " ".join(f"--item {shlex.quote(line)}" for line in lines)


def _unsigned(quantity: str) -> str:
    return Quantity.from_e6(abs(Quantity.parse(quantity).e6)).text


def _worth(amount: str) -> str:
    return Amount.from_e4(abs(e4_of(amount))).text


def _cancelled(books: Books, move: Move) -> Iterator[Problem]:
    """A transfer that one branch cancelled while the other, apart from it, received it: it counts nowhere."""
    if move.receipt is None:
        return
    value = fold(books.document(move.row), books.replica.chain).folded.values.get(RECEIPT)
    if isinstance(value, dict) and value.get(CANCELLATION) is not True:
        sender, receiver = branch_name(books, move.sender), branch_name(books, move.receiver)
        text = (
            f"{_called(books, move)} was cancelled at {sender} and received at {receiver} as {move.receipt.number}, "
            "neither knowing of the other; it counts nowhere"
        )
        choice = Choice(
            f"cancel the receipt, at {receiver}, and have what did arrive sent anew",
            f"khata transfer cancel {_named(move)}",
        )
        yield _problem(books, move, CANCELLED_AND_RECEIVED, text, (choice,), "received, and not counted")


def _strays(books: Books) -> Iterator[Problem]:
    """What somebody set in a transfer who has no right to it; it is passed over."""
    rows = books.db.execute(
        "SELECT p.document, p.text, d.id, s.path FROM document_problems p JOIN documents d ON d.row=p.document "
        "JOIN scopes s ON s.id=d.scope WHERE p.code=?",
        (WRONG_BRANCH,),
    )
    for row, text, id, scope in rows.fetchall():
        document = books.document(row)
        strays = set(fold(document, books.replica.chain).strays)
        deeds = in_order(
            deed(books, save, f"set its {register}")
            for save in document.saves().values()
            for register in save.values
            if (register, save.author) in strays
        )
        document_id = bytes(id).hex()
        yield Problem(
            WRONG_BRANCH, (document_id,), f"transfer {document_id[:8]}: {text}", (), deeds,
            branches=branches_of(deeds, [scope]), about=(document_id, scope, text),
        )  # fmt: skip


def _problem(books: Books, move: Move, code: str, text: str, choices: tuple[Choice, ...], at_stake: str) -> Problem:
    document = books.document(move.row)
    deeds = in_order([
        *_story(books, document, DISPATCH, "sent it", "altered what was sent"),
        *_story(books, document, RECEIPT, "received it", "altered what was received"),
        *set_by(books, document, [CANCELLATION], "cancelled it"),
    ])  # fmt: skip
    effect = of_vouchers(books, [move.row, -move.row])
    return Problem(
        code, (move.document.hex(),), text, choices, deeds, effect, at_stake if effect else "",
        tuple(sorted({move.sender, move.receiver})), (move.document.hex(), move.scope),
    )  # fmt: skip


def _story(books: Books, document: Document, leg: str, first: str, later: str) -> Iterator[Deed]:
    """Who wrote a leg first, and whose alteration shows: what was sent once is not sent again when it is altered."""
    last = showing(document, leg)
    saves = [save for save in document.saves().values() if leg in save.values]
    if last is None:
        return
    branch = branch_of(books, last.author)
    ours = [save for save in saves if branch_of(books, save.author) == branch]
    made = min(ours, key=lambda save: (save.time, save.id))
    yield deed(books, made, first)
    if last.id != made.id:
        yield deed(books, last, later)


def _called(books: Books, move: Move) -> str:
    """A transfer in words: what goes where, under which number."""
    leg: Any = move.dispatch or move.receipt
    number = leg.number if leg is not None and leg.number else move.document.hex()[:8]
    sender, receiver = branch_name(books, move.sender), branch_name(books, move.receiver)
    return f"transfer {number} of {move.carries} from {sender} to {receiver}"


def _named(move: Move) -> str:
    return move.document.hex()
