"""The lines of an invoice as people write them: what is sold, how many, at what rate, less what discount."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from crdt_models.errors import BadValue
from crdt_models.money import Amount, Quantity, Rate
from khata.amounts import amount_of, ungrouped
from khata.errors import BooksError
from khata.gst.split import PERCENT_E6, rounded
from khata.naming import MasterName, Names

_PLACED: Final = ("godown", "batch", "tracking", "order")
_ITEM_FIELDS: Final = (
    *("item", "quantity", "rate", "discount", "amount", "unit", "ledger", "gst_rate"),
    *_PLACED,
)
_CHARGE_FIELDS: Final = ("ledger", "amount", "gst_rate", "narration")
_AMOUNT_PER: Final = 10**8
"""Millionths of a quantity times millionths of a rate are so many to a ten-thousandth of a rupee."""


class ItemSold(NamedTuple):
    """A line of goods: amounts without sign, whichever way the goods go."""

    item: MasterName
    quantity: int
    rate: str
    discount: str
    amount: int
    unit: str
    ledger: str
    gst_rate: str
    place: dict[str, str]


class Charge(NamedTuple):
    """A line on a ledger: a service, freight, a discount (negative)."""

    ledger: MasterName
    amount: int
    gst_rate: str
    narration: str


def read_items(names: Names, value: object) -> list[ItemSold]:
    """The item lines of a form.

    Args:
        value: what stands under `items`, of any origin.

    Raises:
        BooksError: a line cannot be read; the message says which and why.
        NotFound, Ambiguous: an item cannot be told from what is written.
    """
    return [_item(names, line, f"item line {at}") for at, line in enumerate(_list(value, "items"), 1)]


def read_charges(names: Names, value: object) -> list[Charge]:
    """The charges of a form.

    Args:
        value: what stands under `charges`, of any origin.

    Raises:
        BooksError: a line cannot be read; the message says which and why.
        NotFound, Ambiguous: a ledger cannot be told from what is written.
    """
    found = []
    for at, line in enumerate(_list(value, "charges"), 1):
        fields = _fields(line, _CHARGE_FIELDS, ("ledger", "amount"), f"charge {at}")
        ledger = names.find_live("ledger", fields["ledger"])
        amount = _number(Amount, fields["amount"], f"charge {at}")
        found.append(Charge(ledger, amount, fields.get("gst_rate", ""), fields.get("narration", "")))
    return found


def _list(value: object, what: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise BooksError(f"{what} is not a list of lines")
    return value


def _item(names: Names, line: object, where: str) -> ItemSold:
    fields = _fields(line, _ITEM_FIELDS, ("item", "quantity"), where)
    item = names.find_live("stock-item", fields["item"])
    quantity = _number(Quantity, fields["quantity"], where)
    if quantity <= 0:
        raise BooksError(f"{where} has a quantity of {fields['quantity']}; it is counted without sign, so more than 0")
    if not fields.get("rate") and not fields.get("amount"):
        raise BooksError(f"{where} needs a rate or an amount, such as {item.name}:10@50")
    rate = _number(Rate, fields.get("rate", "0"), where)
    discount = _number(Rate, fields.get("discount", "0").removesuffix("%"), where)
    if rate < 0 or not 0 <= discount <= PERCENT_E6:
        raise BooksError(f"{where} has a rate below 0, or a discount that is not from 0 to 100 percent")
    if fields.get("amount"):
        amount = _number(Amount, fields["amount"], where)
    else:
        amount = rounded(quantity * rate * (PERCENT_E6 - discount), _AMOUNT_PER * PERCENT_E6)
    return ItemSold(
        item, quantity, Rate.from_e6(rate).text if rate else "", Rate.from_e6(discount).text if discount else "",
        amount, fields.get("unit", ""), fields.get("ledger", ""), fields.get("gst_rate", ""),
        {field: fields[field] for field in _PLACED if fields.get(field)},
    )  # fmt: skip


def _fields(line: object, allowed: tuple[str, ...], needed: tuple[str, ...], where: str) -> dict[str, str]:
    if not isinstance(line, Mapping):
        raise BooksError(f"{where} is not written as fields in braces")
    fields: dict[str, str] = {}
    for field, value in line.items():
        if field not in allowed:
            raise BooksError(f"{where} has a field {field!r}; known are {', '.join(allowed)}")
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise BooksError(f"{where} has a {field} that is neither text nor a number: {value!r}")
        fields[str(field)] = str(value)
    for field in needed:
        if not fields.get(field, "").strip():
            raise BooksError(f"{where} needs {field}")
    return fields


def _number(kind: type[Amount] | type[Quantity] | type[Rate], text: str, where: str) -> int:
    try:
        return (amount_of(text) if kind is Amount else kind.parse(ungrouped(text))).scaled
    except BadValue as error:
        raise BooksError(f"{where}: {error}") from error
