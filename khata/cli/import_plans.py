"""What every import shows of its plan, and how it is carried out."""

from typing import TYPE_CHECKING, Any

from khata.cli.frame import DONE, FAILED, complain, grouped, print_table, progress, saved, say

if TYPE_CHECKING:
    from khata.books import Books
    from khata.tally.plan import Plan

_LISTED_MAX = 20


def save_plan(books: "Books", planned: "Plan") -> int:
    """Carry out a plan; return how many commits that made."""
    from khata.importing import carry_out

    with progress("saving") as bar:
        bar.show(0, len(planned))
        return carry_out(books, planned, bar.advance)


def finish(books: "Books", planned: "Plan", commits: int | None) -> None:
    """The line that ends an import, and what of it was not taken; `commits` is None for a dry run."""
    count, records = planned.left_out, sum(totals.records for totals in planned.totals)
    if commits is None and (len(planned) or planned.asks):
        say(f"dry run: {len(planned)} saves would be made; nothing was saved")
    elif commits:
        saved(books, f"{len(planned)} documents in {commits} commits")
    elif not planned.totals or planned.asks:
        return
    elif not records:
        say(f"nothing was saved: {'the file holds' if len(planned.totals) == 1 else 'the files hold'} no records")
    elif count and not planned.unchanged:
        which = "the only record was" if count == 1 else f"all {count} records were"
        say(f"nothing was saved: {which} left out, see above")
        return
    else:
        say(f"nothing to save: the books hold {'the rest' if count else 'all of it'} already")
    if count:
        say(f"{count} {'record was' if count == 1 else 'records were'} left out, see above")


def outcome(planned: "Plan") -> int:
    """The exit code of an import: 0 when all was taken or is here already, 1 when something was left out."""
    usable = any(totals.records for totals in planned.totals)
    return DONE if usable and not planned.left_out else FAILED


def report_plan(planned: "Plan", found: dict[str, Any]) -> None:
    """Show what a plan would do, what was found on the way, and what is left out."""
    rows = [
        (
            entry["file"],
            entry["company"],
            str(entry["masters"]),
            str(entry["vouchers"]),
            grouped(entry["debit"]),
            grouped(entry["credit"]),
        )
        for entry in found["files"]
    ]
    if rows:
        print_table(("File", "Company", "Masters>", "Vouchers>", "Debit>", "Credit>"), rows)
    counts = [
        (kind, *(str(entry[word]) for word in ("new", "altered", "unchanged")))
        for kind, entry in found["counts"].items()
    ]
    if counts:
        print_table(("Kind", "New>", "Altered>", "Unchanged>"), counts)
    for finding in planned.findings:
        if not finding.refuses:
            complain(f"{finding.file + ': ' if finding.file else ''}{finding.text}")
    for skipped in planned.skipped[:_LISTED_MAX]:
        complain(f"left out: {skipped}")
    if len(planned.skipped) > _LISTED_MAX:
        complain(f"left out: {len(planned.skipped) - _LISTED_MAX} more; --json lists all")
