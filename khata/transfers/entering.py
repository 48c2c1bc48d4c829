"""Sending, receiving, altering and cancelling transfers at this copy: the rules that hold before anything is saved."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from crdt_models.document import Document
from crdt_models.errors import BadValue
from crdt_models.folding import as_seen_at
from crdt_models.transfers import CANCELLED, DISPATCH, KIND, RECEIPT, ROUTE, Leg, Route, read_leg
from crdt_models.vouchers import Posting
from khata.books import Books, Change
from khata.entering import Entered
from khata.errors import BooksError
from khata.open_periods import check_open
from khata.transfers.accounts import branch_name
from khata.transfers.lookup import TransferName
from khata.transfers.losses import with_loss
from khata.transfers.moves import all_moves
from khata.transfers.postings import CASH, GOODS, Item, arrived, cash, goods, of_form
from khata.transfers.reading import ReadTransfer, fold, read_transfer
from khata.transfers.rules import check_entered, check_issued, money_of, number_for, worth
from khata.versions import read_version
from khata.voucher_form import Form
from p2p.scope import transfer_scope

BESIDE: Final = ("reference", "reference_date", "narration")
_ID_BYTES: Final = 16


def send_goods(books: Books, to: str, date: str, items: Sequence[Item], beside: Mapping[str, Any]) -> Entered:
    """Send goods to another branch.

    Args:
        to: code of the branch.
        items: lines as invoices have them; one without a rate goes at what it cost.
        beside: `reference`, `reference_date` and `narration`, as far as they were said.

    Raises:
        BooksError, DocumentError: it breaks a rule; nothing was saved.
    """
    with books.writing():
        route = _route(books, to, GOODS)
        return _send(books, route, goods(books, route, DISPATCH, date, items), beside)


def send_cash(books: Books, to: str, date: str, ledger: str, amount: str, beside: Mapping[str, Any]) -> Entered:
    """Send cash to another branch out of a cash or bank ledger.

    Raises:
        BooksError, DocumentError: it breaks a rule; nothing was saved.
    """
    with books.writing():
        route = _route(books, to, CASH)
        return _send(books, route, cash(books, route, DISPATCH, date, ledger, amount), beside)


def send_form(books: Books, to: str, form: Form) -> Entered:
    """Send what a form in the shape of `voucher add --file` describes: goods if it has stock lines, else cash.

    Raises:
        BooksError, DocumentError: it breaks a rule; nothing was saved.
    """
    with books.writing():
        route = _route(books, to, GOODS if form.get("stock") or form.get("items") else CASH)
        return _send(books, route, of_form(books, route, DISPATCH, form), _written_beside(form))


def _written_beside(form: Form) -> dict[str, str]:
    """What a form says beside the posting.

    Raises:
        BooksError: something of it is no text.
    """
    found = {field: form[field] for field in BESIDE if form.get(field)}
    for field, value in found.items():
        if not isinstance(value, str):
            raise BooksError(f"{field} is {value!r}; expected text")
    return found


def _route(books: Books, to: str, carries: Any) -> Route:
    own = books.member.branch
    if to == own:
        raise BooksError(f"this device is of {branch_name(books, own)} itself; a transfer goes to another branch")
    return Route(sender=own, receiver=to, carries=carries)


def _send(books: Books, route: Route, posting: Posting, beside: Mapping[str, Any]) -> Entered:
    scope = transfer_scope(route.sender, route.receiver, posting.date)
    check_entered(books, route, DISPATCH, posting, None)
    check_open(books, scope, posting.date)
    leg = Leg(posting=posting, number=number_for(books, DISPATCH, posting), **beside)
    id = books.random(_ID_BYTES)
    change = Change(KIND, id, {ROUTE: route.value(), DISPATCH: leg.value()})
    (commit,) = books.save(scope, [change])
    return Entered(id, leg.number, commit.id)


def receive(
    books: Books,
    found: TransferName,
    date: str,
    beside: Mapping[str, Any],
    *,
    short: Mapping[bytes, str] | None = None,
    godown: str = "",
    ledger: str = "",
    amount: str = "",
    form: Form | None = None,
    version: str = "",
) -> Entered:
    """Receive what another branch has sent: all of it, unless something else is said.

    Args:
        short: how much of an item arrived, by document id, where it is less than was sent.
        godown: where goods are put.
        ledger: where cash goes; `Cash` when empty.
        amount: how much cash arrived; what was sent when empty.
        form: the receipt as somebody wrote it themselves, in the shape of `voucher add --file`; goes before `beside`.
        version: what its author was looking at; empty for the transfer as it is now.

    Raises:
        BooksError, DocumentError: it breaks a rule; nothing was saved.
    """
    with books.writing():
        document, parents, read = _seen(books, found, version)
        route = _own(books, read, RECEIPT)
        sent = _dispatch_of(read)
        before = _leg(read, RECEIPT)
        if before is not None and not before.cancelled:
            raise BooksError(
                f"it was received as {before.number}; `khata transfer alter {found.document.hex()}` changes what was "
                "received"
            )
        if date < sent.posting.date:
            raise BooksError(f"it was sent on {sent.posting.date} and cannot arrive on {date}; give a later --date")
        if form is not None:
            posting, beside = of_form(books, route, RECEIPT, {"date": date, **form}), _written_beside(form)
        elif route.carries == GOODS:
            posting = goods(books, route, RECEIPT, date, arrived(sent.posting, short or {}, godown))
        else:
            amount = amount or worth(books, route, DISPATCH, sent.posting)
            posting = cash(books, route, RECEIPT, date, ledger or "Cash", amount)
        check_entered(books, route, RECEIPT, posting, None)
        check_open(books, document.scope, posting.date)
        number = before.number if before is not None else number_for(books, RECEIPT, posting)
        said = {"reference": sent.number, "reference_date": sent.posting.date, **beside}
        return _save(books, document, parents, RECEIPT, Leg(posting=posting, number=number, **said))


def alter(
    books: Books,
    found: TransferName,
    beside: Mapping[str, Any],
    *,
    date: str = "",
    items: Sequence[Item] = (),
    ledger: str = "",
    amount: str = "",
    form: Form | None = None,
    version: str = "",
) -> Entered:
    """Alter this branch's own leg: what was sent at the sender, what was received at the receiver.

    Args:
        items, ledger, amount: what replaces the goods, the cash or bank ledger, the amount; empty to keep them.
        form: the leg as somebody wrote it themselves; goes before `beside`.
        version: what its author was looking at; empty for the transfer as it is now.

    Raises:
        BooksError, DocumentError: it breaks a rule; nothing was saved.
    """
    with books.writing():
        document, parents, read = _seen(books, found, version)
        register = _own_leg(books, read)
        route, before = _own(books, read, register), _leg(read, register)
        if before is None or before.cancelled:
            raise BooksError("there is nothing to alter yet; receive it first with `khata transfer receive`")
        when = date or before.posting.date
        if form is not None:
            posting, beside = of_form(books, route, register, {"date": when, **form}), _written_beside(form)
        elif items:
            posting = goods(books, route, register, when, items)
        elif ledger or amount:
            money = ledger or money_of(books, route, register, before.posting)
            amount = amount or worth(books, route, register, before.posting)
            posting = cash(books, route, register, when, money, amount)
        else:
            posting = msgspec.structs.replace(before.posting, date=when)
        check_entered(books, route, register, posting, before.posting)
        check_open(books, document.scope, _date_in_books(books, document, register), posting.date)
        check_issued(books, before, posting)
        after = msgspec.structs.replace(before, posting=posting, **beside)
        return _save(books, document, parents, register, after, before)


def write_off(books: Books, found: TransferName, account: str = "", version: str = "") -> Entered:
    """Book what was sent and did not arrive as lost, in the half of this device's branch, which bears it.

    Args:
        account: the ledger it is booked on, an expense; empty for the usual one.

    Raises:
        BooksError, DocumentError: nothing is missing, or it breaks a rule; nothing was saved.
    """
    with books.writing():
        document, parents, read = _seen(books, found, version)
        register = _own_leg(books, read)
        route, before = _own(books, read, register), _leg(read, register)
        move = next(move for move in all_moves(books) if move.row == found.row)
        if before is None or before.cancelled:
            raise BooksError("it was not received yet, so nothing is known to be lost; cancel it, or receive it first")
        posting = with_loss(books, move, register, before.posting, account)
        check_entered(books, route, register, posting, before.posting)
        check_open(books, document.scope, _date_in_books(books, document, register), posting.date)
        return _save(books, document, parents, register, msgspec.structs.replace(before, posting=posting), before)


def cancel(books: Books, found: TransferName, version: str = "") -> Entered:
    """Cancel: at the sender the transfer, unless it was received; at the receiver the receipt.

    A cancelled transfer stays so; a receipt that was cancelled can be made again, under its number.

    Raises:
        BooksError: it was cancelled before, or was received; nothing was saved.
    """
    with books.writing():
        document, parents, read = _seen(books, found, version)
        register = _own_leg(books, read)
        sent, came = _leg(read, DISPATCH), _leg(read, RECEIPT)
        if register == RECEIPT:
            if came is None or came.cancelled:
                raise BooksError("nothing of it was received here; only the sender can cancel the transfer itself")
            check_open(books, document.scope, _date_in_books(books, document, register))
            return _save(books, document, parents, RECEIPT, msgspec.structs.replace(came, cancelled=True), came)
        if read.cancelled:
            raise BooksError("it was cancelled before; there is nothing to do")
        if came is not None and not came.cancelled:
            assert read.route is not None
            there = branch_name(books, read.route.receiver)
            raise BooksError(
                f"{there} has received it as {came.number}; it can be cancelled once {there} has cancelled its receipt"
            )
        check_open(books, document.scope, _date_in_books(books, document, DISPATCH))
        number = sent.number if sent is not None else ""
        return _saved(books, document, parents, {CANCELLED: True}, number)


# -- what is there ----------------------------------------------------------------------------------------------------


def _seen(books: Books, found: TransferName, version: str) -> tuple[Document, Sequence[bytes], ReadTransfer]:
    """The document, the parents of a save by somebody who looks at that version, and what it showed."""
    document = books.document(found.row)
    parents = read_version(document, version)
    seen = document
    if version:
        seen = document.emptied(document.saves().keys() - as_seen_at(document.saves(), parents).keys())
    return document, parents, read_transfer(seen, books.replica.chain)


def _own_leg(books: Books, read: ReadTransfer) -> str:
    if read.route is not None and books.member.branch == read.route.receiver:
        return RECEIPT
    return DISPATCH


def _own(books: Books, read: ReadTransfer, register: str) -> Route:
    """The route, where this device may write that leg and the transfer still counts."""
    route, own = read.route, books.member.branch
    if route is None:
        raise BooksError("it does not say from which branch to which it goes; update khata, or enter it again")
    if own != route.branch(register):
        act = "receive" if register == RECEIPT else "alter"
        raise BooksError(
            f"only {branch_name(books, route.branch(register))} can {act} it; this device is of "
            f"{branch_name(books, own) or 'no branch'}"
        )
    if read.cancelled:
        raise BooksError("it was cancelled and counts nowhere; have it sent again")
    return route


def _dispatch_of(read: ReadTransfer) -> Leg:
    leg = _leg(read, DISPATCH)
    if leg is None or not read.complete:
        raise BooksError("what was sent is not here yet; run `khata sync` first")
    return leg


def _leg(read: ReadTransfer, register: str) -> Leg | None:
    """A leg that can be built on.

    Raises:
        BooksError: this version of khata cannot read it.
    """
    value = read.folded.values.get(register)
    if value is None:
        return None
    try:
        return read_leg(value)
    except BadValue as error:
        raise BooksError(f"its {register} cannot be read by this khata: {error}; update khata") from error


def _date_in_books(books: Books, document: Document, register: str) -> str:
    """The day under which a leg counts; empty where a lock keeps all of it out."""
    read = read_transfer(document, books.replica.chain, books.replica.locks).leg(register)
    posting = read.voucher.posting if read is not None and not read.left_out else None
    return posting.date if posting is not None else ""


def _save(
    books: Books, document: Document, parents: Sequence[bytes], register: str, leg: Leg, before: Leg | None = None
) -> Entered:
    values = {} if before == leg else {register: leg.value()}
    return _saved(books, document, parents, values, leg.number)


def _saved(
    books: Books, document: Document, parents: Sequence[bytes], values: Mapping[str, Any], number: str
) -> Entered:
    if not values:
        return Entered(document.id, number, None)
    settled = tuple(
        conflict.register
        for conflict in fold(document, books.replica.chain).folded.conflicts
        if conflict.register in values and set(parents) == set(document.heads())
    )
    (commit,) = books.save(document.scope, [Change(KIND, document.id, dict(values), parents)])
    return Entered(document.id, number, commit.id, settled)
