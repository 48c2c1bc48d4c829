"""Vouchers as people and programs write them: JSON with names in place of ids.

`voucher show --json` gives this shape and `voucher add --file`, `voucher alter --file` and `conflicts settle --value`
take it, so what was shown can be edited and handed back:

    {"type": "Sales", "date": "2026-04-02", "party": "Asha Stores", "narration": "…", "reference": "…",
     "entries": [{"ledger": "Asha Stores", "amount": "590.00",
                  "bills": [{"kind": "new", "name": "7", "amount": "590.00"}]},
                 {"ledger": "Sales", "amount": "-590.00"}],
     "stock": [{"item": "Soap", "quantity": "-10", "unit": "Nos", "rate": "50", "amount": "-500.00"}]}

In place of entries and stock lines a form may say what was sold (`items`, `charges`): `khata.gst.invoice` makes the
entries from that before the form comes here.

A master is named, or given as `id:` and its id in hex. Amounts are debit positive; quantities into stock are positive.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from crdt_models.errors import BadValue
from crdt_models.money import Quantity, Rate
from crdt_models.registers import plain
from crdt_models.vouchers import (
    BankAllocation,
    BillAllocation,
    CostAllocation,
    Entry,
    Forex,
    Posting,
    StockLine,
    posting_from,
)
from khata.amounts import amount_of, ungrouped
from khata.errors import BooksError
from khata.naming import ID_PREFIX, Names
from khata.plain_reasons import plain_reason

Form = dict[str, Any]

BESIDE: Final = ("reference", "reference_date", "narration", "optional")
"""The fields of a form that are registers beside the posting."""

_SHOWN: Final = (
    "id",
    "number",
    "version",
    "cancelled",
    "posted",
    "branch",
    "leg",
    "scope",
    "entered_by",
    "conflicts",
    "problems",
    "late",
    "kept_out",
    "settle",
)
"""What `voucher show` adds and a form may carry along without effect."""

_KINDS: Final = {
    "type": "voucher-type",
    "party": "ledger",
    "ledger": "ledger",
    "currency": "currency",
    "centre": "cost-centre",
    "category": "cost-category",
    "item": "stock-item",
    "unit": "unit",
    "rate_unit": "unit",
    "alternate_unit": "unit",
    "godown": "godown",
    "destination": "godown",
}
"""Fields that refer to masters, and of which kind."""

_NUMBERS: Final[dict[str, Callable[[str], str]]] = {
    "amount": lambda text: amount_of(text).text,
    "quantity": lambda text: Quantity.parse(ungrouped(text)).text,
    "billed": lambda text: Quantity.parse(ungrouped(text)).text,
    "rate": lambda text: Rate.parse(ungrouped(text)).text,
    "discount": lambda text: Rate.parse(ungrouped(text)).text,
}

_PARTS: Final[dict[str, type[msgspec.Struct]]] = {
    "entries": Entry,
    "stock": StockLine,
    "bills": BillAllocation,
    "costs": CostAllocation,
    "bank": BankAllocation,
    "forex": Forex,
}


def read_json(text: str) -> Any:
    """Read JSON without ever making a float: decimals come as the text they were written in.

    Raises:
        BooksError: it is not JSON, or holds half a character (a lone surrogate), which no file can.
    """
    try:
        value = json.loads(text, parse_float=str, parse_constant=str)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BooksError(f"this is not JSON: {error}") from error
    return value


def form_of(names: Names, posting: Posting) -> Form:
    """A posting with names in place of ids; what stands at its default is left out."""
    return {str(key): _shown(names, key, value) for key, value in plain(posting).items()}


def _shown(names: Names, field: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shown(names, "" if field == "extra" else key, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shown(names, field if field in _PARTS else "", item) for item in value]
    if isinstance(value, bytes):
        return names.spelled(_KINDS[field], value) if field in _KINDS else value.hex()
    return value


def posting_of(names: Names, form: Mapping[str, Any], before: Posting | None = None) -> Posting:
    """The posting that a form describes.

    Args:
        form: of any origin; the fields beside the posting are passed over.
        before: the posting that is altered: masters it names already may be named again although they are not here.

    Raises:
        BooksError: a field is unknown or holds something it may not; the message says where.
        NotFound, Ambiguous: a master cannot be told from what is written.
    """
    known = _ids_in(plain(before)) if before is not None else set()
    fields = {key: value for key, value in form.items() if key not in (*BESIDE, *_SHOWN)}
    if not fields.get("type"):
        raise BooksError('a voucher needs a type, such as "Receipt"')
    values = _read(names, known, Posting, fields, "the voucher")
    base = _base_of(names, values["type"], fields.get("base"))
    if before is not None and "extra" not in fields:
        values["extra"] = before.extra
    try:
        return posting_from({**values, "base": base})
    except BadValue as error:
        raise BooksError(f"the voucher cannot be read: {plain_reason(error)}") from error


def _read(names: Names, known: set[bytes], kind: type[msgspec.Struct], fields: Any, where: str) -> dict[str, Any]:
    if not isinstance(fields, dict):
        raise BooksError(f"{where} is not written as fields in braces")
    allowed = {field.name for field in msgspec.structs.fields(kind)}
    values: dict[str, Any] = {}
    for field, value in fields.items():
        if field not in allowed:
            raise BooksError(f"{where} has a field {field!r}; known are {', '.join(sorted(allowed))}")
        if value is None or (value == "" and field in _KINDS):
            continue
        if field in _PARTS and isinstance(value, list):
            inner = _PARTS[field]
            values[field] = [
                _read(names, known, inner, item, f"{where}, {field} {at}") for at, item in enumerate(value, 1)
            ]
        elif field in _PARTS:
            values[field] = _read(names, known, _PARTS[field], value, f"{where}, {field}")
        else:
            values[field] = _read_field(names, known, field, value, where)
    return values


def _read_field(names: Names, known: set[bytes], field: str, value: Any, where: str) -> Any:
    if field in _KINDS:
        return _reference(names, known, field, value, where)
    if field in _NUMBERS and value != "":
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise BooksError(f"{where} has a {field} that is not a number: {value!r}")
        try:
            return _NUMBERS[field](str(value))
        except BadValue as error:
            raise BooksError(f"{where}: {error}") from error
    return value


def _reference(names: Names, known: set[bytes], field: str, value: Any, where: str) -> bytes:
    if not isinstance(value, str):
        raise BooksError(f"{where} has a {field} that is not a name: {value!r}")
    if value.startswith(ID_PREFIX):
        document = _hex(value.removeprefix(ID_PREFIX))
        if document in known:
            return document
    return names.find_live(_KINDS[field], value).document


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _base_of(names: Names, voucher_type: bytes, given: object) -> str:
    """The base type of a voucher type; what the form says counts only where the type itself says nothing."""
    base = names.voucher_base(voucher_type)
    if base is None and isinstance(given, str):
        return given
    if base is None:
        raise BooksError("this voucher type has no base type; alter it first, or choose another")
    return base


def _ids_in(value: Any) -> set[bytes]:
    if isinstance(value, bytes):
        return {value}
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return {found for item in value for found in _ids_in(item)}
    return set()
