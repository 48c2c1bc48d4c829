"""The table of what relays say of a company's devices, as `khata status` and `khata relay status` print it."""

from collections.abc import Sequence
from typing import Any

from khata.cli.frame import print_table


def print_delivery(rows: Sequence[dict[str, Any]]) -> None:
    """Print, by relay and device: when it was seen there, up to when it has all, what waits for it since when."""
    shown = [
        (
            row["relay"],
            row["device"],
            when(row["last_seen"]),
            when(row["delivered_until"]),
            str(row["waiting"]),
            when(row["waiting_since"]) if row["waiting_since"] else "",
        )
        for row in rows
    ]
    print_table(("Relay", "Device", "Last seen (UTC)", "Delivered up to", "Waiting>", "Since"), shown)


def when(at: str | None) -> str:
    """A moment of JSON as people read it; `never` for none."""
    return "never" if at is None else at[:19].replace("T", " ")
