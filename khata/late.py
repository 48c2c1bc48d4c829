"""Problems with locked periods: what came late or against a lock, who did it, and how it is settled."""

from datetime import date, timedelta
from typing import Final

from crdt_models.document import Document
from crdt_models.folding import Folded
from crdt_models.transfers import KIND as TRANSFER
from crdt_models.vouchers import KIND as VOUCHER
from khata import effects
from khata.books import Books
from khata.conflicts import document_label
from khata.deeds import branches_of, deed_of, in_order
from khata.locking import counted
from khata.open_periods import locked_until
from khata.problem import Choice, Effect, Problem
from khata.reading import ReadVoucher, cancelled_in_conflict, read_voucher
from khata.transfers.reading import read_transfer

LATE: Final = "late-voucher"
OFFENCE: Final = "entered-into-locked-period"


def lock_problems(books: Books) -> list[Problem]:
    """Every document that a lock keeps something out of, by scope and id.

    Cost: one lookup where no lock keeps anything out; about 200 µs a document.
    """
    rows = books.db.execute(
        "SELECT DISTINCT d.row FROM kept_out k JOIN documents d ON d.row=k.document JOIN scopes s ON s.id=d.scope "
        "ORDER BY s.path, d.id"
    )
    return [_problem(books, row) for (row,) in rows.fetchall()]


def problem_of(books: Books, row: int) -> Problem | None:
    """What a lock keeps out of a document, as a problem; None where it keeps nothing out.

    Args:
        row: the document's local number.
    """
    found = books.db.execute("SELECT 1 FROM kept_out WHERE document=?", (row,)).fetchone()
    return _problem(books, row) if found is not None else None


def ways_out(books: Books, row: int) -> tuple[Choice, ...]:
    """How what is kept out of a document is settled.

    Args:
        row: the document's local number; something is kept out of it.
    """
    return _problem(books, row).choices


def _problem(books: Books, row: int) -> Problem:
    document = books.document(row)
    kept_out = books.db.execute(
        "SELECT until, offence, alone, author, user, time_ms, save FROM kept_out WHERE document=? "
        "ORDER BY time_ms, save",
        (row,),
    ).fetchall()
    alone = any(one[2] for one in kept_out)
    code = OFFENCE if any(one[1] for one in kept_out) else LATE
    label = document_label(books, row, document.kind) or document.id.hex()[:8]
    deeds = in_order(
        deed_of(books, author, user, time_ms, _did(document, save, bool(offence)))
        for _, offence, _, author, user, time_ms, save in kept_out
    )
    effect = _effect(books, document)
    return Problem(
        code,
        (document.id.hex(),),
        _text(label, max(one[0] for one in kept_out), alone, code),
        _choices(books, document, alone, effect),
        deeds,
        effect,
        "letting it in would change balances by" if effect else "",
        branches_of(deeds, [document.scope]),
        (document.id.hex(), *sorted(one[6].hex() for one in kept_out)),
    )


def _effect(books: Books, document: Document) -> Effect:
    """What letting in all that is kept out would truly change in each ledger's balance."""
    chain, locks = books.replica.chain, books.replica.locks
    if document.kind == TRANSFER:
        here, all_in = read_transfer(document, chain, locks), read_transfer(document, chain)
        return effects.of_change(
            books.names,
            [leg.voucher for leg in here.legs if not leg.left_out],
            [leg.voucher for leg in all_in.legs],
        )
    folded = document.fold()
    counts = counted(document, folded, chain, locks)
    return effects.of_change(books.names, [] if counts.left_out else [_read(counts.folded)], [_read(folded)])


def _read(folded: Folded) -> ReadVoucher:
    """A voucher as it counts: whose cancellation clashes with something counts nowhere."""
    read = read_voucher(folded.values)
    return read._replace(cancelled=True) if folded.conflicts and cancelled_in_conflict(folded) else read


def _text(label: str, until: str, alone: bool, code: str) -> str:
    what = "was entered" if alone else "was changed"
    knew = "although the lock was known there" if code == OFFENCE else "before word of the lock came there"
    stands = "it counts nowhere" if alone else "it stands in the locked books as it was"
    return f"{label} {what} in the period locked up to {until}, {knew}; {stands} until somebody settles it"


def _did(document: Document, save: bytes, offence: bool) -> str:
    registers = ", ".join(sorted(document.saves()[save].values)) or "nothing"
    return f"saved {registers} {'knowing of the lock' if offence else 'not knowing of the lock'}"


def _choices(books: Books, document: Document, alone: bool, effect: Effect) -> tuple[Choice, ...]:
    name = document.id.hex()
    admit = Choice("let it into the locked period", f"khata lock admit {name}", effect)
    if document.kind != VOUCHER:
        day = day_after(locked_until(books, document.scope))
        altered = Choice("date it in an open period, at the branch whose half it is",
                         f"khata transfer alter {name} --date {day}")  # fmt: skip
        return (altered, admit) if alone and document.kind == TRANSFER else (admit,)
    if not alone:
        return (Choice("leave the locked books as they are", f"khata lock put-back {name}"), admit)
    day = day_after(locked_until(books, document.scope))
    return (
        Choice("date it in an open period", f"khata lock redate {name} --date {day}"),
        admit,
        Choice("cancel it", f"khata voucher cancel {name}"),
    )


def day_after(day: str) -> str:
    """The date that follows one."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
