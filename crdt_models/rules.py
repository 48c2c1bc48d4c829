"""Rules: agreements between two branches about which subtrees flow between them, which way, since when, how often.

A rule is a document whose id fixes the two branches and the name. What counts in it depends on whose device says it:
an `offer` by the branch that offers, an `answer` by the branch it is addressed to, and pauses, since-marks and
schedules by each of the two for itself. An answer names the offer it is about by a hash of it, so a changed offer
needs a new answer, and until then the one that was answered holds.
"""

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from crdt_models.document import Document
from crdt_models.folding import Folded
from crdt_models.packing import Value, pack

KIND: Final = "rule"

OFFER: Final = "offer"
ANSWER: Final = "answer"
PAUSED: Final = "paused:"
SINCE: Final = "since:"
EVERY: Final = "every:"
"""Registers; the last three end in the code of the branch that says it."""

CONTINUOUS: Final = "continuous"
MANUAL: Final = "manual"
ON_DEMAND: Final = "on-demand"
ONLINE: Final = "online"
MODES: Final = (ON_DEMAND, ONLINE)
"""On demand: a relay may deliver it. Online: it flows only while the two are connected."""

PATTERNS_MAX: Final = 256
NAME_CHARS_MAX: Final = 64
MINUTES_MAX: Final = 7 * 24 * 60
OFFER_HASH_BYTES: Final = 16

_month = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)

_Code = Annotated[str, Meta(min_length=1, max_length=32)]
_Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARS_MAX)]
_Text = Annotated[str, Meta(max_length=164)]
_Patterns = Annotated[tuple[_Text, ...], Meta(max_length=PATTERNS_MAX)]
_Month = Annotated[str, Meta(pattern=r"^(\d{4}-(0[1-9]|1[0-2]))?\Z")]
_Minutes = Annotated[int, Meta(ge=1, le=MINUTES_MAX)]
_Hash = Annotated[bytes, Meta(max_length=OFFER_HASH_BYTES)]

Every = _Minutes | Literal["continuous", "manual"]
"""How often a branch synchronizes by itself: minutes, `continuous` or `manual`."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What one branch offers another.

    Attributes:
        source: code of the branch that offers.
        target: code of the branch it is addressed to.
        name: unique between the two.
        sends: patterns of scopes that flow from source to target.
        receives: patterns that flow from target to source.
        since: no voucher, transfer or file of an earlier month flows; `YYYY-MM` or empty.
        mode: `on-demand` or `online`.
        every: how often each side synchronizes unless it says otherwise for itself.
        preset: which preset it was made of, or empty.
        at: when it was made, ms since 1970; two offers of the same content are two offers.
    """

    source: _Code
    target: _Code
    name: _Name
    sends: _Patterns
    receives: _Patterns
    since: _Month = ""
    mode: Annotated[str, Meta(max_length=16)] = ON_DEMAND
    every: Every = CONTINUOUS
    preset: Annotated[str, Meta(max_length=32)] = ""
    at: Annotated[int, Meta(ge=0)] = 0

    def register(self) -> dict[str, Value]:
        """Return it as the value of the register `offer`."""
        value: dict[str, Value] = msgspec.to_builtins(self)
        return value


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the other branch says to it.

    Attributes:
        active: hash of the offer that holds; empty when none does.
        rejected: hash of the latest offer that was turned down; empty when none was.
        sends, receives: what the answering branch narrows the offer to, as patterns beside the offered ones; None
            leaves it as offered. Both are named as in the offer: `sends` flows towards the answering branch.
        reason: why it was turned down, for people.
    """

    active: _Hash = b""
    rejected: _Hash = b""
    sends: _Patterns | None = None
    receives: _Patterns | None = None
    reason: Annotated[str, Meta(max_length=256)] = ""

    def register(self) -> dict[str, Value]:
        """Return it as the value of the register `answer`."""
        value: dict[str, Value] = msgspec.to_builtins(self, builtin_types=(bytes,))
        return value


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it stands, equal on all copies that hold the same saves and the same control chain.

    Attributes:
        id: 16 bytes.
        offer: the latest offer.
        offered: its hash, which an answer names it by.
        answer: the latest answer.
        active: the offer that was answered with yes, which holds until a later one is; None when none does.
        paused: codes of the branches that have paused it.
        since: by branch, the month before which it wants nothing to flow.
        every: by branch, how often it synchronizes.
    """

    id: bytes
    offer: Offer
    offered: bytes
    answer: Answer
    active: Offer | None
    paused: tuple[str, ...]
    since: Mapping[str, str]
    every: Mapping[str, Every]

    @property
    def branches(self) -> tuple[str, str]:
        """The codes of the two branches: who offers, whom it is addressed to."""
        return self.offer.source, self.offer.target

    @property
    def waits_for_answer(self) -> bool:
        """Whether the latest offer was neither accepted nor turned down."""
        return self.offered not in (self.answer.active, self.answer.rejected)

    @property
    def state(self) -> str:
        """`offered`, `active`, `paused` or `rejected`."""
        if self.active is not None:
            return "paused" if self.paused else "active"
        return "offered" if self.waits_for_answer else "rejected"

    def since_of(self, terms: Offer) -> str:
        """The month from which on terms let anything flow: the latest that the offer or either branch names."""
        return max((terms.since, *self.since.values()))

    def every_of(self, branch: str) -> Every:
        """How often a branch synchronizes because of this rule."""
        terms = self.active or self.offer
        return self.every.get(branch, terms.every)


BranchOf = Callable[[bytes], str]
"""The code of the branch that a device (author id, 8 bytes) stands in; empty for one that is not known."""


def rule_id(company: bytes, source: str, target: str, name: str) -> bytes:
    """Return the id of the rule of this name that one branch offers another, 16 bytes.

    Args:
        company: company id, 32 bytes.
        source: code of the branch that offers.
        target: code of the branch it is addressed to.
    """
    return sha256(b"khata rule 1" + pack([company, source, target, name])).digest()[:16]


def offer_hash(value: Value) -> bytes:
    """Return the 16 bytes that an answer names an offer by.

    Args:
        value: of the register `offer`, with whatever a newer version put into it.
    """
    return sha256(b"khata offer 1" + pack(value)).digest()[:OFFER_HASH_BYTES]


def read_rule(document: Document, company: bytes, branch_of: BranchOf) -> Rule | None:
    """Read a rule out of its document, whatever it holds; None while no offer in it counts."""
    offers = _counted_offers(document, company, branch_of)
    if not offers:
        return None
    values = folded_rule(document, next(iter(offers.values())), branch_of).values
    offered = offer_hash(values[OFFER]) if OFFER in values else b""
    if offered not in offers:
        # What shows cannot be read: a newer version wrote it. The newest that can be read is shown.
        offered = max(offers, key=lambda hash: (offers[hash].at, hash))
    offer, answer = offers[offered], _read(Answer, values.get(ANSWER)) or Answer()
    return Rule(
        id=document.id,
        offer=offer,
        offered=offered,
        answer=answer,
        active=offers.get(answer.active),
        paused=tuple(code for code in (offer.source, offer.target) if values.get(PAUSED + code) is True),
        since=_each(offer, values, SINCE, _read_month),
        every=_each(offer, values, EVERY, _read_every),
    )


def folded_rule(document: Document, offer: Offer, branch_of: BranchOf) -> Folded:
    """Return what counts in a rule, register by register, with its conflicts.

    Args:
        offer: any offer in it that counts: it says which two branches may say what.
    """

    def may_write(register: str, author: bytes) -> bool:
        branch = branch_of(author)
        if register == OFFER:
            return branch == offer.source
        if register == ANSWER:
            return branch == offer.target
        return bool(branch) and register.endswith(f":{branch}") and branch in (offer.source, offer.target)

    return document.fold(may_write)


def _counted_offers(document: Document, company: bytes, branch_of: BranchOf) -> dict[bytes, Offer]:
    found: dict[bytes, Offer] = {}
    for save in document.saves().values():
        offer = _read(Offer, save.values.get(OFFER))
        if (
            offer is not None
            and offer.source != offer.target
            and branch_of(save.author) == offer.source
            and rule_id(company, offer.source, offer.target, offer.name) == document.id
        ):
            found[offer_hash(save.values[OFFER])] = offer
    return dict(sorted(found.items()))


def _read(kind: type[Any], value: Value) -> Any:
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, ValueError):
        return None


def _each(offer: Offer, values: Mapping[str, Value], register: str, read: Callable[[Value], Any]) -> dict[str, Any]:
    found = {code: read(values.get(register + code)) for code in (offer.source, offer.target)}
    return {code: value for code, value in found.items() if value is not None}


def _read_month(value: Value) -> str | None:
    return value if isinstance(value, str) and _month.fullmatch(value) else None


def _read_every(value: Value) -> Every | None:
    if value == CONTINUOUS:
        return "continuous"
    if value == MANUAL:
        return "manual"
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MINUTES_MAX else None
