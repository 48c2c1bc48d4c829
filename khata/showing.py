"""Register values as people and programs read them, and back: ids become names, bytes become text."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from crdt_models.errors import BadValue
from crdt_models.masters import KINDS
from crdt_models.money import Amount
from crdt_models.packing import Value
from crdt_models.registers import plain
from crdt_models.transfers import KIND as TRANSFER
from crdt_models.transfers import LEGS, read_leg
from crdt_models.vouchers import BLANK, KIND, check, posting_from
from khata.errors import BooksError
from khata.master_rows import REFERENCES
from khata.naming import Names
from khata.plain_reasons import plain_reason
from khata.voucher_form import form_of, posting_of

_POSTING: Final = "posting"
_BESIDE: Final = ("number", "reference", "reference_date", "narration", "cancelled")
_BYTES: Final = "hex:"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)


def instant(ms: int) -> str:
    """A time as programs read it: `"2026-04-02T09:30:00.000Z"`.

    Args:
        ms: milliseconds since 1970, of any origin; what is before 1970 or after the year 9999 shows as that.
    """
    return (
        (_EPOCH + timedelta(milliseconds=min(max(0, ms), _LAST_MS)))
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def shown(names: Names, kind: str, register: str, value: Value) -> Any:
    """A register's value as JSON.

    Args:
        kind: of the document.
        value: of any origin.
    """
    if kind == KIND and register == _POSTING:
        try:
            return form_of(names, posting_from(value))
        except BadValue:
            return _plain(names, {}, "", value)
    if kind == TRANSFER and register in LEGS:
        return _shown_leg(names, value)
    return _plain(names, _references(kind), register, value)


def _shown_leg(names: Names, value: Value) -> Any:
    """A leg of a transfer in the shape of a voucher: its posting, with number, narration and reference beside."""
    try:
        leg = read_leg(value)
    except BadValue:
        return _plain(names, {}, "", value)
    beside = {field: held for field, held in plain(leg).items() if field != _POSTING}
    return {**form_of(names, leg.posting), **beside}


def _plain(names: Names, references: Mapping[str, str], field: str, value: Value) -> Any:
    if isinstance(value, bytes):
        kind = references.get(field)
        return names.spelled(kind, value) if kind and len(value) == 16 else _BYTES + value.hex()
    if isinstance(value, list):
        return [_plain(names, references, field, item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(names, references, key, item) for key, item in value.items()}
    return value


def read_shown(names: Names, kind: str, register: str, value: Any) -> Value:
    """The register value that JSON in the shape of `shown` stands for, checked as if it were entered.

    Raises:
        BooksError: it is nothing this register can hold.
        DocumentError: it is a posting that does not balance or holds no valid date.
    """
    if kind == KIND and register == _POSTING:
        if not isinstance(value, dict):
            raise BooksError("a posting is written as fields in braces, as `khata voucher show --json` gives it")
        posting = posting_of(names, value)
        check(posting)
        return plain(posting)
    if kind == TRANSFER and register in LEGS:
        return _read_leg(names, value)
    read = _read(names, _references(kind), register, value)
    _check(kind, register, read)
    return read


def _read_leg(names: Names, value: Any) -> Value:
    if not isinstance(value, dict):
        raise BooksError("a leg of a transfer is written as fields in braces, as `khata conflicts --json` gives it")
    posting = posting_of(names, value)
    check(posting)
    try:
        leg = read_leg({**{field: value[field] for field in _BESIDE if field in value}, _POSTING: plain(posting)})
    except BadValue as error:
        raise BooksError(f"a leg of a transfer cannot hold that: {error}") from error
    return leg.value()


def _read(names: Names, references: Mapping[str, str], field: str, value: Any) -> Value:
    if isinstance(value, dict):
        return {key: _read(names, references, key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_read(names, references, field, item) for item in value]
    if isinstance(value, str) and field in references:
        return names.find_live(references[field], value).document
    if isinstance(value, str) and value.startswith(_BYTES):
        return _from_hex(value)
    scalar: Value = value
    return scalar


def _from_hex(text: str) -> Value:
    try:
        return bytes.fromhex(text.removeprefix(_BYTES))
    except ValueError:
        return text


def _check(kind: str, register: str, value: Value) -> None:
    if kind == KIND:
        blank = BLANK.get(register)
        if blank is not None and type(value) is not type(blank):
            raise BooksError(f"{register} is {'true or false' if isinstance(blank, bool) else 'text'}, not {value!r}")
        return
    if kind in KINDS:
        try:
            KINDS[kind].from_registers({register: value})
            if kind == "ledger" and register == "opening":
                Amount.parse(str(value))
        except BadValue as error:
            raise BooksError(f"{register} cannot hold that: {plain_reason(error)}") from error


def _references(kind: str) -> dict[str, str]:
    return {**REFERENCES.get(kind, {}), "godown": "godown", "merged_into": kind}
