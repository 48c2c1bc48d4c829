"""Transfers between two branches: one document with two legs, each written by the branch whose books it is in.

The sender writes `route`, `dispatch` and `cancelled`, the receiver writes `receipt`. Who a save is by decides whether
its values count: a leg set by any other branch is passed over and listed, so that nobody ever posts into the books of
somebody else.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from crdt_models.document import Document
from crdt_models.errors import BadValue
from crdt_models.folding import Folded, as_seen_at, fold
from crdt_models.packing import Value
from crdt_models.registers import converted, plain
from crdt_models.saves import Save
from crdt_models.vouchers import Posting

KIND: Final = "transfer"
ROUTE: Final = "route"
DISPATCH: Final = "dispatch"
RECEIPT: Final = "receipt"
CANCELLED: Final = "cancelled"

LEGS: Final = (DISPATCH, RECEIPT)
"""The registers that hold a leg, in the order in which they happen."""

BranchOf = Callable[[bytes], str]
"""The code of the branch whose device has this author id (8 bytes); empty when it belongs to none."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """From which branch to which (codes), and whether goods go or cash; fixed when the transfer is made."""

    sender: str = msgspec.field(name="from")
    receiver: str = msgspec.field(name="to")
    carries: Literal["goods", "cash"]

    def value(self) -> dict[str, Value]:
        """This route as a register value."""
        return {"from": self.sender, "to": self.receiver, "carries": self.carries}

    def branch(self, leg: str) -> str:
        """The branch in whose books a leg is, and which alone may write it."""
        return self.receiver if leg == RECEIPT else self.sender

    def other(self, leg: str) -> str:
        """The branch at the other end of a leg."""
        return self.sender if leg == RECEIPT else self.receiver


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """What one branch booked: a balanced posting with its own number. A receipt may be taken back (`cancelled`)."""

    posting: Posting
    number: str = ""
    reference: str = ""
    reference_date: str = ""
    narration: str = ""
    cancelled: bool = False

    def value(self) -> dict[str, Value]:
        """This leg as a register value."""
        return plain(self)


class Stray(NamedTuple):
    """A register that was set by somebody who had no right to it."""

    register: str
    author: bytes


class FoldedTransfer(NamedTuple):
    """A transfer as it shows: only what was set by those who may.

    Attributes:
        folded: values, conflicts and version; `route` is the one the transfer was made with.
        route: None when it cannot be told.
        complete: whether the save that made the transfer is here; otherwise the route follows from who wrote.
    """

    folded: Folded
    route: Route | None
    complete: bool
    cancelled: bool
    strays: tuple[Stray, ...]


def read_route(value: Value) -> Route | None:
    """The route in a register value of any origin, or None when it is none."""
    try:
        route = converted(value, Route)
    except BadValue:
        return None
    return route if route.sender != route.receiver else None


def read_leg(value: Value) -> Leg:
    """The leg in a register value of any origin.

    Raises:
        BadValue: it is not a leg.
    """
    return converted(value, Leg)


def pair_of(scope: str) -> tuple[str, str] | None:
    """The two branches whose transfers lie in a scope; None when it is no scope of transfers."""
    parts = scope.split("/")
    if len(parts) != 3 or parts[0] != "transfers":
        return None
    first, tilde, second = parts[1].partition("~")
    return (first, second) if tilde else None


def may_write(register: str, branch: str, route: Route) -> bool:
    """Tell whether a branch may set a register of a transfer on this route.

    A register that only newer versions know may be set by either of the two.
    """
    if register in (ROUTE, DISPATCH, CANCELLED):
        return branch == route.sender
    if register == RECEIPT:
        return branch == route.receiver
    return branch in (route.sender, route.receiver)


def fold_transfer(document: Document, branch_of: BranchOf, version: Sequence[bytes] | None = None) -> FoldedTransfer:
    """What shows of a transfer, the same on every copy that holds the same saves and control entries.

    Args:
        version: what showed to somebody who was looking at it; None for the version now.

    Cost: as `Document.fold`, and one look at each save.
    """
    saves = document.saves() if version is None else as_seen_at(document.saves(), version)
    return fold_saves(saves, document.scope, branch_of)


def fold_saves(
    saves: Mapping[bytes, Save], scope: str, branch_of: BranchOf, known: Route | None = None
) -> FoldedTransfer:
    """What shows of a transfer that consists of these saves.

    Args:
        known: its route, where the save that made the transfer is not among them.
    """
    made = known or _made(saves, scope, branch_of)
    route = made or _inferred(saves, scope, branch_of)
    if route is None:
        strays = {Stray(register, save.author) for save in saves.values() for register in save.values}
        return FoldedTransfer(_without(fold(saves), strays), None, False, False, _sorted(strays))

    def allowed(register: str, author: bytes) -> bool:
        return may_write(register, branch_of(author), route)

    strays = {
        Stray(register, save.author)
        for save in saves.values()
        for register, value in save.values.items()
        if not allowed(register, save.author) or (register == ROUTE and read_route(value) != route)
    }
    cancelled = any(save.values.get(CANCELLED) is True and allowed(CANCELLED, save.author) for save in saves.values())
    folded = _fixed(fold(saves, allowed), made, cancelled)
    return FoldedTransfer(folded, route, made is not None, cancelled, _sorted(strays))


def _made(saves: Mapping[bytes, Save], scope: str, branch_of: BranchOf) -> Route | None:
    """The route the transfer was made with: the first that its sender set."""
    pair = pair_of(scope)
    found = []
    for save in saves.values():
        route = read_route(save.values.get(ROUTE))
        if route is None or pair is None or tuple(sorted((route.sender, route.receiver))) != pair:
            continue
        if branch_of(save.author) == route.sender:
            # A save that builds on others did not make the transfer.
            found.append(((bool(save.parents), save.time, save.id), route))
    return min(found, key=lambda one: one[0])[1] if found else None


def _inferred(saves: Mapping[bytes, Save], scope: str, branch_of: BranchOf) -> Route | None:
    """The route as far as a receipt tells it whose dispatch is still on its way: who receives is who wrote it."""
    pair = pair_of(scope)
    if pair is None:
        return None
    for save in sorted(saves.values(), key=lambda save: (save.time, save.id)):
        branch = branch_of(save.author)
        value = save.values.get(RECEIPT)
        if branch in pair and isinstance(value, dict):
            sender = pair[1] if branch == pair[0] else pair[0]
            return Route(sender=sender, receiver=branch, carries="goods" if _has_stock(value) else "cash")
    return None


def _has_stock(leg: dict[str, Value]) -> bool:
    posting = leg.get("posting")
    return isinstance(posting, dict) and bool(posting.get("stock"))


def _fixed(folded: Folded, made: Route | None, cancelled: bool) -> Folded:
    """A route stays as it was made, and a cancellation is never undone: neither can be in conflict."""
    values = {register: value for register, value in folded.values.items() if register not in (ROUTE, CANCELLED)}
    if made is not None:
        values[ROUTE] = made.value()
    if cancelled:
        values[CANCELLED] = True
    return _with(folded, values, {ROUTE, CANCELLED})


def _without(folded: Folded, strays: set[Stray]) -> Folded:
    dropped = {stray.register for stray in strays}
    values = {register: value for register, value in folded.values.items() if register not in dropped}
    return _with(folded, values, dropped)


def _with(folded: Folded, values: dict[str, Value], settled: set[str]) -> Folded:
    conflicts = tuple(conflict for conflict in folded.conflicts if conflict.register not in settled)
    return folded._replace(values=values, conflicts=conflicts)


def _sorted(strays: set[Stray]) -> tuple[Stray, ...]:
    return tuple(sorted(strays))
