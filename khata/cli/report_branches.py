"""The accounts of branches against each other: `khata report branches`."""

from typing import Any

import typer

from khata.cli.frame import AsJson, Branch, Until, opened, print_json, print_table, say
from khata.cli.report_printing import amount_shown, titled
from khata.cli.reports import app

_WORDS = {
    "in-transit": "in transit",
    "legs-differ": "halves differ",
    "receipt-without-dispatch": "dispatch not here",
    "one-sided": "booked on one side",
}


@app.command()
def branches(context: typer.Context, until: Until = "", branch: Branch = "", as_json: AsJson = False) -> None:
    """Print what branches have on each other's accounts, what is in transit, and why the accounts do not mirror.

    The two accounts of a pair come to nothing once all that was sent has arrived. What is left is explained to the
    paisa: transfers in transit, halves that differ, and vouchers that only one of the two has booked.

    Examples:
      khata report branches
      khata report branches --to 2026-08-31 --branch Pune --json
    """
    from khata.reports.span import Span
    from khata.transfers.mirror import mirror_report

    span = Span(until=until, branch=branch)
    with opened(context) as books:
        found = mirror_report(books, span)
        title = titled(books, "branch accounts", span)
    if as_json:
        print_json(found)
        return
    print_table(
        ("Branch", "On the account", "Balance>", "Goods in transit>", "Cash in transit>", ""), _rows(found), title
    )
    for pair in found["pairs"]:
        for reason in pair["reasons"]:
            numbers = ", ".join(voucher["number"] or voucher["id"][:8] for voucher in reason["vouchers"])
            say(f"{_WORDS[reason['kind']]}: {amount_shown(reason['amount'])}  {numbers}  {reason['text']}")
    for voucher in found["on_own_account"]:
        say(f"on its own account: {amount_shown(voucher['amount'])}  {voucher['number']}  branch {voucher['branch']}")
    for opening in found["openings"]:
        say(f"{opening['ledger']} has an opening balance of {opening['opening']}, which stands in no branch")
    say(_verdict(found))


def _verdict(found: dict[str, Any]) -> str:
    if not found["mirrors"]:
        return "the accounts do not mirror; `khata problems` says what to do about transfers"
    waiting = any(pair["reasons"] for pair in found["pairs"])
    return "the accounts mirror, but for what is in transit" if waiting else "the accounts mirror"


def _rows(found: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = []
    for pair in found["pairs"]:
        for at, side in enumerate(pair["branches"]):
            transit = [amount_shown(pair["in_transit"][what]) if at else "" for what in ("goods", "cash")]
            mark = _mark(pair) if at else ""
            rows.append((side["name"], side["account"], amount_shown(side["balance"]), *transit, mark))
    return rows


def _mark(pair: dict[str, Any]) -> str:
    if not pair["mirrors"]:
        return f"differs by {amount_shown(pair['difference'])}"
    return "mirrors, but for what is in transit" if pair["reasons"] else "mirrors"
