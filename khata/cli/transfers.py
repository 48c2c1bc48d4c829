"""Transfers between branches: `khata transfer`."""

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from khata.cli.frame import (
    AsJson,
    Branch,
    Version,
    complain,
    grouped,
    opened,
    print_json,
    print_table,
    saved,
    say,
    told,
)
from khata.cli.voucher_forms import Date, File, Narration, NewDate, Reference, ReferenceDate, form_from

if TYPE_CHECKING:
    from khata.books import Books
    from khata.entering import Entered

NAME = "transfer"
app = typer.Typer(no_args_is_help=True, help="Send goods and cash to other branches, and receive what they send.")

Which = Annotated[
    str, typer.Argument(metavar="NUMBER_OR_ID", help='Its number ("PUN/26-27/T0001", "Payment HO/26-27/00001") or id.')
]
Items = Annotated[
    list[str] | None,
    typer.Option("--item", help="ITEM:QUANTITY@RATE, ITEM:QUANTITY=AMOUNT, or ITEM:QUANTITY at cost; may be repeated."),
]
Cash = Annotated[str, typer.Option("--cash", help="An amount of cash.")]
Account = Annotated[str, typer.Option("--account", help="The cash or bank ledger; default: Cash.")]
Godown = Annotated[str, typer.Option("--godown", help="The godown that goods leave or enter.")]
Short = Annotated[
    list[str] | None,
    typer.Option("--short", help="ITEM:QUANTITY, how much arrived where it was less than was sent; may be repeated."),
]

_item = re.compile(r"(?P<item>.+?):(?P<quantity>[0-9.,]+)(?:@(?P<rate>[0-9.,]+)|=(?P<amount>[0-9.,]+))?")


@app.command()
def send(
    context: typer.Context,
    to: Annotated[str, typer.Argument(metavar="BRANCH", help="The branch it goes to, by name or code.")],
    item: Items = None,
    cash: Cash = "",
    account: Account = "Cash",
    godown: Godown = "",
    date: Date = None,
    narration: Narration = None,
    reference: Reference = None,
    reference_date: ReferenceDate = None,
    file: File = "",
    as_json: AsJson = False,
) -> None:
    """Send goods or cash to another branch. It is in transit until that branch receives it.

    Goods go at the rate given, or at what they cost. Between branches of one GST registration they go on a delivery
    challan, numbered in a series of its own; between two registrations on a tax invoice with GST by the items' rates.

    Examples:
      khata transfer send Nagpur --item "Soap:10@50" --item "Oil:4"
      khata transfer send Pune --cash 5000 --account Cash --narration "for wages"
      khata transfer send Nagpur --file dispatch.json
    """
    from khata.reports.negative_stock import taken_below
    from khata.reports.span import branch_code
    from khata.transfers.entering import send_cash, send_form, send_goods

    beside = _beside(narration, reference, reference_date)
    if sum(map(bool, (item, cash, file))) != 1:
        raise typer.BadParameter("say what is sent: either --item, may be repeated, or --cash, or --file")
    with opened(context) as books:
        code = branch_code(books, to)
        if file:
            form = {"date": _today(), **form_from(file, {**beside, "date": date})}
            entered = send_form(books, code, form)
        elif cash:
            entered = send_cash(books, code, date or _today(), account, cash, beside)
        else:
            entered = send_goods(books, code, date or _today(), _lines(item, godown), beside)
        for below in taken_below(books, entered.id):
            complain(f"sent, but {below.text}; `khata report stock-item` shows how it came to that")
        _print_entered(books, entered, as_json)


@app.command()
def receive(
    context: typer.Context,
    which: Which,
    short: Short = None,
    cash: Cash = "",
    account: Account = "",
    godown: Godown = "",
    date: Date = None,
    narration: Narration = None,
    reference: Reference = None,
    reference_date: ReferenceDate = None,
    file: File = "",
    version: Version = "",
    as_json: AsJson = False,
) -> None:
    """Receive what another branch has sent: all of it, unless --short or --cash says otherwise.

    What did not arrive is listed by `khata problems` until sender and receiver agree, or one of them books it as lost
    with `khata transfer write-off`.

    Examples:
      khata transfer receive PUN/26-27/T0001
      khata transfer receive PUN/26-27/T0001 --short "Soap:9" --godown "Nagpur Store"
      khata transfer receive PUN/26-27/00007 --cash 4900 --account "State Bank"
    """
    from khata.transfers.entering import receive as received
    from khata.transfers.lookup import find_transfer

    beside = _beside(narration, reference, reference_date)
    form = form_from(file, beside) if file else None
    with opened(context) as books:
        arrived = {
            books.names.find("stock-item", name).document: quantity for name, quantity in map(_quantity, short or ())
        }
        entered = received(
            books,
            find_transfer(books.db, books.names, which),
            date or _today(),
            beside,
            short=arrived,
            godown=godown,
            ledger=account,
            amount=cash,
            form=form,
            version=version,
        )
        _print_entered(books, entered, as_json, "the receipt ")


@app.command()
def alter(
    context: typer.Context,
    which: Which,
    item: Items = None,
    cash: Cash = "",
    account: Account = "",
    godown: Godown = "",
    date: NewDate = None,
    narration: Narration = None,
    reference: Reference = None,
    reference_date: ReferenceDate = None,
    file: File = "",
    version: Version = "",
    as_json: AsJson = False,
) -> None:
    """Alter this branch's own half: what was sent at the sender, what was received at the receiver.

    Items that are given replace all lines. With --version, an alteration that arrived since you looked becomes a
    conflict, never lost.

    Examples:
      khata transfer alter PUN/26-27/T0001 --item "Soap:9@50"
      khata transfer alter NAG/26-27/00003 --cash 5000 --narration "recounted"
    """
    from khata.transfers.entering import alter as altered
    from khata.transfers.lookup import find_transfer

    beside = _beside(narration, reference, reference_date)
    form = form_from(file, beside) if file else None
    with opened(context) as books:
        entered = altered(
            books,
            find_transfer(books.db, books.names, which),
            beside,
            date=date or "",
            items=_lines(item, godown),
            ledger=account,
            amount=cash,
            form=form,
            version=version,
        )
        _print_entered(books, entered, as_json)


@app.command("write-off")
def write_off(
    context: typer.Context,
    which: Which,
    account: Annotated[str, typer.Option("--account", help="The expense it is booked on.")] = "",
    version: Version = "",
    as_json: AsJson = False,
) -> None:
    """Book what was sent and did not arrive as lost, at the branch that bears it: what was sent and received stays.

    Without --account it goes to Goods Lost in Transit, or Cash Lost in Transit, among the indirect expenses.

    Examples:
      khata transfer write-off PUN/26-27/T0001
      khata transfer write-off PUN/26-27/T0001 --account "Transport Losses"
    """
    from khata.transfers.entering import write_off as written_off
    from khata.transfers.lookup import find_transfer

    with opened(context) as books:
        entered = written_off(books, find_transfer(books.db, books.names, which), account, version)
        _print_entered(books, entered, as_json, "the loss in ")


@app.command()
def cancel(context: typer.Context, which: Which, version: Version = "", as_json: AsJson = False) -> None:
    """Cancel a transfer at its sender, while it was not received; or at the receiver its receipt.

    A cancelled transfer counts nowhere and stays cancelled. A receipt that was cancelled can be made again.

    Example:
      khata transfer cancel PUN/26-27/T0001
    """
    from khata.transfers.entering import cancel as cancelled
    from khata.transfers.lookup import find_transfer

    with opened(context) as books:
        entered = cancelled(books, find_transfer(books.db, books.names, which), version)
        _print_entered(books, entered, as_json, "cancelled ")


@app.command("list")
def list_transfers(
    context: typer.Context,
    in_transit: Annotated[bool, typer.Option("--in-transit", help="Only what was sent and has not arrived.")] = False,
    branch: Branch = "",
    as_json: AsJson = False,
) -> None:
    """List transfers by date and number.

    Examples:
      khata transfer list --in-transit
      khata transfer list --branch Pune --json
    """
    from khata.reports.span import branch_code
    from khata.transfers.listing import list_transfers as listed

    with opened(context) as books:
        rows = listed(books, in_transit, branch_code(books, branch) if branch else "")
    if as_json:
        print_json(rows)
        return
    shown = [
        (
            row["sent_on"], row["number"] or row["id"][:8], row["from"], row["to"], row["carries"], _state(row),
            _worth(row["sent"]), row["received_on"], row["received_as"], _worth(row["received"]),
        )
        for row in rows
    ]  # fmt: skip
    columns = ("Sent on", "Number", "From", "To", "What", "State", "Sent>", "Received on", "As", "Received>")
    print_table(columns, shown)


def _worth(amount: str) -> str:
    return grouped(amount) if amount else ""


def _state(row: dict[str, Any]) -> str:
    words = {"sent": "in transit", "unsent": "dispatch not here", "unknown": "unreadable"}
    return "differs" if row["differs"] else words.get(row["state"], row["state"])


@app.command()
def show(context: typer.Context, which: Which, as_json: AsJson = False) -> None:
    """Show one transfer with both halves, and its version: what `alter --version` takes.

    Example:
      khata transfer show PUN/26-27/T0001 --json
    """
    from khata.transfers.listing import show_transfer
    from khata.transfers.lookup import find_transfer

    with opened(context) as books:
        found = show_transfer(books, find_transfer(books.db, books.names, which))
    if as_json:
        print_json(found)
        return
    say(f"{found['carries'].capitalize()} from {found['from']} to {found['to']}: {_state(found)}")
    for field in ("why", "id", "version"):
        if found[field]:
            say(f"{field:>10}  {found[field]}")
    for leg in ("dispatch", "receipt"):
        if found[leg] is not None:
            _say_leg(leg, found[leg])
    for conflict in found["conflicts"]:
        complain(f"in conflict: khata conflicts settle {conflict} --take 1")
    for problem in found["problems"]:
        complain(f"not counted: {problem}")


def _say_leg(leg: str, found: dict[str, Any]) -> None:
    if not isinstance(found.get("entries"), list):
        return
    cancelled = "  cancelled" if found.get("cancelled") else ""
    say(f"{leg}: {found.get('number', '')}  {found.get('date', '')}  {found.get('narration', '')}{cancelled}".rstrip())
    rows = [(entry["ledger"], *_sides(entry["amount"])) for entry in found["entries"]]
    print_table(("Ledger", "Debit>", "Credit>"), rows)
    for line in found.get("stock", ()):
        say(f"{line['item']}: {line.get('quantity', '0')} {line.get('unit', '')} {line.get('amount', '')}".rstrip())


def _sides(amount: str) -> tuple[str, str]:
    return ("", grouped(amount[1:])) if amount.startswith("-") else (grouped(amount), "")


@app.command()
def history(context: typer.Context, which: Which, as_json: AsJson = False) -> None:
    """Show the edit log of a transfer: every save, who made it, when and where, and what it changed.

    Example:
      khata transfer history PUN/26-27/T0001
    """
    from khata.cli.histories import print_history
    from khata.transfers.lookup import find_transfer

    with opened(context) as books:
        print_history(books, find_transfer(books.db, books.names, which).row, as_json)


def _beside(narration: str | None, reference: str | None, reference_date: str | None) -> dict[str, str]:
    given = {"narration": narration, "reference": reference, "reference_date": reference_date}
    return {field: value for field, value in given.items() if value is not None}


def _lines(items: list[str] | None, godown: str) -> list[dict[str, str]]:
    return [{**_line(text), **({"godown": godown} if godown else {})} for text in items or ()]


def _line(text: str) -> dict[str, str]:
    found = _item.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is not ITEM:QUANTITY@RATE, such as Soap:10@50")
    return {field: value for field, value in found.groupdict().items() if value}


def _quantity(text: str) -> tuple[str, str]:
    item, colon, quantity = text.rpartition(":")
    if not colon or not item.strip() or not quantity.strip():
        raise typer.BadParameter(f"{text!r} is not ITEM:QUANTITY, such as Soap:9")
    return item.strip(), quantity.strip()


def _today() -> str:
    from datetime import datetime

    return datetime.now().astimezone().date().isoformat()


def _print_entered(books: "Books", entered: "Entered", as_json: bool, what: str = "") -> None:
    for register in entered.settled:
        complain(f"this settled the conflict on {register}; `khata transfer history` shows the other value")
    if as_json:
        told(books)
        commit = None if entered.commit is None else entered.commit.hex()
        print_json({"id": entered.id.hex(), "number": entered.number, "commit": commit})
    elif entered.commit is None:
        say(f"nothing to change: {entered.number} is like that already")
    else:
        saved(books, f"{what}{entered.number}")
