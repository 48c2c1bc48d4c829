"""Reading merged transfers, whatever their documents hold: what cannot be counted is passed over and listed."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from crdt_models.document import Document
from crdt_models.errors import BadValue
from crdt_models.folding import Folded
from crdt_models.packing import Value
from crdt_models.saves import Save
from crdt_models.transfers import (
    CANCELLED,
    DISPATCH,
    LEGS,
    ROUTE,
    FoldedTransfer,
    Route,
    Stray,
    fold_saves,
    fold_transfer,
    may_write,
)
from khata.changed_apart import Apart, changed_apart
from khata.locking import Counted, counted, posting_dates
from khata.reading import BAD_REGISTER, IMPOSSIBLE, Fault, ReadVoucher, read_voucher
from p2p.chain import Chain
from p2p.locks import Locks

WRONG_BRANCH: Final = "transfer-written-by-wrong-branch"
"""The code of the problem that somebody set what only another branch may set."""


_OWNED: Final = (*LEGS, CANCELLED)


class ReadLeg(NamedTuple):
    """One leg as far as it can be read, and who first wrote it and when (ms by their clocks).

    Attributes:
        voucher: what it says, `cancelled` as it counts: by itself, or because the whole transfer is.
        late: something saved after a lock is kept out of it.
        left_out: all of it is: it counts nowhere.
        value: the register that it was read from.
    """

    register: str
    branch: str
    voucher: ReadVoucher
    author: bytes
    created_ms: int
    changed_ms: int
    late: bool
    left_out: bool
    value: dict[str, Value]


class ReadTransfer(NamedTuple):
    """A transfer as far as it can be read; without a route it has no legs, because nobody knows whose they are.

    `kept_out` is what locked periods keep out of its legs.
    """

    folded: Folded
    route: Route | None
    complete: bool
    cancelled: bool
    legs: tuple[ReadLeg, ...]
    faults: tuple[Fault, ...]
    kept_out: tuple[Counted, ...] = ()

    def leg(self, register: str) -> ReadLeg | None:
        """The leg in a register, if it is here."""
        return next((leg for leg in self.legs if leg.register == register), None)


def fold(document: Document, chain: Chain, version: Sequence[bytes] | None = None) -> FoldedTransfer:
    """What shows of a transfer, now or at a version: only what devices of the branches it belongs to have set."""
    return fold_transfer(document, partial(_branch_of, chain), version)


def changes_of_dispatch(document: Document, chain: Chain) -> Apart | None:
    """What was changed of a dispatch at its sender, apart from its being cancelled there."""
    route = fold(document, chain).route
    if route is None:
        return None
    return changed_apart(
        document, lambda register, author: register == DISPATCH and _branch_of(chain, author) == route.sender
    )


def _branch_of(chain: Chain, author: bytes) -> str:
    member = chain.members.get(author)
    return member.branch if member is not None else ""


def read_transfer(document: Document, chain: Chain, locks: Locks | None = None) -> ReadTransfer:
    """The transfer that a document of any origin describes.

    Args:
        locks: tells what locked periods keep out of its legs; None to read it as if no period were locked.

    Cost: a fold and two postings, about 150 µs.
    """
    found = fold(document, chain)
    faults = [*_strays(found, chain)]
    if found.route is None:
        faults.append(Fault(IMPOSSIBLE, "it does not say from which branch to which it goes; none of it counts"))
        return ReadTransfer(found.folded, None, False, found.cancelled, (), tuple(faults))
    legs, kept_out = [], []
    for register in LEGS:
        if register not in found.folded.values:
            continue
        standing, counts = _under_locks(document, found, register, chain, locks)
        leg, wrong = _leg(document, standing, found.route, register, chain)
        faults += wrong
        if counts is not None:
            kept_out.append(counts)
            leg = None if leg is None else leg._replace(late=True, left_out=counts.left_out)
        legs += [leg] if leg is not None else []
    cancelled = all(leg.voucher.cancelled for leg in legs) and found.cancelled
    return ReadTransfer(
        found.folded, found.route, found.complete, cancelled, tuple(legs), tuple(faults), tuple(kept_out)
    )


def _under_locks(
    document: Document, found: FoldedTransfer, register: str, chain: Chain, locks: Locks | None
) -> tuple[FoldedTransfer, Counted | None]:
    """The transfer as it stands for one leg, without what a lock keeps out of it, and what that is.

    Each leg is judged by its own date: what was sent in March and arrives in April is received in an open period.
    """
    if locks is None or not chain.locks:
        return found, None
    alone = document.emptied(_not_about(document, found, register, chain))
    counts = counted(alone, alone.fold(), chain, locks, partial(_leg_dates, register))
    if not counts.kept_out:
        return found, None
    if counts.left_out:
        return found, counts
    remaining = document.emptied({one.save.id for one in counts.kept_out})
    return fold_saves(remaining.saves(), document.scope, partial(_branch_of, chain), found.route), counts


def _leg_dates(register: str, values: Mapping[str, Value]) -> list[str]:
    leg = values.get(register)
    return posting_dates(leg) if isinstance(leg, dict) else []


def _not_about(document: Document, found: FoldedTransfer, register: str, chain: Chain) -> set[bytes]:
    """The saves that neither set this leg nor cancel the transfer, or were made by who may not."""
    route = found.route
    assert route is not None
    return {
        save.id
        for save in document.saves().values()
        if not any(
            wanted in save.values and may_write(wanted, _branch_of(chain, save.author), route)
            for wanted in (register, CANCELLED)
        )
    }


def _leg(
    document: Document, found: FoldedTransfer, route: Route, register: str, chain: Chain
) -> tuple[ReadLeg | None, list[Fault]]:
    value = found.folded.values.get(register)
    if not isinstance(value, dict):
        error = BadValue(f"it holds a {type(value).__name__}, not a leg")
        return None, [Fault(BAD_REGISTER, f"its register {register!r} is passed over: {error}")]
    read = read_voucher({field: inner for field, inner in value.items() if field != "optional"})
    branch = route.branch(register)
    saves = [
        save
        for save in document.saves().values()
        if register in save.values and _branch_of(chain, save.author) == branch
    ]
    first, last = min(saves, key=_by_time), max(save.time for save in saves)
    counts = read._replace(cancelled=read.cancelled or found.cancelled)
    leg = ReadLeg(register, branch, counts, first.author, first.time, last, False, False, value)
    return leg, [Fault(code, f"its {register}: {text}") for code, text in read.faults]


def _by_time(save: Save) -> tuple[int, bytes]:
    return save.time, save.id


def _strays(found: FoldedTransfer, chain: Chain) -> list[Fault]:
    return [Fault(WRONG_BRANCH, _stray(stray, found.route, chain)) for stray in found.strays]


def _stray(stray: Stray, route: Route | None, chain: Chain) -> str:
    member = chain.members.get(stray.author)
    who = f"{member.name} (branch {member.branch})" if member is not None else f"device {stray.author.hex()}"
    if route is None:
        return f"{who} set its {stray.register}, but is not known to be of either branch; that is passed over"
    if stray.register == ROUTE:
        return f"{who} set its route anew; a route stays as it was made"
    owner = route.branch(stray.register) if stray.register in _OWNED else f"{route.sender} and {route.receiver}"
    return f"{who} set its {stray.register}, which only {owner} may; that is passed over"
