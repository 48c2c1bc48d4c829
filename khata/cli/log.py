"""The edit log: `khata log`."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from khata.cli.frame import AsJson, opened, plain, print_json, say

if TYPE_CHECKING:
    from khata.log.files import Write

Json = dict[str, Any]


def log(
    context: typer.Context,
    document: Annotated[
        str, typer.Option("--document", "--voucher", help="A voucher's number or id, or any document's id.")
    ] = "",
    ledger: Annotated[str, typer.Option("--ledger", help="This ledger, and all that names it or did so once.")] = "",
    branch: Annotated[
        str, typer.Option("--branch", help="What was done at this branch, or to its vouchers; name or code.")
    ] = "",
    user: Annotated[str, typer.Option("--user", help="What this person did.")] = "",
    device: Annotated[str, typer.Option("--device", help="What was done at this device; name or series code.")] = "",
    origin: Annotated[
        str, typer.Option("--origin", help="entry, import, import:SOURCE, settle, restore, init, set-aside, control.")
    ] = "",
    kind: Annotated[str, typer.Option("--kind", help="voucher, transfer, ledger, stock-item, control …")] = "",
    since: Annotated[str, typer.Option("--from", help="Saved on this day (UTC) or later, YYYY-MM-DD.")] = "",
    until: Annotated[str, typer.Option("--to", help="Saved up to and including this day.")] = "",
    dated_since: Annotated[
        str, typer.Option("--dated-from", help="Vouchers that are, or ever were, dated on this day or later.")
    ] = "",
    dated_until: Annotated[str, typer.Option("--dated-to", help="Likewise: up to and including this day.")] = "",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many entries; default: all.")] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="The newest first.")] = False,
    output: Annotated[str, typer.Option("--output", help="Write a FILE.csv or FILE.jsonl instead.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    json_lines: Annotated[bool, typer.Option("--jsonl", help="Print one line of JSON for each entry.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show every save of every document: who, when, at which device, and what it changed.

    Nothing can be saved without standing here. Saves stand after those they build on, otherwise by the time of the
    device that made them (UTC): in the same order on every copy that holds the same. What was altered at two places
    apart is shown where it met, and where it was settled.

    Examples:
      khata log --reverse --limit 20
      khata log --voucher PUN/26-27/00001
      khata log --ledger "Asha Stores" --from 2026-04-01 --to 2026-04-30 --user Asha
      khata log --branch Pune --origin import --json
      khata log --output edit-log.csv
    """
    from khata.log.entries import read_log
    from khata.log.files import line_of, writer_for
    from khata.log.wanted import Wanted

    write = writer_for(output) if output else None
    wanted = Wanted(
        document, ledger, branch, user, device, origin, kind, since, until, dated_since, dated_until
    )  # fmt: skip
    with opened(context) as books, closing(read_log(books, wanted, limit or 0, reverse)) as entries:
        if write is not None:
            _write(entries, write, output, force, as_json)
        elif json_lines:
            for entry in entries:
                sys.stdout.write(line_of(entry) + "\n")
        elif as_json:
            _print_array(entries)
        else:
            _print_lines(entries)


def _write(entries: Iterable[Json], write: "Write", output: str, force: bool, as_json: bool) -> None:
    from khata.export.out_file import out_file

    with out_file(output, force) as stream:
        count = write(entries, stream)
    if as_json:
        print_json({"entries": count, "file": output})
    else:
        say(f"wrote {count} {'entry' if count == 1 else 'entries'} to {output}")


def _print_array(entries: Iterable[Json]) -> None:
    """One JSON array, printed entry by entry: the log may be larger than memory."""
    from khata.log.files import line_of

    before = "[\n"
    for entry in entries:
        sys.stdout.write(before + line_of(entry))
        before = ",\n"
    sys.stdout.write("\n]\n" if before == ",\n" else "[]\n")


def _print_lines(entries: Iterator[Json]) -> None:
    from khata.log.story import minute

    for entry in entries:
        # A narration of several lines stays one entry of the log.
        say(f"{minute(entry['at'])}  {plain(entry['story']).replace(chr(10), ' ')}")


COMMANDS = {"log": log}
