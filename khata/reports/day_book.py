"""The day book: every voucher of a range of dates, also those that post nothing."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from crdt_models.money import Amount
from crdt_models.voucher_types import BASE_TYPES
from khata.books import Books
from khata.listing import same_masters
from khata.reports.balances import heading
from khata.reports.span import EVERYTHING, Span
from khata.reports.voucher_parts import Row, VoucherParts, batches
from khata.sums import joined, sum_sql

Json = dict[str, Any]


class DayBook(NamedTuple):
    """A day book: what it comes to, known at once, and its rows, which are read as they are taken.

    Attributes:
        head: the range, how many vouchers there are, and what was posted, as JSON.
        rows: in order of date, number and id; to be taken once, while nothing is written to the books.
    """

    head: Json
    rows: Iterator[Json]


def day_book(books: Books, span: Span = EVERYTHING, type: str = "") -> DayBook:
    """The vouchers of a range: type, number, party, amount, narration, and whether they count in the accounts.

    The amount is the sum of a voucher's debits. `note` says in a word why a voucher is in no balance, or that what was
    saved of it after a lock is kept out. The head's `debit` is the sum of those that are posted.

    Args:
        type: only vouchers of this type, as a person writes it.

    Raises:
        BadValue: a bound is not a date.
        NotFound, Ambiguous: the company has no such branch or voucher type, or several types of that name.

    Cost: 25 µs for each row that is taken.
    """
    head = heading(books, span)
    condition, values = span.condition(books, "v.date", "v.branch")
    if type:
        kinds = same_masters(books, "voucher-type", books.names.find("voucher-type", type).local)
        condition = f"{condition} AND v.type IN ({', '.join(map(str, kinds))})"
    (count,) = books.db.execute(f"SELECT count(*) FROM vouchers v WHERE {condition}", values).fetchone()
    # The plus keeps SQLite from looking entries up by `posted`, which nearly all of them are, instead of by voucher.
    sums = books.db.execute(
        f"SELECT {sum_sql('max(e.amount_e4, 0)')} FROM vouchers v JOIN entries e ON e.voucher=v.id "
        f"WHERE +e.posted=1 AND {condition}",
        values,
    ).fetchone()
    head = {**head, "type": type, "vouchers": count, "debit": Amount(joined(*sums)).text}
    return DayBook(head, _rows(books, condition, values))


def _rows(books: Books, condition: str, values: list[Any]) -> Iterator[Json]:
    cursor = books.db.execute(
        "SELECT v.id, v.document, v.date, v.type, v.base, v.number, v.party, v.reference, v.narration, v.cancelled, "
        "v.optional, v.posted, v.late, v.leg, b.code FROM vouchers v JOIN scopes s ON s.id=v.scope "
        f"JOIN branches b ON b.id=v.branch WHERE {condition} ORDER BY v.date, v.number, v.document, s.path, v.leg",
        values,
    )
    for batch in batches(cursor):
        parts = VoucherParts(books, {row[0] for row in batch})
        for row in batch:
            yield _row(books, row, parts)


def _row(books: Books, row: Row, parts: VoucherParts) -> Json:
    (
        local, document, date, kind, base, number, party, reference, narration, cancelled, optional, posted, late, leg,
        branch,
    ) = row  # fmt: skip
    shown = party if party is not None else parts.first_ledger(local)
    return {
        "date": date,
        "type": books.names.label("voucher-type", kind),
        "number": number,
        "id": document.hex(),
        "leg": leg,
        "branch": branch,
        "party": books.names.label("ledger", shown),
        "amount": Amount(parts.debits(local)).text,
        "reference": reference,
        "narration": narration,
        "cancelled": bool(cancelled),
        "optional": bool(optional),
        "late": bool(late),
        "posted": bool(posted),
        "note": _note(base, bool(cancelled), bool(optional), bool(late), bool(posted)),
    }


def _note(base: str, cancelled: bool, optional: bool, late: bool, posted: bool) -> str:
    """Why a voucher, or what was saved of it last, is in no balance."""
    if cancelled:
        return "cancelled"
    if optional:
        return "optional"
    if posted:
        # What was saved after the lock is kept out; an earlier version of the voucher may stand all the same.
        return "altered late" if late else ""
    if late:
        return "late"
    known = BASE_TYPES.get(base)
    if known is None or known.posts_accounts:
        return "cannot be counted"
    return "stock only" if known.posts_stock else "not posted"
