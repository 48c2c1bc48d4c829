"""Entering, altering and cancelling vouchers at this copy: the rules that hold before anything is saved.

What other copies did cannot be refused any more, and is found by `problems` instead; here a mistake is refused while
the person who made it is looking.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from crdt_models.document import Document
from crdt_models.vouchers import BLANK, KIND, Posting, Voucher, changed, check
from khata.bill_choices import with_bills, with_kept_bills
from khata.books import Books, Change
from khata.by_hand import check_by_hand
from khata.errors import BooksError
from khata.gst import retaxing
from khata.gst.checking import check_gst, kept_as_entered
from khata.gst.invoice import completed, is_invoice, without_stale
from khata.moving import check_moves, check_units
from khata.naming import ID_PREFIX
from khata.numbering import next_number
from khata.open_periods import check_open, date_in_books
from khata.reading import read_voucher
from khata.transfers.rights import check_no_leg
from khata.versions import read_version
from khata.voucher_form import BESIDE, Form, form_of, posting_of
from khata.voucher_lookup import VoucherName
from khata.years import financial_year, year_starts
from p2p.scope import voucher_scope

_ID_BYTES = 16


class Entered(NamedTuple):
    """What was saved: the voucher's id and number, and the commit that holds the save (None: nothing to change).

    `settled` names the registers on which this save ended a conflict.
    """

    id: bytes
    number: str
    commit: bytes | None
    settled: tuple[str, ...] = ()


def enter_form(books: Books, form: Form, by_hand: bool = False) -> Entered:
    """Enter a new voucher that is written with names.

    Args:
        by_hand: a person types it, so what is surely a slip is refused; programs may enter what imports bring.

    Raises:
        BooksError, DocumentError: it breaks a rule; nothing was saved.
    """
    with books.writing():
        written = completed(books, form, books.member.branch)
        posting = posting_of(books.names, written)
        if form.get("bills"):
            posting = with_bills(books, posting, form["bills"])
        if form.get("as_entered"):
            posting = kept_as_entered(posting)
        if by_hand:
            check_posting(books, posting)
            check_by_hand(books, posting)
        beside = {field: _beside(form, field) for field in BESIDE}
        if "optional" not in form:
            beside["optional"] = _optional_by_default(books, posting)
        return enter(books, posting, **beside)


def _with_bill_names(posting: Posting, number: str) -> Posting:
    """Give new bills without a name the voucher's own number, which is what they are called by."""
    entries = tuple(
        entry
        if all(bill.name or bill.kind != "new" for bill in entry.bills)
        else msgspec.structs.replace(
            entry,
            bills=tuple(
                bill if bill.name or bill.kind != "new" else msgspec.structs.replace(bill, name=number)
                for bill in entry.bills
            ),
        )
        for entry in posting.entries
    )
    return posting if entries == posting.entries else msgspec.structs.replace(posting, entries=entries)


def _optional_by_default(books: Books, posting: Posting) -> bool:
    row = books.db.execute("SELECT optional FROM voucher_types WHERE document=?", (posting.type,)).fetchone()
    return bool(row and row[0])


def enter(
    books: Books,
    posting: Posting,
    *,
    narration: str = "",
    reference: str = "",
    reference_date: str = "",
    optional: bool = False,
) -> Entered:
    """Enter a new voucher: check it, give it the next number of this device, save it.

    Raises:
        BooksError, DocumentError: it breaks a rule; nothing was saved.
    """
    with books.writing():
        check_posting(books, posting)
        member = books.member
        check_gst(books, posting, member.branch)
        number = next_number(books.db, member.series, posting.base, posting.date)
        voucher = Voucher(
            id=books.random(_ID_BYTES),
            posting=_with_bill_names(posting, number),
            number=number,
            narration=narration,
            reference=reference,
            reference_date=reference_date,
            optional=optional,
        )
        scope = voucher_scope(member.branch, posting.base, posting.date)
        check_open(books, scope, posting.date)
        (commit,) = books.save(scope, [Change(KIND, voucher.id, voucher.registers())])
    return Entered(voucher.id, number, commit.id)


def alter_form(books: Books, found: VoucherName, changes: Form, version: str = "", by_hand: bool = False) -> Entered:
    """Alter a voucher: the fields given replace those it has; lists are replaced whole.

    Args:
        version: what its author was looking at, as `voucher show` gives it; empty for the voucher as it is now.
        by_hand: a person types it, so what is surely a slip is refused.

    Raises:
        BooksError, DocumentError: it breaks a rule; nothing was saved.
    """
    with books.writing():
        check_no_leg(books, found.row)
        document, parents, before = _version_of(books, found, version)
        (cancelled,) = books.db.execute("SELECT cancelled FROM vouchers WHERE id=?", (found.row,)).fetchone()
        if cancelled:
            raise BooksError(
                f"voucher {before.number or before.id.hex()} was cancelled and stays so; enter a new one instead"
            )
        shown = form_of(books.names, before.posting)
        shown.pop("extra", None)
        branch = document.scope.split("/")[1]
        _check_stock_follows(before.posting, changes)
        posting = _altered(books, found, before, {**without_stale(shown, changes), **changes}, changes, branch)
        check_posting(books, posting, before.posting)
        if by_hand:
            check_by_hand(books, posting, before.posting)
        check_gst(books, posting, branch, before.posting)
        check_open(books, found.scope, date_in_books(books, found.row), posting.date)
        _check_issued(books, before, posting)
        beside = {field: _beside(changes, field) for field in BESIDE if field in changes}
        after = msgspec.structs.replace(before, posting=posting, **beside)
        return _save(books, document, parents, changed(before, after), before.number)


def _altered(books: Books, found: VoucherName, before: Voucher, form: Form, changes: Form, branch: str) -> Posting:
    """The posting that an alteration comes to, with its tax and its bills."""
    anew = bool(changes.get("recompute")) and not is_invoice(changes)
    if anew:
        form = {field: value for field, value in form.items() if field not in retaxing.FIELDS}
    posting = posting_of(books.names, completed(books, form, branch), before.posting)
    if anew:
        posting = retaxing.retaxed(books, posting, branch, changes)
    if changes.get("bills"):
        posting = with_bills(books, posting, changes["bills"], found.row)
    elif changes.get("keep_bills"):
        posting = with_kept_bills(posting, before.posting, is_invoice(changes))
    posting = _with_bill_names(posting, before.number)
    return kept_as_entered(posting) if changes.get("as_entered") else posting


def _check_stock_follows(before: Posting, changes: Form) -> None:
    """Refuse other entries over the stock lines that they were made from."""
    if before.stock and changes.get("entries") and "stock" not in changes:
        raise BooksError(
            "this voucher has stock lines, which other entries would leave as they are; give --item and --charge, from "
            "which entries and stock lines are made anew, or both in a --file, as `khata voucher show --json` has them"
        )


def cancel(books: Books, found: VoucherName, version: str = "") -> Entered:
    """Cancel a voucher: it keeps its number and its place, and counts nowhere. Nobody can undo it.

    Raises:
        BooksError: it was cancelled before; nothing was saved.
    """
    with books.writing():
        check_no_leg(books, found.row)
        document = books.document(found.row)
        parents = read_version(document, version)
        number = read_voucher(document.fold().values).number
        (cancelled,) = books.db.execute("SELECT cancelled FROM vouchers WHERE id=?", (found.row,)).fetchone()
        if cancelled:
            raise BooksError(f"voucher {number or found.document.hex()} was cancelled before; there is nothing to do")
        check_open(books, found.scope, date_in_books(books, found.row))
        return _save(books, document, parents, {"cancelled": True}, number)


def check_posting(books: Books, posting: Posting, before: Posting | None = None) -> None:
    """Refuse a posting that may not be entered here.

    Args:
        before: the posting that is altered; what it refers to already may stay, here or not.

    Raises:
        BooksError: it moves nothing, or refers to a master that is not here or was deleted.
        DocumentError: it does not balance, or holds a date or number that is none.
    """
    check(posting)
    check_moves(posting, before)
    check_units(books, posting, before)
    known = {*_references(before)} if before is not None else set()
    for kind, id in _references(posting):
        if (kind, id) not in known:
            books.names.find_live(kind, f"{ID_PREFIX}{id.hex()}")


def _references(posting: Posting) -> Iterator[tuple[str, bytes]]:
    yield "voucher-type", posting.type
    if posting.party is not None:
        yield "ledger", posting.party
    for entry in posting.entries:
        yield "ledger", entry.ledger
        for cost in entry.costs:
            yield "cost-centre", cost.centre
    for line in posting.stock:
        yield "stock-item", line.item
        if line.godown is not None:
            yield "godown", line.godown


def _check_issued(books: Books, before: Voucher, after: Posting) -> None:
    """An issued number belongs to one series, and so to one base type and one financial year."""
    if not before.number:
        return
    if after.base != before.posting.base:
        raise BooksError(
            f"voucher {before.number} has a number of the {before.posting.base} series; cancel it and enter a new one"
        )
    starts = year_starts(books.db)
    try:
        issued, moved = financial_year(before.posting.date, starts), financial_year(after.date, starts)
    except ValueError:
        return
    if moved != issued:
        raise BooksError(
            f"voucher {before.number} was issued in the financial year {issued} and cannot move to another; "
            "cancel it and enter a new one"
        )


def _version_of(books: Books, found: VoucherName, version: str) -> tuple[Document, Sequence[bytes], Voucher]:
    """The document, the parents of a save made by somebody who looks at that version, and what it showed."""
    document = books.document(found.row)
    parents = read_version(document, version)
    values = document.fold_at(parents).values
    read = read_voucher(values)
    if read.posting is None:
        raise BooksError(
            f"voucher {read.number or found.document.hex()} cannot be read by this khata; update khata, or settle its "
            "posting with `khata conflicts`"
        )
    voucher = Voucher(
        id=document.id,
        posting=read.posting,
        number=read.number,
        reference=read.reference,
        reference_date=read.reference_date,
        narration=read.narration,
        cancelled=read.cancelled,
        optional=read.optional,
    )
    return document, parents, voucher


def _save(books: Books, document: Document, parents: Sequence[bytes], values: dict[str, Any], number: str) -> Entered:
    if not values:
        return Entered(document.id, number, None)
    settled = tuple(
        conflict.register
        for conflict in document.fold().conflicts
        if conflict.register in values and set(parents) == set(document.heads())
    )
    (commit,) = books.save(document.scope, [Change(document.kind, document.id, values, parents)])
    return Entered(document.id, number, commit.id, settled)


def _beside(form: Form, field: str) -> Any:
    value = form.get(field, BLANK[field])
    if type(value) is not type(BLANK[field]):
        raise BooksError(f"{field} is {value!r}; expected {'true or false' if field == 'optional' else 'text'}")
    return value
