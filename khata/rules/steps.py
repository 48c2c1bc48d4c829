"""The steps that rules take while copies meet: told by whoever synchronizes, so that nobody has to look them up."""

from collections.abc import Mapping
from typing import NamedTuple

from crdt_models.rules import Rule
from khata.books import Books
from khata.rules.standing import all_rules, branch_name, next_step, step_of


class Step(NamedTuple):
    """Where a rule of this branch stands, in words."""

    name: str
    between: str
    step: str
    next: str


def rule_steps(books: Books) -> dict[bytes, Step]:
    """Where each rule of this branch stands now, by its id."""
    mine = books.member.branch
    return {
        rule.id: Step(
            rule.offer.name,
            " and ".join(branch_name(books, code) for code in rule.branches),
            f"{step_of(books, rule)}{_change(rule)}",
            next_step(books, rule),
        )
        for rule in all_rules(books)
        if mine in rule.branches
    }


def _change(rule: Rule) -> str:
    return ", a change waits for an answer" if rule.active is not None and rule.waits_for_answer else ""


def steps_taken(before: Mapping[bytes, Step], now: Mapping[bytes, Step]) -> list[str]:
    """What to tell of rules that stand otherwise than before."""
    told = []
    for id, step in now.items():
        if before.get(id) != step and (id not in before or before[id].step != step.step):
            following = f"; next: {step.next}" if step.next else ""
            told.append(f"rule {step.name} between {step.between}: {step.step}{following}")
    return told
