"""Stock on the command line: `khata report stock`, `khata report stock-item`."""

from typing import Annotated, Any

import typer

from khata.cli.frame import AsJson, Branch, Since, Until, grouped, opened, print_json, print_table, say
from khata.cli.report_printing import amount_shown, say_of_branch, titled
from khata.cli.reports import app

Method = Annotated[str, typer.Option("--method", help="How stock is valued: average (weighted) or fifo.")]
Godown = Annotated[str, typer.Option("--godown", help="Only what lies in this godown, by name or id.")]

_PAIRS = ("opening", "in", "out", "closing")


@app.command()
def stock(
    context: typer.Context,
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    method: Method = "average",
    batches: Annotated[bool, typer.Option("--batches", help="Show the batches in each godown.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print what was in stock, came in, went out and is left: by stock group, item and godown, with values.

    Values are what the goods cost, by weighted average or first in, first out, over the whole company; a branch or a
    godown has its quantity at that cost. `khata report stock-item` shows the movements behind an item.

    Examples:
      khata report stock --from 2026-04-01 --to 2026-04-30
      khata report stock --branch Pune --method fifo --batches
      khata report stock --json
    """
    from khata.reports.span import Span
    from khata.reports.stock_summary import stock_summary

    span = Span(since, until, branch)
    with opened(context) as books:
        found = stock_summary(books, span, method)
        title = titled(books, f"stock summary, {'weighted average' if method == 'average' else 'FIFO'}", span)
    if as_json:
        print_json(found)
        return
    rows = [cells for row in _by_group(found) for cells in row]
    rows.append(("Total", "", *_cells({name: {"quantity": "", "value": found["total"][name]} for name in _PAIRS}), ""))
    columns = ("Opening>", "Value>", "In>", "Value>", "Out>", "Value>", "Closing>", "Value>")
    shown = [row for row in rows if batches or not row[0].lstrip().startswith("- ")]
    print_table(("Item", "Unit", *columns, "Rate>"), shown, title)
    say_of_branch(span)


def _by_group(found: dict[str, Any]) -> list[list[tuple[str, ...]]]:
    """The rows of each group with the items that stand directly in it; items without a group come last."""
    items: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for item in found["items"]:
        items.setdefault(tuple(item["group"]), []).append(item)
    blocks = []
    for group in found["groups"]:
        path = tuple(group["group"])
        indent = "  " * (len(path) - 1)
        block = [(indent + path[-1], group["unit"], *_cells(group), "")]
        block += [cells for item in items.pop(path, []) for cells in _of_item(item, indent + "  ")]
        blocks.append(block)
    blocks.extend([cells for item in rest for cells in _of_item(item, "")] for rest in items.values())
    return blocks


def _of_item(item: dict[str, Any], indent: str) -> list[tuple[str, ...]]:
    rows = [(indent + item["item"], item["unit"], *_cells(item), _rate(item["rate"]))]
    several = len(item["godowns"]) > 1
    for godown in item["godowns"]:
        batches = [part for part in godown["batches"] if part["batch"]]
        if several or batches:
            mark = "in " if several else "- in "
            rows.append((f"{indent}  {mark}{godown['godown']}", "", *_cells(godown), ""))
        for part in godown["batches"] if batches else ():
            rows.append((f"{indent}    - {part['batch'] or 'without batch'}", "", *_cells(part), ""))
    return rows


def _cells(figures: dict[str, Any]) -> tuple[str, ...]:
    """Quantity and value at each of the four, quantities only where they can be added up."""
    cells: list[str] = []
    for name in _PAIRS:
        quantity, value = figures[name]["quantity"], figures[name]["value"]
        cells += [_number(quantity or "0"), grouped(value)]
    return tuple(cells)


def _rate(text: str) -> str:
    """A rate with two decimals, or with the more that it has; empty for nothing."""
    whole, _, fraction = text.partition(".")
    return grouped(f"{whole}.{fraction.ljust(2, '0')}") if text else ""


def _number(text: str) -> str:
    """A quantity with the commas people expect; empty for nothing."""
    return grouped(text).rstrip(".") if text else ""


@app.command("stock-item")
def stock_item(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The item's name or id.")],
    since: Since = "",
    until: Until = "",
    branch: Branch = "",
    method: Method = "average",
    godown: Godown = "",
    as_json: AsJson = False,
) -> None:
    """Print every movement of one item with the voucher behind it and what is left after it.

    Examples:
      khata report stock-item Soap --from 2026-04-01
      khata report stock-item Soap --godown Pune --json
    """
    from khata.reports.span import Span
    from khata.reports.stock_item import stock_item as movements

    span = Span(since, until, branch)
    with opened(context) as books:
        found = movements(books, name, span, method, godown)
        title = titled(books, f"{found['item']}{' in ' + found['unit'] if found['unit'] else ''}", span)
    if as_json:
        print_json(found)
        return
    print_table(
        ("Date", "Type", "Number", "Godown", "Batch", "In>", "Value>", "Out>", "Value>", "Left>", "Value>"),
        _movements(found),
        title,
    )
    if any(row["correction"] != "0.00" for row in found["rows"]):
        say("cost of goods that went out before they had come in, beyond what was assumed then, counts as out")
    say_of_branch(span)


def _movements(found: dict[str, Any]) -> list[tuple[str, ...]]:
    def left(part: dict[str, str]) -> tuple[str, str]:
        return _number(part["quantity"]) or "0", amount_shown(part["value"])

    rows: list[tuple[str, ...]] = [("", "Opening", *[""] * 7, *left(found["opening"]))]
    for row in found["rows"]:
        came, went = (_number(row[way]["quantity"]) for way in ("in", "out"))
        rows.append((
            row["date"], row["type"], row["number"], row["godown"], row["batch"], came, grouped(row["in"]["value"]),
            went, grouped(row["out"]["value"]), *left(row["balance"]),
        ))  # fmt: skip
    rows.append(("", "Closing", *[""] * 7, *left(found["closing"])))
    return rows
