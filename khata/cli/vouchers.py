"""Vouchers: `khata voucher`."""

from typing import Annotated, Any

import typer

from khata.cli.frame import (
    AsJson,
    Version,
    complain,
    grouped,
    opened,
    print_json,
    print_table,
    say,
)
from khata.cli.voucher_forms import (
    Account,
    Advances,
    AsEntered,
    Bills,
    Charges,
    CreateLedgers,
    Credit,
    Date,
    Debit,
    File,
    Godown,
    ItemLines,
    Narration,
    NewBills,
    NewDate,
    Optional,
    Party,
    PlaceOfSupply,
    Recompute,
    Reference,
    ReferenceDate,
    RoundOff,
    TaxLedger,
    ZeroRated,
    form_from,
)
from khata.cli.voucher_saved import print_entered

NAME = "voucher"
app = typer.Typer(no_args_is_help=True, help="Enter, list, show, alter and cancel vouchers.")

Which = Annotated[
    str, typer.Argument(metavar="NUMBER_OR_ID", help='Its number, id, or type and number ("Receipt HO/26-27/00001").')
]


@app.command()
def add(
    context: typer.Context,
    type: Annotated[str | None, typer.Option("--type", help="The voucher type, such as Receipt.")] = None,
    date: Date = None,
    debit: Debit = None,
    credit: Credit = None,
    narration: Narration = None,
    reference: Reference = None,
    reference_date: ReferenceDate = None,
    party: Party = None,
    item: ItemLines = None,
    charge: Charges = None,
    account: Account = None,
    godown: Godown = None,
    place_of_supply: PlaceOfSupply = None,
    round_off: RoundOff = False,
    zero_rated: ZeroRated = False,
    tax_ledger: TaxLedger = None,
    create_ledgers: CreateLedgers = False,
    as_entered: AsEntered = False,
    optional: Optional = None,
    bill: Bills = None,
    new_bill: NewBills = None,
    advance: Advances = None,
    file: File = "",
    as_json: AsJson = False,
) -> None:
    """Enter a voucher; it gets the next number of this device. With --file, options replace what the file says.

    With --item and --charge khata works out amounts, GST, rounding and the party's total. Tax that is surely wrong is
    refused with what would be right, unless --as-entered says to keep it.

    Examples:
      khata voucher add --type Receipt --debit Cash:500.00 --credit "Asha Stores:500.00" --narration "Bill 7"
      khata voucher add --type Receipt --debit Cash:590 --credit "Asha Stores:590" --bill HO/26-27/00001
      khata voucher add --type Sales --party "Asha Stores" --item "Soap:10@50" --item "Oil:2@120-5%" --round-off
      khata voucher add --type Sales --party "Asha Stores" --charge "Consulting:10000"
      khata voucher add --type Sales --date 2026-04-02 --party "Asha Stores"
          --debit "Asha Stores:590" --credit Sales:500 --credit CGST:45 --credit SGST:45
      khata voucher add --file voucher.json

    A file holds {"type", "date", "party", "narration", "reference", "entries": [{"ledger", "amount", "bills"}],
    "stock": [{"item", "quantity", "unit", "rate", "amount", "godown"}]}; amounts are debit positive, quantities into
    stock positive, masters are named or given as id:HEX. In place of entries and stock it may hold "items": [{"item",
    "quantity", "rate", "discount", "gst_rate"}], "charges": [{"ledger", "amount"}], "account", "round_off": true.
    """
    from khata.entering import enter_form
    from khata.gst.invoice import is_invoice

    given = {
        "type": type, "date": date, "debit": debit, "credit": credit, "narration": narration, "reference": reference,
        "reference_date": reference_date, "party": party, "item": item, "charge": charge, "account": account,
        "godown": godown, "place_of_supply": place_of_supply, "round_off": round_off, "zero_rated": zero_rated,
        "tax_ledger": tax_ledger, "create_ledgers": create_ledgers, "as_entered": as_entered, "optional": optional,
        "bill": bill, "new_bill": new_bill, "advance": advance,
    }  # fmt: skip
    form = form_from(file, given)
    form.setdefault("date", _today())
    if "type" not in form:
        raise typer.BadParameter("a voucher needs a type, such as --type Receipt")
    with opened(context) as books:
        entered = enter_form(books, form, by_hand=True)
        print_entered(books, entered, as_json, worked_out=is_invoice(form))


@app.command()
def alter(
    context: typer.Context,
    which: Which,
    type: Annotated[str | None, typer.Option("--type", help="Another voucher type of the same base.")] = None,
    date: NewDate = None,
    debit: Debit = None,
    credit: Credit = None,
    narration: Narration = None,
    reference: Reference = None,
    reference_date: ReferenceDate = None,
    party: Party = None,
    item: ItemLines = None,
    charge: Charges = None,
    account: Account = None,
    godown: Godown = None,
    place_of_supply: PlaceOfSupply = None,
    round_off: RoundOff = False,
    zero_rated: ZeroRated = False,
    tax_ledger: TaxLedger = None,
    create_ledgers: CreateLedgers = False,
    as_entered: AsEntered = False,
    optional: Optional = None,
    bill: Bills = None,
    new_bill: NewBills = None,
    advance: Advances = None,
    recompute: Recompute = False,
    file: File = "",
    version: Version = "",
    as_json: AsJson = False,
) -> None:
    """Alter a voucher: what is named replaces what it has; --debit and --credit together replace all entries.

    --item and --charge together replace all entries and stock lines.

    --recompute makes the tax anew. One bill follows the amount of its entry; of several, --bill says what each gets.

    With --version, an alteration that arrived since you looked becomes a conflict, never lost.

    Examples:
      khata voucher alter PUN/26-27/00001 --narration "Bill 8"
      khata voucher alter PUN/26-27/00001 --debit Cash:600 --credit "Asha Stores:600" --version 3fa9…
      khata voucher alter "Sales PUN/26-27/00001" --recompute
      khata voucher show PUN/26-27/00001 --json > v.json; khata voucher alter PUN/26-27/00001 --file v.json
    """
    from khata.entering import alter_form
    from khata.gst.invoice import is_invoice
    from khata.voucher_lookup import find_voucher

    given = {
        "type": type, "date": date, "debit": debit, "credit": credit, "narration": narration, "reference": reference,
        "reference_date": reference_date, "party": party, "item": item, "charge": charge, "account": account,
        "godown": godown, "place_of_supply": place_of_supply, "round_off": round_off, "zero_rated": zero_rated,
        "tax_ledger": tax_ledger, "create_ledgers": create_ledgers, "as_entered": as_entered, "optional": optional,
        "bill": bill, "new_bill": new_bill, "advance": advance, "recompute": recompute,
    }  # fmt: skip
    form = form_from(file, given)
    with opened(context) as books:
        found = find_voucher(books.db, books.names, which)
        entered = alter_form(books, found, form, version, by_hand=True)
        print_entered(books, entered, as_json, worked_out=is_invoice(form) or recompute)


@app.command()
def cancel(context: typer.Context, which: Which, version: Version = "", as_json: AsJson = False) -> None:
    """Cancel a voucher: it keeps its number and counts nowhere. It cannot be undone.

    Example:
      khata voucher cancel PUN/26-27/00001
    """
    from khata.entering import cancel as cancelled
    from khata.voucher_lookup import find_voucher

    with opened(context) as books:
        entered = cancelled(books, find_voucher(books.db, books.names, which), version)
        print_entered(books, entered, as_json, "cancelled ")


@app.command("list")
def list_vouchers(
    context: typer.Context,
    since: Annotated[str, typer.Option("--from", help="From this date on.")] = "",
    until: Annotated[str, typer.Option("--to", help="Up to and including this date.")] = "",
    type: Annotated[str, typer.Option("--type", help="Only this voucher type.")] = "",
    ledger: Annotated[str, typer.Option("--ledger", help="Only those with an entry on this ledger.")] = "",
    as_json: AsJson = False,
) -> None:
    """List vouchers by date, number and id.

    Examples:
      khata voucher list
      khata voucher list --from 2026-04-01 --to 2026-04-30 --type Sales --json
    """
    from khata.listing import Filter
    from khata.listing import list_vouchers as listed

    with opened(context) as books:
        rows = listed(books, Filter(since, until, type, ledger))
    if as_json:
        print_json(rows)
        return
    shown = [
        (
            row["date"],
            row["type"],
            row["number"] or row["id"][:8],
            row["party"],
            _debits(row),
            _mark(row),
            row["narration"],
        )
        for row in rows
    ]
    print_table(("Date", "Type", "Number", "Party", "Debit>", "", "Narration"), shown)


def _debits(row: dict[str, Any]) -> str:
    from crdt_models.money import Amount

    amounts = (Amount.from_e4(Amount.parse(entry["amount"]).e4) for entry in row["entries"])
    return grouped(Amount(sum(amount.e4 for amount in amounts if amount.e4 > 0)).text)


def _mark(row: dict[str, Any]) -> str:
    return "cancelled" if row["cancelled"] else "optional" if row["optional"] else "" if row["posted"] else "not posted"


@app.command()
def show(context: typer.Context, which: Which, as_json: AsJson = False) -> None:
    """Show one voucher as it counts, with its version: what `alter --version` takes.

    What a locked period keeps out of it stands below, with the commands that settle it.

    Example:
      khata voucher show PUN/26-27/00001 --json
    """
    from khata.listing import show_voucher
    from khata.voucher_lookup import find_voucher

    with opened(context) as books:
        found = show_voucher(books, find_voucher(books.db, books.names, which))
    if as_json:
        print_json(found)
        return
    say(f"{found['type']} {found['number']}  {found['date']}  {_mark(found)}".rstrip())
    for key in ("party", "reference", "narration", "entered_by", "branch", "id", "version"):
        if found.get(key):
            say(f"{key.replace('_', ' '):>12}  {found[key]}")
    rows = [(entry["ledger"], *_sides(entry["amount"])) for entry in found["entries"]]
    print_table(("Ledger", "Debit>", "Credit>"), rows)
    for line in found.get("stock", ()):
        say(f"{line['item']}: {line.get('quantity', '0')} {line.get('unit', '')} {line.get('amount', '')}".rstrip())
    for conflict in found["conflicts"]:
        complain(f"in conflict: khata conflicts settle {conflict} --take 1")
    for problem in found["problems"]:
        complain(f"not counted: {problem}")
    if found["late"]:
        _say_kept_out(found)


def _say_kept_out(found: dict[str, Any]) -> None:
    """What a locked period keeps out of a voucher, beside what counts, and how that is settled."""
    say("late: this is kept out by a locked period")
    for field, value in found["kept_out"].items():
        if field == "entries":
            print_table(("Ledger", "Debit>", "Credit>"), [(row["ledger"], *_sides(row["amount"])) for row in value])
        else:
            say(f"{field.replace('_', ' '):>12}  {value if isinstance(value, str) else _spelled(value)}")
    if found["settle"] is not None:
        complain(found["settle"]["text"])
        for choice in found["settle"]["settle_choices"]:
            complain(f"  {choice['words']}: {choice['command']}")


def _spelled(value: Any) -> str:
    import json

    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else json.dumps(value, ensure_ascii=False)


def _sides(amount: str) -> tuple[str, str]:
    return ("", grouped(amount[1:])) if amount.startswith("-") else (grouped(amount), "")


@app.command()
def history(context: typer.Context, which: Which, as_json: AsJson = False) -> None:
    """Show the edit log of a voucher: every save, who made it, when and where, and what it changed.

    Example:
      khata voucher history PUN/26-27/00001
    """
    from khata.cli.histories import print_history
    from khata.voucher_lookup import find_voucher

    with opened(context) as books:
        print_history(books, abs(find_voucher(books.db, books.names, which).row), as_json)


def _today() -> str:
    from datetime import datetime

    return datetime.now().astimezone().date().isoformat()
