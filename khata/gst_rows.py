"""What GST asks of masters, as rows: the rates of items and ledgers, the registrations of branches."""

import json
from typing import Any

from crdt_models.masters import Company, Ledger, Master, StockItem

Row = tuple[Any, ...]


def gst_rates(local: int, master: Master) -> list[Row]:
    """Rows of `gst_rates`.

    Args:
        local: the local id of the item or ledger.
    """
    if isinstance(master, StockItem):
        rates = master.gst
    elif isinstance(master, Ledger):
        rates = master.rates
    else:
        return []
    return [
        (
            master.KIND,
            local,
            line,
            it.since,
            it.hsn,
            it.description,
            it.taxability,
            json.dumps(it.rates, sort_keys=True),
        )
        for line, it in enumerate(rates)
    ]


def registrations(company: Company) -> list[Row]:
    """Rows of `registrations`, by branch."""
    return [(branch, it.gstin, it.state) for branch, it in sorted(company.registrations.items())]
