"""What every import shows of its plan, and how it is carried out."""

from typing import TYPE_CHECKING, Any

from khata.cli.frame import complain, print_table, progress, saved, say

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
    """The line that ends an import; `commits` is None for a dry run."""
    if commits is None:
        say(f"dry run: {len(planned)} saves would be made; nothing was saved")
    elif commits:
        saved(books, f"{len(planned)} documents in {commits} commits")
    elif planned.totals and not planned.asks:
        say("nothing to save: the books hold all of it already")


def report_plan(planned: "Plan", found: dict[str, Any]) -> None:
    """Show what a plan would do, what was found on the way, and what is left out."""
    rows = [
        (
            entry["file"],
            entry["company"],
            str(entry["masters"]),
            str(entry["vouchers"]),
            entry["debit"],
            entry["credit"],
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
