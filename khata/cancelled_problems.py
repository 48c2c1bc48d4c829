"""Vouchers that one branch cancelled while another, apart from it, changed them: told, accepted or entered anew.

Cancelling is never undone, so the change stands in the edit log and counts nowhere. That may be what everybody wants,
or a correction that has to be entered anew; only a person can tell.
"""

from collections.abc import Iterator

import msgspec

from crdt_models.document import Document
from crdt_models.transfers import KIND as TRANSFER
from crdt_models.vouchers import KIND as VOUCHER
from khata.accepting import accept
from khata.books import Books
from khata.changed_apart import CANCELLED_BESIDE_CHANGE, Apart, changed_apart
from khata.conflicts import document_label
from khata.deeds import branches_of, deed, in_order
from khata.effects import of_change
from khata.entering import Entered, enter
from khata.errors import BooksError
from khata.late import day_after
from khata.locking import counted
from khata.open_periods import locked_until
from khata.problem import Choice, Problem
from khata.reading import ReadVoucher, read_voucher
from khata.transfers.accounts import branch_name
from khata.transfers.reading import changes_of_dispatch

_SPOKEN = {"posting": "what it posts", "reference_date": "reference date", "optional": "whether it is optional"}


def cancelled_problems(books: Books) -> Iterator[Problem]:
    """Vouchers and dispatches that were cancelled beside a change.

    Cost: one look into an index, and a document for each that is found.
    """
    rows = books.db.execute("SELECT DISTINCT document FROM document_problems WHERE code=?", (CANCELLED_BESIDE_CHANGE,))
    for (row,) in rows.fetchall():
        document = books.document(row)
        apart = _apart(books, document)
        if apart is not None:
            yield _problem(books, row, document, apart)


def _apart(books: Books, document: Document) -> Apart | None:
    if document.kind == TRANSFER:
        return changes_of_dispatch(document, books.replica.chain)
    return changed_apart(_standing(books, document))


def _standing(books: Books, document: Document) -> Document:
    """A voucher without what locked periods keep out of it, which is a problem of its own."""
    return counted(document, document.fold(), books.replica.chain, books.replica.locks).document


def _problem(books: Books, row: int, document: Document, apart: Apart) -> Problem:
    label = document_label(books, row, document.kind) or document.id.hex()[:8]
    what = " and ".join(_SPOKEN.get(register, register) for register in apart.registers)
    cancelled = " and ".join(sorted({books.device_name(save.author) for save in apart.cancels}))
    changed = " and ".join(sorted({books.device_name(save.author) for save in apart.changes}))
    text = (
        f"{label}: {cancelled} cancelled it while {changed} changed {what}, neither knowing of the other; it stays "
        "cancelled, and the change counts nowhere"
    )
    if document.kind == TRANSFER:
        text += "; what was sent all the same is sent anew with `khata transfer send`"
    deeds = in_order([
        *(deed(books, save, "cancelled it") for save in apart.cancels),
        *(deed(books, save, f"changed {what}, apart from that") for save in apart.changes),
    ])  # fmt: skip
    would = _would_say(document) if document.kind == VOUCHER else None
    effect = of_change(books.names, [], [would]) if would is not None else ()
    saves = sorted(save.id.hex() for save in (*apart.cancels, *apart.changes))
    found = Problem(
        CANCELLED_BESIDE_CHANGE, (document.id.hex(),), text, (), deeds, effect,
        "as it was changed, it would have counted" if effect else "", branches_of(deeds, [document.scope]),
        (document.id.hex(), document.scope, *saves),
    )  # fmt: skip
    return found._replace(choices=tuple(_choices(books, found, document, would)))


def _choices(books: Books, found: Problem, document: Document, would: ReadVoucher | None) -> Iterator[Choice]:
    if would is None or would.posting is None or not would.sound:
        return
    until = locked_until(books, document.scope)
    dated = f" --date {day_after(until)}" if would.posting.date <= until else ""
    there = branch_name(books, document.scope.split("/")[1])
    yield Choice(
        f"it was cancelled by mistake: enter it anew, as it was changed, at {there}",
        f"khata problems enter-anew {found.id}{dated}", found.effect,
    )  # fmt: skip


def _would_say(document: Document) -> ReadVoucher:
    """What a voucher says with the change, were it not cancelled."""
    return read_voucher(document.fold().values)._replace(cancelled=False)


def enter_anew(books: Books, problem: Problem, date: str = "") -> Entered:
    """Enter a voucher that was cancelled beside a change anew, as it was changed; the problem is accepted with that.

    Args:
        problem: of code `cancelled-beside-change`.
        date: another than it had; empty for the same.

    Raises:
        BooksError, DocumentError: it is of another branch, is no voucher, or breaks a rule; nothing was saved.
    """
    with books.writing():
        id, scope = problem.about[:2]
        document = books.replica.document(scope, VOUCHER, bytes.fromhex(id))
        read = _would_say(document) if document is not None else None
        if read is None or read.posting is None:
            raise BooksError("there is no voucher to enter anew; send a transfer anew with `khata transfer send`")
        branch = scope.split("/")[1]
        if branch != books.member.branch:
            raise BooksError(
                f"it stands in the books of {branch_name(books, branch)}, and this device is of "
                f"{branch_name(books, books.member.branch)}; have it entered anew there"
            )
        posting = msgspec.structs.replace(read.posting, date=date) if date else read.posting
        entered = enter(
            books,
            posting,
            narration=read.narration,
            reference=read.reference,
            reference_date=read.reference_date,
            optional=read.optional,
        )
        accept(books, problem.id, f"entered anew as {entered.number}")
        return entered
