"""Where each rule stands: its state, how far the handshake has come, and what it lets flow, in words."""

from typing import Any, Final

from crdt_models.rules import ANSWER, CONTINUOUS, KIND, MANUAL, OFFER, Every, Offer, Rule, offer_hash
from khata.books import Books
from khata.errors import Ambiguous, NotFound
from khata.showing import instant
from p2p.chain import RELAY
from p2p.presets import PRESETS
from p2p.reports import control_delivered
from p2p.rules import rules_in
from p2p.scope import RULES_SCOPE

Json = dict[str, Any]

ON_ITS_WAY: Final = ("offered", "at the relay", "active")
"""Steps that go on when what was said last has arrived, without another word."""

_ID_CHARS: Final = 8


def all_rules(books: Books) -> list[Rule]:
    """Every rule of the company that is known here."""
    return rules_in(books.replica.documents, books.replica.chain)


def find_rule(books: Books, text: str) -> Rule:
    """The rule that a person means.

    Args:
        text: its name, the beginning of its id, or the other branch (by name or code) where there is but one rule
            with it.

    Raises:
        NotFound, Ambiguous: the message says what there is.
    """
    rules = all_rules(books)
    wanted = text.strip().casefold()
    for matches in (
        lambda rule: rule.id.hex() == wanted,
        lambda rule: rule.offer.name.casefold() == wanted,
        lambda rule: len(wanted) >= _ID_CHARS and rule.id.hex().startswith(wanted),
        lambda rule: wanted in _others(books, rule),
    ):
        found = [rule for rule in rules if matches(rule)]
        mine = [rule for rule in found if books.member.branch in rule.branches]
        found = mine or found
        if len(found) == 1:
            return found[0]
        if found:
            named = ", ".join(f"{rule.offer.name} ({rule.id.hex()[:_ID_CHARS]})" for rule in found)
            raise Ambiguous(f"{text!r} may mean {named}; give the id")
    raise NotFound(f"there is no rule {text!r}; `khata rule list` shows those there are")


def _others(books: Books, rule: Rule) -> set[str]:
    """What the branches of a rule other than ours are called."""
    codes = [code for code in rule.branches if code != books.member.branch]
    return {name.casefold() for code in codes for name in (code, branch_name(books, code))}


def branch_name(books: Books, code: str) -> str:
    """What people call a branch."""
    branch = books.replica.chain.branches.get(code)
    return branch.name if branch is not None else code


def rule_json(books: Books, rule: Rule) -> Json:
    """A rule as programs read it."""
    terms = rule.active or rule.offer
    return {
        "id": rule.id.hex(),
        "name": rule.offer.name,
        "from": branch_name(books, rule.offer.source),
        "to": branch_name(books, rule.offer.target),
        "from_code": rule.offer.source,
        "to_code": rule.offer.target,
        "state": rule.state,
        "step": step_of(books, rule),
        "next": next_step(books, rule),
        "preset": rule.offer.preset,
        "sends": list(terms.sends),
        "receives": list(terms.receives),
        "narrowed_sends": _listed(rule.answer.sends),
        "narrowed_receives": _listed(rule.answer.receives),
        "since": rule.since_of(terms),
        "mode": terms.mode,
        "every": {code: rule.every_of(code) for code in rule.branches},
        "paused_by": [branch_name(books, code) for code in rule.paused],
        "changed_offer_waits": rule.active is not None and rule.waits_for_answer,
        "offered_at": instant(rule.offer.at),
        "reason": rule.answer.reason,
    }


def _listed(patterns: tuple[str, ...] | None) -> list[str] | None:
    return None if patterns is None else list(patterns)


def step_of(books: Books, rule: Rule) -> str:
    """How far the handshake has come, as far as this copy can know.

    `offered` (on its way), `at the relay`, `delivered` (the other branch has it), `active` (answered here, the answer
    is on its way), `ready` (both sides know that it is active), `paused`, `rejected`.
    """
    if rule.state in ("paused", "rejected"):
        return rule.state
    if rule.state == "active" and not rule.waits_for_answer:
        if books.member.branch != rule.offer.target:
            return "ready"
        reached = _reached(books, rule, ANSWER, rule.offer.source)
        return "ready" if reached == "delivered" else "active"
    if books.member.branch != rule.offer.source:
        return "delivered"
    return _reached(books, rule, OFFER, rule.offer.target) or "offered"


def _reached(books: Books, rule: Rule, register: str, branch: str) -> str:
    """Whether what was said last has come to a branch or to a relay, as proved by comparing."""
    row = _row_of(books, rule, register)
    if row is None:
        return ""
    replica = books.replica
    reached = {link.device for link in replica.links.statuses() if link.settled_row >= row}
    members = [member for member in replica.chain.members.values() if member.device in reached]
    there = [member.device for member in replica.chain.members.values() if member.branch == branch]
    if reached & set(there) or any(control_delivered(replica, device) >= row for device in there):
        return "delivered"
    return "at the relay" if any(member.role == RELAY for member in members) else ""


def _row_of(books: Books, rule: Rule, register: str) -> int | None:
    replica = books.replica
    document = replica.document(RULES_SCOPE, KIND, rule.id)
    number = replica.store.find_scope(RULES_SCOPE)
    if document is None or number is None:
        return None
    ids = [
        save.id
        for save in document.saves().values()
        if register in save.values and (register != OFFER or offer_hash(save.values[OFFER]) == rule.offered)
    ]
    rows = [stored.row for save_id in ids for stored in replica.store.by_prefixes(number, [save_id])]
    return max(rows, default=None)


def next_step(books: Books, rule: Rule) -> str:
    """What has to be done next for a rule, and by whom; empty when nothing has."""
    mine, name = books.member.branch, rule.offer.name
    target, source = (branch_name(books, code) for code in (rule.offer.target, rule.offer.source))
    if rule.waits_for_answer:
        if mine == rule.offer.target:
            return f'khata rule activate "{name}", or khata rule reject "{name}"'
        step = step_of(books, rule)
        if step == "delivered":
            return f'{target} has it; there: khata rule activate "{name}"'
        where = (
            "is at the relay, which hands it over" if step == "at the relay" else "travels with the next `khata sync`"
        )
        return f'it {where}; then at {target}: khata rule activate "{name}"'
    if rule.paused:
        return f'khata rule resume "{name}" at {" and ".join(branch_name(books, code) for code in rule.paused)}'
    if rule.state == "active" and step_of(books, rule) == "active":
        return f"`khata sync` tells {source} that it is active"
    return ""


def every_words(every: Every) -> str:
    """How often, in words."""
    if every in (CONTINUOUS, MANUAL):
        return str(every)
    return f"every {every} {'minute' if every == 1 else 'minutes'}"


def flows_words(offer: Offer) -> str:
    """What an offer lets flow, in a few words."""
    if offer.preset in PRESETS:
        return offer.preset
    both = [name for name, patterns in (("sends", offer.sends), ("receives", offer.receives)) if patterns]
    return " and ".join(both) or "nothing"
