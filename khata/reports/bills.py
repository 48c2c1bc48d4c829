"""Bills: what customers owe on each invoice, what is owed on each supplier's, and how old it is.

Receivable is about the ledgers under Sundry Debtors, payable about those under Sundry Creditors; amounts read as what
is owed, positive in both. So the bill of a supplier never stands under receivable, whichever sign it was entered with.
A bill on which too much was paid is an advance; it stands apart, and so do payments on account. What a ledger's balance
holds beyond its bills, because nobody allocated it, is a figure of its own: so every party adds up to its balance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, NamedTuple

from crdt_models.errors import BadValue
from crdt_models.masters import normalised
from crdt_models.money import Amount
from crdt_models.vouchers import check_date
from khata.books import Books
from khata.reports.balances import moved
from khata.reports.chart import Account, Chart
from khata.reports.due_dates import days_between, due_date
from khata.reports.span import Span, branch_code

Json = dict[str, Any]

GROUPS: Final = {"receivable": "Sundry Debtors", "payable": "Sundry Creditors"}
"""Which predefined group, with all below it, holds the parties of each report."""

BUCKETS: Final = (30, 60, 90)
AGED_BY: Final = ("bill", "due")
NOT_DUE: Final = "not due"
ON_ACCOUNT: Final = "on-account"


class Part(NamedTuple):
    """What one voucher, or an opening, put on a bill; the amount as it is owed."""

    date: str
    number: str
    document: bytes
    path: str
    line: int
    part: int
    type: str
    kind: str
    amount: int
    credit_period: str
    bill_date: str

    def json(self) -> Json:
        """The part, with the voucher that it stands in."""
        return {
            "date": self.date,
            "type": self.type,
            "number": self.number,
            "id": self.document.hex(),
            "kind": self.kind,
            "amount": Amount(self.amount).text,
        }


@dataclass(slots=True)
class Bill:
    """One bill of one party, and everything that was put on it."""

    name: str
    parts: list[Part] = field(default_factory=list)

    @property
    def opens(self) -> list[Part]:
        """The parts that made the bill, in order; where it has not arrived, all there is."""
        return [part for part in self.parts if part.kind != "against"] or self.parts

    @property
    def pending(self) -> int:
        """What is still owed."""
        return sum(part.amount for part in self.parts)

    def date(self) -> str:
        """The date of the bill: the one it was given, else that of the voucher."""
        first = self.opens[0]
        return first.bill_date or first.date


@dataclass(slots=True)
class Party:
    """The bills of one ledger."""

    account: Account
    credit_period: str
    bills: dict[str, Bill] = field(default_factory=dict)
    on_account: list[Part] = field(default_factory=list)
    balance: int = 0


def bills(
    books: Books,
    kind: str,
    on: str,
    branch: str = "",
    buckets: Sequence[int] = BUCKETS,
    by: str = "bill",
    party: str = "",
) -> Json:
    """Every bill that is not settled at the end of a day, by party, with its age.

    Args:
        kind: "receivable" or "payable".
        on: the date; what was entered for later days is left out.
        branch: code or name; only what was entered there. Opening bills are the company's and no branch's.
        buckets: the last day of each class of ages, rising; older ones are a class of their own.
        by: "bill" for the days since the date of the bill, "due" for those since it was due. What is not due yet, or
            dated later, is a class of its own.
        party: only this ledger, as a person writes it.

    Returns:
        `parties` with `bills`, `advances`, `on_account`, `not_allocated` and `balance`, which is the sum of the others;
        `total` likewise.

    Raises:
        BadValue: `on` is not a date, or another argument is none of those named.
        NotFound, Ambiguous: there is no such branch or party.

    Cost: about 10 µs a bill allocation, and 20 µs more for each bill that is shown.
    """
    check_date(on)
    _check(kind, buckets, by)
    ages = _Ages(on, tuple(buckets), by)
    found = _parties(books, kind, Span(until=on, branch=branch), party)
    shown = [_shown(one, ages) for one in sorted(found, key=lambda one: one.account.order)]
    shown = [one for one in shown if any(one.figures.values())]
    return {
        "report": kind,
        "on": on,
        "branch": branch_code(books, branch) if branch else "",
        "openings": not branch,
        "aged_by": by,
        "parties": [one.row for one in shown],
        "total": _total(shown, ages),
    }


FIGURES: Final = ("bills_total", "advances_total", "on_account", "not_allocated", "balance")
"""What a party adds up to: the last is the sum of the others."""


def _check(kind: str, buckets: Sequence[int], by: str) -> None:
    if kind not in GROUPS:
        raise BadValue(f"{kind[:40]!r} is no list of bills; known are {' and '.join(GROUPS)}")
    if by not in AGED_BY:
        raise BadValue(f"{by[:40]!r} is nothing that bills are aged by; known are {' and '.join(AGED_BY)}")
    if any(later <= earlier for earlier, later in zip((0, *buckets), buckets, strict=False)):
        raise BadValue("the last days of the classes of ages must rise, such as 30,60,90")


# -- reading ----------------------------------------------------------------------------------------------------------


def _parties(books: Books, kind: str, span: Span, name: str) -> list[Party]:
    """Every ledger of the group that has a balance or a bill, with all its bills."""
    chart = Chart(books)
    group = chart.predefined(GROUPS[kind])
    sign = 1 if kind == "receivable" else -1
    only = books.names.find("ledger", name).local if name else None
    periods = dict(books.db.execute("SELECT id, credit_period FROM ledgers").fetchall())
    parties: dict[int, Party] = {}

    def party(ledger: int) -> Party | None:
        account = chart.account(ledger)
        if account.group not in group or only not in (None, account.local):
            return None
        return parties.setdefault(account.local, Party(account, periods[account.local] or ""))

    for account, sums in moved(books, chart, span).items():
        held = party(account.local)
        if held is not None:
            held.balance = sign * sums.closing
    for ledger, bill_name, part in [*_opening_parts(books, span, sign), *_parts(books, span, sign)]:
        held = party(ledger)
        if held is None:
            continue
        if part.kind == ON_ACCOUNT:
            held.on_account.append(part)
        else:
            held.bills.setdefault(normalised(bill_name), Bill(bill_name)).parts.append(part)
    return list(parties.values())


def _opening_parts(books: Books, span: Span, sign: int) -> list[tuple[int, str, Part]]:
    """Opening bills, of those ledgers whose opening balance counts."""
    if span.branch:
        return []
    rows = books.db.execute(
        "SELECT b.ledger, b.name, b.date, l.document, b.line, b.amount_e4, b.credit_period FROM opening_bills b "
        "JOIN ledgers l ON l.id=b.ledger WHERE l.present AND (NOT l.deleted OR EXISTS "
        "(SELECT 1 FROM entries e WHERE e.posted=1 AND e.ledger=l.id)) ORDER BY b.date, l.document, b.line"
    )
    return [
        (ledger, name, Part(date, "", document, "", line, 0, "", "opening", sign * amount, period, date))
        for ledger, name, date, document, line, amount, period in rows
    ]


def _parts(books: Books, span: Span, sign: int) -> list[tuple[int, str, Part]]:
    """What posted entries put on bills, in order of date."""
    condition, values = span.condition(books)
    rows = books.db.execute(
        "SELECT e.ledger, b.name, e.date, v.number, v.document, s.path, v.leg, b.line, b.part, v.type, b.kind, "
        "b.amount_e4, b.credit_period, b.date FROM bill_allocations b "
        "JOIN entries e ON e.voucher=b.voucher AND e.line=b.line JOIN vouchers v ON v.id=b.voucher "
        f"JOIN scopes s ON s.id=v.scope WHERE e.posted=1 AND {condition} "
        "ORDER BY e.date, v.number, v.document, s.path, v.leg, b.line, b.part",
        values,
    )
    types: dict[int | None, str] = {}
    for (kind,) in books.db.execute("SELECT id FROM voucher_types").fetchall():
        types[kind] = books.names.label("voucher-type", kind)
    return [
        (
            row[0], row[1],
            Part(
                row[2], row[3], row[4], f"{row[5]} {row[6]}", row[7], row[8], types.get(row[9], ""), row[10],
                sign * row[11], row[12], row[13],
            ),
        )
        for row in rows
    ]  # fmt: skip


# -- showing ----------------------------------------------------------------------------------------------------------


class _Ages(NamedTuple):
    """How bills are classed by age on a day."""

    on: str
    buckets: tuple[int, ...]
    by: str

    def classes(self) -> list[str]:
        """What the classes are called, youngest first."""
        return _class_names(self.buckets)

    def of(self, billed: str, due: str) -> str:
        """The class of a bill."""
        days = days_between(billed if self.by == "bill" else due, self.on)
        if days < 0:
            return NOT_DUE
        return self.classes()[1 + sum(days > last for last in self.buckets)]


@cache
def _class_names(buckets: tuple[int, ...]) -> list[str]:
    starts = (0, *(last + 1 for last in buckets))
    ends = [f"{start}-{last}" for start, last in zip(starts, buckets, strict=False)]
    return [NOT_DUE, *ends, f">{buckets[-1]}" if buckets else ">=0"]


class _Shown(NamedTuple):
    """The rows of a party with its figures as numbers."""

    row: Json
    figures: dict[str, int]
    ageing: dict[str, int]


def _shown(party: Party, ages: _Ages) -> _Shown:
    rows: dict[bool, list[Json]] = {True: [], False: []}
    sums = {True: 0, False: 0}
    ageing = dict.fromkeys(ages.classes(), 0)
    for bill in sorted(party.bills.values(), key=lambda bill: (bill.date(), normalised(bill.name))):
        pending = bill.pending
        if pending:
            row = _bill_json(bill, party, ages)
            rows[pending > 0].append(row)
            sums[pending > 0] += pending
            if pending > 0:
                ageing[row["age"]] += pending
    on_account = sum(part.amount for part in party.on_account)
    figures = {
        "bills_total": sums[True],
        "advances_total": sums[False],
        "on_account": on_account,
        "not_allocated": party.balance - sums[True] - sums[False] - on_account,
        "balance": party.balance,
    }
    row = {
        "ledger": party.account.name,
        "id": party.account.document.hex(),
        "group": list(party.account.path),
        "bills": rows[True],
        "ageing": _ageing(ageing),
        "advances": rows[False],
        "on_account_parts": [part.json() for part in party.on_account],
        **_texts(figures),
    }
    return _Shown(row, figures, ageing)


def _bill_json(bill: Bill, party: Party, ages: _Ages) -> Json:
    date = bill.date()
    period = next((part.credit_period for part in bill.opens if part.credit_period), party.credit_period)
    due = due_date(date, period)
    original = sum(part.amount for part in bill.parts if part.kind != "against")
    return {
        "bill": bill.name,
        "date": date,
        "due": due,
        "credit_period": period,
        "original": Amount(original).text,
        "settled": Amount(original - bill.pending).text,
        "pending": Amount(bill.pending).text,
        "overdue_days": max(days_between(due, ages.on), 0),
        "age": ages.of(date, due),
        "parts": [part.json() for part in bill.parts],
    }


def _total(shown: list[_Shown], ages: _Ages) -> Json:
    figures = {name: sum(one.figures[name] for one in shown) for name in FIGURES}
    ageing = {days: sum(one.ageing[days] for one in shown) for days in ages.classes()}
    return {"ageing": _ageing(ageing), **_texts(figures)}


def _ageing(sums: dict[str, int]) -> list[Json]:
    return [{"days": days, "amount": Amount(amount).text} for days, amount in sums.items()]


def _texts(figures: dict[str, int]) -> Json:
    return {name: Amount(amount).text for name, amount in figures.items()}
