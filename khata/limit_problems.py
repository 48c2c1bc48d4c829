"""Limits that two branches pass together: stock below nothing, credit given beyond what was agreed.

Neither did anything wrong, and nothing is refused or taken back. Each is reported until the goods are there, the money
came, or somebody says what is so: that less was sold, more was there, more credit is given.
"""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from crdt_models.money import Amount, Quantity
from khata.books import Books
from khata.deeds import branches_of, deed, in_order, showing
from khata.effects import of_vouchers
from khata.errors import BooksError
from khata.listing import same_masters
from khata.naming import ID_PREFIX
from khata.problem import Choice, Deed, Problem
from khata.reports.credit import PassedLimit, credit_limit_passed
from khata.reports.negative_stock import NegativeStock, negative_stock
from khata.transfers.accounts import branch_name
from p2p.store import prefix_of

NEGATIVE_STOCK: Final = "negative-stock"
NEGATIVE_AT_BRANCH: Final = "negative-stock-at-branch"
CREDIT_LIMIT: Final = "credit-limit-passed"

_LOOKED_INTO_MAX: Final = 5
"""Of how many vouchers it is told who entered them: the last."""


def stock_problems(books: Books) -> Iterator[Problem]:
    """Items of which less than nothing lies in a godown, or of which a branch took what others have.

    Cost: about 6 µs a stock line.
    """
    for below in negative_stock(books):
        rows = _rows(books, below.vouchers)
        deeds = in_order(_entered(books, rows, "took out goods in"))
        place: tuple[str, ...] = (below.item_id.hex(), below.godown_id.hex())
        if below.branch:
            # The date is part of it, so that accepting it once says nothing about what is taken after it was mended.
            place = (*place, below.branch, below.since)
        found = Problem(
            NEGATIVE_AT_BRANCH if below.branch else NEGATIVE_STOCK,
            (below.item_id.hex(), *(id.hex() for id in below.vouchers)), below.text, (), deeds,
            branches=tuple(sorted({*branches_of(deeds), *below.branches})), about=place,
        )  # fmt: skip
        yield found._replace(choices=tuple(_ways_out(books, below, found.id, rows)))


def _ways_out(books: Books, below: NegativeStock, problem: str, rows: Sequence[tuple[int, str]]) -> Iterator[Choice]:
    where = f" in {below.godown}" if below.godown else ""
    if not below.branch:
        # A count is of the whole godown, so it does not say whose the goods were.
        yield Choice(
            f"goods came in that were not entered: count what of {below.item} lies{where}, and say how much (0 here)"
            f"{_at(books, below.branches)}",
            f"khata problems count {problem} --quantity 0",
        )
    for row, document in rows:
        (taken,) = books.db.execute(
            "SELECT coalesce(sum(quantity_e6), 0) FROM stock_lines s JOIN stock_items i ON i.id=s.item "
            "WHERE s.voucher=? AND s.posted=1 AND i.document=?",
            (row, below.item_id),
        ).fetchone()
        (base, number, leg) = books.db.execute("SELECT base, number, leg FROM vouchers WHERE id=?", (row,)).fetchone()
        if taken <= below.quantity and not leg:
            words = f"{base} {number or document[:8]} of {Quantity(-taken)} cannot be delivered: cancel it"
            yield Choice(words, f"khata voucher cancel {document}", of_vouchers(books, [row], -1))


def _at(books: Books, branches: Sequence[str]) -> str:
    """Where a count is entered: in the books of a branch that took the goods out."""
    return f", at {' or at '.join(branch_name(books, code) for code in branches)}" if branches else ""


def check_concerned(books: Books, problem: Problem) -> None:
    """Refuse a count in the books of a branch that took nothing out: it would put the goods there.

    Args:
        problem: of code `negative-stock`.

    Raises:
        BooksError: this device is of another branch.
    """
    (below,) = [
        found
        for found in negative_stock(books)
        if not found.branch and (found.item_id.hex(), found.godown_id.hex()) == problem.about
    ]
    if below.branches and books.member.branch not in below.branches:
        raise BooksError(
            f"{below.item} was taken out{_at(books, below.branches).removeprefix(',')}, and this device is of "
            f"{branch_name(books, books.member.branch)}; what is counted here would stand in its books: count it there"
        )


def credit_problems(books: Books) -> Iterator[Problem]:
    """Ledgers that owe, or are owed, more than their credit limit.

    Cost: one pass over the entries of ledgers that have a limit.
    """
    for passed in credit_limit_passed(books):
        id = passed.document.hex()
        text = (
            f"{passed.ledger} stands at {Amount(passed.balance)}, beyond its credit limit of {Amount(passed.limit)}; "
            "it is listed until it is paid"
        )
        limit = Amount(passed.balance).text
        command = f"khata master alter ledger {ID_PREFIX}{id} --set {shlex.quote(f'credit_limit={limit}')}"
        rows = _vouchers_of(books, passed)
        deeds = in_order(_entered(books, rows, "booked on it in"))
        yield Problem(
            CREDIT_LIMIT, (id, *(document for _, document in rows)), text,
            (Choice(f"give credit up to {limit}", command),), deeds,
            ((passed.ledger, passed.balance - passed.limit),), "beyond the limit",
            tuple(sorted({*branches_of(deeds), *_branches_of(books, passed)})), (id,),
        )  # fmt: skip


def _vouchers_of(books: Books, passed: PassedLimit) -> list[tuple[int, str]]:
    """The last vouchers with entries on a ledger or on those merged into it, as local and document ids."""
    rows = books.db.execute(
        "SELECT DISTINCT v.id, v.document, v.date, v.number FROM entries e JOIN vouchers v ON v.id=e.voucher "
        f"WHERE e.posted=1 AND e.ledger IN ({_locals(books, passed)}) ORDER BY v.date DESC, v.number DESC, v.document "
        f"DESC LIMIT {_LOOKED_INTO_MAX}"
    )
    return [(row, bytes(document).hex()) for row, document, *_ in rows.fetchall()]


def _branches_of(books: Books, passed: PassedLimit) -> list[str]:
    rows = books.db.execute(
        "SELECT DISTINCT b.code FROM entries e JOIN branches b ON b.id=e.branch "
        f"WHERE e.posted=1 AND e.ledger IN ({_locals(books, passed)})"
    )
    return [code for (code,) in rows.fetchall()]


def _locals(books: Books, passed: PassedLimit) -> str:
    found = books.names.by_document("ledger", passed.document)
    return ", ".join(map(str, same_masters(books, "ledger", found.local))) if found is not None else ""


def _rows(books: Books, documents: Iterable[bytes]) -> list[tuple[int, str]]:
    """Vouchers by local and document id, legs included."""
    found: dict[tuple[int, str], None] = {}
    for document in documents:
        rows: list[tuple[Any, ...]] = books.db.execute(
            "SELECT v.id FROM documents d JOIN vouchers v ON v.id IN (d.row, -d.row) WHERE d.prefix=? AND d.id=? "
            "ORDER BY v.leg",
            (prefix_of(document), document),
        ).fetchall()
        found.update({(row, document.hex()): None for (row,) in rows})
    return list(found)


def _entered(books: Books, rows: Sequence[tuple[int, str]], what: str) -> Iterator[Deed]:
    for row, _ in rows[:_LOOKED_INTO_MAX]:
        (kind, number, leg) = books.db.execute("SELECT type, number, leg FROM vouchers WHERE id=?", (row,)).fetchone()
        save = showing(books.document(abs(row)), leg or "posting")
        if save is not None:
            yield deed(books, save, f"{what} {books.names.label('voucher-type', kind)} {number}".rstrip())
