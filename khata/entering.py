"""Entering, altering and cancelling vouchers at this copy: the rules that hold before anything is saved.

What other copies did cannot be refused any more, and is found by `problems` instead; here a mistake is refused while
the person who made it is looking.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from crdt_models.document import Document
from crdt_models.voucher_types import BASE_TYPES
from crdt_models.vouchers import BLANK, KIND, Posting, Voucher, changed, check
from khata.books import Books, Change
from khata.errors import BooksError
from khata.naming import ID_PREFIX
from khata.numbering import next_number
from khata.reading import read_voucher
from khata.versions import read_version
from khata.voucher_form import BESIDE, Form, form_of, posting_of
from khata.voucher_lookup import VoucherName
from khata.years import financial_year
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


def enter_form(books: Books, form: Form) -> Entered:
    """Enter a new voucher that is written with names.

    Raises:
        BooksError, DocumentError: it breaks a rule; nothing was saved.
    """
    with books.writing():
        posting = posting_of(books.names, form)
        beside = {field: _beside(form, field) for field in BESIDE}
        if "optional" not in form:
            beside["optional"] = _optional_by_default(books, posting)
        return enter(books, posting, **beside)


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
        number = next_number(books.db, member.series, posting.base, posting.date)
        voucher = Voucher(
            id=books.random(_ID_BYTES),
            posting=posting,
            number=number,
            narration=narration,
            reference=reference,
            reference_date=reference_date,
            optional=optional,
        )
        scope = voucher_scope(member.branch, posting.base, posting.date)
        (commit,) = books.save(scope, [Change(KIND, voucher.id, voucher.registers())])
    return Entered(voucher.id, number, commit.id)


def alter_form(books: Books, found: VoucherName, changes: Form, version: str = "") -> Entered:
    """Alter a voucher: the fields given replace those it has; lists are replaced whole.

    Args:
        version: what its author was looking at, as `voucher show` gives it; empty for the voucher as it is now.

    Raises:
        BooksError, DocumentError: it breaks a rule; nothing was saved.
    """
    with books.writing():
        document, parents, before = _version_of(books, found, version)
        (cancelled,) = books.db.execute("SELECT cancelled FROM vouchers WHERE id=?", (found.row,)).fetchone()
        if cancelled:
            raise BooksError(
                f"voucher {before.number or before.id.hex()} was cancelled and stays so; enter a new one instead"
            )
        shown = form_of(books.names, before.posting)
        shown.pop("extra", None)
        form = {**shown, **changes}
        posting = posting_of(books.names, form, before.posting)
        check_posting(books, posting, before.posting)
        _check_issued(before, posting)
        beside = {field: _beside(changes, field) for field in BESIDE if field in changes}
        after = msgspec.structs.replace(before, posting=posting, **beside)
        return _save(books, document, parents, changed(before, after), before.number)


def cancel(books: Books, found: VoucherName, version: str = "") -> Entered:
    """Cancel a voucher: it keeps its number and its place, and counts nowhere. Nobody can undo it.

    Raises:
        BooksError: it was cancelled before; nothing was saved.
    """
    with books.writing():
        document = books.document(found.row)
        parents = read_version(document, version)
        number = read_voucher(document.fold().values).number
        (cancelled,) = books.db.execute("SELECT cancelled FROM vouchers WHERE id=?", (found.row,)).fetchone()
        if cancelled:
            raise BooksError(f"voucher {number or found.document.hex()} was cancelled before; there is nothing to do")
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
    if not posting.entries and not posting.stock:
        raise BooksError("a voucher needs entries; give --debit and --credit, or a file with --file")
    if not posting.entries and BASE_TYPES[posting.base].posts_accounts:
        raise BooksError("this type of voucher posts to ledgers; give --debit and --credit")
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


def _check_issued(before: Voucher, after: Posting) -> None:
    """An issued number belongs to one series, and so to one base type and one financial year."""
    if not before.number:
        return
    if after.base != before.posting.base:
        raise BooksError(
            f"voucher {before.number} has a number of the {before.posting.base} series; cancel it and enter a new one"
        )
    try:
        moved = financial_year(after.date) != financial_year(before.posting.date)
    except ValueError:
        moved = False
    if moved:
        raise BooksError(
            f"voucher {before.number} was issued in the financial year {financial_year(before.posting.date)} and "
            "cannot move to another; cancel it and enter a new one"
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
