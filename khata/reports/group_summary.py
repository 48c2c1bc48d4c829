"""The summary of a group: the groups and ledgers in it, with what each opened with, moved and closed with."""

from typing import Any

from khata.books import Books
from khata.reports.balances import Moved, heading, moved
from khata.reports.chart import Chart
from khata.reports.span import EVERYTHING, Span

Json = dict[str, Any]


def group_summary(books: Books, name: str = "", span: Span = EVERYTHING) -> Json:
    """The groups and the ledgers directly in a group, each with all below it, and their total.

    A row holds either `group` and `group_id`, to be summed up in its turn, or `ledger` and `ledger_id`, for
    `khata report ledger`. Stock, which no ledger holds, is not in it.

    Args:
        name: as a person writes it; empty or "Primary" for the groups at the top.

    Raises:
        NotFound, Ambiguous: the name means no group, or several.
        BadValue: a bound is not a date.
    """
    head = heading(books, span)
    chart = Chart(books)
    node = chart.find(name)
    wanted = node.local
    child_of = {local: child.local for child in chart.children(wanted) for local in chart.within(child.local)}
    groups: dict[int, Moved] = {}
    ledgers: list[Json] = []
    total = Moved()
    for account, sums in sorted(moved(books, chart, span).items(), key=lambda pair: pair[0].order):
        if account.group == wanted:
            ledgers.append({"ledger": account.name, "ledger_id": account.document.hex(), **sums.json()})
        elif account.group in child_of:
            below = child_of[account.group]
            groups[below] = groups.get(below, Moved()).plus(sums)
        else:
            continue
        total = total.plus(sums)
    children = [
        {"group": child.name, "group_id": child.document.hex(), **groups[child.local].json()}
        for child in chart.children(wanted)
        if child.local in groups
    ]
    return {
        "group": node.name,
        "group_id": node.document.hex(),
        "path": list(node.path),
        **head,
        "rows": [*children, *ledgers],
        **total.json(),
    }
