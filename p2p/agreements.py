"""The rules that are active, as what may flow between two branches."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from crdt_models.rules import ON_DEMAND, Every, Offer, Rule
from p2p.errors import BadScope
from p2p.flow import Flow
from p2p.scope import Pattern


class Agreement(NamedTuple):
    """One active rule.

    Attributes:
        rule: its id, 16 bytes.
        source, target: codes of the two branches.
        sends: what flows from source to target.
        receives: what flows from target to source.
        on_demand: whether a relay may deliver it.
        active: whether it flows; of one that is only offered, the source leaves at relays what it would send, so that
            it is there when the target accepts.
        every: by branch code, how often it synchronizes because of this rule.
    """

    rule: bytes
    source: str
    target: str
    sends: Flow
    receives: Flow
    on_demand: bool
    active: bool
    every: Mapping[str, Every]

    def flows(self, giver: str, taker: str) -> Iterator[Flow]:
        """What may flow from one branch to another; nothing where this rule is between others, or only offered."""
        if not self.active:
            return
        if (giver, taker) == (self.source, self.target):
            yield self.sends
        elif (taker, giver) == (self.source, self.target):
            yield self.receives

    def left_by(self, branch: str) -> Iterator[Flow]:
        """What a branch leaves at a relay for the other one."""
        if not self.on_demand:
            return
        if branch == self.source:
            yield self.sends
        elif branch == self.target and self.active:
            yield self.receives

    def other(self, branch: str) -> str:
        """The branch that a branch has this rule with; empty for one that it does not concern."""
        return {self.source: self.target, self.target: self.source}.get(branch, "")


def agreement_of(rule: Rule) -> Agreement | None:
    """Return what a rule lets flow now, or would once it is accepted; None where it is paused or turned down."""
    if rule.paused or rule.state == "rejected":
        return None
    return agreement_in_force(rule) or _made(rule, rule.offer, active=False)


def agreement_in_force(rule: Rule) -> Agreement | None:
    """Return what two branches have agreed on, whether or not it is paused; None while they have not."""
    return None if rule.active is None else _made(rule, rule.active, active=True)


def _made(rule: Rule, terms: Offer, active: bool) -> Agreement:
    since = rule.since_of(terms)
    return Agreement(
        rule.id,
        terms.source,
        terms.target,
        _flow(terms.sends, rule.answer.sends, since),
        _flow(terms.receives, rule.answer.receives, since),
        terms.mode == ON_DEMAND,
        active,
        {code: rule.every_of(code) for code in rule.branches},
    )


def _flow(named: Sequence[str], narrowed: Sequence[str] | None, since: str) -> Flow:
    return Flow(known_patterns(named), () if narrowed is None else (known_patterns(narrowed),), since)


def known_patterns(texts: Sequence[str]) -> tuple[Pattern, ...]:
    """The patterns that this version understands; others name nothing here, on no copy of this version."""
    found = []
    for text in texts:
        try:
            found.append(Pattern.parse(text))
        except BadScope:
            continue
    return tuple(found)


def flow_of_offer(offer: Offer, giver: str) -> Flow:
    """What an offer would let flow from one of its branches to the other, were it active as it is."""
    return _flow(offer.sends if giver == offer.source else offer.receives, None, offer.since)


def own_scopes(branch: str) -> Flow:
    """A branch's own books: its vouchers, attachments and transfers. They flow back to it under any rule or none."""
    texts = (f"vouchers/{branch}/**", f"files/{branch}/**", f"transfers/{branch}~*/**") if branch else ()
    return Flow(known_patterns(texts))
