"""Finding the transfer a person means: by the number of either leg, by id, or by scope and id."""

import re
import sqlite3
from typing import Final, NamedTuple

from khata.errors import Ambiguous, NotFound
from khata.naming import Names
from p2p.store import prefix_of

_hex_id = re.compile(r"[0-9a-fA-F]{8,32}")
_LISTED_MAX: Final = 10


class TransferName(NamedTuple):
    """A transfer as it is found: its local number, document id and scope."""

    row: int
    document: bytes
    scope: str


def find_transfer(db: sqlite3.Connection, names: Names, text: str) -> TransferName:
    """The one transfer that a person means.

    Args:
        text: the number of its dispatch or receipt ("PUN/26-27/T0001"), a voucher type and such a number, its id in hex
            or the first 8 digits or more, or a scope and an id.

    Raises:
        NotFound: there is none.
        Ambiguous: there are several; the message lists their ids.
    """
    wanted = " ".join(text.split())
    found = _by_number(db, wanted) or _by_id(db, wanted) or _by_type_and_number(db, names, wanted)
    if not found:
        raise NotFound(f"there is no transfer {text!r}; `khata transfer list` shows numbers and ids")
    if len(found) == 1:
        return found[0]
    several = {name.document for name in found}
    listed = sorted(
        name.document.hex() if len(several) > 1 else f"{name.scope}/{name.document.hex()}" for name in found
    )
    more = f" and {len(listed) - _LISTED_MAX} more" if len(listed) > _LISTED_MAX else ""
    raise Ambiguous(
        f"{len(found)} transfers are meant by {text!r}; name one by its id: {', '.join(listed[:_LISTED_MAX])}{more}"
    )


_ROWS: Final = "SELECT DISTINCT t.id, t.document, s.path FROM transfers t JOIN scopes s ON s.id=t.scope"
_LEGS: Final = (
    "SELECT t.id, t.document, s.path, v.type FROM transfers t JOIN scopes s ON s.id=t.scope "
    "JOIN vouchers v ON v.id IN (t.id, -t.id)"
)


def _by_number(db: sqlite3.Connection, text: str) -> list[TransferName]:
    rows = db.execute(f"{_ROWS} JOIN vouchers v ON v.id IN (t.id, -t.id) WHERE v.number=? AND v.leg<>''", (text,))
    return [TransferName(*row) for row in rows.fetchall()] if text else []


def _by_type_and_number(db: sqlite3.Connection, names: Names, text: str) -> list[TransferName]:
    """Numbers are unique within a base type: a payment and a receipt of one device may have the same."""
    kind, _, number = text.rpartition(" ")
    if not kind:
        return []
    try:
        wanted = names.find("voucher-type", kind).local
    except NotFound:
        return []
    rows = db.execute(f"{_LEGS} WHERE v.number=? AND v.leg<>''", (number,)).fetchall()
    return [
        TransferName(row, document, scope)
        for row, document, scope, type in rows
        if type is not None and names.effective("voucher-type", type) == wanted
    ]


def _by_id(db: sqlite3.Connection, text: str) -> list[TransferName]:
    scope, _, digits = text.rpartition("/")
    if not _hex_id.fullmatch(digits):
        return []
    low, high = (prefix_of(bytes.fromhex((digits + filler * 32)[:32])) for filler in "0f")
    rows = db.execute(
        f"{_ROWS} WHERE t.id IN (SELECT row FROM documents WHERE prefix BETWEEN ? AND ? AND kind='transfer')",
        (low, high),
    )
    found = [TransferName(*row) for row in rows.fetchall()]
    return [name for name in found if name.document.hex().startswith(digits.lower()) and scope in ("", name.scope)]
