"""Locked periods: `khata lock`."""

from typing import TYPE_CHECKING, Annotated

import typer

from khata.cli.frame import AsJson, Branch, asked, opened, print_json, print_table, saved, say, told

if TYPE_CHECKING:
    from khata.books import Books
    from khata.voucher_lookup import VoucherName

NAME = "lock"
app = typer.Typer(no_args_is_help=True, help="Lock periods, and settle what came late.")

_NAMED_MAX = 5
"""How many vouchers a line names; more are counted."""

Which = Annotated[str, typer.Argument(metavar="NUMBER_OR_ID", help="The voucher's number or id.")]


@app.command("set")
def lock(
    context: typer.Context,
    until: Annotated[str, typer.Argument(help="The last day of the period, YYYY-MM-DD.")],
    branch: Branch = "",
    type: Annotated[str, typer.Option("--type", help="Only this voucher type, such as Sales.")] = "",
    anyway: Annotated[bool, typer.Option("--anyway", help="Though that day is not over yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Lock vouchers dated up to a day, as they stand in this copy; run it where the control chain is kept.

    What branches entered before they heard of it is kept out of the locked totals and listed until somebody admits it
    or dates it otherwise. Synchronize with every branch first, so that little comes late.

    Examples:
      khata lock set 2026-03-31
      khata lock set 2026-04-30 --branch Pune --type Sales
    """
    from khata.periods import lock_period

    with opened(context) as books:
        if asked(books, "lock set", {"until": until, "branch": branch, "type": type, "anyway": anyway}, as_json):
            return
        entry = lock_period(books, until, branch, type, anyway)
        if as_json:
            told(books)
            print_json({"lock": entry.seq, "until": until})
        else:
            saved(books, f"lock {entry.seq}: up to {until}")


@app.command("list")
def list_locks(context: typer.Context, as_json: AsJson = False) -> None:
    """List the locks, and how many vouchers each keeps something out of.

    Example:
      khata lock list
    """
    from khata.periods import lock_list

    with opened(context) as books:
        rows = lock_list(books)
    if as_json:
        print_json(rows)
        return
    shown = [
        (str(row["lock"]), row["until"], row["covers"], row["made_at"][:10], row["by"], str(row["kept_out"]))
        for row in rows
    ]
    print_table(("Lock", "Up to", "Covers", "Made on", "At", "Kept out>"), shown)


@app.command()
def remove(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="LOCK", help="The lock's number, as listed.")],
    as_json: AsJson = False,
) -> None:
    """Take a lock back: the period is open again, and all that was kept out counts.

    Example:
      khata lock remove 7
    """
    from khata.periods import unlock_period

    with opened(context) as books:
        if asked(books, "lock remove", {"lock": number}, as_json):
            return
        entry = unlock_period(books, number)
        if as_json:
            told(books)
            print_json({"lock": number, "entry": entry.seq})
        else:
            saved(books, f"that lock {number} is gone")


@app.command()
def late(context: typer.Context, as_json: AsJson = False) -> None:
    """List what locks keep out of the books, each with what to do about it.

    Example:
      khata lock late
    """
    from khata.late import lock_problems

    with opened(context) as books:
        found = lock_problems(books)
    if as_json:
        print_json([problem.json() for problem in found])
        return
    for problem in found:
        say(problem.text)
        for choice in problem.choices:
            say(f"    {choice.words}: {choice.command}")
    say(f"{len(found)} {'voucher' if len(found) == 1 else 'vouchers'} kept out")


@app.command()
def admit(
    context: typer.Context,
    which: Annotated[list[str] | None, typer.Argument(metavar="[NUMBER_OR_ID]...", help="The vouchers.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that any lock keeps out.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let late vouchers and changes into the locked books; run it where the control chain is kept.

    What was saved in one go, such as an import, is let in together. `khata log` says what was let in.

    Examples:
      khata lock admit PUN/25-26/00042
      khata lock admit --all
    """
    from khata.periods import admit as let_in
    from khata.periods import late_vouchers

    if bool(which) == everything:
        raise typer.BadParameter("name the vouchers, or say --all")
    with opened(context) as books:
        found = [_voucher(books, text) for text in which or ()]
        rows = late_vouchers(books) if everything else [abs(one.row) for one in found]
        if asked(books, "lock admit", {"vouchers": [books.document(row).id.hex() for row in rows]}, as_json):
            return
        admitted = let_in(books, rows)
        if as_json:
            told(books)
            print_json({"commits": admitted.commits, "vouchers": admitted.vouchers, "along": admitted.along})
        else:
            along = f", {admitted.along} of them because they were saved together with those named"
            named = ", ".join(one.number or one.document.hex() for one in found[:_NAMED_MAX])
            counted = f"{admitted.vouchers} admitted{along if admitted.along else ''}"
            saved(books, f"{named}: {counted}" if len(found) <= _NAMED_MAX and found else counted)


def _voucher(books: "Books", text: str) -> "VoucherName":
    from khata.voucher_lookup import find_voucher

    return find_voucher(books.db, books.names, text)


@app.command()
def redate(
    context: typer.Context,
    which: Which,
    date: Annotated[str, typer.Option("--date", help="A day in an open period, YYYY-MM-DD.")],
    as_json: AsJson = False,
) -> None:
    """Date a voucher that came late in an open period, where it counts.

    Beyond the financial year of its number it is cancelled there and entered anew under the next number.

    Example:
      khata lock redate PUN/25-26/00042 --date 2026-04-02
    """
    from khata.periods import redate as dated
    from khata.voucher_lookup import find_voucher

    with opened(context) as books:
        entered = dated(books, find_voucher(books.db, books.names, which), date)
        _print(books, entered.id, f"{entered.number or entered.id.hex()}, dated {date}", as_json)


@app.command("put-back")
def put_back(context: typer.Context, which: Which, as_json: AsJson = False) -> None:
    """Give up a late change of a locked voucher: it stands again as it does in the locked books.

    Example:
      khata lock put-back PUN/25-26/00042
    """
    from khata.periods import put_back as restored
    from khata.voucher_lookup import find_voucher

    with opened(context) as books:
        entered = restored(books, find_voucher(books.db, books.names, which))
        _print(books, entered.id, f"{entered.number or entered.id.hex()} as it is in the locked books", as_json)


def _print(books: "Books", id: bytes, what: str, as_json: bool) -> None:
    if as_json:
        told(books)
        print_json({"id": id.hex()})
    else:
        saved(books, what)
