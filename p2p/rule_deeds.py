"""What branches do with rules: offer, accept, turn down. Each deed is one save of one document in `control/rules`."""

from collections.abc import Mapping
from typing import Any, Final

from crdt_models.packing import Value
from crdt_models.rules import ANSWER, KIND, OFFER, Answer, Offer, Rule, rule_id
from crdt_models.saves import pack_save
from p2p.commit import Commit, Item
from p2p.errors import P2PError
from p2p.presets import default_name, preset_ways
from p2p.replica import Replica
from p2p.rules import branch_of, rules_in
from p2p.scope import RULES_SCOPE

_HEADS_MAX: Final = 512


class RuleError(P2PError):
    """What was asked about a rule cannot be done: there is none, or it is for the other branch to do."""


def offer_rule(replica: Replica, offer: Offer, user: str, now: int) -> bytes:
    """Offer a rule to another branch, or change what was offered; nothing changes until it is answered.

    Returns:
        the rule's id.

    Raises:
        RuleError: one of the two branches does not exist, or this device does not stand in the one that offers.
        NotAllowed: this device was revoked, or has no key of `control` yet.
    """
    with replica.transaction():
        replica.refresh()
        mine = branch_of(replica.chain, replica.keys.author)
        if offer.source != mine:
            raise RuleError(f"only {offer.source} can offer this; this device stands in {mine or 'no branch'}")
        if offer.target not in replica.chain.branches or offer.target == mine:
            raise RuleError(f"there is no other branch {offer.target!r} to offer a rule to; see `khata branch list`")
        id = rule_id(replica.company, offer.source, offer.target, offer.name)
        save_rule(replica, id, {OFFER: offer.register()}, user, now)
    return id


def answer_rule(replica: Replica, rule: Rule, answer: Answer, user: str, now: int) -> Commit:
    """Answer an offer, for the branch that it is addressed to.

    Raises:
        RuleError: it is addressed to another branch.
    """
    mine = branch_of(replica.chain, replica.keys.author)
    if mine != rule.offer.target:
        raise RuleError(f"the rule {rule.offer.name!r} is offered to {rule.offer.target}, which has to answer it")
    return save_rule(replica, rule.id, {ANSWER: answer.register()}, user, now)


def offer_preset(
    replica: Replica, target: str, preset: str, user: str, now: int, name: str = "", **options: Any
) -> bytes:
    """Offer a preset to a branch.

    Args:
        target: code of the branch it is offered to.
        preset: one of `presets.PRESETS`.
        name: of the rule; made of the branch's name and the preset when empty.
        options: further fields of the `Offer`, such as `since`.

    Raises:
        RuleError, NotAllowed: as `offer_rule`.
    """
    with replica.transaction():
        replica.refresh()
        chain = replica.chain
        source, keeper = branch_of(chain, replica.keys.author), chain.member(chain.keeper)
        if target not in chain.branches:
            raise RuleError(f"there is no branch {target!r} to offer a rule to; see `khata branch list`")
        ways = preset_ways(preset, source, target, keeper.branch if keeper is not None else "")
        rules = rules_in(replica.documents, chain)
        taken = [rule.offer.name for rule in rules if rule.branches == (source, target)]
        named = [chain.branches[code].name for code in (source, target) if keeper is None or code != keeper.branch]
        called = name or default_name(named, preset, taken)
        offer = Offer(
            source=source, target=target, name=called, sends=ways.sends, receives=ways.receives, preset=preset, at=now,
            **options,
        )  # fmt: skip
        return offer_rule(replica, offer, user, now)


def accept(replica: Replica, rule: Rule, user: str, now: int) -> Commit:
    """Accept the latest offer as it is; arguments and errors as `answer_rule`."""
    return answer_rule(replica, rule, Answer(active=rule.offered), user, now)


def save_rule(replica: Replica, id: bytes, values: Mapping[str, Value], user: str, now: int) -> Commit:
    """Set registers of a rule, knowing all that is here of it."""
    with replica.transaction():
        document = replica.document(RULES_SCOPE, KIND, id)
        heads = document.heads()[:_HEADS_MAX] if document is not None else ()
        return replica.commit(RULES_SCOPE, [Item(id, KIND, pack_save(values, heads, user))], now)


def accept_first_rules(replica: Replica, preset: str, user: str, now: int) -> bool:
    """Accept what a ticket promised: unanswered offers of its preset to this branch, by the keeper's branch.

    Using the ticket is the acceptance; this writes it down.

    Returns:
        whether anything was written.
    """
    member = replica.chain.member(replica.keys.id)
    # Until a joiner has been admitted its control chain may be empty, and names no keeper.
    keeper = replica.chain.member(replica.chain.keeper) if member is not None else None
    if member is None or keeper is None or not replica.chain.epochs or replica.keyring.current(
        replica.chain.epochs, RULES_SCOPE
    ) is None:  # fmt: skip
        return False
    asked = [
        rule
        for rule in rules_in(replica.documents, replica.chain)
        if rule.branches == (keeper.branch, member.branch) and rule.offer.preset == preset and rule.state == "offered"
    ]
    for rule in asked:
        accept(replica, rule, user, now)
    return bool(asked)
