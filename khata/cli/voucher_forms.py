"""What `khata voucher add` and `alter` take: their options, and the form that these make together with a file."""

import re
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

Date = Annotated[str | None, typer.Option("--date", help="YYYY-MM-DD; default: today.")]
NewDate = Annotated[str | None, typer.Option("--date", help="YYYY-MM-DD, in the same financial year.")]
Debit = Annotated[list[str] | None, typer.Option("--debit", help="LEDGER:AMOUNT; may be repeated.")]
Credit = Annotated[list[str] | None, typer.Option("--credit", help="LEDGER:AMOUNT; may be repeated.")]
Narration = Annotated[str | None, typer.Option("--narration", help="What it is about.")]
Reference = Annotated[str | None, typer.Option("--reference", help="The other side's number.")]
ReferenceDate = Annotated[str | None, typer.Option("--reference-date", help="The other side's date.")]
Party = Annotated[str | None, typer.Option("--party", help="The party's ledger.")]
Optional = Annotated[bool | None, typer.Option("--optional/--no-optional", help="Does not count in balances.")]
File = Annotated[str, typer.Option("--file", help="A JSON file in the shape of `voucher show --json`; - for stdin.")]

ItemLines = Annotated[
    list[str] | None,
    typer.Option("--item", help="ITEM:QUANTITY@RATE, with a discount ITEM:2@120-5%; may be repeated."),
]
Charges = Annotated[
    list[str] | None,
    typer.Option("--charge", help="LEDGER:AMOUNT beside the items: a service, freight, a discount; may be repeated."),
]
Account = Annotated[str | None, typer.Option("--account", help="The ledger that items are booked on, such as Sales.")]
Godown = Annotated[str | None, typer.Option("--godown", help="Where the items lie.")]
PlaceOfSupply = Annotated[
    str | None, typer.Option("--place-of-supply", help="State, by name or GST code; default: the party's.")
]
RoundOff = Annotated[bool, typer.Option("--round-off", help='Round the total to the rupee, onto "Round Off".')]
ZeroRated = Annotated[
    bool, typer.Option("--zero-rated", help="Export or supply to a zone under bond or undertaking: no tax.")
]
TaxLedger = Annotated[
    list[str] | None, typer.Option("--tax-ledger", help="HEAD:LEDGER, where several collect a head; may be repeated.")
]
CreateLedgers = Annotated[bool, typer.Option("--create-ledgers", help="Add tax and rounding ledgers that are missing.")]
AsEntered = Annotated[bool, typer.Option("--as-entered", help="Keep the tax as it is, though it looks wrong.")]
Bills = Annotated[
    list[str] | None,
    typer.Option("--bill", help="NAME[:AMOUNT] of an open bill that the party's entry settles; may be repeated."),
]
NewBills = Annotated[
    list[str] | None, typer.Option("--new-bill", help="NAME[:AMOUNT] of a bill that it opens; may be repeated.")
]
Advances = Annotated[
    list[str] | None, typer.Option("--advance", help="NAME[:AMOUNT] of an advance that it makes; may be repeated.")
]
Recompute = Annotated[
    bool, typer.Option("--recompute", help="Work its GST and rounding out anew, at the rates of its date.")
]

_item = re.compile(r"(?P<item>.+):(?P<quantity>[0-9.,]+)@(?P<rate>[0-9.,]+)(?:-(?P<discount>[0-9.]+)%)?")
_BESIDE: Final = (
    *("type", "date", "narration", "reference", "reference_date", "party", "optional", "place_of_supply", "account"),
)
_SWITCHES: Final = ("round_off", "zero_rated", "create_ledgers", "as_entered", "recompute")
_BILLS: Final = {"bill": "against", "new_bill": "new", "advance": "advance"}


def form_from(file: str, given: dict[str, Any]) -> dict[str, Any]:
    """The form that a file and options make together; only what was said.

    Args:
        given: options by name; None, empty or False for what was not said.

    Raises:
        BooksError: the file holds no voucher.
        typer.BadParameter: an option is malformed.
    """
    form = _from_file(file) if file else {}
    form.update({field: given[field] for field in _BESIDE if given.get(field) is not None})
    form.update({field: True for field in _SWITCHES if given.get(field)})
    debits, credits = given.get("debit") or (), given.get("credit") or ()
    if debits or credits:
        form["entries"] = [_entry(text, "") for text in debits] + [_entry(text, "-") for text in credits]
    if given.get("item"):
        form["items"] = [_item_line(text, given.get("godown")) for text in given["item"]]
    if given.get("charge"):
        form["charges"] = [_charge(text) for text in given["charge"]]
    if debits or credits or given.get("item") or given.get("charge") or given.get("recompute"):
        form["keep_bills"] = True
    bills = [_bill(text, kind) for option, kind in _BILLS.items() for text in given.get(option) or ()]
    if bills:
        form["bills"] = bills
    if given.get("tax_ledger"):
        form["tax_ledgers"] = dict(_head_ledger(text) for text in given["tax_ledger"])
    return form


def _from_file(file: str) -> dict[str, Any]:
    from khata.errors import BooksError
    from khata.voucher_form import read_json

    form = read_json(_text_of(file))
    if not isinstance(form, dict):
        raise BooksError(f"{file} holds no voucher: expected fields in braces")
    return form


def _text_of(file: str) -> str:
    from khata.errors import BooksError

    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BooksError(f"{file} is not text in UTF-8: {error.reason} at byte {error.start}") from error


def _entry(text: str, sign: str) -> dict[str, str]:
    ledger, amount = _ledger_amount(text)
    if "-" in amount.removesuffix("/-"):
        raise typer.BadParameter(f"{text!r}: amounts are positive; --debit and --credit say the side")
    return {"ledger": ledger, "amount": sign + amount}


def _bill(text: str, kind: str) -> dict[str, str]:
    """The name of a bill may hold colons; what follows the last one is an amount only where it reads as one."""
    from crdt_models.errors import BadValue
    from khata.amounts import amount_of

    name, colon, amount = text.rpartition(":")
    try:
        amount_of(amount)
    except BadValue:
        name, colon, amount = text, "", ""
    name = name.strip() if colon else text.strip()
    if not name:
        raise typer.BadParameter(f"{text!r} is not NAME or NAME:AMOUNT, such as 'HO/26-27/00001:500.00'")
    return {"kind": kind, "name": name, **({"amount": amount} if colon else {})}


def _charge(text: str) -> dict[str, str]:
    ledger, amount = _ledger_amount(text)
    return {"ledger": ledger, "amount": amount}


def _ledger_amount(text: str) -> tuple[str, str]:
    """The name of a ledger may hold colons; the amount follows the last one."""
    ledger, colon, amount = text.rpartition(":")
    if not colon or not ledger.strip() or not amount.strip():
        raise typer.BadParameter(f"{text!r} is not LEDGER:AMOUNT, such as Cash:500.00")
    return ledger.strip(), amount.strip()


def _head_ledger(text: str) -> tuple[str, str]:
    head, colon, ledger = text.partition(":")
    if not colon or not head.strip() or not ledger.strip():
        raise typer.BadParameter(f"{text!r} is not HEAD:LEDGER, such as CGST:Output CGST")
    return head.strip(), ledger.strip()


def _item_line(text: str, godown: str | None) -> dict[str, str]:
    match = _item.fullmatch(text.strip())
    if match is None:
        raise typer.BadParameter(f"{text!r} is not ITEM:QUANTITY@RATE, such as Soap:10@50 or Oil:2@120-5%")
    line = {field: value.strip() for field, value in match.groupdict().items() if value}
    return {**line, "godown": godown} if godown else line
