"""Which bills a voucher is set against: as its author says with `--bill`, and as it was when its amounts are altered.

{"type": "Receipt", …, "bills": [{"kind": "against", "name": "7", "amount": "500"}, {"kind": "advance", "name": "A1"}]}
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec

from crdt_models.errors import BadValue
from crdt_models.masters import normalised
from crdt_models.money import Amount, e4_of
from crdt_models.vouchers import BillAllocation, Entry, Posting
from khata.amounts import amount_of
from khata.books import Books
from khata.errors import BooksError, NotFound

Kind = Literal["against", "new", "advance"]
KINDS: Final[dict[str, Kind]] = {"against": "against", "new": "new", "advance": "advance"}
_LISTED_MAX: Final = 10


class OpenBill(NamedTuple):
    """A bill that is not settled; what is pending is debit positive."""

    name: str
    pending: int


def with_bills(books: Books, posting: Posting, said: object, row: int = 0) -> Posting:
    """The posting, its party's entry allocated to the bills that were said; what is left over stands on account.

    Args:
        said: what stands under `bills` in a form, of any origin; a bill without an amount takes what is open of it, a
            new one or an advance takes the rest.
        row: the voucher that is altered, whose own allocations do not count; 0 for a new one.

    Raises:
        BooksError: it cannot be told which entry is meant, or the bills come to more than it.
        NotFound: the party has no such bill open; the message lists those it has.
    """
    at, ledger = _allocated(books, posting)
    entry = posting.entries[at]
    rest, sign = abs(e4_of(entry.amount)), -1 if entry.amount.startswith("-") else 1
    open_ = {normalised(bill.name): bill for bill in open_bills(books, ledger, row) if bill.pending * sign < 0}
    found: list[BillAllocation] = []
    for line in _lines(said):
        kind, name = KINDS[line.get("kind", "against")], str(line.get("name", ""))
        amount = _amount(line.get("amount"))
        if kind == "against":
            bill = open_.pop(normalised(name), None)
            if bill is None:
                raise NotFound(_unknown(books, ledger, name, list(open_.values())))
            amount = _of_bill(bill, amount, rest)
        amount = rest if amount is None else amount
        if not 0 < amount <= rest:
            raise BooksError(
                f"the bills come to more than {Amount(abs(e4_of(entry.amount)))}, which is the entry of "
                f"{books.names.label('ledger', ledger)}; give each its amount, as in --bill {name or 'NAME'}:AMOUNT"
            )
        rest -= amount
        found.append(BillAllocation(kind=kind, name=name, amount=Amount(sign * amount).text))
    if rest:
        found.append(BillAllocation(kind="on-account", amount=Amount(sign * rest).text))
    return _replaced(posting, at, tuple(found))


def with_kept_bills(posting: Posting, before: Posting, made_anew: bool) -> Posting:
    """The posting, its entries set against the bills of the entries that they replace; one bill follows the amount.

    Args:
        made_anew: the bills of the posting were made with its amounts and say nothing yet.

    Raises:
        BooksError: an entry with several bills has another amount, so that it must be said how much goes to each.
    """
    for at, entry in enumerate(posting.entries):
        then = [other for other in before.entries if other.ledger == entry.ledger]
        now = [other for other in posting.entries if other.ledger == entry.ledger]
        if len(then) == len(now) == 1 and then[0].bills and (made_anew or not entry.bills):
            posting = _replaced(posting, at, _following(then[0], entry))
    return posting


def open_bills(books: Books, ledger: int, but: int = 0) -> list[OpenBill]:
    """The bills of a party that are not settled, the oldest first.

    Args:
        ledger: its local id; what was booked on ledgers merged into it counts too.
        but: a voucher whose allocations do not count.

    Cost: about 5 µs an allocation of this party.
    """
    names = books.names
    merged = (local for local, master in names.masters("ledger").items() if master.merged_into is not None)
    ledgers = ", ".join(map(str, {ledger, *(one for one in merged if names.effective("ledger", one) == ledger)}))
    rows = books.db.execute(
        f"SELECT name, amount_e4, date, '' AS number FROM opening_bills WHERE ledger IN ({ledgers}) UNION ALL "
        "SELECT a.name, a.amount_e4, e.date, v.number FROM entries e JOIN bill_allocations a ON a.voucher=e.voucher "
        "AND a.line=e.line JOIN vouchers v ON v.id=e.voucher WHERE e.posted=1 AND a.kind<>'on-account' AND "
        f"e.voucher<>? AND e.ledger IN ({ledgers}) ORDER BY 3, 4, 1",
        (but,),
    )
    pending: dict[str, OpenBill] = {}
    for name, amount, _, _ in rows.fetchall():
        held = pending.get(normalised(name), OpenBill(name, 0))
        pending[normalised(name)] = held._replace(pending=held.pending + amount)
    return [bill for bill in pending.values() if bill.pending]


def _allocated(books: Books, posting: Posting) -> tuple[int, int]:
    """The place of the entry that bills go to, and the local id of its ledger."""
    if posting.party is not None:
        wanted = [at for at, entry in enumerate(posting.entries) if entry.ledger == posting.party]
    else:
        wanted = [at for at, entry in enumerate(posting.entries) if _keeps_bills(books, entry.ledger)]
    if len(wanted) != 1:
        raise BooksError(
            "it cannot be told which entry the bills belong to; name its ledger with --party, and give it one entry"
        )
    held = books.names.by_document("ledger", posting.entries[wanted[0]].ledger)
    if held is None:
        raise BooksError("the party's ledger is not here yet; sync, and try again")
    return wanted[0], books.names.effective("ledger", held.local)


def _keeps_bills(books: Books, ledger: bytes) -> bool:
    held = books.names.by_document("ledger", ledger)
    if held is None:
        return False
    (bill_wise,) = books.db.execute("SELECT bill_wise FROM ledgers WHERE id=?", (held.local,)).fetchone()
    return bool(bill_wise) or bool(open_bills(books, held.local))


def _lines(said: object) -> list[Mapping[str, Any]]:
    if not isinstance(said, Sequence) or isinstance(said, str):
        raise BooksError('bills is not a list, as in [{"kind": "against", "name": "7", "amount": "500"}]')
    for line in said:
        if not isinstance(line, Mapping) or line.get("kind", "against") not in KINDS:
            raise BooksError(
                f"a bill is written with a kind ({', '.join(KINDS)}), a name and an amount, not as {line!r}"
            )
    return list(said)


def _amount(text: object) -> int | None:
    if text is None or text == "":
        return None
    try:
        amount = amount_of(str(text)).e4
    except BadValue as error:
        raise BooksError(f"a bill: {error}") from error
    if amount <= 0:
        raise BooksError(f"a bill has the amount {text}; give it without sign, and more than 0")
    return amount


def _of_bill(bill: OpenBill, amount: int | None, rest: int) -> int:
    if amount is None:
        return min(abs(bill.pending), rest)
    if amount > abs(bill.pending):
        raise BooksError(
            f"only {Amount(abs(bill.pending))} of the bill {bill.name!r} is open; set the rest against another, or say "
            "nothing of it, and it stands on account"
        )
    return amount


def _unknown(books: Books, ledger: int, name: str, open_: list[OpenBill]) -> str:
    party = books.names.label("ledger", ledger)
    if not open_:
        return f"{party} has no open bill {name!r}, and no other; --new-bill or --advance makes one"
    listed = ", ".join(f"{bill.name!r} ({Amount(abs(bill.pending))})" for bill in open_[:_LISTED_MAX])
    more = f" and {len(open_) - _LISTED_MAX} more" if len(open_) > _LISTED_MAX else ""
    return f"{party} has no open bill {name!r}; open are {listed}{more}"


def _following(before: Entry, entry: Entry) -> tuple[BillAllocation, ...]:
    if before.amount == entry.amount:
        return before.bills
    if before.amount.startswith("-") != entry.amount.startswith("-"):
        return entry.bills
    if len(before.bills) > 1:
        names = ", ".join(repr(bill.name) for bill in before.bills)
        raise BooksError(
            f"the entry of {before.amount} is set against {names}; say with --bill NAME:AMOUNT how much of "
            f"{entry.amount} goes to each"
        )
    return (msgspec.structs.replace(before.bills[0], amount=entry.amount),)


def _replaced(posting: Posting, at: int, bills: tuple[BillAllocation, ...]) -> Posting:
    entries = list(posting.entries)
    entries[at] = msgspec.structs.replace(entries[at], bills=bills)
    return msgspec.structs.replace(posting, entries=tuple(entries))
