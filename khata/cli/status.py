"""Where this copy stands: `khata status`."""

from typing import Any

import typer

from khata.cli.delivery import print_delivery
from khata.cli.frame import AsJson, complain, opened, print_json, print_table, say


def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Who this is, and how far each peer is in sync: online or offline, as of when, what waits, the last error.

    For an open connection it says what passed, and how fast since it began.

    Examples:
      khata status
      khata status --json
    """
    from khata.standing import standing

    with opened(context) as books:
        found = standing(books)
    if as_json:
        print_json(found)
        return
    serving = f"serving at {found['listening']}" if found["listening"] else "serving" if found["serving"] else ""
    say(f"{found['company']}: {found['device']} ({found['code']}), branch {found['branch']}")
    mode = "; working offline, `khata work online` ends it" if found["working_offline"] else ""
    if found["revoked"]:
        on = (found["revoked"]["at"] or "")[:10]
        say(f"This device was revoked by {found['revoked']['by']} on {on}: it writes nothing any more; `khata sync` "
            "hands over what it made, and what it holds may be read")  # fmt: skip
    say(f"{_commits(found['commits'])}{'; ' + serving if serving else '; not serving'}{mode}")
    rows = [
        (
            peer["name"],
            "paused" if peer["paused"] else "online" if peer["connected"] else "offline",
            "now" if peer["in_sync"] else peer["as_of"],
            peer["waiting"],
            _count(peer["missing_here"]),
            _count(peer["missing_there"]),
            _passed(peer["line"]),
            peer["error"] or "",
        )
        for peer in found["peers"]
    ]
    columns = ("Peer", "", "As of", "Vouchers wait>", "Missing here>", "Missing there>", "In / out", "Last error")
    print_table(columns, rows)
    if found["relays_say"]:
        print_delivery(found["relays_say"])
    _warn_of_held_back(found)


def _passed(line: dict[str, Any] | None) -> str:
    """What passed on an open connection, and how fast since it began."""
    if line is None:
        return ""
    seconds = max(line["seconds"], 0.001)
    ways = (line["bytes_received"], line["bytes_sent"])
    return " / ".join(f"{_bytes(count)} ({_bytes(count / seconds)}/s)" for count in ways)


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


def _warn_of_held_back(found: dict[str, Any]) -> None:
    for key, one, more, then in (
        ("waiting_for_key", "waits", "wait", "for a key; the keeper sends it at the next sync"),
        ("held_back", "waits", "wait", "for proof that has not arrived; sync with the head office"),
        ("quarantined", "is", "are", "set aside; `khata problems` says why"),
    ):
        if found[key]:
            complain(f"{_commits(found[key])} {one if found[key] == 1 else more} {then}")
    if found["refused"]:
        last, count = found["refused"][-1], len(found["refused"])
        was = "was" if count == 1 else "were"
        complain(f"{_commits(count)} {was} refused, the last from {last['from']}: {last['reason']}")


def _commits(count: int) -> str:
    return f"{count} {'commit' if count == 1 else 'commits'}"


def _count(number: int | None) -> str:
    return "?" if number is None else str(number)


COMMANDS = {"status": status}
