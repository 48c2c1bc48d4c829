"""What reports have in common on the command line: titles, indented groups, long JSON written row by row."""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from khata.cli.frame import grouped, say

if TYPE_CHECKING:
    from khata.books import Books
    from khata.reports.span import Span

Json = dict[str, Any]


def titled(books: "Books", report: str, span: "Span") -> str:
    """The line above a report: whose it is, what it is, and over which dates and branch."""
    dates = f"{span.since or 'the beginning'} to {span.until or 'the last entry'}"
    ranged = f", {dates}" if span.since or span.until else ""
    branch = f", branch {span.branch}" if span.branch else ""
    return f"{books.company_name}: {report}{ranged}{branch}"


def say_of_branch(span: "Span") -> None:
    """Say below the report of a branch what is not in it."""
    if span.branch:
        say("opening balances are the company's: they stand in the consolidated report, and in no branch")


def amount_shown(amount: str) -> str:
    """An amount for a table, with a nought where there is nothing."""
    return grouped(amount) or "0.00"


def section_rows(groups: Iterable[Json]) -> Iterator[tuple[str, str]]:
    """The groups of a section with their ledgers, indented, each with its amount."""
    for group in groups:
        indent = "  " * (group["depth"] + 1)
        yield f"{indent}{group['group']}", amount_shown(group["amount"])
        for ledger in group["ledgers"]:
            yield f"{indent}  · {ledger['ledger']}", amount_shown(ledger["amount"])


def print_json_rows(head: Json, rows: Iterable[Json]) -> None:
    """Print what `print_json({**head, "rows": [*rows]})` would, holding one row at a time."""
    out = sys.stdout
    begun = json.dumps(head, indent=1).removesuffix("\n}") + "," if head else "{"
    out.write(f'{begun}\n "rows": [')
    separator = ""
    for row in rows:
        text = json.dumps(row, indent=1).replace("\n", "\n  ")
        out.write(f"{separator}\n  {text}")
        separator = ","
    out.write("\n ]\n}\n" if separator else "]\n}\n")
