"""Cost centres: what was charged to each department, job or person, by category and by ledger.

Each category is complete in itself: an entry may be charged to a department in one and to a job in another. So nothing
is added up across categories, and what an entry leaves uncharged is said within each category it is charged in. Entries
that are charged nowhere, on ledgers that keep cost centres, are listed by themselves.
"""

from typing import Any, NamedTuple

from crdt_models.masters import master_id, normalised
from crdt_models.money import Amount
from crdt_models.predefined import PRIMARY_COST_CATEGORY
from khata.books import Books
from khata.naming import Names
from khata.reports.balances import heading
from khata.reports.span import EVERYTHING, Span
from khata.reports.tree import Tree
from khata.sums import joined, sum_sql

Json = dict[str, Any]


class _Charge(NamedTuple):
    """One allocation and the entry it is of, by local ids; ledgers, centres and categories are what they read as."""

    entry: tuple[int, int]
    ledger: int
    entered: int
    centre: int
    category: int
    amount: int
    date: str
    type: int | None
    number: str
    document: bytes


def cost_centres(books: Books, span: Span = EVERYTHING) -> Json:
    """What was charged to each cost centre in a range, debit positive.

    Returns:
        `categories`, each with `centres` as a tree from the top down (`amount` is a centre's own by ledger and voucher,
        `total` that with all below it), `total` and `uncharged`, the parts of charged entries that no centre of the
        category bears; and `uncharged`, entries on ledgers that keep cost centres which are charged to none.

    Raises:
        BadValue, NotFound: see `Span.condition`.

    Cost: about 5 µs an allocation.
    """
    head = heading(books, span)
    categories: dict[int, list[_Charge]] = {}
    for charge in _charges(books, span):
        categories.setdefault(charge.category, []).append(charge)
    tree = Tree(books, "cost-centre")
    rows = [_category(books.names, tree, category, charges) for category, charges in categories.items()]
    return {
        **head,
        "categories": sorted(rows, key=lambda row: (normalised(row["category"]), row["id"])),
        "uncharged": _by_ledger(books.names, _charged_nowhere(books, span)),
    }


def _charges(books: Books, span: Span) -> list[_Charge]:
    condition, values = span.condition(books)
    rows = books.db.execute(
        "SELECT c.voucher, c.line, e.ledger, e.amount_e4, c.centre, coalesce(c.category, m.category), c.amount_e4, "
        "e.date, v.type, v.number, v.document FROM cost_allocations c "
        "JOIN entries e ON e.voucher=c.voucher AND e.line=c.line JOIN vouchers v ON v.id=c.voucher "
        "JOIN scopes s ON s.id=v.scope JOIN cost_centres m ON m.id=c.centre "
        f"WHERE e.posted=1 AND {condition} ORDER BY e.date, v.number, v.document, s.path, v.leg, c.line, c.part",
        values,
    )
    effective = books.names.effective
    primary = books.names.by_document("cost-category", master_id(books.company, "cost-category", PRIMARY_COST_CATEGORY))
    usual = 0 if primary is None else primary.local
    found = []
    for voucher, line, ledger, entered, centre, own, *rest in rows:
        category = own or usual
        found.append(
            _Charge(
                (voucher, line), effective("ledger", ledger), entered, effective("cost-centre", centre),
                effective("cost-category", category) if category else 0, *rest,
            )
        )  # fmt: skip
    return found


def _charged_nowhere(books: Books, span: Span) -> dict[int, int]:
    """By ledger, what was entered on ledgers with cost centres and charged to none."""
    condition, values = span.condition(books)
    rows = books.db.execute(
        f"SELECT e.ledger, {sum_sql('e.amount_e4')} FROM entries e JOIN ledgers l ON l.id=e.ledger "
        f"WHERE e.posted=1 AND l.cost_centres AND {condition} AND NOT EXISTS "
        "(SELECT 1 FROM cost_allocations c WHERE c.voucher=e.voucher AND c.line=e.line) GROUP BY e.ledger",
        values,
    )
    sums: dict[int, int] = {}
    for ledger, *parts in rows:
        end = books.names.effective("ledger", ledger)
        sums[end] = sums.get(end, 0) + joined(*parts)
    return sums


def _category(names: Names, tree: Tree, category: int, charges: list[_Charge]) -> Json:
    own: dict[int, list[_Charge]] = {}
    totals: dict[int, int] = {}
    left: dict[tuple[int, int], tuple[int, int]] = {}
    for charge in charges:
        own.setdefault(charge.centre, []).append(charge)
        for above in tree.path(charge.centre):
            totals[above] = totals.get(above, 0) + charge.amount
        ledger, rest = left.get(charge.entry, (charge.ledger, charge.entered))
        left[charge.entry] = ledger, rest - charge.amount
    uncharged: dict[int, int] = {}
    for ledger, rest in left.values():
        uncharged[ledger] = uncharged.get(ledger, 0) + rest
    return {
        "category": names.label("cost-category", category) if category else PRIMARY_COST_CATEGORY,
        "id": names.masters("cost-category")[category].document.hex() if category else "",
        "centres": [
            {
                "centre": [tree.name(local) for local in path],
                "id": tree.document(path[-1]).hex(),
                "amount": _sum(own.get(path[-1], [])),
                "total": Amount(totals[path[-1]]).text,
                "ledgers": _ledgers(names, own.get(path[-1], [])),
            }
            for path in tree.downwards(own)
        ],
        "total": _sum(charges),
        "uncharged": _by_ledger(names, uncharged),
    }


def _ledgers(names: Names, charges: list[_Charge]) -> list[Json]:
    """What one centre bears of each ledger, with the vouchers."""
    by_ledger: dict[int, list[_Charge]] = {}
    for charge in charges:
        by_ledger.setdefault(charge.ledger, []).append(charge)
    return [
        {
            **_ledger(names, ledger),
            "amount": _sum(by_ledger[ledger]),
            "vouchers": [
                {
                    "date": charge.date,
                    "type": names.label("voucher-type", charge.type),
                    "number": charge.number,
                    "id": charge.document.hex(),
                    "amount": Amount(charge.amount).text,
                }
                for charge in by_ledger[ledger]
            ],
        }
        for ledger in sorted(by_ledger, key=lambda ledger: _order(names, ledger))
    ]


def _by_ledger(names: Names, sums: dict[int, int]) -> list[Json]:
    return [
        {**_ledger(names, ledger), "amount": Amount(sums[ledger]).text}
        for ledger in sorted(sums, key=lambda ledger: _order(names, ledger))
        if sums[ledger]
    ]


def _ledger(names: Names, ledger: int) -> Json:
    return {"ledger": names.label("ledger", ledger), "id": names.masters("ledger")[ledger].document.hex()}


def _order(names: Names, ledger: int) -> tuple[str, bytes]:
    return normalised(names.label("ledger", ledger)), names.masters("ledger")[ledger].document


def _sum(charges: list[_Charge]) -> str:
    return Amount(sum(charge.amount for charge in charges)).text
