"""Problems: `khata problems`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from khata.cli.frame import AsJson, Branch, grouped, opened, print_json, print_table, saved, say, told

if TYPE_CHECKING:
    from khata.books import Books

NAME = "problems"
app = typer.Typer(invoke_without_command=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The problem's id as listed, or the first digits of it.")]


@app.callback()
def problems(
    context: typer.Context,
    code: Annotated[str, typer.Option("--code", help="Only this kind, such as duplicate-number.")] = "",
    branch: Branch = "",
    document: Annotated[str, typer.Option("--document", help="Only about this id, or this voucher.")] = "",
    accepted: Annotated[bool, typer.Option("--accepted", help="Those that somebody accepted, and why.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what a person should look at, each with the commands that settle it: choose one of them.

    Every copy that holds the same lists the same. What is settled, or accepted as it is, disappears everywhere.

    Examples:
      khata problems
      khata problems --code duplicate-number --branch Pune
      khata problems show 3fa92c1d
      khata problems --json
    """
    if context.invoked_subcommand is not None:
        return
    from khata.problems import Wanted, accepted_problems, find_problems

    wanted = Wanted(code, branch, document)
    with opened(context) as books:
        found = (
            [(problem.json(), [_json_of(one) for one in by]) for problem, by in accepted_problems(books, wanted)]
            if accepted
            else [(problem.json(), []) for problem in find_problems(books, wanted)]
        )
    if as_json:
        print_json([{**problem, "accepted": by} if accepted else problem for problem, by in found])
        return
    for problem, by in found:
        _print(problem, 1)
        for acceptance in by:
            say(f"    accepted by {_deed(acceptance)}: {acceptance['reason']}")
    say(f"{len(found)} {'problem' if len(found) == 1 else 'problems'}{' accepted as they are' if accepted else ''}")


def _json_of(acceptance: Any) -> dict[str, Any]:
    return {**acceptance.deed.json(), "reason": acceptance.reason}


@app.command()
def show(context: typer.Context, id: Id, as_json: AsJson = False) -> None:
    """Show one problem: the documents, who did what and when, the amounts at stake, and every way to settle it.

    Example:
      khata problems show 3fa92c1d
    """
    from khata.problems import find_problem

    with opened(context) as books:
        found = find_problem(books, id).json()
    if as_json:
        print_json(found)
        return
    _print(found, len(found["settle_choices"]))
    for document in found["documents"]:
        say(f"    document {document}")


def _print(problem: dict[str, Any], effects: int) -> None:
    """A problem for reading.

    Args:
        effects: of how many choices it is told what they change in balances.
    """
    say(f"{problem['id']}  {problem['code']}: {problem['text']}")
    for deed in problem["who"]:
        say(f"    {_deed(deed)}: {deed['what']}")
    if problem["effect"]:
        say(f"    {problem['at_stake']}: {_amounts(problem['effect'])}")
    for at, choice in enumerate(problem["settle_choices"]):
        say(f"  - {choice['words']}")
        if choice["effect"] and effects > 1 and at < effects:
            say(f"        changes balances by: {_amounts(choice['effect'])}")
        say(f"        {choice['command']}")


def _deed(deed: dict[str, Any]) -> str:
    who = f"{deed['device']}, {deed['user']}" if deed["user"] else deed["device"]
    return f"{deed['at'][:19].replace('T', ' ')}  {who}"


def _amounts(effect: list[dict[str, str]]) -> str:
    return ", ".join(f"{line['ledger']} {grouped(line['amount']) or '0.00'}" for line in effect)


@app.command()
def accept(
    context: typer.Context,
    id: Id,
    reason: Annotated[str, typer.Option("--reason", help="Why it is as it should be; stands in the edit log.")],
    as_json: AsJson = False,
) -> None:
    """Say that a problem is as it should be: it is not listed any more, here and everywhere.

    Only for what the books themselves cannot settle, such as an invoice number that was used twice and stays so.
    `khata problems --accepted` lists what was accepted, by whom and why; `khata problems reopen` takes it back.

    Example:
      khata problems accept 3fa92c1d --reason "both invoices are in the return that was filed"
    """
    from khata.accepting import accept as accepted
    from khata.problems import checked_acceptable, find_problem

    with opened(context) as books:
        with books.writing():
            problem = checked_acceptable(find_problem(books, id))
            commit = accepted(books, problem.id, reason)
        _done(books, problem.id, commit, f"problem {problem.id} as accepted", as_json)


@app.command()
def reopen(context: typer.Context, id: Id, as_json: AsJson = False) -> None:
    """Take back that a problem was accepted: it is listed again.

    Example:
      khata problems reopen 3fa92c1d
    """
    from khata.accepting import reopen as reopened
    from khata.problems import find_problem

    with opened(context) as books:
        with books.writing():
            problem = find_problem(books, id)
            commit = reopened(books, problem.id)
        _done(books, problem.id, commit, f"problem {problem.id} as open again", as_json)


@app.command()
def mend(context: typer.Context, id: Id, as_json: AsJson = False) -> None:
    """Save what is shown in place of what cannot be read in a document; its history keeps what was there.

    Example:
      khata problems mend 3fa92c1d
    """
    from khata.errors import BooksError
    from khata.mending import mend as mended
    from khata.problems import find_problem
    from khata.reading import BAD_REGISTER

    with opened(context) as books:
        with books.writing():
            problem = find_problem(books, id)
            if problem.code != BAD_REGISTER:
                raise BooksError(
                    f"problem {problem.id} is not about what cannot be read; see `khata problems show {id}`"
                )
            document, scope, kind = problem.about[:3]
            commit = mended(books, scope, kind, bytes.fromhex(document))
        _done(books, problem.id, commit, f"{kind} {document[:8]} as it shows", as_json)


@app.command("settle-imported")
def settle_imported(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source whose vouchers go, as problems name it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Cancel them; without it they are only shown.")] = False,
    as_json: AsJson = False,
) -> None:
    """Cancel at once all that a source brought and that is here from elsewhere as well: one file imported twice.

    Only vouchers that `khata problems` lists as possible duplicates; those that were accepted as two stay.

    Examples:
      khata problems settle-imported 3aed115f65fd7708/Sharma
      khata problems settle-imported 3aed115f65fd7708/Sharma --yes
    """
    from khata.sources import brought_twice, find_source, source_in_words
    from khata.sources import settle_imported as settled

    with opened(context) as books:
        binding = find_source(books, source)
        words = source_in_words(books, binding)
        twice = settled(books, binding) if yes else brought_twice(books, binding)
        if as_json:
            told(books)
            print_json([{**one._asdict(), "cancelled": yes} for one in twice])
            return
        print_table(
            ("Date", "Type", "Number", "Amount>", "Here as well"),
            [(one.date, one.type, one.number, grouped(one.amount), one.other) for one in twice],
        )
        if yes and twice:
            saved(books, f"{len(twice)} vouchers of {words} as cancelled")
        else:
            say(f"{len(twice)} vouchers of {words} are here from elsewhere as well; --yes cancels them")


@app.command("enter-anew")
def enter_anew(
    context: typer.Context,
    id: Id,
    date: Annotated[str, typer.Option("--date", help="Another date, where its own is locked.")] = "",
    as_json: AsJson = False,
) -> None:
    """Enter a voucher anew, as it was changed, that another branch cancelled meanwhile: under the next number.

    The cancelled one keeps its number and stays cancelled. Run it at the branch in whose books the voucher stands.

    Examples:
      khata problems enter-anew 3fa92c1d
      khata problems enter-anew 3fa92c1d --date 2026-05-01
    """
    from khata.cancelled_problems import enter_anew as entered_anew
    from khata.changed_apart import CANCELLED_BESIDE_CHANGE
    from khata.errors import BooksError
    from khata.problems import find_problem

    with opened(context) as books:
        with books.writing():
            problem = find_problem(books, id)
            if problem.code != CANCELLED_BESIDE_CHANGE:
                raise BooksError(
                    f"problem {problem.id} is not about what was cancelled; see `khata problems show {id}`"
                )
            entered = entered_anew(books, problem, date)
        assert entered.commit is not None
        _done(books, problem.id, entered.commit, f"it anew as {entered.number}", as_json)


@app.command()
def count(
    context: typer.Context,
    id: Id,
    quantity: Annotated[str, typer.Option("--quantity", help="How much was counted, in the item's unit.")],
    as_json: AsJson = False,
) -> None:
    """Say how much of an item lies where the books say less than nothing: a physical stock voucher is entered.

    Run it at the branch that took the goods out: the count stands in the books of the branch that enters it.

    Example:
      khata problems count 3fa92c1d --quantity 12
    """
    from khata.counting import count_stock
    from khata.errors import BooksError
    from khata.limit_problems import NEGATIVE_STOCK, check_concerned
    from khata.problems import find_problem

    with opened(context) as books:
        with books.writing():
            problem = find_problem(books, id)
            if problem.code != NEGATIVE_STOCK:
                raise BooksError(f"problem {problem.id} is not about stock; see `khata problems show {id}`")
            check_concerned(books, problem)
            item, godown = (bytes.fromhex(part) for part in problem.about)
            entered = count_stock(books, item, godown, quantity)
        assert entered.commit is not None
        _done(books, problem.id, entered.commit, f"{entered.number}: {quantity} counted", as_json)


@app.command("stand-in")
def stand_in(
    context: typer.Context,
    id: Id,
    name: Annotated[str, typer.Option("--name", help="What the new master is called.")],
    as_json: AsJson = False,
) -> None:
    """Put a new master in the place of one that is referred to and that nobody has; then rename or merge it.

    Example:
      khata problems stand-in 3fa92c1d --name "Asha Stores"
    """
    from khata.errors import BooksError
    from khata.master_problems import MISSING_MASTER
    from khata.mending import stand_in as put
    from khata.problems import find_problem

    with opened(context) as books:
        with books.writing():
            problem = find_problem(books, id)
            if problem.code != MISSING_MASTER:
                raise BooksError(f"problem {problem.id} is not about a missing master; see `khata problems show {id}`")
            kind, document = problem.about
            made = put(books, kind, bytes.fromhex(document), name)
        assert made.commit is not None
        _done(books, problem.id, made.commit, f"{kind} {made.name!r}", as_json)


def _done(books: "Books", problem: str, commit: bytes, what: str, as_json: bool) -> None:
    if as_json:
        told(books)
        print_json({"problem": problem, "commit": commit.hex()})
    else:
        saved(books, what)
