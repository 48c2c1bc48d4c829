"""What the tables of the books have to say, folded anew from the saves that a copy holds."""

from collections.abc import Mapping
from datetime import date as calendar_date
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from simulations.oracle.chain import Chain
from simulations.oracle.commits import Name, Save
from simulations.oracle.folding import Clash, Shown, fold
from simulations.oracle.periods import Undecided, counted, is_near_a_lock
from simulations.oracle.reading import Copy

POSTING_TYPES = frozenset(
    ("sales", "purchase", "payment", "receipt", "contra", "journal", "credit-note", "debit-note", "payroll")
)
"""Base types whose entries count in balances."""
BALANCED_TYPES = POSTING_TYPES | {"memorandum", "reversing-journal"}
STOCK_TYPES = POSTING_TYPES - {"contra", "payroll"}
"""Those of them whose stock lines move stock."""

Entry = tuple[bytes, int]
"""A ledger (document id) and an amount in ten-thousandths."""
Moved = tuple[bytes, int, int, bool]
"""An item (document id), a quantity in millionths, an amount in ten-thousandths, and whether it moves stock."""


class Voucher(NamedTuple):
    """A voucher, or a leg of a transfer, as it has to stand in the tables; `leg` is empty, dispatch or receipt.

    Of a leg, `state` says where the transfer stands; of a voucher it is empty.
    """

    leg: str
    number: str
    date: str
    narration: str
    cancelled: bool
    optional: bool
    late: bool
    posted: bool
    entries: tuple[Entry, ...]
    stock: tuple[Moved, ...] = ()
    state: str = ""


class Master(NamedTuple):
    """A master as it has to stand in the tables; `parent` is the document id of its group."""

    name: str
    deleted: bool
    parent: bytes | None


def clashes(copy: Copy, chain: Chain, name: Name) -> dict[str, Clash]:
    """The registers of a document that several people have set apart from each other.

    Raises:
        Undecided: of a transfer, from which branch to which it goes cannot be told yet.
    """
    saves = copy.saves(name)
    if not any(save.values for save in saves.values()):
        return {}
    if name[1] != "transfer" or not name[0].startswith("transfers/"):
        return fold(saves).clashes
    shown, _ = _transfer(chain, name, saves)
    return {register: clash for register, clash in shown.clashes.items() if register not in ("route", "cancelled")}


def vouchers(copy: Copy, chain: Chain, name: Name) -> list[Voucher]:
    """The rows that a voucher or a transfer has to have.

    Raises:
        Undecided: see `periods`; or it holds something that a workload of honest people never writes.
    """
    saves = copy.saves(name)
    if not any(save.values for save in saves.values()):
        return []
    if name[1] == "transfer":
        return _legs(chain, name, saves)
    found = counted(copy, chain, name, saves)
    values = dict(found.shown.values)
    if "cancelled" in found.shown.clashes:
        # Somebody cancelled, and that is never undone.
        values["cancelled"] = True
    return [_voucher("", values, found.late, found.left_out)]


def _voucher(leg: str, values: Mapping[str, Any], late: bool, left_out: bool) -> Voucher:
    posting = values.get("posting")
    if not isinstance(posting, dict):
        raise Undecided
    entries = tuple((entry["ledger"], e4_of(entry["amount"])) for entry in posting.get("entries", ()))
    base, cancelled, optional = posting["base"], values.get("cancelled", False), values.get("optional", False)
    sound = _is_day(posting["date"]) and (base not in BALANCED_TYPES or not sum(amount for _, amount in entries))
    counts = sound and not cancelled and not optional and not left_out
    texts = (values.get("number", ""), posting["date"], values.get("narration", ""))
    if not all(isinstance(text, str) for text in texts) or not isinstance(cancelled, bool):
        raise Undecided
    stock = tuple(_moved(line, counts and base in STOCK_TYPES) for line in posting.get("stock", ()))
    return Voucher(leg, *texts, cancelled, bool(optional), late, counts and base in POSTING_TYPES, entries, stock)


def _moved(line: Mapping[str, Any], posted: bool) -> Moved:
    if line.get("tracking"):
        raise Undecided
    quantity = e4_of(line.get("quantity", "0")) * 100
    return line["item"], quantity, e4_of(line.get("amount", "0")), posted


def _legs(chain: Chain, name: Name, saves: Mapping[bytes, Save]) -> list[Voucher]:
    shown, cancelled = _transfer(chain, name, saves)
    dates = [_leg_date(save, leg) for save in saves.values() for leg in ("dispatch", "receipt")]
    if is_near_a_lock(chain, [date for date in dates if date]):
        raise Undecided
    found = []
    for leg in ("dispatch", "receipt"):
        value = shown.values.get(leg)
        if isinstance(value, dict):
            gone = bool(value.get("cancelled")) or cancelled
            found.append(_voucher(leg, {**value, "cancelled": gone, "optional": False}, False, False))
    state = _state({leg.leg: leg for leg in found})
    return [leg._replace(state=state) for leg in found]


def _state(legs: Mapping[str, Voucher]) -> str:
    dispatch, receipt = legs.get("dispatch"), legs.get("receipt")
    if dispatch is None:
        return "unsent"
    if dispatch.cancelled:
        return "cancelled"
    return "sent" if receipt is None or receipt.cancelled else "received"


def _leg_date(save: Save, leg: str) -> str:
    value = save.values.get(leg)
    posting = value.get("posting") if isinstance(value, dict) else None
    date = posting.get("date") if isinstance(posting, dict) else None
    return date if isinstance(date, str) else ""


def _transfer(chain: Chain, name: Name, saves: Mapping[bytes, Save]) -> tuple[Shown, bool]:
    def branch_of(author: bytes) -> str:
        member = chain.members.get(author)
        return member.branch if member is not None else ""

    pair = name[0].split("/")[1].split("~")
    made = []
    for save in saves.values():
        route = save.values.get("route")
        if isinstance(route, dict) and sorted(ends := (str(route["from"]), str(route["to"]))) == pair:
            made += [((bool(save.parents), save.time, save.id), ends)] if branch_of(save.author) == ends[0] else []
    if not made:
        raise Undecided
    sender, receiver = min(made)[1]

    def allowed(register: str, author: bytes) -> bool:
        if register in ("route", "dispatch", "cancelled"):
            return branch_of(author) == sender
        return branch_of(author) == receiver if register == "receipt" else branch_of(author) in pair

    cancelled = any(
        save.values.get("cancelled") is True and branch_of(save.author) == sender for save in saves.values()
    )
    return fold(saves, allowed), cancelled


def master(copy: Copy, name: Name) -> Master | None:
    """The row that a ledger or a group has to have; None where nothing of it counts.

    Raises:
        Undecided: it holds something that a workload of honest people never writes.
    """
    values = fold(copy.saves(name)).values
    if not values:
        return None
    title, deleted = values.get("name", ""), values.get("deleted", False)
    parent = values.get({"ledger": "group"}.get(name[1], "parent"))
    if not isinstance(title, str) or not isinstance(deleted, bool) or not isinstance(parent, bytes | None):
        raise Undecided
    return Master(title, deleted, parent)


def e4_of(text: str) -> int:
    """An amount in ten-thousandths.

    Raises:
        Undecided: it is none.
    """
    try:
        scaled = Decimal(text) * 10_000
    except (InvalidOperation, TypeError) as error:
        raise Undecided from error
    if scaled != int(scaled):
        raise Undecided
    return int(scaled)


def _is_day(text: str) -> bool:
    try:
        return calendar_date.fromisoformat(text).isoformat() == text
    except (ValueError, TypeError):
        return False
