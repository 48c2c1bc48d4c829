"""Finding the voucher a person means: by number, by id, or by voucher type and number."""

import re
import sqlite3
from typing import NamedTuple

from khata.errors import Ambiguous, NotFound
from khata.naming import Names
from p2p.store import prefix_of

_hex_id = re.compile(r"[0-9a-fA-F]{8,32}")
_ROWS = "SELECT v.id, v.document, s.path, v.number, v.type FROM vouchers v JOIN scopes s ON s.id=v.scope"
_VOUCHERS = "SELECT row FROM documents WHERE prefix BETWEEN ? AND ? AND kind IN ('voucher', 'transfer')"
_LEGS = "SELECT -row FROM documents WHERE prefix BETWEEN ? AND ? AND kind='transfer'"
_LISTED_MAX = 10


class VoucherName(NamedTuple):
    """A voucher as it is found: its local id, document id, scope and number."""

    row: int
    document: bytes
    scope: str
    number: str
    type: int | None


def find_voucher(db: sqlite3.Connection, names: Names, text: str) -> VoucherName:
    """The one voucher that a person means.

    Args:
        text: a number ("PUN1/26-27/00042"), a voucher type and a number ("Receipt PUN1/26-27/00042"), an id in hex or
            its first 8 digits or more, or a scope and an id ("vouchers/pun1/receipt/2026-04/3fa9…").

    Raises:
        NotFound: there is none.
        Ambiguous: there are several; the message lists their ids.
    """
    wanted = " ".join(text.split())
    found = _by_number(db, wanted) or _by_id(db, wanted) or _by_type_and_number(db, names, wanted)
    if not found:
        raise NotFound(f"there is no voucher {text!r}; `khata voucher list` shows numbers and ids")
    if len(found) == 1:
        return found[0]
    several = {voucher.document for voucher in found}
    listed = sorted(_described(names, voucher, len(several) > 1) for voucher in found)
    more = f" and {len(listed) - _LISTED_MAX} more" if len(listed) > _LISTED_MAX else ""
    raise Ambiguous(
        f"{len(found)} vouchers are meant by {text!r}; name one by its id: {', '.join(listed[:_LISTED_MAX])}{more}"
    )


def _described(names: Names, voucher: VoucherName, by_id: bool) -> str:
    name = voucher.document.hex() if by_id else f"{voucher.scope}/{voucher.document.hex()}"
    if voucher.scope.startswith("transfers/"):
        # The legs of a transfer share its id; each has a number.
        name = voucher.number or name
    return f"{name} ({names.label('voucher-type', voucher.type)} {voucher.number})".replace("( ", "(")


def _rows(db: sqlite3.Connection, condition: str, *values: object) -> list[VoucherName]:
    return [VoucherName(*row) for row in db.execute(f"{_ROWS} WHERE {condition}", values)]


def _by_number(db: sqlite3.Connection, text: str) -> list[VoucherName]:
    return _rows(db, "v.number=?", text) if text else []


def _by_id(db: sqlite3.Connection, text: str) -> list[VoucherName]:
    scope, _, digits = text.rpartition("/")
    if not _hex_id.fullmatch(digits):
        return []
    low, high = (prefix_of(bytes.fromhex((digits + filler * 32)[:32])) for filler in "0f")
    rows = _rows(db, f"v.id IN ({_VOUCHERS}) OR v.id IN ({_LEGS})", low, high, low, high)
    return [
        voucher
        for voucher in rows
        if voucher.document.hex().startswith(digits.lower()) and scope in ("", voucher.scope)
    ]


def _by_type_and_number(db: sqlite3.Connection, names: Names, text: str) -> list[VoucherName]:
    kind, _, number = text.rpartition(" ")
    if not kind:
        return []
    try:
        wanted = names.find("voucher-type", kind).local
    except NotFound:
        return []
    numbered = _by_number(db, number)
    return [v for v in numbered if v.type is not None and names.effective("voucher-type", v.type) == wanted]
