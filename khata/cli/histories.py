"""How the edit log of a document is printed."""

import json
from typing import TYPE_CHECKING, Any

from khata.cli.frame import print_json, say

if TYPE_CHECKING:
    from khata.books import Books

_VALUE_CHARS = 300


def print_history(books: "Books", row: int, as_json: bool) -> None:
    """Print every save of a document in causal order.

    Args:
        row: the document's local number.
    """
    from khata.listing import history

    entries = list(history(books, row))
    if as_json:
        print_json(entries)
        return
    for entry in entries:
        say(f"{entry['at'][:19].replace('T', ' ')}  {entry['device']}, {entry['user']} ({entry['origin']})")
        for change in entry["changes"]:
            before = "" if change["before"] is None else f"{_short(change['before'])} → "
            say(f"    {change['register']}: {before}{_short(change['after'])}")


def _short(value: Any) -> str:
    """A value on one line; entries of a posting as ledger and amount."""
    if isinstance(value, dict) and isinstance(value.get("entries"), list):
        entries = ", ".join(f"{entry.get('ledger')} {entry.get('amount')}" for entry in value["entries"])
        return f"{value.get('date', '')} {value.get('type', '')}: {entries}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_CHARS else text[: _VALUE_CHARS - 1] + "…"
