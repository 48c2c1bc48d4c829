"""Amounts laid out along the chart of accounts: each group with its total, its ledgers, and the groups below it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from crdt_models.money import Amount
from khata.reports.chart import TOP, Account, Chart, GroupNode

Json = dict[str, Any]


class Section(NamedTuple):
    """One side or part of a report: its total in ten-thousandths, and the groups it is made of."""

    total: int
    groups: list[Json]

    def json(self) -> Json:
        """The total and the rows of the groups."""
        return {"amount": Amount(self.total).text, "groups": self.groups}


def section(
    chart: Chart, amounts: Mapping[Account, int], belongs: Callable[[Account | GroupNode], bool], sign: int
) -> Section:
    """The accounts that belong to a part of a report, by group.

    A row of a group has its `depth` below the primary group, the total of all below it, and the ledgers directly in
    it; the groups below it follow it. What stands directly under Primary comes last.

    Args:
        amounts: by account, debit positive.
        belongs: whether an account, and the primary group it stands in, is part of this.
        sign: 1 where a debit is shown without sign, -1 where a credit is.
    """
    members = [(account, sign * amount) for account, amount in amounts.items() if belongs(account)]
    totals: dict[int, int] = {}
    direct: dict[int, list[tuple[Account, int]]] = {}
    for account, amount in sorted(members, key=lambda member: member[0].order):
        direct.setdefault(account.group, []).append((account, amount))
        at = account.group
        while at != TOP:
            totals[at] = totals.get(at, 0) + amount
            at = chart.groups[at].parent
    rows: list[Json] = []
    waiting = [node for node in reversed(chart.children()) if belongs(node)]
    while waiting:
        node = waiting.pop()
        if node.local in totals:
            rows.append(_row(node, totals[node.local], direct.get(node.local, [])))
            waiting.extend(reversed(chart.children(node.local)))
    if TOP in direct:
        rows.append(_row(chart.groups[TOP], sum(amount for _, amount in direct[TOP]), direct[TOP]))
    return Section(sum(amount for _, amount in members), rows)


def _row(node: GroupNode, total: int, ledgers: list[tuple[Account, int]]) -> Json:
    return {
        "group": node.name,
        "group_id": node.document.hex(),
        "depth": max(len(node.path) - 1, 0),
        "amount": Amount(total).text,
        "ledgers": [
            {"ledger": account.name, "ledger_id": account.document.hex(), "amount": Amount(amount).text}
            for account, amount in ledgers
        ],
    }
