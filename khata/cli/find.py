"""Search: `khata find`."""

from typing import Annotated, Any

import typer

from khata.cli.frame import AsJson, Branch, Since, Until, grouped, opened, print_json, print_table, say


def find(
    context: typer.Context,
    text: Annotated[list[str], typer.Argument(metavar="WORDS", help="Names, numbers, amounts, words of a narration.")],
    kind: Annotated[str, typer.Option("--kind", help="voucher, transfer, ledger, stock-item, godown …")] = "",
    branch: Branch = "",
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Find masters and vouchers by names, aliases, numbers, narrations, bills, GSTINs and amounts.

    All words have to be found. A word is found where one begins with it, whatever its capitals and accents, in any
    script. An amount is found however it is written: 5000, 5,000.00, ₹5,000. A voucher is also found by the names of
    its party, ledgers and items.

    Examples:
      khata find "sharma 5000"
      khata find sharma --kind ledger
      khata find "bill 7" --branch Pune --from 2026-04-01 --to 2026-04-30
      khata find 27AAPFU0939F1ZV --json
    """
    from khata.search.find import Wanted
    from khata.search.find import find as found_by

    words = " ".join(text)
    with opened(context) as books:
        found = found_by(books, words, Wanted(kind, branch, since, until), limit)
    if as_json:
        print_json(found)
        return
    if not found:
        say(f"nothing is found by {words!r}; fewer words find more, and a word is found by its beginning")
        return
    print_table(("", "What", "Date", "Amount>", "Party, narration", "Open it with"), [_row(one) for one in found])
    if len(found) == limit:
        say(f"the first {limit}; --limit shows more")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    if "date" not in one:
        state = "deleted" if one["deleted"] else f"merged into {one['merged_into']}" if one["merged_into"] else ""
        return one["kind"], one["name"], "", "", state, one["command"]
    about = ", ".join(part for part in (one["party"], one["narration"]) if part)
    state = "cancelled: " if one["cancelled"] else ""
    return one["type"] or one["kind"], one["name"], one["date"], grouped(one["amount"]), state + about, one["command"]


COMMANDS = {"find": find}
