"""What flows between whom, by protocol.md §7: rules read from their documents, own books, relays, grants."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from simulations.oracle.chain import Chain, Member
from simulations.oracle.commits import Name, Save
from simulations.oracle.folding import fold
from simulations.oracle.scopes import any_matches, is_control, month_of, own_books

_canonical = msgspec.msgpack.Encoder(order="deterministic")
_EVERYTHING = ("masters/**", "vouchers/**", "transfers/**", "files/**")


class Flow(NamedTuple):
    """Scopes that match one of `named`, one of each of `limits`, and are of the first month or later."""

    named: tuple[str, ...]
    limits: tuple[tuple[str, ...], ...] = ()
    since: str = ""

    def matches(self, scope: str) -> bool:
        """Whether commits of a scope may flow."""
        month = month_of(scope)
        return (
            not is_control(scope)
            and any_matches(self.named, scope)
            and all(any_matches(limit, scope) for limit in self.limits)
            and (not month or month >= self.since)
        )


@dataclass(frozen=True)
class Rule:
    """What one rule lets flow now."""

    source: str
    target: str
    sends: Flow
    receives: Flow
    on_demand: bool
    active: bool

    def flows(self, giver: str, taker: str) -> list[Flow]:
        """What flows from one branch to another."""
        if not self.active:
            return []
        if (giver, taker) == (self.source, self.target):
            return [self.sends]
        return [self.receives] if (taker, giver) == (self.source, self.target) else []

    def delivered(self, taker: str) -> list[Flow]:
        """What a relay delivers to a branch."""
        if not self.on_demand:
            return []
        return [*self.flows(self.source, taker), *self.flows(self.target, taker)]

    def left(self, giver: str) -> list[Flow]:
        """What a branch leaves at a relay: the one that offers already before it is answered."""
        if not self.on_demand:
            return []
        if giver == self.source:
            return [self.sends]
        return [self.receives] if giver == self.target and self.active else []


def read_rule(name: Name, saves: Mapping[bytes, Save], chain: Chain, company: bytes) -> Rule | None:
    """What a document of `control/rules` lets flow; None where it is paused, turned down or nothing in it counts."""

    def branch_of(author: bytes) -> str:
        member = chain.members.get(author)
        return member.branch if member is not None else ""

    offers: dict[bytes, dict[str, Any]] = {}
    for save in saves.values():
        offer = save.values.get("offer")
        if isinstance(offer, dict) and _counts(offer, name[2], company) and branch_of(save.author) == offer["source"]:
            offers[sha256(b"khata offer 1" + _canonical.encode(offer)).digest()[:16]] = offer
    if not offers:
        return None
    ends = next(iter(offers.values()))
    source, target = str(ends["source"]), str(ends["target"])

    def allowed(register: str, author: bytes) -> bool:
        branch = branch_of(author)
        if register == "offer":
            return branch == source
        return branch == target if register == "answer" else branch in (source, target) and _is_of(register, branch)

    values = fold(saves, allowed).values
    if any(values.get(f"paused:{code}") is True for code in (source, target)):
        return None
    answer = values.get("answer") if isinstance(values.get("answer"), dict) else {}
    assert isinstance(answer, dict)
    latest = sha256(b"khata offer 1" + _canonical.encode(values.get("offer"))).digest()[:16]
    active = offers.get(answer.get("active", b""))
    terms = active or offers.get(latest)
    if terms is None or (active is None and latest == answer.get("rejected")):
        return None
    since = max([terms.get("since", ""), *(_month(values.get(f"since:{code}")) for code in (source, target))])
    sends, receives = (
        Flow(tuple(terms[way]), () if answer.get(way) is None else (tuple(answer[way]),), since)
        for way in ("sends", "receives")
    )
    return Rule(source, target, sends, receives, terms.get("mode", "on-demand") == "on-demand", active is not None)


def _is_of(register: str, branch: str) -> bool:
    return register.endswith(f":{branch}")


def _month(value: object) -> str:
    return value if isinstance(value, str) else ""


def _counts(offer: dict[str, Any], document: bytes, company: bytes) -> bool:
    try:
        named = [company, offer["source"], offer["target"], offer["name"]]
    except KeyError:
        return False
    made = sha256(b"khata rule 1" + _canonical.encode(named)).digest()[:16]
    return made == document and offer["source"] != offer["target"]


class Shares:
    """Who may give whom what, under one control chain and one set of rules."""

    def __init__(self, chain: Chain, rules: Iterable[Rule]) -> None:
        self.chain = chain
        self._rules = tuple(rules)
        self._flows: dict[tuple[bytes, bytes], tuple[Flow, ...]] = {}
        self._may: dict[tuple[bytes, bytes, str], bool] = {}

    def may_flow(self, giver: bytes, taker: bytes, scope: str) -> bool:
        """Whether a commit of a scope may go from one device to another."""
        if is_control(scope):
            return True
        key = (giver, taker, scope)
        found = self._may.get(key)
        if found is None:
            found = self._may[key] = any(flow.matches(scope) for flow in self.flows(giver, taker))
        return found

    def flows(self, giver: bytes, taker: bytes) -> tuple[Flow, ...]:
        """All that may go from one device (device id) to another."""
        found = self._flows.get((giver, taker))
        if found is None:
            one, other = self.chain.member(giver), self.chain.member(taker)
            found = ()
            if one is not None and other is not None and one.revoked is None and other.revoked is None:
                found = tuple(self._named(one, other))
            self._flows[giver, taker] = found
        return found

    def _named(self, giver: Member, taker: Member) -> Iterable[Flow]:
        if giver.is_relay and taker.is_relay:
            return [Flow(_EVERYTHING)]
        if giver.is_relay:
            named = [flow for rule in self._rules for flow in rule.delivered(taker.branch)]
            named.append(Flow(own_books(taker.branch)))
        elif taker.is_relay:
            named = [flow for rule in self._rules for flow in rule.left(giver.branch)]
            named.append(Flow(own_books(giver.branch)))
        elif giver.branch == taker.branch:
            named = [Flow(_EVERYTHING)]
        else:
            named = [flow for rule in self._rules for flow in rule.flows(giver.branch, taker.branch)]
            named.append(Flow(own_books(taker.branch)))
        limits: tuple[tuple[str, ...], ...] = () if giver.is_relay else (giver.ever_read,)
        if not taker.is_relay:
            limits = (*limits, taker.grants[-1].read)
        return [Flow(flow.named, (*flow.limits, *limits), flow.since) for flow in named]

    def is_offered(self, scope: str) -> bool:
        """Whether a rule that is only offered would let commits of a scope flow through relays."""
        offered = [rule for rule in self._rules if rule.on_demand and not rule.active]
        return any(flow.matches(scope) for rule in offered for flow in (rule.sends, rule.receives))

    def share_id(self, one: bytes, other: bytes) -> bytes:
        """What names all that may flow between two devices, either way."""
        if not self.flows(one, other) and not self.flows(other, one) and self._is_gone(one, other):
            return bytes(16)
        spelled = [[giver, _spelled(self.flows(giver, taker))] for giver, taker in sorted([(one, other), (other, one)])]
        return sha256(b"khata share 1" + _canonical.encode(spelled)).digest()[:16]

    def _is_gone(self, *devices: bytes) -> bool:
        members = [self.chain.member(device) for device in devices]
        return any(member is None or member.revoked is not None for member in members)


def _spelled(flows: Iterable[Flow]) -> list[list[object]]:
    listed = [
        [sorted(flow.named), sorted(sorted(set(limit)) for limit in flow.limits), flow.since] for flow in flows
    ]  # fmt: skip
    return sorted(listed, key=_canonical.encode)
